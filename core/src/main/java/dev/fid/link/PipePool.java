package dev.fid.link;

import dev.fid.Pipe;
import dev.fid.PipeBudget;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.wait.Users;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// What the lanes of one event loop share: a buffer for small messages, and empty pipes for bulk. A lane takes a
/// pipe only while bytes are in it, so that thousands of idle connections need none.
///
/// A pipe that still holds bytes never comes back: it is closed, or one connection's bytes would reach another.
/// For one thread; {@link #close} may come from any. Lanes that are still open keep the buffer.
public final class PipePool implements AutoCloseable {
    /// When lanes splice.
    public enum Splicing {
        /// What costs less: bulk through a pipe, small messages through the buffer.
        AUTO,
        /// All through a pipe.
        ALWAYS,
        /// All through the buffer.
        NEVER
    }

    /// Bytes of the buffer: a read that fills it is the sign of bulk.
    static final int BUFFER = 64 << 10; // 64 KiB
    private static final long CAPACITY = 1 << 20; // 1 MiB

    /// Spare pipes that are kept; more are closed when they come back.
    private static final int SPARES = 64;

    private final Kernel kernel;
    private final PipeBudget budget;
    private final long capacity;
    private final Splicing splicing;
    private final Memory buffer;
    private long mark;
    private final ArrayDeque<Pipe> spares = new ArrayDeque<>();
    /// The lanes. Only their thread touches the spares, and after the last of them whoever frees them.
    private final Users lanes = new Users();

    /// @param capacity bytes that a pipe should hold
    public PipePool(Kernel kernel, PipeBudget budget, long capacity, Splicing splicing) {
        this.kernel = kernel;
        this.budget = budget;
        this.capacity = capacity;
        this.splicing = splicing;
        this.buffer = kernel.allocate(BUFFER);
    }

    /// Pipes of up to 1 MiB, within what the user's limits leave, for lanes that splice where that costs less.
    public static PipePool of(Kernel kernel) {
        return new PipePool(kernel, PipeBudget.of(kernel), CAPACITY, Splicing.AUTO);
    }

    /// A lane begins to use the buffer and the spares.
    void enter() {
        if (!lanes.enter()) {
            throw new IllegalStateException("the pool of pipes is closed");
        }
    }

    void leave() {
        if (lanes.leave()) {
            free();
        }
    }

    Kernel kernel() {
        return kernel;
    }

    Splicing splicing() {
        return splicing;
    }

    /// Bytes below which a TCP input in bulk need not wake us; 0 for no mark.
    long mark() {
        return splicing == Splicing.NEVER ? 0 : mark;
    }

    /// Sets the mark that lanes give to TCP inputs in bulk (SO_RCVLOWAT), in bytes; 0, the default, for none.
    /// Whoever sets one and runs lanes from an event loop calls {@link Lane#sweep}; {@link Link#join} does so
    /// by itself.
    public PipePool mark(long bytes) {
        mark = bytes;
        return this;
    }

    Memory buffer() {
        return buffer;
    }

    /// An empty pipe, or null where the limits leave none; then `refusal` gets the reason.
    @Nullable
    Pipe take(PipeBudget.Refusal refusal) {
        Pipe pipe = spares.pollLast();
        return pipe != null ? pipe : budget.tryOpen(capacity, refusal);
    }

    /// Takes a pipe back.
    void give(Pipe pipe) {
        if (pipe.buffered() > 0 || spares.size() == SPARES || lanes.isClosed()) {
            pipe.close();
        } else {
            spares.addLast(pipe);
        }
    }

    /// Spare pipes.
    public int spares() {
        return spares.size();
    }

    /// Closes the spare pipes, when the last lane is closed.
    @Override
    public void close() {
        if (lanes.close()) {
            free();
        }
    }

    private void free() {
        spares.forEach(Pipe::close);
        spares.clear();
        buffer.close();
    }
}
