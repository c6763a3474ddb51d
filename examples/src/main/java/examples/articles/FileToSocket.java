package examples.articles;

import static dev.fid.kernel.Uapi.SPLICE_F_MORE;
import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;

import dev.fid.Fd;
import dev.fid.kernel.ErrnoException;
import java.io.IOException;
import java.net.InetSocketAddress;

/// Sends a file to a TCP peer: by two splices as the articles do, or by sendfile(2).
///
///     bin/example FileToSocket FILE HOST PORT [sendfile]
///
/// No byte is copied by the CPU on either way: the pipe's slots, and then the socket's send queue, hold references
/// to the file's pages. SPLICE_F_MORE is said only while more follows: on the last piece TCP would wait 200 ms for
/// the rest of a segment.
public final class FileToSocket {
    private static final int CHUNK = 1 << 20; // 1 MiB

    private FileToSocket() {}

    public static void main(String... arguments) throws IOException {
        boolean sendfile = arguments.length > 3 && arguments[3].equals("sendfile");
        try (Fd in = Calls.input(arguments[0]);
                Fd out = Fd.connect(new InetSocketAddress(arguments[1], Integer.parseInt(arguments[2])))) {
            System.out.println((sendfile ? sendfile(in, out) : splice(in, out)) + " bytes sent");
            out.shutdownOutput();
        }
    }

    // tag::splice[]
    private static long splice(Fd in, Fd out) throws ErrnoException {
        long length = in.facts().size();
        long moved = 0;
        try (PipeEnds pipe = PipeEnds.open()) {
            while (true) {
                long got = check(KERNEL.splice(in.number(), null, pipe.w(), null, CHUNK, 0), "splice", in);
                if (got == 0) {
                    return moved;
                }
                moved += got;
                int flags = moved < length ? SPLICE_F_MORE : 0;
                for (long left = got; left > 0; ) {
                    // Our own sockets are non-blocking: wait for room instead of in the call.
                    Sockets.awaitRoom(out);
                    long put = KERNEL.splice(pipe.r(), null, out.number(), null, left, flags);
                    left -= Sockets.orNothingYet(put, out);
                }
            }
        }
    }
    // end::splice[]

    private static long sendfile(Fd in, Fd out) throws ErrnoException {
        long moved = 0;
        while (true) {
            Sockets.awaitRoom(out);
            long put = KERNEL.sendfile(in.number(), null, out.number(), CHUNK);
            if (put == 0) {
                return moved;
            }
            moved += Sockets.orNothingYet(put, out);
        }
    }
}
