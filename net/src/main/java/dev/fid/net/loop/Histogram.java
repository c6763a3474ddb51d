package dev.fid.net.loop;

/// A histogram of times, with the bounds that Prometheus shows. For one thread; copies for others.
public final class Histogram {
    /// Upper bounds in microseconds.
    @SuppressWarnings("MutablePublicArray") // the rooms of the relay do not write to it
    public static final long[] BOUNDS = {
        50,
        100,
        250,
        500,
        1000,
        2500,
        5000,
        10_000,
        25_000,
        50_000,
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000
    };

    private final long[] counts = new long[BOUNDS.length + 1];
    private long nanos;

    public void add(long time) {
        long micros = time / 1000;
        int bound = 0;
        while (bound < BOUNDS.length && micros > BOUNDS[bound]) {
            bound++;
        }
        counts[bound]++;
        nanos += time;
    }

    void add(Histogram other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        nanos += other.nanos;
    }

    /// How many were at most the bound `index`, or all behind the last bound.
    public long upTo(int index) {
        long sum = 0;
        for (int i = 0; i <= index; i++) {
            sum += counts[i];
        }
        return sum;
    }

    public long count() {
        return upTo(counts.length - 1);
    }

    public double seconds() {
        return nanos / 1e9;
    }
}
