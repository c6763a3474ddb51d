package dev.fid.bench.measure;

/// What a race counts. A {@link Sample} counts them where it says bytes.
public enum Unit {
    BYTES("GiB", 1L << 30),
    REQUESTS("request", 1),
    CONNECTIONS("connection", 1);

    private static final double GIB = 1L << 30;

    /// What a cost is of.
    public final String name;

    private final long each;

    Unit(String name, long each) {
        this.name = name;
        this.each = each;
    }

    /// Such as `GiB/s`.
    public String perSecond() {
        return this == BYTES ? "GiB/s" : name + "s/s";
    }

    /// Such as `CPU us/request`.
    public String cpu() {
        return this == BYTES ? "CPU s/GiB" : "CPU us/" + name;
    }

    public double perSecond(Sample sample) {
        return sample.gibPerSecond() * GIB / each;
    }

    /// CPU time of one: seconds of a GiB, microseconds of the others.
    public double cpu(Sample sample) {
        return sample.cpuSecondsPerGib() * each / GIB * (this == BYTES ? 1 : 1e6);
    }

    public double switches(Sample sample) {
        return sample.switchesPerGib() * each / GIB;
    }

    /// Of a GiB in thousands of millions, of the others in thousands.
    public double instructions(Sample sample) {
        return sample.instructionsPerGib() * each / GIB / (this == BYTES ? 1e9 : 1e3);
    }

    public String instructions() {
        return this == BYTES ? "10^9 instructions/GiB" : "10^3 instructions/" + name;
    }
}
