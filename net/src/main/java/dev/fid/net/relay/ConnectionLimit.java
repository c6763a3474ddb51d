package dev.fid.net.relay;

import java.util.concurrent.atomic.AtomicInteger;

/// How many connections there are, with a bound that may change. Safe for use by many threads.
final class ConnectionLimit {
    private final AtomicInteger taken = new AtomicInteger();

    /// One more, where there are fewer than `most`.
    boolean enter(int most) {
        int now = taken.get();
        while (now < most) {
            if (taken.compareAndSet(now, now + 1)) {
                return true;
            }
            now = taken.get();
        }
        return false;
    }

    /// One more, whatever the bound.
    void enterAnyway() {
        taken.incrementAndGet();
    }

    void leave() {
        taken.decrementAndGet();
    }

    int taken() {
        return taken.get();
    }
}
