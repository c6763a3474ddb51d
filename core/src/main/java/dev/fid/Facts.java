package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Stat;
import dev.fid.kernel.StatFs;
import dev.fid.path.Extents;
import java.util.Set;

/// What is known of one side before the first byte moves: the input of a {@link Plan}. Facts are hints; the
/// kernel has the last word.
///
/// @param kind what the descriptor refers to
/// @param append opened with O_APPEND: splice, sendfile and copy_file_range refuse it as output
/// @param size bytes of a file or block device, -1 where there is none
/// @param fsType magic number of the file system (linux/magic.h), 0 where there is none
/// @param device number of the file system's device
/// @param inode inode number
/// @param blocks blocks of 512 bytes that the file has; fewer than its size needs where it has holes
/// @param offset where the transfer starts, -1 for the file position
public record Facts(
        FdKind kind, boolean append, long size, long fsType, long device, long inode, long blocks, long offset) {

    /// File systems whose files are made up as they are read: their size is no size.
    private static final Set<Long> PSEUDO = Set.of(
            PROC_SUPER_MAGIC,
            SYSFS_MAGIC,
            0x27e0ebL, // cgroup
            0x63677270L, // cgroup2
            0x64626720L, // debugfs
            0x74726163L, // tracefs
            0x73636673L, // securityfs
            0x62656570L, // configfs
            0xf97cff8cL, // selinuxfs
            0xde5e81e4L, // efivarfs
            0x6165676cL, // pstore
            0xcafe4a11L); // bpf

    /// Facts of a kind alone, for a plan that is made without descriptors.
    public static Facts of(FdKind kind) {
        return new Facts(kind, false, -1, 0, 0, 0, 0, -1);
    }

    /// Asks the kernel about `fd`.
    static Facts of(Kernel kernel, int fd, String name) throws ErrnoException {
        Stat stat = new Stat();
        ErrnoException.check(kernel.fstat(fd, stat), "fstat", name);
        int flags = (int) ErrnoException.check(kernel.fcntl(fd, F_GETFL, 0), "fcntl", name + ", F_GETFL");
        FdKind kind = kind(kernel, fd, stat, name);
        long fsType = 0;
        long size = -1;
        if (kind == FdKind.FILE) {
            StatFs fs = new StatFs();
            fsType = kernel.fstatfs(fd, fs) == 0 ? fs.type : 0;
            size = stat.size;
        } else if (kind == FdKind.BLOCK_DEVICE) {
            size = Math.max(-1, kernel.blkgetsize64(fd));
        }
        return new Facts(kind, (flags & O_APPEND) != 0, size, fsType, stat.device, stat.inode, stat.blocks, -1);
    }

    private static FdKind kind(Kernel kernel, int fd, Stat stat, String name) throws ErrnoException {
        return switch (stat.type()) {
            case S_IFREG -> FdKind.FILE;
            case S_IFDIR -> FdKind.DIRECTORY;
            case S_IFBLK -> FdKind.BLOCK_DEVICE;
            case S_IFIFO -> FdKind.PIPE;
            case S_IFCHR -> kernel.winsize(fd) >= 0 ? FdKind.TERMINAL : FdKind.CHARACTER_DEVICE;
            case S_IFSOCK -> {
                // Not to know it is no reason to take it for something else: a stream may wait where datagrams do not.
                int type = kernel.getsockopt(fd, SOL_SOCKET, SO_TYPE);
                if (ErrnoException.check(type, "getsockopt", name + ", SO_TYPE") != SOCK_STREAM) {
                    yield FdKind.DATAGRAM;
                }
                yield kernel.getsockopt(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX ? FdKind.UNIX_STREAM : FdKind.TCP;
            }
            default -> FdKind.OTHER;
        };
    }

    /// The same facts for a transfer that starts at `offset`.
    public Facts at(long offset) {
        return new Facts(kind, append, size, fsType, device, inode, blocks, offset);
    }

    /// A file whose size says nothing about what can be read: procfs and its like, and anything of size 0.
    public boolean sizeUnknown() {
        return kind == FdKind.FILE && (size == 0 || PSEUDO.contains(fsType));
    }

    /// Whether it is a file with holes, by the blocks that it has.
    public boolean hasHoles() {
        return kind == FdKind.FILE && Extents.hasHoles(size, blocks);
    }

    /// Its file system makes files up as they are read.
    public boolean isPseudo() {
        return PSEUDO.contains(fsType);
    }

    /// Both are the same file.
    public boolean sameFile(Facts other) {
        return kind.isSeekable() && kind == other.kind && device == other.device && inode == other.inode;
    }

    /// The name of the file system, or its magic number.
    public String fsName() {
        if (fsType == EXT4_SUPER_MAGIC) return "ext4";
        if (fsType == TMPFS_MAGIC) return "tmpfs";
        if (fsType == XFS_SUPER_MAGIC) return "xfs";
        if (fsType == BTRFS_SUPER_MAGIC) return "btrfs";
        if (fsType == PROC_SUPER_MAGIC) return "proc";
        if (fsType == SYSFS_MAGIC) return "sysfs";
        if (fsType == OVERLAYFS_SUPER_MAGIC) return "overlayfs";
        if (fsType == NFS_SUPER_MAGIC) return "nfs";
        if (fsType == FUSE_SUPER_MAGIC) return "fuse";
        return "file system 0x" + Long.toHexString(fsType);
    }
}
