package dev.fid.net.terms;

import dev.fid.PipeBudget;
import dev.fid.kernel.Kernel;
import dev.fid.link.PipePool.Splicing;
import dev.fid.net.Cidr;
import dev.fid.net.ProxyIn;
import dev.fid.net.ProxyOut;
import dev.fid.wait.Deadline;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a relay is set to, but for where it listens: can change while it runs, for connections to come.
///
/// @param to where clients are joined to: an address, a host name that is looked up when it is needed
///     (`InetSocketAddress.createUnresolved`), or a unix path (`@` begins an abstract name)
/// @param others more addresses of the same upstream
/// @param splicing when bytes go by splice(2)
/// @param pipeCapacity bytes that a pipe should hold
/// @param mark bytes below which a TCP input in bulk does not wake the loop (SO_RCVLOWAT); 0 for none
/// @param preconnect connections to the upstream that each loop keeps ready
/// @param maxConnections above it accepting pauses and the backlog waits
/// @param connectTimeout for all addresses of the upstream together, and for a PROXY header to arrive
/// @param connectRetries how often an upstream that has refused is asked again for the same client
/// @param idleTimeout without a byte in either direction; null for none
/// @param halfCloseTimeout without a byte after one direction has ended; null for none
/// @param stallTimeout bytes wait for an output that takes none of them; null for none
/// @param limit bytes per second of each direction of each connection; 0 for none
/// @param limitTotal bytes per second of all connections in both directions; 0 for none
/// @param client options of the sockets of clients
/// @param upstream options of the sockets to upstreams
/// @param bind own address towards the upstream; null for the kernel's choice
/// @param allow clients that may connect; null for all
/// @param deny clients that may not, even where `allow` has them
/// @param proxyIn whether clients begin with a PROXY header
/// @param proxyOut the PROXY header that upstreams get
/// @param budget how many pipes there may be; null for the budget of this process
public record RelayTerms(
        SocketAddress to,
        List<SocketAddress> others,
        Splicing splicing,
        long pipeCapacity,
        long mark,
        int preconnect,
        int maxConnections,
        Duration connectTimeout,
        int connectRetries,
        @Nullable Duration idleTimeout,
        @Nullable Duration halfCloseTimeout,
        @Nullable Duration stallTimeout,
        long limit,
        long limitTotal,
        SocketTerms client,
        SocketTerms upstream,
        @Nullable SocketAddress bind,
        @Nullable List<Cidr> allow,
        List<Cidr> deny,
        ProxyIn proxyIn,
        ProxyOut proxyOut,
        @Nullable PipeBudget budget) {
    /// All addresses of the upstream.
    public List<SocketAddress> upstreams() {
        List<SocketAddress> all = new ArrayList<>(others);
        all.addFirst(to);
        return all;
    }

    public PipeBudget pipes(Kernel kernel) {
        return budget != null ? budget : PipeBudget.of(kernel);
    }

    public boolean hasPipesOf(RelayTerms other) {
        return splicing == other.splicing
                && pipeCapacity == other.pipeCapacity
                && mark == other.mark
                && Objects.equals(budget, other.budget);
    }

    /// How often the time-outs are looked at: an eighth of the shortest.
    public long tickNanos() {
        long least = Deadline.nanos(connectTimeout);
        for (Duration each : new @Nullable Duration[] {idleTimeout, halfCloseTimeout, stallTimeout}) {
            least = each == null ? least : Math.min(least, Deadline.nanos(each));
        }
        return Math.clamp(least / 8, 10_000_000L, 1_000_000_000L);
    }
}
