package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The memory of the program that calls the kernel: areas at addresses, each backed by pages of its own or by the
/// pages of a file. So a page that vmsplice lends and a page that mmap shows are the very pages that pipes and page
/// cache hold, and aliasing needs no code.
final class AddressSpace {
    /// One mapping, the kernel's `vm_area_struct`.
    final class Area {
        final long start;
        final int pages;
        final int prot;
        final boolean shared;
        private final @Nullable RegularFile file;
        private final long firstIndex;
        /// Own pages; null where nothing was stored yet, which reads as zeros.
        private final @Nullable Page[] own;

        Area(long start, int pages, int prot, boolean shared, @Nullable RegularFile file, long firstIndex) {
            this.start = start;
            this.pages = pages;
            this.prot = prot;
            this.shared = shared;
            this.file = file;
            this.firstIndex = firstIndex;
            own = new @Nullable Page[file == null || !shared ? pages : 0];
        }

        /// The page at `index` of this area, to read or to store to; null where that faults.
        @Nullable
        Page page(int index, boolean store) {
            if (own.length > 0) {
                Page page = own[index];
                if (page != null) {
                    return page;
                }
            }
            machine.lock.lock();
            try {
                return fault(index, store);
            } finally {
                machine.lock.unlock();
            }
        }

        private @Nullable Page fault(int index, boolean store) {
            RegularFile mapped = file;
            Page below = mapped == null ? machine.zeroPage : mapped.fault(firstIndex + index, store && shared);
            if (below == null || (shared && mapped != null) || !store) {
                return below;
            }
            Page page = new Folio(machine, 1).pages[0];
            page.folio().upToDate = true;
            if (mapped != null) {
                System.arraycopy(below.bytes(), 0, page.bytes(), 0, Page.SIZE);
            }
            own[index] = page;
            return page;
        }

        private void release() {
            for (Page page : own) {
                if (page != null) {
                    page.put();
                }
            }
            if (file != null) {
                file.unmapped();
            }
        }

        private void discard(int from, int to) {
            for (int i = from; i < to && i < own.length; i++) {
                Page page = own[i];
                if (page != null) {
                    page.put();
                    own[i] = null;
                }
            }
        }
    }

    private static final long FIRST = 0x7f00_0000_0000L;

    private final Machine machine;
    private final TreeMap<Long, Area> areas = new TreeMap<>();
    private long next = FIRST;

    AddressSpace(Machine machine) {
        this.machine = machine;
    }

    /// Maps `len` bytes; address or -errno of mmap(2) has been checked before.
    Area map(long len, int prot, boolean shared, @Nullable RegularFile file, long off) {
        int pages = (int) ((len + Page.SIZE - 1) >> Page.SHIFT);
        Area area = new Area(next, pages, prot, shared, file, off >> Page.SHIFT);
        // a gap behind each area, so that an overrun faults
        next += (pages + 1L) << Page.SHIFT;
        areas.put(area.start, area);
        if (file != null) {
            file.mapped();
        }
        return area;
    }

    @Nullable
    Area find(long address) {
        Map.Entry<Long, Area> entry = areas.floorEntry(address);
        if (entry == null || address >= entry.getKey() + ((long) entry.getValue().pages << Page.SHIFT)) {
            return null;
        }
        return entry.getValue();
    }

    /// The page at `address`, for the kernel's copies; null is EFAULT.
    @Nullable
    Page page(long address, boolean store) {
        Area area = find(address);
        if (area == null || (area.prot & (store ? Uapi.PROT_WRITE : Uapi.PROT_READ)) == 0) {
            return null;
        }
        return area.page((int) ((address - area.start) >> Page.SHIFT), store);
    }

    /// munmap(2) of whole areas; a part of one is not modelled and EINVAL.
    int unmap(long address, long len) {
        if ((address & Page.SIZE - 1) != 0 || len <= 0) {
            return -Errno.EINVAL;
        }
        Area area = areas.get(address);
        if (area == null) {
            return find(address) == null ? 0 : -Errno.EINVAL;
        }
        if (Page.ceiling(len) != area.pages) {
            return -Errno.EINVAL;
        }
        areas.remove(address);
        area.release();
        return 0;
    }

    /// MADV_DONTNEED: own pages are given back and read as zeros again, or as the file.
    int discard(long address, long len) {
        if ((address & Page.SIZE - 1) != 0) {
            return -Errno.EINVAL;
        }
        Area area = find(address);
        if (area == null) {
            return -Errno.ENOMEM;
        }
        int from = (int) ((address - area.start) >> Page.SHIFT);
        area.discard(from, from + (int) Page.ceiling(len));
        return 0;
    }

    /// Pages that user memory holds for itself.
    long ownPages() {
        long count = 0;
        for (Area area : areas.values()) {
            for (Page page : area.own) {
                count += page == null ? 0 : 1;
            }
        }
        return count;
    }
}
