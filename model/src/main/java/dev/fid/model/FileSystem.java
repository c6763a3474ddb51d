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
    private long used;
    private long inodes;

    private FileSystem(long magic, long device, FileOperations.Kind kind, long maxBytes, long blocks) {
        this.magic = magic;
        this.device = device;
        this.kind = kind;
        this.maxBytes = maxBytes;
        this.blocks = blocks;
    }

    static FileSystem ext4(long device, long blocks) {
        return new FileSystem(
                Uapi.EXT4_SUPER_MAGIC, device, FileOperations.Kind.DISK_FILE, (1L << 44) - Page.SIZE, blocks);
    }

    static FileSystem tmpfs(long device, long blocks) {
        return new FileSystem(Uapi.TMPFS_MAGIC, device, FileOperations.Kind.MEMORY_FILE, Long.MAX_VALUE, blocks);
    }

    /// Where pipes, sockets and the like live.
    static FileSystem nameless(long magic, long device) {
        return new FileSystem(magic, device, FileOperations.Kind.OTHER, Long.MAX_VALUE, 0);
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
