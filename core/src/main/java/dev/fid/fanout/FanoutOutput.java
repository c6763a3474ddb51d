package dev.fid.fanout;

import static dev.fid.kernel.MoveCall.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.Facts;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Pipe;
import dev.fid.Refusal;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.MoveCall;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.run.Tally;
import dev.fid.wait.Readiness;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One output of a fan-out, and what it has not taken of the last round: references in a private pipe, or bytes
/// in memory of its own. An error is latched; the output is left alone from then on.
final class FanoutOutput implements AutoCloseable {
    /// How often a call between two pipes of ours is made again that has no reason to refuse.
    private static final int TRIES = 16;

    /// Major and minor number of /dev/null.
    private static final long DEV_NULL = 1L << 32 | 3;

    /// As the caller named it, for the report.
    private final Fd named;
    /// It, or where it is borrowed in blocking mode, a description of our own.
    private final Fd out;
    private final Kernel kernel;
    private final Tally tally;
    private final Readiness readiness;
    /// The caller's descriptor is in use.
    private boolean held = true;
    private final FdKind kind;
    /// A regular file or block device.
    private final boolean file;
    /// /dev/null, which takes references without looking at them. Source: Linux 6.18, drivers/char/mem.c,
    /// splice_write_null.
    private final boolean discards;
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
    /// Bytes of the round that it has got already, when the rest is to be copied.
    private long ahead;
    private boolean lagging;
    private boolean told;

    /// @param named in use by the caller, until it is left out or this is closed
    /// @param readiness is woken when it is closed meanwhile
    FanoutOutput(Fd named, Fd out, Tally tally, Readiness readiness) throws ErrnoException {
        this.named = named;
        this.out = out;
        this.readiness = readiness;
        Facts facts = out.facts();
        this.kernel = out.kernel();
        this.tally = tally;
        this.kind = facts.kind();
        this.file = kind.isSeekable();
        this.blocking = out.mayBlock() && !kind.isSeekable();
        // Into a borrowed socket in blocking mode only send(2) can be told not to wait.
        boolean device = kind == FdKind.CHARACTER_DEVICE;
        Stat stat = new Stat();
        this.discards = device && kernel.fstat(out.number(), stat) == 0 && stat.rdev == DEV_NULL;
        this.copies = facts.append() || (!kind.isStream() && !file && !device) || (blocking && kind.isSocket());
        readiness.watch(named.use());
    }

    Fd out() {
        return out;
    }

    boolean isFile() {
        return file;
    }

    boolean isPipe() {
        return kind == FdKind.PIPE;
    }

    boolean isStream() {
        return kind.isStream();
    }

    boolean discards() {
        return discards;
    }

    /// References are of no use to it: it can only be written to.
    boolean copies() {
        return copies && !kind.isSocket();
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

    /// It has bytes of a round that is to be copied, which the others may not have.
    boolean isAhead() {
        return ahead > 0;
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

    /// Whether its failure is to be told, which is once. What we opened is closed then, so that the other side
    /// sees the end as soon as the owner closes his descriptor.
    boolean tell() {
        if (told) {
            return false;
        }
        told = true;
        if (out != named) {
            out.close();
        }
        release();
        return true;
    }

    /// The caller's descriptor is left to him: whoever closes it, closes it at once.
    private void release() {
        if (held) {
            held = false;
            readiness.unwatch(named.use());
            named.use().leave();
        }
    }

    /// Whether another thread has closed it: it is left out then.
    boolean lookForClose() {
        if (isLive() && named.isClosed()) {
            fail(Readiness.closed("fanout", named, moved));
        }
        return !isLive();
    }

    /// A pipe that nobody reads fails now, not with the next write.
    void lookForReader() {
        short[] events = new short[1];
        if (kind == FdKind.PIPE
                && kernel.poll(new int[] {out.number()}, new short[1], events, 1, 0) > 0
                && (events[0] & POLLERR) != 0) {
            fail(POLL, -Errno.EPIPE);
        }
    }

    private void fail(MoveCall call, long result) {
        int errno = result == 0 ? Errno.EIO : (int) -result;
        fail(new ErrnoException(call.toString(), "out=" + out, errno, Side.OUT, moved, ""));
    }

    private void forget() {
        from = 0;
        to = 0;
        closePipe();
    }

    void closePipe() {
        Pipe own = pipe;
        if (own != null) {
            own.close();
            pipe = null;
        }
    }

    Fanout.Branch result() {
        return new Fanout.Branch(named, moved, dropped, failure);
    }

    // ---- a round; nothing is pending ----

    /// Gives this output the first `len` bytes of the pipe `head`, which keeps them.
    ///
    /// An output pipe is teed into directly. A tee starts at the head and cannot be resumed in the middle, so if
    /// the output took only part, the whole round is teed once more into the private pipe, and what the output
    /// has is skipped there.
    ///
    /// @return `len`; `-errno` where the kernel has no tee for us, or the round does not fit ({@link
    ///     Rounds#isRefusal}): the next {@link #write} leaves out what the output has got
    long tee(Fd head, long len) {
        Pipe own = Objects.requireNonNull(pipe);
        long direct = 0;
        if (kind == FdKind.PIPE && !blocking) {
            tally.count(TEE);
            long result = kernel.tee(head.number(), out.number(), len, SPLICE_F_NONBLOCK);
            if (result == -Errno.EPIPE) {
                fail(TEE, result);
                return result;
            }
            direct = Math.max(0, result);
            moved += direct;
            if (direct == len) {
                return len;
            }
        }
        long teed = teeWhole(head, own, len);
        if (teed < 0) {
            if (isLive() && !FanoutRun.isRefusal(teed)) {
                fail(TEE, teed);
            }
            ahead = direct;
            return teed;
        }
        skim(own, direct);
        flush();
        return len;
    }

    /// Tees into the private pipe, which is empty, until it holds all `len` bytes: what a short tee gave is
    /// dropped, since the next one starts at the head again. Both are ours, so EAGAIN says nothing.
    ///
    /// @return `len`, `-errno`; `-ENOMEM` where the round does not fit: the input's pipe was made larger meanwhile
    private long teeWhole(Fd head, Pipe own, long len) {
        for (int i = 0; i < TRIES; i++) {
            tally.count(TEE);
            long teed = kernel.tee(head.number(), own.sink().number(), len, SPLICE_F_NONBLOCK);
            if (teed == len) {
                own.received(teed);
                return teed;
            }
            if (teed < 0 && teed != -Errno.EINTR && teed != -Errno.EAGAIN) {
                return teed;
            }
            own.received(Math.max(0, teed));
            skim(own, Math.max(0, teed));
            if (!isLive()) {
                return -Errno.EIO;
            }
        }
        return -Errno.ENOMEM;
    }

    /// Moves the first `len` bytes of the pipe `head` to this output; what it does not take goes to the private
    /// pipe.
    ///
    /// @return the bytes that left the head: fewer than `len` where this output has failed, or the private pipe
    ///     is full; `-errno` where the kernel has no splice for us, and all of them are still there
    long take(Fd head, long len) {
        Pipe own = Objects.requireNonNull(pipe);
        long left = len;
        if (!copies && takesNow()) {
            tally.count(SPLICE);
            long direct = kernel.splice(head.number(), null, out.number(), null, left, SPLICE_F_NONBLOCK);
            if (direct > 0) {
                moved += direct;
                left -= direct;
            } else if (Refusal.says(SPLICE, direct)) {
                copies = true;
            }
            // Any other error comes again when the bytes are drained from the private pipe.
        }
        for (int i = 0; left > 0; i++) {
            tally.count(SPLICE);
            long kept = kernel.splice(head.number(), null, own.sink().number(), null, left, SPLICE_F_NONBLOCK);
            if (kept > 0) {
                own.received(kept);
                left -= kept;
                i = 0;
            } else if (left == len && Refusal.says(SPLICE, kept)) {
                return kept;
            } else if (kept == 0) {
                return len - left; // nobody writes any more, and another reader has taken them
            } else if (kept != -Errno.EINTR && kept != -Errno.EAGAIN) {
                fail(SPLICE, kept);
                return len - left;
            } else if (i == TRIES) {
                return len - left;
            }
        }
        flush();
        return len;
    }

    /// What may wait inside the kernel is asked before it is given anything.
    private boolean takesNow() {
        return !blocking || kernel.poll(new int[] {out.number()}, new short[] {POLLOUT}, new short[1], 1, 0) > 0;
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
            } else if (read != -Errno.EINTR && read != -Errno.EAGAIN) {
                fail(READ, read);
            }
        }
    }

    /// Writes `len` bytes of `buffer`, and keeps a copy of what the output does not take.
    void write(Memory buffer, int len) {
        long done = Math.min(ahead, len);
        ahead -= done;
        if (done < len) {
            done += Math.max(0, writeOnce(buffer, done, len - done));
        }
        if (isLive() && done < len) {
            buffer.copyTo(done, memory(), 0, len - done);
            from = 0;
            to = len - (int) done;
            flush();
        }
    }

    // ---- what is pending ----

    /// Gives the output what it takes now. Caught up, it takes part again.
    void flush() {
        while (isLive() && pending() > 0) {
            if (!takesNow()) {
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
        } else if (Refusal.says(SPLICE, drained)) {
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
        } else if (read == -Errno.EAGAIN) {
            return -Errno.EINTR; // the pipe is ours and holds bytes: there is nothing to wait for
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
            memory = rest = kernel.allocate(FanoutSource.BLOCK);
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
        release();
    }
}
