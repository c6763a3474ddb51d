package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.READ;
import static dev.fid.kernel.Uapi.*;

import dev.fid.Consistency;
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
import dev.fid.kernel.Offset;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.Extents;
import dev.fid.run.Meter;
import dev.fid.run.PipeGrowth;
import dev.fid.run.Tally;
import dev.fid.wait.Readiness;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// One run of a {@link Transfer}: what surrounds the moving of bytes. Borrowed pipes get an open file description
/// of our own, holes are left out where that was asked for, and afterwards the source is compared with what it
/// was.
final class TransferRun implements AutoCloseable {
    private final Transfer wish;
    private final Plan plan;
    private final Transfer.Stopped from;
    private final long offIn;
    private final long offOut;
    private final long length;
    private final Kernel kernel;
    private final Readiness readiness;
    private final Tally tally = new Tally();
    private final List<Declined> declined;
    private final Map<Method, Long> byMethod = new EnumMap<>(Method.class);
    private final List<Fd> reopened = new ArrayList<>();
    private final Fd in;
    private final Fd out;
    private final Stat before;
    private final Meter meter;
    private final PipeGrowth given;

    private Taken taken = Taken.NOTHING;

    /// @param from where an earlier run stopped
    TransferRun(Transfer wish, Plan plan, Transfer.Stopped from) throws ErrnoException {
        this.wish = wish;
        this.plan = plan;
        this.from = from;
        this.offIn = wish.offIn < 0 ? -1 : wish.offIn + from.moved();
        this.offOut = wish.offOut < 0 ? -1 : wish.offOut + from.moved();
        this.length = wish.length == Transfer.TO_END ? Transfer.TO_END : wish.length - from.moved();
        this.kernel = wish.in.kernel();
        this.readiness = new Readiness(kernel, wish.in.use(), wish.out.use());
        this.declined = new ArrayList<>(plan.declined());
        try {
            Stat first = from.before();
            this.before = first == null ? wish.in.stat() : first;
            this.in = wish.in.unshared(O_RDONLY, reopened);
            this.out = wish.out.unshared(O_WRONLY, reopened);
            this.meter = new Meter(
                    kernel,
                    List.of(wish.in, wish.out),
                    "transfer",
                    "in=" + wish.in + ", out=" + wish.out,
                    wish.timeout,
                    wish.idleTimeout,
                    wish.bytesPerSecond,
                    wish.rate,
                    wish.listener,
                    wish.progressNanos,
                    expected());
            this.given = new PipeGrowth(kernel, wish.growPipes ? wish.pipeCapacity : 0, List.of(in, out));
        } catch (ErrnoException | RuntimeException | Error e) {
            release();
            throw e;
        }
    }

    /// Bytes that are to come, -1 where nobody knows.
    private long expected() throws ErrnoException {
        long left = plan.in().sizeUnknown() || plan.in().size() < 0
                ? -1
                : Math.max(0, plan.in().size() - startIn());
        return length == Transfer.TO_END ? left : left < 0 ? length : Math.min(left, length);
    }

    private long startIn() throws ErrnoException {
        return offIn >= 0 ? offIn : plan.in().kind().isSeekable() ? position(wish.in) : 0;
    }

    private long position(Fd file) throws ErrnoException {
        return ErrnoException.check(kernel.lseek(file.number(), 0, SEEK_CUR), "lseek", file.toString());
    }

    Moved run() throws ErrnoException {
        try {
            return move();
        } catch (ErrnoException e) {
            throw e.after(meter.moved(), taken.size(), taken.lost() == 0); // a wait or an fstat knows nothing of bytes
        }
    }

    long moved() {
        return meter.moved();
    }

    /// Where this run stopped, for the next one.
    Transfer.Stopped stopped() {
        return new Transfer.Stopped(from.moved() + meter.moved(), before, taken);
    }

    private Moved move() throws ErrnoException {
        long start = startIn();
        boolean holes = wish.sparse
                && plan.in().hasHoles()
                && plan.out().kind() == FdKind.FILE
                && !plan.out().append();
        if (holes) {
            sparse(start);
        } else {
            long most = length == Transfer.TO_END ? Long.MAX_VALUE : length;
            most = Math.min(most, Long.MAX_VALUE - start); // a call that asks for more is EINVAL
            if (plan.in().sameFile(plan.out())) {
                most = Math.min(most, Math.max(0, before.size - start)); // or it would feed itself for ever
            }
            int kept = from.taken().bytes().length;
            if (kept > 0) {
                Plan only = new Plan(
                        plan.in(),
                        plan.out(),
                        List.of(new Plan.Rung(Method.READ_WRITE, "bytes kept by an earlier run", 1, false)),
                        List.of());
                dense(only, offIn, offOut, kept, from.taken());
            }
            dense(plan, offIn, offOut < 0 ? -1 : offOut + kept, most - kept, Taken.NOTHING);
        }
        recheck(start);
        if (wish.digest != null && sumsAfterwards()) {
            sum(wish.digest, start - from.moved(), start + meter.moved());
        }
        meter.tell(plan.chosen());
        Method most = byMethod.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(plan.chosen());
        return new Moved(
                meter.moved(),
                most,
                Map.copyOf(byMethod),
                declined.stream().distinct().toList(),
                tally.calls(),
                tally.userBytes,
                kernel.nanoTime() - meter.start);
    }

    /// A file is read again for its sum, but not one that is made up anew by each read, as those of procfs are.
    private boolean sumsAfterwards() {
        boolean once = plan.in().sizeUnknown() && plan.chosen() == Method.READ_WRITE;
        return plan.in().kind().isSeekable() && !once;
    }

    private long dense(Plan plan, long offIn, long offOut, long wanted, Taken first) throws ErrnoException {
        // Behind 2^63-1 no byte can be, and a call that asks for one is EINVAL.
        long most = Math.min(wanted, Long.MAX_VALUE - Math.max(0, Math.max(offIn, offOut)));
        MoveContext course = new MoveContext(
                kernel,
                in,
                offIn < 0 ? null : new Offset(offIn),
                out,
                offOut < 0 ? null : new Offset(offOut),
                tally,
                wish.block,
                wish.pipeCapacity,
                given,
                readiness,
                sumsAfterwards() ? null : wish.digest);
        try (LadderRun descent = new LadderRun(plan, course, meter, declined)) {
            try {
                if (first.bytes().length > 0) {
                    descent.begin(first);
                }
                return descent.run(most);
            } catch (ErrnoException | RuntimeException | Error e) {
                taken = descent.takeBack();
                throw e;
            } finally {
                descent.byMethod().forEach((method, bytes) -> byMethod.merge(method, bytes, Long::sum));
            }
        }
    }

    /// Leaves out the holes. The bytes go by offsets, and looking for holes moves the input's position, so both
    /// positions are set at the end, whatever it is.
    private void sparse(long start) throws ErrnoException {
        long left = Math.max(0, plan.in().size() - start);
        long size = start + (length == Transfer.TO_END ? left : Math.min(left, length));
        long stood = position(in);
        long startOut = offOut >= 0 ? offOut : position(out);
        boolean whole = false;
        try {
            sparse(start, startOut, size);
            whole = true;
        } finally {
            long result = kernel.lseek(in.number(), offIn < 0 ? start + meter.moved() : stood, SEEK_SET);
            if (result >= 0 && offOut < 0) {
                result = kernel.lseek(out.number(), startOut + meter.moved(), SEEK_SET);
            }
            if (whole) {
                ErrnoException.check(result, "lseek", in + " or " + out + ", SEEK_SET");
            }
        }
    }

    /// A reflink keeps the holes by itself; else the data goes extent by extent, and the output gets its size at
    /// the end.
    private void sparse(long start, long startOut, long size) throws ErrnoException {
        Plan rest = plan;
        if (plan.chosen() == Method.REFLINK) {
            Plan only = new Plan(plan.in(), plan.out(), plan.ladder().subList(0, 1), plan.declined());
            try {
                dense(only, start, startOut, size - start, Taken.NOTHING);
                return;
            } catch (ErrnoException e) {
                if (meter.moved() > 0 || !Refusal.of(e) || plan.ladder().size() == 1) {
                    throw e;
                }
                rest = new Plan(
                        plan.in(),
                        plan.out(),
                        plan.ladder().subList(1, plan.ladder().size()),
                        plan.declined());
            }
        }
        Extents extents = new Extents(in.kernel(), in.number(), start, size);
        long done = start;
        while (extents.next()) {
            hole(done, extents.data, startOut - start);
            done = extents.data
                    + dense(
                            rest,
                            extents.data,
                            startOut + extents.data - start,
                            extents.hole - extents.data,
                            Taken.NOTHING);
            if (done < extents.hole) {
                break; // cut short meanwhile: the comparison afterwards says so
            }
        }
        if (done < size && extents.data == size) {
            hole(done, size, startOut - start);
            long end = startOut + size - start;
            if (out.stat().size < end) {
                ErrnoException.check(kernel.ftruncate(out.number(), end), "ftruncate", out + ", " + end);
            }
        }
        // A recorded size is no end of input: read(2) may go on behind it, as in some files of FUSE.
        long more = length == Transfer.TO_END ? Long.MAX_VALUE : length - (size - start);
        if (meter.moved() == size - start && more > 0) {
            dense(rest, size, startOut + size - start, more, Taken.NOTHING);
        }
    }

    /// Leaves out a hole of the input, from byte `from` to `to`, which lies `shift` bytes further in the output.
    private void hole(long from, long to, long shift) throws ErrnoException {
        Extents.clear(out.kernel(), out.number(), out.stat().size, from + shift, to + shift, out.toString());
        meter.skip(to - from);
    }

    /// Compares the source with what it was, and the bytes with its size.
    private void recheck(long start) throws ErrnoException {
        boolean unchecked = wish.consistency == Consistency.UNCHECKED;
        if (plan.in().kind() != FdKind.FILE || plan.in().isPseudo() || unchecked) {
            return;
        }
        Stat after = wish.in.stat();
        if (after.size != before.size
                || after.inode != before.inode
                || after.mtimeSeconds != before.mtimeSeconds
                || after.mtimeNanos != before.mtimeNanos
                || after.ctimeSeconds != before.ctimeSeconds
                || after.ctimeNanos != before.ctimeNanos) {
            throw stale("the source changed while it was read");
        }
        long expected = Math.max(0, before.size - start);
        if (length != Transfer.TO_END) {
            expected = Math.min(expected, length);
        }
        if (meter.moved() < expected) {
            throw stale("the source ended after " + meter.moved() + " of " + expected + " bytes");
        }
    }

    private ErrnoException stale(String detail) {
        return new ErrnoException(
                "transfer", "in=" + wish.in + ", out=" + wish.out, Errno.ESTALE, Side.IN, meter.moved(), detail);
    }

    /// The sum of a file is made by reading it again, which the page cache makes cheap, and which leaves the way
    /// of the bytes alone.
    private void sum(Digest digest, long start, long end) throws ErrnoException {
        try (Memory buffer = kernel.allocate(wish.block)) {
            long[] at = {start};
            while (at[0] < end) {
                meter.tick(plan.chosen());
                tally.count(READ);
                long read = Readiness.offload(
                        () -> kernel.pread(in.number(), buffer, 0, Math.min(wish.block, end - at[0]), at[0]));
                if (read == 0) {
                    throw stale("the source ended at " + at[0] + " when it was read again");
                }
                if (read > 0) {
                    digest.update(buffer, 0, read);
                    tally.userBytes += read;
                    at[0] += read;
                } else if (read != -Errno.EINTR && read != -Errno.EAGAIN) {
                    throw new ErrnoException("pread", "in=" + in, (int) -read, Side.IN, meter.moved(), "");
                }
            }
        }
    }

    @Override
    public void close() {
        given.close();
        meter.giveBack();
        release();
    }

    private void release() {
        reopened.forEach(Fd::close);
        readiness.close();
    }
}
