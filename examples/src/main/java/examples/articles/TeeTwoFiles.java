package examples.articles;

import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;
import static examples.articles.Calls.checkMoved;

import dev.fid.Fd;
import dev.fid.kernel.ErrnoException;
import java.io.IOException;

/// Copies one file into two: splice into a pipe, tee(2) into a second pipe, splice out of both.
///
///     bin/example TeeTwoFiles IN OUT1 OUT2
///
/// The second article's program does each step once with 10086 bytes: a larger file is cut off, and an empty one
/// leaves it waiting at an empty pipe whose write end it holds itself. Here the steps go round until the file ends.
///
/// A tee starts at the head of the first pipe each time, so it cannot be resumed in the middle: both pipes are empty
/// at the start of a round and of one size, so that one tee takes all of it.
public final class TeeTwoFiles {
    private TeeTwoFiles() {}

    public static void main(String... arguments) throws IOException {
        try (Fd in = Calls.input(arguments[0]);
                Fd out1 = Calls.output(arguments[1]);
                Fd out2 = Calls.output(arguments[2])) {
            System.out.println(copy(in, out1, out2) + " bytes into each");
        }
    }

    // tag::copy[]
    static long copy(Fd in, Fd out1, Fd out2) throws ErrnoException {
        long moved = 0;
        try (PipeEnds first = PipeEnds.open();
                PipeEnds second = PipeEnds.open()) {
            while (true) {
                long got = check(KERNEL.splice(in.number(), null, first.w(), null, first.capacity(), 0), "splice", in);
                if (got == 0) {
                    return moved;
                }
                long doubled = checkMoved(KERNEL.tee(first.r(), second.w(), got, 0), "tee", "");
                if (doubled < got) {
                    throw new IllegalStateException("the second pipe has fewer slots than the first");
                }
                drain(first, out1, got);
                drain(second, out2, got);
                moved += got;
            }
        }
    }

    private static void drain(PipeEnds pipe, Fd out, long len) throws ErrnoException {
        for (long left = len; left > 0; ) {
            left -= checkMoved(KERNEL.splice(pipe.r(), null, out.number(), null, left, 0), "splice", out);
        }
    }
    // end::copy[]
}
