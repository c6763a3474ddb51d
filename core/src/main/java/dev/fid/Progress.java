package dev.fid;

/// How far a transfer is.
///
/// @param bytes arrived at the output
/// @param length bytes expected in all, or -1 where nobody knows
/// @param nanos since the start
/// @param method what moves the bytes at present
public record Progress(long bytes, long length, long nanos, Method method) {}
