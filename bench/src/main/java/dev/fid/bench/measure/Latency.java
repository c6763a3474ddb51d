package dev.fid.bench.measure;

/// How long the requests of one run took, in nanoseconds; -1 where that was not measured.
public record Latency(long median, long p99) {
    public static final Latency NONE = new Latency(-1, -1);
}
