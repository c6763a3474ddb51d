package dev.fid.wait;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PollerTest {
    private final Kernel linux = Kernel.linux();
    private final AtomicInteger errors = new AtomicInteger(3);

    /// The machine's kernel, whose first waits end with an Error of the JVM.
    private Kernel failing() {
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("epollWait") && errors.getAndDecrement() > 0) {
                        throw new OutOfMemoryError("made by the test");
                    }
                    try {
                        return method.invoke(linux, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /// It is the only one of all virtual threads.
    @Test
    void anErrorDoesNotEndIt() throws Exception {
        int[] pipe = new int[2];
        assertThat(linux.pipe2(pipe, Uapi.O_CLOEXEC | Uapi.O_NONBLOCK)).isZero();
        try (Memory memory = linux.allocate(1)) {
            Poller poller = Poller.started(failing());
            CompletableFuture<Boolean> ready = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                Readiness.Set set = new Readiness.Set();
                set.add(pipe[0], Uapi.POLLIN);
                try (Readiness readiness = new Readiness(linux)) {
                    ready.complete(poller.await(set, Deadline.NEVER, readiness));
                } catch (Exception e) {
                    ready.completeExceptionally(e);
                }
            });
            assertThat(linux.write(pipe[1], memory, 0, 1)).isEqualTo(1);
            assertThat(ready.get(60, TimeUnit.SECONDS)).isTrue();
            assertThat(errors.get()).isNegative();
        } finally {
            linux.close(pipe[0]);
            linux.close(pipe[1]);
        }
    }
}
