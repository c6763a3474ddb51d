package dev.fid.net;

import dev.fid.Fd;
import java.net.SocketAddress;
import java.util.List;

/// Where a relay listens: what it is known by when its configuration is read again. All else can change while it runs.
record Place(List<SocketAddress> listen, List<Fd> inherited) {}
