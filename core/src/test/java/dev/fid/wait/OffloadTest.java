package dev.fid.wait;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OffloadTest {
    private static final int HUNG = 40; // more than the pool has threads

    private final Kernel kernel = Kernel.linux();

    private static CompletableFuture<Long> onAVirtualThread(java.util.function.LongSupplier call) {
        CompletableFuture<Long> result = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> result.complete(Readiness.offload(call)));
        return result;
    }

    /// A file system whose server is gone answers no read; an empty pipe in blocking mode does the same to a thread.
    @Test
    void callsThatHangHoldUpNoOthers() throws Exception {
        int[] pipe = new int[2];
        assertThat(kernel.pipe2(pipe, Uapi.O_CLOEXEC)).isZero();
        List<CompletableFuture<Long>> hung = new ArrayList<>();
        try (Memory memory = kernel.allocate(HUNG)) {
            for (int i = 0; i < HUNG; i++) {
                long at = i;
                hung.add(onAVirtualThread(() -> kernel.read(pipe[0], memory, at, 1)));
            }
            assertThat(onAVirtualThread(() -> 42).get(60, TimeUnit.SECONDS)).isEqualTo(42);
            assertThat(kernel.write(pipe[1], memory, 0, HUNG)).isEqualTo(HUNG);
            for (CompletableFuture<Long> each : hung) {
                assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo(1);
            }
        } finally {
            kernel.close(pipe[0]);
            kernel.close(pipe[1]);
        }
    }
}
