package examples.articles;

import static dev.fid.kernel.Uapi.SPLICE_F_MORE;
import static dev.fid.kernel.Uapi.SPLICE_F_MOVE;
import static examples.articles.Calls.KERNEL;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import java.io.IOException;

/// The same loop as ReadWriteLoop with the pipe in the place of the buffer.
///
///     bin/example SpliceLoop IN OUT           # exit code 0, 3 input error, 4 output error, 5 file system full
///
/// Not every descriptor can be spliced (EINVAL: most of procfs, /dev/full, a file opened for append). Then the loop
/// says so and goes on by read and write, and what is in the pipe by then goes first. So /dev/full is "file system
/// full" here too, which splice itself never says of it.
public final class SpliceLoop {
    private SpliceLoop() {}

    public static void main(String... arguments) throws IOException {
        try (Fd in = Calls.input(arguments[0]);
                Fd out = Calls.output(arguments[1])) {
            run(KERNEL, in.number(), out.number()).exit();
        }
    }

    // tag::run[]
    public static Ended run(Kernel kernel, int in, int out) throws IOException {
        long moved = 0;
        try (PipeEnds pipe = PipeEnds.open()) {
            while (true) {
                long got = kernel.splice(in, null, pipe.w(), null, Integer.MAX_VALUE, SPLICE_F_MOVE | SPLICE_F_MORE);
                if (got == 0) {
                    return Ended.done(moved);
                }
                if (got == -Errno.EINTR) {
                    continue;
                }
                if (got == -Errno.EINVAL) {
                    return byReadAndWrite(kernel, in, out, moved, "input");
                }
                if (got < 0) {
                    return Ended.input(got, moved);
                }
                for (long left = got; left > 0; ) {
                    long put = kernel.splice(pipe.r(), null, out, null, left, SPLICE_F_MOVE);
                    if (put > 0) {
                        left -= put;
                        moved += put;
                    } else if (put == -Errno.EINVAL) {
                        // What is in the pipe has left the input: it comes first, or it would be lost.
                        Ended rest = ReadWriteLoop.run(kernel, pipe.r(), out, left);
                        moved += rest.moved();
                        return rest.kind() == Ended.Kind.DONE
                                ? byReadAndWrite(kernel, in, out, moved, "output")
                                : new Ended(rest.kind(), rest.errno(), moved);
                    } else if (put != -Errno.EINTR) {
                        return Ended.output(put, moved);
                    }
                }
            }
        }
    }
    // end::run[]

    private static Ended byReadAndWrite(Kernel kernel, int in, int out, long moved, String side) {
        System.err.println("splice is not possible with this " + side + ": read and write instead");
        Ended ended = ReadWriteLoop.run(kernel, in, out);
        return new Ended(ended.kind(), ended.errno(), moved + ended.moved());
    }
}
