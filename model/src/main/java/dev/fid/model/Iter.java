package dev.fid.model;

/// The memory side of a read or write, the kernel's `iov_iter`: user memory in pieces, or pages that the kernel
/// itself brings (an array of `bio_vec`, as splice does). Copies advance it.
interface Iter {
    /// Bytes left.
    long count();

    /// Copies up to `len` bytes out of this memory into a page; fewer where it faults.
    int copyFrom(Page out, int offset, int len);

    /// Copies up to `len` bytes from a page into this memory; fewer where it faults.
    int copyTo(Page in, int offset, int len);

    /// Whether the next byte can be read (`fault_in_iov_iter_readable`).
    boolean readable();

    /// Keeps only the first `count` bytes.
    void truncate(long count);

    /// Copies `len` bytes from a page and the ones behind it in its folio.
    static int copyAllTo(Iter to, Page first, int offset, int len) {
        int done = 0;
        while (done < len) {
            Page page = first.plus(offset + done);
            int within = offset + done & Page.SIZE - 1;
            int part = Math.min(len - done, Page.SIZE - within);
            int copied = to.copyTo(page, within, part);
            done += copied;
            if (copied < part) {
                break;
            }
        }
        return done;
    }

    /// Copies `len` bytes into a page and the ones behind it in its folio.
    static int copyAllFrom(Iter from, Page first, int offset, int len) {
        int done = 0;
        while (done < len) {
            Page page = first.plus(offset + done);
            int within = offset + done & Page.SIZE - 1;
            int part = Math.min(len - done, Page.SIZE - within);
            int copied = from.copyFrom(page, within, part);
            done += copied;
            if (copied < part) {
                break;
            }
        }
        return done;
    }
}
