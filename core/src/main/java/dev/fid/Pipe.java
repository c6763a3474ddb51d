package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.wait.OpenFd;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A pipe of our own, both ends in one object: the ring of page references that splice(2) moves bytes through.
///
/// Non-blocking. It counts what it holds, so that an EAGAIN has one meaning: while {@link #buffered} is 0 it can
/// only be the other side's. The verbs are the pipe's: {@link #fill} splices into it, {@link #drain} out of it,
/// {@link
/// #teeTo} shares its pages with another pipe, {@link #lend} puts pages of user memory into it.
///
/// All four return bytes `> 0`, `0` when nothing can move now, `-1` when the other side ended, and throw for the
/// rest. A pipe is full by slots, not by bytes: 400 one-byte writes to TCP fill 64 KiB with 32 bytes, and one
/// slot may hold a fragment of many pages. Not safe for use by two threads at once, but {@link #close} may come
/// from any thread. Whoever opened it closes it. Source: pipe(7), splice(2), tee(2), vmsplice(2).
public final class Pipe implements AutoCloseable {
    /// What a pipe for bulk is opened with, where limits allow: 0.03 CPU seconds per GiB instead of 0.06 with 64
    /// KiB.
    public static final long BULK_CAPACITY = 1 << 20; // 1 MiB

    private final Kernel kernel;
    private final Fd in;
    private final Fd out;
    private final long capacity;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();
    private long buffered;

    Pipe(Kernel kernel, int readEnd, int writeEnd, long capacity, Runnable onClose) {
        this.kernel = kernel;
        this.out = Fd.own(kernel, readEnd, "pipe");
        this.in = Fd.own(kernel, writeEnd, "pipe");
        this.capacity = capacity;
        this.onClose = onClose;
    }

    /// Opens a pipe of {@link #BULK_CAPACITY}, or of what the limits of this user leave.
    ///
    /// @throws ErrnoException EMFILE, ENFILE
    public static Pipe open() throws ErrnoException {
        return open(Kernel.linux(), BULK_CAPACITY);
    }

    /// Opens a pipe that holds about `capacity` bytes; ask {@link #capacity} what it became.
    ///
    /// @throws ErrnoException EMFILE, ENFILE
    public static Pipe open(Kernel kernel, long capacity) throws ErrnoException {
        return PipeBudget.of(kernel).open(capacity);
    }

    /// Bytes it may hold as whole pages (F_GETPIPE_SZ).
    public long capacity() {
        return capacity;
    }

    /// Bytes it holds, as far as they came and went by this object.
    public long buffered() {
        return buffered;
    }

    /// Its read end, where bytes come out; closed with the pipe.
    public Fd source() {
        return out;
    }

    /// Its write end, where bytes go in; closed with the pipe.
    public Fd sink() {
        return in;
    }

    /// Splices up to `len` bytes of `from` into this pipe, at `offset` or the file position where it is null.
    ///
    /// @return bytes; 0 when `from` is empty or the pipe is full; -1 at the end, which for a file is its recorded
    ///     size: confirm it by a read
    public long fill(Fd from, @Nullable Offset offset, long len) throws ErrnoException {
        return outcome(() -> fillOnce(from, offset, len), "splice", from, in, len);
    }

    /// Splices up to `len` bytes out of this pipe into `to`.
    ///
    /// @return bytes; 0 when the pipe is empty or `to` cannot take more now
    public long drain(Fd to, @Nullable Offset offset, long len) throws ErrnoException {
        return outcome(() -> drainOnce(to, offset, len, false), "splice", out, to, len);
    }

    /// Gives `other` references to the first `len` bytes of this pipe, which keeps them. A second call starts at
    /// the same byte again, so a short count cannot be made up for: let `other` be empty and at least as large.
    ///
    /// @return bytes; 0 when this is empty or `other` full
    public long teeTo(Pipe other, long len) throws ErrnoException {
        return outcome(() -> teeOnce(other, len), "tee", out, other.in, len);
    }

    /// Lends `len` bytes of `memory` to this pipe without copying them. The pages must not change before the last
    /// reader is done, wherever they went from here; only memory of {@link Kernel#allocate} or a mapping may be
    /// lent. A kernel may copy instead (it is allowed to treat vmsplice as a write).
    ///
    /// @return bytes; 0 when the pipe is full
    public long lend(Memory memory, long at, long len) throws ErrnoException {
        return outcome(() -> lendOnce(memory, at, len), "vmsplice", in, in, len);
    }

    public long fillOnce(Fd from, @Nullable Offset offset, long len) {
        long result = kernel.splice(from.number(), offset, in.number(), null, len, SPLICE_F_NONBLOCK);
        buffered += Math.max(0, result);
        return result;
    }

    /// `more`: more bytes follow for certain, so a socket may wait for them. Never say it of the last piece: it
    /// would lie there for 200 ms (Linux 6.18, measured; golang issue 10948).
    public long drainOnce(Fd to, @Nullable Offset offset, long len, boolean more) {
        int flags = more ? SPLICE_F_NONBLOCK | SPLICE_F_MORE : SPLICE_F_NONBLOCK;
        long result = kernel.splice(out.number(), null, to.number(), offset, len, flags);
        buffered -= Math.max(0, result);
        return result;
    }

    public long teeOnce(Pipe other, long len) {
        long result = kernel.tee(out.number(), other.in.number(), len, SPLICE_F_NONBLOCK);
        other.buffered += Math.max(0, result);
        return result;
    }

    long lendOnce(Memory memory, long at, long len) {
        long result = kernel.vmsplice(in.number(), new Span[] {new Span(memory, at, len)}, SPLICE_F_NONBLOCK);
        buffered += Math.max(0, result);
        return result;
    }

    /// Notes bytes that came or went by calls of others on the ends.
    public void received(long bytes) {
        buffered += bytes;
    }

    public void gave(long bytes) {
        buffered -= bytes;
    }

    /// Copies bytes out; the result is read(2)'s.
    public long readOnce(Memory memory, long at, long len) {
        long result = kernel.read(out.number(), memory, at, len);
        buffered -= Math.max(0, result);
        return result;
    }

    /// Copies bytes in; the result is write(2)'s.
    public long writeOnce(Memory memory, long at, long len) {
        long result = kernel.write(in.number(), memory, at, len);
        buffered += Math.max(0, result);
        return result;
    }

    private interface Once {
        long call();
    }

    private long outcome(Once once, String call, Fd from, Fd to, long len) throws ErrnoException {
        long result;
        OpenFd.enter(from.use(), to.use());
        try {
            do {
                result = once.call();
            } while (result == -Errno.EINTR);
        } finally {
            to.use().leave();
            from.use().leave();
        }
        if (result < 0 && result != -Errno.EAGAIN) {
            throw new ErrnoException(call, "in=" + from + ", out=" + to + ", len=" + len, (int) -result);
        }
        return result > 0 ? result : result == 0 && len > 0 ? -1 : 0;
    }

    /// Closes both ends, from any thread; what is buffered is gone. Only the first call counts.
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            in.close();
            out.close();
            onClose.run();
        }
    }

    @Override
    public String toString() {
        return "pipe of " + capacity + " bytes, " + buffered + " buffered";
    }
}
