package dev.fid.net;

import dev.fid.Fd;
import dev.fid.PipePool.Splicing;
import java.net.SocketAddress;
import java.util.List;

/// What belongs to the listening sockets and the loops, and stays as long as the relay.
record Place(
        List<SocketAddress> listen,
        List<Fd> inherited,
        int mode,
        int backlog,
        Splicing splicing,
        long pipeCapacity,
        long mark) {}
