package dev.fid.net.relay;

import dev.fid.kernel.ErrnoException;
import dev.fid.net.LogEntry;
import dev.fid.net.Loops;
import dev.fid.net.listen.ListenKey;
import dev.fid.wait.Deadline;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Several relays on common loops, whose configuration may be read again while they run.
///
/// Safe for use by many threads.
public final class Service implements AutoCloseable {
    private final Loops loops;
    private final AtomicLong ids = new AtomicLong();
    private final @Nullable Consumer<LogEntry> log;
    private final long started = System.nanoTime();
    private volatile List<Relay> relays = List.of();
    /// Removed from the configuration; their connections go on.
    private volatile List<Relay> leaving = List.of();
    private volatile boolean draining;
    private volatile boolean hurried;

    /// @param loops closed with the service
    /// @param log gets every connection that has ended, on an event loop: it must not wait
    public Service(Loops loops, @Nullable Consumer<LogEntry> log) {
        this.loops = loops;
        this.log = log;
    }

    /// Makes the relays those of `wanted`: a relay of the same place takes the new terms for connections to come,
    /// others are started, and those that nobody wants any more stop listening while their connections go on.
    /// Nothing changes where a start fails.
    ///
    /// @throws IllegalArgumentException where two of them have one name
    public synchronized void apply(List<RelayBuilder> wanted) throws ErrnoException {
        if (draining) {
            return;
        }
        List<Relay> before = new ArrayList<>(relays);
        List<Relay> after = new ArrayList<>();
        List<Relay> fresh = new ArrayList<>();
        List<Runnable> changes = new ArrayList<>();
        try {
            for (RelayBuilder builder : wanted) {
                Relay same = take(before, builder);
                if (same != null) {
                    changes.add(() -> same.change(builder));
                    after.add(same);
                } else {
                    if (before.stream().anyMatch(each -> overlap(each.place(), builder.place()))) {
                        builder.reusePort(true); // the relay that leaves has the port still
                    }
                    Relay relay = builder.loops(loops).ids(ids).log(log).start();
                    fresh.add(relay);
                    after.add(relay);
                }
            }
            refuseTwins(after, wanted);
        } catch (ErrnoException | RuntimeException e) {
            Attempts closings = new Attempts(e);
            fresh.forEach(relay -> closings.make(relay::close));
            throw e;
        }
        // From here on every relay stands in a list, whatever fails: else nobody could stop it.
        List<Relay> old = new ArrayList<>(leaving);
        old.addAll(before);
        relays = List.copyOf(after);
        leaving = List.copyOf(old);
        Attempts attempts = new Attempts(null);
        changes.forEach(attempts::make);
        before.forEach(relay -> attempts.make(relay::stopListening));
        old.removeIf(relay -> !before.contains(relay) && closeIfEmpty(relay));
        leaving = List.copyOf(old);
        attempts.end();
    }

    /// Steps of which each is made although one before has failed; the first failure has the others with it.
    private static final class Attempts {
        private @Nullable Exception first;

        Attempts(@Nullable Exception first) {
            this.first = first;
        }

        void make(Runnable step) {
            try {
                step.run();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }

        void end() {
            if (first instanceof RuntimeException e) {
                throw e;
            }
        }
    }

    /// Of one name the numbers of two relays would be one.
    private static void refuseTwins(List<Relay> relays, List<RelayBuilder> wanted) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < relays.size(); i++) {
            String name = relays.get(i).nameFor(wanted.get(i));
            if (!names.add(name)) {
                throw new IllegalArgumentException("two relays are called '" + name + "'");
            }
        }
    }

    private static boolean closeIfEmpty(Relay relay) {
        if (!relay.isEmpty()) {
            return false;
        }
        relay.close();
        return true;
    }

    private static @Nullable Relay take(List<Relay> from, RelayBuilder builder) {
        for (Relay relay : from) {
            if (relay.place().equals(builder.place())) {
                from.remove(relay);
                return relay;
            }
        }
        return null;
    }

    private static boolean overlap(ListenKey one, ListenKey other) {
        for (SocketAddress address : one.listen()) {
            if (other.listen().contains(address)) {
                return true;
            }
        }
        return false;
    }

    /// The relays that accept clients.
    public List<Relay> relays() {
        return relays;
    }

    /// Those that a new configuration left out and that still have connections.
    public List<Relay> leaving() {
        return leaving.stream().filter(each -> each.connections() > 0).toList();
    }

    public List<Relay> all() {
        List<Relay> all = new ArrayList<>(relays);
        all.addAll(leaving());
        return all;
    }

    public Loops loops() {
        return loops;
    }

    public double seconds() {
        return (System.nanoTime() - started) / 1e9;
    }

    public boolean isDraining() {
        return draining;
    }

    /// Connections that are open now.
    public int connections() {
        return all().stream().mapToInt(Relay::connections).sum();
    }

    /// Ends a connection by a reset.
    public boolean kill(long id) {
        return all().stream().anyMatch(relay -> relay.kill(id));
    }

    /// Stops listening at all places, at once.
    public synchronized void stopListening() {
        draining = true;
        Attempts attempts = new Attempts(null);
        relays.forEach(relay -> attempts.make(relay::stopListening));
        attempts.end();
    }

    /// Ends the wait of {@link #drain}, also of one to come: what is left is cut. From any thread.
    public void hurry() {
        hurried = true;
    }

    /// Stops listening, waits until all connections have ended or the time is up, and cuts what is left.
    ///
    /// @return how many connections were cut
    public int drain(Duration time) {
        stopListening();
        long end = Deadline.after(System.nanoTime(), time);
        AtomicInteger cut = new AtomicInteger();
        try {
            while (!isEmpty() && !hurried && System.nanoTime() < end) {
                Thread.sleep(5);
            }
            Attempts attempts = new Attempts(null);
            all().forEach(relay -> attempts.make(() -> cut.addAndGet(relay.cut())));
            attempts.end();
            long farewell = System.nanoTime() + Relay.FAREWELL_NANOS;
            while (connections() > 0 && !hurried && System.nanoTime() < farewell) {
                Thread.sleep(5);
            }
        } catch (InterruptedException e) {
            // Cut now. The status is not kept, since closing waits for the loops.
        }
        return cut.get() + shut();
    }

    private boolean isEmpty() {
        return Stream.concat(relays.stream(), leaving.stream()).allMatch(Relay::isEmpty);
    }

    private synchronized int shut() {
        AtomicInteger cut = new AtomicInteger();
        Attempts attempts = new Attempts(null);
        all().forEach(relay -> attempts.make(() -> cut.addAndGet(relay.shut())));
        leaving.forEach(relay -> attempts.make(relay::close));
        attempts.end();
        return cut.get();
    }

    /// Cuts what is left and ends.
    @Override
    public void close() {
        Attempts attempts = new Attempts(null);
        attempts.make(this::stopListening);
        attempts.make(this::shut);
        attempts.make(loops::close);
        attempts.end();
    }
}
