package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// The two kinds of threads that a transfer may run on.
enum On {
    PLATFORM,
    VIRTUAL;

    private static final int PPOLL = System.getProperty("os.arch").equals("aarch64") ? 73 : 271;
    private static final long SECONDS = 30;

    /// A call under way on a thread of its own.
    ///
    /// @param status gets the thread's interrupt status at the end of the call
    record Task<T>(Thread thread, CompletableFuture<Integer> tid, CompletableFuture<T> result, AtomicBoolean status) {
        /// What the call returned; a failure is thrown as it is.
        T get() throws Exception {
            try {
                T value = result.get(SECONDS, TimeUnit.SECONDS);
                thread.join();
                return value;
            } catch (ExecutionException e) {
                thread.join();
                if (e.getCause() instanceof Exception cause) {
                    throw cause;
                }
                throw e;
            } catch (TimeoutException e) {
                throw new AssertionError(
                        "not done after " + SECONDS + " s, " + thread.getState() + " in "
                                + java.util.Arrays.toString(thread.getStackTrace()),
                        e);
            }
        }

        /// The errno that ended the call.
        ErrnoException failure() {
            ErrnoException failure = catchThrowableOfType(ErrnoException.class, this::get);
            assertThat(failure).as("the call should fail").isNotNull();
            return failure;
        }

        boolean isDone() {
            return result.isDone();
        }

        boolean keptInterrupt() {
            return status.get();
        }

        /// Returns once the thread waits for a descriptor: parked, or asleep in poll(2).
        Task<T> waits() throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (!isWaiting()) {
                assertThat(result).as("the call should wait").isNotDone();
                assertThat(System.nanoTime()).as("the call should wait").isLessThan(end);
                Thread.onSpinWait();
            }
            return this;
        }

        private boolean isWaiting() throws Exception {
            if (thread.isVirtual()) {
                return (thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING)
                        && java.util.Arrays.stream(thread.getStackTrace())
                                .anyMatch(frame -> frame.getClassName().equals("dev.fid.wait.Poller")
                                        || frame.getClassName().equals("dev.fid.wait.Readiness"));
            }
            if (java.util.Arrays.stream(thread.getStackTrace())
                    .anyMatch(frame -> frame.getClassName().startsWith("dev.fid.model.Model"))) {
                return thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING;
            }
            Path task = Path.of("/proc/self/task/" + tid.get(SECONDS, TimeUnit.SECONDS));
            try {
                return Files.readString(task.resolve("syscall")).startsWith(PPOLL + " ");
            } catch (IOException e) {
                return false; // it has ended
            }
        }
    }

    <T> Task<T> start(Callable<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        CompletableFuture<Integer> tid = new CompletableFuture<>();
        AtomicBoolean status = new AtomicBoolean();
        Runnable body = () -> {
            tid.complete(this == PLATFORM ? Kernel.linux().gettid() : 0);
            try {
                T value = call.call();
                status.set(Thread.currentThread().isInterrupted());
                result.complete(value);
            } catch (Throwable t) {
                status.set(Thread.currentThread().isInterrupted());
                result.completeExceptionally(t);
            }
        };
        Thread thread = this == PLATFORM
                ? Thread.ofPlatform().daemon().name("test").start(body)
                : Thread.ofVirtual().name("test").start(body);
        return new Task<>(thread, tid, result, status);
    }

    <T> T run(Callable<T> call) throws Exception {
        return start(call).get();
    }
}
