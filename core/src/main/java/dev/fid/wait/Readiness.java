package dev.fid.wait;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
/// An object of this class serves one thread at a time and owns at most one eventfd, made by the first wait. Only
/// that thread closes it, after the wait: who interrupts, or closes a descriptor, may still be about to write to
/// it.
public final class Readiness implements AutoCloseable {
    private static final int FILE_THREADS = Integer.getInteger(
            "fid.fileThreads", Math.max(4, 2 * Runtime.getRuntime().availableProcessors()));

    /// After which a call for which all threads are busy gets one of its own.
    private static final long FILE_WAIT_MILLIS = 500;

    private final Kernel kernel;
    /// Those without which there is nothing to wait for.
    private final OpenFd[] ends;
    /// Those whose closing ends a wait: the ends and others.
    private final List<OpenFd> watched = new ArrayList<>(2);

    private volatile @Nullable Interruption interruption;
    private volatile @Nullable Thread waiting;
    /// One of them was closed since the last wait began.
    private volatile boolean woken;

    /// @param ends whose closing ends every wait and sleep; they are used by the caller until this is closed
    public Readiness(Kernel kernel, OpenFd... ends) {
        this.kernel = kernel;
        this.ends = ends;
        for (OpenFd fd : ends) {
            watch(fd);
        }
    }

    /// Waits end when `fd` is closed, until {@link #unwatch}.
    public void watch(OpenFd fd) {
        watched.add(fd);
        fd.watch(this);
    }

    public void unwatch(OpenFd fd) {
        watched.remove(fd);
        fd.unwatch(this);
    }

    /// Ends the wait that is going on, from another thread.
    void wake() {
        woken = true;
        Interruption guard = interruption;
        if (guard != null) {
            guard.wake();
        }
        LockSupport.unpark(waiting);
    }

    /// The end that was closed, if any.
    private @Nullable OpenFd closedEnd() {
        for (OpenFd fd : ends) {
            if (fd.isClosed()) {
                return fd;
            }
        }
        return null;
    }

    private boolean isAnyClosed() {
        for (OpenFd fd : watched) {
            if (fd.isClosed()) {
                return true;
            }
        }
        return false;
    }

    boolean isWoken() {
        return woken;
    }

    /// Descriptors to wait for, each with its events (POLLIN, POLLOUT; errors and hang-ups always count). Reused
    /// from wait to wait, so that waiting allocates little.
    public static final class Set {
        private int[] fds = new int[4];
        private short[] events = new short[4];
        private short[] ready = new short[4];
        private int count;

        public void clear() {
            count = 0;
        }

        public void add(int fd, int event) {
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
    public boolean await(int fd, short events, long deadline) throws ErrnoException {
        one.clear();
        one.add(fd, events);
        return await(one, deadline);
    }

    /// Waits until one of `set` is ready.
    ///
    /// @param deadline in the kernel's {@link Kernel#nanoTime}, or {@link Deadline#NEVER}
    /// @return whether one is; false when the time was up, a watched one is closed, or the thread is interrupted,
    ///     and stays so
    public boolean await(Set set, long deadline) throws ErrnoException {
        ParkEvent event = new ParkEvent();
        event.begin();
        woken = false;
        waiting = Thread.currentThread();
        try {
            if (!Thread.currentThread().isVirtual()) {
                Interruption guard = guard();
                return !isAnyClosed() && guard.poll(set, deadline);
            }
            if (isAnyClosed()) {
                return false;
            }
            if (kernel.isHost()) {
                return Poller.instance().await(set, deadline, this);
            }
            return pollInSlices(set, deadline);
        } finally {
            waiting = null;
            if (event.shouldCommit()) {
                event.fd = set.toString();
                event.commit();
            }
        }
    }

    /// Whether `fd` is ready for one of `events` now.
    public boolean isReady(int fd, short events) {
        return kernel.poll(new int[] {fd}, new short[] {events}, new short[1], 1, 0) > 0;
    }

    /// Lets time pass until `deadline`, or until the thread is interrupted or an end closed.
    public void sleep(long deadline) {
        waiting = Thread.currentThread();
        long left = deadline - kernel.nanoTime();
        while (left > 0 && !Thread.currentThread().isInterrupted() && closedEnd() == null) {
            LockSupport.parkNanos(kernel.isHost() ? left : Math.min(left, 1_000_000));
            long now = deadline - kernel.nanoTime();
            if (now == left) {
                // A virtual clock stands still while a thread parks, and goes on in poll(2).
                kernel.poll(new int[0], new short[0], new short[0], 0, Math.min(millis(deadline, deadline - left), 10));
                now = deadline - kernel.nanoTime();
            }
            left = now;
        }
        waiting = null;
    }

    /// What a wait that was given up means: ECANCELED where the thread is interrupted, else ETIMEDOUT.
    ///
    /// @param call what was waited for, e.g. `accept4`
    /// @param moved bytes that had arrived
    public static ErrnoException givenUp(String call, String arguments, long moved) {
        return Thread.currentThread().isInterrupted()
                ? new ErrnoException(call, arguments, Errno.ECANCELED, Side.NONE, moved, "the thread was interrupted")
                : new ErrnoException(call, arguments, Errno.ETIMEDOUT, Side.NONE, moved, "the time was up");
    }

    /// What the end of a call means whose descriptor `closed` was closed by another thread.
    public static ErrnoException closed(String call, Object closed, long moved) {
        return new ErrnoException(
                call, closed.toString(), Errno.ECANCELED, Side.NONE, moved, "it was closed by another thread");
    }

    /// As {@link #givenUp(String, String, long)} of a wait that watched descriptors.
    public ErrnoException ended(String call, String arguments, long moved) {
        OpenFd closed = closedEnd();
        return closed != null ? closed(call, closed, moved) : givenUp(call, arguments, moved);
    }

    private Interruption guard() {
        Interruption guard = interruption;
        if (guard == null || !guard.isOpen() || guard.isUsed()) {
            dispose(); // an interrupt, or a close, used it up
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
            if (woken || Thread.currentThread().isInterrupted() || kernel.nanoTime() >= deadline) {
                return false;
            }
        }
    }

    private static void refuse(long result, Set set) throws ErrnoException {
        if (result < 0 && result != -Errno.EINTR && result != -Errno.EAGAIN) {
            throw new ErrnoException("poll", set.toString(), (int) -result);
        }
    }

    /// Milliseconds to a deadline, rounded up so that a wait is never cut short; -1 for {@link Deadline#NEVER}.
    private static int millis(long deadline, long now) {
        if (deadline == Deadline.NEVER) {
            return -1;
        }
        long left = deadline - now;
        return left <= 0 ? 0 : (int) Math.min(1 + (left - 1) / 1_000_000, 60_000);
    }

    /// To be called by the thread that waits, or when nobody does any more.
    @Override
    public void close() {
        watched.forEach(fd -> fd.unwatch(this));
        watched.clear();
        dispose();
    }

    private void dispose() {
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
        /// Something was written to it; guarded by this.
        private boolean used;
        /// It is closed, and its number may be another file's; guarded by this.
        private boolean disposed;

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
                while (!isUsed() && !Thread.currentThread().isInterrupted()) {
                    int millis = millis(deadline, kernel.nanoTime());
                    if (eventfd < 0) {
                        millis = millis < 0 ? 100 : Math.min(millis, 100);
                    }
                    int result = kernel.poll(set.fds, set.events, set.ready, set.count, millis);
                    refuse(result, set);
                    if (result > (isUsed() ? 1 : 0)) {
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
            wake();
        }

        synchronized void wake() {
            used = true;
            if (eventfd >= 0 && !disposed) {
                kernel.eventfdWrite(eventfd, 1);
            }
        }

        synchronized boolean isUsed() {
            return used;
        }

        synchronized void dispose() {
            if (eventfd >= 0 && !disposed) {
                kernel.close(eventfd);
            }
            disposed = true;
        }
    }

    // ---- virtual threads ----

    /// A bounded pool for calls that take their time, and threads besides for those that never come back: a file
    /// system whose server is gone holds a thread for each call, and must not hold those of other files.
    private static final class Pool {
        static final ThreadPoolExecutor THREADS = new ThreadPoolExecutor(
                FILE_THREADS, FILE_THREADS, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Pool::thread);
        /// Threads besides the pool's; more calls than that wait for one.
        private static final Semaphore BESIDES = new Semaphore(1024);

        static {
            THREADS.allowCoreThreadTimeOut(true);
        }

        private static Thread thread(Runnable task) {
            Thread thread = new Thread(task, "fid-file");
            thread.setDaemon(true);
            return thread;
        }

        /// Gives a call that still waits for a thread one of its own.
        ///
        /// @return false where there is none for it either
        static boolean relieve(Runnable call) {
            if (!THREADS.remove(call)) {
                return true; // it is under way
            }
            if (!BESIDES.tryAcquire()) {
                THREADS.execute(call);
                return false;
            }
            Thread besides = thread(() -> {
                try {
                    call.run();
                } finally {
                    BESIDES.release();
                }
            });
            try {
                besides.start();
                return true;
            } catch (Error e) { // no thread to be had
                BESIDES.release();
                THREADS.execute(call);
                return false;
            }
        }
    }

    /// Carries out `call`, which may block in the kernel: here on a platform thread, on the bounded pool for a
    /// virtual one, which is parked meanwhile. An interrupt does not end it; it stays set for the next check.
    public static long offload(LongSupplier call) {
        if (!Thread.currentThread().isVirtual()) {
            return call.getAsLong();
        }
        FutureTask<Long> task = new FutureTask<>(call::getAsLong);
        Pool.THREADS.execute(task);
        boolean interrupted = false;
        boolean runs = false;
        try {
            while (true) {
                try {
                    return runs ? task.get() : task.get(FILE_WAIT_MILLIS, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    runs = Pool.relieve(task);
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
