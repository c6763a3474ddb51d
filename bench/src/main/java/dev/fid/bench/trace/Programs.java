package dev.fid.bench.trace;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import java.io.IOException;

/// Those programs of the articles that Fid's engine would not run as they are, because it knows better: the
/// same calls as in `examples.articles`, on any kernel.
final class Programs {
    private Programs() {}

    private static long checked(long result, String call) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, "on the model", (int) -result);
        }
        return result;
    }

    /// The first article's memcpy between two shared mappings, `segment` bytes at a time. As `MmapCopy`.
    static long mappings(Kernel kernel, int in, int out, long length, long segment) throws IOException {
        checked(kernel.ftruncate(out, length), "ftruncate");
        for (long off = 0; off < length; off += segment) {
            long len = Math.min(segment, length - off);
            long source = checked(kernel.mmap(len, Uapi.PROT_READ, Uapi.MAP_SHARED, in, off), "mmap");
            long target =
                    checked(kernel.mmap(len, Uapi.PROT_READ | Uapi.PROT_WRITE, Uapi.MAP_SHARED, out, off), "mmap");
            kernel.memory(source, len).copyTo(0, kernel.memory(target, len), 0, len);
            kernel.munmap(target, len);
            kernel.munmap(source, len);
        }
        return length;
    }

    /// Two splices through a pipe of the default size, `len` bytes asked for in each. As `SpliceCopy`, and
    /// `Client` with 64 KiB.
    static long splices(Kernel kernel, int in, int out, long length, long len) throws IOException {
        int[] pipe = pipe(kernel);
        Offset offIn = new Offset(0);
        Offset offOut = new Offset(0);
        while (offIn.value < length) {
            long ask = Math.min(len, length - offIn.value);
            int flags = Uapi.SPLICE_F_MORE | Uapi.SPLICE_F_MOVE;
            checked(kernel.splice(in, offIn, pipe[1], null, ask, flags), "splice");
            while (offOut.value < offIn.value) {
                checked(kernel.splice(pipe[0], null, out, offOut, offIn.value - offOut.value, flags), "splice");
            }
        }
        close(kernel, pipe);
        return offOut.value;
    }

    /// More into a pipe than it holds: a short count, and then a full pipe. The pipe is non-blocking, so that
    /// the second call answers where the article's would wait.
    static long tooMuch(Kernel kernel, int in, int out, long length) throws IOException {
        int[] pipe = pipe(kernel);
        Offset offIn = new Offset(0);
        checked(kernel.splice(in, offIn, pipe[1], null, length, 0), "splice");
        long full = kernel.splice(in, offIn, pipe[1], null, length - offIn.value, 0);
        if (full != -Errno.EAGAIN) {
            throw new IllegalStateException("a full pipe took " + full);
        }
        Offset offOut = new Offset(0);
        while (offOut.value < offIn.value) {
            checked(kernel.splice(pipe[0], null, out, offOut, offIn.value - offOut.value, 0), "splice");
        }
        close(kernel, pipe);
        return offOut.value;
    }

    private static int[] pipe(Kernel kernel) throws IOException {
        int[] pipe = new int[2];
        checked(kernel.pipe2(pipe, Uapi.O_CLOEXEC | Uapi.O_NONBLOCK), "pipe2");
        return pipe;
    }

    private static void close(Kernel kernel, int[] pipe) {
        kernel.close(pipe[0]);
        kernel.close(pipe[1]);
    }
}
