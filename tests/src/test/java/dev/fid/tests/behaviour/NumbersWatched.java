package dev.fid.tests.behaviour;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// A kernel that tells when a number is closed, or was closed before, under a call that uses it.
final class NumbersWatched {
    private static final int MOST = 1 << 16;
    /// How many of the first arguments are descriptors.
    private static final Set<String> OF_ONE =
            Set.of("read", "write", "recv", "send", "fionread", "vmsplice", "accept4");

    private static final Set<String> OF_TWO = Set.of("tee");

    private final AtomicIntegerArray calls = new AtomicIntegerArray(MOST);
    private final Set<String> broken;

    NumbersWatched(Set<String> broken) {
        this.broken = broken;
    }

    Kernel kernel(Kernel real) {
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    String name = method.getName();
                    if (name.equals("equals")) {
                        return System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
                    }
                    int[] fds = numbers(name, arguments);
                    if (name.equals("close") && calls.get((Integer) arguments[0]) > 0) {
                        broken.add("number " + arguments[0] + " was closed under a call");
                    }
                    for (int fd : fds) {
                        calls.incrementAndGet(fd);
                    }
                    try {
                        Object result = method.invoke(real, arguments);
                        if (fds.length > 0 && result instanceof Number number && number.longValue() == -Errno.EBADF) {
                            broken.add(name + " on a number that was closed");
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    } finally {
                        for (int fd : fds) {
                            calls.decrementAndGet(fd);
                        }
                    }
                });
    }

    private static int[] numbers(String name, Object[] arguments) {
        if (OF_ONE.contains(name)) {
            return new int[] {(Integer) arguments[0]};
        }
        if (OF_TWO.contains(name)) {
            return new int[] {(Integer) arguments[0], (Integer) arguments[1]};
        }
        return switch (name) {
            case "splice" -> new int[] {(Integer) arguments[0], (Integer) arguments[2]};
            case "sendfile" -> new int[] {(Integer) arguments[0], (Integer) arguments[2]};
            case "poll" -> Arrays.copyOf((int[]) arguments[0], (Integer) arguments[3]);
            default -> new int[0];
        };
    }
}
