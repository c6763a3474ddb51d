package dev.fid;

import static dev.fid.kernel.Uapi.MSG_DONTWAIT;
import static dev.fid.kernel.Uapi.MSG_NOSIGNAL;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import org.jspecify.annotations.Nullable;

/// One direction between two non-blocking streams: moves what can be moved now, and says what it waits for.
///
/// Small messages go by read and write of the loop's buffer, bulk goes by splice through a pipe: splice begins
/// once a read fills the buffer, and ends after eight small pieces, since copying is cheaper up to 8 KiB and
/// splicing from 64 KiB on (docs/measured.md). What a copying step could not write goes into the pipe too, so the
/// buffer is free for the next lane.
///
/// Invariant: bytes are taken from the input only when nothing is pending. So an EAGAIN while filling is the
/// input's, while draining the output's. Errors are latched: after a reset the next call's 0 would look like a
/// clean end.
///
/// For one thread. {@link #close} closes the pipe, not the streams.
public final class Lane implements AutoCloseable {
    /// What a lane waits for.
    public enum Wait {
        /// Until the input is readable.
        IN,
        /// Until the output is writable.
        OUT,
        /// For nothing: its turn is over, so that other links can run.
        TURN,
        /// The input has ended, and all its bytes are at the output.
        DONE
    }

    /// Bytes in a turn at most, so that one fast link cannot starve the rest.
    static final long TURN_BYTES = 1 << 20; // 1 MiB
    /// A spliced piece of less is small.
    private static final long SMALL = 16 << 10; // 16 KiB
    private static final int SMALL_PIECES = 8;

    private final Fd in;
    private final Fd out;
    private final PipePool pool;
    private final Kernel kernel;
    private final boolean inIsSocket;
    private final boolean outIsSocket;
    private @Nullable Pipe pipe;
    private @Nullable Memory rest;
    private int restFrom;
    private int restTo;
    private boolean bulk;
    private boolean copyOnly;
    private int smallPieces;
    private boolean ended;
    private @Nullable ErrnoException failure;
    private @Nullable Declined declined;
    private long spliced;
    private long copied;
    private long calls;

    public Lane(Fd in, Fd out, PipePool pool) throws ErrnoException {
        this.in = in;
        this.out = out;
        this.pool = pool;
        this.kernel = pool.kernel();
        this.inIsSocket = in.kind().isSocket();
        this.outIsSocket = out.kind().isSocket();
        this.bulk = pool.splicing() == PipePool.Splicing.ALWAYS;
        this.copyOnly = pool.splicing() == PipePool.Splicing.NEVER;
    }

    /// Moves at most {@link #TURN_BYTES}.
    ///
    /// @return what to wait for before the next call
    /// @throws ErrnoException what either side said, and from then on the same again; {@link ErrnoException#side}
    /// tells which
    public Wait move() throws ErrnoException {
        if (failure != null) {
            throw failure;
        }
        long before = moved();
        while (moved() - before < TURN_BYTES) {
            if (pending() > 0) {
                if (!deliver()) {
                    return Wait.OUT;
                }
            } else if (ended) {
                release();
                return Wait.DONE;
            } else if (!take()) {
                release();
                return Wait.IN;
            }
        }
        return Wait.TURN;
    }

    /// Bytes taken from the input that are not at the output.
    public long pending() {
        Pipe now = pipe;
        return restTo - restFrom + (now == null ? 0 : now.buffered());
    }

    /// Bytes that arrived at the output.
    public long moved() {
        return spliced + copied;
    }

    /// Bytes that arrived without passing through user space.
    public long spliced() {
        return spliced;
    }

    /// System calls made to move bytes.
    public long calls() {
        return calls;
    }

    /// Why bulk is copied, the last time that it was; null while it is spliced.
    public @Nullable Declined declined() {
        return declined;
    }

    // ---- taking from the input; nothing is pending ----

    /// Takes some bytes, or learns of the end. False when the input has none now.
    private boolean take() throws ErrnoException {
        if (bulk && !copyOnly) {
            Pipe now = pipe();
            if (now != null) {
                return fill(now);
            }
        }
        return copy();
    }

    private @Nullable Pipe pipe() {
        Pipe now = pipe;
        if (now == null) {
            now = pipe = pool.take(this::decline);
        }
        return now;
    }

    private void decline(String call, int errno, String reason) {
        declined = new Declined(Method.SPLICE_THROUGH_PIPE, call, errno, reason);
    }

    private boolean fill(Pipe now) throws ErrnoException {
        calls++;
        long filled = now.fillOnce(in, null, Pipe.BULK_CAPACITY);
        if (filled > 0) {
            declined = null;
            smallPieces = filled < SMALL ? smallPieces + 1 : 0;
            if (smallPieces == SMALL_PIECES && pool.splicing() == PipePool.Splicing.AUTO) {
                bulk = false;
                smallPieces = 0;
            }
            return true;
        }
        if (filled == -Errno.EAGAIN) {
            return false;
        }
        if (filled == 0) {
            return copy(); // an end only if read(2) says so too
        }
        if (filled != -Errno.EINTR) {
            if (spliced > 0 || !Transfer.isRefusal((int) -filled)) {
                throw fail("splice", filled, Side.IN);
            }
            copyOnly = true;
            decline("splice", (int) -filled, Errno.text((int) -filled));
        }
        return true;
    }

    /// Reads into the loop's buffer and writes at once; what is left over goes where it can wait.
    private boolean copy() throws ErrnoException {
        Memory buffer = pool.buffer();
        calls++;
        long read = inIsSocket
                ? kernel.recv(in.number(), buffer, 0, PipePool.BUFFER, MSG_DONTWAIT)
                : kernel.read(in.number(), buffer, 0, PipePool.BUFFER);
        if (read == -Errno.EAGAIN) {
            return false;
        }
        if (read == 0) {
            ended = true;
            return true;
        }
        if (read < 0) {
            if (read != -Errno.EINTR) {
                throw fail("read", read, Side.IN);
            }
            return true;
        }
        bulk |= read == PipePool.BUFFER && pool.splicing() == PipePool.Splicing.AUTO;
        long written = Math.max(0, write(buffer, 0, read));
        if (written < read) {
            keep(buffer, written, read);
        }
        return true;
    }

    /// Keeps what the output did not take: in a pipe of this lane, or where none can be had, in memory of its
    /// own.
    private void keep(Memory buffer, long from, long to) {
        Pipe now = copyOnly ? null : pipe();
        while (now != null && from < to) {
            long kept = now.writeOnce(buffer, from, to - from);
            if (kept <= 0 && kept != -Errno.EINTR) {
                break;
            }
            from += Math.max(0, kept);
        }
        if (from < to) {
            Memory own = rest;
            if (own == null) {
                own = rest = kernel.allocate(PipePool.BUFFER);
            }
            buffer.copyTo(from, own, 0, to - from);
            restFrom = 0;
            restTo = (int) (to - from);
        }
        keptCopies = now == null ? 0 : now.buffered();
    }

    /// Bytes in the pipe that came there by a copy, and count as copied.
    private long keptCopies;

    // ---- giving to the output ----

    /// Delivers pending bytes: first the pipe's, then the memory's, as they were read. False when the output
    /// takes none now.
    private boolean deliver() throws ErrnoException {
        Pipe now = pipe;
        if (now != null && now.buffered() > 0) {
            return drain(now);
        }
        Memory own = java.util.Objects.requireNonNull(rest);
        long written = write(own, restFrom, restTo - restFrom);
        restFrom += (int) Math.max(0, written);
        return written != -Errno.EAGAIN;
    }

    private boolean drain(Pipe now) throws ErrnoException {
        calls++;
        long drained = now.drainOnce(out, null, now.buffered(), false);
        if (drained > 0) {
            long copies = Math.min(keptCopies, drained);
            keptCopies -= copies;
            copied += copies;
            spliced += drained - copies;
            return true;
        }
        if (drained == -Errno.EAGAIN) {
            return false;
        }
        if (drained != -Errno.EINTR) {
            if (drained == 0 || spliced > 0 || !Transfer.isRefusal((int) -drained)) {
                throw fail("splice", drained == 0 ? -Errno.EIO : drained, Side.OUT);
            }
            copyOnly = true;
            decline("splice", (int) -drained, Errno.text((int) -drained));
            unload(now);
        }
        return true;
    }

    /// The output refuses splice: what lies in the pipe goes to memory, before what lies there already.
    private void unload(Pipe now) throws ErrnoException {
        long size = now.buffered() + restTo - restFrom;
        Memory all = kernel.allocate(Math.max(size, PipePool.BUFFER));
        long at = 0;
        while (now.buffered() > 0) {
            calls++;
            long read = now.readOnce(all, at, now.buffered());
            if (read <= 0 && read != -Errno.EINTR && read != -Errno.EAGAIN) { // it is ours and holds bytes
                all.close();
                throw fail("read", read == 0 ? -Errno.EIO : read, Side.NONE);
            }
            at += Math.max(0, read);
        }
        Memory old = rest;
        if (old != null) {
            old.copyTo(restFrom, all, at, restTo - restFrom);
            old.close();
        }
        rest = all;
        restFrom = 0;
        restTo = (int) size;
        keptCopies = 0;
    }

    /// Writes once; returns bytes or `-EAGAIN`, and 0 when it is worth another try.
    private long write(Memory memory, long from, long len) throws ErrnoException {
        calls++;
        long written = outIsSocket
                ? kernel.send(out.number(), memory, from, len, MSG_DONTWAIT | MSG_NOSIGNAL)
                : kernel.write(out.number(), memory, from, len);
        if (written == -Errno.EINTR) {
            return 0;
        }
        if (written < 0 && written != -Errno.EAGAIN) {
            throw fail("write", written, Side.OUT);
        }
        copied += Math.max(0, written);
        return written;
    }

    private ErrnoException fail(String call, long result, Side side) {
        ErrnoException latched =
                new ErrnoException(call, "in=" + in + ", out=" + out, (int) -result, side, moved(), "");
        failure = latched;
        return latched;
    }

    /// Gives the pipe back while nothing is in it.
    private void release() {
        Pipe now = pipe;
        if (now != null) {
            pipe = null;
            pool.give(now);
        }
    }

    @Override
    public void close() {
        release(); // a pipe with bytes in it is closed by the pool
        if (rest != null) {
            rest.close();
            rest = null;
        }
    }
}
