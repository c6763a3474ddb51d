package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Uapi;
import org.jspecify.annotations.Nullable;

/// The calls that move bytes, from the check of their arguments to the file's own operation. Source: fs/read_write.c
/// and fs/splice.c of Linux 6.18; the order of the checks is theirs.
final class MoveCalls {
    private static final int SPLICE_FLAGS =
            Uapi.SPLICE_F_MOVE | Uapi.SPLICE_F_NONBLOCK | Uapi.SPLICE_F_MORE | Uapi.SPLICE_F_GIFT;
    /// UIO_MAXIOV.
    private static final int MOST_SPANS = 1024;

    private final Task task;
    private final Machine machine;

    MoveCalls(Task task) {
        this.task = task;
        machine = task.machine;
    }

    private UserIter user(Memory m, long at, long len) {
        return UserIter.of(machine, task.space, ModelMemory.address(m, at, len), len);
    }

    /// `ksys_read` and `vfs_read`.
    long read(int fd, Memory m, long at, long len) {
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        Offset pos = new Offset(file.inode.seekable() ? file.pos : 0);
        long result = vfsRead(file, user(m, at, len), pos);
        if (result >= 0 && file.inode.seekable()) {
            file.pos = pos.value;
        }
        return result;
    }

    long pread(int fd, Memory m, long at, long len, long off) {
        if (off < 0) {
            return -Errno.EINVAL;
        }
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        if (!file.inode.positioned()) {
            return -Errno.ESPIPE;
        }
        return vfsRead(file, user(m, at, len), new Offset(off));
    }

    private long vfsRead(OpenFile file, UserIter to, Offset pos) {
        machine.ledger.pass("vfs_read");
        if (!file.readable) {
            return -Errno.EBADF;
        }
        if (!file.inode.readableKind()) {
            return -Errno.EINVAL;
        }
        int area = Splice.verifyArea(pos.value, to.count());
        if (area < 0) {
            return area;
        }
        to.truncate(Splice.MOST);
        return file.inode.read(file, to, pos);
    }

    /// `ksys_write` and `vfs_write`.
    long write(int fd, Memory m, long at, long len) {
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        Offset pos = new Offset(file.inode.seekable() ? file.pos : 0);
        long result = vfsWrite(file, user(m, at, len), pos);
        if (result >= 0 && file.inode.seekable()) {
            file.pos = pos.value;
        }
        return result;
    }

    long pwrite(int fd, Memory m, long at, long len, long off) {
        if (off < 0) {
            return -Errno.EINVAL;
        }
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        if (!file.inode.positioned()) {
            return -Errno.ESPIPE;
        }
        return vfsWrite(file, user(m, at, len), new Offset(off));
    }

    private long vfsWrite(OpenFile file, UserIter from, Offset pos) {
        machine.ledger.pass("vfs_write");
        if (!file.writable) {
            return -Errno.EBADF;
        }
        if (!file.inode.writableKind()) {
            return -Errno.EINVAL;
        }
        int area = Splice.verifyArea(pos.value, from.count());
        if (area < 0) {
            return area;
        }
        from.truncate(Splice.MOST);
        return file.inode.write(file, from, pos);
    }

    long splice(int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len, int flags) {
        if (len == 0) {
            return 0;
        }
        if ((flags & ~SPLICE_FLAGS) != 0) {
            return -Errno.EINVAL;
        }
        if (giftRefused(flags)) {
            return -Errno.EOPNOTSUPP;
        }
        OpenFile from = task.fds.get(in);
        OpenFile to = task.fds.get(out);
        if (from == null || to == null) {
            return -Errno.EBADF;
        }
        Offset posIn = offIn == null ? null : new Offset(offIn.value);
        Offset posOut = offOut == null ? null : new Offset(offOut.value);
        long moved = Splice.splice(from, posIn, to, posOut, len, flags);
        if (moved >= 0) {
            putBack(offOut, posOut);
            putBack(offIn, posIn);
        }
        return moved;
    }

    private static void putBack(@Nullable Offset off, @Nullable Offset pos) {
        if (off != null && pos != null) {
            off.value = pos.value;
        }
    }

    private boolean giftRefused(int flags) {
        return machine.profile.vmspliceCopies() && (flags & Uapi.SPLICE_F_GIFT) != 0;
    }

    long tee(int in, int out, long len, int flags) {
        if ((flags & ~SPLICE_FLAGS) != 0) {
            return -Errno.EINVAL;
        }
        if (len == 0) {
            return 0;
        }
        OpenFile from = task.fds.get(in);
        OpenFile to = task.fds.get(out);
        if (from == null || to == null) {
            return -Errno.EBADF;
        }
        return Splice.tee(from, to, len, flags);
    }

    long vmsplice(int fd, Span[] spans, int flags) {
        if ((flags & ~SPLICE_FLAGS) != 0) {
            return -Errno.EINVAL;
        }
        if (giftRefused(flags)) {
            return -Errno.EOPNOTSUPP;
        }
        OpenFile file = task.fds.get(fd);
        if (file == null || !(file.writable || file.readable)) {
            return -Errno.EBADF;
        }
        if (spans.length > MOST_SPANS) {
            return -Errno.EINVAL;
        }
        long[] addresses = new long[spans.length];
        long[] lens = new long[spans.length];
        long count = 0;
        for (int i = 0; i < spans.length; i++) {
            addresses[i] = ModelMemory.address(spans[i].memory(), spans[i].at(), spans[i].len());
            lens[i] = Math.min(spans[i].len(), Splice.MOST - count);
            count += lens[i];
        }
        if (count == 0) {
            return 0;
        }
        UserIter iter = new UserIter(machine, task.space, addresses, lens, count);
        PipeRing pipe = Pipe.of(file);
        if (pipe == null) {
            return -Errno.EBADF;
        }
        if (machine.profile.vmspliceCopies()) {
            boolean nonblocking = (flags & Uapi.SPLICE_F_NONBLOCK) != 0;
            return file.writable ? pipe.write(iter, nonblocking, Pipe.slotFlags(file)) : pipe.read(iter, nonblocking);
        }
        return file.writable ? Splice.userToPipe(pipe, iter, flags) : Splice.pipeToUser(pipe, iter, flags);
    }

    /// `do_sendfile`.
    long sendfile(int in, @Nullable Offset offIn, int out, long len) {
        machine.ledger.pass("do_sendfile");
        OpenFile from = task.fds.get(in);
        if (from == null || !from.readable) {
            return -Errno.EBADF;
        }
        Offset pos = new Offset(offIn == null ? from.pos : offIn.value);
        if (offIn != null && !from.inode.positioned()) {
            return -Errno.ESPIPE;
        }
        int area = Splice.verifyArea(pos.value, len);
        if (area < 0) {
            return area;
        }
        long count = Math.min(len, Splice.MOST);
        OpenFile to = task.fds.get(out);
        if (to == null || !to.writable) {
            return -Errno.EBADF;
        }
        Offset outPos = new Offset(to.pos);
        long max = Math.min(from.inode.fileSystem.maxBytes, to.inode.fileSystem.maxBytes);
        if (pos.value + count > max || pos.value + count < 0) {
            if (pos.value >= max) {
                return -Errno.EOVERFLOW;
            }
            count = max - pos.value;
        }
        PipeRing pipe = Pipe.of(to);
        long moved;
        if (pipe == null) {
            area = Splice.verifyArea(outPos.value, count);
            if (area < 0) {
                return area;
            }
            moved = FileSplices.direct(from, pos, to, outPos, count, task.splicePipe);
        } else if (machine.profile.sendsIntoPipes()) {
            int flags = to.nonblocking() ? Uapi.SPLICE_F_NONBLOCK : 0;
            moved = Splice.fileToPipe(from, pos, pipe, count, flags);
        } else {
            return -Errno.EINVAL;
        }
        if (moved > 0) {
            to.pos = outPos.value;
            if (offIn == null) {
                from.pos = pos.value;
            } else {
                offIn.value = pos.value;
            }
        }
        return moved;
    }

    /// `vfs_copy_file_range` and `generic_copy_file_checks`. Neither ext4 nor tmpfs can share extents, so what is left
    /// is `splice_copy_file_range`.
    long copyFileRange(int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len, int flags) {
        if (!machine.profile.copiesRanges()) {
            return -Errno.ENOSYS;
        }
        OpenFile from = task.fds.get(in);
        OpenFile to = task.fds.get(out);
        if (from == null || to == null) {
            return -Errno.EBADF;
        }
        Offset posIn = new Offset(offIn == null ? from.pos : offIn.value);
        Offset posOut = new Offset(offOut == null ? to.pos : offOut.value);
        if (flags != 0) {
            return -Errno.EINVAL;
        }
        machine.ledger.pass("vfs_copy_file_range");
        long count = copyChecks(from, posIn.value, to, posOut.value, len);
        if (count < 0) {
            return count;
        }
        int area = Splice.verifyArea(posIn.value, count);
        if (area == 0) {
            area = Splice.verifyArea(posOut.value, count);
        }
        if (area < 0 || count == 0) {
            return area;
        }
        machine.ledger.pass("splice_copy_file_range");
        long moved = FileSplices.direct(from, posIn, to, posOut, Math.min(count, Splice.MOST), task.splicePipe);
        if (moved > 0) {
            setBack(from, offIn, (offIn == null ? from.pos : offIn.value) + moved);
            setBack(to, offOut, (offOut == null ? to.pos : offOut.value) + moved);
        }
        return moved;
    }

    private static void setBack(OpenFile file, @Nullable Offset off, long pos) {
        if (off == null) {
            file.pos = pos;
        } else {
            off.value = pos;
        }
    }

    /// How many of `len` bytes may be copied, or -errno. Lengths and sums are unsigned.
    private static long copyChecks(OpenFile from, long posIn, OpenFile to, long posOut, long len) {
        int kindIn = from.inode.type();
        int kindOut = to.inode.type();
        if (kindIn == Uapi.S_IFDIR || kindOut == Uapi.S_IFDIR) {
            return -Errno.EISDIR;
        }
        if (!(from.inode instanceof RegularFile in) || !(to.inode instanceof RegularFile out)) {
            return -Errno.EINVAL;
        }
        if (!from.readable || !to.writable || to.append()) {
            return -Errno.EBADF;
        }
        if (in.fileSystem != out.fileSystem) {
            return -Errno.EXDEV;
        }
        if (Long.compareUnsigned(posIn + len, posIn) < 0 || Long.compareUnsigned(posOut + len, posOut) < 0) {
            return -Errno.EOVERFLOW;
        }
        long size = in.size();
        long count = posIn >= size ? 0 : unsignedMin(len, size - posIn);
        if (posOut >= out.machine.limits.fileSize() || posOut >= out.fileSystem.maxBytes) {
            return -Errno.EFBIG;
        }
        count = unsignedMin(count, Math.min(out.machine.limits.fileSize(), out.fileSystem.maxBytes) - posOut);
        if (in == out
                && Long.compareUnsigned(posOut + count, posIn) > 0
                && Long.compareUnsigned(posOut, posIn + count) < 0) {
            return -Errno.EINVAL;
        }
        return count < 0 ? -Errno.EINVAL : count;
    }

    private static long unsignedMin(long a, long b) {
        return Long.compareUnsigned(a, b) < 0 ? a : b;
    }
}
