package dev.fid.kernel;

/// What fstatfs(2) says of a file system; filled by {@link Kernel#fstatfs}. `type` is its magic number
/// (linux/magic.h), `blocks`, `free` and `available` count blocks of `blockSize` bytes.
public final class StatFs {
    public long type;
    public long blockSize;
    public long blocks;
    public long free;
    public long available;

    /// All zero until a call fills it.
    public StatFs() {}
}
