package dev.fid.cli.endpoint;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;

/// A connected socket. As destination it is half-closed after the last byte, and then the peer has two seconds to
/// close its side: only so is a reset seen that means the bytes were not taken. What the peer says meanwhile is
/// read and dropped, because closing with unread bytes would itself reset the connection.
final class SocketEnd extends End {
    private static final long LINGER_NANOS = 2_000_000_000L;

    SocketEnd(Fd fd) {
        super(fd);
    }

    @Override
    public void endOutput() {
        fd().kernel().shutdown(fd().number(), Uapi.SHUT_WR); // finish says what is wrong
    }

    @Override
    public void finish(boolean durable) throws ErrnoException {
        fd().shutdownOutput();
        Kernel kernel = fd().kernel();
        long end = kernel.nanoTime() + LINGER_NANOS;
        try (Memory buffer = kernel.allocate(4096)) {
            // In slices, so that an interrupt is seen.
            while (kernel.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
                kernel.poll(new int[] {fd().number()}, new short[] {Uapi.POLLIN}, new short[1], 1, 50);
                long read = kernel.recv(fd().number(), buffer, 0, 4096, Uapi.MSG_DONTWAIT);
                if (read == 0) {
                    return;
                }
                if (read < 0 && read != -Errno.EAGAIN && read != -Errno.EINTR) {
                    throw new ErrnoException("recv", fd().toString(), (int) -read);
                }
            }
        }
    }
}
