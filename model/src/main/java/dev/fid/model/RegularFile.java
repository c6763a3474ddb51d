package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// A regular file of ext4 or tmpfs: a size, and a page cache that read and write copy from and to.
final class RegularFile extends Inode {
    private static final long DAY = 24L * 60 * 60 * 1_000_000_000;

    /// `bdev_logical_block_size` of most disks.
    private static final int LOGICAL_BLOCK = 512;

    final PageCache cache;
    /// Indexes that have a block (ext4: also those only promised one by a write that is not on disk yet).
    final TreeSet<Long> allocated = new TreeSet<>();

    /// Those of them that only fallocate(2) made: they read as zeros, and tmpfs shows its page of zeros for them, until
    /// it is promised a second time.
    private final TreeSet<Long> unwritten = new TreeSet<>();

    private long size;
    private int mappings;
    int seals;
    boolean sealable;

    RegularFile(Machine machine, FileSystem fileSystem, int permissions) {
        super(machine, fileSystem, Uapi.S_IFREG | (permissions & 07777));
        cache = new PageCache(machine, fileSystem.inMemory());
    }

    @Override
    FileOperations operations() {
        return machine.profile.operations(fileSystem.kind);
    }

    @Override
    boolean seekable() {
        return true;
    }

    @Override
    long size() {
        return size;
    }

    @Override
    long blocks() {
        return allocated.size() * (long) (Page.SIZE / 512);
    }

    @Override
    int poll(OpenFile file) {
        // DEFAULT_POLLMASK: a regular file is always ready
        return Uapi.POLLIN | Uapi.POLLOUT;
    }

    @Override
    boolean pollable() {
        return false;
    }

    @Override
    int fionread(OpenFile file) {
        // fs/ioctl.c, file_ioctl: what is left behind the position
        return (int) (size - file.pos);
    }

    /// `filemap_read`, or `shmem_file_read_iter`, which differs in that a hole needs no page.
    @Override
    long read(OpenFile file, Iter to, Offset pos) {
        machine.ledger.pass(fileSystem.inMemory() ? "shmem_file_read_iter" : "filemap_read");
        // filemap_read leaves earlier, shmem_file_read_iter does not
        if (fileSystem.inMemory() || (to.count() > 0 && pos.value < fileSystem.maxBytes)) {
            accessed(file);
        }
        // __iomap_dio_rw asks for the end of the file first
        if (pos.value < size && isMisaligned(file, pos.value, to.count())) {
            return -Errno.EINVAL;
        }
        long done = 0;
        while (to.count() > 0 && pos.value < size) {
            long index = pos.value >> Page.SHIFT;
            int offset = (int) pos.value & Page.SIZE - 1;
            int part = (int) Math.min(Math.min(to.count(), size - pos.value), Page.SIZE - offset);
            Page page = pageForRead(index, pos.value + to.count());
            if (page == null) {
                return done > 0 ? done : -Errno.ENOMEM;
            }
            machine.ledger.pass("copy_page_to_iter");
            int copied = to.copyTo(page, offset, part);
            done += copied;
            pos.value += copied;
            if (copied < part) {
                return done > 0 ? done : -Errno.EFAULT;
            }
        }
        return done;
    }

    /// `iomap_dio_bio_iter`: O_DIRECT moves whole blocks of the disk, for splice too, which reads into its own pages
    /// then; only the last one may end with the file. tmpfs takes everything. Linux 2.6 spliced what was cached.
    private boolean isMisaligned(OpenFile file, long pos, long count) {
        return (file.flags & Uapi.O_DIRECT) != 0
                && !fileSystem.inMemory()
                && machine.profile.directReadsCopy()
                && ((pos | count) & LOGICAL_BLOCK - 1) != 0;
    }

    /// The page with the bytes of `index` for a read up to byte `end`; a hole of tmpfs is the page of zeros that all
    /// share.
    @Nullable
    Page pageForRead(long index, long end) {
        if (fileSystem.inMemory()) {
            Page page = cache.find(index);
            return page == null ? machine.zeroPage : page;
        }
        if (cache.find(index) == null) {
            readMissing(index, end);
        }
        return cache.get(index);
    }

    /// One that is missing brings all that are missing of the same request (`page_cache_sync_ra`, `do_page_cache_ra`).
    void readMissing(long index, long end) {
        long last = Page.ceiling(Math.min(end, size));
        long at = index;
        while (at < last && cache.get(at) != null) {
            at++;
        }
    }

    /// `generic_write_checks` and `generic_perform_write`.
    @Override
    long write(OpenFile file, Iter from, Offset pos) {
        machine.ledger.pass(fileSystem.inMemory() ? "shmem_file_write_iter" : "ext4_file_write_iter");
        if (from.count() == 0) {
            return 0;
        }
        // IOCB_APPEND; splice never gets here with it
        if (file.append()) {
            pos.value = size;
        }
        long room = checkLimits(pos.value, from.count());
        if (room < 0) {
            return room;
        }
        from.truncate(room);
        modified(); // before a byte is copied, and whether one can be
        if (isMisaligned(file, pos.value, from.count())) {
            return -Errno.EINVAL;
        }
        machine.ledger.pass("generic_perform_write");
        return performWrite(from, pos);
    }

    /// `generic_write_check_limits`: how many of `count` bytes may be written at `pos`, or -EFBIG.
    long checkLimits(long pos, long count) {
        if (pos >= machine.limits.fileSize() || pos >= fileSystem.maxBytes) {
            return -Errno.EFBIG;
        }
        return Math.min(count, Math.min(machine.limits.fileSize(), fileSystem.maxBytes) - pos);
    }

    /// A file that grows shows zeros behind its old end, whatever a mapping stored there (`ext4_zero_partial_blocks`).
    /// That takes a page, over a hole too.
    private void zeroPartialBlocks(long from, long to) {
        if (fileSystem.inMemory() || from >= to) {
            return;
        }
        long last = to - 1 & -Page.SIZE;
        if (from >= last) {
            zeroBlock(from, to);
            return;
        }
        zeroBlock(from, Page.ceiling(from) << Page.SHIFT);
        zeroBlock(last, to);
    }

    /// `ext4_block_zero_page_range`; a whole block is nobody's rest.
    private void zeroBlock(long from, long to) {
        if (from < to && to - from < Page.SIZE) {
            cache.zeroPart(from, (int) (to - from), allocated.contains(from >> Page.SHIFT));
        }
    }

    /// From `from` to the end of its block (`ext4_block_truncate_page`).
    private void zeroTail(long from) {
        if (!fileSystem.inMemory()) {
            zeroBlock(from, Page.ceiling(from) << Page.SHIFT);
        }
    }

    private long performWrite(Iter from, Offset pos) {
        long done = 0;
        while (from.count() > 0) {
            long index = pos.value >> Page.SHIFT;
            int offset = (int) pos.value & Page.SIZE - 1;
            if (!from.readable()) {
                return done > 0 ? done : -Errno.EFAULT;
            }
            if ((seals & Uapi.F_SEAL_WRITE) != 0) {
                return done > 0 ? done : -Errno.EPERM;
            }
            Page page = writeBegin(index, from.count());
            if (page == null) {
                return done > 0 ? done : -Errno.ENOSPC;
            }
            int part = (int) Math.min(from.count(), Page.SIZE - offset);
            int copied = from.copyFrom(page, offset, part);
            page.makeDirty();
            if (done == 0) {
                zeroPartialBlocks(size, pos.value);
            }
            pos.value += copied;
            done += copied;
            size = Math.max(size, pos.value);
        }
        return done;
    }

    /// `write_begin`: the page at `index`, with a block of its own; null is ENOSPC.
    private @Nullable Page writeBegin(long index, long len) {
        if (!allocated.contains(index)) {
            if (!fileSystem.take()) {
                return null;
            }
            allocated.add(index);
        }
        unwritten.remove(index);
        return cache.getForWrite(index, len);
    }

    /// `touch_atime` and `relatime_need_update`.
    @Override
    void accessed(OpenFile file) {
        long now = machine.clock.nanos();
        boolean due = fileSystem.strictAccessTimes
                || modifiedNanos >= accessedNanos
                || changedNanos() >= accessedNanos
                || now - accessedNanos >= DAY;
        if (due && (file.flags & Uapi.O_NOATIME) == 0) {
            accessedNanos = now;
        }
    }

    /// A page for a mapping; null beyond the end of the file (SIGBUS, or EFAULT in a call).
    @Nullable
    Page fault(long index, boolean store) {
        if (index << Page.SHIFT >= size) {
            return null;
        }
        if (!store && !fileSystem.inMemory()) {
            return cache.get(index);
        }
        Page page = writeBegin(index, Page.SIZE);
        if (page != null && store) {
            modified();
            makeWritable(page.folio());
        }
        return page;
    }

    /// A store makes the whole folio dirty, and ext4 gives all of it that lies in the file blocks. Source:
    /// fs/buffer.c, `block_page_mkwrite` and `block_dirty_folio`.
    private void makeWritable(Folio folio) {
        for (int i = 0; i < folio.pages.length; i++) {
            folio.pages[i].makeDirty();
            long index = folio.index + i;
            if (index << Page.SHIFT < size && !allocated.contains(index) && fileSystem.take()) {
                allocated.add(index);
            }
            unwritten.remove(index);
        }
    }

    void mapped() {
        mappings++;
        hold();
    }

    void unmapped() {
        mappings--;
        drop();
    }

    boolean isMapped() {
        return mappings > 0;
    }

    int truncate(long to) {
        if ((to > machine.limits.fileSize() && to > size) || to > fileSystem.maxBytes) {
            return -Errno.EFBIG;
        }
        long before = size;
        if (to > before) {
            zeroTail(before);
        }
        size = to;
        modified();
        // shmem_setattr asks whether the file grows; ext4_setattr does not, and then cuts what a folio has behind the
        // end
        if (to <= before || !fileSystem.inMemory()) {
            cache.truncate(to, Long.MAX_VALUE);
        }
        if (to <= before) {
            free(Page.ceiling(to), Long.MAX_VALUE);
            zeroTail(to);
        }
        return 0;
    }

    private void free(long from, long to) {
        if (from < to) {
            var blocks = allocated.subSet(from, to);
            fileSystem.give(blocks.size());
            blocks.clear();
            unwritten.subSet(from, to).clear();
        }
    }

    /// `vfs_fallocate` has checked mode and range.
    int allocate(int how, long off, long len) {
        long end = off + len;
        if ((how & Uapi.FALLOC_FL_PUNCH_HOLE) != 0) {
            if ((seals & Uapi.F_SEAL_WRITE) != 0) {
                return -Errno.EPERM;
            }
            if (off < size || fileSystem.inMemory()) {
                // ext4_punch_hole: a hole that goes beyond the size ends with the block that holds the size
                punch(off, fileSystem.inMemory() || end <= size ? end : Page.ceiling(size) << Page.SHIFT);
            }
            modified();
            return 0;
        }
        if (end > machine.limits.fileSize() && end > size && (how & Uapi.FALLOC_FL_KEEP_SIZE) == 0) {
            return -Errno.EFBIG;
        }
        if ((how & Uapi.FALLOC_FL_ZERO_RANGE) != 0) {
            punch(off, Math.min(end, Math.max(off, size)));
        }
        for (long index = off >> Page.SHIFT; index <= (end - 1) >> Page.SHIFT; index++) {
            if (!allocated.contains(index)) {
                if (!fileSystem.take()) {
                    return -Errno.ENOSPC;
                }
                // a page of tmpfs that was only promised reads as a hole (`shmem_get_folio` with SGP_READ)
                allocated.add(index);
                unwritten.add(index);
            } else if (fileSystem.inMemory() && unwritten.remove(index)) {
                // shmem_get_folio_gfp: SGP_FALLOC makes a page that was promised earlier a real one of zeros
                cache.getForWrite(index, Page.SIZE);
            }
        }
        if ((how & Uapi.FALLOC_FL_KEEP_SIZE) == 0 && end > size) {
            zeroPartialBlocks(size, end);
            size = end;
        }
        modified();
        return 0;
    }

    private void punch(long off, long end) {
        if (off >= end) {
            return;
        }
        cache.truncate(off, end);
        zeroPartialBlocks(off, end);
        free(Page.ceiling(off), end >> Page.SHIFT);
    }

    @Override
    long seek(OpenFile file, long off, int whence) {
        long to;
        switch (whence) {
            case Uapi.SEEK_SET -> to = off;
            case Uapi.SEEK_CUR -> {
                if (off == 0) {
                    return file.pos;
                }
                to = file.pos + off;
            }
            case Uapi.SEEK_END -> to = size + off;
            default -> {
                to = seekData(off, whence == Uapi.SEEK_DATA);
                if (to < 0) {
                    return to;
                }
            }
        }
        if (to < 0 || to > fileSystem.maxBytes) {
            return -Errno.EINVAL;
        }
        file.pos = to;
        return to;
    }

    private long seekData(long off, boolean data) {
        if (off < 0 || off >= size) {
            return -Errno.ENXIO;
        }
        for (long at = off; at < size; at = ((at >> Page.SHIFT) + 1) << Page.SHIFT) {
            long index = at >> Page.SHIFT;
            boolean cached = cache.find(index) != null;
            boolean holds = fileSystem.inMemory()
                    ? cached
                    : allocated.contains(index) && (cached || !unwritten.contains(index));
            if (holds == data) {
                return at;
            }
        }
        return data ? -Errno.ENXIO : size;
    }

    void sync() {
        sync(0, Long.MAX_VALUE);
    }

    /// Of pages from index `from` to `to` (exclusive).
    void sync(long from, long to) {
        cache.writeBack(allocated, from, to, size);
    }

    @Override
    void evict() {
        cache.clear();
        free(0, Long.MAX_VALUE);
        size = 0;
    }
}
