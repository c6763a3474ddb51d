package dev.fid.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Uapi;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A kernel that misbehaves on demand: it passes every call to another {@link Kernel} and breaks those that its
/// rules name. Give {@link #kernel} to the code under test, then ask {@link #calls} and {@link #log} what
/// happened.
///
/// ```java
/// FaultyKernel faulty = FaultyKernel.over(Kernel.linux())
///         .on("splice").nth(3).fails(Errno.EIO)          // the third splice is refused and not made
///         .on("write").fd(out).every().shortens(1)       // every write to `out` takes one byte
///         .on("fsync").runs(call -> truncate(source));   // just before each fsync
/// copy(faulty.kernel(), source, target);
/// assertEquals(1, faulty.log().size());
/// ```
///
/// A rule says which calls (`on`, `fd`, `when`), which of them by index (`nth`, `from`, `range`; every one
/// without these), and what happens to them (`fails`, `shortens`, `returns`, `delays`, `runs`); the last word
/// ends the rule. Each rule counts the calls that fit its own words, from 1, whether another rule broke them or
/// not. Where several rules hit one call, all hooks and delays run, in the order of the rules, and the first rule
/// that decides a result wins.
///
/// To try each fault at each place, run the code once over a FaultyKernel without rules, ask `calls(DATA_CALLS)`,
/// then run it again for every index up to that number and every errno:
///
/// ```java
/// FaultyKernel.over(kernel).on(DATA_CALLS).nth(index).fails(errno)
/// ```
///
/// What a fault leaves behind is what the real kernel would leave: a call that fails was not made, so a refused
/// pipe2 makes no pipe, and an offset stays where it was. Only close(2) is always made, as on Linux, where the
/// descriptor is gone even after EIO. After an invented EAGAIN the next epoll wait reports the descriptor again
/// if it is ready, also when it is registered edge-triggered, because a real EAGAIN is always followed by an
/// edge. An `allocate` that fails is an OutOfMemoryError. Memory is not wrapped. `fstat` counts as `statx`.
///
/// Safe for use by several threads; rules may be added while calls are made. With several threads the index of a
/// call is the order in which they arrived here.
public final class FaultyKernel {
    /// The calls that move bytes or open something, which a campaign of faults goes through.
    public static final List<String> DATA_CALLS = List.of(
            "read",
            "write",
            "pread",
            "pwrite",
            "preadv2",
            "pwritev2",
            "recv",
            "send",
            "splice",
            "tee",
            "vmsplice",
            "sendfile",
            "copyFileRange",
            "ficlone",
            "ficlonerange",
            "openat",
            "openat2",
            "pipe2",
            "memfdCreate",
            "eventfd",
            "epollCreate",
            "socket",
            "socketpair",
            "accept4",
            "connect",
            "dup3");

    /// These enter no kernel, so there is nothing to break.
    private static final Set<String> NO_CALLS = Set.of("memory", "pageSize", "nanoTime");

    private static final Set<String> CALLS = Stream.of(Kernel.class.getMethods())
            .filter(method -> Modifier.isAbstract(method.getModifiers()))
            .map(Method::getName)
            .filter(name -> !NO_CALLS.contains(name))
            .collect(Collectors.toUnmodifiableSet());

    /// Which argument is the length in bytes; vmsplice has its lengths in the spans.
    private static final Map<String, Integer> LENGTH = Map.ofEntries(
            Map.entry("read", 3),
            Map.entry("write", 3),
            Map.entry("pread", 3),
            Map.entry("pwrite", 3),
            Map.entry("preadv2", 3),
            Map.entry("pwritev2", 3),
            Map.entry("recv", 3),
            Map.entry("send", 3),
            Map.entry("splice", 4),
            Map.entry("tee", 2),
            Map.entry("vmsplice", 1),
            Map.entry("sendfile", 3),
            Map.entry("copyFileRange", 4));

    /// Which arguments are descriptors, where it is not the first one alone.
    private static final Map<String, int[]> FDS = Map.ofEntries(
            Map.entry("splice", new int[] {0, 2}),
            Map.entry("tee", new int[] {0, 1}),
            Map.entry("sendfile", new int[] {0, 2}),
            Map.entry("copyFileRange", new int[] {0, 2}),
            Map.entry("ficlone", new int[] {0, 1}),
            Map.entry("ficlonerange", new int[] {0, 3}),
            Map.entry("renameat2", new int[] {0, 2}),
            Map.entry("linkat", new int[] {0, 2}),
            Map.entry("dup3", new int[] {0, 1}),
            Map.entry("epollCtl", new int[] {0, 2}),
            Map.entry("symlinkat", new int[] {1}),
            Map.entry("mmap", new int[] {4}));

    /// Calls whose first argument is something else.
    private static final Set<String> NO_FDS = Set.of(
            "allocate",
            "munmap",
            "madvise",
            "pipe2",
            "memfdCreate",
            "eventfd",
            "poll",
            "epollCreate",
            "listxattr",
            "getxattr",
            "setxattr",
            "socket",
            "socketpair",
            "cpuNanos",
            "schedSetaffinity",
            "schedGetaffinity",
            "prlimit",
            "geteuid",
            "gettid",
            "ioUringSetup",
            "perfEventOpen");

    private final Kernel real;
    private final Kernel kernel;
    private final Map<String, Long> counts = new ConcurrentHashMap<>();
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final List<Fault> log = new CopyOnWriteArrayList<>();
    private final Set<Registration> registrations = ConcurrentHashMap.newKeySet();

    private FaultyKernel(Kernel real) {
        this.real = real;
        this.kernel = (Kernel)
                Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, this::invoke);
    }

    /// A decorator of `kernel` without rules: it only counts.
    public static FaultyKernel over(Kernel kernel) {
        return new FaultyKernel(kernel);
    }

    /// The kernel to give to the code under test.
    public Kernel kernel() {
        return kernel;
    }

    /// Begins a rule for the calls with these names, which are those of {@link Kernel}'s methods.
    ///
    /// @throws IllegalArgumentException where one is no call of Kernel
    public Rule on(String... names) {
        return on(List.of(names));
    }

    /// As {@link #on(String...)}, for {@link #DATA_CALLS} and other lists.
    public Rule on(List<String> names) {
        names.forEach(FaultyKernel::known);
        if (names.isEmpty()) {
            throw new IllegalArgumentException("a rule without calls");
        }
        return new Rule(this, Set.copyOf(names));
    }

    /// Forgets all rules; counts and log stay.
    public FaultyKernel heal() {
        rules.clear();
        return this;
    }

    /// How often the calls with these names were made, broken ones included.
    public long calls(String... names) {
        return calls(List.of(names));
    }

    /// As {@link #calls(String...)}.
    public long calls(List<String> names) {
        return names.stream()
                .mapToLong(name -> counts.getOrDefault(known(name), 0L))
                .sum();
    }

    /// How many calls of any name were made, broken ones included.
    public long callsMade() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /// What the rules did so far, in order.
    public List<Fault> log() {
        return List.copyOf(log);
    }

    private static String known(String name) {
        if (!CALLS.contains(name)) {
            throw new IllegalArgumentException(
                    "no call of Kernel that can be broken: " + name + (name.equals("fstat") ? "; it is statx" : ""));
        }
        return name;
    }

    @SuppressWarnings("ReferenceEquality") // a proxy is equal to itself alone, and equals itself comes here
    private @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] given) throws Throwable {
        @Nullable Object[] arguments = given == null ? new Object[0] : given;
        if (method.getDeclaringClass() == Object.class) {
            return switch (method.getName()) {
                case "equals" -> proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> "faulty " + real;
            };
        }
        if (method.isDefault()) {
            return InvocationHandler.invokeDefault(proxy, method, given);
        }
        String name = method.getName();
        if (NO_CALLS.contains(name)) {
            return make(method, arguments);
        }
        counts.merge(name, 1L, Long::sum);
        Call call = new Call(name, Collections.unmodifiableList(Arrays.asList(arguments.clone())));
        Long forged = null;
        boolean shortened = false;
        for (Rule rule : rules) {
            if (rule.hits(call)) {
                log.add(new Fault(call, rule.text));
                rule.before.accept(call);
                boolean decided = forged != null || shortened;
                if (!decided && rule.result != null) {
                    forged = rule.result;
                } else if (!decided && rule.atMost > 0) {
                    arguments = shorten(name, arguments, rule.atMost);
                    shortened = true;
                }
            }
        }
        return forged == null ? make(method, arguments) : forge(method, arguments, call, forged);
    }

    private @Nullable Object make(Method method, @Nullable Object[] arguments) throws Throwable {
        try {
            if (method.getName().equals("close")) {
                // Before the call: afterwards another thread may already have the number again.
                registrations.removeIf(known -> arguments[0] instanceof Integer fd && known.concerns(fd));
            }
            Object result = method.invoke(real, arguments);
            if (method.getName().equals("epollCtl") && result instanceof Integer code && code == 0) {
                remember(arguments);
            }
            return result;
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    private Object forge(Method method, @Nullable Object[] arguments, Call call, long result) throws Throwable {
        switch (call.name()) {
            case "close" -> make(method, arguments);
            case "allocate" -> throw new OutOfMemoryError("injected: " + show(result));
            default -> {}
        }
        if (result == -Errno.EAGAIN) {
            call.fds().forEach(this::raiseEdge);
        }
        return method.getReturnType() == int.class ? (Object) (int) result : (Object) result;
    }

    private static @Nullable Object[] shorten(String name, @Nullable Object[] arguments, long atMost) {
        @Nullable Object[] shorter = arguments.clone();
        int index = LENGTH.getOrDefault(name, 0);
        if (arguments[index] instanceof Span[] spans) {
            shorter[index] = firstBytes(spans, atMost);
        } else if (arguments[index] instanceof Long len) {
            shorter[index] = Math.min(len, atMost);
        }
        return shorter;
    }

    private static Span[] firstBytes(Span[] spans, long atMost) {
        List<Span> kept = new ArrayList<>();
        long left = atMost;
        for (Span span : spans) {
            long len = Math.min(left, span.len());
            if (len > 0 || span.len() == 0) {
                kept.add(new Span(span.memory(), span.at(), len));
            }
            left -= len;
        }
        return kept.toArray(Span[]::new);
    }

    // ---- edges ----

    /// What a descriptor is registered for, so that an edge can be raised by EPOLL_CTL_MOD: it asks for readiness
    /// anew.
    private record Registration(int epoll, int fd, int events, long data) {
        boolean concerns(int closed) {
            return epoll == closed || fd == closed;
        }
    }

    private void remember(@Nullable Object[] arguments) {
        if (arguments[0] instanceof Integer epoll
                && arguments[1] instanceof Integer operation
                && arguments[2] instanceof Integer fd
                && arguments[3] instanceof Integer events
                && arguments[4] instanceof Long data) {
            registrations.removeIf(known -> known.epoll == epoll && known.fd == fd);
            if (operation != Uapi.EPOLL_CTL_DEL) {
                registrations.add(new Registration(epoll, fd, events, data));
            }
        }
    }

    private void raiseEdge(int fd) {
        for (Registration known : registrations) {
            if (known.fd == fd) {
                real.epollCtl(known.epoll, Uapi.EPOLL_CTL_MOD, fd, known.events, known.data);
            }
        }
    }

    private static String show(long result) {
        return result < 0 ? "-" + Errno.name((int) -result) : Long.toString(result);
    }

    /// One call as the code under test made it: the name of Kernel's method and its arguments, which are the
    /// caller's own objects and not copies. Arguments that are descriptors are listed by {@link #fds}.
    public record Call(String name, List<@Nullable Object> arguments) {
        /// The descriptors among the arguments, `in` first.
        public List<Integer> fds() {
            if (NO_FDS.contains(name)) {
                return List.of();
            }
            List<Integer> fds = new ArrayList<>();
            for (int index : FDS.getOrDefault(name, new int[] {0})) {
                if (index < arguments.size() && arguments.get(index) instanceof Integer fd) {
                    fds.add(fd);
                }
            }
            return fds;
        }

        /// `splice(5, null, 8, null, 65536, 2)`; names are shown as text.
        @Override
        public String toString() {
            return arguments.stream().map(Call::show).collect(Collectors.joining(", ", name + "(", ")"));
        }

        private static String show(@Nullable Object argument) {
            return switch (argument) {
                case null -> "null";
                case byte[] path -> "\"" + new String(path, UTF_8) + "\"";
                case Object[] spans -> Arrays.toString(spans);
                case Offset offset -> "&" + offset;
                default -> argument.getClass().isArray() ? "[...]" : argument.toString();
            };
        }
    }

    /// What was done to one call.
    public record Fault(Call call, String outcome) {
        @Override
        public String toString() {
            return call + ": " + outcome;
        }
    }

    /// A rule in the making; {@link FaultyKernel} explains its words.
    public static final class Rule {
        private final FaultyKernel owner;
        private final Set<String> names;
        private final AtomicLong seen = new AtomicLong();
        private Predicate<Call> fits = call -> true;
        private long first = 1;
        private long last = Long.MAX_VALUE;
        private Consumer<Call> before = call -> {};
        private @Nullable Long result;
        private long atMost;
        private String text = "";

        private Rule(FaultyKernel owner, Set<String> names) {
            this.owner = owner;
            this.names = names;
        }

        /// Only calls that have `fd` among their descriptors.
        public Rule fd(int fd) {
            return when(call -> call.fds().contains(fd));
        }

        /// Only calls that `condition` accepts. Must not call the kernel.
        public Rule when(Predicate<Call> condition) {
            fits = fits.and(condition);
            return this;
        }

        /// Only the call with this index, from 1.
        public Rule nth(long index) {
            return range(index, index);
        }

        /// The call with this index and all after it.
        public Rule from(long index) {
            return range(index, Long.MAX_VALUE);
        }

        /// The calls from index `low` to index `high`, both included.
        public Rule range(long low, long high) {
            if (low < 1 || high < low) {
                throw new IllegalArgumentException("calls are counted from 1: " + low + " to " + high);
            }
            first = low;
            last = high;
            return this;
        }

        /// All calls that fit: so it is without this word, too.
        public Rule every() {
            return range(1, Long.MAX_VALUE);
        }

        /// The call is not made and returns `-errno`; close(2) is made.
        public FaultyKernel fails(int errno) {
            if (errno < 1 || errno > 4095) {
                throw new IllegalArgumentException("an errno is a number from 1 to 4095: " + errno);
            }
            return returns(-(long) errno);
        }

        /// A false end of input, or a false success: the call is not made and returns 0.
        public FaultyKernel returnsZero() {
            return returns(0);
        }

        /// The call is not made and returns `forged`; close(2) is made.
        public FaultyKernel returns(long forged) {
            if (names.contains("allocate") && forged >= 0) {
                throw new IllegalArgumentException("allocate can only fail");
            }
            result = forged;
            return done("returned " + show(forged));
        }

        /// The call is made with at most `len` of the bytes that were asked for.
        ///
        /// @throws IllegalArgumentException where a call has no length, or `len` is not positive
        public FaultyKernel shortens(long len) {
            if (len < 1 || !LENGTH.keySet().containsAll(names)) {
                throw new IllegalArgumentException("cannot shorten " + names + " to " + len + " bytes");
            }
            atMost = len;
            return done("shortened to " + len);
        }

        /// The calling thread waits so long before the call; an interrupt ends the wait.
        public FaultyKernel delays(long nanos) {
            before = call -> {
                long end = System.nanoTime() + nanos;
                for (long left = nanos; left > 0 && !Thread.currentThread().isInterrupted(); ) {
                    LockSupport.parkNanos(left);
                    left = end - System.nanoTime();
                }
            };
            return done("delayed by " + nanos + " ns");
        }

        /// `hook` runs in the calling thread just before the call, so that a test can, for instance, truncate the
        /// file at this very moment.
        public FaultyKernel runs(Consumer<Call> hook) {
            before = hook;
            return done("ran a hook");
        }

        private FaultyKernel done(String what) {
            text = what;
            owner.rules.add(this);
            return owner;
        }

        private boolean hits(Call call) {
            if (!names.contains(call.name()) || !fits.test(call)) {
                return false;
            }
            long index = seen.incrementAndGet();
            return index >= first && index <= last;
        }
    }
}
