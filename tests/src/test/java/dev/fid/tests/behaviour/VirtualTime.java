package dev.fid.tests.behaviour;

import dev.fid.kernel.Kernel;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A kernel whose clock goes on by one tick whenever it is asked, and stands still otherwise: no real time
/// passes, since a wait is over as soon as it looks at the clock again.
final class VirtualTime implements Decorated {
    private static final Set<String> DATA_CALLS =
            Set.of("read", "write", "pread", "pwrite", "recv", "send", "splice", "sendfile", "copyFileRange");

    private final Kernel kernel;
    private final long tickNanos;
    private long now;
    private long start;

    Runnable afterEachDataCall = () -> {};

    VirtualTime(Kernel real, long tickNanos) {
        this.tickNanos = tickNanos;
        kernel = kernel(real);
    }

    @Override
    public @Nullable Object own(String call) {
        if (!call.equals("nanoTime")) {
            return null;
        }
        LockSupport.unpark(Thread.currentThread());
        now += tickNanos;
        return now;
    }

    @Override
    public void answered(String call, @Nullable Object result) {
        if (DATA_CALLS.contains(call)) {
            afterEachDataCall.run();
        }
    }

    Kernel kernel() {
        return kernel;
    }

    void start() {
        start = now;
    }

    long elapsed() {
        return now - start;
    }
}
