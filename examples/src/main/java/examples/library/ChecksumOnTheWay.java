package examples.library;

import dev.fid.Fd;
import dev.fid.files.Replacement;
import dev.fid.transfer.Digest;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/// Writes standard input to a file and prints its CRC32C, in one go.
///
///     cat big.iso | bin/example ChecksumOnTheWay OUT
///
/// The pages of a pipe are given to a second pipe by tee(2); the sum reads that branch, while the file gets the
/// other one by splice. So the bytes are read once for the sum and written from where they were.
public final class ChecksumOnTheWay {
    private ChecksumOnTheWay() {}

    public static void main(String... arguments) throws IOException {
        // tag::sum[]
        CRC32C sum = new CRC32C();
        try (Replacement file = Replacement.of(Path.of(arguments[0]))) {
            Moved moved = Transfer.from(Fd.borrow(0))
                    .to(file.fd())
                    .digest(Digest.of(sum))
                    .run();
            file.commit(false);
            System.err.println(moved);
        }
        System.out.printf("%08x  %s%n", sum.getValue(), arguments[0]);
        // end::sum[]
    }
}
