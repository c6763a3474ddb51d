package dev.fid.model;

/// One page of memory, 4096 bytes: of a file's page cache, of a pipe, of a socket buffer or of user memory. It is
/// the thing that splice, tee and vmsplice hand around instead of copying: each holder has a reference, and the
/// page is free when the last one is dropped. Whoever changes the bytes changes them for all holders.
///
/// Source: `struct page` and `struct folio`, include/linux/mm_types.h.
public final class Page {
    /// Bytes of a page.
    public static final int SIZE = 4096;

    static final int SHIFT = 12;

    /// How many pages `bytes` need.
    static long ceiling(long bytes) {
        return ((bytes - 1) >> SHIFT) + 1;
    }

    private final byte[] bytes = new byte[SIZE];
    private final long number;
    private Folio folio;
    private int place;
    /// The block below it is to be written, of a folio that is dirty (the kernel's `buffer_dirty`).
    boolean toBeWritten;

    Page(Folio folio, int place, long number) {
        this.folio = folio;
        this.place = place;
        this.number = number;
    }

    /// Names the page in diagrams and messages; never used twice by one kernel.
    public long number() {
        return number;
    }

    /// How many hold it: the page cache, slots of pipes, fragments in sockets, mappings.
    public int references() {
        return folio.references();
    }

    /// Whether the bytes are those of the disk, or newer.
    public boolean upToDate() {
        return folio.upToDate;
    }

    /// Whether the bytes are newer than those of the disk.
    public boolean dirty() {
        return folio.dirty;
    }

    /// The byte at `at`, 0 to 4095.
    public byte at(int at) {
        return bytes[at];
    }

    Folio folio() {
        return folio;
    }

    void belongTo(Folio part, int at) {
        folio = part;
        place = at;
    }

    /// Splits its folio, if that has more pages, so that this one is alone.
    void isolate() {
        if (folio.pages.length > 1) {
            folio.split(place);
        }
    }

    /// Makes the page and with it the folio dirty.
    void makeDirty() {
        toBeWritten = true;
        folio.dirty = true;
    }

    byte[] bytes() {
        return bytes;
    }

    void get() {
        folio.get();
    }

    void put() {
        folio.put();
    }

    /// The page of the same folio that has the byte `offset` from this page's start; `offset` may be beyond it.
    Page plus(int offset) {
        return offset < SIZE ? this : folio.pages[place + (offset >> SHIFT)];
    }

    /// Sets `len` bytes from `offset` to zero.
    void zero(int offset, int len) {
        java.util.Arrays.fill(bytes, offset, offset + len, (byte) 0);
    }

    @Override
    public String toString() {
        return "page " + number;
    }
}
