package dev.fid.bridge;

import dev.fid.Fd;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/// {@link Streams#output}.
final class FdOutputStream extends OutputStream {
    private final Fd fd;
    private final FdIo io;

    FdOutputStream(Fd fd) {
        this.fd = fd;
        this.io = new FdIo(fd);
    }

    Fd fd() {
        return fd;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int index, int len) throws IOException {
        Objects.checkFromIndexSize(index, len, source.length);
        io.writeAll(len, (memory, from, piece) -> memory.put(0, source, index + from, piece));
    }

    /// Closes the descriptor, and tells of a write that failed only now.
    @Override
    public void close() throws IOException {
        io.close();
        fd.closeChecked();
    }
}
