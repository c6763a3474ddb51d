package examples.articles;

import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;

import dev.fid.Fd;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Memory;
import java.io.IOException;

/// Copies a file by read(2) and write(2): two copies by the CPU for each byte, one into the buffer and one out of
/// it.
///
///     bin/example ReadWriteCopy IN OUT
///
/// read(2) may give fewer bytes than asked for and write(2) may take fewer than offered, so the inner loop goes on
/// until the buffer is empty. A program that writes once and takes the count for granted loses the rest.
public final class ReadWriteCopy {
    private static final int BUFFER = 128 << 10; // 128 KiB

    private ReadWriteCopy() {}

    public static void main(String... arguments) throws IOException {
        try (Fd in = Calls.input(arguments[0]);
                Fd out = Calls.output(arguments[1])) {
            System.out.println(copy(in, out) + " bytes");
        }
    }

    // tag::copy[]
    static long copy(Fd in, Fd out) throws ErrnoException {
        long moved = 0;
        try (Memory buffer = KERNEL.allocate(BUFFER)) {
            while (true) {
                long got = check(KERNEL.read(in.number(), buffer, 0, BUFFER), "read", in);
                if (got == 0) {
                    return moved;
                }
                for (long at = 0; at < got; ) {
                    at += check(KERNEL.write(out.number(), buffer, at, got - at), "write", out);
                }
                moved += got;
            }
        }
    }
    // end::copy[]
}
