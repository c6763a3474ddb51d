package dev.fid.wait;

/// A bound on bytes per second, exact over the whole: at no time has more gone than the rate times the time, plus
/// the first twentieth of a second. Not safe for use by two threads.
public final class Pace {
    private static final long SECOND = 1_000_000_000L;

    private final long bytesPerSecond;
    private final long start;
    private long moved;

    public Pace(long bytesPerSecond, long now) {
        this.bytesPerSecond = bytesPerSecond;
        this.start = now;
    }

    /// What a program gives as a limit, if it is one.
    public static long checked(long bytesPerSecond) {
        if (bytesPerSecond <= 0) {
            throw new IllegalArgumentException("a limit is above 0 bytes per second, not " + bytesPerSecond);
        }
        return bytesPerSecond;
    }

    /// A twentieth of a second's worth: the least that is worth a call.
    private long quantum() {
        return Math.max(1, bytesPerSecond / 20);
    }

    /// Bytes that may go now, 0 where it is worth waiting until {@link #next}.
    public long allowance(long now) {
        long left = due(now - start) + quantum() - moved;
        return left >= quantum() || (left > 0 && bytesPerSecond < 20) ? left : 0;
    }

    /// When there is an allowance again.
    public long next() {
        long elapsed = (long) ((double) moved / bytesPerSecond * SECOND);
        while (due(elapsed) < moved) {
            elapsed++; // a double is some nanoseconds short; a clock that stands still meanwhile would wait for ever
        }
        return Deadline.after(start, elapsed);
    }

    /// What the rate has earned in so many nanoseconds, rounded down, without an overflow.
    private long due(long elapsed) {
        return due(bytesPerSecond, elapsed);
    }

    public static long due(long bytesPerSecond, long elapsed) {
        long seconds = elapsed / SECOND;
        long nanos = elapsed % SECOND;
        long each = bytesPerSecond / SECOND;
        return seconds * bytesPerSecond + nanos * each + nanos * (bytesPerSecond % SECOND) / SECOND;
    }

    public void moved(long bytes) {
        moved += bytes;
    }
}
