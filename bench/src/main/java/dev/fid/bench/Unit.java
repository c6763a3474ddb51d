package dev.fid.bench;

/// What a race counts. A {@link Sample} counts them where it says bytes.
enum Unit {
    BYTES("GiB", 1L << 30),
    REQUESTS("request", 1),
    CONNECTIONS("connection", 1);

    private static final double GIB = 1L << 30;

    /// What a cost is of.
    final String name;

    private final long each;

    Unit(String name, long each) {
        this.name = name;
        this.each = each;
    }

    /// Such as `GiB/s`.
    String perSecond() {
        return this == BYTES ? "GiB/s" : name + "s/s";
    }

    /// Such as `CPU us/request`.
    String cpu() {
        return this == BYTES ? "CPU s/GiB" : "CPU us/" + name;
    }

    double perSecond(Sample sample) {
        return sample.gibPerSecond() * GIB / each;
    }

    /// CPU time of one: seconds of a GiB, microseconds of the others.
    double cpu(Sample sample) {
        return sample.cpuSecondsPerGib() * each / GIB * (this == BYTES ? 1 : 1e6);
    }

    double switches(Sample sample) {
        return sample.switchesPerGib() * each / GIB;
    }

    /// Of a GiB in thousands of millions, of the others in thousands.
    double instructions(Sample sample) {
        return sample.instructionsPerGib() * each / GIB / (this == BYTES ? 1e9 : 1e3);
    }

    String instructions() {
        return this == BYTES ? "10^9 instructions/GiB" : "10^3 instructions/" + name;
    }
}
