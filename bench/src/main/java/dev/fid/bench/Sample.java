package dev.fid.bench;

/// What one run took.
///
/// @param bytes that arrived
/// @param wallNanos from the first call to the last byte's arrival
/// @param cpuNanos of the thread that moved them (of a tool: of its process)
/// @param instructions of that thread, user and kernel, or {@link Counter#NOT_COUNTED}
/// @param switches of that thread to another, or {@link Counter#NOT_COUNTED}
record Sample(long bytes, long wallNanos, long cpuNanos, long instructions, long switches) {
    private static final double GIB = 1 << 30;

    double gibPerSecond() {
        return bytes / GIB / (wallNanos / 1e9);
    }

    double cpuSecondsPerGib() {
        return cpuNanos / 1e9 / (bytes / GIB);
    }

    double instructionsPerGib() {
        return instructions < 0 ? Double.NaN : instructions / (bytes / GIB);
    }

    double switchesPerGib() {
        return switches < 0 ? Double.NaN : switches / (bytes / GIB);
    }

    double micros() {
        return wallNanos / 1e3;
    }
}
