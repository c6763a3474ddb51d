package dev.fid.model;

/// Memory from which small pieces for sockets are cut one after the other: a folio of 32 KiB, used again from its
/// start as soon as nobody else holds it. Source: net/core/sock.c, `skb_page_frag_refill`, SKB_FRAG_PAGE_ORDER.
final class PageFragment {
    private static final int PAGES = 8;
    static final int SIZE = PAGES * Page.SIZE;

    private final Machine machine;
    private @org.jspecify.annotations.Nullable Folio folio;
    int offset;

    PageFragment(Machine machine) {
        this.machine = machine;
    }

    /// The first page of the fragment, with at least 32 bytes free behind {@link #offset}.
    Page refill() {
        Folio current = folio;
        if (current != null) {
            if (current.references() == 1) {
                offset = 0;
                return current.pages[0];
            }
            if (offset + 32 <= SIZE) {
                return current.pages[0];
            }
            current.put();
        }
        offset = 0;
        current = new Folio(machine, PAGES);
        current.upToDate = true;
        folio = current;
        return current.pages[0];
    }

    /// Pages held only for the next piece.
    long idlePages() {
        Folio current = folio;
        return current == null ? 0 : PAGES;
    }
}
