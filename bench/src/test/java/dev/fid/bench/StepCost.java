package dev.fid.bench;

import dev.fid.Fd;
import dev.fid.PipeBudget;
import dev.fid.Plan;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.link.Lane;
import dev.fid.link.PipePool;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What is around a call: the ways to make one through the Foreign Function API, a plan, and a step of a lane. {@link
/// CallFigures} runs it.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("restricted") // the shapes of native calls are what is measured
public class StepCost {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final long SYS_GETPPID = System.getProperty("os.arch").equals("aarch64") ? 173 : 110;
    private static final MemorySegment GETPPID = LINKER.defaultLookup().findOrThrow("getppid");
    private static final MemorySegment SYSCALL = LINKER.defaultLookup().findOrThrow("syscall");
    private static final FunctionDescriptor PLAIN = FunctionDescriptor.of(ValueLayout.JAVA_INT);
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private static final MethodHandle DIRECT = LINKER.downcallHandle(GETPPID, PLAIN);
    private static final MethodHandle CRITICAL = LINKER.downcallHandle(GETPPID, PLAIN, Linker.Option.critical(false));
    private static final MethodHandle WITH_ERRNO = LINKER.downcallHandle(GETPPID, PLAIN, ERRNO);
    private static final MethodHandle BY_NUMBER = LINKER.downcallHandle(
            SYSCALL,
            FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
            Linker.Option.firstVariadicArg(1),
            ERRNO);

    private final Kernel kernel = Kernel.linux();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
    private final Memory message = kernel.allocate(1024);
    private final int[] left = new int[2];
    private final int[] right = new int[2];
    private final PipePool pool = new PipePool(kernel, PipeBudget.of(kernel), 64 << 10, PipePool.Splicing.AUTO);
    private @Nullable Fd file;
    private @Nullable Fd nowhere;
    private @Nullable Lane lane;

    @Setup
    public void open() throws IOException {
        kernel.socketpair(Uapi.AF_UNIX, Uapi.SOCK_STREAM | Uapi.SOCK_NONBLOCK, 0, left);
        kernel.socketpair(Uapi.AF_UNIX, Uapi.SOCK_STREAM | Uapi.SOCK_NONBLOCK, 0, right);
        lane = new Lane(Fd.borrow(left[1]), Fd.borrow(right[0]), pool);
        file = Fd.open(Path.of("/proc/self/exe"));
        nowhere = Fd.open(kernel, Path.of("/dev/null"), java.nio.file.StandardOpenOption.WRITE);
    }

    @TearDown
    public void close() {
        Objects.requireNonNull(lane).close();
        for (int fd : new int[] {left[0], left[1], right[0], right[1]}) {
            kernel.close(fd);
        }
        Objects.requireNonNull(file).close();
        Objects.requireNonNull(nowhere).close();
        pool.close();
        message.close();
        arena.close();
    }

    // ---- shapes of a call that does next to nothing in the kernel ----

    @Benchmark
    public int directly() throws Throwable {
        return (int) DIRECT.invokeExact();
    }

    /// Without the change of the thread's state: only for calls that cannot wait.
    @Benchmark
    public int critically() throws Throwable {
        return (int) CRITICAL.invokeExact();
    }

    @Benchmark
    public int capturingErrno() throws Throwable {
        return (int) WITH_ERRNO.invokeExact(state);
    }

    /// The shape that Fid has.
    @Benchmark
    public long byNumberCapturingErrno() throws Throwable {
        return (long) BY_NUMBER.invokeExact(state, SYS_GETPPID);
    }

    // ---- what Fid does around calls ----

    @Benchmark
    public Plan planOfFileToDevNull() throws IOException {
        return Transfer.from(Objects.requireNonNull(file))
                .to(Objects.requireNonNull(nowhere))
                .plan();
    }

    /// A step that finds nothing to read.
    @Benchmark
    public Lane.Wait stepOfALaneThatWaits() throws IOException {
        return Objects.requireNonNull(lane).move();
    }

    /// A message of 1 KiB written into the one end, moved by a step, and read from the other: two calls beside those
    /// of the step.
    @Benchmark
    public Lane.Wait stepOfALaneWithAMessage() throws IOException {
        kernel.write(left[0], message, 0, 1024);
        Lane.Wait wait = Objects.requireNonNull(lane).move();
        if (kernel.read(right[1], message, 0, 1024) != 1024) {
            throw new IllegalStateException("the message did not arrive");
        }
        return wait;
    }
}
