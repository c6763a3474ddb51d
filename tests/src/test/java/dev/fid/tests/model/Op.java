package dev.fid.tests.model;

/// What a {@link Step} does, and how it reads its numbers: slots `a` and `b`, positions `x` and `y`, length `n`, flags
/// `f`.
enum Op {
    /// Slot `a` opens file `b` with flags `f`; `n >= 0` makes it anew with `n` bytes of content.
    FILE,
    /// Slots `a` (read end) and `b` (write end) with flags `f`; `n > 0` is its size.
    PIPE,
    /// A unix stream pair.
    UNIX,
    /// A TCP connection over loopback.
    TCP,
    /// Slot `a` opens /dev/null (`b` 0), /dev/zero (1) or /dev/full (2) with flags `f`, or is an eventfd of 5 (3), an
    /// epoll (4), or a memfd (5).
    DEVICE,
    /// `n` bytes to memory at `x`.
    READ,
    /// `n` bytes of memory at `x`.
    WRITE,
    /// As READ at offset `y`.
    PREAD,
    PWRITE,
    /// With flags `f`; MSG_OOB only for TCP.
    RECV,
    SEND,
    /// To `x` by whence `f`.
    LSEEK,
    TRUNCATE,
    /// Mode `f`, offset `x`, length `n`.
    FALLOCATE,
    CLOSE,
    /// Empty slot `b` becomes a duplicate of `a`.
    DUP,
    /// Open slot `b` becomes a duplicate of `a`; what it was is closed.
    DUP3,
    /// Type, links and size, in one number.
    STAT,
    /// Gives file `a` an access time long ago (`x` 0) or to come (1), and a modification time in between.
    STAMP,
    /// Which times of `a` are not those of its STAMP any more: 1 access, 2 modification, 4 change; -1 without one.
    CHANGED,
    GETFL,
    /// O_NONBLOCK always stays set; O_DIRECT is not for files.
    SETFL,
    PIPE_SIZE,
    RESIZE,
    FIONREAD,
    /// Offsets `x` and `y`, {@link Step#NONE} for none.
    SPLICE,
    TEE,
    /// Spans of `n` bytes at `x`, and at `y` where it is not NONE; `b > 0`: that many spans of no bytes.
    VMSPLICE,
    SENDFILE,
    COPY,
    /// Maps the page of file `a` that holds `x` and stores `n` bytes there, where the file has that page.
    STORE,
    /// Stores `n` bytes of memory at `x`: what was vmspliced may change.
    TOUCH,
    /// Asks for events `f` of `a`.
    POLL,
    SHUTDOWN,
    /// Makes the close of socket `a` a reset, and closes it.
    RESET,
    /// Advice to drop the file's clean pages: whatever is dropped must be read again as it was.
    DROP
}
