package dev.fid.net;

import static dev.fid.kernel.Uapi.*;

import dev.fid.ErrnoException;
import dev.fid.Fd;
import dev.fid.Pipe;
import dev.fid.PipeBudget;
import dev.fid.PipePool.Splicing;
import dev.fid.Rate;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import io.netty.channel.IoEventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A running relay: it accepts clients, connects each to the upstream and moves the bytes between them, small
/// messages by read and write, bulk by splice(2), so that they do not pass through the process.
///
/// The end of one direction is passed on as a half-close, a reset as a reset. Nothing is buffered but what is on
/// its way: at most 1 MiB for each direction.
///
///     try (Relay relay = Relay.builder()
///             .listen(new InetSocketAddress("127.0.0.1", 8443))
///             .to(InetSocketAddress.createUnresolved("db.example.org", 5432))
///             .idleTimeout(Duration.ofHours(1))
///             .start()) {
///         ...
///         relay.drain(Duration.ofSeconds(30));
///     }
///
/// Safe for use by many threads.
public final class Relay implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 10;

    private final Kernel kernel;
    private final Loops loops;
    private final boolean ownsLoops;
    private final List<SocketAddress> addresses = new ArrayList<>();
    private final List<Branch> branches = new ArrayList<>();
    private final List<Listener> listeners = new ArrayList<>();
    private final List<SocketFile> files = new ArrayList<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong ids;
    private final @Nullable Consumer<Entry> log;
    private final String name;
    /// Where it was told to listen, to be found again when the configuration is read again.
    private final Place place;

    private volatile Terms terms;
    private volatile Upstream upstream;
    private volatile @Nullable Rate total;
    private volatile boolean draining;
    private boolean closed;

    private Relay(Builder builder, Loops loops, boolean ownsLoops) throws ErrnoException {
        this.kernel = builder.kernel;
        this.loops = loops;
        this.ownsLoops = ownsLoops;
        this.ids = builder.ids;
        this.log = builder.log;
        this.place = builder.place();
        this.terms = builder.terms();
        this.upstream = new Upstream(terms.to());
        this.total = rate(terms, null);
        List<List<Fd>> sockets = new ArrayList<>();
        try {
            bind(builder, sockets);
        } catch (ErrnoException | RuntimeException e) {
            sockets.forEach(each -> each.forEach(Fd::close));
            files.forEach(SocketFile::remove);
            throw e;
        }
        this.name = builder.name.isEmpty() ? text(addresses.getFirst()) : builder.name;
        for (IoEventLoop loop : loops.all()) {
            branches.add(new Branch(this, loop, terms));
        }
        for (List<Fd> each : sockets) {
            for (int i = 0; i < each.size(); i++) {
                Branch home = branches.get(i % branches.size());
                boolean alone = each.size() == 1;
                listeners.add(new Listener(this, each.get(i), home, alone ? branches : List.of(home)));
            }
        }
        for (int i = 0; i < listeners.size(); i++) {
            Listener listener = listeners.get(i);
            onLoop(listener, listener::start);
        }
    }

    /// What a relay is made of.
    public static Builder builder() {
        return new Builder();
    }

    // ---- where it listens ----

    private void bind(Builder builder, List<List<Fd>> sockets) throws ErrnoException {
        for (Fd inherited : builder.inherited) {
            addresses.add(inherited.localAddress());
            sockets.add(List.of(inherited));
        }
        if (builder.listen.isEmpty()) {
            if (builder.inherited.isEmpty()) {
                throw new IllegalStateException("a relay needs an address to listen on");
            }
            return;
        }
        for (int attempt = 0; ; attempt++) {
            List<List<Fd>> bound = new ArrayList<>();
            List<SocketAddress> now = new ArrayList<>();
            try {
                for (SocketAddress address : builder.listen) {
                    bindOne(builder, address, bound, now);
                }
                sockets.addAll(bound);
                addresses.addAll(now);
                return;
            } catch (ErrnoException e) {
                bound.forEach(each -> each.forEach(Fd::close));
                files.forEach(SocketFile::remove);
                files.clear();
                boolean chosen = builder.listen.stream()
                        .anyMatch(each -> each instanceof InetSocketAddress inet && inet.getPort() == 0);
                // A port that was free for the first address is taken for the second: another one.
                if (e.errno() != Errno.EADDRINUSE || !chosen || attempt == 9) {
                    throw e;
                }
            }
        }
    }

    private void bindOne(Builder builder, SocketAddress address, List<List<Fd>> bound, List<SocketAddress> now)
            throws ErrnoException {
        if (address instanceof UnixDomainSocketAddress unix) {
            SocketFile file = new SocketFile(kernel, unix, builder.mode, builder.backlog);
            files.add(file);
            bound.add(List.of(file.socket()));
            now.add(address);
            return;
        }
        InetSocketAddress inet = (InetSocketAddress) address;
        if (inet.getPort() == 0 && !now.isEmpty() && now.getFirst() instanceof InetSocketAddress first) {
            inet = new InetSocketAddress(inet.getAddress(), first.getPort());
        }
        try {
            List<Fd> each = bindInet(builder, inet);
            bound.add(each);
            now.add(each.getFirst().localAddress());
        } catch (ErrnoException e) {
            boolean noSix = e.errno() == Errno.EADDRNOTAVAIL || e.errno() == Errno.EAFNOSUPPORT;
            if (!noSix || now.isEmpty() || !inet.getAddress().isLoopbackAddress()) {
                throw e; // but a machine without IPv6 has no ::1 beside 127.0.0.1
            }
        }
    }

    /// A socket for each loop, all with SO_REUSEPORT. That option would let another process of this user share the
    /// port unnoticed, and us share theirs, so the port is tried without it first.
    private List<Fd> bindInet(Builder builder, InetSocketAddress wanted) throws ErrnoException {
        InetSocketAddress inet = wanted;
        List<Fd> each = new ArrayList<>();
        if (!builder.reusePort) {
            try (Fd probe = Fd.listen(kernel, inet, 1)) {
                inet = new InetSocketAddress(inet.getAddress(), ((InetSocketAddress) probe.localAddress()).getPort());
            }
        }
        try {
            for (int i = 0; i < loops.count(); i++) {
                each.add(Fd.listen(kernel, inet, builder.backlog, socket -> {
                    set(socket, SOL_SOCKET, SO_REUSEPORT, 1);
                    if (wanted.getAddress() instanceof java.net.Inet6Address) {
                        set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
                    }
                    prepare(socket, builder.terms());
                }));
                inet = new InetSocketAddress(
                        inet.getAddress(), ((InetSocketAddress) each.getFirst().localAddress()).getPort());
            }
            return each;
        } catch (ErrnoException | RuntimeException e) {
            each.forEach(Fd::close);
            throw e;
        }
    }

    private static void set(Fd socket, int level, int option, int value) throws ErrnoException {
        int result = socket.kernel().setsockopt(socket.number(), level, option, value);
        if (result < 0) {
            throw new ErrnoException("setsockopt", socket + ", option " + option, -result);
        }
    }

    /// Options of a socket to an upstream, or of a listener, whose connections inherit them. Those that a kind of
    /// socket lacks are refused, which is no loss.
    void prepare(Fd socket, Terms now) {
        Duration keepAlive = now.keepAlive();
        if (keepAlive != null) {
            kernel.setsockopt(socket.number(), SOL_SOCKET, SO_KEEPALIVE, 1);
            int seconds = Math.clamp(keepAlive.toSeconds(), 1, 32767);
            kernel.setsockopt(socket.number(), IPPROTO_TCP, TCP_KEEPIDLE, seconds);
            kernel.setsockopt(socket.number(), IPPROTO_TCP, TCP_KEEPINTVL, Math.max(1, seconds / 4));
        }
        Duration user = now.userTimeout();
        if (user != null) {
            int millis = Math.clamp(user.toMillis(), 1, Integer.MAX_VALUE);
            kernel.setsockopt(socket.number(), IPPROTO_TCP, TCP_USER_TIMEOUT, millis);
        }
        if (now.receiveBuffer() > 0) {
            kernel.setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUF, now.receiveBuffer());
        }
        if (now.sendBuffer() > 0) {
            kernel.setsockopt(socket.number(), SOL_SOCKET, SO_SNDBUF, now.sendBuffer());
        }
    }

    /// What belongs to the listening sockets and the loops, and stays as long as the relay.
    record Place(
            List<SocketAddress> listen,
            List<Fd> inherited,
            int mode,
            int backlog,
            Splicing splicing,
            long pipeCapacity,
            long mark) {}

    Place place() {
        return place;
    }

    // ---- for its parts ----

    Kernel kernel() {
        return kernel;
    }

    Terms terms() {
        return terms;
    }

    Upstream upstream(Terms of) {
        Upstream now = upstream;
        return now.to().equals(of.to()) ? now : new Upstream(of.to());
    }

    @Nullable
    Rate total() {
        return total;
    }

    long nextId() {
        return ids.incrementAndGet();
    }

    /// Room for one connection more, or none.
    boolean enter() {
        int most = terms.maxConnections();
        int now = open.get();
        while (now < most) {
            if (open.compareAndSet(now, now + 1)) {
                return true;
            }
            now = open.get();
        }
        return false;
    }

    void enterAnyway() {
        open.incrementAndGet();
    }

    void leave() {
        open.decrementAndGet();
        if (draining) {
            return;
        }
        for (int i = 0; i < listeners.size(); i++) {
            listeners.get(i).resume();
        }
    }

    boolean logs() {
        return log != null;
    }

    void log(Connection connection, Ending how) {
        if (log != null) {
            log.accept(new Entry(name, connection.status(), how));
        }
    }

    // ---- for its user ----

    /// What the relay is called: by default its first address.
    public String name() {
        return name;
    }

    /// Where it listens, with the ports that were chosen for port 0.
    public List<SocketAddress> addresses() {
        return List.copyOf(addresses);
    }

    /// Where clients are joined to.
    public SocketAddress to() {
        return terms.to();
    }

    /// Connections that are open, those to the upstream under way included.
    public int connections() {
        return open.get();
    }

    public boolean isDraining() {
        return draining;
    }

    /// One connection.
    ///
    /// @param id for {@link #kill}
    /// @param client its address; empty where it is gone or has none
    /// @param upstream its address; empty before it is connected
    /// @param phase greeting, finding, connecting, joined or ended
    /// @param bytesThere from the client, arrived at the upstream
    /// @param bytesBack from the upstream, arrived at the client
    /// @param bytesSpliced of both, without passing through the process
    /// @param pending taken from one side and not yet given to the other
    /// @param seconds since it was accepted
    public record Status(
            long id,
            String client,
            String upstream,
            String phase,
            long bytesThere,
            long bytesBack,
            long bytesSpliced,
            long pending,
            double seconds) {}

    /// A connection that has ended, for a log.
    public record Entry(String relay, Status connection, Ending ending) {}

    /// What a relay has done so far; sums since its start, bytes of live connections included.
    ///
    /// @param accepted clients
    /// @param joined clients that an upstream took
    /// @param open connections now
    /// @param splicedThere bytes to the upstream by splice, and so on
    /// @param calls system calls to move bytes
    /// @param splices those of them that were splice(2)
    /// @param pauses how often accepting paused at the bound of connections
    public record Totals(
            long accepted,
            long joined,
            long open,
            long splicedThere,
            long copiedThere,
            long splicedBack,
            long copiedBack,
            long calls,
            long splices,
            long pauses,
            java.util.Map<Ending, Long> endings,
            java.util.Map<String, Long> acceptErrors,
            java.util.Map<String, Long> connectErrors,
            java.util.Map<String, Long> fallbacks) {
        /// How many connections ended so.
        public long ended(Ending how) {
            return endings.getOrDefault(how, 0L);
        }

        /// Bytes that did not pass through the process.
        public long spliced() {
            return splicedThere + splicedBack;
        }

        /// Bytes that did.
        public long copied() {
            return copiedThere + copiedBack;
        }
    }

    /// What was counted so far.
    public Totals totals() {
        Tally sum = tally();
        return new Totals(
                sum.accepted,
                sum.joined,
                sum.open,
                sum.spliced[Tally.THERE],
                sum.copied[Tally.THERE],
                sum.spliced[Tally.BACK],
                sum.copied[Tally.BACK],
                sum.calls,
                sum.splices,
                sum.pauses,
                java.util.Map.copyOf(sum.endings),
                java.util.Map.copyOf(sum.acceptErrors),
                java.util.Map.copyOf(sum.connectErrors),
                java.util.Map.copyOf(sum.fallbacks));
    }

    Tally tally() {
        Tally sum = new Tally();
        for (Branch branch : branches) {
            sum.add(ask(branch, Branch::snapshot));
        }
        return sum;
    }

    /// The connections that are open now.
    public List<Status> list() {
        List<Status> all = new ArrayList<>();
        for (Branch branch : branches) {
            all.addAll(ask(branch, Branch::list));
        }
        return all;
    }

    /// Ends one connection by a reset.
    ///
    /// @return false where there is none of that id
    public boolean kill(long id) {
        for (Branch branch : branches) {
            if (ask(branch, each -> each.kill(id))) {
                return true;
            }
        }
        return false;
    }

    /// Gives connections to come other terms; those that are there keep theirs. For a builder of the same place.
    void change(Builder builder) {
        Terms now = builder.terms();
        total = rate(now, terms);
        if (!now.to().equals(terms.to())) {
            upstream = new Upstream(now.to());
        }
        terms = now;
        for (Listener listener : listeners) {
            listener.resume(); // there may be more room
        }
    }

    private @Nullable Rate rate(Terms now, @Nullable Terms before) {
        if (before != null && before.limitTotal() == now.limitTotal()) {
            return total;
        }
        return now.limitTotal() > 0 ? new Rate(now.limitTotal(), kernel.nanoTime()) : null;
    }

    /// Stops listening: clients in the backlog are still accepted, later ones are refused; those that are there
    /// go on. Returns at once.
    public void stopListening() {
        draining = true;
        for (Listener listener : listeners) {
            onLoop(listener, listener::close);
        }
        files.forEach(SocketFile::remove);
    }

    /// Stops listening, waits until the connections have ended or the time is up, cuts what is left, and closes.
    ///
    /// @return how many connections were cut
    public int drain(Duration time) throws InterruptedException {
        stopListening();
        long end = System.nanoTime() + time.toNanos();
        while (open.get() > 0 && System.nanoTime() < end) {
            Thread.sleep(5);
        }
        return shut();
    }

    /// Cuts what is left, and ends.
    synchronized int shut() {
        if (closed) {
            return 0;
        }
        closed = true;
        int cut = 0;
        for (Branch branch : branches) {
            cut += ask(branch, Branch::close);
        }
        if (ownsLoops) {
            loops.close();
        }
        return cut;
    }

    /// Stops at once: connections that are open are reset.
    @Override
    public void close() {
        stopListening();
        shut();
    }

    private void onLoop(Listener listener, Runnable task) {
        Branch home = listener.home();
        ask(home, each -> {
            task.run();
            return true;
        });
    }

    /// Runs a question on a branch's loop.
    private static <T> T ask(Branch branch, Function<Branch, T> question) {
        if (branch.loop.inEventLoop()) {
            return question.apply(branch);
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        branch.loop.execute(() -> {
            try {
                answer.complete(question.apply(branch));
            } catch (Throwable t) {
                answer.completeExceptionally(t);
            }
        });
        try {
            return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("an event loop does not answer", e);
        }
    }

    /// The longest run of zeros of an IPv6 address is `::`. Source: RFC 5952, section 4.2.
    private static String shortened(String host) {
        String longest = "";
        java.util.regex.Matcher run =
                java.util.regex.Pattern.compile("(^|:)0(:0)+(?=:|$)").matcher(host);
        while (run.find()) {
            longest = run.group().length() > longest.length() ? run.group() : longest;
        }
        if (longest.isEmpty()) {
            return host;
        }
        String cut = host.replaceFirst(java.util.regex.Pattern.quote(longest) + "(?=:|$)", ":");
        return cut.endsWith(":") && !cut.endsWith("::") ? cut + ":" : cut;
    }

    /// An address as messages show it: `127.0.0.1:80`, `[::1]:80`, `db.example.org:5432`, `/run/app.sock`.
    public static String text(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            InetAddress ip = inet.getAddress();
            String host = ip == null ? inet.getHostString() : shortened(ip.getHostAddress());
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort();
        }
        return address.toString();
    }

    /// Options of a relay. Only {@link #listen} and {@link #to} are needed.
    public static final class Builder {
        private Kernel kernel = Kernel.linux();
        private String name = "";
        private final List<SocketAddress> listen = new ArrayList<>();
        private final List<Fd> inherited = new ArrayList<>();
        private int mode = -1;
        private int backlog = 1024;
        private boolean reusePort;
        private @Nullable Loops loops;
        private AtomicLong ids = new AtomicLong();
        private @Nullable Consumer<Entry> log;

        private @Nullable SocketAddress to;
        private Splicing splicing = Splicing.AUTO;
        private long pipeCapacity = Pipe.BULK_CAPACITY;
        private long mark = 512 << 10; // 512 KiB
        private int maxConnections = 10_000;
        private Duration connectTimeout = Duration.ofSeconds(5);
        private @Nullable Duration idleTimeout = Duration.ofMinutes(5);
        private @Nullable Duration halfCloseTimeout = Duration.ofMinutes(1);
        private @Nullable Duration stallTimeout;
        private long limit;
        private long limitTotal;
        private @Nullable Duration keepAlive;
        private @Nullable Duration userTimeout;
        private @Nullable SocketAddress bind;
        private int receiveBuffer;
        private int sendBuffer;
        private List<Cidr> allow = List.of();
        private List<Cidr> deny = List.of();
        private ProxyIn proxyIn = ProxyIn.NONE;
        private ProxyOut proxyOut = ProxyOut.NONE;
        private @Nullable PipeBudget budget;

        private Builder() {}

        Place place() {
            return new Place(List.copyOf(listen), List.copyOf(inherited), mode, backlog, splicing, pipeCapacity, mark);
        }

        String name() {
            return name;
        }

        Terms terms() {
            SocketAddress where = to;
            if (where == null) {
                throw new IllegalStateException("a relay needs an upstream");
            }
            return new Terms(
                    where,
                    splicing,
                    pipeCapacity,
                    mark,
                    maxConnections,
                    connectTimeout,
                    idleTimeout,
                    halfCloseTimeout,
                    stallTimeout,
                    limit,
                    limitTotal,
                    keepAlive,
                    userTimeout,
                    bind,
                    receiveBuffer,
                    sendBuffer,
                    allow,
                    deny,
                    proxyIn,
                    proxyOut,
                    budget);
        }

        /// Where it listens. More than one address may be given; one of port 0 behind the first takes the first
        /// one's port. A unix path that begins with `@` is an abstract name.
        public Builder listen(SocketAddress... all) {
            listen.addAll(List.of(all));
            return this;
        }

        /// A socket that listens already, such as systemd's; non-blocking. The relay closes it.
        public Builder listen(Fd listening) {
            inherited.add(listening);
            return this;
        }

        /// Where clients are joined to: an address, a host name by `InetSocketAddress.createUnresolved` that is
        /// looked up when it is needed, or a unix path.
        public Builder to(SocketAddress upstream) {
            to = upstream;
            return this;
        }

        /// What the relay is called in logs and metrics.
        public Builder name(String called) {
            name = called;
            return this;
        }

        /// Mode of the unix sockets that it listens on, such as 0660; -1 for the umask's.
        public Builder mode(int bits) {
            mode = bits;
            return this;
        }

        /// Connections that may wait to be accepted; 1024 by default, and no more than net.core.somaxconn.
        public Builder backlog(int connections) {
            backlog = connections;
            return this;
        }

        /// Shares the port with other processes of this user that do the same.
        public Builder reusePort(boolean shared) {
            reusePort = shared;
            return this;
        }

        /// Threads that are the caller's; without them the relay has its own, as many as processors.
        public Builder loops(Loops shared) {
            loops = shared;
            return this;
        }

        /// Numbers for connections, where several relays share them.
        Builder ids(AtomicLong shared) {
            ids = shared;
            return this;
        }

        /// Gets every connection that has ended, on an event loop: it must not wait.
        public Builder log(@Nullable Consumer<Entry> reader) {
            log = reader;
            return this;
        }

        /// When bytes go by splice(2); by default in bulk only.
        public Builder splicing(Splicing when) {
            splicing = when;
            return this;
        }

        /// Bytes that a pipe should hold; 1 MiB by default.
        public Builder pipeCapacity(long bytes) {
            pipeCapacity = bytes;
            return this;
        }

        /// Bytes below which a TCP peer in bulk does not wake us (SO_RCVLOWAT); 512 KiB by default, 0 for none.
        public Builder mark(long bytes) {
            mark = bytes;
            return this;
        }

        /// Above it accepting pauses and clients wait in the backlog; 10,000 by default.
        public Builder maxConnections(int most) {
            maxConnections = most;
            return this;
        }

        /// For all addresses of the upstream together; 5 s by default.
        public Builder connectTimeout(Duration time) {
            connectTimeout = time;
            return this;
        }

        /// Without a byte in either direction; 5 min by default, null for none.
        public Builder idleTimeout(@Nullable Duration time) {
            idleTimeout = time;
            return this;
        }

        /// Without a byte after one direction has ended; 1 min by default, null for none.
        public Builder halfCloseTimeout(@Nullable Duration time) {
            halfCloseTimeout = time;
            return this;
        }

        /// While bytes wait for a peer that takes none; by default only the idle time-out counts.
        public Builder stallTimeout(@Nullable Duration time) {
            stallTimeout = time;
            return this;
        }

        /// Bytes per second of each direction of each connection; 0 for no limit.
        public Builder limit(long bytesPerSecond) {
            limit = bytesPerSecond;
            return this;
        }

        /// Bytes per second of all connections in both directions; 0 for no limit.
        public Builder limitTotal(long bytesPerSecond) {
            limitTotal = bytesPerSecond;
            return this;
        }

        /// Idle time before TCP asks whether the peer is still there; null for not.
        public Builder keepAlive(@Nullable Duration idle) {
            keepAlive = idle;
            return this;
        }

        /// How long sent bytes may stay unacknowledged; null for the kernel's choice.
        public Builder userTimeout(@Nullable Duration time) {
            userTimeout = time;
            return this;
        }

        /// Own address towards the upstream.
        public Builder bind(@Nullable SocketAddress own) {
            bind = own;
            return this;
        }

        /// Socket buffers of both sides in bytes; 0 for the kernel's choice.
        public Builder buffers(int receive, int send) {
            receiveBuffer = receive;
            sendBuffer = send;
            return this;
        }

        /// Who may connect; empty for all. Unix clients always may: their socket's mode says who.
        public Builder allow(List<Cidr> blocks) {
            allow = List.copyOf(blocks);
            return this;
        }

        /// Who may not connect, even where {@link #allow} has them.
        public Builder deny(List<Cidr> blocks) {
            deny = List.copyOf(blocks);
            return this;
        }

        /// Whether clients begin with a PROXY header.
        public Builder proxyIn(ProxyIn when) {
            proxyIn = when;
            return this;
        }

        /// The PROXY header that the upstream gets.
        public Builder proxyOut(ProxyOut version) {
            proxyOut = version;
            return this;
        }

        /// How many pipes there may be, where it is not the budget of this process.
        public Builder budget(PipeBudget pipes) {
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
}
