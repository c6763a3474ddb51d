package dev.fid.wait;

import java.util.concurrent.atomic.AtomicInteger;

/// Who uses a thing that any thread may close at any time: nobody comes in after that, and the last one to leave
/// frees it. So neither memory nor a number is freed under a call, and to close never waits.
///
/// Go has the same around each of its descriptors: internal/poll/fd_mutex.go.
public final class Users {
    private static final int CLOSED = 1 << 31;

    /// How many are inside, and {@link #CLOSED}.
    private final AtomicInteger state = new AtomicInteger();

    /// Comes in; false once it is closed.
    public boolean enter() {
        int now = state.get();
        while (now >= 0) {
            if (state.compareAndSet(now, now + 1)) {
                return true;
            }
            now = state.get();
        }
        return false;
    }

    /// Comes in beside those who are inside, although it may be closed; false once it is free.
    boolean join() {
        int now = state.get();
        while (now != CLOSED) {
            if (state.compareAndSet(now, now + 1)) {
                return true;
            }
            now = state.get();
        }
        return false;
    }

    /// Goes out again; whether the caller is to free it, since it is closed and he was the last.
    public boolean leave() {
        return state.decrementAndGet() == CLOSED;
    }

    /// Lets nobody in any more; whether the caller is to free it, since nobody is inside. Only the first call
    /// counts.
    public boolean close() {
        return state.getAndUpdate(now -> now | CLOSED) == 0;
    }

    public boolean isClosed() {
        return state.get() < 0;
    }

    /// Closed, and nobody is inside: it is being freed, or was.
    boolean isFree() {
        return state.get() == CLOSED;
    }
}
