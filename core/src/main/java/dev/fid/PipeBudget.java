package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// How many pages of pipe this process may still take, so that pipes become smaller before the kernel makes them
/// useless.
///
/// An unprivileged user may hold `pipe-user-pages-soft` pages in pipes; behind that limit a new pipe has two
/// pages (one before Linux 5.14) and F_SETPIPE_SZ says EPERM. So a pipe that is asked for here gets what it wants
/// while half of the limit is free, then 64 KiB, and then there is none: the caller copies, and says so. It
/// degrades, it never fails for want of pages. Safe for use by many threads. Source: pipe(7), "/proc files";
/// fs/pipe.c of Linux 6.18.
public final class PipeBudget {
    /// A pipe below the kernel's default is not worth its two descriptors.
    static final long LEAST_CAPACITY = 64 << 10; // 64 KiB

    private final Kernel kernel;
    private final long maxCapacity;
    private final long softPages;
    private final AtomicLong pages = new AtomicLong();
    private final AtomicInteger pipes = new AtomicInteger();
    private final AtomicLong shrunk = new AtomicLong();

    /// A budget with limits of its own, for tests and for services that share a user's limit.
    ///
    /// @param kernel where pipes are opened
    /// @param maxCapacity bytes that one pipe may have at most
    /// @param softPages pages that all pipes may have; 0 means no limit
    public PipeBudget(Kernel kernel, long maxCapacity, long softPages) {
        this.kernel = kernel;
        this.maxCapacity = maxCapacity;
        this.softPages = softPages;
    }

    /// The budget that the limits of this kernel leave. All pipes of this process on the kernel of the machine
    /// share one; another kernel gets a budget of its own.
    public static PipeBudget of(Kernel kernel) {
        return kernel.isHost() ? Shared.BUDGET : limitsOf(kernel);
    }

    private static final class Shared {
        static final PipeBudget BUDGET = limitsOf(Kernel.linux());
    }

    private static PipeBudget limitsOf(Kernel kernel) {
        // Root is exempt from the soft limit, even where it lacks CAP_SYS_RESOURCE (Linux 6.18, measured).
        return new PipeBudget(
                kernel,
                setting(kernel, "fs/pipe-max-size", 1 << 20),
                kernel.geteuid() == 0 ? 0 : setting(kernel, "fs/pipe-user-pages-soft", 16384));
    }

    private static long setting(Kernel kernel, String name, long otherwise) {
        long value = kernel.sysctl(name);
        return value < 0 ? otherwise : value; // no /proc here; these are the kernel's defaults
    }

    /// Bytes that one pipe may have at most (`pipe-max-size`).
    public long maxCapacity() {
        return maxCapacity;
    }

    /// Pages that all pipes of this user may have; 0 where there is no limit (`pipe-user-pages-soft`).
    public long softPages() {
        return softPages;
    }

    /// Pages in pipes that were opened here and are not closed.
    public long pages() {
        return pages.get();
    }

    /// Pipes that were opened here and are not closed.
    public int pipes() {
        return pipes.get();
    }

    /// Pipes that got less than was asked for, so far: by the limits, or by F_SETPIPE_SZ refused.
    public long shrunk() {
        return shrunk.get();
    }

    /// A pipe of about `capacity` bytes, smaller where the limits say so, even tiny.
    ///
    /// @throws ErrnoException EMFILE, ENFILE: no descriptors left
    Pipe open(long capacity) throws ErrnoException {
        int[] fds = new int[2];
        int result = pipe2(fds);
        if (result < 0) {
            throw new ErrnoException("pipe2", "", -result);
        }
        long became = resize(fds[1], granted(capacity));
        if (became < Math.min(capacity, maxCapacity)) {
            shrunk.incrementAndGet();
        }
        long taken = became / kernel.pageSize();
        pages.addAndGet(taken);
        pipes.incrementAndGet();
        return new Pipe(kernel, fds[0], fds[1], became, () -> {
            pages.addAndGet(-taken);
            pipes.decrementAndGet();
        });
    }

    /// As {@link #open}, but of {@link #LEAST_CAPACITY} at least, and null where the limits leave no such pipe;
    /// `refusal` then gets the reason.
    public @Nullable Pipe tryOpen(long wanted, Refusal refusal) {
        long capacity = Math.max(wanted, LEAST_CAPACITY);
        if (granted(capacity) < LEAST_CAPACITY) {
            refusal.because("pipe2", Errno.EPERM, "the user's pipe pages are used up");
            return null;
        }
        Pipe pipe;
        try {
            pipe = open(capacity);
        } catch (ErrnoException e) {
            refusal.because(e.call(), e.errno(), "no pipe can be had");
            return null;
        }
        if (pipe.capacity() < LEAST_CAPACITY) {
            pipe.close();
            refusal.because(
                    "fcntl",
                    Errno.EPERM,
                    "the user's pipe pages are used up: a new pipe has " + pipe.capacity() + " bytes");
            return null;
        }
        return pipe;
    }

    /// Learns why there is no pipe.
    public interface Refusal {
        void because(String call, int errno, String reason);
    }

    /// Makes a pipe that was not opened here larger, as far as the limits allow. What it got more counts here
    /// until {@link #forget}.
    ///
    /// @return pages that it got more; 0 where it has `capacity` bytes already, or the kernel or the limits refuse
    public long enlarge(int fd, long capacity) {
        long now = kernel.fcntl(fd, F_GETPIPE_SZ, 0);
        long wanted = granted(capacity);
        if (now <= 0 || now >= wanted) {
            return 0;
        }
        long more = Math.max(0, kernel.fcntl(fd, F_SETPIPE_SZ, wanted) - now) / kernel.pageSize();
        pages.addAndGet(more);
        return more;
    }

    /// Counts so many pages less, which {@link #enlarge} had counted.
    public void forget(long enlarged) {
        pages.addAndGet(-enlarged);
    }

    private int pipe2(int[] fds) {
        int result;
        do {
            result = kernel.pipe2(fds, O_CLOEXEC | O_NONBLOCK);
        } while (result == -Errno.EINTR || result == -Errno.EAGAIN);
        return result;
    }

    /// What a pipe may have now: all it wants up to half of the limit, then the least, then nothing.
    private long granted(long capacity) {
        long wanted = Math.min(capacity, maxCapacity);
        if (softPages == 0) {
            return wanted;
        }
        long page = kernel.pageSize();
        long free = softPages - pages.get();
        if (pages.get() + wanted / page <= softPages / 2) {
            return wanted;
        }
        return free >= LEAST_CAPACITY / page ? Math.min(wanted, LEAST_CAPACITY) : 0;
    }

    /// Sets the size where it is not that already and tells what it is: EPERM and EBUSY leave it as it was.
    private long resize(int fd, long wanted) {
        int now = kernel.fcntl(fd, F_GETPIPE_SZ, 0);
        if (now == -Errno.EINVAL) {
            return 16L * kernel.pageSize(); // before Linux 2.6.35 every pipe has 16 slots, and there is nothing to ask
        }
        if (wanted > 0 && now != wanted) {
            int resized = kernel.fcntl(fd, F_SETPIPE_SZ, wanted);
            now = resized > 0 ? resized : now;
        }
        return Math.max(0, now);
    }
}
