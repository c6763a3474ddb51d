package dev.fid;

import static dev.fid.kernel.Uapi.MSG_DONTWAIT;
import static dev.fid.kernel.Uapi.MSG_NOSIGNAL;
import static dev.fid.kernel.Uapi.POLLIN;
import static dev.fid.kernel.Uapi.POLLOUT;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Reading and writing that waits, for the bridges to java.io and java.nio: one buffer, made by the first use.
final class FdIo implements AutoCloseable {
    static final int BUFFER = 64 << 10; // 64 KiB

    private final Fd fd;
    private final Kernel kernel;
    private final Readiness readiness;
    private @Nullable Memory buffer;
    private boolean asked;
    private boolean isSocket;
    private boolean mayBlock;

    FdIo(Fd fd) {
        this.fd = fd;
        this.kernel = fd.kernel();
        this.readiness = new Readiness(kernel);
    }

    /// Takes what was read to the start of the memory.
    interface Taker {
        void take(Memory memory, int read);
    }

    /// Reads up to `len` bytes, at most the buffer's; returns -1 at the end.
    int read(int len, Taker taker) throws ErrnoException {
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

    /// Writes `len` bytes, at most the buffer's, that `filler` puts at the start of the memory.
    void writeAll(int len, Consumer<Memory> filler) throws ErrnoException {
        Memory memory = buffer();
        filler.accept(memory);
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

    private long waiting(String call, short events, LongSupplier once) throws ErrnoException {
        boolean offload = mayBlock;
        boolean waits = offload && !fd.kindOrOther().isSeekable(); // borrowed, in blocking mode: it is asked first
        while (true) {
            if (waits && !readiness.await(fd, events, Readiness.NEVER)) {
                throw Readiness.givenUp("poll", fd.toString(), 0);
            }
            long result = offload ? Readiness.offload(once) : once.getAsLong();
            if (result == -Errno.EAGAIN) {
                if (!readiness.await(fd, events, Readiness.NEVER)) {
                    throw Readiness.givenUp("poll", fd.toString(), 0);
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
        readiness.close();
        if (buffer != null) {
            buffer.close();
            buffer = null;
        }
    }
}
