package dev.fid.kernel;

/// A run of `len` bytes of `memory` from its byte `at`: one `struct iovec`.
public record Span(Memory memory, long at, long len) {}
