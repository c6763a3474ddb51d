package dev.fid.transfer;

import static dev.fid.kernel.Uapi.SEEK_CUR;

import dev.fid.Consistency;
import dev.fid.Facts;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.NoMethodException;
import dev.fid.Pipe;
import dev.fid.Plan;
import dev.fid.Progress;
import dev.fid.Rate;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Stat;
import dev.fid.path.Retry;
import dev.fid.wait.Deadline;
import dev.fid.wait.OpenFd;
import dev.fid.wait.Pace;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Moves bytes from one descriptor to another by the best method that the kernel allows, and tells which it was.
///
/// ```java
/// Moved moved = Transfer.from(in).to(out).run();
/// ```
///
/// {@link #run} returns when the input ended or the length is reached; it waits for both sides as long as it
/// takes, or as {@link #timeout} says. On a virtual thread no carrier is held: waits park, and calls that may
/// block in the kernel are carried out by a bounded pool. An interrupt ends the wait with ECANCELED.
///
/// A file on both sides gives the bytes that it had at the start and no more, so that it does not feed itself; it
/// changed meanwhile, so that ends with ESTALE unless {@link Consistency#UNCHECKED} was asked for.
///
/// Neither descriptor is closed, and the flags of a borrowed one are not changed. A failed transfer has delivered
/// {@link ErrnoException#moved} bytes, in order and without a gap; the position of an input file is then right
/// behind them.
///
/// Bytes of a pipe or socket that were taken and could not be delivered are kept in this object: {@link
/// #resume} goes on with them, {@link #pending} hands them over.
///
/// An object of this class is for one run, by one thread.
public final class Transfer {
    /// As {@link #length}: to the end of the input.
    public static final long TO_END = -1;

    final Fd in;
    final Fd out;
    long offIn = -1;
    long offOut = -1;
    long length = TO_END;
    long bytesPerSecond;

    @Nullable
    Rate rate;

    @Nullable
    Duration timeout;

    @Nullable
    Duration idleTimeout;

    @Nullable
    Consumer<Progress> listener;

    long progressNanos;

    @Nullable
    Consistency consistency;

    @Nullable
    Method method;

    boolean fallback = true;
    boolean sparse;
    int block = 256 << 10; // 0.42 CPU s/GiB from ext4 to ext4, 0.44 with 128 KiB
    long pipeCapacity = Pipe.BULK_CAPACITY;
    boolean growPipes;

    @Nullable
    Digest digest;

    private boolean hasRun;
    /// Where the last run stopped, if it failed.
    private @Nullable Stopped stopped;

    /// Where a run stopped.
    ///
    /// @param moved bytes that arrived, of all runs
    /// @param before the input before the first run; null before that
    /// @param taken from the input, and not arrived
    record Stopped(long moved, @Nullable Stat before, Taken taken) {
        static final Stopped NOWHERE = new Stopped(0, null, Taken.NOTHING);
    }

    private Transfer(Fd in, Fd out) {
        if (!in.kernel().equals(out.kernel())) {
            throw new IllegalArgumentException(in + " and " + out + " are not of one kernel");
        }
        this.in = in;
        this.out = out;
    }

    /// A transfer that still lacks its output.
    public record Source(Fd in) {
        public Transfer to(Fd out) {
            return new Transfer(in, out);
        }
    }

    public static Source from(Fd in) {
        return new Source(in);
    }

    // ---- what is asked for ----

    /// Starts at this byte of the input file, and leaves its position alone. Only for files and block devices.
    public Transfer offIn(long offset) {
        offIn = notNegative(offset, "offIn");
        return this;
    }

    /// Writes from this byte of the output file, and leaves its position alone. Only for files and block devices.
    public Transfer offOut(long offset) {
        offOut = notNegative(offset, "offOut");
        return this;
    }

    /// Moves at most this many bytes; {@link #TO_END} moves all. Of a datagram that is longer than what is left
    /// the end is lost, as read(2) has it.
    public Transfer length(long length) {
        this.length = length == TO_END ? TO_END : notNegative(length, "length");
        return this;
    }

    /// Moves at most this many bytes in a second, over the whole.
    public Transfer limit(long bytesPerSecond) {
        this.bytesPerSecond = Pace.checked(bytesPerSecond);
        return this;
    }

    /// Moves no more than `rate` grants, which other transfers may share.
    public Transfer limit(Rate rate) {
        this.rate = rate;
        return this;
    }

    /// Tells `listener` how far it is, about every `interval` while it moves or waits, on the thread that runs
    /// it. An exception of the listener ends the transfer.
    public Transfer progress(Duration interval, Consumer<Progress> listener) {
        this.progressNanos = Deadline.nanos(interval);
        this.listener = listener;
        return this;
    }

    /// Ends with ETIMEDOUT when it is not done by then.
    public Transfer timeout(Duration timeout) {
        this.timeout = timeout;
        return this;
    }

    /// Ends with ETIMEDOUT when no byte arrived for so long: the input gave nothing, or the output took
    /// nothing. Time that {@link #limit} makes it wait does not count.
    public Transfer idleTimeout(@Nullable Duration idle) {
        this.idleTimeout = idle;
        return this;
    }

    /// What may become of a source that changes; see {@link Consistency} for the defaults.
    public Transfer consistency(Consistency consistency) {
        this.consistency = consistency;
        return this;
    }

    /// Uses this method, instead of the one that the plan finds best. SPLICE where neither side is a pipe goes
    /// through one of our own.
    public Transfer method(@Nullable Method method) {
        this.method = method;
        return this;
    }

    /// Whether a slower method may follow the first, as it may by default. Without, a refusal is an error.
    public Transfer fallback(boolean fallback) {
        this.fallback = fallback;
        return this;
    }

    /// Keeps the holes of an input file as holes of the output file: what lay there before is gone, as a hole where
    /// the output's file system can punch one, else as zeros.
    public Transfer sparse(boolean sparse) {
        this.sparse = sparse;
        return this;
    }

    /// Bytes of the buffer where one is needed, 4096 to 262144.
    public Transfer block(int bytes) {
        if (bytes < 4096 || bytes > 256 << 10) {
            throw new IllegalArgumentException("a block has 4096 to 262144 bytes, not " + bytes);
        }
        block = bytes;
        return this;
    }

    /// Bytes of a pipe of our own where one is needed.
    public Transfer pipeCapacity(long bytes) {
        pipeCapacity = notNegative(bytes, "pipeCapacity");
        return this;
    }

    /// Whether a pipe that it is given becomes as large as {@link #pipeCapacity}, where it is smaller and limits
    /// allow, as soon as bulk goes through it. It stays so. By default it is left as it is: its pages count for
    /// the user who made it. Source: fcntl(2), F_SETPIPE_SZ.
    public Transfer growPipes(boolean growPipes) {
        this.growPipes = growPipes;
        return this;
    }

    /// Sums the bytes on their way: on a branch of the pipe where there is one, in the buffer where they pass
    /// through one, else by reading an input file a second time. What was read for the sum counts as bytes
    /// through user space.
    ///
    /// Where the plan's method has neither pipe nor file to read again, the bytes go through a pipe of our own.
    public Transfer digest(@Nullable Digest digest) {
        this.digest = digest;
        return this;
    }

    private static long notNegative(long value, String name) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " is not negative: " + value);
        }
        return value;
    }

    // ---- what comes of it ----

    /// The plan that {@link #run} would follow now; moves nothing.
    ///
    /// @throws NoMethodException where no method can serve what is asked for
    /// @throws IllegalArgumentException for a directory, or an offset where there are none
    public Plan plan() throws ErrnoException {
        return plan(0);
    }

    private Plan plan(long done) throws ErrnoException {
        Facts from = offIn < 0 ? in.facts() : in.facts().at(offIn + done);
        Facts to = offOut < 0 ? out.facts() : out.facts().at(offOut + done);
        if ((offIn >= 0 && !from.kind().isSeekable())
                || (offOut >= 0 && !to.kind().isSeekable())) {
            throw new IllegalArgumentException("only a file has offsets: " + in + " to " + out);
        }
        Consistency named = consistency != null ? consistency : Plan.usualConsistency(from, to);
        long left = length == TO_END ? TO_END : length - done;
        boolean choosy = named == Consistency.REFLINK || (method != null && !fallback);
        if (choosy && isNothing(from, left, done)) {
            return Plan.ofNothing(from, to);
        }
        return Plan.of(from, to, new Plan.Terms(left, method(from, to), fallback, named));
    }

    /// Whether there is nothing to move, which every method does as well. A recorded size of 0 is not trusted.
    private boolean isNothing(Facts from, long left, long done) throws ErrnoException {
        if (left == 0) {
            return true;
        }
        if (from.kind() != FdKind.FILE) {
            return false;
        }
        long start = offIn >= 0
                ? offIn + done
                : ErrnoException.check(in.kernel().lseek(in.number(), 0, SEEK_CUR), "lseek", in.toString());
        if (start < from.size()) {
            return false;
        }
        try (Memory probe = in.kernel().allocate(1)) {
            return Retry.pread(in.kernel(), in.number(), probe, 0, 1, start) == 0;
        }
    }

    /// The method asked for, made possible: a splice needs a pipe, and a sum needs the bytes to pass a pipe of
    /// ours, a buffer, or a file that can be read again.
    private @Nullable Method method(Facts from, Facts to) {
        boolean inOneCall = method == null || method == Method.SPLICE || method == Method.SENDFILE;
        boolean straight = digest != null && inOneCall && !from.kind().isSeekable();
        boolean summed = straight && from.kind() != FdKind.DATAGRAM && to.kind() != FdKind.DATAGRAM && !to.append();
        boolean lacksPipe = method == Method.SPLICE && from.kind() != FdKind.PIPE && to.kind() != FdKind.PIPE;
        return summed || lacksPipe ? Method.SPLICE_THROUGH_PIPE : method;
    }

    /// Moves the bytes.
    ///
    /// @return what was moved, and how
    /// @throws ErrnoException what the kernel said of either side: EPIPE and ECONNRESET of a peer that is gone,
    ///     ENOSPC, EDQUOT, EFBIG, EIO of a file; ECANCELED (also where another thread closed a side), ETIMEDOUT,
    ///     ESTALE, see there; EBADF for a side that
    ///     is not open in that direction. Where a method was refused and no fallback allowed, its errno.
    /// @throws NoMethodException where no method can serve what is asked for
    /// @throws IllegalArgumentException for a directory, or an offset where there are none
    public Moved run() throws ErrnoException {
        if (hasRun) {
            throw new IllegalStateException(
                    "a Transfer is for one run: make another one" + (stopped == null ? "" : ", or resume() this one"));
        }
        return run(Stopped.NOWHERE);
    }

    /// Goes on after a {@link #run} or `resume` that failed, without a gap: first what that one had taken
    /// from the input and not delivered, by write(2), then the rest of the input, to the same length and
    /// offsets, with the same sum. Times and counts begin anew: the result has what this call moved.
    ///
    /// Useful after ETIMEDOUT and ECANCELED, once the cause is gone; after an error of the output, such as
    /// EPIPE, it meets the same error again.
    ///
    /// @throws IllegalStateException where there is nothing to resume, or bytes were lost
    /// @throws ErrnoException as {@link #run}
    public Moved resume() throws ErrnoException {
        Stopped from = stopped;
        if (from == null) {
            throw new IllegalStateException("nothing to resume: run() has not failed");
        }
        if (from.taken().lost() > 0) {
            throw new IllegalStateException(
                    "cannot resume: " + from.taken().lost() + " bytes were lost that the kernel did not give back");
        }
        return run(from);
    }

    /// What a failed {@link #run} had taken from an input that is a pipe or a socket and not delivered, in
    /// order: for whoever gives it to another output. Empty where nothing is missing. {@link #resume} would
    /// deliver it.
    public byte[] pending() {
        Stopped from = stopped;
        return from == null ? new byte[0] : from.taken().bytes().clone();
    }

    private Moved run(Stopped from) throws ErrnoException {
        TransferEvent event = new TransferEvent();
        event.begin();
        OpenFd.enter(in.use(), out.use());
        int closed = 0;
        Moved moved;
        try (TransferRun running = new TransferRun(this, plan(from.moved()), from)) {
            hasRun = true;
            moved = run(running, event);
        } finally {
            closed = out.use().leave();
            in.use().leave();
            event.in = in.toString();
            event.out = out.toString();
            event.commit();
        }
        out.checkClosed(closed);
        return moved;
    }

    private Moved run(TransferRun running, TransferEvent event) throws ErrnoException {
        try {
            Moved moved = running.run();
            stopped = null;
            event.done(moved);
            return moved;
        } catch (ErrnoException | RuntimeException | Error e) {
            stopped = running.stopped();
            event.failed(e, running.moved());
            throw e;
        }
    }

    /// Lends memory to a pipe, all of it, waiting where it is full: vmsplice(2), or write(2) where the kernel
    /// refuses. Returns when the last page is in the pipe, not when it was read: the memory must not change
    /// before that.
    ///
    /// @throws ErrnoException EPIPE when nobody reads; ECANCELED when interrupted
    public static Moved lend(Memory memory, long at, long len, Fd out) throws ErrnoException {
        return Lending.run(memory, at, len, out);
    }

    Kernel kernel() {
        return in.kernel();
    }
}
