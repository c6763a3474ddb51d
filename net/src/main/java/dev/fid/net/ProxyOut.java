package dev.fid.net;

/// The PROXY header that an upstream gets before the client's first byte.
public enum ProxyOut {
    NONE,
    V1,
    V2
}
