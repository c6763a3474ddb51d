package dev.fid.model;

import java.util.ArrayList;
import java.util.List;

/// Pages as the memory of a read or write: ITER_BVEC. Copies count as made inside of the kernel.
final class PageIter implements Iter {
    record Piece(Page page, int offset, int len) {}

    private final Ledger ledger;
    private final List<Piece> pieces = new ArrayList<>();
    private int piece;
    private int within;
    private long count;

    PageIter(Ledger ledger) {
        this.ledger = ledger;
    }

    void add(Page page, int offset, int len) {
        pieces.add(new Piece(page, offset, len));
        count += len;
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public boolean readable() {
        return true;
    }

    @Override
    public void truncate(long to) {
        count = Math.min(count, to);
    }

    @Override
    public int copyFrom(Page out, int offset, int len) {
        return move(out, offset, len, true);
    }

    @Override
    public int copyTo(Page in, int offset, int len) {
        return move(in, offset, len, false);
    }

    private int move(Page page, int offset, int len, boolean from) {
        int done = 0;
        int all = (int) Math.min(len, count);
        while (done < all) {
            Piece now = pieces.get(piece);
            int at = now.offset + within;
            int part = Math.min(all - done, Math.min(now.len - within, Page.SIZE - (at & Page.SIZE - 1)));
            byte[] bytes = now.page.plus(at).bytes();
            if (from) {
                ledger.copying(bytes, at & Page.SIZE - 1, page.bytes(), offset + done, part);
                System.arraycopy(bytes, at & Page.SIZE - 1, page.bytes(), offset + done, part);
            } else {
                ledger.copying(page.bytes(), offset + done, bytes, at & Page.SIZE - 1, part);
                System.arraycopy(page.bytes(), offset + done, bytes, at & Page.SIZE - 1, part);
            }
            done += part;
            advance(part);
        }
        ledger.copiedInside(done);
        return done;
    }

    /// The next run of bytes that lies in one page, at most `most`; does not advance.
    Piece next(long most) {
        Piece now = pieces.get(piece);
        int at = now.offset + within;
        int part = (int) Math.min(Math.min(most, count), Math.min(now.len - within, Page.SIZE - (at & Page.SIZE - 1)));
        return new Piece(now.page.plus(at), at & Page.SIZE - 1, part);
    }

    void advance(int bytes) {
        within += bytes;
        count -= bytes;
        if (within == pieces.get(piece).len) {
            piece++;
            within = 0;
        }
    }
}
