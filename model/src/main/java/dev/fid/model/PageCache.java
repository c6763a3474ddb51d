package dev.fid.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The pages of one file that are in memory, by index, and the simulated disk below them: the kernel's
/// `struct address_space`. For a file of tmpfs there is no disk, the pages are the file.
///
/// Index `i` holds the bytes from `i * 4096`. Source: mm/filemap.c, mm/shmem.c, mm/truncate.c of Linux 6.18.
public final class PageCache {
    private final Machine machine;
    private final boolean inMemory;
    private final TreeMap<Long, Page> pages = new TreeMap<>();
    private final Map<Long, byte[]> disk = new TreeMap<>();

    PageCache(Machine machine, boolean inMemory) {
        this.machine = machine;
        this.inMemory = inMemory;
    }

    /// The page at `index` if it is in memory.
    public @Nullable Page find(long index) {
        return pages.get(index);
    }

    /// Indexes of the pages in memory, in order.
    public List<Long> indexes() {
        return new ArrayList<>(pages.keySet());
    }

    /// Whether the disk has a block for `index`.
    public boolean onDisk(long index) {
        return disk.containsKey(index);
    }

    /// Step 1 of a splice from a file: the cached pages from `index`, as long as there is no gap, at most `most`.
    /// Source: `filemap_get_read_batch`; `find_get_pages_contig` in Linux 2.6.
    List<Page> findContiguous(long index, int most) {
        List<Page> found = new ArrayList<>();
        for (Page page = pages.get(index);
                page != null && found.size() < most;
                page = pages.get(index + found.size())) {
            found.add(page);
        }
        return found;
    }

    /// Step 2: a new page for `index`, which is not up to date yet; null is ENOMEM. Source: `filemap_create_folio`.
    @Nullable
    Page allocate(long index) {
        Page page = machine.newPage();
        if (page != null) {
            page.folio().index = index;
            pages.put(index, page);
        }
        return page;
    }

    /// Step 2 for a whole request: new pages for all that are missing from `index` to `end` (exclusive); returns those
    /// up to the first that was there. Source: `page_cache_sync_ra` and `page_cache_ra_unbounded` without a window.
    List<Page> allocateMissing(long index, long end) {
        List<Page> made = new ArrayList<>();
        for (long i = index; i < end; i++) {
            if (pages.get(i) == null) {
                Page page = allocate(i);
                if (page == null) {
                    break;
                }
                if (made.size() == i - index) {
                    made.add(page);
                }
            }
        }
        return made;
    }

    /// Step 3: brings a page up to date from the disk; a hole is zeros. Source: `filemap_read_folio`.
    void readFromDisk(long index, Page page) {
        byte[] block = disk.get(index);
        if (block != null) {
            System.arraycopy(block, 0, page.bytes(), 0, Page.SIZE);
            machine.ledger.pageRead(1);
        }
        page.folio().upToDate = true;
    }

    /// The page at `index`, read from disk if need be; null is ENOMEM.
    @Nullable
    Page get(long index) {
        Page page = pages.get(index);
        if (page == null) {
            page = allocate(index);
        }
        if (page != null && !page.upToDate()) {
            readFromDisk(index, page);
        }
        return page;
    }

    /// Zeroes a part of one page, which is made if it is missing. Over a hole (no block) that is all. Source:
    /// fs/ext4/inode.c, `__ext4_block_zero_page_range`.
    void zeroPart(long from, int len, boolean hasBlock) {
        long index = from >> Page.SHIFT;
        Page page = pages.get(index);
        if (page == null) {
            page = allocate(index);
        }
        if (page != null && hasBlock) {
            if (!page.upToDate()) {
                readFromDisk(index, page);
            }
            page.zero((int) from & Page.SIZE - 1, len);
            page.makeDirty();
        }
    }

    /// The page to write to at `index`, in a new folio as large as `len` bytes make it if there is none: a power of
    /// two of pages, aligned, into which no page falls that is cached already. Source: `__filemap_get_folio` with
    /// `fgf_set_order`.
    @Nullable
    Page getForWrite(long index, long len) {
        Page page = pages.get(index);
        if (page != null) {
            if (!page.upToDate()) {
                readFromDisk(index, page);
            }
            return page;
        }
        int order = inMemory || len < Page.SIZE ? 0 : Math.min(9, 63 - Long.numberOfLeadingZeros(len) - Page.SHIFT);
        if (index != 0) {
            order = Math.min(order, Long.numberOfTrailingZeros(index));
        }
        while (order > 0 && pages.ceilingKey(index) != null && pages.ceilingKey(index) < index + (1L << order)) {
            order--;
        }
        if (order == 0) {
            page = allocate(index);
            if (page == null) {
                return null;
            }
        } else {
            Folio folio = new Folio(machine, 1 << order);
            folio.index = index;
            for (int i = 0; i < folio.pages.length; i++) {
                pages.put(index + i, folio.pages[i]);
            }
            page = folio.pages[0];
        }
        Folio folio = page.folio();
        for (int i = 0; i < folio.pages.length; i++) {
            readFromDisk(index + i, folio.pages[i]);
        }
        return page;
    }

    /// The folio of `index` leaves the cache; whoever else holds it keeps its bytes.
    private void drop(Folio folio) {
        for (int i = 0; i < folio.pages.length; i++) {
            pages.remove(folio.index + i);
        }
        folio.put();
    }

    /// Cuts bytes `from` (inclusive) to `to` (exclusive, {@link Long#MAX_VALUE} for the end): folios inside go, those
    /// on a border are zeroed there and, when nothing forbids it, split. Source: `truncate_inode_pages_range` and
    /// `truncate_inode_partial_folio`; `shmem_undo_range` for tmpfs, which is the same with folios of one page.
    void truncate(long from, long to) {
        long start = Page.ceiling(from);
        long end = to == Long.MAX_VALUE ? Long.MAX_VALUE : to >> Page.SHIFT;
        dropWholeFolios(start, end);
        boolean same = to != Long.MAX_VALUE && from >> Page.SHIFT == (to - 1) >> Page.SHIFT;
        Page first = pages.get(from >> Page.SHIFT);
        if (first != null) {
            Folio folio = first.folio();
            long next = folio.index + folio.pages.length;
            same = to <= next << Page.SHIFT;
            if (!truncatePartially(folio, from, to)) {
                start = next;
                if (same) {
                    end = folio.index;
                }
            }
        }
        if (!same && to != Long.MAX_VALUE) {
            Page last = pages.get((to - 1) >> Page.SHIFT);
            if (last != null) {
                Folio folio = last.folio();
                if (!truncatePartially(folio, from, to)) {
                    end = folio.index;
                }
            }
        }
        dropWholeFolios(start, end);
        if (!inMemory) {
            cutDisk(from, to);
        }
    }

    private void dropWholeFolios(long start, long end) {
        if (start >= end) {
            return;
        }
        for (Page page : new ArrayList<>(pages.subMap(start, end).values())) {
            Folio folio = page.folio();
            if (pages.get(folio.index) == folio.pages[0]
                    && folio.index >= start
                    && (end == Long.MAX_VALUE || folio.index + folio.pages.length <= end)) {
                drop(folio);
            }
        }
    }

    /// Returns false where the folio stays whole because it is dirty: a split needs its buffers, and they are to be
    /// written. Blocks that are cut as a whole are not any more; where none is left to write, the folio is clean.
    /// Source: mm/truncate.c, `truncate_inode_partial_folio`; fs/buffer.c, `block_invalidate_folio` and
    /// `try_to_free_buffers`; mm/huge_memory.c, `__folio_split`, which looks at the references after that.
    private boolean truncatePartially(Folio folio, long from, long to) {
        long pos = folio.index << Page.SHIFT;
        int size = folio.pages.length << Page.SHIFT;
        int offset = pos < from ? (int) (from - pos) : 0;
        int length = to == Long.MAX_VALUE || pos + size <= to ? size - offset : (int) (to - pos) - offset;
        if (length == size) {
            drop(folio);
            return true;
        }
        int end = offset + length;
        for (int at = offset; at < end; ) {
            int part = Math.min(end - at, Page.SIZE - (at & Page.SIZE - 1));
            Page page = folio.pages[at >> Page.SHIFT];
            page.zero(at & Page.SIZE - 1, part);
            page.toBeWritten &= part < Page.SIZE;
            at += part;
        }
        if (folio.pages.length == 1) {
            return true;
        }
        if (folio.isToBeWritten()) {
            return false;
        }
        folio.dirty = false;
        if (folio.references() > 1) {
            drop(folio);
            return true;
        }
        Page behind = end < size ? folio.pages[end >> Page.SHIFT] : null;
        folio.split(offset >> Page.SHIFT);
        if (behind != null) {
            behind.isolate();
        }
        return true;
    }

    private void cutDisk(long from, long to) {
        for (Map.Entry<Long, byte[]> block : new ArrayList<>(disk.entrySet())) {
            long pos = block.getKey() << Page.SHIFT;
            if (pos + Page.SIZE <= from || pos >= to) {
                continue;
            }
            int first = (int) Math.max(0, from - pos);
            int end = to == Long.MAX_VALUE ? Page.SIZE : (int) Math.min(Page.SIZE, to - pos);
            if (first == 0 && end == Page.SIZE) {
                disk.remove(block.getKey());
            } else {
                java.util.Arrays.fill(block.getValue(), first, end, (byte) 0);
            }
        }
    }

    /// Writes dirty pages from index `from` to `to` (exclusive) to the disk; a page that is not `allocated` has
    /// no block of its own: it is a hole and stays one. What a mapping stored behind the end of the file, at
    /// `size`, is zeroed first. Source: fs/ext4/page-io.c, `ext4_bio_write_folio`.
    void writeBack(java.util.Set<Long> allocated, long from, long to, long size) {
        if (inMemory) {
            return;
        }
        int tail = (int) size & Page.SIZE - 1;
        long last = size >> Page.SHIFT;
        Page end = tail > 0 && from <= last && last < to ? pages.get(last) : null;
        if (end != null && end.dirty()) {
            end.zero(tail, Page.SIZE - tail);
        }
        for (Map.Entry<Long, Page> entry : pages.subMap(from, to).entrySet()) {
            if (entry.getValue().dirty() && allocated.contains(entry.getKey())) {
                disk.put(entry.getKey(), entry.getValue().bytes().clone());
            }
        }
        for (Page page : pages.subMap(from, to).values()) {
            page.toBeWritten = false;
            page.folio().dirty = false;
        }
    }

    /// Gives clean pages that nobody else holds back, within indexes `from` to `to` (exclusive). Source:
    /// `invalidate_mapping_pages`.
    void forget(long from, long to) {
        if (inMemory || from >= to) {
            return;
        }
        for (Page page : new ArrayList<>(pages.subMap(from, to).values())) {
            Folio folio = page.folio();
            if (pages.get(folio.index) == folio.pages[0]
                    && !folio.dirty
                    && folio.references() == 1
                    && folio.index >= from
                    && folio.index + folio.pages.length <= to) {
                drop(folio);
            }
        }
    }

    /// The file is gone.
    void clear() {
        truncate(0, Long.MAX_VALUE);
        disk.clear();
    }

    long size() {
        return pages.size();
    }
}
