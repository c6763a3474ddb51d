package dev.fid.cli.value;

import dev.fid.Progress;
import java.util.ArrayDeque;
import java.util.Deque;

/// Bytes a second of the last second or so: what stands still has none, whatever its average.
public final class Speed {
    private static final long SPAN = 1_000_000_000L;

    private record Sample(long nanos, long bytes) {}

    private final Deque<Sample> samples = new ArrayDeque<>();

    public Speed() {
        samples.add(new Sample(0, 0));
    }

    public void add(Progress now) {
        // One sample at the far end of the span stays, so that two are always a span apart.
        while (samples.size() > 1 && now.nanos() - second().nanos >= SPAN) {
            samples.removeFirst();
        }
        samples.addLast(new Sample(now.nanos(), now.bytes()));
    }

    private Sample second() {
        var each = samples.iterator();
        each.next();
        return each.next();
    }

    /// In bytes a second.
    public long now() {
        Sample first = samples.getFirst();
        Sample last = samples.getLast();
        return (long) ((last.bytes - first.bytes) * 1e9 / Math.max(1, last.nanos - first.nanos));
    }
}
