package dev.fid.cli.endpoint;

import dev.fid.Fd;
import dev.fid.bench.measure.Human;
import dev.fid.cli.base.Failure;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Memory;
import java.io.IOException;

/// An open side of a copy, and what is due there after the last byte.
public abstract class End implements AutoCloseable {
    private final Fd fd;

    End(Fd fd) {
        this.fd = fd;
    }

    public final Fd fd() {
        return fd;
    }

    /// The side is complete: makes it so for others. Called once, after the last byte and the checks.
    ///
    /// @param durable whether the bytes must be on the disk
    public void finish(boolean durable) throws IOException, Failure {}

    /// No more bytes come: the other side is to see it, as far as that can be told apart from {@link #finish}.
    public void endOutput() {}

    /// A failure's cause that this side knows better than the kernel's errno, or nothing.
    public void explain() throws Failure {}

    /// What became of the destination when `moved` bytes had arrived and the copy failed.
    public String remains(long moved) {
        return moved == 0 ? "nothing was sent" : Human.bytes(moved) + " were sent";
    }

    @Override
    public void close() {
        fd.close();
    }

    /// Puts on the disk what was written, where there is one behind the descriptor.
    final void sync(boolean durable) throws ErrnoException {
        int result = durable && fd.kind().isSeekable() ? fd.kernel().fsync(fd.number()) : 0;
        if (result < 0) {
            throw new ErrnoException("fsync", fd.toString(), -result);
        }
    }

    /// An inherited descriptor, or a source: it stays open.
    public static final class Plain extends End {
        public Plain(Fd fd) {
            super(fd);
        }

        @Override
        public void finish(boolean durable) throws ErrnoException {
            sync(durable);
        }
    }

    /// As grep(1) has it: a NUL among the first bytes.
    public static boolean isBinary(Fd in, long offset) {
        try (Memory head = in.kernel().allocate(4096)) {
            long read = in.kernel().pread(in.number(), head, 0, 4096, offset);
            for (byte b : head.bytes(0, (int) Math.max(0, read))) {
                if (b == 0) {
                    return true;
                }
            }
            return false;
        }
    }
}
