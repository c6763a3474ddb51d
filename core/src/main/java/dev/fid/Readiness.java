package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.LinuxKernel;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Waiting for descriptors, in the way that suits the thread.
///
/// A platform thread waits in poll(2), with an eventfd in the set so that an interrupt ends it. A virtual thread
/// is parked, and one platform thread waits in epoll(7) for all of them. Calls that may block whatever is done
/// (regular files have no readiness; a borrowed descriptor may be in blocking mode) are carried out for virtual
/// threads by a bounded pool of platform threads, {@link #offload}, so that no carrier is ever held by the
/// kernel.
///
/// An object of this class serves one thread at a time and owns at most one eventfd, made by the first wait.
final class Readiness implements AutoCloseable {
    /// The time of no deadline.
    static final long NEVER = Long.MAX_VALUE;

    private static final int FILE_THREADS = Integer.getInteger(
            "fid.fileThreads", Math.max(4, 2 * Runtime.getRuntime().availableProcessors()));

    private final Kernel kernel;
    private @Nullable Interruption interruption;

    Readiness(Kernel kernel) {
        this.kernel = kernel;
    }

    /// Descriptors to wait for, each with its events (POLLIN, POLLOUT; errors and hang-ups always count). Reused
    /// from wait to wait, so that waiting allocates little.
    static final class Set {
        private int[] fds = new int[4];
        private short[] events = new short[4];
        private short[] ready = new short[4];
        private int count;

        void clear() {
            count = 0;
        }

        void add(Fd fd, int event) {
            add(fd.number(), event);
        }

        private void add(int fd, int event) {
            if (count == fds.length) {
                fds = Arrays.copyOf(fds, 2 * count);
                events = Arrays.copyOf(events, 2 * count);
                ready = new short[2 * count];
            }
            fds[count] = fd;
            events[count++] = (short) event;
        }

        int count() {
            return count;
        }

        int fd(int i) {
            return fds[i];
        }

        short events(int i) {
            return events[i];
        }

        @Override
        public String toString() {
            return "fds " + Arrays.toString(Arrays.copyOf(fds, count));
        }
    }

    private final Set one = new Set();

    /// Waits until `fd` is ready for one of `events`; see {@link #await(Set, long)}.
    boolean await(Fd fd, short events, long deadline) throws ErrnoException {
        one.clear();
        one.add(fd, events);
        return await(one, deadline);
    }

    /// Waits until one of `set` is ready.
    ///
    /// @param deadline in the kernel's {@link Kernel#nanoTime}, or {@link #NEVER}
    /// @return whether one is; false when the time was up, or the thread is interrupted, and stays so
    boolean await(Set set, long deadline) throws ErrnoException {
        Events.Park event = new Events.Park();
        event.begin();
        try {
            if (!Thread.currentThread().isVirtual()) {
                return guard().poll(set, deadline);
            }
            if (kernel instanceof LinuxKernel) {
                return Poller.INSTANCE.await(set, deadline);
            }
            return pollInSlices(set, deadline);
        } finally {
            if (event.shouldCommit()) {
                event.fd = set.toString();
                event.commit();
            }
        }
    }

    /// Whether `fd` is ready for one of `events` now.
    boolean isReady(Fd fd, short events) {
        return kernel.poll(new int[] {fd.number()}, new short[] {events}, new short[1], 1, 0) > 0;
    }

    /// Lets time pass until `deadline`, or until the thread is interrupted.
    void sleep(long deadline) {
        long left = deadline - kernel.nanoTime();
        while (left > 0 && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(left);
            left = deadline - kernel.nanoTime();
        }
    }

    /// What a wait that was given up means: ECANCELED where the thread is interrupted, else ETIMEDOUT.
    ///
    /// @param call what was waited for, e.g. `accept4`
    /// @param moved bytes that had arrived
    static ErrnoException givenUp(String call, String arguments, long moved) {
        return Thread.currentThread().isInterrupted()
                ? new ErrnoException(call, arguments, Errno.ECANCELED, Side.NONE, moved, "the thread was interrupted")
                : new ErrnoException(call, arguments, Errno.ETIMEDOUT, Side.NONE, moved, "the time was up");
    }

    private Interruption guard() {
        Interruption guard = interruption;
        if (guard == null || !guard.isOpen()) {
            close(); // an interrupt used it up
            guard = interruption = new Interruption(kernel);
        }
        return guard;
    }

    /// For a virtual thread on a kernel that the poller's epoll knows nothing of: polls on a thread of the pool,
    /// a little at a time so that none is held.
    private boolean pollInSlices(Set set, long deadline) throws ErrnoException {
        while (true) {
            int left = millis(deadline, kernel.nanoTime());
            int millis = left < 0 ? 10 : Math.min(left, 10);
            long result = offload(() -> kernel.poll(set.fds, set.events, set.ready, set.count, millis));
            if (result > 0) {
                return true;
            }
            refuse(result, set);
            if (Thread.currentThread().isInterrupted() || kernel.nanoTime() >= deadline) {
                return false;
            }
        }
    }

    private static void refuse(long result, Set set) throws ErrnoException {
        if (result < 0 && result != -Errno.EINTR && result != -Errno.EAGAIN) {
            throw new ErrnoException("poll", set.toString(), (int) -result);
        }
    }

    /// Milliseconds to a deadline, rounded up so that a wait is never cut short; -1 for {@link #NEVER}.
    private static int millis(long deadline, long now) {
        if (deadline == NEVER) {
            return -1;
        }
        return Math.clamp((deadline - now + 999_999) / 1_000_000, 0, 60_000);
    }

    @Override
    public void close() {
        Interruption guard = interruption;
        interruption = null;
        if (guard != null) {
            guard.dispose();
        }
    }

    // ---- platform threads ----

    /// An eventfd that an interrupt of the waiting thread makes readable. {@link AbstractInterruptibleChannel} is
    /// the one public way to learn of an interrupt at once: it calls back from the interrupting thread.
    private static final class Interruption extends AbstractInterruptibleChannel {
        private final Kernel kernel;
        private final int eventfd;

        /// Out of descriptors it is below 0: the wait then goes in slices, so that an interrupt is seen within
        /// one.
        Interruption(Kernel kernel) {
            this.kernel = kernel;
            this.eventfd = kernel.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        }

        boolean poll(Set set, long deadline) throws ErrnoException {
            int count = set.count;
            boolean completed = false;
            try {
                begin();
                if (eventfd >= 0) {
                    set.add(eventfd, POLLIN);
                }
                while (isOpen() && !Thread.currentThread().isInterrupted()) {
                    int millis = millis(deadline, kernel.nanoTime());
                    if (eventfd < 0) {
                        millis = millis < 0 ? 100 : Math.min(millis, 100);
                    }
                    int result = kernel.poll(set.fds, set.events, set.ready, set.count, millis);
                    refuse(result, set);
                    if (result > (isOpen() ? 0 : 1)) {
                        completed = true;
                        return true;
                    }
                    if (kernel.nanoTime() >= deadline) {
                        completed = true;
                        return false;
                    }
                }
                return false;
            } finally {
                set.count = count;
                finish(completed);
            }
        }

        /// Takes the thread's interrupt out of the JDK's hands: it stays set, and our own exception tells of it.
        private void finish(boolean completed) {
            try {
                end(completed);
            } catch (ClosedByInterruptException e) {
                // The thread's interrupt status says the same; the caller checks it before the next step.
            } catch (AsynchronousCloseException e) {
                throw new AssertionError("only an interrupt closes this", e);
            }
        }

        @Override
        protected void implCloseChannel() {
            kernel.eventfdWrite(eventfd, 1);
        }

        void dispose() {
            if (eventfd >= 0) {
                kernel.close(eventfd);
            }
        }
    }

    // ---- virtual threads ----

    private static final class Pool {
        static final ThreadPoolExecutor THREADS = new ThreadPoolExecutor(
                FILE_THREADS, FILE_THREADS, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "fid-file");
                    thread.setDaemon(true);
                    return thread;
                });

        static {
            THREADS.allowCoreThreadTimeOut(true);
        }
    }

    /// Carries out `call`, which may block in the kernel: here on a platform thread, on the bounded pool for a
    /// virtual one, which is parked meanwhile. An interrupt does not end it; it stays set for the next check.
    static long offload(LongSupplier call) {
        if (!Thread.currentThread().isVirtual()) {
            return call.getAsLong();
        }
        FutureTask<Long> task = new FutureTask<>(call::getAsLong);
        Pool.THREADS.execute(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
