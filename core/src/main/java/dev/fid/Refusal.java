package dev.fid;

import static dev.fid.kernel.MoveCall.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.MoveCall;
import java.util.EnumSet;
import java.util.Set;

/// Which errors say that a call does not suit these descriptors, this file system or this sandbox, so that another
/// method may still move the bytes: the one list of them, for all that steps down a ladder.
///
/// Whoever asks has moved nothing by that call yet: behind the first byte an error is an error. One that is real,
/// such as EIO of a failing disk, comes again from read(2) or write(2), which end every ladder, and is told then.
public final class Refusal {
    /// What the kernel does between two files, or out of one, without the bytes being seen here.
    private static final Set<MoveCall> IN_KERNEL = EnumSet.of(FICLONE, COPY_FILE_RANGE, SENDFILE, SPLICE);

    private Refusal() {}

    /// Whether a transfer that may use one method only ended because that does not suit: another would have
    /// done.
    public static boolean of(ErrnoException e) {
        if (e.getCause() instanceof NoMethodException) {
            return true;
        }
        for (MoveCall call : EnumSet.range(SPLICE, MMAP)) {
            if (call.toString().equals(e.call())) {
                return e.moved() == 0 && says(call, e.errno());
            }
        }
        return false;
    }

    public static boolean says(MoveCall call, long result) {
        return result < 0 && says(call, (int) -result);
    }

    /// Whether `errno` from this call, before its first byte, is a refusal.
    public static boolean says(MoveCall call, int errno) {
        return switch (errno) {
            // The man pages: a side has no such call (procfs, devices), neither is a pipe, O_APPEND, O_DIRECT out of
            // line; eCryptfs for every copy_file_range. Source: splice(2), sendfile(2), boostorg/filesystem 184.
            case Errno.EINVAL -> true;
            // A kernel without the call, WSL 1, gVisor, a seccomp filter that hides it. Source: syscalls(2)
            case Errno.ENOSYS -> true;
            // Two file systems, and copy_file_range before Linux 5.3 or since 5.19. Source: copy_file_range(2)
            case Errno.EXDEV -> true;
            // The file system has no such call: NFS before 4.2, ZFS, FICLONE on ext4. Source: golang/go 40731
            case Errno.EOPNOTSUPP -> true;
            // Docker's seccomp filter; CIFS, where the calls are allowed one by one. Source: golang/go 40893,
            // libuv/libuv 3322
            case Errno.EPERM -> true;
            // copy_file_range and FICLONE into a file that is open for append. Source: copy_file_range(2)
            case Errno.EBADF -> true;
            // What cannot be mapped, and drivers without the operation. Source: mmap(2)
            case Errno.ENODEV -> true;
            // FICLONE of a file system without that ioctl. Source: ioctl_ficlone(2), fs/ioctl.c
            case Errno.ENOTTY -> true;
            // An offset for what has none. Source: splice(2)
            case Errno.ESPIPE -> true;
            // fuse-overlayfs opens a read-only file anew by its name; CephFS before Linux 4.20; security modules.
            // Source: containers/fuse-overlayfs 399, libuv/libuv 3117
            case Errno.EACCES -> IN_KERNEL.contains(call);
            // An active swap file, and file systems that will not lend extents of a program that runs.
            // Source: copy_file_range(2), ioctl_ficlonerange(2)
            case Errno.ETXTBSY -> IN_KERNEL.contains(call);
            // Position and length together are past 2^63-1, or past what a file of CIFS or a 32-bit server of NFS can
            // have. Source: copy_file_range(2), sendfile(2)
            case Errno.EOVERFLOW -> IN_KERNEL.contains(call);
            // CIFS, whose server has no copy between these two files. Source: golang/go 42334, php/php-src 10548. What
            // splice and sendfile say is the disk's, or the memory's: coreutils 278
            case Errno.EIO -> call == COPY_FILE_RANGE || call == FICLONE;
            // CIFS between two shares; fuse-overlayfs, where the open file has lost its name.
            // Source: coreutils 9.2, src/copy.c; containers/fuse-overlayfs 368
            case Errno.ENOENT -> call == COPY_FILE_RANGE || call == FICLONE;
            // No pipe for the kernel's own use: the user has as many as fs.pipe-user-pages-hard allows.
            // Source: Linux 6.18, fs/splice.c, splice_direct_to_actor; fs/pipe.c, alloc_pipe_info
            case Errno.ENOMEM -> call == SENDFILE || call == COPY_FILE_RANGE;
            // Not a matter of waiting, as between two files there is nothing to wait for: ZFS, whose source is not on
            // the
            // disk yet, and a server of FUSE. Source: OpenZFS 2.2, zfs_bclone_wait_dirty; folbricht/desync 356
            case Errno.EAGAIN -> call == FICLONE || call == COPY_FILE_RANGE;
            default -> false;
        };
    }
}
