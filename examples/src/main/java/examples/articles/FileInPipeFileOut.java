package examples.articles;

import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;
import static examples.articles.Calls.checkMoved;

import dev.fid.Fd;
import dev.fid.kernel.Offset;
import java.io.IOException;

/// file_in -> pipe[1] -> pipe[0] -> file_out, one page a step.
///
///     bin/example FileInPipeFileOut IN OUT [OFFSET]
///
/// OFFSET (bytes) is where to start in both files. The third article keeps the offsets in `int`: splice(2) reads 64
/// bits behind the pointer, so it takes whatever stands next to the variable, and no `int` reaches past 2 GiB. And it
/// names 4096 as the page size "commonly": the kernel is asked here, because aarch64 has pages of 4, 16 or 64 KiB.
/// One page a step is safe and slow; it is not needed (see SpliceCopy).
public final class FileInPipeFileOut {
    private FileInPipeFileOut() {}

    public static void main(String... arguments) throws IOException {
        long start = arguments.length > 2 ? Long.parseLong(arguments[2]) : 0;
        int page = KERNEL.pageSize();
        Offset offIn = new Offset(start);
        Offset offOut = new Offset(start);
        try (Fd fileIn = Calls.input(arguments[0]);
                Fd fileOut = Calls.output(arguments[1]);
                PipeEnds pipe = PipeEnds.open()) {
            while (check(KERNEL.splice(fileIn.number(), offIn, pipe.w(), null, page, 0), "splice", fileIn) > 0) {
                while (offOut.value < offIn.value) {
                    long rest = offIn.value - offOut.value;
                    checkMoved(KERNEL.splice(pipe.r(), null, fileOut.number(), offOut, rest, 0), "splice", fileOut);
                }
            }
        }
        System.out.println((offOut.value - start) + " bytes, " + page + " a step");
    }
}
