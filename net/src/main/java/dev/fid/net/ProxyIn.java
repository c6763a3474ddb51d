package dev.fid.net;

/// Whether clients begin with a PROXY header (version 1 or 2).
public enum ProxyIn {
    NONE,
    /// A header, or none. For protocols in which the client speaks first: until it does, nobody knows.
    ACCEPT,
    /// A header, or the connection is refused.
    REQUIRE
}
