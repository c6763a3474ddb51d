package dev.fid;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;

/// {@link Fd#channel}.
final class FdChannel implements ByteChannel {
    private final Fd fd;
    private final FdIo io;

    FdChannel(Fd fd) {
        this.fd = fd;
        this.io = new FdIo(fd);
    }

    @Override
    public synchronized int read(ByteBuffer target) throws IOException {
        open();
        int len = target.remaining();
        return len == 0 ? 0 : io.read(len, (memory, read) -> target.put(memory.window(0, read)));
    }

    @Override
    public synchronized int write(ByteBuffer source) throws IOException {
        open();
        int len = Math.min(source.remaining(), FdIo.BUFFER);
        if (len > 0) {
            byte[] piece = new byte[len];
            source.duplicate().get(piece);
            io.writeAll(len, memory -> memory.put(0, piece, 0, len));
            source.position(source.position() + len);
        }
        return len;
    }

    private void open() throws ClosedChannelException {
        if (fd.isClosed()) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public boolean isOpen() {
        return !fd.isClosed();
    }

    @Override
    public void close() throws IOException {
        io.close();
        fd.closeChecked();
    }
}
