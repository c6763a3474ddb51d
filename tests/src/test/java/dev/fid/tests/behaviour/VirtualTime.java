package dev.fid.tests.behaviour;

import dev.fid.kernel.Kernel;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/// A kernel whose clock goes on by one tick whenever it is asked, and stands still otherwise: no real time
/// passes, since a wait is over as soon as it looks at the clock again.
final class VirtualTime {
    private static final Set<String> DATA_CALLS =
            Set.of("read", "write", "pread", "pwrite", "recv", "send", "splice", "sendfile", "copyFileRange");

    private final Kernel kernel;
    private long now;
    private long start;

    Runnable afterEachDataCall = () -> {};

    VirtualTime(Kernel real, long tickNanos) {
        InvocationHandler handler = (proxy, method, arguments) -> {
            if (method.getName().equals("nanoTime")) {
                LockSupport.unpark(Thread.currentThread());
                now += tickNanos;
                return now;
            }
            if (method.getName().equals("equals")) {
                return System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
            }
            if (method.isDefault()) {
                return InvocationHandler.invokeDefault(proxy, method, arguments);
            }
            try {
                Object result = method.invoke(real, arguments);
                if (DATA_CALLS.contains(method.getName())) {
                    afterEachDataCall.run();
                }
                return result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        kernel = (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, handler);
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
