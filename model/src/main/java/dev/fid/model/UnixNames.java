package dev.fid.model;

/// Where unix sockets find each other: by path or by abstract name.
interface UnixNames {
    /// 0, -EADDRINUSE, or -errno of the path.
    int bind(byte[] address, UnixSocket socket);

    /// The socket bound to `address` into `found[0]`; 0, -ECONNREFUSED, or -errno of the path.
    int find(byte[] address, UnixSocket[] found);

    void forget(UnixSocket socket);
}
