package examples.articles;

import static dev.fid.kernel.Uapi.SPLICE_F_MORE;
import static dev.fid.kernel.Uapi.SPLICE_F_MOVE;
import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.checkMoved;

import dev.fid.Fd;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Offset;
import java.io.IOException;

/// Copies a file by two splices and one pipe, with offsets passed by pointer.
///
///     bin/example SpliceCopy IN OUT [LEN]
///
/// LEN is what one call asks for, 4096 by default; `pipe` asks for as much as the pipe holds. Any LEN is safe here,
/// 1 byte or 1 GiB: a call gives what the pipe takes and returns the count, and nothing is put into the pipe before
/// the last bytes were taken out. What does hang is a second call into a full pipe that nobody drains.
///
/// Both offsets move on by what was moved; the descriptors' own positions stay where they are. SPLICE_F_MOVE has no
/// effect since Linux 2.6.21.
public final class SpliceCopy {
    private SpliceCopy() {}

    public static void main(String... arguments) throws IOException {
        String asked = arguments.length > 2 ? arguments[2] : "4096";
        try (Fd in = Calls.input(arguments[0]);
                Fd out = Calls.output(arguments[1]);
                PipeEnds pipe = PipeEnds.open()) {
            long len = asked.equals("pipe") ? pipe.capacity() : Long.parseLong(asked);
            System.out.println(copy(in, out, pipe, len) + " bytes, " + len + " asked for in a call");
        }
    }

    // tag::copy[]
    static long copy(Fd in, Fd out, PipeEnds pipe, long len) throws ErrnoException {
        long length = in.facts().size();
        Offset offIn = new Offset(0);
        Offset offOut = new Offset(0);
        while (offIn.value < length) {
            long ask = Math.min(len, length - offIn.value);
            long got = KERNEL.splice(in.number(), offIn, pipe.w(), null, ask, SPLICE_F_MORE | SPLICE_F_MOVE);
            checkMoved(got, "splice", in + " to the pipe");
            while (offOut.value < offIn.value) {
                long rest = offIn.value - offOut.value;
                long put = KERNEL.splice(pipe.r(), null, out.number(), offOut, rest, SPLICE_F_MORE | SPLICE_F_MOVE);
                checkMoved(put, "splice", "the pipe to " + out);
            }
        }
        return offOut.value;
    }
    // end::copy[]
}
