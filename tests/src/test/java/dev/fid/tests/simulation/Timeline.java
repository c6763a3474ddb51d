package dev.fid.tests.simulation;

import dev.fid.model.ModelClock;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/// Time that only the simulation moves: what happens, in order, each at its nanosecond.
final class Timeline extends ModelClock {
    static final long MILLISECOND = 1_000_000;
    static final long SECOND = 1000 * MILLISECOND;

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
    private long now;
    private long spent;
    private long order;

    private record Event(long at, long order, Runnable action) {}

    /// Lets `action` happen in so many nanoseconds, after everything that was asked for at that time before.
    void after(long nanos, Runnable action) {
        events.add(new Event(now + nanos, order++, action));
    }

    /// Nanoseconds until something happens; {@link Long#MAX_VALUE} where nothing ever does.
    long rest() {
        Event event = events.peek();
        return event == null ? Long.MAX_VALUE : event.at - now;
    }

    /// What happens next, or null where nothing ever does; time is then where it happens.
    @Nullable
    Runnable next() {
        Event event = events.poll();
        if (event == null) {
            return null;
        }
        now = event.at;
        return event.action;
    }

    @Override
    public long nanos() {
        return now;
    }

    /// So much of it, in no order, that whoever compares what things cost comes to every result.
    @Override
    public long cpuNanos() {
        spent += 1 + ((spent * 0x9E3779B97F4A7C15L) >>> 54); // 1,024 at most
        return spent;
    }

    @Override
    protected void await(Condition changed, long deadline) {
        throw new AssertionError("a call waits, and nobody may");
    }
}
