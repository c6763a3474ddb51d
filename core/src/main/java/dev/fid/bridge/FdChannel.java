package dev.fid.bridge;

import dev.fid.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;

/// {@link Streams#channel}. As a SocketChannel it may be read by one thread while another one writes to it.
final class FdChannel implements ByteChannel {
    private final Fd fd;
    private final FdIo in;
    private final FdIo out;

    FdChannel(Fd fd) {
        this.fd = fd;
        this.in = new FdIo(fd);
        this.out = new FdIo(fd);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        open();
        int len = target.remaining();
        return len == 0 ? 0 : in.read(len, (memory, read) -> target.put(memory.window(0, read)));
    }

    /// Writes all that remains, as a blocking channel does; where it fails the position is behind the last whole piece
    /// that was written.
    @Override
    public int write(ByteBuffer source) throws IOException {
        open();
        int start = source.position();
        int len = source.remaining();
        out.writeAll(len, (memory, from, most) -> {
            source.position(start + from);
            byte[] piece = new byte[most];
            source.get(start + from, piece);
            memory.put(0, piece, 0, most);
        });
        source.position(start + len);
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
        in.close();
        out.close();
        fd.closeChecked();
    }
}
