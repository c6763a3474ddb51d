package dev.fid.bench;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What a system call costs through the Foreign Function API, and that it allocates nothing: {@link CallCostTest}
/// runs it briefly. For figures: `main` of `org.openjdk.jmh.Main` on the test class path, with `-prof gc`.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CallCost {
    /// Calls on one virtual thread, so that starting it weighs nothing.
    static final int CALLS = 100_000;

    private final Kernel kernel = Kernel.linux();
    private final int[] empty = new int[2];
    private final int[] other = new int[2];
    private final Memory memory = kernel.allocate(4096);
    private final Offset offset = new Offset(0);
    private int zero;
    private int nowhere;

    @Setup
    public void open() {
        kernel.pipe2(empty, Uapi.O_CLOEXEC | Uapi.O_NONBLOCK);
        kernel.pipe2(other, Uapi.O_CLOEXEC | Uapi.O_NONBLOCK);
        zero = kernel.openat(Uapi.AT_FDCWD, "/dev/zero".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0, 0);
        nowhere = kernel.openat(
                Uapi.AT_FDCWD, "/dev/null".getBytes(java.nio.charset.StandardCharsets.US_ASCII), Uapi.O_WRONLY, 0);
    }

    @TearDown
    public void close() {
        for (int fd : new int[] {empty[0], empty[1], other[0], other[1], zero, nowhere}) {
            kernel.close(fd);
        }
        memory.close();
    }

    /// A call that fails: its errno is captured and comes back negative.
    @Benchmark
    public long spliceSaysAgain() {
        return expect(-Errno.EAGAIN, kernel.splice(empty[0], null, other[1], null, 4096, Uapi.SPLICE_F_NONBLOCK));
    }

    @Benchmark
    public long readOneByte() {
        return expect(1, kernel.read(zero, memory, 0, 1));
    }

    @Benchmark
    public long writeOneByte() {
        return expect(1, kernel.write(nowhere, memory, 0, 1));
    }

    /// An offset in and out goes through scratch memory.
    @Benchmark
    public long sendfileWithOffset() {
        offset.value = 0;
        return expect(-Errno.ESPIPE, kernel.sendfile(empty[0], offset, nowhere, 1));
    }

    /// The same on a virtual thread, which borrows its scratch memory for each call.
    @Benchmark
    @OperationsPerInvocation(CALLS)
    public void readOneByteOnAVirtualThread() throws InterruptedException {
        Thread.ofVirtual()
                .start(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        expect(1, kernel.read(zero, memory, 0, 1));
                    }
                })
                .join();
    }

    @Benchmark
    @OperationsPerInvocation(CALLS)
    public void spliceSaysAgainOnAVirtualThread() throws InterruptedException, ExecutionException {
        Thread.ofVirtual()
                .start(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        expect(
                                -Errno.EAGAIN,
                                kernel.splice(empty[0], null, other[1], null, 4096, Uapi.SPLICE_F_NONBLOCK));
                    }
                })
                .join();
    }

    private static long expect(long expected, long result) {
        if (result != expected) {
            throw new IllegalStateException(expected + " was expected, not " + result);
        }
        return result;
    }
}
