package dev.fid.net.relay;

import dev.fid.Fd;
import dev.fid.Rate;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.net.AddressText;
import dev.fid.net.ConnectionStatus;
import dev.fid.net.Ending;
import dev.fid.net.LogEntry;
import dev.fid.net.Loops;
import dev.fid.net.listen.AcceptGate;
import dev.fid.net.listen.ListenKey;
import dev.fid.net.listen.Listener;
import dev.fid.net.listen.Ports;
import dev.fid.net.loop.LoopCounters;
import dev.fid.net.terms.RelayTerms;
import dev.fid.net.upstream.Upstream;
import dev.fid.wait.Deadline;
import io.netty.channel.IoEventLoop;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
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
    /// So long those that were cut may take to acknowledge what was written to them: 1 s.
    static final long FAREWELL_NANOS = 1_000_000_000L;

    private final Kernel kernel;
    private final Loops loops;
    private final boolean ownsLoops;
    private final List<RelayLoop> branches = new ArrayList<>();
    private final List<Listener> listeners = new ArrayList<>();
    private final Ports ports;
    private final ConnectionLimit room = new ConnectionLimit();
    private final AtomicLong ids;
    private final @Nullable Consumer<LogEntry> log;
    private final @Nullable Consumer<LogEntry> trouble;
    private volatile String name;
    /// Where it was told to listen, to be found again when the configuration is read again.
    private final ListenKey place;

    private volatile RelayTerms terms;
    private volatile Upstream upstream;
    private volatile @Nullable Rate total;
    private volatile boolean draining;
    private boolean closed;

    private final AcceptGate gate = new AcceptGate() {
        @Override
        public boolean enter() {
            return room.enter(terms.maxConnections());
        }

        @Override
        public void enterAnyway() {
            room.enterAnyway();
        }

        @Override
        public void leave() {
            Relay.this.leave();
        }

        @Override
        public void giveBack(Fd socket) {
            ports.giveBack(socket);
        }
    };

    Relay(RelayBuilder builder, Loops loops, boolean ownsLoops) throws ErrnoException {
        this.kernel = builder.kernel();
        Rehearsal.hold(kernel);
        this.loops = loops;
        this.ownsLoops = ownsLoops;
        this.ids = builder.ids();
        this.log = builder.log();
        this.trouble = builder.trouble();
        this.place = builder.place();
        this.terms = builder.terms();
        this.upstream = new Upstream(terms.upstreams());
        this.total = rate(terms, null);
        this.ports = Ports.open(builder.listens(), loops.count());
        this.name = name(builder, ports);
        try {
            begin();
        } catch (RuntimeException e) {
            abandon(e);
            throw e;
        }
    }

    private void begin() {
        for (IoEventLoop loop : loops.all()) {
            branches.add(new RelayLoop(this, loop, terms));
        }
        for (List<Fd> each : ports.sockets()) {
            for (int i = 0; i < each.size(); i++) {
                RelayLoop home = branches.get(i % branches.size());
                boolean alone = each.size() == 1;
                listeners.add(new Listener(gate, each.get(i), home.home, alone ? branches : List.of(home)));
            }
        }
        for (int i = 0; i < listeners.size(); i++) {
            Listener listener = listeners.get(i);
            onLoop(listener, listener::start);
        }
        if (terms.preconnect() > 0) {
            for (RelayLoop branch : branches) {
                branch.ask(each -> {
                    each.spares.start(terms);
                    return true;
                });
            }
        }
    }

    /// Leaves nothing of a start that failed: nobody will have this relay, and so close it.
    private void abandon(RuntimeException why) {
        ports.removeFiles();
        for (RelayLoop branch : branches) {
            try {
                branch.ask(RelayLoop::close);
            } catch (RuntimeException e) {
                why.addSuppressed(e); // a loop that does not answer
            }
        }
        ports.sockets().forEach(each -> each.stream().filter(ports::isOurs).forEach(Fd::close));
    }

    /// What a relay is made of.
    public static RelayBuilder builder() {
        return new RelayBuilder();
    }

    private static String name(RelayBuilder builder, Ports ports) {
        return builder.name().isEmpty() ? AddressText.of(ports.addresses().getFirst()) : builder.name();
    }

    /// What it would be called.
    String nameFor(RelayBuilder builder) {
        return name(builder, ports);
    }

    ListenKey place() {
        return place;
    }

    // ---- for its parts ----

    Kernel kernel() {
        return kernel;
    }

    RelayTerms terms() {
        return terms;
    }

    Upstream upstream(RelayTerms of) {
        Upstream now = upstream;
        return now.to().equals(of.upstreams()) ? now : new Upstream(of.upstreams());
    }

    @Nullable
    Rate total() {
        return total;
    }

    long nextId() {
        return ids.incrementAndGet();
    }

    /// Room for one connection more, or none.
    void leave() {
        room.leave();
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

    void log(Connection connection, Ending how, String why) {
        boolean isTrouble = how == Ending.UNREACHABLE || how == Ending.NO_HEADER || how == Ending.STALLED;
        if (log == null && (trouble == null || !isTrouble)) {
            return;
        }
        LogEntry entry = new LogEntry(name, connection.status(), how, why);
        if (log != null) {
            log.accept(entry);
        }
        if (trouble != null && isTrouble) {
            trouble.accept(entry);
        }
    }

    // ---- for its user ----

    /// What the relay is called: by default its first address.
    public String name() {
        return name;
    }

    /// Where it listens, with the ports that were chosen for port 0.
    public List<SocketAddress> addresses() {
        return List.copyOf(ports.addresses());
    }

    /// Where clients are joined to.
    public SocketAddress to() {
        return terms.to();
    }

    /// Connections that are open, those to the upstream under way included.
    public int connections() {
        return room.taken();
    }

    public boolean isDraining() {
        return draining;
    }

    /// What was counted so far.
    public Totals totals() {
        return Totals.of(tally());
    }

    public LoopCounters tally() {
        LoopCounters sum = new LoopCounters();
        for (RelayLoop branch : branches) {
            sum.add(branch.ask(RelayLoop::snapshot));
        }
        return sum;
    }

    /// The connections that are open now.
    public List<ConnectionStatus> list() {
        List<ConnectionStatus> all = new ArrayList<>();
        for (RelayLoop branch : branches) {
            all.addAll(branch.ask(RelayLoop::list));
        }
        return all;
    }

    /// Ends one connection by a reset.
    ///
    /// @return false where there is none of that id
    public boolean kill(long id) {
        for (RelayLoop branch : branches) {
            if (branch.ask(each -> each.kill(id))) {
                return true;
            }
        }
        return false;
    }

    /// Gives connections to come other terms; those that are there keep theirs. For a builder of the same place.
    void change(RelayBuilder builder) {
        RelayTerms now = builder.terms();
        total = rate(now, terms);
        if (!now.upstreams().equals(terms.upstreams())) {
            upstream = new Upstream(now.upstreams());
        }
        terms = now;
        name = name(builder, ports);
        ports.change(builder.listens());
        for (RelayLoop branch : branches) {
            branch.ask(each -> {
                each.change(now);
                return true;
            });
        }
        for (Listener listener : listeners) {
            listener.resume(); // there may be more room
        }
    }

    private @Nullable Rate rate(RelayTerms now, @Nullable RelayTerms before) {
        if (before != null && before.limitTotal() == now.limitTotal()) {
            return total;
        }
        return now.limitTotal() > 0 ? new Rate(now.limitTotal(), kernel.nanoTime()) : null;
    }

    /// Stops listening: clients that are connected, or are about to be, are still accepted; later ones are refused;
    /// those that are there go on. Returns at once; the sockets are closed a fifth of a second later.
    public void stopListening() {
        synchronized (this) {
            if (draining) {
                return;
            }
            draining = true;
        }
        ports.removeFiles();
        for (Listener listener : listeners) {
            onLoop(listener, () -> listener.leave(ports.isOurs(listener.socket())));
        }
        for (RelayLoop branch : branches) {
            branch.ask(each -> {
                each.clearSpares();
                return true;
            });
        }
    }

    /// Whether all have gone and nobody can come any more.
    boolean isEmpty() {
        return room.taken() == 0 && listeners.stream().allMatch(Listener::isClosed);
    }

    /// Stops listening, waits until the connections have ended or the time is up, cuts what is left, and closes.
    ///
    /// @return how many connections were cut
    public int drain(Duration time) throws InterruptedException {
        stopListening();
        long end = Deadline.after(System.nanoTime(), time);
        while (!isEmpty() && System.nanoTime() < end) {
            Thread.sleep(5);
        }
        int cut = cut();
        long farewell = System.nanoTime() + FAREWELL_NANOS;
        while (connections() > 0 && System.nanoTime() < farewell) {
            Thread.sleep(5);
        }
        return cut + shut();
    }

    /// Cuts what is left; returns how many. The sockets are closed once the peers have acknowledged what was written
    /// to them.
    synchronized int cut() {
        int cut = 0;
        for (RelayLoop branch : closed ? List.<RelayLoop>of() : branches) {
            cut += branch.ask(RelayLoop::cut);
        }
        return cut;
    }

    /// Cuts what is left, and ends.
    synchronized int shut() {
        if (closed) {
            return 0;
        }
        closed = true;
        for (Listener listener : listeners) {
            onLoop(listener, listener::close);
        }
        int cut = 0;
        for (RelayLoop branch : branches) {
            cut += branch.ask(RelayLoop::close);
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
        listener.home().ask(() -> {
            task.run();
            return true;
        });
    }
}
