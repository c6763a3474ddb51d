package dev.fid.bench.measure;

/// What one run took.
///
/// @param bytes that arrived; in a race that counts others, {@link Unit}, as many of those
/// @param wallNanos from the first call to the last byte's arrival
/// @param cpuNanos of the thread that moved them (of a tool or a relay: of its process)
/// @param instructions of that thread, user and kernel, or {@link Counter#NOT_COUNTED}
/// @param switches of that thread to another, or {@link Counter#NOT_COUNTED}
/// @param latency of its requests
public record Sample(long bytes, long wallNanos, long cpuNanos, long instructions, long switches, Latency latency) {
    private static final double GIB = 1 << 30;

    public Sample(long bytes, long wallNanos, long cpuNanos, long instructions, long switches) {
        this(bytes, wallNanos, cpuNanos, instructions, switches, Latency.NONE);
    }

    public double gibPerSecond() {
        return bytes / GIB / (wallNanos / 1e9);
    }

    public double cpuSecondsPerGib() {
        return cpuNanos / 1e9 / (bytes / GIB);
    }

    public double instructionsPerGib() {
        return instructions < 0 ? Double.NaN : instructions / (bytes / GIB);
    }

    public double switchesPerGib() {
        return switches < 0 ? Double.NaN : switches / (bytes / GIB);
    }

    public double micros() {
        return wallNanos / 1e3;
    }

    public double medianMicros() {
        return latency.median() < 0 ? Double.NaN : latency.median() / 1e3;
    }

    public double p99Micros() {
        return latency.p99() < 0 ? Double.NaN : latency.p99() / 1e3;
    }
}
