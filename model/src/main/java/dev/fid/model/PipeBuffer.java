package dev.fid.model;

/// One slot of a pipe's ring: a reference to a page, and which bytes of it. A slot may be of 1 byte or, when it came
/// from a socket, of several pages. Source: `struct pipe_buffer`, include/linux/pipe_fs_i.h.
public final class PipeBuffer {
    /// Where the page of a slot came from, the kernel's `pipe_buf_operations`.
    public enum Ops {
        /// A page that write(2) filled: the pipe's own.
        ANON_PIPE,
        /// A page of a file: the file's bytes, as they change.
        PAGE_CACHE,
        /// The page of zeros that stands for a hole of a tmpfs file.
        ZERO,
        /// A page that splice copied into.
        DEFAULT,
        /// A fragment of a socket buffer.
        SOCK,
        /// A page of user memory (vmsplice).
        USER_PAGE
    }

    /// Later writes may append to the page, because nobody else has it (`PIPE_BUF_FLAG_CAN_MERGE`). Stale on a slot
    /// that got a file's page, it was CVE-2022-0847.
    static final int CAN_MERGE = 0x10;

    /// The page was given away by vmsplice with SPLICE_F_GIFT (`PIPE_BUF_FLAG_GIFT`).
    static final int GIFT = 0x04;

    /// One packet of a pipe with O_DIRECT: a read ends with it, and drops what it does not take
    /// (`PIPE_BUF_FLAG_PACKET`).
    static final int PACKET = 0x08;

    final Page page;
    final Ops ops;
    int offset;
    int len;
    int flags;

    PipeBuffer(Page page, int offset, int len, Ops ops, int flags) {
        this.page = page;
        this.offset = offset;
        this.len = len;
        this.ops = ops;
        this.flags = flags;
    }

    /// The page; the first one where the slot spans several.
    public Page page() {
        return page;
    }

    /// Bytes from the page's start to the first one not read yet.
    public int offset() {
        return offset;
    }

    /// Bytes in this slot.
    public int len() {
        return len;
    }

    /// Where the page came from.
    public Ops ops() {
        return ops;
    }

    /// Whether a later write may append to the page.
    public boolean canMerge() {
        return (flags & CAN_MERGE) != 0;
    }

    /// Whether the page was given away with SPLICE_F_GIFT.
    public boolean gift() {
        return (flags & GIFT) != 0;
    }

    /// Whether a read ends with this slot.
    public boolean packet() {
        return (flags & PACKET) != 0;
    }

    /// A second slot for `len` of the same bytes, with a reference of its own and without the flags that only one
    /// holder may have. Source: fs/splice.c, `link_pipe` and `splice_pipe_to_pipe`.
    PipeBuffer share(int length) {
        page.get();
        return new PipeBuffer(page, offset, length, ops, flags & ~(GIFT | CAN_MERGE));
    }

    void release() {
        page.put();
    }

    @Override
    public String toString() {
        return page + "[" + offset + "+" + len + "] " + ops + (canMerge() ? " can merge" : "") + (gift() ? " gift" : "")
                + (packet() ? " packet" : "");
    }
}
