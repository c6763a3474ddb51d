package dev.fid.bridge;

import static dev.fid.kernel.Uapi.MSG_DONTWAIT;
import static dev.fid.kernel.Uapi.MSG_NOSIGNAL;
import static dev.fid.kernel.Uapi.POLLIN;
import static dev.fid.kernel.Uapi.POLLOUT;

import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.wait.Deadline;
import dev.fid.wait.Readiness;
import dev.fid.wait.Users;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Reading or writing that waits, for the bridges to java.io and java.nio: one buffer, made by the first use.
/// Calls of several threads come one after the other. {@link #close} may come at any time and does not wait: the
/// call that goes on is woken, frees what there is, and ends with {@link AsynchronousCloseException}.
final class FdIo implements AutoCloseable {
    static final int BUFFER = 64 << 10; // 64 KiB

    private final Fd fd;
    private final Kernel kernel;
    private final Readiness readiness;
    private final Semaphore turn = new Semaphore(1);
    private final Users users = new Users();
    private @Nullable Memory buffer;
    private boolean asked;
    private boolean isSocket;
    private boolean mayBlock;

    FdIo(Fd fd) {
        this.fd = fd;
        this.kernel = fd.kernel();
        this.readiness = new Readiness(kernel, fd.use());
    }

    /// Takes what was read to the start of the memory.
    interface Taker {
        void take(Memory memory, int read);
    }

    /// Reads up to `len` bytes, at most the buffer's; returns -1 at the end.
    int read(int len, Taker taker) throws IOException {
        begin();
        try {
            return readOnce(len, taker);
        } finally {
            end();
        }
    }

    private int readOnce(int len, Taker taker) throws IOException {
        Memory memory = buffer();
        int most = Math.min(len, BUFFER);
        boolean socket = isSocket();
        long read = waiting(
                "read",
                (short) POLLIN,
                () -> socket
                        ? kernel.recv(fd.number(), memory, 0, most, MSG_DONTWAIT)
                        : kernel.read(fd.number(), memory, 0, most));
        if (read > 0) {
            taker.take(memory, (int) read);
        }
        return read == 0 ? -1 : (int) read;
    }

    /// Puts bytes to the start of the memory.
    interface Filler {
        void fill(Memory memory, int from, int len);
    }

    /// Writes `len` bytes, which `filler` puts into the memory piece by piece.
    void writeAll(int len, Filler filler) throws IOException {
        begin();
        try {
            for (int done = 0; done < len; ) {
                int piece = Math.min(len - done, BUFFER);
                filler.fill(buffer(), done, piece);
                write(buffer(), piece);
                done += piece;
            }
        } finally {
            end();
        }
    }

    /// Bytes that can be read without waiting.
    int available() throws IOException {
        begin();
        try {
            return Math.max(0, kernel.fionread(fd.number()));
        } finally {
            end();
        }
    }

    private void write(Memory memory, int len) throws IOException {
        boolean socket = isSocket();
        // After POLLOUT a pipe takes PIPE_BUF bytes without waiting, whoever set its mode. Source: pipe(7)
        int most = mayBlock && fd.kindOrOther() == FdKind.PIPE ? 4096 : BUFFER;
        for (int done = 0; done < len; ) {
            int from = done;
            long written = waiting(
                    "write",
                    (short) POLLOUT,
                    () -> socket
                            ? kernel.send(fd.number(), memory, from, len - from, MSG_DONTWAIT | MSG_NOSIGNAL)
                            : kernel.write(fd.number(), memory, from, Math.min(most, len - from)));
            done += (int) written;
        }
    }

    private boolean isSocket() throws ErrnoException {
        if (!asked) {
            isSocket = fd.kind().isSocket();
            mayBlock = fd.mayBlock();
            asked = true;
        }
        return isSocket;
    }

    /// @throws ClosedChannelException where it is closed
    private void begin() throws ClosedChannelException {
        turn.acquireUninterruptibly();
        if (users.enter()) {
            if (fd.use().tryEnter()) {
                return;
            }
            leave();
        }
        turn.release();
        throw new ClosedChannelException();
    }

    private void end() throws ErrnoException {
        if (fd.isClosed()) {
            users.close(); // there will be no other call, so the stream need not be closed to free what it has
        }
        int closed = fd.use().leave();
        leave();
        turn.release();
        fd.checkClosed(closed);
    }

    private void leave() {
        if (users.leave()) {
            free();
        }
    }

    private IOException ended() {
        return fd.isClosed() ? new AsynchronousCloseException() : Readiness.givenUp("poll", fd.toString(), 0);
    }

    private long waiting(String call, short events, LongSupplier once) throws IOException {
        boolean offload = mayBlock;
        boolean waits = offload && !fd.kindOrOther().isSeekable(); // borrowed, in blocking mode: it is asked first
        while (true) {
            if (waits && !readiness.await(fd.number(), events, Deadline.NEVER)) {
                throw ended();
            }
            long result = offload ? Readiness.offload(once) : once.getAsLong();
            if (result == -Errno.EAGAIN) {
                if (!readiness.await(fd.number(), events, Deadline.NEVER)) {
                    throw ended();
                }
            } else if (result != -Errno.EINTR) {
                return ErrnoException.check(result, call, fd.toString());
            }
        }
    }

    private Memory buffer() {
        Memory memory = buffer;
        if (memory == null) {
            memory = buffer = kernel.allocate(BUFFER);
        }
        return memory;
    }

    @Override
    public void close() {
        if (users.close()) {
            free();
        }
    }

    private void free() {
        readiness.close();
        if (buffer != null) {
            buffer.close();
            buffer = null;
        }
    }
}
