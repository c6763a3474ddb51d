package dev.fid.net.relay;

import dev.fid.Fd;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import dev.fid.net.ConnectionStatus;
import dev.fid.net.Ending;
import dev.fid.net.listen.Acceptor;
import dev.fid.net.loop.LoopCounters;
import dev.fid.net.loop.LoopHome;
import dev.fid.net.proxy.ProxyHeader;
import dev.fid.net.terms.RelayTerms;
import dev.fid.net.upstream.PreconnectPool;
import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The part of a relay that lives on one event loop: its connections, their pipes, their time-outs and what they
/// counted. Everything here runs on the loop's thread.
final class RelayLoop implements Acceptor {
    /// Between two looks at the tails of marked inputs.
    private static final long SWEEP_NANOS = 1_000_000;

    /// Between two looks at what peers have acknowledged.
    private static final long FAREWELL_NANOS = 2_000_000;

    final Relay relay;
    final LoopHome home;
    final PreconnectPool spares;
    /// The loop's idea of now, for time-outs: as old as the last tick.
    long now;

    private RelayTerms terms;
    private RelayPipes pipes;
    private @Nullable Connection first;
    private int connections;
    private final List<Connection> marked = new ArrayList<>();
    private final ArrayDeque<Connection> paced = new ArrayDeque<>();
    private @Nullable ScheduledFuture<?> sweeping;
    private @Nullable ScheduledFuture<?> pacing;
    private @Nullable ScheduledFuture<?> ticking;
    private final List<Farewell> farewells = new ArrayList<>();
    private @Nullable ScheduledFuture<?> parting;
    private boolean closed;

    RelayLoop(Relay relay, IoEventLoop loop, RelayTerms terms) {
        this.relay = relay;
        Kernel kernel = relay.kernel();
        this.home = new LoopHome(kernel, loop, ProxyHeader.MOST_WRITTEN);
        this.terms = terms;
        this.pipes = new RelayPipes(pool(kernel, terms));
        this.spares = new PreconnectPool(home, relay::upstream, terms);
        this.now = kernel.nanoTime();
    }

    @Override
    public LoopHome home() {
        return home;
    }

    private static PipePool pool(Kernel kernel, RelayTerms terms) {
        return new PipePool(kernel, terms.pipes(kernel), terms.pipeCapacity(), terms.splicing()).mark(terms.mark());
    }

    /// For connections to come.
    RelayPipes pipes() {
        return pipes;
    }

    /// Takes other terms for connections to come.
    void change(RelayTerms wanted) {
        if (closed) {
            return;
        }
        if (!wanted.hasPipesOf(terms)) {
            pipes.retire();
            pipes = new RelayPipes(pool(relay.kernel(), wanted));
        }
        if (ticking != null && wanted.tickNanos() != terms.tickNanos()) {
            ticking.cancel(false);
            tickEvery(Math.min(wanted.tickNanos(), terms.tickNanos()));
        }
        if (!wanted.equals(terms)) {
            spares.start(wanted);
        }
        terms = wanted;
    }

    /// Nobody will come any more.
    void clearSpares() {
        spares.clear();
    }

    private void tickEvery(long nanos) {
        ticking = home.loop.scheduleWithFixedDelay(this::tick, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /// A client that a listener accepted.
    ///
    /// @param reserved as in {@link Connection}
    @Override
    public void adopt(Fd client, @Nullable Fd reserved) {
        if (closed) {
            client.close();
            if (reserved != null) {
                reserved.close();
            }
            relay.leave();
            return;
        }
        home.tally.accepted++;
        now = relay.kernel().nanoTime();
        Connection connection = new Connection(this, client, reserved);
        add(connection);
        safely(connection, Connection::start);
    }

    /// Does something to a connection; what it throws ends that connection, not what the loop does for the others.
    void safely(Connection connection, Consumer<Connection> step) {
        try {
            step.accept(connection);
        } catch (Throwable t) {
            connection.broken(t);
        }
    }

    private void add(Connection connection) {
        connection.next = first;
        if (first != null) {
            first.previous = connection;
        }
        first = connection;
        connections++;
        home.tally.open++;
        if (ticking == null) {
            tickEvery(relay.terms().tickNanos());
        }
    }

    /// A connection that has ended.
    void remove(Connection connection) {
        if (connection.previous != null) {
            connection.previous.next = connection.next;
        } else {
            first = connection.next;
        }
        if (connection.next != null) {
            connection.next.previous = connection.previous;
        }
        connections--;
        home.tally.open--;
        if (connections == 0 && ticking != null) {
            ticking.cancel(false); // an idle relay does not wake up
            ticking = null;
        }
    }

    /// Looks at every connection's time-outs: one timer for all, so that a connection needs none.
    private void tick() {
        now = relay.kernel().nanoTime();
        Consumer<Connection> look = connection -> connection.tick(now);
        for (Connection each = first; each != null; ) {
            Connection following = each.next;
            safely(each, look);
            each = following;
        }
    }

    // ---- marks ----

    /// Looks after the tails of a connection whose inputs are marked.
    void sweep(Connection connection) {
        if (!connection.isSwept) {
            connection.isSwept = true;
            marked.add(connection);
        }
        if (sweeping == null) {
            sweeping = home.loop.schedule(this::sweepAll, SWEEP_NANOS, TimeUnit.NANOSECONDS);
        }
    }

    private void sweepAll() {
        sweeping = null;
        marked.removeIf(connection -> {
            connection.isSwept = false;
            safely(connection, each -> each.isSwept = each.sweep());
            return !connection.isSwept;
        });
        if (!marked.isEmpty()) {
            sweeping = home.loop.schedule(this::sweepAll, SWEEP_NANOS, TimeUnit.NANOSECONDS);
        }
    }

    /// A link that has left the loop, and what follows its reset.
    private record Farewell(Link link, Runnable then) {
        /// Whether its peers have what was written to them, or it has waited long enough.
        boolean isOver() {
            try {
                link.run(0, 0);
                return false;
            } catch (ErrnoException e) {
                return true;
            }
        }
    }

    /// Resets a link that has failed or was cut and has left the loop, once its peers have acknowledged what was
    /// written to them: a reset would throw it away.
    void resetSoon(Link link, Runnable then) {
        home.closeSoon(() -> {
            farewells.add(new Farewell(link, then));
            if (parting == null) {
                part();
            }
        });
    }

    private void part() {
        parting = null;
        farewells.removeIf(each -> {
            if (!closed && !each.isOver()) {
                return false;
            }
            each.link.reset();
            each.then.run();
            return true;
        });
        if (!farewells.isEmpty()) {
            parting = home.loop.schedule(this::part, FAREWELL_NANOS, TimeUnit.NANOSECONDS);
        }
    }

    // ---- rates ----

    /// Runs a connection again when its rate allows more. Those that share a rate take turns: each time another
    /// one is the first, who may take all that there is.
    void pause(Connection connection, long nanos) {
        if (!connection.isPaced) {
            connection.isPaced = true;
            paced.addLast(connection);
        }
        if (pacing == null) {
            // Not at each one's own moment: a wake-up per millisecond serves them all.
            pacing = home.loop.schedule(this::goOn, Math.clamp(nanos, 1_000_000L, 20_000_000L), TimeUnit.NANOSECONDS);
        }
    }

    private void goOn() {
        pacing = null;
        for (int left = paced.size(); left > 0; left--) {
            Connection connection = paced.removeFirst();
            connection.isPaced = false;
            safely(connection, Connection::go);
        }
        if (paced.size() > 1) {
            paced.addLast(paced.removeFirst());
        }
    }

    // ---- for others ----

    /// As {@link LoopHome#ask}, about this.
    <T> T ask(Function<RelayLoop, T> question) {
        return home.ask(() -> question.apply(this));
    }

    /// What was counted, live connections included.
    LoopCounters snapshot() {
        LoopCounters sum = new LoopCounters();
        sum.add(home.tally);
        sum.spares = spares.count();
        for (Connection each = first; each != null; each = each.next) {
            each.count(sum);
        }
        return sum;
    }

    List<ConnectionStatus> list() {
        List<ConnectionStatus> all = new ArrayList<>();
        for (Connection each = first; each != null; each = each.next) {
            all.add(each.status());
        }
        return all;
    }

    boolean kill(long id) {
        for (Connection each = first; each != null; each = each.next) {
            if (each.id == id) {
                each.end(Ending.KILLED);
                return true;
            }
        }
        return false;
    }

    /// Cuts what is left; returns how many. They are closed once their peers have what was written to them.
    int cut() {
        int cut = 0;
        while (first != null) {
            first.end(Ending.CUT);
            cut++;
        }
        return cut;
    }

    /// Cuts what is left and closes it; returns how many.
    int close() {
        int cut = cut();
        if (!closed) {
            closed = true;
            for (ScheduledFuture<?> timer : new @Nullable ScheduledFuture<?>[] {sweeping, pacing, ticking, parting}) {
                if (timer != null) {
                    timer.cancel(false);
                }
            }
            spares.clear();
            home.closeAll();
            part();
            pipes.retire();
            home.close();
        }
        return cut;
    }
}
