package dev.fid.bench.measure;

/// What a race has to show.
///
/// @param measure of what
/// @param bound as fast as `bound` times the other, or as costly, or as late; or microseconds at most
/// @param against the name of the other contender, or {@link #BEST_C}
public record Target(Measure measure, double bound, String against) {
    /// The fastest of the reference programs in C.
    public static final String BEST_C = "best C";

    public enum Measure {
        /// GiB/s of Fid over GiB/s of the other.
        SPEED,
        /// CPU time of Fid over that of the other.
        COST,
        /// The ninety-ninth percentile of Fid's latencies over that of the other.
        P99,
        /// Microseconds of a run.
        MICROS
    }

    public static Target speed(double bound, String against) {
        return new Target(Measure.SPEED, bound, against);
    }

    public static Target cost(double bound, String against) {
        return new Target(Measure.COST, bound, against);
    }

    public static Target p99(double bound, String against) {
        return new Target(Measure.P99, bound, against);
    }

    public static Target micros(double bound) {
        return new Target(Measure.MICROS, bound, "");
    }

    @Override
    public String toString() {
        return switch (measure) {
            case SPEED -> "at least " + Human.digits(bound) + " of " + against;
            case COST -> "CPU time at most " + Human.digits(bound) + " of " + against;
            case P99 -> "p99 at most " + Human.digits(bound) + " of " + against;
            case MICROS -> "under " + Human.digits(bound) + " us";
        };
    }
}
