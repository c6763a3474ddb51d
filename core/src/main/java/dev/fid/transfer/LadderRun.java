package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.READ;
import static dev.fid.kernel.Uapi.*;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.Plan;
import dev.fid.Refusal;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.MoveCall;
import dev.fid.kernel.Side;
import dev.fid.run.Meter;
import dev.fid.wait.Readiness;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A run of bytes under way: it stands on one rung of the plan's ladder and steps down while the kernel refuses.
///
/// A rung that has moved a byte is never left for an error: what failed then is the transfer. It may be left for
/// a zero that was no end, and for a sum that cannot be made there, since nothing is in doubt in either case.
/// Bytes that a rung took from the input and could not deliver go along to the next one.
final class LadderRun implements AutoCloseable {
    private final List<Plan.Rung> ladder;
    private final MoveContext course;
    private final Kernel kernel;
    private final Meter meter;
    private final List<Declined> declined;
    private final Map<Method, Long> byMethod = new EnumMap<>(Method.class);
    private final boolean pollIn;
    private final boolean pollOut;
    private final boolean offload;
    private final long chunk;

    private int rung;
    private @Nullable Mover mover;
    private boolean rungMoved;
    /// The rung's mover, while what a read found behind an urgent mark is on its way; null else.
    private @Nullable Mover passing;
    /// Whether the last call said that a side was not ready, and it became so.
    private boolean waited;
    /// What the last call was asked for, for messages.
    private long asked;
    /// Bytes that a read took and no mover could take over.
    private Taken stray = Taken.NOTHING;

    /// @param declined where refusals are noted
    LadderRun(Plan plan, MoveContext course, Meter meter, List<Declined> declined) throws ErrnoException {
        this.ladder = plan.ladder();
        this.course = course;
        this.kernel = course.kernel();
        this.meter = meter;
        this.declined = declined;
        boolean inBlocks = course.in().mayBlock();
        boolean outBlocks = course.out().mayBlock();
        // A borrowed descriptor in blocking mode is asked first: SPLICE_F_NONBLOCK covers the pipe, not the other
        // side.
        this.pollIn = inBlocks && !plan.in().kind().isSeekable();
        this.pollOut = outBlocks && !plan.out().kind().isSeekable();
        this.chunk = pollOut && plan.out().kind().isSocket() ? room(course.out()) : Meter.CHUNK;
        this.offload = Thread.currentThread().isVirtual() && (inBlocks || outBlocks);
    }

    /// What a borrowed socket in blocking mode takes without waiting inside the kernel, where no interrupt and no
    /// deadline reaches us, once it was polled: POLLOUT says that a third of SO_SNDBUF is free for TCP, three
    /// quarters for unix. Source: sk_stream_is_writeable in include/net/sock.h, unix_writable in
    /// net/unix/af_unix.c, Linux 6.18.
    private long room(Fd socket) {
        return Math.max(4096, kernel.getsockopt(socket.number(), SOL_SOCKET, SO_SNDBUF) / 8);
    }

    /// Delivers first what an earlier run took from the input: by read and write, whatever comes then.
    void begin(Taken taken) {
        mover = ReadWrite.of(course, taken);
    }

    Method method() {
        return passing == null ? ladder.get(rung).method() : Method.READ_WRITE;
    }

    Map<Method, Long> byMethod() {
        return byMethod;
    }

    /// Moves up to `length` bytes; returns how many, fewer only when the input ended.
    long run(long length) throws ErrnoException {
        long done = 0;
        while (done < length) {
            Mover now = current();
            long want = next(length - done);
            asked = want;
            long result = step(now, want);
            boolean isAtMark = result == -Errno.EAGAIN && isAtMark(now);
            waited = result == -Errno.EAGAIN && !isAtMark && !Refusal.says(now.call, Errno.EAGAIN);
            if (result > 0) {
                done += result;
                account(result);
                comeBack(now);
            } else if (result == 0 || isAtMark) {
                if (isEnd(now, length - done)) {
                    break;
                }
            } else if (waited) {
                await(now.side == Side.IN ? course.in() : course.out(), now.side);
            } else if (result != -Errno.EINTR) {
                refuse(now, (int) -result);
            }
        }
        return done;
    }

    /// Bytes to ask for now. A reflink moves none, so no limit holds for it, and all is asked for at once: chunk by
    /// chunk 1 GiB took 128 calls and 1 ms, and what is not a multiple of a block is refused.
    private long next(long left) throws ErrnoException {
        if (method() == Method.REFLINK) {
            meter.tick(method());
            return left;
        }
        return meter.allowed(Math.min(left, chunk), method(), course.readiness());
    }

    private void account(long bytes) {
        rungMoved |= passing == null;
        byMethod.merge(method(), bytes, Long::sum);
        if (method() == Method.REFLINK) {
            meter.skip(bytes);
        } else {
            meter.add(bytes);
            course.given().moved(bytes);
        }
    }

    private long step(Mover now, long want) throws ErrnoException {
        if (pollIn && now.pending() == 0) {
            await(course.in(), Side.IN);
        }
        if (pollOut) {
            await(course.out(), Side.OUT);
        }
        // A hop to the pool is worth a chunk, not one buffer of it.
        return offload ? Readiness.offload(() -> moveMuch(now, want)) : now.move(want);
    }

    private static long moveMuch(Mover now, long want) {
        long done = 0;
        while (done < want) {
            long result = now.move(want - done);
            if (result <= 0) {
                return done > 0 ? done : result;
            }
            done += result;
        }
        return done;
    }

    private void await(Fd fd, Side side) throws ErrnoException {
        course.tally().count(MoveCall.POLL);
        short events = (short) (side == Side.IN ? POLLIN : POLLOUT);
        meter.waitsFor(side);
        while (!course.readiness().await(fd.number(), events, meter.wake())) {
            meter.tick(method());
        }
        meter.waitsFor(Side.NONE);
    }

    // ---- rungs ----

    private Mover current() throws ErrnoException {
        Mover now = mover;
        if (now != null) {
            return now;
        }
        Declined[] refusal = new Declined[1];
        now = Mover.of(
                method(), course, (call, errno, reason) -> refusal[0] = new Declined(method(), call, errno, reason));
        if (now == null) {
            Declined why = refusal[0];
            if (rung + 1 == ladder.size()) {
                throw new ErrnoException(why.call(), "", why.errno(), Side.NONE, meter.moved(), why.reason());
            }
            stepDown(why);
            return current();
        }
        mover = now;
        return now;
    }

    /// The kernel said no. Another method may still say yes, if none of this rung's bytes is in doubt.
    private void refuse(Mover now, int errno) throws ErrnoException {
        boolean lacksTap = now instanceof ThroughPipe through && through.lacksTap();
        ErrnoException failure = failure(now, errno);
        boolean brokenSum = now instanceof ThroughPipe broken && broken.hasBrokenSum();
        boolean last = rung + 1 == ladder.size();
        boolean movedNothing = lacksTap || errno == Errno.EAGAIN; // whatever this rung moved before
        boolean says = lacksTap || Refusal.says(now.call, errno);
        if (last || brokenSum || passing != null || !says || (rungMoved && !movedNothing)) {
            throw failure;
        }
        Mover next = now.pending() > 0 ? now.continued() : null;
        now.close();
        mover = null;
        stepDown(new Declined(method(), now.call.toString(), errno, Errno.text(errno)));
        if (next != null) {
            while (method() != Method.READ_WRITE) {
                rung++; // the last rung of every ladder that has more than one
            }
            mover = next;
        }
    }

    private void stepDown(Declined why) {
        FallbackEvent event = new FallbackEvent();
        event.method = why.method().toString();
        event.reason = why.toString();
        event.commit();
        declined.add(why);
        rung++;
        rungMoved = false;
    }

    // ---- the end of input ----

    /// A zero from splice, sendfile or copy_file_range may only mean that the kernel goes by a recorded size, so
    /// one read(2) has the last word: a FUSE file of size 0 gave 8 MiB to read and nothing to splice (Linux
    /// 6.18).
    private boolean isEnd(Mover now, long left) throws ErrnoException {
        if (now instanceof ReadWrite || course.in().kindOrOther() == FdKind.TERMINAL) {
            return true;
        }
        try (Memory buffer = kernel.allocate(course.block())) {
            while (true) {
                if (pollIn) {
                    await(course.in(), Side.IN);
                }
                course.tally().count(READ);
                long read = Readiness.offload(() -> Reading.once(course, buffer, Math.min(left, course.block())));
                if (read == 0) {
                    return true;
                }
                if (read > 0 && course.in().kindOrOther() == FdKind.TCP) {
                    passMark(now, buffer, (int) read);
                    return false;
                }
                if (read > 0) {
                    course.tally().userBytes += read;
                    Declined why = new Declined(
                            method(),
                            now.call.toString(),
                            0,
                            "it ended where read(2) went on after " + meter.moved() + " bytes");
                    goOnReading(now, buffer, (int) read, why);
                    return false;
                }
                if (read == -Errno.EAGAIN) {
                    await(course.in(), Side.IN); // not the end, and nothing there: the zero was wrong
                    return false;
                }
                if (read != -Errno.EINTR) {
                    now.call = READ;
                    now.side = Side.IN;
                    throw failure(now, (int) -read);
                }
            }
        }
    }

    /// Whether an urgent mark (MSG_OOB) is the next thing in a TCP input: then splice(2) says EAGAIN, or 0 on a
    /// socket in blocking mode or after the peer's end, whatever lies behind; poll(2) says that there is something,
    /// and only a read passes the mark. Source: tcp_read_sock and tcp_splice_read in net/ipv4/tcp.c, Linux 6.18.
    private boolean isAtMark(Mover now) {
        return waited
                && !(now instanceof ReadWrite)
                && now.pending() == 0
                && course.in().kindOrOther() == FdKind.TCP
                && course.readiness().isReady(course.in().number(), (short) POLLIN);
    }

    /// What a read found behind an urgent mark is delivered first. No rung is left: splice goes on after it.
    private void passMark(Mover now, Memory buffer, int read) {
        ReadWrite next = new ReadWrite(course, null, 0);
        next.preload(buffer, read);
        course.tally().userBytes += read;
        passing = now;
        mover = next;
    }

    private void comeBack(Mover now) {
        if (passing != null && now.pending() == 0) {
            now.close();
            mover = passing;
            passing = null;
        }
    }

    private void goOnReading(Mover now, Memory buffer, int read, Declined why) throws ErrnoException {
        declined.add(why);
        if (ladder.getLast().method() != Method.READ_WRITE) {
            if (course.offIn() == null && course.in().kindOrOther().isSeekable()) {
                kernel.lseek(course.in().number(), -read, SEEK_CUR); // they did not arrive
            } else if (course.offIn() == null) {
                stray = new Taken(buffer.bytes(0, read), 0, 0);
            }
            throw new ErrnoException(
                    now.call.toString(), arguments(), Errno.ESTALE, Side.IN, meter.moved(), why.reason());
        }
        now.close();
        ReadWrite next = new ReadWrite(course, null, 0);
        next.preload(buffer, read);
        mover = next;
        rung = ladder.size() - 1;
        rungMoved = false;
    }

    // ---- failures ----

    private ErrnoException failure(Mover now, int errno) {
        return new ErrnoException(now.call.toString(), arguments(), errno, blame(now, errno), meter.moved(), "");
    }

    private String arguments() {
        return "in=" + course.in() + ", out=" + course.out() + ", len=" + asked;
    }

    /// Which side an error is about. Where the call does not say: the one whose kind can have it; between two
    /// files, the input if it cannot be read at that very place.
    private Side blame(Mover now, int errno) {
        if (now.side != Side.NONE) {
            return now.side;
        }
        FdKind in = course.in().kindOrOther();
        FdKind out = course.out().kindOrOther();
        return switch (errno) {
            case Errno.EPIPE, Errno.ENOSPC, Errno.EDQUOT, Errno.EFBIG, Errno.EROFS, Errno.ETXTBSY -> Side.OUT;
            case Errno.EIO -> {
                if (!in.isSeekable()) {
                    // Neither a pipe nor a socket has I/O errors: it is the file's.
                    yield out.isSeekable() ? Side.OUT : Side.IN;
                }
                yield out.isSeekable() && canRead() ? Side.OUT : Side.IN;
            }
            default -> in.isSocket() == out.isSocket() ? Side.NONE : in.isSocket() ? Side.IN : Side.OUT;
        };
    }

    private boolean canRead() {
        long at = course.offIn() == null ? kernel.lseek(course.in().number(), 0, SEEK_CUR) : course.offIn().value;
        try (Memory probe = kernel.allocate(1)) {
            return kernel.pread(course.in().number(), probe, 0, 1, at) >= 0;
        }
    }

    /// After a failure: sets the position of an input file back behind the last byte that arrived; of another input
    /// keeps what was taken.
    Taken takeBack() {
        Mover now = mover;
        if (now == null || now.pending() == 0) {
            return stray;
        }
        if (!course.in().kindOrOther().isSeekable()) {
            return now.takeBack();
        }
        if (course.offIn() == null) {
            kernel.lseek(course.in().number(), -now.pending(), SEEK_CUR);
        }
        return Taken.NOTHING;
    }

    @Override
    public void close() {
        for (Mover each : new @Nullable Mover[] {mover, passing}) {
            if (each != null) {
                each.close();
            }
        }
    }
}
