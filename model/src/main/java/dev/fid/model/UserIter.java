package dev.fid.model;

import org.jspecify.annotations.Nullable;

/// User memory as the memory of a read or write: ITER_UBUF and ITER_IOVEC.
final class UserIter implements Iter {
    private final Machine machine;
    private final AddressSpace space;
    private final long[] addresses;
    private final long[] lens;
    private int piece;
    private long within;
    private long count;

    UserIter(Machine machine, AddressSpace space, long[] addresses, long[] lens, long count) {
        this.machine = machine;
        this.space = space;
        this.addresses = addresses;
        this.lens = lens;
        this.count = count;
        skipEmpty();
    }

    static UserIter of(Machine machine, AddressSpace space, long address, long len) {
        return new UserIter(machine, space, new long[] {address}, new long[] {len}, len);
    }

    private void skipEmpty() {
        while (piece < lens.length && within == lens[piece]) {
            piece++;
            within = 0;
        }
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public void truncate(long to) {
        count = Math.min(count, to);
    }

    @Override
    public boolean readable() {
        return count == 0 || space.page(addresses[piece] + within, false) != null;
    }

    @Override
    public int copyFrom(Page out, int offset, int len) {
        int done = move(out, offset, len, true);
        machine.ledger.copiedFromUser(done);
        return done;
    }

    @Override
    public int copyTo(Page in, int offset, int len) {
        int done = move(in, offset, len, false);
        machine.ledger.copiedToUser(done);
        return done;
    }

    private int move(Page page, int offset, int len, boolean from) {
        int done = 0;
        int all = (int) Math.min(len, count);
        while (done < all) {
            long address = addresses[piece] + within;
            Page user = space.page(address, !from);
            if (user == null) {
                break;
            }
            int at = (int) address & Page.SIZE - 1;
            int part = (int) Math.min(Math.min(all - done, lens[piece] - within), Page.SIZE - at);
            if (from) {
                machine.ledger.copying(user.bytes(), at, page.bytes(), offset + done, part);
                System.arraycopy(user.bytes(), at, page.bytes(), offset + done, part);
            } else {
                machine.ledger.copying(page.bytes(), offset + done, user.bytes(), at, part);
                System.arraycopy(page.bytes(), offset + done, user.bytes(), at, part);
            }
            done += part;
            advance(part);
        }
        return done;
    }

    /// The user page of the next byte, with a reference, as `iov_iter_get_pages2`; null faults. Does not advance.
    @Nullable
    Page pin() {
        Page page = space.page(addresses[piece] + within, false);
        if (page != null) {
            page.get();
        }
        return page;
    }

    /// Where in its page the next byte lies.
    int pageOffset() {
        return (int) (addresses[piece] + within) & Page.SIZE - 1;
    }

    /// Bytes of the current piece that are left in this page.
    int pageRun() {
        return (int) Math.min(Math.min(lens[piece] - within, count), Page.SIZE - pageOffset());
    }

    void advance(int bytes) {
        within += bytes;
        count -= bytes;
        skipEmpty();
    }
}
