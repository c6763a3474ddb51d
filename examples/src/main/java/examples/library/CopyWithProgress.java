package examples.library;

import dev.fid.Fd;
import dev.fid.files.Replacement;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/// Copies a file, tells how far it is, and puts the copy in place only when it is whole.
///
///     bin/example CopyWithProgress IN OUT
public final class CopyWithProgress {
    private CopyWithProgress() {}

    public static void main(String... arguments) throws IOException {
        // tag::copy[]
        try (Fd in = Fd.open(Path.of(arguments[0]));
                Replacement file = Replacement.of(Path.of(arguments[1]))) {
            Moved moved = Transfer.from(in)
                    .to(file.fd())
                    .progress(
                            Duration.ofMillis(200),
                            p -> System.err.println(p.bytes() + " of " + p.length() + " by " + p.method()))
                    .run();
            file.commit(true); // on the disk, and under its name, when this returns
            System.out.println(moved);
        }
        // end::copy[]
    }
}
