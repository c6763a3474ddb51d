package dev.fid.bench.measure;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// The bytes that go in and must come out: the first `period` bytes of a file, over and over, `length` in all.
///
/// @param file where they are
/// @param period bytes of the file that count
/// @param length bytes in all
public record Content(Path file, long period, long length) {
    private static final int BLOCK = 256 << 10;

    /// The first `length` bytes of a file, once.
    public static Content of(Path file, long length) {
        return new Content(file, length, length);
    }

    /// Moves one call's worth of the file: splice or sendfile.
    public interface Call {
        long move(int file, Offset at, long len);
    }

    /// Gives all of it away by `call`, as often as it takes. Returns the bytes given; fewer where the other side
    /// is gone.
    public long feed(Kernel kernel, Call call) throws IOException {
        try (Fd fd = Fd.open(kernel, file)) {
            long given = 0;
            while (given < length) {
                long at = given % period;
                long moved = call.move(
                        fd.number(), new Offset(at), Math.min(8 << 20, Math.min(period - at, length - given)));
                if (moved == 0 || moved == -Errno.EPIPE || moved == -Errno.ECONNRESET) {
                    return given;
                }
                given += moved == -Errno.EINTR ? 0 : checked(moved, "feed " + file);
            }
            return given;
        }
    }

    /// The result of a call that must not fail.
    private static long checked(long result, String what) throws IOException {
        if (result < 0) {
            throw new IOException(what + ": " + Errno.text((int) -result));
        }
        return result;
    }

    /// Reads `fd` to its end and compares.
    ///
    /// @throws IOException what is wrong, and where
    public void compare(Kernel kernel, int fd) throws IOException {
        try (Comparison comparison = new Comparison(kernel)) {
            comparison.run(fd);
        }
    }

    private final class Comparison implements AutoCloseable {
        private final Kernel kernel;
        private final Fd expected;
        private final Memory left;
        private final Memory right;

        Comparison(Kernel kernel) throws ErrnoException {
            this.kernel = kernel;
            this.expected = Fd.open(kernel, file);
            this.left = kernel.allocate(BLOCK);
            this.right = kernel.allocate(BLOCK);
        }

        void run(int fd) throws IOException {
            long done = 0;
            while (true) {
                long read = kernel.read(fd, left, 0, BLOCK);
                if (read == -Errno.EINTR) {
                    continue;
                }
                if (checked(read, "read the output") == 0) {
                    break;
                }
                for (long from = 0; from < read; ) {
                    long at = (done + from) % period;
                    int len = (int) Math.min(read - from, period - at);
                    compare(from, at, len, done + from);
                    from += len;
                }
                done += read;
            }
            if (done != length) {
                throw new IOException("the output has " + done + " bytes, not " + length);
            }
        }

        private void compare(long from, long at, int len, long done) throws IOException {
            int got = 0;
            while (got < len) {
                long read = kernel.pread(expected.number(), right, got, len - got, at + got);
                if (checked(read, "pread " + file) == 0) {
                    throw new IOException("the source ended at " + (at + got));
                }
                got += (int) read;
            }
            ByteBuffer output = left.window(from, len);
            int mismatch = output.mismatch(right.window(0, len));
            if (mismatch >= 0) {
                throw new IOException("the output differs from the source at byte " + (done + mismatch));
            }
        }

        @Override
        public void close() {
            left.close();
            right.close();
            expected.close();
        }
    }
}
