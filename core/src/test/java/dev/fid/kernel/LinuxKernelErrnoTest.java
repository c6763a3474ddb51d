package dev.fid.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The errno that a thread sees is that of its own call.
class LinuxKernelErrnoTest {
    private static final int ROUNDS = 20_000;

    private final Kernel kernel = Kernel.linux();

    enum Threads {
        PLATFORM {
            @Override
            ExecutorService executor() {
                return Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory());
            }
        },
        VIRTUAL {
            @Override
            ExecutorService executor() {
                return Executors.newVirtualThreadPerTaskExecutor();
            }
        };

        abstract ExecutorService executor();
    }

    @ParameterizedTest
    @EnumSource
    void threadsThatFailAtTheSameTimeSeeTheirOwnErrno(Threads kind) throws Exception {
        List<Callable<Integer>> failing = List.of(
                () -> kernel.close(-1),
                () -> kernel.epollCreate(-1),
                () -> kernel.openat(Uapi.AT_FDCWD, "/nowhere/at/all".getBytes(UTF_8), 0, 0),
                () -> kernel.winsize(-1) == -Errno.EBADF ? kernel.mkdirat(Uapi.AT_FDCWD, "/".getBytes(UTF_8), 0) : 0);
        List<Integer> errnos = List.of(Errno.EBADF, Errno.EINVAL, Errno.ENOENT, Errno.EEXIST);
        CyclicBarrier start = new CyclicBarrier(failing.size());
        try (ExecutorService threads = kind.executor()) {
            List<Future<Integer>> wrong = new ArrayList<>();
            for (int i = 0; i < failing.size(); i++) {
                Callable<Integer> call = failing.get(i);
                int expected = -errnos.get(i);
                wrong.add(threads.submit(() -> {
                    start.await();
                    int differ = 0;
                    for (int round = 0; round < ROUNDS; round++) {
                        differ += call.call() == expected ? 0 : 1;
                    }
                    return differ;
                }));
            }
            for (Future<Integer> count : wrong) {
                assertThat(count.get()).isZero();
            }
        }
    }

    @Test
    void manyVirtualThreadsShareTheScratchMemoryOneAtATime() throws ExecutionException, InterruptedException {
        int[] pipe = new int[2];
        assertThat(kernel.pipe2(pipe, Uapi.O_CLOEXEC)).isZero();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> same = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                long off = 1_000_000L + i;
                same.add(threads.submit(() -> {
                    Offset offset = new Offset(off);
                    boolean kept = true;
                    for (int round = 0; round < 50; round++) {
                        kept &= kernel.splice(-1, offset, pipe[1], null, 1, 0) == -Errno.EBADF && offset.value == off;
                    }
                    return kept;
                }));
            }
            for (Future<Boolean> kept : same) {
                assertThat(kept.get()).isTrue();
            }
        } finally {
            kernel.close(pipe[0]);
            kernel.close(pipe[1]);
        }
    }
}
