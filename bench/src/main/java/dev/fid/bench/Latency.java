package dev.fid.bench;

/// How long the requests of one run took, in nanoseconds; -1 where that was not measured.
record Latency(long median, long p99) {
    static final Latency NONE = new Latency(-1, -1);
}
