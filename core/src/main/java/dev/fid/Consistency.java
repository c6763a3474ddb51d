package dev.fid;

/// What a transfer promises about a source file that changes meanwhile.
///
/// All but {@link #UNCHECKED} compare size, mtime, ctime and inode of the source before and after, and end with
/// ESTALE when they differ or when the source ended before its size. That finds most changes, not all: a store
/// through a shared mapping need not move mtime. Only {@link #REFLINK}, or a source that nobody writes,
/// guarantees a snapshot.
public enum Consistency {
    /// The fastest: a pipe or socket may be given references to the source's pages, so that a later write to the
    /// source can still show in what was sent. The default where the output is no file.
    ALIAS,
    /// The output has its own copy of the bytes once the transfer returns. The default from file to file, where
    /// every method but a reflink copies anyway.
    STABLE,
    /// The output shares the extents of the source at one moment, or the transfer fails.
    REFLINK,
    /// As ALIAS, without the comparison: for a file that grows while it is read, such as a log.
    UNCHECKED
}
