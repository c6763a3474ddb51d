package dev.fid.net.listen;

import dev.fid.Fd;
import java.net.SocketAddress;
import java.util.List;

/// Where a relay listens: what it is known by when its configuration is read again. All else can change while it runs.
public record ListenKey(List<SocketAddress> listen, List<Fd> inherited) {}
