package examples.library;

import dev.fid.Fd;
import dev.fid.fanout.Fanout;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// Gives standard input to several files and FIFOs, by tee(2) where one of them is a FIFO.
///
///     tar c docs | bin/example TeeToMany OUT...
///
/// An output that fails is reported and left out; the others get every byte.
public final class TeeToMany {
    private TeeToMany() {}

    public static void main(String... arguments) throws IOException {
        List<Fd> outs = new ArrayList<>();
        try {
            for (String path : arguments) {
                // Opening a FIFO waits for its reader.
                outs.add(Fd.open(Path.of(path), StandardOpenOption.CREATE, StandardOpenOption.WRITE));
            }
            // tag::fanout[]
            Fanout.Result result = Fanout.from(Fd.borrow(0)).to(outs).run();
            for (Fanout.Branch branch : result.branches()) {
                System.err.println(branch.out() + ": " + branch.bytes() + " bytes"
                        + (branch.failure() == null
                                ? ""
                                : ", " + branch.failure().getMessage()));
            }
            // end::fanout[]
            System.err.println("by " + result.method() + ", " + result.userBytes() + " bytes through user space");
            if (!result.isComplete()) {
                System.exit(1);
            }
        } finally {
            outs.forEach(Fd::close);
        }
    }
}
