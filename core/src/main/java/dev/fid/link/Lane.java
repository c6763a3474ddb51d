package dev.fid.link;

import static dev.fid.kernel.Uapi.MSG_DONTWAIT;
import static dev.fid.kernel.Uapi.MSG_NOSIGNAL;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.Pipe;
import dev.fid.Rate;
import dev.fid.Refusal;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.MoveCall;
import dev.fid.kernel.Side;
import dev.fid.kernel.Uapi;
import dev.fid.wait.OpenFd;
import dev.fid.wait.Users;
import org.jspecify.annotations.Nullable;

/// One direction between two non-blocking streams: moves what can be moved now, and says what it waits for.
///
/// Small messages go by read and write of the loop's buffer, bulk goes by splice through a pipe; {@link SpliceOrCopy}
/// says which. What a copying step could not write goes into the pipe too, so the buffer is free for the next lane.
///
/// Where the pool says so ({@link PipePool#mark}; by default it does not), a TCP input in bulk gets a mark
/// (SO_RCVLOWAT): the kernel then wakes us for a pipe of bytes instead
/// of for every segment, which takes a quarter off the CPU time. Where wake-ups find nearly as much without one,
/// as between ends that do not copy, it would save nothing and hold up the sender. Only a tail below the mark
/// would stall, so whoever drives the lane calls {@link #sweep} about every millisecond while {@link #isMarked};
/// it also fits the mark to the rate.
///
/// Invariant: bytes are taken from the input only when nothing is pending. So an EAGAIN while filling is the
/// input's, while draining the output's. Errors are latched: after a reset the next call's 0 would look like a
/// clean end.
///
/// For one thread. {@link #close} closes the pipe, not the streams; it may come from any thread.
public final class Lane implements AutoCloseable {
    /// What a lane waits for.
    public enum Wait {
        /// Until the input is readable.
        IN,
        /// Until the output is writable.
        OUT,
        /// For nothing: its turn is over, so that other links can run.
        TURN,
        /// Until its rate allows more, see {@link Lane#pauseNanos}.
        TIME,
        /// The input has ended, and all its bytes are at the output.
        DONE
    }

    /// Bytes in a turn at most, so that one fast link cannot starve the rest.
    static final long TURN_BYTES = 1 << 20; // 1 MiB
    /// Reads in a turn while both ways are tried: what one splice takes is enough to know its cost.
    private static final long TRIAL_READS = 4;
    /// A stream that brought this much in a row is worth a mark.
    private static final long STEADY = 4 << 20; // 4 MiB
    /// The most that it must bring after marks that held up tails: what comes are messages then, not a stream.
    private static final long MOST_STEADY = 256 << 20; // 256 MiB
    /// After so much the mark has to be earned again.
    private static final long MOST_MARKED = 1 << 30; // 1 GiB
    /// A smaller mark saves nothing: one read of the buffer takes as much.
    private static final long LEAST_MARK = 64 << 10; // 64 KiB

    private static final long FIRST_MARK = 128 << 10; // 128 KiB
    /// What comes in this time may wait: 2 ms.
    private static final long MARK_NANOS = 2_000_000;
    /// So long bytes in the middle of a stream wait for the mark: 4 ms.
    private static final long MOST_MARKED_NANOS = 2 * MARK_NANOS;
    /// A sweep that comes sooner after another can tell nothing.
    private static final long LEAST_SWEEP_NANOS = 500_000;

    private final Fd in;
    private final Fd out;
    private final PipePool pool;
    private final Kernel kernel;
    /// Those of the link where it is part of one.
    private final Users users;
    /// Both streams are in use as long as this is open: by the link.
    private final boolean linked;
    private final boolean inIsSocket;
    private final boolean outIsSocket;
    private @Nullable Pipe pipe;
    private @Nullable Memory rest;
    private int restFrom;
    private int restTo;
    private final SpliceOrCopy choice;
    private boolean copyOnly;
    private boolean ended;
    private @Nullable ErrnoException failure;
    private @Nullable Declined declined;
    private long spliced;
    private long copied;
    private long calls;
    private long splices;
    private long emptyInput;
    private long fullOutput;

    // What the last events and answers said; an edge is told once. A fresh socket has room, and tells of bytes.
    private boolean readable;
    private boolean writable = true;
    /// Whether a short read proves nothing: the input's end may lie behind it without another edge, or the bytes
    /// behind an urgent mark, where a read stops once it has some.
    private boolean thorough;

    private @Nullable Rate own;
    private @Nullable Rate shared;
    private boolean waitsForTime;

    private final boolean markable;
    /// In bytes; 0 while the input has none.
    private long mark;
    /// What SO_RCVLOWAT was before the first mark; 0 before that is asked.
    private int unmarked;
    /// What the rate of late would make it.
    private long fitting;

    private long movedAtSweep;
    private long queuedAtSweep;
    private long sweptAt;
    private long steadySince;
    /// {@link #emptyInput} then.
    private long emptyBefore;
    private long steady = STEADY;
    private long movedAtMark;

    public Lane(Fd in, Fd out, PipePool pool) throws ErrnoException {
        this(in, out, pool, new Users(), false);
    }

    /// A lane of a link, which counts who uses it.
    Lane(Fd in, Fd out, PipePool pool, Users users) throws ErrnoException {
        this(in, out, pool, users, true);
    }

    private Lane(Fd in, Fd out, PipePool pool, Users users, boolean linked) throws ErrnoException {
        this.users = users;
        this.linked = linked;
        this.in = in;
        this.out = out;
        this.pool = pool;
        this.kernel = pool.kernel();
        this.inIsSocket = in.kind().isSocket();
        this.outIsSocket = out.kind().isSocket();
        this.choice = new SpliceOrCopy(pool.splicing() == PipePool.Splicing.ALWAYS);
        this.copyOnly = pool.splicing() == PipePool.Splicing.NEVER;
        this.markable = in.kind() == FdKind.TCP && pool.mark() > 0;
        pool.enter();
    }

    // ---- who uses it ----

    /// Begins a use of the lane and its streams.
    private void enter() {
        if (!users.enter()) {
            throw new IllegalStateException("the lane from " + in + " to " + out + " is closed");
        }
        if (!linked) {
            try {
                OpenFd.enter(in.use(), out.use());
            } catch (IllegalStateException e) {
                leave(false);
                throw e;
            }
        }
    }

    private void leave(boolean streams) {
        if (users.leave()) {
            free();
        }
        if (streams && !linked) {
            out.use().leave();
            in.use().leave();
        }
    }

    /// Bounds the bytes per second that are taken from the input, while copying and while splicing.
    ///
    /// @param own of this lane alone, or null
    /// @param shared with other lanes, or null
    public void limit(@Nullable Rate own, @Nullable Rate shared) {
        this.own = own;
        this.shared = shared;
    }

    /// Notes what an edge said; {@link #resume} believes it.
    ///
    /// @param more whether the input's end, its error or urgent data is among the news
    void wake(boolean in, boolean out, boolean more) {
        readable |= in || more;
        writable |= out;
        thorough |= more;
    }

    /// Moves at most {@link #TURN_BYTES}, whatever was said of readiness before: both sides are asked.
    ///
    /// @return what to wait for before the next call
    /// @throws ErrnoException what either side said, and from then on the same again; {@link ErrnoException#side}
    /// tells which
    public Wait move() throws ErrnoException {
        enter();
        try {
            wake(true, true, true);
            return resume();
        } finally {
            leave(true);
        }
    }

    /// As {@link #move}, without asking a side that said "not now" and was not heard of since.
    ///
    /// @return what to wait for before the next call
    /// @throws ErrnoException what either side said, and from then on the same again; {@link ErrnoException#side}
    /// tells which
    Wait resume() throws ErrnoException {
        if (failure != null) {
            throw failure;
        }
        choice.begin(cpuNanos(), pending() == 0);
        Wait wait = turn();
        choice.pause(cpuNanos());
        return wait;
    }

    /// The clock of this thread's CPU time, where a trial wants to know it.
    private long cpuNanos() {
        return choice.isTrying() ? kernel.cpuNanos(Uapi.CLOCK_THREAD_CPUTIME_ID) : 0;
    }

    private Wait turn() throws ErrnoException {
        long before = moved();
        long most = choice.isTrying() ? PipePool.BUFFER * TRIAL_READS : TURN_BYTES;
        while (moved() - before < most) {
            if (pending() > 0) {
                if (!writable || !deliver()) {
                    writable = false;
                    return Wait.OUT;
                }
            } else if (ended) {
                release();
                return Wait.DONE;
            } else if (!readable || !take()) {
                if (pending() == 0) {
                    release();
                    return waitsForTime ? Wait.TIME : Wait.IN;
                }
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

    /// How many of them were splice(2).
    public long splices() {
        return splices;
    }

    /// How often the input had nothing.
    public long emptyInput() {
        return emptyInput;
    }

    /// How often the output took nothing.
    public long fullOutput() {
        return fullOutput;
    }

    /// Of the trials that compared both ways by their CPU time, those after which it spliced.
    public int spliceTrials() {
        return choice.spliceWon();
    }

    /// Of the trials that compared both ways by their CPU time, those after which it copied.
    public int copyTrials() {
        return choice.copyWon();
    }

    /// Nanoseconds until the rates allow more, 0 where they do now.
    public long pauseNanos() {
        long now = kernel.nanoTime();
        return Math.max(own == null ? 0 : own.pauseNanos(now), shared == null ? 0 : shared.pauseNanos(now));
    }

    /// Whether the input has a mark, so that a tail needs {@link #sweep}.
    public boolean isMarked() {
        return mark > 0;
    }

    /// Fits the mark to the rate of late: what comes in two milliseconds, at most the pool's mark. Where nothing
    /// came because less than the mark is there, it gives that four milliseconds; then the stream has become
    /// slow. Where nothing is added to what is queued, that is a tail. A mark of little is taken away, and to
    /// lower it makes the kernel tell at once. So a mark holds up bytes in the middle of a stream for four
    /// milliseconds, and its last ones for two sweeps.
    ///
    /// @return whether it is still marked
    public boolean sweep() {
        if (mark == 0) {
            return false;
        }
        enter();
        try {
            return sweepOnce();
        } finally {
            leave(true);
        }
    }

    private boolean sweepOnce() {
        if (moved() - movedAtMark >= MOST_MARKED) {
            steady = STEADY;
            mark(0); // to see what it brings without
            watch();
            return false;
        }
        long now = kernel.nanoTime();
        long span = now - sweptAt;
        long came = moved() - movedAtSweep;
        if (span < LEAST_SWEEP_NANOS || (came == 0 && pending() > 0)) {
            return true; // or it is the output that is slow
        }
        if (came == 0) {
            long before = queuedAtSweep;
            queuedAtSweep = kernel.fionread(in.number());
            boolean grows = queuedAtSweep > before;
            if (grows && span < MOST_MARKED_NANOS) {
                return true;
            }
            fitting = grows ? queuedAtSweep * MARK_NANOS / span : 0;
            if (!grows && queuedAtSweep > 0) {
                heldUp();
            }
        } else {
            // What a single sweep sees is one wake-up more or less, which is half of it or twice.
            fitting += (came * MARK_NANOS / span - fitting) / 4;
            queuedAtSweep = 0;
        }
        movedAtSweep = moved();
        sweptAt = now;
        if (fitting < LEAST_MARK) {
            mark(0);
            watch();
        } else if (fitting < mark / 2 || fitting >= 2 * mark) {
            mark(Math.min(pool.mark(), Long.highestOneBit(fitting)));
        }
        return isMarked();
    }

    /// A tail waited for the sweep. Messages as long as a mark have one each, so the next mark comes later:
    /// of 256 KiB one in 1,024 waits in the end, not one in sixteen. Behind a long stream it is one wait in
    /// many bytes.
    private void heldUp() {
        boolean wasLong = moved() - movedAtMark >= MOST_STEADY;
        steady = wasLong ? STEADY : Math.min(4 * steady, MOST_STEADY);
    }

    private void mark() {
        mark(Math.min(pool.mark(), FIRST_MARK));
        fitting = mark;
        movedAtMark = moved();
        movedAtSweep = movedAtMark;
        queuedAtSweep = 0;
        sweptAt = kernel.nanoTime();
    }

    /// Marks an input in bulk whose wake-ups find clearly less than a mark.
    private void earnMark() {
        long came = moved() - steadySince;
        if (came >= steady && came / (emptyInput - emptyBefore) < pool.mark() / 4 * 3) {
            mark();
        } else if (came >= Math.max(steady, MOST_STEADY)) {
            watch();
        }
    }

    /// Begins to count what a stream without a mark brings.
    private void watch() {
        steadySince = moved();
        emptyBefore = emptyInput;
    }

    private void mark(long bytes) {
        if (bytes != mark) {
            if (unmarked == 0) {
                unmarked = Math.max(1, kernel.getsockopt(in.number(), Uapi.SOL_SOCKET, Uapi.SO_RCVLOWAT));
            }
            mark = bytes;
            calls++;
            kernel.setsockopt(in.number(), Uapi.SOL_SOCKET, Uapi.SO_RCVLOWAT, bytes == 0 ? unmarked : (int) bytes);
        }
    }

    /// An input that is somebody's after this lane gets back what it came with.
    private void unmark() {
        boolean goesOn = !linked || !in.isOwned();
        if (mark > 0 && goesOn && in.use().tryJoin()) {
            mark(0);
            in.use().leave();
        }
    }

    /// Why bulk is copied, the last time that it was; null while it is spliced.
    public @Nullable Declined declined() {
        return declined;
    }

    // ---- taking from the input; nothing is pending ----

    /// Takes some bytes, or learns of the end. False when the input has none now.
    private boolean take() throws ErrnoException {
        waitsForTime = false;
        Pipe now = choice.splices() && !copyOnly ? pipe() : null;
        if (now == null && choice.splices()) {
            choice.cannotSplice();
        }
        long most = grant(now != null ? Pipe.BULK_CAPACITY : PipePool.BUFFER);
        if (most == 0) {
            waitsForTime = true;
            return false;
        }
        long before = taken;
        try {
            readable = now != null ? fill(now, most) : copy(most);
        } finally {
            giveBack(most - (taken - before));
        }
        if (taken > before && pool.splicing() == PipePool.Splicing.AUTO) {
            choice.took(taken - before, most);
        }
        return readable;
    }

    /// Bytes taken from the input, for the rates.
    private long taken;

    private long grant(long len) {
        Rate each = own;
        Rate all = shared;
        long granted = each == null ? len : each.grant(len, kernel.nanoTime());
        if (all == null || granted == 0) {
            return granted;
        }
        long both = all.grant(granted, kernel.nanoTime());
        if (each != null) {
            each.giveBack(granted - both);
        }
        return both;
    }

    private void giveBack(long unused) {
        if (own != null) {
            own.giveBack(unused);
        }
        if (shared != null) {
            shared.giveBack(unused);
        }
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

    private boolean fill(Pipe now, long most) throws ErrnoException {
        calls++;
        splices++;
        long filled = now.fillOnce(in, null, most);
        if (filled > 0) {
            taken += filled;
            declined = null;
            return true;
        }
        if (filled == -Errno.EAGAIN) {
            // It says so at an urgent mark too, whatever lies behind it; only a read passes that. Source:
            // tcp_read_sock in net/ipv4/tcp.c, Linux 6.18.
            if (!thorough || in.kind() != FdKind.TCP) {
                emptyInput++;
            } else if (copy(most)) {
                return true;
            }
            if (markable && mark == 0 && own == null && shared == null) {
                earnMark();
            }
            return false;
        }
        if (filled == 0) {
            return copy(most); // an end only if read(2) says so too
        }
        if (filled != -Errno.EINTR) {
            if (spliced > 0 || !Refusal.says(MoveCall.SPLICE, filled)) {
                throw fail("splice", filled, Side.IN);
            }
            copyOnly = true;
            decline("splice", (int) -filled, Errno.text((int) -filled));
        }
        return true;
    }

    /// Reads into the loop's buffer and writes at once; what is left over goes where it can wait.
    private boolean copy(long most) throws ErrnoException {
        Memory buffer = pool.buffer();
        long len = Math.min(most, PipePool.BUFFER);
        calls++;
        long read = inIsSocket
                ? kernel.recv(in.number(), buffer, 0, len, MSG_DONTWAIT)
                : kernel.read(in.number(), buffer, 0, len);
        if (read == -Errno.EAGAIN) {
            emptyInput++;
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
        taken += read;
        // A stream that gave less than it was asked for is empty; more is a new edge (epoll(7), question 9).
        boolean emptied = read < len && inIsSocket && !thorough;
        long written = Math.max(0, write(buffer, 0, read));
        if (written < read) {
            keep(buffer, written, read);
        }
        return !emptied;
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
        splices++;
        long drained = now.drainOnce(out, null, now.buffered(), false);
        if (drained > 0) {
            long copies = Math.min(keptCopies, drained);
            keptCopies -= copies;
            copied += copies;
            spliced += drained - copies;
            return true;
        }
        if (drained == -Errno.EAGAIN) {
            fullOutput++;
            return false;
        }
        if (drained != -Errno.EINTR) {
            if (drained == 0 || spliced > 0 || !Refusal.says(MoveCall.SPLICE, drained)) {
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
        if (written == -Errno.EAGAIN) {
            fullOutput++;
            writable = false;
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

    /// Ends it: at once, or where it moves bytes just now, after that.
    @Override
    public void close() {
        if (users.close()) {
            free();
        }
    }

    /// Nobody uses it, and nobody will. From any thread, so the pipe does not go back to the pool.
    void free() {
        unmark();
        Pipe now = pipe;
        if (now != null) {
            pipe = null;
            now.close();
        }
        if (rest != null) {
            rest.close();
            rest = null;
        }
        pool.leave();
    }
}
