package dev.fid.net;

/// A connection that has ended, for a log.
public record LogEntry(String relay, ConnectionStatus connection, Ending ending) {}
