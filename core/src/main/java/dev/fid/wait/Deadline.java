package dev.fid.wait;

import java.time.Duration;

/// Moments and spans of time in nanoseconds that never overflow: what is too far away is {@link #NEVER}.
public final class Deadline {
    /// The moment that does not come.
    public static final long NEVER = Long.MAX_VALUE;

    private Deadline() {}

    /// When `span` will be over.
    ///
    /// @param now in the clock that it is compared with later, such as {@link dev.fid.kernel.Kernel#nanoTime}
    public static long after(long now, Duration span) {
        return after(now, nanos(span));
    }

    /// When `nanos` will be over.
    public static long after(long now, long nanos) {
        long end = now + nanos;
        boolean overflows = ((now ^ end) & (nanos ^ end)) < 0;
        return !overflows ? end : nanos > 0 ? NEVER : Long.MIN_VALUE;
    }

    /// A span in nanoseconds: {@link Duration#toNanos} throws from 292 years on.
    public static long nanos(Duration span) {
        try {
            return span.toNanos();
        } catch (ArithmeticException e) {
            return span.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }
}
