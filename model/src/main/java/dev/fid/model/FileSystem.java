package dev.fid.model;

import dev.fid.kernel.Uapi;

/// A mounted file system: how large it is and the few rules in which ext4 and tmpfs differ.
final class FileSystem {
    final long magic;
    final long device;
    final FileOperations.Kind kind;
    /// Bytes of the longest file (`s_maxbytes`).
    final long maxBytes;
    /// Blocks of one page.
    final long blocks;
    /// Each access has its time; else only the first after a change, or after a day (relatime).
    final boolean strictAccessTimes;

    private long used;
    private long inodes;

    private FileSystem(long magic, long device, FileOperations.Kind kind, long maxBytes, long blocks, boolean strict) {
        strictAccessTimes = strict;
        this.magic = magic;
        this.device = device;
        this.kind = kind;
        this.maxBytes = maxBytes;
        this.blocks = blocks;
    }

    static FileSystem ext4(long device, long blocks) {
        return new FileSystem(
                Uapi.EXT4_SUPER_MAGIC, device, FileOperations.Kind.DISK_FILE, (1L << 44) - Page.SIZE, blocks, false);
    }

    static FileSystem tmpfs(long device, long blocks) {
        return new FileSystem(Uapi.TMPFS_MAGIC, device, FileOperations.Kind.MEMORY_FILE, Long.MAX_VALUE, blocks, false);
    }

    /// The mount that memfd_create(2) uses (`kern_mount`, without MNT_RELATIME).
    static FileSystem kernelMemory(long blocks) {
        return new FileSystem(Uapi.TMPFS_MAGIC, 0x1, FileOperations.Kind.MEMORY_FILE, Long.MAX_VALUE, blocks, true);
    }

    /// Where pipes, sockets and the like live.
    static FileSystem nameless(long magic, long device) {
        return new FileSystem(magic, device, FileOperations.Kind.OTHER, Long.MAX_VALUE, 0, false);
    }

    /// Pages live in memory only, holes have no page of their own, folios have one page.
    boolean inMemory() {
        return kind == FileOperations.Kind.MEMORY_FILE;
    }

    /// Has pipes, sockets and the like, which no directory names.
    boolean nameless() {
        return kind == FileOperations.Kind.OTHER;
    }

    long nextInode() {
        return ++inodes;
    }

    /// One more block; false is ENOSPC.
    boolean take() {
        if (used >= blocks) {
            return false;
        }
        used++;
        return true;
    }

    void give(long count) {
        used -= count;
    }

    long free() {
        return blocks - used;
    }
}
