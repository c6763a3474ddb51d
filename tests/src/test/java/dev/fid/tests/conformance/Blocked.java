package dev.fid.tests.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// A call that runs in a thread of its own because it blocks: proven by what /proc says of the thread, not by
/// time.
final class Blocked {
    private static final boolean AARCH64 = System.getProperty("os.arch").equals("aarch64");

    static final int READ = AARCH64 ? 63 : 0;
    static final int WRITE = AARCH64 ? 64 : 1;
    static final int SENDFILE = AARCH64 ? 71 : 40;
    static final int SPLICE = AARCH64 ? 76 : 275;
    static final int VMSPLICE = AARCH64 ? 75 : 278;
    static final int TEE = AARCH64 ? 77 : 276;

    private final CompletableFuture<Long> result = new CompletableFuture<>();

    private Blocked() {}

    /// Starts `call` and returns once the thread sleeps in system call `number`.
    static Blocked in(int number, LongSupplier call) throws Exception {
        Blocked blocked = new Blocked();
        CompletableFuture<Integer> tid = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().daemon().name("blocked").start(() -> {
            tid.complete(Kernel.linux().gettid());
            try {
                blocked.result.complete(call.getAsLong());
            } catch (Throwable t) {
                blocked.result.completeExceptionally(t);
            }
        });
        Path task = Path.of("/proc/self/task/" + tid.get(10, TimeUnit.SECONDS));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!blocked.result.isDone() && !isParked(thread) && !sleepsIn(task, number)) {
            assertThat(System.nanoTime())
                    .as("the thread should sleep in the call")
                    .isLessThan(end);
            Thread.onSpinWait();
        }
        assertThat(blocked.result).as("the call should block").isNotDone();
        return blocked;
    }

    /// What the call returns, now that the test has made it possible.
    long result() throws Exception {
        return result.get(10, TimeUnit.SECONDS);
    }

    /// Whether it has returned already.
    boolean isDone() {
        return result.isDone();
    }

    /// A call of the model sleeps as Java threads do.
    private static boolean isParked(Thread thread) {
        return Arrays.stream(thread.getStackTrace())
                        .anyMatch(frame -> frame.getClassName().startsWith("dev.fid.model."))
                && thread.getState() == Thread.State.WAITING;
    }

    private static boolean sleepsIn(Path task, int number) throws IOException {
        try {
            String stat = Files.readString(task.resolve("stat"), ISO_8859_1);
            char state = stat.charAt(stat.lastIndexOf(')') + 2);
            return state == 'S'
                    && Files.readString(task.resolve("syscall"), ISO_8859_1).startsWith(number + " ");
        } catch (java.nio.file.NoSuchFileException e) {
            return false; // it has ended, so the result is there
        }
    }
}
