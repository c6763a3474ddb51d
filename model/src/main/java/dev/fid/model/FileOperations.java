package dev.fid.model;

import dev.fid.kernel.Offset;
import org.jspecify.annotations.Nullable;

/// The two entries of the kernel's `struct file_operations` that splice looks up: how bytes of a file get into a
/// pipe, and how a pipe's bytes get into a file. Null where the file has none, which splice answers with EINVAL.
/// {@link Profile} says which file has which.
record FileOperations(
        @Nullable SpliceRead spliceRead, @Nullable SpliceWrite spliceWrite) {

    /// `ssize_t (*splice_read)(struct file *, loff_t *, struct pipe_inode_info *, size_t, unsigned int)`.
    @FunctionalInterface
    interface SpliceRead {
        long read(OpenFile in, Offset ppos, PipeRing pipe, long len, int flags);
    }

    /// `ssize_t (*splice_write)(struct pipe_inode_info *, struct file *, loff_t *, size_t, unsigned int)`.
    @FunctionalInterface
    interface SpliceWrite {
        long write(PipeRing pipe, OpenFile out, Offset ppos, long len, int flags);
    }

    /// The kinds of file that differ.
    enum Kind {
        /// A regular file of ext4.
        DISK_FILE,
        /// A regular file of tmpfs, or of memfd_create(2).
        MEMORY_FILE,
        PIPE,
        TCP,
        UNIX_STREAM,
        DATAGRAM,
        NULL,
        ZERO,
        FULL,
        /// Directories, eventfd, epoll.
        OTHER
    }
}
