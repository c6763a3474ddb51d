package dev.fid;

import static dev.fid.Tally.Call.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One output of a fan-out, and what it has not taken of the last round: references in a private pipe, or bytes
/// in memory of its own. An error is latched; the output is left alone from then on.
final class Outlet implements AutoCloseable {
    private final Fd out;
    private final Kernel kernel;
    private final Tally tally;
    private final FdKind kind;
    /// A borrowed stream in blocking mode: polled before each call.
    private final boolean blocking;
    /// splice is refused there, so what the private pipe holds is read out and written.
    private boolean copies;

    private @Nullable Pipe pipe;
    private @Nullable Memory rest;
    private int from;
    private int to;
    private long moved;
    private long dropped;
    private @Nullable ErrnoException failure;
    private boolean lagging;

    Outlet(Fd out, Tally tally) throws ErrnoException {
        Facts facts = out.facts();
        this.out = out;
        this.kernel = out.kernel();
        this.tally = tally;
        this.kind = facts.kind();
        this.blocking = out.mayBlock() && !kind.isSeekable();
        this.copies = facts.append() || (!kind.isStream() && !kind.isSeekable());
    }

    Fd out() {
        return out;
    }

    /// Gives it the pipe where references wait; it must hold as many slots as the pipe that they come from.
    void pipe(Pipe own) {
        pipe = own;
    }

    /// Takes part in the next round.
    boolean isReady() {
        return failure == null && !lagging;
    }

    boolean isLive() {
        return failure == null;
    }

    boolean isLagging() {
        return lagging;
    }

    void lag() {
        lagging = true;
    }

    long pending() {
        Pipe own = pipe;
        return to - from + (own == null ? 0 : own.buffered());
    }

    void skip(long bytes) {
        dropped += bytes;
    }

    /// Gives up on what is pending.
    void drop() {
        dropped += pending();
        forget();
    }

    void fail(ErrnoException why) {
        failure = why;
        forget();
    }

    private void fail(Tally.Call call, long result) {
        int errno = result == 0 ? Errno.EIO : (int) -result;
        fail(new ErrnoException(call.toString(), "out=" + out, errno, Side.OUT, moved, ""));
    }

    private void forget() {
        from = 0;
        to = 0;
        Pipe own = pipe;
        if (own != null) {
            own.close();
            pipe = null;
        }
    }

    Fanout.Branch result() {
        return new Fanout.Branch(out, moved, dropped, failure);
    }

    // ---- a round; nothing is pending ----

    /// Gives this output the first `len` bytes of the pipe `head`, which keeps them.
    ///
    /// An output pipe is teed into directly. A tee starts at the head and cannot be resumed in the middle, so if
    /// the output took only part, the whole round is teed once more into the private pipe, and what the output
    /// has is skipped there.
    ///
    /// @return what the first tee gave: `-errno` where the kernel has no tee for us
    long tee(Fd head, long len) {
        Pipe own = Objects.requireNonNull(pipe);
        long direct = 0;
        if (kind == FdKind.PIPE && !blocking) {
            tally.count(TEE);
            direct = kernel.tee(head.number(), out.number(), len, SPLICE_F_NONBLOCK);
            if (direct == -Errno.EPIPE) {
                fail(TEE, direct);
                return direct;
            }
            if (direct == len) {
                moved += len;
                return len;
            }
        }
        tally.count(TEE);
        long teed = kernel.tee(head.number(), own.sink().number(), len, SPLICE_F_NONBLOCK);
        own.received(Math.max(0, teed));
        if (teed != len) {
            if (direct > 0 || !Transfer.isRefusal((int) -teed)) {
                fail(TEE, teed < 0 ? teed : -Errno.ENOMEM);
            }
            return teed;
        }
        if (direct > 0) {
            moved += direct;
            skim(own, direct);
        }
        flush();
        return len;
    }

    /// Moves the first `len` bytes of the pipe `head` to this output; what it does not take goes to the private
    /// pipe.
    void take(Fd head, long len) {
        Pipe own = Objects.requireNonNull(pipe);
        long left = len;
        if (!copies && !blocking) {
            tally.count(SPLICE);
            long direct = kernel.splice(head.number(), null, out.number(), null, left, SPLICE_F_NONBLOCK);
            if (direct > 0) {
                moved += direct;
                left -= direct;
            } else if (Transfer.isRefusal((int) -direct)) {
                copies = true;
            }
            // Any other error comes again when the bytes are drained from the private pipe.
        }
        while (left > 0) {
            tally.count(SPLICE);
            long kept = kernel.splice(head.number(), null, own.sink().number(), null, left, SPLICE_F_NONBLOCK);
            if (kept > 0) {
                own.received(kept);
                left -= kept;
            } else if (kept != -Errno.EINTR) {
                fail(SPLICE, kept);
                return;
            }
        }
        flush();
    }

    /// Drops the first `len` bytes of the private pipe, by reading them: they were delivered already.
    private void skim(Pipe own, long len) {
        Memory memory = memory();
        for (long left = len; left > 0 && isLive(); ) {
            tally.count(READ);
            long read = own.readOnce(memory, 0, Math.min(left, memory.size()));
            if (read > 0) {
                left -= read;
                tally.userBytes += read;
            } else if (read != -Errno.EINTR) {
                fail(READ, read);
            }
        }
    }

    /// Writes `len` bytes of `buffer`, and keeps a copy of what the output does not take.
    void write(Memory buffer, int len) {
        long written = Math.max(0, writeOnce(buffer, 0, len));
        if (isLive() && written < len) {
            buffer.copyTo(written, memory(), 0, len - written);
            from = 0;
            to = len - (int) written;
            flush();
        }
    }

    // ---- what is pending ----

    /// Gives the output what it takes now. Caught up, it takes part again.
    void flush() {
        while (isLive() && pending() > 0) {
            if (blocking && kernel.poll(new int[] {out.number()}, new short[] {POLLOUT}, new short[1], 1, 0) == 0) {
                return;
            }
            long result = from < to ? flushMemory() : flushPipe(Objects.requireNonNull(pipe));
            if (result == -Errno.EAGAIN) {
                return;
            }
        }
        lagging = false;
    }

    private long flushMemory() {
        long written = writeOnce(memory(), from, to - from);
        from += (int) Math.max(0, written);
        return written;
    }

    private long flushPipe(Pipe own) {
        if (copies) {
            return load(own);
        }
        tally.count(SPLICE);
        long drained = own.drainOnce(out, null, own.buffered(), false);
        if (drained > 0) {
            moved += drained;
        } else if (drained < 0 && Transfer.isRefusal((int) -drained)) {
            copies = true;
        } else if (drained != -Errno.EAGAIN && drained != -Errno.EINTR) {
            fail(SPLICE, drained);
        }
        return drained;
    }

    /// Reads some of the private pipe, to be written.
    private long load(Pipe own) {
        tally.count(READ);
        long read = own.readOnce(memory(), 0, memory().size());
        if (read > 0) {
            from = 0;
            to = (int) read;
            tally.userBytes += read;
        } else if (read != -Errno.EINTR) {
            fail(READ, read);
        }
        return read;
    }

    private long writeOnce(Memory memory, long at, long len) {
        tally.count(WRITE);
        long written = kind.isSocket()
                ? kernel.send(out.number(), memory, at, len, MSG_DONTWAIT | MSG_NOSIGNAL)
                : kernel.write(out.number(), memory, at, kind == FdKind.PIPE && blocking ? Math.min(len, 4096) : len);
        if (written > 0) {
            moved += written;
        } else if (written != -Errno.EAGAIN && written != -Errno.EINTR) {
            fail(WRITE, written);
        }
        return written;
    }

    private Memory memory() {
        Memory memory = rest;
        if (memory == null) {
            memory = rest = kernel.allocate(Rounds.BLOCK);
        }
        return memory;
    }

    @Override
    public void close() {
        forget();
        Memory memory = rest;
        if (memory != null) {
            memory.close();
            rest = null;
        }
    }
}
