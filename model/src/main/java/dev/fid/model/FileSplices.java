package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import java.util.List;

/// `splice_read` and `splice_write` of files and character devices. Source: mm/filemap.c, mm/shmem.c, fs/splice.c,
/// drivers/char/mem.c of Linux 6.18, and fs/splice.c of Linux 2.6.
final class FileSplices {
    private FileSplices() {}

    /// From the page cache into a pipe without a copy, in the four steps of the article: find the cached pages,
    /// allocate those that are missing, read what is not up to date, bind the pages to the ring.
    static long filemapSpliceRead(OpenFile in, Offset pos, PipeRing pipe, long len, int flags) {
        in.inode.machine.ledger.pass("filemap_splice_read");
        in.inode.machine.ledger.pass("filemap_get_pages");
        return pageCacheToPipe(in, pos, pipe, len, "splice_folio_into_pipe");
    }

    /// The same as Linux 2.6 had it.
    static long genericFileSpliceRead(OpenFile in, Offset pos, PipeRing pipe, long len, int flags) {
        in.inode.machine.ledger.pass("generic_file_splice_read");
        in.inode.machine.ledger.pass("__generic_file_splice_read");
        return pageCacheToPipe(in, pos, pipe, len, "splice_to_pipe");
    }

    private static long pageCacheToPipe(OpenFile in, Offset pos, PipeRing pipe, long len, String bind) {
        RegularFile file = (RegularFile) in.inode;
        Ledger ledger = file.machine.ledger;
        if (pos.value >= file.fileSystem.maxBytes) {
            return 0;
        }
        long moved = 0;
        long end = Math.min(
                file.size(), pos.value + Math.min(len, (long) (pipe.slots() - pipe.occupancy()) << Page.SHIFT));
        while (moved < len && pos.value < file.size() && !pipe.full()) {
            long index = pos.value >> Page.SHIFT;
            // 1. the pages that are cached
            List<Page> pages = file.cache.findContiguous(index, pipe.slots() - pipe.occupancy());
            if (pages.isEmpty()) {
                // 2. pages for those that are missing
                pages = file.cache.allocateMissing(index, Page.ceiling(end));
                if (pages.isEmpty()) {
                    return moved > 0 ? moved : -Errno.ENOMEM;
                }
            }
            for (Page page : pages) {
                long left = Math.min(len - moved, file.size() - pos.value);
                if (left <= 0 || pipe.full()) {
                    break;
                }
                // 3. the bytes of the disk, if they are not there yet
                if (!page.upToDate()) {
                    ledger.pass("filemap_read_folio");
                    file.cache.readFromDisk(pos.value >> Page.SHIFT, page);
                }
                // 4. bound to the ring
                ledger.pass(bind);
                int part = bind(pipe, page, PipeBuffer.Ops.PAGE_CACHE, (int) pos.value & Page.SIZE - 1, left);
                pos.value += part;
                moved += part;
            }
        }
        file.accessed(in);
        return moved;
    }

    /// `shmem_file_splice_read`: the pages of tmpfs; a hole is the page of zeros, which the file never writes to.
    static long shmemFileSpliceRead(OpenFile in, Offset pos, PipeRing pipe, long len, int flags) {
        RegularFile file = (RegularFile) in.inode;
        Ledger ledger = file.machine.ledger;
        ledger.pass("shmem_file_splice_read");
        long moved = 0;
        while (moved < len && pos.value < file.size() && !pipe.full()) {
            Page page = file.cache.find(pos.value >> Page.SHIFT);
            long left = Math.min(len - moved, file.size() - pos.value);
            int offset = (int) pos.value & Page.SIZE - 1;
            int part;
            if (page == null) {
                ledger.pass("splice_zeropage_into_pipe");
                part = bind(pipe, file.machine.zeroPage, PipeBuffer.Ops.ZERO, offset, left);
            } else {
                ledger.pass("splice_folio_into_pipe");
                part = bind(pipe, page, PipeBuffer.Ops.PAGE_CACHE, offset, left);
            }
            pos.value += part;
            moved += part;
        }
        file.accessed(in);
        return moved;
    }

    private static int bind(PipeRing pipe, Page page, PipeBuffer.Ops ops, int offset, long len) {
        int part = (int) Math.min(len, Page.SIZE - offset);
        page.get();
        pipe.push(new PipeBuffer(page, offset, part, ops, 0));
        return part;
    }

    /// `copy_splice_read`: an ordinary read into fresh pages, which then go into the ring. For files without pages of
    /// their own to lend, and for all files where splice copies.
    static long copySpliceRead(OpenFile in, Offset pos, PipeRing pipe, long len, int flags) {
        Machine machine = in.inode.machine;
        machine.ledger.pass("copy_splice_read");
        long most = Math.min(len, (long) (pipe.slots() - pipe.occupancy()) << Page.SHIFT);
        int count = (int) Page.ceiling(most);
        Page[] pages = new Page[count];
        PageIter to = new PageIter(machine.ledger);
        for (int i = 0; i < count; i++) {
            Page page = machine.newPage();
            if (page == null) {
                for (int j = 0; j < i; j++) {
                    pages[j].put();
                }
                return -Errno.ENOMEM;
            }
            pages[i] = page;
            to.add(page, 0, (int) Math.min(Page.SIZE, most - ((long) i << Page.SHIFT)));
        }
        Offset at = new Offset(pos.value);
        long read = in.inode.read(in, to, at);
        if (read > 0) {
            pos.value = at.value;
        }
        long left = Math.max(0, read);
        for (Page page : pages) {
            int part = (int) Math.min(left, Page.SIZE);
            if (part > 0) {
                pipe.push(new PipeBuffer(page, 0, part, PipeBuffer.Ops.DEFAULT, 0));
            } else {
                page.put();
            }
            left -= part;
        }
        return read == -Errno.EFAULT ? -Errno.EAGAIN : read;
    }

    /// `iter_file_splice_write`: the slots become one vector and the file's ordinary write copies it.
    static long iterFileSpliceWrite(PipeRing pipe, OpenFile out, Offset pos, long len, int flags) {
        Machine machine = pipe.machine;
        machine.ledger.pass("iter_file_splice_write");
        long moved = 0;
        while (moved < len) {
            long ready = Splice.next(pipe, moved, flags);
            if (ready <= 0) {
                return moved > 0 ? moved : ready;
            }
            PageIter from = new PageIter(machine.ledger);
            long left = len - moved;
            for (PipeBuffer buffer : Splice.peek(pipe, pipe.slots(), left)) {
                int part = (int) Math.min(left, buffer.len);
                from.add(buffer.page, buffer.offset, part);
                left -= part;
            }
            Offset at = new Offset(pos.value);
            long written = out.inode.write(out, from, at);
            if (written <= 0) {
                return moved > 0 ? moved : written;
            }
            pos.value = at.value;
            moved += written;
            pipe.consume(written);
        }
        return moved;
    }

    /// The same as Linux 2.6 had it: page by page, by the actor `pipe_to_file`.
    static long genericFileSpliceWrite(PipeRing pipe, OpenFile out, Offset pos, long len, int flags) {
        Machine machine = pipe.machine;
        machine.ledger.pass("generic_file_splice_write");
        return Splice.fromPipe(pipe, len, flags, (buffer, part) -> {
            machine.ledger.pass("pipe_to_file");
            PageIter from = new PageIter(machine.ledger);
            from.add(buffer.page, buffer.offset, part);
            return machine.ledger.inside("pagecache_write_begin", () -> out.inode.write(out, from, pos));
        });
    }

    /// `splice_write_null`: the slots are dropped.
    static long spliceWriteNull(PipeRing pipe, OpenFile out, Offset pos, long len, int flags) {
        pipe.machine.ledger.pass("splice_write_null");
        return Splice.fromPipe(pipe, len, flags, (buffer, part) -> {
            pipe.machine.ledger.pass("pipe_to_null");
            return part;
        });
    }

    /// `splice_direct_to_actor`: file to anything through a pipe that the task keeps for this; sendfile and
    /// copy_file_range end here.
    static long direct(OpenFile in, Offset pos, OpenFile out, Offset outPos, long len, PipeRing internal) {
        Machine machine = in.inode.machine;
        machine.ledger.pass("do_splice_direct");
        if (!out.writable) {
            return -Errno.EBADF;
        }
        if (out.append()) {
            return -Errno.EINVAL;
        }
        machine.ledger.pass("splice_direct_to_actor");
        if (!in.inode.seekable()) {
            return -Errno.EINVAL;
        }
        Offset at = new Offset(pos.value);
        long moved = 0;
        long result = 0;
        while (moved < len) {
            long before = at.value;
            long read = Splice.to(in, at, internal, len - moved, 0);
            if (read <= 0) {
                result = read;
                break;
            }
            int more = read < len - moved ? Uapi.SPLICE_F_MORE : 0;
            machine.ledger.pass("direct_splice_actor");
            long written = Splice.from(internal, out, outPos, read, more);
            if (written <= 0) {
                result = written;
                at.value = before;
                break;
            }
            moved += written;
            if (written < read) {
                at.value = before + written;
                break;
            }
        }
        while (!internal.empty()) {
            internal.pull().release();
        }
        in.inode.accessed(in); // once more, also for no byte
        if (moved > 0 && moved < len && result == 0 && out.inode instanceof TcpSocket socket) {
            socket.pushInVain(); // splice_eof
        }
        if (moved > 0) {
            pos.value = at.value;
            return moved;
        }
        return result;
    }
}
