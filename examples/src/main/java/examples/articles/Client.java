package examples.articles;

import static dev.fid.kernel.Uapi.SPLICE_F_MORE;
import static dev.fid.kernel.Uapi.SPLICE_F_MOVE;
import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;

import dev.fid.Fd;
import dev.fid.kernel.Offset;
import java.io.IOException;

/// The first article's `client infile outfile`: 64 KiB steps by splice, or by read and write.
///
///     bin/example Client IN OUT [splice|readwrite]
///
/// The article's program moves 30 MiB whatever the file holds: with less it waits for ever at the second splice,
/// because the program itself holds a write end of the empty pipe, so the pipe never ends; with more it leaves the
/// rest out. Here the end of the file (a count of 0) ends the loop, and the second splice asks for what the first
/// one moved.
public final class Client {
    private static final int STEP = 64 << 10; // 64 KiB

    private Client() {}

    public static void main(String... arguments) throws IOException {
        if (arguments.length < 2) {
            System.err.println("usage: Client infile outfile [splice|readwrite]");
            System.exit(2);
        }
        boolean reading = arguments.length > 2 && arguments[2].equals("readwrite");
        try (Fd in = Calls.input(arguments[0]);
                Fd out = Calls.output(arguments[1]);
                PipeEnds pipe = PipeEnds.open()) {
            System.out.println((reading ? ReadWriteCopy.copy(in, out) : splice(in, out, pipe)) + " bytes");
        }
    }

    // tag::splice[]
    private static long splice(Fd in, Fd out, PipeEnds pipe) throws IOException {
        int flags = SPLICE_F_MORE | SPLICE_F_MOVE;
        Offset offIn = new Offset(0);
        Offset offOut = new Offset(0);
        while (check(KERNEL.splice(in.number(), offIn, pipe.w(), null, STEP, flags), "splice", in) > 0) {
            while (offOut.value < offIn.value) {
                long rest = offIn.value - offOut.value;
                check(KERNEL.splice(pipe.r(), null, out.number(), offOut, rest, flags), "splice", out);
            }
        }
        return offOut.value;
    }
    // end::splice[]
}
