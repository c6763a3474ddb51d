package examples.articles;

import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;
import static examples.articles.Calls.checkMoved;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Accepts one TCP connection and writes what it sends to a file, by two splices.
///
///     bin/example SocketToFile PORT FILE
///
/// Port 0 takes a free one; the first line of output names it. Received data lies in pages of the network stack, so
/// the first splice moves references; the second one copies, into the page cache of the file. A bigger pipe pays
/// here: docs/measured.md has 64 KiB against 1 MiB.
public final class SocketToFile {
    private static final int CHUNK = 1 << 20; // 1 MiB

    private SocketToFile() {}

    public static void main(String... arguments) throws IOException {
        try (Fd listener =
                Fd.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0])))) {
            System.out.println("listening on " + ((InetSocketAddress) listener.localAddress()).getPort());
            try (Fd in = listener.accept();
                    Fd out = Calls.output(arguments[1])) {
                System.out.println(receive(in, out) + " bytes received");
            }
        }
    }

    // tag::receive[]
    static long receive(Fd in, Fd out) throws ErrnoException {
        long moved = 0;
        try (PipeEnds pipe = PipeEnds.open()) {
            while (true) {
                // The pipe is empty, so EAGAIN can only be the socket's: no bytes yet.
                long got = KERNEL.splice(in.number(), null, pipe.w(), null, CHUNK, 0);
                if (got == -Errno.EAGAIN) {
                    Sockets.awaitBytes(in);
                    continue;
                }
                if (check(got, "splice", in) == 0) {
                    return moved; // the peer is done
                }
                for (long left = got; left > 0; ) {
                    left -= checkMoved(KERNEL.splice(pipe.r(), null, out.number(), null, left, 0), "splice", out);
                }
                moved += got;
            }
        }
    }
    // end::receive[]
}
