package dev.fid;

/// A bound on bytes per second, exact over the whole: at no time has more gone than the rate times the time, plus
/// the first twentieth of a second. Not safe for use by two threads.
final class Pace {
    private static final long SECOND = 1_000_000_000L;

    private final long bytesPerSecond;
    private final long start;
    private long moved;

    Pace(long bytesPerSecond, long now) {
        this.bytesPerSecond = bytesPerSecond;
        this.start = now;
    }

    /// A twentieth of a second's worth: the least that is worth a call.
    private long quantum() {
        return Math.max(1, bytesPerSecond / 20);
    }

    /// Bytes that may go now, 0 where it is worth waiting until {@link #next}.
    long allowance(long now) {
        double due = (double) (now - start) / SECOND * bytesPerSecond;
        long left = (long) due + quantum() - moved;
        return left >= quantum() || (left > 0 && bytesPerSecond < 20) ? left : 0;
    }

    /// When there is an allowance again.
    long next() {
        return start + (long) Math.ceil((double) moved / bytesPerSecond * SECOND);
    }

    void moved(long bytes) {
        moved += bytes;
    }
}
