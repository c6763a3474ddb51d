package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// splice(2), tee(2) and vmsplice(2): the dispatch, and what happens between two pipes. Functions have the kernel's
/// names, so that this can be read beside fs/splice.c of Linux 6.18.
///
/// ```
/// splice ── do_splice ─┬─ both are pipes ──── splice_pipe_to_pipe    slots change their ring
///                      ├─ input is a pipe ─── do_splice_from ─ out.f_op.splice_write
///                      └─ output is a pipe ── splice_file_to_pipe ── do_splice_read ── in.f_op.splice_read
/// ```
final class Splice {
    /// MAX_RW_COUNT: no call moves more.
    static final long MOST = 0x7ffff000L;

    private Splice() {}

    /// `do_splice`, after descriptors, length and flags were checked.
    static long splice(
            OpenFile in, @Nullable Offset offIn, OpenFile out, @Nullable Offset offOut, long len, int flags) {
        Machine machine = in.inode.machine;
        PipeRing pipeIn = Pipe.of(in);
        PipeRing pipeOut = Pipe.of(out);
        if ((pipeIn != null && offIn != null) || (pipeOut != null && offOut != null)) {
            return -Errno.ESPIPE;
        }
        machine.ledger.pass("do_splice");
        if (!in.readable || !out.writable) {
            return -Errno.EBADF;
        }
        if (pipeIn != null && pipeOut != null) {
            return pipeToPipe(pipeIn, pipeOut, len, merge(flags, in.nonblocking() || out.nonblocking()));
        }
        if (pipeIn != null) {
            if (offOut != null && !out.inode.positioned()) {
                return -Errno.EINVAL;
            }
            Offset pos = new Offset(offOut == null ? out.pos : offOut.value);
            if (out.append()) {
                return -Errno.EINVAL;
            }
            int area = verifyArea(pos.value, len);
            if (area < 0) {
                return area;
            }
            long moved = from(pipeIn, out, pos, len, merge(flags, in.nonblocking()));
            putBack(out, offOut, pos);
            return moved;
        }
        if (pipeOut != null) {
            if (offIn != null && !in.inode.positioned()) {
                return -Errno.EINVAL;
            }
            Offset pos = new Offset(offIn == null ? in.pos : offIn.value);
            int area = verifyArea(pos.value, len);
            if (area < 0) {
                return area;
            }
            long moved = fileToPipe(in, pos, pipeOut, len, merge(flags, out.nonblocking()));
            putBack(in, offIn, pos);
            return moved;
        }
        return -Errno.EINVAL;
    }

    /// A length is a `size_t`: a negative one is larger than all there is.
    private static long unsigned(long len) {
        return len < 0 ? Long.MAX_VALUE : len;
    }

    private static int merge(int flags, boolean nonblocking) {
        return nonblocking ? flags | Uapi.SPLICE_F_NONBLOCK : flags;
    }

    private static void putBack(OpenFile file, @Nullable Offset off, Offset pos) {
        if (off == null) {
            file.pos = pos.value;
        } else {
            off.value = pos.value;
        }
    }

    /// `rw_verify_area`: position and length make sense.
    static int verifyArea(long pos, long len) {
        return len < 0 || pos < 0 || pos + len < 0 ? -Errno.EINVAL : 0;
    }

    /// `do_splice_from`: a pipe's bytes into a file, by the file's `splice_write`.
    static long from(PipeRing pipe, OpenFile out, Offset pos, long len, int flags) {
        pipe.machine.ledger.pass("do_splice_from");
        FileOperations.SpliceWrite write = out.inode.operations().spliceWrite();
        return write == null ? -Errno.EINVAL : write.write(pipe, out, pos, len, flags);
    }

    /// `splice_file_to_pipe`, which since 5.12 sendfile(2) calls, too; before it was a part of `do_splice`.
    static long fileToPipe(OpenFile in, Offset pos, PipeRing pipe, long len, int flags) {
        Machine machine = in.inode.machine;
        if (machine.profile.sendsIntoPipes()) {
            machine.ledger.pass("splice_file_to_pipe");
        }
        int space = waitForSpace(pipe, flags);
        return space < 0 ? space : to(in, pos, pipe, len, flags);
    }

    /// `wait_for_space`: a free slot, or EPIPE, or EAGAIN.
    private static int waitForSpace(PipeRing pipe, int flags) {
        while (true) {
            if (pipe.readers == 0) {
                return -Errno.EPIPE;
            }
            if (!pipe.full()) {
                return 0;
            }
            if ((flags & Uapi.SPLICE_F_NONBLOCK) != 0) {
                return -Errno.EAGAIN;
            }
            pipe.machine.sleep();
        }
    }

    /// `do_splice_read`, before Linux 6.5 `do_splice_to`: a file's bytes into a pipe, by its `splice_read`.
    static long to(OpenFile in, Offset pos, PipeRing pipe, long len, int flags) {
        Machine machine = in.inode.machine;
        machine.ledger.pass(machine.profile.nameOfSpliceTo());
        if (!in.readable) {
            return -Errno.EBADF;
        }
        if (len == 0) {
            return 0;
        }
        long room = (long) (pipe.slots() - pipe.occupancy()) << Page.SHIFT;
        long most = Math.min(Math.min(len, room), MOST);
        FileOperations.SpliceRead read = in.inode.operations().spliceRead();
        if (read == null) {
            return -Errno.EINVAL;
        }
        if ((in.flags & Uapi.O_DIRECT) != 0 && machine.profile.directReadsCopy()) {
            return FileSplices.copySpliceRead(in, pos, pipe, most, flags);
        }
        return read.read(in, pos, pipe, most, flags);
    }

    /// `splice_pipe_to_pipe`: whole slots change their ring with all they have; the last one may be shared.
    private static long pipeToPipe(PipeRing in, PipeRing out, long len, int flags) {
        if (in == out) {
            return -Errno.EINVAL;
        }
        Machine machine = in.machine;
        machine.ledger.pass("splice_pipe_to_pipe");
        while (true) {
            int ready = prepareIn(in, flags);
            if (ready == 0) {
                ready = prepareOut(out, flags);
            }
            if (ready < 0) {
                return ready;
            }
            long moved = 0;
            long left = unsigned(len);
            while (left > 0) {
                if (out.readers == 0) {
                    return moved > 0 ? moved : -Errno.EPIPE;
                }
                if (in.empty() && in.writers == 0) {
                    return moved;
                }
                if (in.empty() || out.full()) {
                    break;
                }
                PipeBuffer buffer = in.buffer(in.tail);
                int part;
                if (left >= buffer.len) {
                    part = buffer.len;
                    out.push(in.pull());
                } else {
                    part = (int) left;
                    out.push(buffer.share(part));
                    buffer.offset += part;
                    buffer.len -= part;
                }
                moved += part;
                left -= part;
            }
            if (moved > 0) {
                return moved;
            }
            if ((flags & Uapi.SPLICE_F_NONBLOCK) != 0) {
                return -Errno.EAGAIN;
            }
        }
    }

    /// `ipipe_prep`: something to read, or no writer.
    private static int prepareIn(PipeRing pipe, int flags) {
        while (pipe.empty() && pipe.writers > 0) {
            if ((flags & Uapi.SPLICE_F_NONBLOCK) != 0) {
                return -Errno.EAGAIN;
            }
            pipe.machine.sleep();
        }
        return 0;
    }

    /// `opipe_prep`: a free slot.
    private static int prepareOut(PipeRing pipe, int flags) {
        while (pipe.full()) {
            if (pipe.readers == 0) {
                return -Errno.EPIPE;
            }
            if ((flags & Uapi.SPLICE_F_NONBLOCK) != 0) {
                return -Errno.EAGAIN;
            }
            pipe.machine.sleep();
        }
        return 0;
    }

    /// `do_tee` and `link_pipe`: new slots for the same pages, from the input's head on.
    static long tee(OpenFile in, OpenFile out, long len, int flags) {
        Machine machine = in.inode.machine;
        machine.ledger.pass("do_tee");
        if (!in.readable || !out.writable) {
            return -Errno.EBADF;
        }
        PipeRing from = Pipe.of(in);
        PipeRing to = Pipe.of(out);
        if (from == null || to == null || from == to) {
            return -Errno.EINVAL;
        }
        int all = merge(flags, in.nonblocking() || out.nonblocking());
        int ready = prepareIn(from, all);
        if (ready == 0) {
            ready = prepareOut(to, all);
        }
        if (ready < 0) {
            return ready;
        }
        machine.ledger.pass("link_pipe");
        long moved = 0;
        int slot = from.tail;
        long most = unsigned(len);
        while (moved < most) {
            if (to.readers == 0) {
                return moved > 0 ? moved : -Errno.EPIPE;
            }
            if (slot == from.head || to.full()) {
                break;
            }
            PipeBuffer buffer = from.buffer(slot);
            int part = (int) Math.min(buffer.len, most - moved);
            to.push(buffer.share(part));
            moved += part;
            slot++;
        }
        return moved;
    }

    /// `vmsplice_to_pipe` and `iter_to_pipe`: user pages into free slots, no byte copied.
    static long userToPipe(PipeRing pipe, UserIter from, int flags) {
        Machine machine = pipe.machine;
        machine.ledger.pass("vmsplice_to_pipe");
        int space = waitForSpace(pipe, flags);
        if (space < 0) {
            return space;
        }
        machine.ledger.pass("iter_to_pipe");
        int gift = (flags & Uapi.SPLICE_F_GIFT) != 0 ? PipeBuffer.GIFT : 0;
        long moved = 0;
        while (from.count() > 0) {
            // iov_iter_get_pages2 pins 16 pages at a time before it looks at the ring
            if (pipe.readers == 0) {
                return moved > 0 ? moved : -Errno.EPIPE;
            }
            Page page = from.pin();
            if (page == null) {
                return moved > 0 ? moved : -Errno.EFAULT;
            }
            if (pipe.full()) {
                page.put();
                return moved > 0 ? moved : -Errno.EAGAIN;
            }
            int part = from.pageRun();
            pipe.push(new PipeBuffer(page, from.pageOffset(), part, PipeBuffer.Ops.USER_PAGE, gift));
            from.advance(part);
            moved += part;
        }
        return moved;
    }

    /// `vmsplice_to_user`: a pipe's bytes copied to user memory. O_NONBLOCK of the pipe does not count, only the flag.
    static long pipeToUser(PipeRing pipe, UserIter to, int flags) {
        pipe.machine.ledger.pass("vmsplice_to_user");
        return fromPipe(pipe, to.count(), flags, (buffer, len) -> {
            pipe.machine.ledger.pass("pipe_to_user");
            return Iter.copyAllTo(to, buffer.page, buffer.offset, len) == len ? len : -Errno.EFAULT;
        });
    }

    /// What `__splice_from_pipe` does with each slot, the article's actor: bytes taken or -errno.
    @FunctionalInterface
    interface Actor {
        long take(PipeBuffer buffer, int len);
    }

    /// `__splice_from_pipe`: feeds the slots of a pipe to an actor until `len` bytes went.
    static long fromPipe(PipeRing pipe, long len, int flags, Actor actor) {
        pipe.machine.ledger.pass("__splice_from_pipe");
        long moved = 0;
        while (moved < len) {
            long ready = next(pipe, moved, flags);
            if (ready <= 0) {
                return moved > 0 ? moved : ready;
            }
            PipeBuffer buffer = pipe.buffer(pipe.tail);
            long taken = actor.take(buffer, (int) Math.min(buffer.len, len - moved));
            if (taken <= 0) {
                return moved > 0 ? moved : taken;
            }
            pipe.consume(taken);
            moved += taken;
        }
        return moved;
    }

    /// `splice_from_pipe_next`: 1 with a slot at the tail; 0 at the end, or when something went already.
    static long next(PipeRing pipe, long moved, int flags) {
        while (pipe.empty()) {
            if (pipe.writers == 0 || moved > 0) {
                return 0;
            }
            if ((flags & Uapi.SPLICE_F_NONBLOCK) != 0) {
                return -Errno.EAGAIN;
            }
            pipe.machine.sleep();
        }
        return 1;
    }

    /// Up to `most` slots with together up to `len` bytes, without taking them.
    static List<PipeBuffer> peek(PipeRing pipe, int most, long len) {
        List<PipeBuffer> slots = new ArrayList<>();
        long left = len;
        for (int i = pipe.tail; i != pipe.head && left > 0 && slots.size() < most; i++) {
            PipeBuffer buffer = pipe.buffer(i);
            slots.add(buffer);
            left -= buffer.len;
        }
        return slots;
    }
}
