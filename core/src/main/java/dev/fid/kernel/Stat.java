package dev.fid.kernel;

/// What statx(2) says of a file; filled by {@link Kernel#statx}. Sizes in bytes, times in seconds and nanoseconds
/// since 1970, `blocks` in units of 512 bytes, `device` and `rdev` as major and minor number in the high and the
/// low half.
public final class Stat {
    public int mode;
    public int nlink;
    public int uid;
    public int gid;
    public long inode;
    public long size;
    public long blocks;
    public int blockSize;
    public long device;
    public long rdev;
    public long atimeSeconds;
    public int atimeNanos;
    public long mtimeSeconds;
    public int mtimeNanos;
    public long ctimeSeconds;
    public int ctimeNanos;

    /// When the file was made: 0 where STATX_BTIME was not asked for, or the file system does not know.
    public long birthSeconds;
    public int birthNanos;

    /// STATX_ATTR_* bits that are set, e.g. {@link Uapi#STATX_ATTR_APPEND}; 0 where the file system has none.
    public long attributes;

    /// All zero until a call fills it.
    public Stat() {}

    /// The file type bits of {@link #mode}, e.g. {@link Uapi#S_IFREG}.
    public int type() {
        return mode & Uapi.S_IFMT;
    }
}
