package dev.fid.net.loop;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import io.netty.channel.IoEventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// What an event loop lends to those who live on it: its thread, its counts, memory for a header, a descriptor for bad
/// times. All but {@link #ask} runs on the loop's thread.
public final class LoopHome {
    private static final long PATIENCE_SECONDS = 10;

    public final Kernel kernel;
    public final IoEventLoop loop;
    public final LoopCounters tally = new LoopCounters();
    /// For the upstream of the next client.
    public final DescriptorReserve reserve;
    /// For PROXY headers.
    public final Memory scratch;
    private final ArrayDeque<Runnable> closing = new ArrayDeque<>();

    /// @param scratch bytes of memory that are lent
    public LoopHome(Kernel kernel, IoEventLoop loop, long scratch) {
        this.kernel = kernel;
        this.loop = loop;
        this.reserve = new DescriptorReserve(kernel, 1);
        this.scratch = kernel.allocate(scratch);
    }

    /// Tells of a bug as the JVM tells of one that ends a thread.
    public void report(Throwable bug) {
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, bug);
    }

    /// Runs something once, later.
    @SuppressWarnings("FutureReturnValueIgnored") // nobody asks for it: what it does, it does to a connection
    public void later(long millis, Runnable task) {
        loop.schedule(
                () -> {
                    try {
                        task.run();
                    } catch (RuntimeException e) {
                        report(e); // else the future that nobody asks for keeps it
                    }
                },
                millis,
                TimeUnit.MILLISECONDS);
    }

    /// Closes what has left the loop, after the events at hand. Netty knows a descriptor by its number
    /// alone: a later one of these events may be for this number, and would go to whoever was accepted, or
    /// dialed, with it meanwhile.
    public void closeSoon(Runnable sockets) {
        closing.add(sockets);
        if (closing.size() == 1) {
            loop.execute(this::closeAll);
        }
    }

    public void closeAll() {
        for (Runnable each = closing.poll(); each != null; each = closing.poll()) {
            try {
                each.run();
            } catch (RuntimeException e) {
                report(e); // the others are closed all the same
            }
        }
    }

    /// Runs a question on the loop, from any thread.
    public <T> T ask(Supplier<T> question) {
        if (loop.inEventLoop()) {
            return question.get();
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                answer.complete(question.get());
            } catch (Throwable t) {
                answer.completeExceptionally(t);
            }
        });
        try {
            return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("an event loop does not answer", e);
        }
    }

    /// When nobody lives here any more.
    public void close() {
        reserve.close();
        closeAll();
        scratch.close();
    }
}
