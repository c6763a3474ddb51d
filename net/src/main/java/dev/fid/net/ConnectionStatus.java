package dev.fid.net;

import dev.fid.net.relay.Relay;

/// One connection of a relay.
///
/// @param id for {@link Relay#kill}
/// @param client its address; empty where it is gone or has none
/// @param upstream its address; empty before it is connected
/// @param phase greeting, finding, connecting, joined or ended
/// @param bytesThere from the client, arrived at the upstream
/// @param bytesBack from the upstream, arrived at the client
/// @param bytesSpliced of both, without passing through the process
/// @param pending taken from one side and not yet given to the other
/// @param seconds since it was accepted
public record ConnectionStatus(
        long id,
        String client,
        String upstream,
        String phase,
        long bytesThere,
        long bytesBack,
        long bytesSpliced,
        long pending,
        double seconds) {}
