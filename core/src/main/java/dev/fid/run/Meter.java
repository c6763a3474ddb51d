package dev.fid.run;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.Progress;
import dev.fid.Rate;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.wait.Deadline;
import dev.fid.wait.Pace;
import dev.fid.wait.Readiness;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Bytes and time of one transfer: how much may go now, how long a wait may be, when to tell the listener, when
/// to end.
public final class Meter {
    /// A kernel is asked for at most this many bytes at once, so that no call keeps a thread for long: 2 GiB of
    /// sendfile from a slow disk took seconds.
    public static final long CHUNK = 8 << 20; // 8 MiB

    public final long start;
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
    private final long idleNanos;
    /// When idleness ends the transfer, unless a byte moves before; NEVER until something is waited for.
    private long idleUntil = Deadline.NEVER;

    private final String run;
    private final String arguments;
    private Side waitsFor = Side.NONE;
    /// Of the shared rate, and not used yet.
    private long granted;

    /// @param ends those whose closing ends the transfer
    /// @param run what it is the meter of, for messages
    /// @param arguments both sides, for messages
    /// @param timeout for the whole; null for as long as it takes
    /// @param idle for a time without a byte; null for as long as it takes
    /// @param bytesPerSecond 0 without a limit of its own
    /// @param shared a limit that others share, too
    /// @param interval nanoseconds between two calls of the listener
    /// @param expected bytes to come, -1 where nobody knows
    public Meter(
            Kernel kernel,
            List<Fd> ends,
            String run,
            String arguments,
            @Nullable Duration timeout,
            @Nullable Duration idle,
            long bytesPerSecond,
            @Nullable Rate shared,
            @Nullable Consumer<Progress> listener,
            long interval,
            long expected) {
        this.kernel = kernel;
        this.ends = ends;
        this.start = kernel.nanoTime();
        this.deadline = timeout == null ? Deadline.NEVER : Deadline.after(start, timeout);
        this.run = run;
        this.arguments = arguments;
        this.idleNanos = idle == null ? 0 : Deadline.nanos(idle);
        this.pace = bytesPerSecond == 0 ? null : new Pace(bytesPerSecond, start);
        this.shared = shared;
        this.listener = listener;
        this.interval = interval;
        this.nextProgress = listener == null ? Deadline.NEVER : Deadline.after(start, interval);
        this.length = expected;
    }

    /// Bytes that arrived, holes included.
    public long moved() {
        return moved;
    }

    public void add(long bytes) {
        moved += bytes;
        idleUntil = Deadline.NEVER;
        granted = Math.max(0, granted - bytes);
        if (pace != null) {
            pace.moved(bytes);
        }
    }

    /// Which side has to become ready before anything moves; NONE when none has to. Only such a wait is idle:
    /// neither one for our own rate, nor the time in which we do not run.
    public void waitsFor(Side side) {
        waitsFor = side;
        if (side != Side.NONE && idleNanos > 0 && idleUntil == Deadline.NEVER) {
            idleUntil = Deadline.after(kernel.nanoTime(), idleNanos);
        }
    }

    /// Bytes that were not sent, but belong to what arrives: a hole.
    public void skip(long bytes) {
        moved += bytes;
    }

    /// How many of `len` bytes may go now; waits until it is at least one.
    public long allowed(long len, Method method, Readiness readiness) throws ErrnoException {
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
    public void giveBack() {
        if (shared != null && granted > 0) {
            shared.giveBack(granted);
            granted = 0;
        }
    }

    /// When a wait must come back here.
    public long wake() {
        return Math.min(Math.min(deadline, idleUntil), nextProgress);
    }

    /// Ends the transfer when it must end, and tells the listener when that is due.
    public void tick(Method method) throws ErrnoException {
        if (Thread.currentThread().isInterrupted()) {
            throw ended(Errno.ECANCELED, "the thread was interrupted");
        }
        for (Fd end : ends) {
            if (end.isClosed()) {
                throw Readiness.closed(run, end, moved);
            }
        }
        if (deadline == Deadline.NEVER && idleUntil == Deadline.NEVER && listener == null) {
            return;
        }
        long now = kernel.nanoTime();
        if (now >= deadline) {
            throw ended(Errno.ETIMEDOUT, "the time was up");
        }
        if (now >= idleUntil && waitsFor != Side.NONE) {
            throw ended(Errno.ETIMEDOUT, "nothing moved for " + Duration.ofNanos(idleNanos));
        }
        if (now >= nextProgress) {
            nextProgress = Deadline.after(now, interval);
            tell(method);
        }
    }

    private ErrnoException ended(int errno, String why) {
        String awaited = switch (waitsFor) {
            case IN -> " while it waited for the input";
            case OUT -> " while it waited for the output";
            case NONE -> "";
        };
        return new ErrnoException(run, arguments, errno, waitsFor, moved, why + awaited);
    }

    /// Tells the listener, whatever the time.
    public void tell(Method method) {
        if (listener != null) {
            listener.accept(new Progress(moved, length, kernel.nanoTime() - start, method));
        }
    }
}
