package dev.fid.tests.simulation;

import dev.fid.kernel.Uapi;
import dev.fid.model.ModelKernel;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.util.concurrent.Ticker;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Netty's own event loop, which waits by the epoll of a model kernel, in virtual time.
///
/// As Netty's handler does, it looks a descriptor up by its number when an event for it is at hand.
/// Source: Netty 4.2.18, EpollIoHandler#processReady.
final class ModelLoop implements IoHandler {
    private static final int MOST_EVENTS = 64;

    final Loop loop;
    private final ModelKernel kernel;
    private final int epoll;
    private final Map<Integer, Registration> registrations = new HashMap<>();
    private final int[] ready = new int[MOST_EVENTS];
    private final long[] whose = new long[MOST_EVENTS];

    /// Netty's, which tells when it wants to run again.
    static final class Loop extends ManualIoEventLoop {
        private Loop(ModelLoop handler, Ticker ticker) {
            super(null, Thread.currentThread(), executor -> handler, ticker);
        }

        /// Nanoseconds until its next task is due; -1 for never.
        long delay() {
            return nextScheduledTaskNano();
        }
    }

    ModelLoop(ModelKernel kernel, Timeline timeline) {
        this.kernel = kernel;
        epoll = kernel.epollCreate(Uapi.EPOLL_CLOEXEC);
        loop = new Loop(this, new Ticker() {
            @Override
            public long initialNanoTime() {
                return 0;
            }

            @Override
            public long nanoTime() {
                return timeline.nanos();
            }

            @Override
            public void sleep(long delay, TimeUnit unit) {
                throw new AssertionError("nobody may sleep");
            }
        });
    }

    /// Lets the loop do what can be done now.
    ///
    /// @param most turns, before it is a loop that spins
    /// @return whether it rests
    boolean settle(int most) {
        for (int i = 0; i < most; i++) {
            if (loop.runNow() == 0) {
                return true;
            }
        }
        return false;
    }

    /// Whether nobody is registered any more.
    boolean isEmpty() {
        return registrations.isEmpty();
    }

    void close() {
        kernel.close(epoll);
    }

    // ---- what Netty asks of it ----

    @Override
    public int run(IoHandlerContext context) {
        int count = kernel.epollWait(epoll, ready, whose, 0);
        for (int i = 0; i < count; i++) {
            Registration registration = registrations.get((int) whose[i]);
            if (registration == null) {
                kernel.epollCtl(epoll, Uapi.EPOLL_CTL_DEL, (int) whose[i], 0, 0);
            } else {
                EpollIoOps ops = EpollIoOps.valueOf(ready[i]);
                EpollIoEvent event = () -> ops;
                registration.handle.handle(registration, event);
            }
        }
        return Math.max(0, count);
    }

    @Override
    public IoRegistration register(IoHandle handle) {
        EpollIoHandle one = (EpollIoHandle) handle;
        Registration registration = new Registration(one, one.fd().intValue());
        if (registrations.putIfAbsent(registration.fd, registration) != null) {
            throw new AssertionError("descriptor " + registration.fd + " is registered twice");
        }
        handle.registered();
        return registration;
    }

    @Override
    public void wakeup() {}

    @Override
    public boolean isCompatible(Class<? extends IoHandle> type) {
        return EpollIoHandle.class.isAssignableFrom(type);
    }

    private final class Registration implements IoRegistration {
        private final EpollIoHandle handle;
        private final int fd;
        private boolean isAdded;
        private boolean isOver;

        private Registration(EpollIoHandle handle, int fd) {
            this.handle = handle;
            this.fd = fd;
        }

        @Override
        @SuppressWarnings("TypeParameterUnusedInFormals") // Netty's signature
        public <T> T attachment() {
            throw new UnsupportedOperationException("no attachment");
        }

        @Override
        public long submit(IoOps ops) {
            int operation = isAdded ? Uapi.EPOLL_CTL_MOD : Uapi.EPOLL_CTL_ADD;
            isAdded = true;
            int result = kernel.epollCtl(epoll, operation, fd, ((EpollIoOps) ops).value(), fd);
            if (result < 0) {
                throw new AssertionError("epoll_ctl of " + fd + ": " + result);
            }
            return 0;
        }

        @Override
        public boolean isValid() {
            return !isOver;
        }

        @Override
        public boolean cancel() {
            if (isOver) {
                return false;
            }
            isOver = true;
            registrations.remove(fd, this);
            if (handle.fd().isOpen()) {
                kernel.epollCtl(epoll, Uapi.EPOLL_CTL_DEL, fd, 0, 0);
            }
            handle.unregistered();
            return true;
        }
    }
}
