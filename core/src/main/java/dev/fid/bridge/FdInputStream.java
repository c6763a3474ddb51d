package dev.fid.bridge;

import dev.fid.Fd;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;

/// {@link Streams#input}.
final class FdInputStream extends InputStream {
    private final Fd fd;
    private final FdIo io;

    FdInputStream(Fd fd) {
        this.fd = fd;
        this.io = new FdIo(fd);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int index, int len) throws IOException {
        Objects.checkFromIndexSize(index, len, target.length);
        return len == 0 ? 0 : io.read(len, (memory, read) -> memory.get(0, target, index, read));
    }

    @Override
    public int available() throws IOException {
        return io.available();
    }

    /// Stays in the kernel where the output is a stream of an {@link Fd} too.
    @Override
    public long transferTo(OutputStream out) throws IOException {
        return out instanceof FdOutputStream other
                ? Transfer.from(fd).to(other.fd()).run().bytes()
                : super.transferTo(out);
    }

    @Override
    public void close() {
        io.close();
        fd.close();
    }
}
