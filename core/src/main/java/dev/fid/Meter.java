package dev.fid;

import dev.fid.kernel.Kernel;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Bytes and time of one transfer: how much may go now, how long a wait may be, when to tell the listener, when
/// to end.
final class Meter {
    final long start;
    private final Kernel kernel;
    private final long deadline;
    private final @Nullable Pace pace;
    private final @Nullable Consumer<Progress> listener;
    private final long interval;
    private final long length;
    private long nextProgress;
    private long moved;

    /// @param bytesPerSecond 0 without a limit
    /// @param interval nanoseconds between two calls of the listener
    /// @param expected bytes to come, -1 where nobody knows
    Meter(
            Kernel kernel,
            @Nullable Duration timeout,
            long bytesPerSecond,
            @Nullable Consumer<Progress> listener,
            long interval,
            long expected) {
        this.kernel = kernel;
        this.start = kernel.nanoTime();
        this.deadline = timeout == null ? Readiness.NEVER : start + timeout.toNanos();
        this.pace = bytesPerSecond == 0 ? null : new Pace(bytesPerSecond, start);
        this.listener = listener;
        this.interval = interval;
        this.nextProgress = listener == null ? Readiness.NEVER : start + interval;
        this.length = expected;
    }

    /// Bytes that arrived, holes included.
    long moved() {
        return moved;
    }

    void add(long bytes) {
        moved += bytes;
        if (pace != null) {
            pace.moved(bytes);
        }
    }

    /// Bytes that were not sent, but belong to what arrives: a hole.
    void skip(long bytes) {
        moved += bytes;
    }

    /// How many of `len` bytes may go now; waits until it is at least one.
    long allowed(long len, Method method, Readiness readiness) throws ErrnoException {
        tick(method);
        if (pace == null) {
            return len;
        }
        long allowance = pace.allowance(kernel.nanoTime());
        while (allowance == 0) {
            readiness.sleep(Math.min(pace.next(), wake()));
            tick(method);
            allowance = pace.allowance(kernel.nanoTime());
        }
        return Math.min(len, allowance);
    }

    /// When a wait must come back here.
    long wake() {
        return Math.min(deadline, nextProgress);
    }

    /// Ends the transfer when it must end, and tells the listener when that is due.
    void tick(Method method) throws ErrnoException {
        if (Thread.currentThread().isInterrupted()) {
            throw Readiness.givenUp("transfer", "", moved);
        }
        if (deadline == Readiness.NEVER && listener == null) {
            return;
        }
        long now = kernel.nanoTime();
        if (now >= deadline) {
            throw Readiness.givenUp("transfer", "", moved);
        }
        if (now >= nextProgress) {
            nextProgress = now + interval;
            tell(method);
        }
    }

    /// Tells the listener, whatever the time.
    void tell(Method method) {
        if (listener != null) {
            listener.accept(new Progress(moved, length, kernel.nanoTime() - start, method));
        }
    }
}
