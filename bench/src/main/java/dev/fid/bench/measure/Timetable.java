package dev.fid.bench.measure;

import java.util.function.LongSupplier;

/// Divides the time of a whole run: each step gets its part of what is left, so what one step saves the later ones
/// have. The step itself sees to it that it ends in time, {@link Turns}.
public final class Timetable {
    /// Share of the time that is planned: the rest is for a last round that takes longer than those before it.
    private static final double PLANNED = 0.95;

    private final LongSupplier clock;
    private final long deadline;
    private double weightLeft;

    /// @param clock nanoseconds
    /// @param nanos what the whole may take
    /// @param weight of all steps together
    public Timetable(LongSupplier clock, long nanos, double weight) {
        this.clock = clock;
        this.deadline = clock.getAsLong() + (long) (nanos * PLANNED);
        this.weightLeft = weight;
    }

    /// Nanoseconds until all has to be done; 0 where that time has come.
    public long left() {
        return Math.max(0, deadline - clock.getAsLong());
    }

    /// Begins a step. Returns when it has to be done, by the clock.
    public long begin(double weight) {
        double share = weightLeft <= weight ? 1 : weight / weightLeft;
        weightLeft -= weight;
        return clock.getAsLong() + (long) (left() * share);
    }
}
