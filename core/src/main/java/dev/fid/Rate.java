package dev.fid;

import dev.fid.kernel.Kernel;
import dev.fid.wait.Pace;

/// A bound on bytes per second for streams that come and go: a bucket that fills at the rate and holds a twentieth
/// of a second's worth, so that a quiet stream earns no long burst.
///
/// In any span of time no more is granted than the rate times the span, plus that twentieth. Safe for use by many
/// threads.
public final class Rate {
    private static final long SECOND = 1_000_000_000L;

    private long bytesPerSecond;
    private long burst;
    /// Less than this is not worth a call, unless the rate is tiny.
    private long grain;
    private long tokens;
    /// Up to when the bucket was filled.
    private long filled;

    /// @param bytesPerSecond above 0
    /// @param now nanoseconds of the kernel's clock
    public Rate(long bytesPerSecond, long now) {
        set(bytesPerSecond);
        this.tokens = burst;
        this.filled = now;
    }

    /// A rate whose time is that of this machine.
    ///
    /// @param bytesPerSecond above 0
    /// @throws IllegalArgumentException for a rate that is none
    public static Rate of(long bytesPerSecond) {
        return new Rate(Pace.checked(bytesPerSecond), Kernel.linux().nanoTime());
    }

    private void set(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
        this.burst = Math.max(1, bytesPerSecond / 20);
        this.grain = Math.max(1, burst / 4);
    }

    /// Another rate from now on, for all that share it.
    ///
    /// @param bytesPerSecond above 0
    public synchronized void change(long bytesPerSecond) {
        set(Pace.checked(bytesPerSecond));
        tokens = Math.min(tokens, burst);
    }

    /// The rate.
    public synchronized long bytesPerSecond() {
        return bytesPerSecond;
    }

    /// Bytes that may be taken now, at most `len`, 0 where it is worth waiting for {@link #pauseNanos}.
    public synchronized long grant(long len, long now) {
        fill(now);
        if (tokens < grain) {
            return 0;
        }
        long granted = Math.min(len, tokens);
        tokens -= granted;
        return granted;
    }

    /// What was granted and not taken.
    public synchronized void giveBack(long unused) {
        tokens += unused;
    }

    /// Nanoseconds until something is granted, 0 where it is now.
    public synchronized long pauseNanos(long now) {
        fill(now);
        return tokens >= grain ? 0 : Math.max(1, filled + nanos(grain - tokens) - now);
    }

    private void fill(long now) {
        long elapsed = Math.min(now - filled, SECOND);
        long earned = Pace.due(bytesPerSecond, elapsed);
        if (tokens + earned >= burst) {
            tokens = Math.max(tokens, burst);
            filled = now;
        } else if (earned > 0) {
            tokens += earned;
            filled += nanos(earned); // rounded up, and never past `now`: nothing is earned twice
        }
    }

    /// The least time in which so much is earned.
    private long nanos(long bytes) {
        long nanos = (long) ((double) bytes / bytesPerSecond * SECOND);
        while (Pace.due(bytesPerSecond, nanos) < bytes) {
            nanos++; // a double may be some nanoseconds short
        }
        return nanos;
    }
}
