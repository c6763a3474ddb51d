package dev.fid;

import dev.fid.kernel.Kernel;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Bytes and time of one transfer: how much may go now, how long a wait may be, when to tell the listener, when
/// to end.
final class Meter {
    final long start;
    private final Kernel kernel;
    private final List<Fd> ends;
    private final long deadline;
    private final @Nullable Pace pace;
    private final @Nullable Rate shared;
    private final @Nullable Consumer<Progress> listener;
    private final long interval;
    private final long length;
    private long nextProgress;
    private long moved;
    /// Of the shared rate, and not used yet.
    private long granted;

    /// @param ends those whose closing ends the transfer
    /// @param bytesPerSecond 0 without a limit of its own
    /// @param shared a limit that others share, too
    /// @param interval nanoseconds between two calls of the listener
    /// @param expected bytes to come, -1 where nobody knows
    Meter(
            Kernel kernel,
            List<Fd> ends,
            @Nullable Duration timeout,
            long bytesPerSecond,
            @Nullable Rate shared,
            @Nullable Consumer<Progress> listener,
            long interval,
            long expected) {
        this.kernel = kernel;
        this.ends = ends;
        this.start = kernel.nanoTime();
        this.deadline = timeout == null ? Deadline.NEVER : Deadline.after(start, timeout);
        this.pace = bytesPerSecond == 0 ? null : new Pace(bytesPerSecond, start);
        this.shared = shared;
        this.listener = listener;
        this.interval = interval;
        this.nextProgress = listener == null ? Deadline.NEVER : Deadline.after(start, interval);
        this.length = expected;
    }

    /// Bytes that arrived, holes included.
    long moved() {
        return moved;
    }

    void add(long bytes) {
        moved += bytes;
        granted = Math.max(0, granted - bytes);
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
        long most = len;
        if (pace != null) {
            long allowance = pace.allowance(kernel.nanoTime());
            while (allowance == 0) {
                readiness.sleep(Math.min(pace.next(), wake()));
                tick(method);
                allowance = pace.allowance(kernel.nanoTime());
            }
            most = Math.min(len, allowance);
        }
        if (shared != null) {
            giveBack();
            while ((granted = shared.grant(most, kernel.nanoTime())) == 0) {
                long now = kernel.nanoTime();
                readiness.sleep(Math.min(Deadline.after(now, shared.pauseNanos(now)), wake()));
                tick(method);
            }
            most = granted;
        }
        return most;
    }

    /// What the shared rate granted and was not used is for the others.
    void giveBack() {
        if (shared != null && granted > 0) {
            shared.giveBack(granted);
            granted = 0;
        }
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
        for (Fd end : ends) {
            if (end.isClosed()) {
                throw Readiness.closed("transfer", end, moved);
            }
        }
        if (deadline == Deadline.NEVER && listener == null) {
            return;
        }
        long now = kernel.nanoTime();
        if (now >= deadline) {
            throw Readiness.givenUp("transfer", "", moved);
        }
        if (now >= nextProgress) {
            nextProgress = Deadline.after(now, interval);
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
