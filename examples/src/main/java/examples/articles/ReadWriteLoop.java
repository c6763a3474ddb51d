package examples.articles;

import static examples.articles.Calls.KERNEL;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import java.io.IOException;

/// The whole read and write loop: EINTR, short counts, and three kinds of failure told apart.
///
///     bin/example ReadWriteLoop IN OUT        # exit code 0, 3 input error, 4 output error, 5 file system full
public final class ReadWriteLoop {
    private static final int BUFFER = 64 << 10; // 64 KiB

    private ReadWriteLoop() {}

    public static void main(String... arguments) throws IOException {
        try (Fd in = Calls.input(arguments[0]);
                Fd out = Calls.output(arguments[1])) {
            run(KERNEL, in.number(), out.number()).exit();
        }
    }

    // tag::run[]
    static Ended run(Kernel kernel, int in, int out, long len) {
        long moved = 0;
        try (Memory buffer = kernel.allocate(BUFFER)) {
            while (moved < len) {
                long got = kernel.read(in, buffer, 0, Math.min(BUFFER, len - moved));
                if (got == 0) {
                    break;
                }
                if (got == -Errno.EINTR) {
                    continue; // nothing was read: ask again
                }
                if (got < 0) {
                    return Ended.input(got, moved);
                }
                for (long at = 0; at < got; ) {
                    long put = kernel.write(out, buffer, at, got - at);
                    if (put > 0) {
                        at += put; // fewer than offered is no error: go on with the rest
                        moved += put;
                    } else if (put != -Errno.EINTR) {
                        return Ended.output(put, moved);
                    }
                }
            }
            return Ended.done(moved);
        }
    }
    // end::run[]

    /// Copies all that `in` has to `out`, both blocking.
    public static Ended run(Kernel kernel, int in, int out) {
        return run(kernel, in, out, Long.MAX_VALUE);
    }
}
