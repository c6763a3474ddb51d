package examples.articles;

import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Passes one direction of a TCP connection on to another host: what comes in at PORT goes to HOST THERE.
///
///     bin/example SocketToSocket PORT HOST THERE
///
/// splice(2) does not join two sockets, and says EINVAL: a pipe stands between them. Both splices move references,
/// so the bytes are never copied by the CPU. The end of the input becomes a half-close of the output, after the pipe
/// is empty. For both directions at once see `examples.library.Relay`.
public final class SocketToSocket {
    private static final int CHUNK = 1 << 20; // 1 MiB

    private SocketToSocket() {}

    public static void main(String... arguments) throws IOException {
        try (Fd listener =
                Fd.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0])))) {
            System.out.println("listening on " + ((InetSocketAddress) listener.localAddress()).getPort());
            try (Fd in = listener.accept();
                    Fd out = Fd.connect(new InetSocketAddress(arguments[1], Integer.parseInt(arguments[2])))) {
                System.out.println(pass(in, out) + " bytes passed on");
                out.shutdownOutput();
            }
        }
    }

    // tag::pass[]
    static long pass(Fd in, Fd out) throws ErrnoException {
        long moved = 0;
        try (PipeEnds pipe = PipeEnds.open()) {
            while (true) {
                long got = KERNEL.splice(in.number(), null, pipe.w(), null, CHUNK, 0);
                if (got == -Errno.EAGAIN) {
                    Sockets.awaitBytes(in);
                    continue;
                }
                if (check(got, "splice", in) == 0) {
                    return moved;
                }
                for (long left = got; left > 0; ) {
                    Sockets.awaitRoom(out);
                    left -= Sockets.orNothingYet(KERNEL.splice(pipe.r(), null, out.number(), null, left, 0), out);
                }
                moved += got;
            }
        }
    }
    // end::pass[]
}
