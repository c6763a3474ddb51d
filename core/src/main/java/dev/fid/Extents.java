package dev.fid;

import static dev.fid.kernel.Uapi.SEEK_DATA;
import static dev.fid.kernel.Uapi.SEEK_HOLE;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;

/// The data of a sparse file, between its holes. Source: lseek(2), SEEK_DATA and SEEK_HOLE.
final class Extents {
    private final Kernel kernel;
    private final int fd;
    private final long size;

    /// Start of the next data, and its end; both the file's size behind the last.
    long data;

    long hole;

    Extents(Fd file, long from, long size) {
        this.kernel = file.kernel();
        this.fd = file.number();
        this.size = size;
        this.hole = from;
    }

    /// Whether a file has holes, by the blocks that it has.
    static boolean hasHoles(Facts facts) {
        return facts.kind() == FdKind.FILE && facts.size() > 0 && facts.blocks() < (facts.size() + 511) / 512;
    }

    /// Finds the next data. A file system that knows no holes says that all is data.
    ///
    /// @return false behind the last
    boolean next() throws ErrnoException {
        if (hole >= size) {
            data = size;
            return false;
        }
        long found = kernel.lseek(fd, hole, SEEK_DATA);
        if (found == -Errno.ENXIO || found >= size) {
            data = size;
            hole = size;
            return false;
        }
        data = ErrnoException.check(found, "lseek", fd + ", SEEK_DATA");
        hole = Math.min(size, ErrnoException.check(kernel.lseek(fd, data, SEEK_HOLE), "lseek", fd + ", SEEK_HOLE"));
        return true;
    }
}
