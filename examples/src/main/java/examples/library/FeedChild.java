package examples.library;

import dev.fid.Fd;
import dev.fid.Pipe;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;

/// Runs a program and feeds it a file on its standard input, without a byte of it in this process.
///
///     bin/example FeedChild FILE COMMAND ARGS...     # e.g. FeedChild big.iso sha256sum
///
/// `Process.getOutputStream()` would copy everything through the heap. A pipe of our own is given to the child as
/// the file /proc/self/fd/N instead, and filled by splice.
public final class FeedChild {
    private FeedChild() {}

    public static void main(String... arguments) throws IOException, InterruptedException {
        String[] command = java.util.Arrays.copyOfRange(arguments, 1, arguments.length);
        Process child;
        // tag::feed[]
        try (Fd in = Fd.open(Path.of(arguments[0]));
                Pipe pipe = Pipe.open()) {
            child = new ProcessBuilder(command)
                    .redirectInput(new File("/proc/self/fd/" + pipe.source().number()))
                    .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            pipe.source().close(); // now the child alone reads: if it ends, we get EPIPE and do not wait for ever
            Moved moved = Transfer.from(in).to(pipe.sink()).run();
            System.err.println(moved);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EPIPE) {
                throw e;
            }
            System.err.println("the child had enough after " + e.moved() + " bytes"); // as head(1) does
            return;
        }
        // end::feed[]
        System.exit(child.waitFor()); // closing the pipe was its end of input
    }
}
