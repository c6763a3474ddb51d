package dev.fid.files;

import static dev.fid.kernel.Uapi.POSIX_FADV_DONTNEED;

import dev.fid.Consistency;
import dev.fid.Method;
import dev.fid.NoMethodException;
import dev.fid.Refusal;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.Extents;
import dev.fid.path.PathCalls;
import dev.fid.path.Retry;
import dev.fid.transfer.Transfer;
import dev.fid.wait.Readiness;
import java.util.Map;
import java.util.function.LongConsumer;

/// Copies a file block by block: to leave out blocks of zeros, or to leave nothing in the page cache.
final class BlockCopy {
    private static final int BLOCK = 128 << 10;
    private static final int PAGE = 4096; // the smallest hole of the usual file systems

    /// Since Linux 6.14, where the file system can. Source: linux/fs.h; preadv2(2)
    private static final int RWF_DONTCACHE = 0x80;

    private final TreeRun walk;
    private final Tree wish;
    private final Kernel kernel;
    private final LongConsumer progress;
    private final Readiness readiness;
    private int flagIn;
    private int flagOut;

    BlockCopy(TreeRun walk, Readiness readiness, LongConsumer progress) {
        this.walk = walk;
        this.readiness = readiness;
        this.wish = walk.wish;
        this.kernel = walk.kernel;
        this.progress = progress;
        this.flagIn = wish.cached ? 0 : RWF_DONTCACHE;
        this.flagOut = flagIn;
    }

    /// @param share a transfer that may share extents, which neither reads nor writes
    FileCopy.Moving copy(int in, int out, Stat stat, Transfer share) throws ErrnoException {
        boolean seeks = wish.holes != Tree.Holes.FILLED;
        if (!wish.cached && wish.holes == Tree.Holes.KEPT && wish.share) {
            try {
                return FileCopy.Moving.of(
                        share.consistency(Consistency.REFLINK).fallback(false).run());
            } catch (NoMethodException e) {
                share = share.consistency(Consistency.STABLE);
            } catch (ErrnoException e) {
                if (!Refusal.of(e)) {
                    throw e;
                }
            }
        }
        long moved = 0;
        long read = 0;
        long size = stat.size;
        try (Memory buffer = kernel.allocate(BLOCK)) {
            Extents extents = new Extents(kernel, in, 0, size);
            while (seeks ? extents.next() : moved == 0) {
                long end = seeks ? extents.hole : size;
                for (long at = seeks ? extents.data : 0; at < end; ) {
                    long got = readSome(in, buffer, Math.min(BLOCK, end - at), at);
                    if (got == 0) {
                        throw new ErrnoException(
                                "read",
                                "",
                                Errno.ESTALE,
                                Side.IN,
                                at,
                                "the source ended after " + at + " of " + size + " bytes");
                    }
                    walk.spend(got, readiness);
                    write(out, buffer, (int) got, at);
                    at += got;
                    read += got;
                    moved = at;
                    progress.accept(moved);
                    if (walk.stopped()) {
                        throw new ErrnoException("copy", "", Errno.ECANCELED);
                    }
                }
                if (!seeks) {
                    break;
                }
            }
            // What lies behind the recorded size, if anything, as in files that are made up when they are read.
            long at = size;
            for (long got; (got = readSome(in, buffer, Math.min(BLOCK, Long.MAX_VALUE - at), at)) > 0; at += got) {
                write(out, buffer, (int) got, at);
                read += got;
            }
            TreeWorker.check(length(out, at), "ftruncate", Side.OUT);
            size = at;
        }
        drop(in, out);
        return new FileCopy.Moving(Map.of(Method.READ_WRITE, size), size, read);
    }

    private int length(int out, long size) {
        return PathCalls.retrying(() -> kernel.ftruncate(out, size));
    }

    private long readSome(int in, Memory buffer, long len, long at) throws ErrnoException {
        long got = Retry.retrying(() ->
                flagIn == 0 ? kernel.pread(in, buffer, 0, len, at) : kernel.preadv2(in, buffer, 0, len, at, flagIn));
        if (flagIn != 0 && isUnknown(got)) {
            flagIn = 0;
            return readSome(in, buffer, len, at);
        }
        return TreeWorker.check(got, "read", Side.IN);
    }

    private static boolean isUnknown(long result) {
        return result == -Errno.EOPNOTSUPP || result == -Errno.ENOSYS || result == -Errno.EINVAL;
    }

    private void write(int out, Memory buffer, int length, long at) throws ErrnoException {
        if (wish.holes != Tree.Holes.MADE) {
            write(out, buffer, 0, length, at);
            return;
        }
        int from = 0;
        while (from < length) {
            int zeros = from;
            while (zeros < length && isZero(buffer, zeros, Math.min(length, zeros + PAGE))) {
                zeros = Math.min(length, zeros + PAGE);
            }
            int data = zeros;
            while (data < length && !isZero(buffer, data, Math.min(length, data + PAGE))) {
                data = Math.min(length, data + PAGE);
            }
            write(out, buffer, zeros, data - zeros, at + zeros);
            from = data;
        }
    }

    private static boolean isZero(Memory buffer, int from, int to) {
        int at = from;
        for (; at + 8 <= to; at += 8) {
            if (buffer.getLong(at) != 0) {
                return false;
            }
        }
        for (; at < to; at++) {
            if (buffer.getByte(at) != 0) {
                return false;
            }
        }
        return true;
    }

    private void write(int out, Memory buffer, int from, int length, long at) throws ErrnoException {
        for (int done = 0; done < length; ) {
            int start = done;
            long written = Retry.retrying(() -> flagOut == 0
                    ? kernel.pwrite(out, buffer, from + start, length - start, at + start)
                    : kernel.pwritev2(out, buffer, from + start, length - start, at + start, flagOut));
            if (flagOut != 0 && isUnknown(written)) {
                flagOut = 0;
                continue;
            }
            if (written <= 0) {
                throw new ErrnoException(
                        "write", "", written == 0 ? Errno.EIO : (int) -written, Side.OUT, at + start, "");
            }
            done += (int) written;
        }
    }

    /// Drops what the flag did not. Dirty pages cannot be dropped, so they are written first.
    private void drop(int in, int out) throws ErrnoException {
        if (wish.cached) {
            return;
        }
        if (flagIn == 0) {
            kernel.fadvise(in, 0, 0, POSIX_FADV_DONTNEED);
        }
        if (flagOut == 0) {
            TreeWorker.check(PathCalls.retrying(() -> kernel.fdatasync(out)), "fdatasync", Side.OUT);
            kernel.fadvise(out, 0, 0, POSIX_FADV_DONTNEED);
        }
        walk.uncached = flagIn != 0 && flagOut != 0
                ? "RWF_DONTCACHE"
                : flagIn != 0 || flagOut != 0 ? "RWF_DONTCACHE, POSIX_FADV_DONTNEED" : "POSIX_FADV_DONTNEED";
    }
}
