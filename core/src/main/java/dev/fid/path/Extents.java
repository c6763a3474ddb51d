package dev.fid.path;

import static dev.fid.kernel.Uapi.FALLOC_FL_KEEP_SIZE;
import static dev.fid.kernel.Uapi.FALLOC_FL_PUNCH_HOLE;
import static dev.fid.kernel.Uapi.SEEK_DATA;
import static dev.fid.kernel.Uapi.SEEK_HOLE;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.wait.Readiness;

/// The data of a sparse file, between its holes. Source: lseek(2), SEEK_DATA and SEEK_HOLE.
public final class Extents {
    private static final long PAGE = 4096;
    private static final long ZEROS = 256 << 10; // 256 KiB

    private final Kernel kernel;
    private final int fd;
    private final long size;

    /// Start of the next data, and its end; both the file's size behind the last.
    public long data;

    public long hole;

    public Extents(Kernel kernel, int fd, long from, long size) {
        this.kernel = kernel;
        this.fd = fd;
        this.size = size;
        this.hole = from;
    }

    /// Whether a file has holes, by the blocks of 512 bytes that it has.
    public static boolean hasHoles(long size, long blocks) {
        return size > 0 && blocks < (size - 1) / 512 + 1; // a size may be 2^63-1
    }

    /// Finds the next data. A file system that knows no holes says that all is data.
    ///
    /// @return false behind the last
    public boolean next() throws ErrnoException {
        if (hole >= size) {
            data = size;
            return false;
        }
        long found = kernel.lseek(fd, hole, SEEK_DATA);
        if (found == -Errno.ENXIO && hasLastPage()) {
            data = Math.max(hole, (size - 1) & -PAGE);
            hole = size;
            return true;
        }
        if (found == -Errno.ENXIO || found >= size) {
            data = size;
            hole = size;
            return false;
        }
        data = ErrnoException.check(found, "lseek", fd + ", SEEK_DATA");
        hole = Math.min(size, ErrnoException.check(kernel.lseek(fd, data, SEEK_HOLE), "lseek", fd + ", SEEK_HOLE"));
        return true;
    }

    /// Makes [`from`, `to`) of `out` read as zeros where data lies there: a hole where the file system can, else zeros.
    ///
    /// @param size of the file
    /// @param out what messages call it
    public static void clear(Kernel kernel, int fd, long size, long from, long to, String out) throws ErrnoException {
        long end = Math.min(to, size);
        if (from >= end) {
            return;
        }
        long data = kernel.lseek(fd, from, SEEK_DATA);
        if (data == -Errno.ENXIO || data >= end) {
            return;
        }
        int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        long result = Readiness.offload(() -> PathCalls.retrying(() -> kernel.fallocate(fd, mode, from, end - from)));
        if (result >= 0) {
            return;
        }
        // Not on FUSE, NFSv3, FAT: whatever it says, a write of zeros has the last word.
        try (Memory zeros = kernel.allocate(Math.min(end - from, ZEROS))) {
            for (long at = from; at < end; ) {
                long here = at;
                long written = Readiness.offload(() ->
                        Retry.retrying(() -> kernel.pwrite(fd, zeros, 0, Math.min(end - here, zeros.size()), here)));
                at += ErrnoException.check(written, "pwrite", out + ", zeros at " + here);
            }
        }
    }

    /// Whether there is data in the very last page that a file can have, where tmpfs finds none: to round its end up to
    /// a page is more than 2^63-1. Source: Linux 6.18, mm/filemap.c, mapping_seek_hole_data
    private boolean hasLastPage() {
        if (size <= Long.MAX_VALUE - PAGE) {
            return false;
        }
        long from = Math.max(hole, (size - 1) & -PAGE);
        try (Memory page = kernel.allocate(PAGE)) {
            long read = Retry.pread(kernel, fd, page, 0, size - from, from);
            for (int i = 0; i < read; i++) {
                if (page.getByte(i) != 0) {
                    return true;
                }
            }
            return false;
        }
    }
}
