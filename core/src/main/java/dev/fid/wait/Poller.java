package dev.fid.wait;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Parks virtual threads until their descriptors are ready: one epoll(7) instance, one platform thread.
///
/// A wait adds its descriptor one-shot and takes it out again at its end, so that nothing is left behind when the
/// owner closes the descriptor. Where two threads wait for one descriptor, the second waits for a duplicate of
/// it.
///
/// A borrowed number may be closed by its owner under a wait and be another file's at once, for which another
/// thread waits. The kernel knows them apart, but EPOLL_CTL_DEL takes a number: so the last wait that added it
/// owns it, and an older one leaves it alone. Source: epoll(7), questions 6 and 7.
final class Poller {
    private static final int BATCH = 256;
    /// Locks for the numbers, each for many: between looking who owns one and taking it out nobody may add it.
    private static final int STRIPES = 64;

    private static volatile @Nullable Poller instance;

    private final Kernel kernel;
    private final int epoll;
    private final AtomicLong ids = new AtomicLong();
    private final ConcurrentHashMap<Long, Wait> waits = new ConcurrentHashMap<>();
    /// By number, the wait that added it last.
    private final ConcurrentHashMap<Integer, Long> owners = new ConcurrentHashMap<>();
    private final Object[] stripes = new Object[STRIPES];

    private static final class Wait {
        final Thread thread = Thread.currentThread();
        volatile boolean ready;
    }

    /// The one of this process; made by the first wait, or by the next where that had no descriptor for it.
    static Poller instance() throws ErrnoException {
        Poller known = instance;
        return known != null ? known : make();
    }

    private static synchronized Poller make() throws ErrnoException {
        Poller known = instance;
        if (known == null) {
            known = instance = started(Kernel.linux());
        }
        return known;
    }

    /// One with a thread of its own.
    static Poller started(Kernel kernel) throws ErrnoException {
        Poller made = new Poller(kernel);
        Thread thread = new Thread(made::run, "fid-poller");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (Error e) { // no thread to be had
            kernel.close(made.epoll);
            throw e;
        }
        return made;
    }

    private Poller(Kernel kernel) throws ErrnoException {
        this.kernel = kernel;
        this.epoll = (int) ErrnoException.check(kernel.epollCreate(EPOLL_CLOEXEC), "epoll_create1", "");
        Arrays.setAll(stripes, i -> new Object());
    }

    private void run() {
        int[] events = new int[BATCH];
        long[] data = new long[BATCH];
        int ready = 0;
        int told = 0;
        while (true) {
            try {
                while (told < ready) {
                    Wait wait = waits.get(data[told]);
                    if (wait != null) {
                        wait.ready = true;
                        LockSupport.unpark(wait.thread);
                    }
                    told++;
                }
                told = 0;
                ready = 0; // whatever epoll_wait throws
                ready = kernel.epollWait(epoll, events, data, -1);
            } catch (Error | RuntimeException e) {
                // Out of memory, say. All virtual threads wait by this one: it goes on as soon as that has passed, with
                // the event that it was at, since each is told of once.
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    /// As {@link Readiness#await}, on a virtual thread.
    boolean await(Readiness.Set set, long deadline, Readiness waiting) throws ErrnoException {
        long id = ids.incrementAndGet();
        Wait wait = new Wait();
        waits.put(id, wait);
        int[] added = new int[set.count()];
        int count = 0;
        try {
            while (count < added.length) {
                int number = add(set.fd(count), set.events(count), id);
                if (number == -Errno.EPERM) {
                    return true; // a regular file: always ready. Source: epoll_ctl(2), EPERM
                }
                ErrnoException.check(number, "epoll_ctl", set.toString());
                added[count++] = number;
            }
            park(wait, deadline, waiting);
            return wait.ready;
        } finally {
            waits.remove(id);
            for (int i = 0; i < count; i++) {
                remove(added[i], id);
                if (added[i] != set.fd(i)) {
                    kernel.close(added[i]);
                }
            }
        }
    }

    /// Adds `fd`, or a duplicate of it where another thread waits for the same; returns what was added, or
    /// `-errno`.
    private int add(int fd, short events, long id) {
        int result = addOnce(fd, events, id);
        if (result != -Errno.EEXIST) {
            return result < 0 ? result : fd;
        }
        int duplicate = kernel.fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (duplicate >= 0) {
            result = addOnce(duplicate, events, id);
            if (result < 0) {
                kernel.close(duplicate);
                return result;
            }
        }
        return duplicate;
    }

    private int addOnce(int fd, short events, long id) {
        synchronized (stripes[fd & STRIPES - 1]) {
            int result = kernel.epollCtl(epoll, EPOLL_CTL_ADD, fd, events | EPOLLONESHOT, id);
            if (result >= 0) {
                owners.put(fd, id);
            }
            return result;
        }
    }

    private void remove(int fd, long id) {
        synchronized (stripes[fd & STRIPES - 1]) {
            if (owners.remove(fd, id)) {
                kernel.epollCtl(epoll, EPOLL_CTL_DEL, fd, 0, 0);
            }
        }
    }

    private void park(Wait wait, long deadline, Readiness waiting) {
        while (!wait.ready && !waiting.isWoken() && !Thread.currentThread().isInterrupted()) {
            if (deadline == Deadline.NEVER) {
                LockSupport.park(this);
            } else {
                long left = deadline - kernel.nanoTime();
                if (left <= 0) {
                    return;
                }
                LockSupport.parkNanos(this, left);
            }
        }
    }
}
