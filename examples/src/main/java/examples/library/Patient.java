package examples.library;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/// Copies from a FIFO or device that may fall silent: after a second without a byte it says so and goes on, at most
/// ATTEMPTS times. Nothing that was read before is lost.
///
///     bin/example Patient IN OUT ATTEMPTS
public final class Patient {
    private Patient() {}

    public static void main(String... arguments) throws IOException {
        int attempts = Integer.parseInt(arguments[2]);
        try (Fd in = Fd.open(Path.of(arguments[0]));
                Fd out = Fd.open(
                        Path.of(arguments[1]),
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            System.out.println(copy(in, out, attempts) + " bytes");
        }
    }

    private static long copy(Fd in, Fd out, int attempts) throws ErrnoException {
        // tag::resume[]
        Transfer transfer = Transfer.from(in).to(out).idleTimeout(Duration.ofSeconds(1));
        long moved = 0;
        for (int attempt = 1; ; attempt++) {
            try {
                moved += (attempt == 1 ? transfer.run() : transfer.resume()).bytes();
                break;
            } catch (ErrnoException e) {
                moved += e.moved();
                if (e.errno() != Errno.ETIMEDOUT || attempt == attempts) {
                    throw e;
                }
                System.err.println(e.getMessage() + "; once more");
            }
        }
        // end::resume[]
        return moved;
    }
}
