package dev.fid.path;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Stat;

/// System calls that name files, made again after EINTR, and what a file without a name needs.
public final class PathCalls {
    /// The directory itself, as a name in it.
    @SuppressWarnings("MutablePublicArray") // Fid's own rooms do not write to it
    public static final byte[] HERE = {'.'};

    private PathCalls() {}

    public interface Call {
        int make();
    }

    public static int retrying(Call call) {
        int result;
        do {
            result = call.make();
        } while (result == -Errno.EINTR);
        return result;
    }

    /// Whether a file system that said ENOSPC to a nameless file may have room after all, once it has written
    /// back what it holds. xfs sets 24 KiB aside for a file of 4 KiB until then. It writes back by itself where
    /// a file is made by its name, for one task at a time; not for O_TMPFILE, nor for a link. Source: Linux
    /// 6.18, fs/xfs/xfs_inode.c: xfs_create calls xfs_flush_inodes, xfs_create_tmpfile and xfs_link do not;
    /// fs/xfs/xfs_super.c, xfs_flush_inodes.
    private static boolean makesRoom(Kernel kernel, int dir) {
        int fd = openat(kernel, dir, HERE, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (fd < 0) {
            return false;
        }
        int result = kernel.syncfs(fd);
        kernel.close(fd);
        return result == 0;
    }

    // The calls that a tree makes for each file stand here by name: where only the first compiler runs, as in the
    // command, a lambda is made by a call into the JVM.

    public static int openat(Kernel kernel, int dir, byte[] path, int flags, int mode) {
        int fd = kernel.openat(dir, path, flags, mode);
        return fd == -Errno.EINTR ? retrying(() -> kernel.openat(dir, path, flags, mode)) : fd;
    }

    public static int fstat(Kernel kernel, int fd, Stat stat) {
        int result = kernel.fstat(fd, stat);
        return result == -Errno.EINTR ? retrying(() -> kernel.fstat(fd, stat)) : result;
    }

    /// A file without a name in this directory, to read and to write; a descriptor, or a refusal.
    public static int nameless(Kernel kernel, int dir, int mode) {
        int flags = O_TMPFILE | O_RDWR | O_CLOEXEC;
        int fd = openat(kernel, dir, HERE, flags, mode);
        return fd == -Errno.ENOSPC && makesRoom(kernel, dir) ? openat(kernel, dir, HERE, flags, mode) : fd;
    }

    /// Names a file that has no name.
    public static int link(Kernel kernel, int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags) {
        int result = linkat(kernel, oldDir, oldPath, newDir, newPath, flags);
        return result == -Errno.ENOSPC && makesRoom(kernel, newDir)
                ? linkat(kernel, oldDir, oldPath, newDir, newPath, flags)
                : result;
    }

    private static int linkat(Kernel kernel, int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags) {
        int result = kernel.linkat(oldDir, oldPath, newDir, newPath, flags);
        return result == -Errno.EINTR ? retrying(() -> kernel.linkat(oldDir, oldPath, newDir, newPath, flags)) : result;
    }

    /// Brings the names in a directory, which may be open as a path alone, to the disk; a result, or `-errno`.
    public static int syncDirectory(Kernel kernel, int dir) {
        int fd = openat(kernel, dir, HERE, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (fd < 0) {
            return fd;
        }
        int result = retrying(() -> kernel.fsync(fd));
        kernel.close(fd);
        return result == -Errno.EINVAL ? 0 : result; // a file system without a directory to sync
    }

    public interface LongCall {
        long make();
    }

    public static long retryingLong(LongCall call) {
        long result;
        do {
            result = call.make();
        } while (result == -Errno.EINTR);
        return result;
    }
}
