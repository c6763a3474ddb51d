package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Parks virtual threads until their descriptors are ready: one epoll(7) instance, one platform thread.
///
/// A wait adds its descriptor one-shot and takes it out again at its end, so that nothing is left behind when the
/// owner closes the descriptor. Where two threads wait for one descriptor, the second waits for a duplicate of
/// it.
final class Poller {
    static final Poller INSTANCE = new Poller(Kernel.linux());

    private static final int BATCH = 256;

    private final Kernel kernel;
    private final int epoll;
    private final AtomicLong ids = new AtomicLong();
    private final ConcurrentHashMap<Long, Wait> waits = new ConcurrentHashMap<>();

    private static final class Wait {
        final Thread thread = Thread.currentThread();
        volatile boolean ready;
    }

    private Poller(Kernel kernel) {
        this.kernel = kernel;
        this.epoll = kernel.epollCreate(EPOLL_CLOEXEC);
        if (epoll < 0) {
            throw new IllegalStateException("epoll_create1: " + Errno.name(-epoll));
        }
        Thread thread = new Thread(this::run, "fid-poller");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        int[] events = new int[BATCH];
        long[] data = new long[BATCH];
        while (true) {
            int ready = kernel.epollWait(epoll, events, data, -1);
            for (int i = 0; i < ready; i++) {
                Wait wait = waits.get(data[i]);
                if (wait != null) {
                    wait.ready = true;
                    LockSupport.unpark(wait.thread);
                }
            }
        }
    }

    /// As {@link Readiness#await}, on a virtual thread.
    boolean await(Readiness.Set set, long deadline) throws ErrnoException {
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
            park(wait, deadline);
            return wait.ready;
        } finally {
            waits.remove(id);
            for (int i = 0; i < count; i++) {
                kernel.epollCtl(epoll, EPOLL_CTL_DEL, added[i], 0, 0);
                if (added[i] != set.fd(i)) {
                    kernel.close(added[i]);
                }
            }
        }
    }

    /// Adds `fd`, or a duplicate of it where another thread waits for the same; returns what was added, or
    /// `-errno`.
    private int add(int fd, short events, long id) {
        int result = kernel.epollCtl(epoll, EPOLL_CTL_ADD, fd, events | EPOLLONESHOT, id);
        if (result != -Errno.EEXIST) {
            return result < 0 ? result : fd;
        }
        int duplicate = kernel.fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (duplicate >= 0) {
            result = kernel.epollCtl(epoll, EPOLL_CTL_ADD, duplicate, events | EPOLLONESHOT, id);
            if (result < 0) {
                kernel.close(duplicate);
                return result;
            }
        }
        return duplicate;
    }

    private void park(Wait wait, long deadline) {
        while (!wait.ready && !Thread.currentThread().isInterrupted()) {
            if (deadline == Readiness.NEVER) {
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
