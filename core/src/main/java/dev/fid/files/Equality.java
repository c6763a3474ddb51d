package dev.fid.files;

import static dev.fid.kernel.Uapi.POSIX_FADV_DONTNEED;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Side;
import dev.fid.path.Retry;
import org.jspecify.annotations.Nullable;

/// Compares a copy with its source, byte by byte.
final class Equality implements AutoCloseable {
    private static final int BLOCK = 128 << 10;
    private static final long END = Long.MAX_VALUE;

    private final TreeRun walk;
    private final Kernel kernel;
    private Memory @Nullable [] buffers;

    Equality(TreeRun walk) {
        this.walk = walk;
        this.kernel = walk.kernel;
    }

    /// Where {@link Tree#verified} asks for it: a copy of another content fails.
    void check(int in, int out) throws ErrnoException {
        if (walk.wish.verified) {
            if (walk.wish.durable) {
                kernel.fadvise(out, 0, 0, POSIX_FADV_DONTNEED);
            }
            if (!of(in, out, 0, END)) {
                throw new ErrnoException(
                        "verify", "", Errno.ESTALE, Side.OUT, 0, "--verify: it is not what the source is now");
            }
        }
    }

    /// Whether both files have the same bytes from `from` to `to`, which both must reach, unless that is {@link
    /// #END}.
    boolean of(int in, int out, long from, long to) throws ErrnoException {
        Memory[] both = buffers();
        int length;
        for (long at = from; at < to; at += length) {
            length = (int) Math.min(BLOCK, to - at);
            int there = fill(in, both[0], length, at, Side.IN);
            if (fill(out, both[1], length, at, Side.OUT) != there
                    || !both[0].window(0, there).equals(both[1].window(0, there))) {
                return false;
            }
            if (there < length) {
                return to == END;
            }
            if (walk.stopped()) {
                throw new ErrnoException("copy", "", Errno.ECANCELED);
            }
        }
        return true;
    }

    /// @return bytes read, fewer than `length` at the end
    private int fill(int fd, Memory memory, int length, long at, Side side) throws ErrnoException {
        int done = 0;
        while (done < length) {
            long read = Retry.pread(kernel, fd, memory, done, length - done, at + done);
            if (TreeWorker.check(read, "read", side) == 0) {
                break;
            }
            done += (int) read;
        }
        walk.counters.userBytes.addAndGet(done);
        return done;
    }

    private Memory[] buffers() {
        Memory[] known = buffers;
        if (known == null) {
            known = buffers = new Memory[] {kernel.allocate(BLOCK), kernel.allocate(BLOCK)};
        }
        return known;
    }

    @Override
    public void close() {
        Memory[] known = buffers;
        if (known != null) {
            known[0].close();
            known[1].close();
        }
    }
}
