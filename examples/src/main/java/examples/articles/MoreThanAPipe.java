package examples.articles;

import static dev.fid.kernel.Uapi.SPLICE_F_MOVE;
import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.checkMoved;

import dev.fid.Fd;
import dev.fid.kernel.Offset;
import java.io.IOException;

/// Copies a file of any size through a pipe of 64 KiB: the loop of the second article, done right.
///
///     bin/example MoreThanAPipe IN OUT
///
/// The article's loop asks for `size - offIn` and takes the count from `size` as well, so what it asks for shrinks
/// twice as fast as what is left: it reaches 0 at half of the file, and from there on a count of 0 changes nothing
/// any more. One variable is enough: what is left. And the second splice may move less than the first, so it has a
/// loop of its own.
public final class MoreThanAPipe {
    private MoreThanAPipe() {}

    public static void main(String... arguments) throws IOException {
        try (Fd in = Calls.input(arguments[0]);
                Fd out = Calls.output(arguments[1]);
                PipeEnds pipe = PipeEnds.open()) {
            // tag::loop[]
            Offset offIn = new Offset(0);
            Offset offOut = new Offset(0);
            long left = in.facts().size();
            while (left > 0) {
                long len = KERNEL.splice(in.number(), offIn, pipe.w(), null, left, SPLICE_F_MOVE);
                left -= checkMoved(len, "splice", in);
                while (len > 0) {
                    long put = KERNEL.splice(pipe.r(), null, out.number(), offOut, len, SPLICE_F_MOVE);
                    len -= checkMoved(put, "splice", out);
                }
            }
            // end::loop[]
            System.out.println(offOut + " bytes");
        }
    }
}
