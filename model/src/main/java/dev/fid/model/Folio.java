package dev.fid.model;

import java.util.Arrays;

/// One or more pages that live and die together, the kernel's `struct folio`: they share one reference count and
/// one state. ext4 makes folios as large as the write that fills them, a socket's send buffer makes them of 32 KiB,
/// everything else has one page. It matters because whoever holds one page of a folio holds it whole: a truncation
/// zeroes up to the folio's end and cannot drop part of it. Source: mm/filemap.c, `__filemap_get_folio`, and
/// mm/truncate.c, `truncate_inode_partial_folio`, of Linux 6.18.
final class Folio {
    private final Machine machine;
    final Page[] pages;
    /// Index of the first page in its file; -1 outside of a page cache.
    long index = -1;

    boolean upToDate;
    boolean dirty;
    private int references = 1;

    Folio(Machine machine, int size) {
        this.machine = machine;
        pages = new Page[size];
        for (int i = 0; i < size; i++) {
            pages[i] = new Page(this, i, machine.nextPageNumber());
        }
        machine.pagesAllocated(size);
    }

    private Folio(Folio whole, int from, int size) {
        machine = whole.machine;
        pages = Arrays.copyOfRange(whole.pages, from, from + size);
        index = whole.index + from;
        upToDate = whole.upToDate;
        dirty = whole.dirty;
        for (int i = 0; i < size; i++) {
            pages[i].belongTo(this, i);
        }
    }

    int references() {
        return references;
    }

    /// Whether a page of it has a block that is to be written.
    boolean isToBeWritten() {
        for (Page page : pages) {
            if (page.toBeWritten) {
                return true;
            }
        }
        return false;
    }

    /// `folio_get`.
    void get() {
        if (references <= 0) {
            throw new IllegalStateException("a reference to a freed page");
        }
        references++;
        machine.ledger.referenceTaken();
    }

    /// `folio_put`.
    void put() {
        if (references <= 0) {
            throw new IllegalStateException("a page is freed twice");
        }
        references--;
        machine.ledger.referenceDropped();
        if (references == 0) {
            machine.pagesFreed(pages.length);
        }
    }

    /// Splits around page `at` as a buddy allocator would: each half without it stays whole. Only for a folio that
    /// nobody but the page cache holds. Source: mm/huge_memory.c, `folio_split`, Linux 6.15 and later.
    void split(int at) {
        int from = 0;
        int size = pages.length;
        while (size > 1) {
            size /= 2;
            if (at < from + size) {
                new Folio(this, from + size, size);
            } else {
                new Folio(this, from, size);
                from += size;
            }
        }
        new Folio(this, from, 1);
        references = 0;
    }
}
