package dev.fid.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A piece of what was sent, the kernel's `struct sk_buff`: a linear part of its own and up to 17 fragments, which
/// are references to pages. Source: net/core/skbuff.c of Linux 6.18.
final class SocketBuffer {
    /// MAX_SKB_FRAGS and the sysctl net.core.max_skb_frags.
    static final int MOST_FRAGMENTS = 17;

    /// `struct sk_buff` and `struct skb_shared_info`, in cache lines.
    private static final int OVERHEAD = 256;

    private static final int SHARED_INFO = 320;

    /// The most that a linear part of one page holds, SKB_MAX_HEAD(0).
    static final int MOST_LINEAR = Page.SIZE - SHARED_INFO;

    private record Fragment(Page page, int offset, int len) {}

    private final Machine machine;
    private final List<Fragment> fragments = new ArrayList<>();
    private @Nullable Page linear;
    private int linearLen;
    private int len;
    /// Bytes of it read already.
    int consumed;
    /// What it counts for against the send buffer.
    int truesize;

    SocketBuffer(Machine machine) {
        this.machine = machine;
    }

    /// `alloc_skb_with_frags`: memory for `linearBytes` and, in folios of at most 32 KiB, `paged` bytes.
    static SocketBuffer allocate(Machine machine, int linearBytes, int paged) {
        SocketBuffer buffer = new SocketBuffer(machine);
        buffer.truesize = OVERHEAD + roundUp(((linearBytes + 63) & -64) + SHARED_INFO);
        if (linearBytes > 0) {
            buffer.linear = new Folio(machine, 1).pages[0];
            buffer.linearLen = linearBytes;
        }
        int left = paged;
        while (left > 0) {
            int pages = Math.min(8, Integer.highestOneBit((int) Page.ceiling(left)));
            int part = Math.min(left, pages << Page.SHIFT);
            Folio folio = new Folio(machine, pages);
            folio.upToDate = true;
            buffer.fragments.add(new Fragment(folio.pages[0], 0, part));
            buffer.truesize += pages << Page.SHIFT;
            left -= part;
        }
        buffer.len = linearBytes + paged;
        return buffer;
    }

    /// Sizes in which the slab allocator gives memory.
    private static int roundUp(int bytes) {
        return bytes <= 512 ? 512 : Integer.highestOneBit(2 * bytes - 1);
    }

    int len() {
        return len;
    }

    byte lastByte() {
        if (fragments.isEmpty() && linear != null) {
            return linear.bytes()[linearLen - 1];
        }
        Fragment last = fragments.getLast();
        int at = last.offset + last.len - 1;
        return last.page.plus(at).bytes()[at & Page.SIZE - 1];
    }

    int left() {
        return len - consumed;
    }

    /// Adds the pages of the linear part and of the fragments.
    void addPages(List<Page> to) {
        Page head = linear;
        if (head != null) {
            to.add(head);
        }
        for (Fragment fragment : fragments) {
            for (int at = fragment.offset & -Page.SIZE; at < fragment.offset + fragment.len; at += Page.SIZE) {
                to.add(fragment.page.plus(at));
            }
        }
    }

    /// `skb_copy_datagram_from_iter`: false is EFAULT.
    boolean fill(Iter from) {
        Page head = linear;
        if (head != null && Iter.copyAllFrom(from, head, 0, linearLen) < linearLen) {
            return false;
        }
        for (Fragment fragment : fragments) {
            if (Iter.copyAllFrom(from, fragment.page, fragment.offset, fragment.len) < fragment.len) {
                return false;
            }
        }
        return true;
    }

    /// `skb_append_pagefrags`, after the caller copied into the page: false when there are 17 fragments.
    boolean append(Page page, int offset, int bytes) {
        if (!fragments.isEmpty()) {
            Fragment last = fragments.getLast();
            if (last.page == page && last.offset + last.len == offset) {
                fragments.set(fragments.size() - 1, new Fragment(page, last.offset, last.len + bytes));
                len += bytes;
                return true;
            }
        }
        if (fragments.size() == MOST_FRAGMENTS) {
            return false;
        }
        page.get();
        fragments.add(new Fragment(page, offset, bytes));
        len += bytes;
        return true;
    }

    /// `skb_splice_from_iter`: references to the pages instead of their bytes, page by page, as many as fit; returns
    /// bytes.
    int splice(PageIter from, long most) {
        machine.ledger.pass("skb_splice_from_iter");
        int spliced = 0;
        while (from.count() > 0 && spliced < most) {
            PageIter.Piece piece = from.next(most - spliced);
            if (!append(piece.page(), piece.offset(), piece.len())) {
                break;
            }
            from.advance(piece.len());
            spliced += piece.len();
        }
        truesize += spliced;
        return spliced;
    }

    /// Copies `bytes` from byte `skip` behind the consumed ones; fewer where the memory faults.
    int copyTo(Iter to, int skip, int bytes) {
        int at = consumed + skip;
        int done = 0;
        Page head = linear;
        if (head != null && at < linearLen) {
            int part = Math.min(bytes, linearLen - at);
            done = Iter.copyAllTo(to, head, at, part);
            if (done < part) {
                return done;
            }
        }
        int start = linearLen;
        for (Fragment fragment : fragments) {
            int from = at + done - start;
            if (done < bytes && from < fragment.len) {
                int part = Math.min(bytes - done, fragment.len - from);
                int copied = Iter.copyAllTo(to, fragment.page, fragment.offset + from, part);
                done += copied;
                if (copied < part) {
                    return done;
                }
            }
            start += fragment.len;
        }
        return done;
    }

    /// `__skb_splice_bits`: slots for `bytes` behind the consumed ones, each with a reference of its own. The linear
    /// part has no page to lend and is copied to one first (`linear_to_page`).
    List<PipeBuffer> slots(int bytes) {
        List<PipeBuffer> slots = new ArrayList<>();
        int at = consumed;
        int left = bytes;
        Page head = linear;
        while (head != null && at < linearLen && left > 0) {
            PageFragment fragment = machine.fragment;
            Page page = fragment.refill();
            int part = Math.min(Math.min(left, linearLen - at), PageFragment.SIZE - fragment.offset);
            int offset = fragment.offset;
            for (int done = 0; done < part; ) {
                int within = offset + done & Page.SIZE - 1;
                int run = Math.min(part - done, Page.SIZE - within);
                System.arraycopy(
                        head.bytes(), at + done, page.plus(offset + done).bytes(), within, run);
                done += run;
            }
            machine.ledger.pass("linear_to_page");
            machine.ledger.copiedInside(part);
            fragment.offset += part;
            add(slots, page, offset, part);
            at += part;
            left -= part;
        }
        int start = linearLen;
        for (Fragment fragment : fragments) {
            int from = at - start;
            if (left > 0 && from < fragment.len) {
                int part = Math.min(left, fragment.len - from);
                if (!add(slots, fragment.page, fragment.offset + from, part)) {
                    break;
                }
                at += part;
                left -= part;
            }
            start += fragment.len;
        }
        return slots;
    }

    /// `spd_fill_page` and `spd_can_coalesce`.
    private static boolean add(List<PipeBuffer> slots, Page page, int offset, int len) {
        if (!slots.isEmpty()) {
            PipeBuffer last = slots.getLast();
            if (last.page == page && last.offset + last.len == offset) {
                last.len += len;
                return true;
            }
        }
        if (slots.size() == MOST_FRAGMENTS) {
            return false;
        }
        page.get();
        slots.add(new PipeBuffer(page, offset, len, PipeBuffer.Ops.SOCK, 0));
        return true;
    }

    /// `skb_trim`: fewer bytes at the end, of which none is read yet.
    void cut(int bytes) {
        int left = bytes;
        while (left > 0 && !fragments.isEmpty()) {
            Fragment last = fragments.removeLast();
            int kept = Math.max(0, last.len - left);
            left -= last.len - kept;
            if (kept > 0) {
                fragments.add(new Fragment(last.page, last.offset, kept));
            } else {
                last.page.put();
            }
        }
        linearLen -= left;
        len -= bytes;
    }

    /// `kfree_skb`.
    void free() {
        Page head = linear;
        if (head != null) {
            head.put();
        }
        for (Fragment fragment : fragments) {
            fragment.page.put();
        }
        fragments.clear();
        linear = null;
    }
}
