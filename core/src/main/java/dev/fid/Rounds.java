package dev.fid;

import static dev.fid.Tally.Call.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A fan-out under way. A round takes some bytes of the input and gives them to every output that is ready; it
/// begins when all outputs have what the last one gave them, or have used up their patience.
///
/// By tee the bytes lie in the *head*, a pipe: the input itself, or one of ours that is filled from it. All
/// outputs but the last get references, the last one gets the head's own, which empties it.
final class Rounds implements AutoCloseable {
    static final int BLOCK = 128 << 10; // 128 KiB

    private final Fanout wish;
    private final Kernel kernel;
    private final Tally tally = new Tally();
    private final Readiness readiness;
    private final Meter meter;
    private final List<Fd> reopened = new ArrayList<>();
    private final List<Declined> declined = new ArrayList<>();
    private final List<Outlet> outlets = new ArrayList<>();
    private final Readiness.Set set = new Readiness.Set();
    private final Fd in;
    private final boolean inBlocks;
    private final boolean offload;
    private final Memory buffer;

    /// By tee, as long as it is not null: where a round's bytes lie.
    private @Nullable Fd head;
    /// The head where it is ours.
    private @Nullable Pipe filled;
    /// The round lies in the buffer, not in the head.
    private boolean readOnly;
    /// A round went by tee.
    private boolean teed;
    private boolean ended;
    /// The last thing that happened was a wait that included the input.
    private boolean toldReady;

    Rounds(Fanout wish) throws ErrnoException {
        this.wish = wish;
        this.kernel = wish.in.kernel();
        this.readiness = new Readiness(kernel);
        this.buffer = kernel.allocate(BLOCK);
        try {
            this.in = wish.in.unshared(O_RDONLY, reopened);
            boolean blocks = in.mayBlock();
            this.inBlocks = blocks && !in.kind().isSeekable();
            for (Fd out : wish.outs) {
                Fd own = out.unshared(O_WRONLY, reopened);
                outlets.add(new Outlet(own, tally));
                blocks |= own.mayBlock();
            }
            this.offload = blocks && Thread.currentThread().isVirtual();
            long expected = in.facts().size() > 0 ? in.facts().size() : -1;
            this.meter = new Meter(
                    kernel,
                    wish.timeout,
                    wish.bytesPerSecond,
                    wish.listener,
                    wish.progressNanos,
                    wish.length == Transfer.TO_END ? expected : wish.length);
            prepareTee();
        } catch (ErrnoException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    // ---- tee or copy ----

    /// Gets the pipes that tee needs: one for each output, with as many slots as the head has; and the head,
    /// where the input is no pipe or a larger one. Without all of them the bytes are copied.
    private void prepareTee() throws ErrnoException {
        String reason = refusal();
        if (reason != null) {
            declined.add(new Declined(Method.TEE, "", 0, reason));
            return;
        }
        long least = Long.MAX_VALUE;
        PipeBudget budget = PipeBudget.of(kernel);
        for (Outlet outlet : outlets) {
            Pipe pipe = budget.tryOpen(wish.pipeCapacity, this::declineTee);
            if (pipe == null) {
                return;
            }
            outlet.pipe(pipe);
            least = Math.min(least, pipe.capacity());
        }
        int room = in.kind() == FdKind.PIPE ? kernel.fcntl(in.number(), F_GETPIPE_SZ, 0) : -1;
        if (room >= 0 && room <= least) {
            head = in;
            return;
        }
        filled = budget.tryOpen(least, this::declineTee);
        if (filled != null && filled.capacity() <= least) {
            head = filled.source();
        }
    }

    private @Nullable String refusal() throws ErrnoException {
        FdKind kind = in.kind();
        if (wish.copying) {
            return "each output was to get its own copy";
        }
        if (kind == FdKind.DATAGRAM || kind == FdKind.OTHER || kind == FdKind.TERMINAL) {
            return "the input cannot be spliced";
        }
        if (in.facts().sizeUnknown()) {
            return "a recorded size of 0 is not trusted: only read(2) finds the end";
        }
        for (Fd out : wish.outs) {
            if (out.kind().isStream()) {
                return null;
            }
        }
        return "no output is a pipe or socket, and one read serves all";
    }

    private void declineTee(String call, int errno, String reason) {
        declined.add(new Declined(Method.TEE, call, errno, reason));
    }

    // ---- the whole ----

    Fanout.Result run() throws ErrnoException {
        long end = wish.length == Transfer.TO_END ? Long.MAX_VALUE : wish.length;
        while (!ended && meter.moved() < end && anyLive()) {
            long len = meter.allowed(end - meter.moved(), method(), readiness);
            long round = available(len);
            toldReady = false;
            if (round == -Errno.EAGAIN) {
                await(true, Readiness.NEVER);
                toldReady = true;
            } else if (round > 0) {
                catchUp();
                if (anyLive()) {
                    hop(() -> give(round));
                    meter.add(round);
                }
            }
        }
        catchUp();
        finishLaggards();
        meter.tell(method());
        return new Fanout.Result(
                meter.moved(),
                teed ? Method.TEE : Method.READ_WRITE,
                outlets.stream().map(Outlet::result).toList(),
                List.copyOf(declined),
                tally.calls(),
                tally.userBytes,
                kernel.nanoTime() - meter.start);
    }

    private Method method() {
        return head == null ? Method.READ_WRITE : Method.TEE;
    }

    private long hop(LongSupplier call) {
        return offload ? Readiness.offload(call) : call.getAsLong();
    }

    private boolean anyLive() {
        for (Outlet outlet : outlets) {
            if (outlet.isLive()) {
                return true;
            }
        }
        return false;
    }

    // ---- what a round has to give ----

    /// Bytes of the next round, up to `len`; 0 for another try, or the end, which is noted; `-EAGAIN`.
    private long available(long len) throws ErrnoException {
        if (inBlocks && (filled == null || filled.buffered() == 0) && !readiness.isReady(in, (short) POLLIN)) {
            return -Errno.EAGAIN;
        }
        Pipe ours = filled;
        if (head == null) {
            return ours != null && ours.buffered() > 0 ? readFrom(ours, len) : read(len);
        }
        if (ours == null) {
            // The input is the head. Only when a wait has said that there is something and there is not, one
            // read(2) tells the end: it would copy what a writer puts in meanwhile.
            int there = kernel.fionread(in.number());
            if (there > 0) {
                return Math.min(there, len);
            }
            return toldReady ? read(len) : -Errno.EAGAIN;
        }
        if (ours.buffered() > 0) {
            return Math.min(len, ours.buffered());
        }
        tally.count(SPLICE);
        long result = hop(() -> ours.fillOnce(in, null, Math.min(len, Course.CHUNK)));
        if (result == 0) {
            return read(len);
        }
        if (result < 0 && Transfer.isRefusal((int) -result) && meter.moved() == 0) {
            declineTee("splice", (int) -result, Errno.text((int) -result));
            head = null;
            return 0;
        }
        return checked(SPLICE, result);
    }

    /// Reads a round into the buffer: the last word on the end of input, and the way of a fan-out that copies.
    private long read(long len) throws ErrnoException {
        tally.count(READ);
        boolean socket = in.kindOrOther().isSocket();
        long most = Math.min(len, BLOCK);
        long result = hop(() -> socket
                ? kernel.recv(in.number(), buffer, 0, most, MSG_DONTWAIT)
                : kernel.read(in.number(), buffer, 0, most));
        return bought(result);
    }

    private long readFrom(Pipe ours, long len) throws ErrnoException {
        tally.count(READ);
        return bought(ours.readOnce(buffer, 0, Math.min(len, BLOCK)));
    }

    private long bought(long result) throws ErrnoException {
        if (result == 0) {
            ended = true;
        }
        readOnly = result > 0;
        tally.userBytes += Math.max(0, result);
        return checked(READ, result);
    }

    private long checked(Tally.Call call, long result) throws ErrnoException {
        if (result == -Errno.EINTR) {
            return 0;
        }
        if (result < 0 && result != -Errno.EAGAIN) {
            throw new ErrnoException(call.toString(), "in=" + in, (int) -result, Side.IN, meter.moved(), "");
        }
        return result;
    }

    // ---- giving ----

    /// Gives every ready output the round's bytes; the others lose them.
    private long give(long round) {
        for (Outlet outlet : outlets) {
            if (outlet.isLive() && outlet.isLagging()) {
                outlet.flush(); // nobody waits for it, so it is asked here whether it has caught up
            }
            if (outlet.isLive() && !outlet.isReady()) {
                outlet.skip(round);
            }
        }
        if (readOnly) {
            readOnly = false;
            write(0, (int) round);
        } else {
            tee(round);
        }
        return round;
    }

    /// Gives references to all ready outputs, and the head's own to the last one.
    private void tee(long round) {
        int last = -1;
        for (int i = 0; i < outlets.size(); i++) {
            if (!outlets.get(i).isReady()) {
                continue;
            }
            if (last >= 0) {
                Outlet before = outlets.get(last);
                long result = before.tee(headOrThrow(), round);
                if (result < 0 && Transfer.isRefusal((int) -result) && before.isLive()) {
                    // Neither this one nor those behind it have any of the round: for them it can still be copied.
                    declineTee("tee", (int) -result, Errno.text((int) -result));
                    copyHead(round, last);
                    return;
                }
            }
            last = i;
        }
        long taken = 0;
        if (last >= 0) {
            taken = outlets.get(last).take(headOrThrow(), round);
            if (taken < 0) {
                declineTee("splice", (int) -taken, Errno.text((int) -taken));
                copyHead(round, last);
                return;
            }
            teed = true;
        }
        Pipe ours = filled;
        if (ours != null) {
            ours.gave(taken);
        }
        discard(headOrThrow(), round - taken);
    }

    private Fd headOrThrow() {
        return java.util.Objects.requireNonNull(head);
    }

    /// Nobody takes these bytes, since all lag or the last output has failed: they leave the head all the same,
    /// or they would be there again for the next round.
    private void discard(Fd source, long len) {
        for (long left = len; left > 0; ) {
            long read = readHead(source, left);
            if (read < 0) {
                return;
            }
            left -= read;
        }
    }

    /// Reads some bytes out of the head, which holds them: EAGAIN is another try, as EINTR is. Where they cannot
    /// be had all outputs fail, since what comes behind them is lost as well.
    private long readHead(Fd source, long len) {
        tally.count(READ);
        long read = kernel.read(source.number(), buffer, 0, Math.min(len, BLOCK));
        if (read == -Errno.EINTR || read == -Errno.EAGAIN) {
            return 0;
        }
        if (read <= 0) {
            int errno = read == 0 ? Errno.EIO : (int) -read;
            ErrnoException lost = new ErrnoException("read", "in=" + source, errno, Side.IN, meter.moved(), "");
            outlets.forEach(outlet -> outlet.fail(lost));
            return -errno;
        }
        Pipe ours = filled;
        if (ours != null) {
            ours.gave(read);
        }
        tally.userBytes += read;
        return read;
    }

    /// The kernel has no tee for us: reads the round out of the head, writes it to the outputs from index `first`
    /// on, and copies from now on.
    private void copyHead(long round, int first) {
        Fd source = headOrThrow();
        head = null;
        for (long left = round; left > 0; ) {
            long read = readHead(source, left);
            if (read < 0) {
                return;
            }
            write(first, (int) read);
            left -= read;
        }
    }

    /// Writes bytes of the buffer to the outputs from index `first` on.
    private void write(int first, int len) {
        for (Outlet outlet : outlets.subList(first, outlets.size())) {
            if (outlet.isReady() && len > 0) {
                settle(outlet);
                outlet.write(buffer, len);
            }
        }
    }

    /// Waits for one output, so that its memory is free for the next piece of a round that is copied.
    private void settle(Outlet outlet) {
        while (outlet.isLive() && outlet.pending() > 0) {
            if (Thread.currentThread().isInterrupted()) {
                outlet.fail(Readiness.givenUp(
                        "fanout", "out=" + outlet.out(), outlet.result().bytes())); // the next tick ends the whole
                return;
            }
            kernel.poll(new int[] {outlet.out().number()}, new short[] {POLLOUT}, new short[1], 1, 100);
            outlet.flush();
        }
    }

    // ---- waiting ----

    /// Lets every output take what it has not taken of the last round. Who uses up the patience lags, or fails.
    private void catchUp() throws ErrnoException {
        long until = wish.policy == Fanout.Policy.BLOCK ? Readiness.NEVER : kernel.nanoTime() + wish.patience.toNanos();
        while (anyBehind()) {
            if (kernel.nanoTime() >= until) {
                outlets.stream().filter(o -> o.isReady() && o.pending() > 0).forEach(this::overdue);
                return;
            }
            await(false, until);
        }
    }

    private void overdue(Outlet outlet) {
        if (wish.policy == Fanout.Policy.DROP) {
            outlet.lag();
        } else {
            outlet.fail(Fanout.tooSlow(outlet.out(), outlet.result().bytes()));
        }
    }

    private boolean anyBehind() {
        for (Outlet outlet : outlets) {
            if (outlet.isReady() && outlet.pending() > 0) {
                return true;
            }
        }
        return false;
    }

    /// After the last round those who lag get their patience once more for what they hold, and lose the rest.
    private void finishLaggards() throws ErrnoException {
        long until = kernel.nanoTime() + wish.patience.toNanos();
        while (outlets.stream().anyMatch(o -> o.isLive() && o.pending() > 0) && kernel.nanoTime() < until) {
            await(false, until);
        }
        outlets.stream().filter(o -> o.isLive() && o.pending() > 0).forEach(Outlet::drop);
    }

    /// Waits for an output that holds something, and for the input too where that is asked; then flushes.
    private void await(boolean forInput, long until) throws ErrnoException {
        set.clear();
        if (forInput) {
            set.add(in, POLLIN);
        }
        for (Outlet outlet : outlets) {
            if (outlet.isLive() && outlet.pending() > 0) {
                set.add(outlet.out(), POLLOUT);
            }
        }
        tally.count(POLL);
        readiness.await(set, Math.min(until, meter.wake()));
        meter.tick(method());
        for (Outlet outlet : outlets) {
            if (outlet.isLive() && outlet.pending() > 0) {
                hop(() -> {
                    outlet.flush();
                    return 0;
                });
            }
        }
    }

    @Override
    public void close() {
        outlets.forEach(Outlet::close);
        Pipe ours = filled;
        if (ours != null) {
            ours.close();
        }
        buffer.close();
        reopened.forEach(Fd::close);
        readiness.close();
    }
}
