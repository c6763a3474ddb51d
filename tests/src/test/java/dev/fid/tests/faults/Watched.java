package dev.fid.tests.faults;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The real kernel with a ledger of what one run took and did not give back: descriptors, memory, mappings. A
/// descriptor that is used after its close, or closed by somebody else than its owner, is noted too. Ends a run
/// that makes far too many calls.
final class Watched {
    private static final String PATH = "openat by O_PATH";

    private final Kernel real;
    private final Kernel kernel;
    private final long mostCalls;
    private final Map<Integer, String> open = new TreeMap<>();
    private final Map<Long, String> mapped = new HashMap<>();
    private final List<Memory> memories = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private long calls;

    Watched(Kernel real, long mostCalls) {
        this.real = real;
        this.mostCalls = mostCalls;
        this.kernel = (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(),
                new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> invoke(method, arguments == null ? new Object[0] : arguments));
    }

    Kernel kernel() {
        return kernel;
    }

    /// The run owns this descriptor from now on, and has to close it.
    synchronized void adopt(int fd) {
        open.put(fd, "given");
    }

    /// What the run left or did wrong; empty where all is well.
    synchronized List<String> complaints() {
        List<String> all = new ArrayList<>(wrong);
        open.forEach((fd, call) -> all.add("descriptor " + fd + " of " + call + " was not closed"));
        mapped.forEach((address, call) -> all.add(call + " was not unmapped"));
        for (Memory memory : memories) {
            if (isOpen(memory)) {
                all.add("memory of " + memory.size() + " bytes was not closed");
                memory.close();
            }
        }
        open.keySet().forEach(real::close);
        return all;
    }

    private static boolean isOpen(Memory memory) {
        try {
            memory.getByte(0);
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private @Nullable Object invoke(Method method, @Nullable Object[] arguments) throws Throwable {
        if (method.getDeclaringClass() == Object.class) {
            return method.getName().equals("hashCode")
                    ? (Object) System.identityHashCode(this)
                    : method.getName().equals("equals") ? (Object) false : "watched " + real;
        }
        String name = method.getName();
        before(name, arguments);
        Object result;
        try {
            result = method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
        after(name, arguments, result);
        return result;
    }

    private synchronized void before(String name, @Nullable Object[] arguments) {
        if (++calls > mostCalls) {
            throw new Endless("it spins: " + calls + " calls, the last of them " + name);
        }
        if (name.equals("close") && arguments[0] instanceof Integer fd && fd >= 0 && open.remove(fd) == null) {
            wrong.add("close of descriptor " + fd + ", which is not its own");
        }
    }

    private synchronized void after(String name, @Nullable Object[] arguments, @Nullable Object result) {
        long code = result instanceof Number number ? number.longValue() : 0;
        if (result instanceof Memory memory && name.equals("allocate")) {
            memories.add(memory);
        }
        if (code == -Errno.EBADF && !name.equals("close") && !name.equals("copyFileRange") && !isPath(arguments[0])) {
            wrong.add(name + " on a descriptor that is not open");
        }
        if (code < 0) {
            return;
        }
        switch (name) {
            case "openat" ->
                open.put((int) code, arguments[2] instanceof Integer flags && (flags & Uapi.O_PATH) != 0 ? PATH : name);
            case "openat2", "memfdCreate", "eventfd", "epollCreate", "socket", "accept4" -> open.put((int) code, name);
            case "pipe2", "socketpair" -> {
                int[] fds = (int[]) java.util.Objects.requireNonNull(arguments[name.equals("pipe2") ? 0 : 3]);
                open.put(fds[0], name);
                open.put(fds[1], name);
            }
            case "fcntl" -> {
                if (Integer.valueOf(Uapi.F_DUPFD_CLOEXEC).equals(arguments[1])) {
                    open.put((int) code, name);
                }
            }
            case "mmap" -> mapped.put(code, "mmap of " + arguments[0] + " bytes");
            case "munmap" -> mapped.remove((Long) java.util.Objects.requireNonNull(arguments[0]));
            default -> {}
        }
    }

    /// Whether it was opened by O_PATH: then it only stands for a place, and the kernel says EBADF to most calls.
    private boolean isPath(@Nullable Object fd) {
        return fd instanceof Integer number && PATH.equals(open.get(number));
    }

    /// Names of the calls that a fault can hit.
    static Set<String> names() {
        Set<String> names = new java.util.TreeSet<>();
        for (Method method : Kernel.class.getMethods()) {
            if (java.lang.reflect.Modifier.isAbstract(method.getModifiers())) {
                names.add(method.getName());
            }
        }
        names.removeAll(Set.of("memory", "pageSize", "nanoTime"));
        return names;
    }

    /// A run that would never end by itself.
    static final class Endless extends Error {
        private static final long serialVersionUID = 1;

        Endless(String why) {
            super(why);
        }
    }
}
