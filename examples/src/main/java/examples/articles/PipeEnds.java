package examples.articles;

import static dev.fid.kernel.Uapi.F_GETPIPE_SZ;
import static dev.fid.kernel.Uapi.O_CLOEXEC;
import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;

import dev.fid.kernel.ErrnoException;

/// A pipe as the kernel gives it: two descriptors, blocking, of the default size.
///
/// @param r where bytes come out
/// @param w where bytes go in
record PipeEnds(int r, int w) implements AutoCloseable {
    static PipeEnds open() throws ErrnoException {
        int[] fds = new int[2];
        check(KERNEL.pipe2(fds, O_CLOEXEC), "pipe2", "");
        return new PipeEnds(fds[0], fds[1]);
    }

    /// Bytes that fit if every slot is filled by a whole page.
    long capacity() throws ErrnoException {
        return check(KERNEL.fcntl(r, F_GETPIPE_SZ, 0), "fcntl", "F_GETPIPE_SZ");
    }

    @Override
    public void close() {
        KERNEL.close(r);
        KERNEL.close(w);
    }
}
