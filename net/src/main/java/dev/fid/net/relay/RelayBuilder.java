package dev.fid.net.relay;

import dev.fid.Fd;
import dev.fid.Pipe;
import dev.fid.PipeBudget;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.link.PipePool.Splicing;
import dev.fid.net.Cidr;
import dev.fid.net.LogEntry;
import dev.fid.net.Loops;
import dev.fid.net.ProxyIn;
import dev.fid.net.ProxyOut;
import dev.fid.net.listen.ListenKey;
import dev.fid.net.listen.ListenTerms;
import dev.fid.net.terms.RelayTerms;
import dev.fid.net.terms.SocketTerms;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Options of a relay. Only {@link #listen} and {@link #to} are needed.
public final class RelayBuilder {
    private Kernel kernel = Kernel.linux();
    private String name = "";
    private final List<SocketAddress> listen = new ArrayList<>();
    private final List<Fd> inherited = new ArrayList<>();
    private int mode = -1;
    private int backlog = 1024;
    private boolean reusePort;
    private @Nullable Loops loops;
    private AtomicLong ids = new AtomicLong();
    private @Nullable Consumer<LogEntry> log;

    private @Nullable SocketAddress to;
    private List<SocketAddress> others = List.of();
    private Splicing splicing = Splicing.AUTO;
    private long pipeCapacity = Pipe.BULK_CAPACITY;
    private long mark = 1 << 20; // 1 MiB
    private int maxConnections = 10_000;
    private Duration connectTimeout = Duration.ofSeconds(5);
    private int connectRetries = 3;
    private @Nullable Duration idleTimeout = Duration.ofMinutes(5);
    private @Nullable Duration halfCloseTimeout = Duration.ofMinutes(1);
    private @Nullable Duration stallTimeout;
    private long limit;
    private long limitTotal;
    private int preconnect;
    private final Side client = new Side();
    private final Side upstream = new Side();
    private @Nullable SocketAddress bind;
    private @Nullable List<Cidr> allow;
    private List<Cidr> deny = List.of();
    private ProxyIn proxyIn = ProxyIn.NONE;
    private ProxyOut proxyOut = ProxyOut.NONE;
    private @Nullable PipeBudget budget;

    private @Nullable Consumer<LogEntry> trouble;

    RelayBuilder() {}

    /// What the sockets of one side are set to.
    private static final class Side {
        private boolean noDelay = true;
        private @Nullable Duration keepAlive;
        private @Nullable Duration userTimeout;
        private int receiveBuffer;
        private int sendBuffer;

        private SocketTerms terms() {
            return new SocketTerms(noDelay, keepAlive, userTimeout, receiveBuffer, sendBuffer);
        }
    }

    ListenKey place() {
        return new ListenKey(List.copyOf(listen), List.copyOf(inherited));
    }

    String name() {
        return name;
    }

    Kernel kernel() {
        return kernel;
    }

    AtomicLong ids() {
        return ids;
    }

    @Nullable
    Consumer<LogEntry> log() {
        return log;
    }

    @Nullable
    Consumer<LogEntry> trouble() {
        return trouble;
    }

    ListenTerms listens() {
        return new ListenTerms(kernel, place(), client.terms(), backlog, mode, reusePort);
    }

    RelayTerms terms() {
        SocketAddress where = to;
        if (where == null) {
            throw new IllegalStateException("a relay needs an upstream");
        }
        return new RelayTerms(
                where,
                others,
                splicing,
                pipeCapacity,
                mark,
                preconnect,
                maxConnections,
                connectTimeout,
                connectRetries,
                idleTimeout,
                halfCloseTimeout,
                stallTimeout,
                limit,
                limitTotal,
                client.terms(),
                upstream.terms(),
                bind,
                allow,
                deny,
                proxyIn,
                proxyOut,
                budget);
    }

    /// Where it listens. More than one address may be given; one of port 0 behind the first takes the first
    /// one's port. A unix path that begins with `@` is an abstract name.
    public RelayBuilder listen(SocketAddress... all) {
        listen.addAll(List.of(all));
        return this;
    }

    /// A socket that listens already, such as systemd's. The relay closes it; it is non-blocking while the relay runs,
    /// for everybody who has it, and is given back at the end as it came.
    public RelayBuilder listen(Fd listening) {
        inherited.add(listening);
        return this;
    }

    /// Where clients are joined to: an address, a host name by `InetSocketAddress.createUnresolved` that is
    /// looked up when it is needed, or a unix path.
    public RelayBuilder to(SocketAddress upstream) {
        return to(List.of(upstream));
    }

    /// As {@link #to(SocketAddress)}, to an upstream with several addresses. One that is silent for 250 ms gets the
    /// next one beside it, and the first that answers is taken, and asked first from then on (RFC 8305). So it
    /// is with the addresses of a name, too, which stands alone.
    public RelayBuilder to(List<? extends SocketAddress> upstream) {
        if (upstream.isEmpty()) {
            throw new IllegalArgumentException("an upstream has an address");
        }
        for (SocketAddress each : upstream) {
            if (upstream.size() > 1 && each instanceof InetSocketAddress inet && inet.isUnresolved()) {
                throw new IllegalArgumentException(each + ": a name stands alone, all of its addresses are tried");
            }
        }
        to = upstream.getFirst();
        others = List.copyOf(upstream.subList(1, upstream.size()));
        return this;
    }

    /// What the relay is called in logs and metrics.
    public RelayBuilder name(String called) {
        name = called;
        return this;
    }

    /// Mode of the unix sockets that it listens on, such as 0660; -1 for the umask's.
    public RelayBuilder mode(int bits) {
        mode = bits;
        return this;
    }

    /// Connections that may wait to be accepted; 1024 by default, and no more than net.core.somaxconn.
    public RelayBuilder backlog(int connections) {
        backlog = connections;
        return this;
    }

    /// Shares the port with other processes of this user that do the same.
    public RelayBuilder reusePort(boolean shared) {
        reusePort = shared;
        return this;
    }

    /// Event loops that are the caller's; without them the relay has its own, as many as processors.
    public RelayBuilder loops(Loops shared) {
        loops = shared;
        return this;
    }

    /// Makes the calls on another kernel, as a test does; its event loops must wait for descriptors of that one.
    public RelayBuilder on(Kernel other) {
        kernel = other;
        return this;
    }

    /// Numbers for connections, where several relays share them.
    RelayBuilder ids(AtomicLong shared) {
        ids = shared;
        return this;
    }

    /// Gets every connection that has ended, on an event loop: it must not wait.
    public RelayBuilder log(@Nullable Consumer<LogEntry> reader) {
        log = reader;
        return this;
    }

    /// Gets the connections that ended because no upstream took them, their PROXY header was wrong or their reader
    /// stood still, with the reason; on an event loop: it must not wait.
    public RelayBuilder trouble(@Nullable Consumer<LogEntry> reader) {
        trouble = reader;
        return this;
    }

    /// When bytes go by splice(2); by default where that costs less than a copy, which is in bulk.
    public RelayBuilder splicing(Splicing when) {
        splicing = when;
        return this;
    }

    /// Bytes that a pipe should hold; 1 MiB by default.
    public RelayBuilder pipeCapacity(long bytes) {
        pipeCapacity = bytes;
        return this;
    }

    /// Bytes below which a TCP peer in bulk does not wake us (SO_RCVLOWAT); 1 MiB by default, 0 for none.
    public RelayBuilder mark(long bytes) {
        mark = bytes;
        return this;
    }

    /// Above it accepting pauses and clients wait in the backlog; 10,000 by default.
    public RelayBuilder maxConnections(int most) {
        maxConnections = most;
        return this;
    }

    /// Connections to the upstream that each loop keeps ready for clients to come; none by default. For an upstream
    /// that waits for its client to speak, not over a path that forgets silent connections within half a minute.
    public RelayBuilder preconnect(int connections) {
        preconnect = connections;
        return this;
    }

    /// For all addresses of the upstream together; 5 s by default.
    public RelayBuilder connectTimeout(Duration time) {
        connectTimeout = time;
        return this;
    }

    /// How often an upstream that has refused is asked again for the same client, after 0.25, 0.75, 2.25 s and so on,
    /// within the connect time-out; 3 by default. Nothing was sent to it before.
    public RelayBuilder connectRetries(int times) {
        if (times < 0) {
            throw new IllegalArgumentException(times + " retries");
        }
        connectRetries = times;
        return this;
    }

    /// Without a byte in either direction; 5 min by default, null for none.
    public RelayBuilder idleTimeout(@Nullable Duration time) {
        idleTimeout = time;
        return this;
    }

    /// Without a byte after one direction has ended; 1 min by default, null for none.
    public RelayBuilder halfCloseTimeout(@Nullable Duration time) {
        halfCloseTimeout = time;
        return this;
    }

    /// While bytes wait for a peer that takes none; by default only the idle time-out counts.
    public RelayBuilder stallTimeout(@Nullable Duration time) {
        stallTimeout = time;
        return this;
    }

    /// Bytes per second of each direction of each connection; 0 for no limit.
    public RelayBuilder limit(long bytesPerSecond) {
        limit = bytesPerSecond;
        return this;
    }

    /// Bytes per second of all connections in both directions; 0 for no limit.
    public RelayBuilder limitTotal(long bytesPerSecond) {
        limitTotal = bytesPerSecond;
        return this;
    }

    /// Idle time before TCP asks whether the peer is still there, on both sides; null for not.
    public RelayBuilder keepAlive(@Nullable Duration idle) {
        return clientKeepAlive(idle).upstreamKeepAlive(idle);
    }

    /// As {@link #keepAlive}, of clients alone.
    public RelayBuilder clientKeepAlive(@Nullable Duration idle) {
        client.keepAlive = idle;
        return this;
    }

    /// As {@link #keepAlive}, towards the upstream alone.
    public RelayBuilder upstreamKeepAlive(@Nullable Duration idle) {
        upstream.keepAlive = idle;
        return this;
    }

    /// How long sent bytes may stay unacknowledged, on both sides; null for the kernel's choice.
    public RelayBuilder userTimeout(@Nullable Duration time) {
        client.userTimeout = time;
        upstream.userTimeout = time;
        return this;
    }

    /// Whether small messages go to clients, and to the upstream, at once (TCP_NODELAY); they do by default.
    public RelayBuilder noDelay(boolean toClients, boolean toUpstream) {
        client.noDelay = toClients;
        upstream.noDelay = toUpstream;
        return this;
    }

    /// Own address towards the upstream.
    public RelayBuilder bind(@Nullable SocketAddress own) {
        bind = own;
        return this;
    }

    /// Socket buffers of both sides in bytes; 0 for the kernel's choice.
    public RelayBuilder buffers(int receive, int send) {
        return clientBuffers(receive, send).upstreamBuffers(receive, send);
    }

    /// As {@link #buffers}, of clients alone.
    public RelayBuilder clientBuffers(int receive, int send) {
        client.receiveBuffer = receive;
        client.sendBuffer = send;
        return this;
    }

    /// As {@link #buffers}, towards the upstream alone.
    public RelayBuilder upstreamBuffers(int receive, int send) {
        upstream.receiveBuffer = receive;
        upstream.sendBuffer = send;
        return this;
    }

    /// Who may connect; an empty list lets nobody in, without one everybody may. Unix clients always may: their
    /// socket's mode says who.
    public RelayBuilder allow(List<Cidr> blocks) {
        allow = List.copyOf(blocks);
        return this;
    }

    /// Who may not connect, even where {@link #allow} has them.
    public RelayBuilder deny(List<Cidr> blocks) {
        deny = List.copyOf(blocks);
        return this;
    }

    /// Whether clients begin with a PROXY header.
    public RelayBuilder proxyIn(ProxyIn when) {
        proxyIn = when;
        return this;
    }

    /// The PROXY header that the upstream gets.
    public RelayBuilder proxyOut(ProxyOut version) {
        proxyOut = version;
        return this;
    }

    /// How many pipes there may be, where it is not the budget of this process.
    public RelayBuilder budget(PipeBudget pipes) {
        budget = pipes;
        return this;
    }

    /// Starts it: when this returns, clients are accepted.
    ///
    /// @throws ErrnoException EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE
    public Relay start() throws ErrnoException {
        terms();
        Loops given = loops;
        Loops used = given != null ? given : Loops.ofMachine();
        try {
            return new Relay(this, used, given == null);
        } catch (ErrnoException | RuntimeException e) {
            if (given == null) {
                used.close();
            }
            throw e;
        }
    }
}
