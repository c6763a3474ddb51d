package dev.fid.net;

/// A connection that has ended, for a log.
///
/// @param why what an upstream said, or what was wrong with a PROXY header; empty where {@link Ending} says it all
public record LogEntry(String relay, ConnectionStatus connection, Ending ending, String why) {}
