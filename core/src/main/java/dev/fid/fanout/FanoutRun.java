package dev.fid.fanout;

import static dev.fid.kernel.MoveCall.POLL;
import static dev.fid.kernel.Uapi.*;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.NoMethodException;
import dev.fid.Pipe;
import dev.fid.PipeBudget;
import dev.fid.Refusal;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.MoveCall;
import dev.fid.kernel.Side;
import dev.fid.run.Meter;
import dev.fid.run.PipeGrowth;
import dev.fid.run.Tally;
import dev.fid.transfer.Transfer;
import dev.fid.wait.Deadline;
import dev.fid.wait.Readiness;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A fan-out under way. A round takes some bytes of the input, which then lie in the {@link FanoutSource}, and gives
/// them
/// to every output that is ready; it begins when all outputs have what the last one gave them, or have used up
/// their patience.
///
/// By tee the outputs that share get references. The round leaves the head with the last step: it is read once
/// and written to the outputs that get copies, or where there are none, the last output that shares gets the
/// head's own pages.
final class FanoutRun implements AutoCloseable {
    private final Fanout wish;
    private final Kernel kernel;
    private final Tally tally = new Tally();
    private final Readiness readiness;
    private final Meter meter;
    private final List<Declined> declined = new ArrayList<>();
    private final List<FanoutOutput> outlets = new ArrayList<>();
    /// Those that get references, in order; the others get copies.
    private List<FanoutOutput> sharing = List.of();
    private List<FanoutOutput> copying;

    private final List<Fd> reopened = new ArrayList<>();
    private final Readiness.Set set = new Readiness.Set();
    private final Fd in;
    private final FanoutSource head;
    private final PipeGrowth enlargement;
    private final boolean offload;

    /// A round went by tee.
    private boolean teed;
    /// The kernel had no tee for us, and nothing else is allowed.
    private @Nullable ErrnoException refused;
    /// An output has bytes of the round.
    private boolean handed;
    /// Bytes of the round that another reader of the input took before any output had them.
    private long robbed;
    /// Bytes of the head that no output has got yet.
    private long notGiven;
    /// Whoever hears of failures wants no more.
    private boolean stopped;
    /// The output whose failure ended it: those behind it get nothing of the round any more, as with tee(1).
    private int last = Integer.MAX_VALUE;

    FanoutRun(Fanout wish) throws ErrnoException {
        this.wish = wish;
        this.kernel = wish.in.kernel();
        this.readiness = new Readiness(kernel, wish.in.use());
        FanoutSource made = null;
        try {
            // The input is in use meanwhile, see Fanout.run; the outputs until each is left out.
            this.in = wish.in.unshared(O_RDONLY, reopened);
            boolean blocks = in.mayBlock();
            made = new FanoutSource(in, blocks && !in.kind().isSeekable(), tally, readiness, declined);
            this.head = made;
            for (Fd out : wish.outs) {
                FanoutOutput outlet = outlet(out);
                outlets.add(outlet);
                blocks |= outlet.out().mayBlock();
            }
            this.copying = List.copyOf(outlets);
            this.offload = blocks && Thread.currentThread().isVirtual();
            long expected = in.facts().size() > 0 ? in.facts().size() : -1;
            this.meter = new Meter(
                    kernel,
                    List.of(wish.in),
                    "fanout",
                    "in=" + wish.in + ", outs=" + wish.outs,
                    wish.timeout,
                    wish.idleTimeout,
                    wish.bytesPerSecond,
                    wish.rate,
                    wish.listener,
                    wish.progressNanos,
                    wish.length == Transfer.TO_END ? expected : wish.length);
            long capacity = prepareTee();
            this.enlargement = enlargement(capacity);
        } catch (ErrnoException | RuntimeException | Error e) {
            close(made);
            throw e;
        }
    }

    private FanoutOutput outlet(Fd out) throws ErrnoException {
        out.use().enter();
        try {
            return new FanoutOutput(out, out.unshared(O_WRONLY, reopened), tally, readiness);
        } catch (ErrnoException | RuntimeException | Error e) {
            out.use().leave();
            throw e;
        }
    }

    // ---- tee or copy ----

    /// Gets the pipes that tee needs: one for each output that shares, with as many slots as the head has, and
    /// the head's. Without all of them the bytes are copied.
    ///
    /// @return bytes that a pipe at either side may have at most, so that a round fits into all of them
    private long prepareTee() throws ErrnoException {
        List<FanoutOutput> candidates = new ArrayList<>();
        List<FanoutOutput> others = new ArrayList<>();
        long files = outlets.stream().filter(FanoutOutput::isFile).count();
        for (FanoutOutput outlet : outlets) {
            // One read serves several files better than a splice each: 1.1 to 1.4 times as fast.
            boolean shares = !outlet.copies() && (!outlet.isFile() || files == 1 || wish.method == Method.TEE);
            (shares ? candidates : others).add(outlet);
        }
        long least = wish.pipeCapacity;
        String reason = refusal(candidates);
        if (reason != null) {
            head.decline("", 0, reason);
        } else {
            least = openPipes(candidates);
            if (least > 0) {
                head.usePipe(least);
            }
            if (head.isPipe()) {
                sharing = List.copyOf(candidates);
                copying = List.copyOf(others);
            }
        }
        if (!head.isPipe() && !wish.fallback && wish.method == Method.TEE) {
            throw new NoMethodException(declined);
        }
        return head.isPipe() ? least : wish.pipeCapacity;
    }

    private PipeGrowth enlargement(long capacity) {
        List<Fd> ends = new ArrayList<>(List.of(in));
        outlets.forEach(outlet -> ends.add(outlet.out()));
        return new PipeGrowth(kernel, wish.growPipes ? capacity : 0, ends);
    }

    /// @return bytes of the smallest, 0 where one was not to be had
    private long openPipes(List<FanoutOutput> candidates) {
        PipeBudget budget = PipeBudget.of(kernel);
        long least = Long.MAX_VALUE;
        for (FanoutOutput outlet : candidates) {
            Pipe pipe = budget.tryOpen(wish.pipeCapacity, head::decline);
            if (pipe == null) {
                candidates.forEach(FanoutOutput::closePipe);
                return 0;
            }
            outlet.pipe(pipe);
            least = Math.min(least, pipe.capacity());
        }
        return least;
    }

    private @Nullable String refusal(List<FanoutOutput> candidates) throws ErrnoException {
        if (wish.copying || wish.method == Method.READ_WRITE) {
            return "each output was to get its own copy";
        }
        String reason = FanoutSource.refusal(in);
        if (reason != null || (wish.method == Method.TEE && !candidates.isEmpty())) {
            return reason;
        }
        boolean saves = candidates.stream().anyMatch(FanoutOutput::isStream)
                || outlets.stream().allMatch(FanoutOutput::discards);
        return saves ? null : "no output is a pipe or socket, and one read serves all";
    }

    // ---- the whole ----

    /// Bytes taken from the input in whole rounds.
    long moved() {
        return meter.moved();
    }

    /// Bytes that were taken and that some output which was not left out has not got.
    long pending() {
        return head.held(notGiven)
                + outlets.stream()
                        .filter(FanoutOutput::isLive)
                        .mapToLong(FanoutOutput::pending)
                        .max()
                        .orElse(0);
    }

    Fanout.Result run() throws ErrnoException {
        long end = wish.length == Transfer.TO_END ? Long.MAX_VALUE : wish.length;
        boolean toldReady = false;
        while (!head.hasEnded() && meter.moved() < end && goesOn()) {
            leaveOutClosed();
            long most = head.isPipe() && !copying.isEmpty() ? Math.min(end - meter.moved(), FanoutSource.BLOCK) : end;
            long len = meter.allowed(Math.min(most, end - meter.moved()), method(), readiness);
            long round = head.available(len, toldReady);
            toldReady = false;
            if (round == -Errno.EAGAIN) {
                await(true, Deadline.NEVER);
                toldReady = true;
            } else if (round > 0) {
                notGiven = round;
                catchUp();
                if (goesOn()) {
                    long given = hop(() -> give(round));
                    ErrnoException no = refused;
                    if (no != null) {
                        throw no;
                    }
                    notGiven = 0;
                    tellFailures();
                    meter.add(given);
                    enlargement.moved(given);
                }
            }
        }
        catchUp();
        finishLaggards();
        meter.tell(method());
        return new Fanout.Result(
                meter.moved(),
                teed ? Method.TEE : Method.READ_WRITE,
                branches(),
                List.copyOf(declined),
                tally.calls(),
                tally.userBytes,
                kernel.nanoTime() - meter.start);
    }

    List<Fanout.Branch> branches() {
        return outlets.stream().map(FanoutOutput::result).toList();
    }

    private Method method() {
        return head.isPipe() ? Method.TEE : Method.READ_WRITE;
    }

    private long hop(LongSupplier call) {
        return offload ? Readiness.offload(call) : call.getAsLong();
    }

    private boolean goesOn() {
        if (stopped) {
            return false;
        }
        for (FanoutOutput outlet : outlets) {
            if (outlet.isLive()) {
                return true;
            }
        }
        return false;
    }

    /// Leaves out the outputs that another thread has closed.
    private void leaveOutClosed() {
        for (FanoutOutput outlet : outlets) {
            if (outlet.isLive()) {
                outlet.lookForClose();
            }
        }
        tellFailures();
    }

    /// Tells of outputs that were left out since the last time. A descriptor of ours is closed first, so that the
    /// other side sees the end as soon as the owner closes his.
    private void tellFailures() {
        for (int i = 0; i < outlets.size(); i++) {
            FanoutOutput outlet = outlets.get(i);
            if (!outlet.isLive() && outlet.tell()) {
                if (wish.failureListener != null && !wish.failureListener.test(outlet.result())) {
                    stopped = true;
                    last = Math.min(last, i);
                }
            }
        }
    }

    /// The same in the middle of a round, if on the caller's thread.
    private void tellFailuresEarly() {
        if (!offload) {
            tellFailures();
        }
    }

    /// Whether it gets the round.
    private boolean isServed(FanoutOutput outlet) {
        return outlet.isReady() && (!stopped || outlets.indexOf(outlet) < last);
    }

    // ---- giving ----

    /// Gives every ready output the round's bytes; the others lose them.
    ///
    /// @return how many they were, which is fewer where somebody else reads the input's pipe
    private long give(long round) {
        handed = false;
        robbed = 0;
        for (FanoutOutput outlet : outlets) {
            if (outlet.isLive() && outlet.isLagging()) {
                outlet.flush(); // nobody waits for it, so it is asked here whether it has caught up
            }
            if (outlet.isLive() && !outlet.isReady()) {
                outlet.skip(round);
            }
        }
        Fd source = head.pipe();
        if (source == null) {
            write(outlets, (int) round);
        } else {
            tee(source, round);
        }
        if (robbed > 0) {
            outlets.stream().filter(o -> o.isLive() && !o.isReady()).forEach(o -> o.skip(-robbed));
        }
        return round - robbed;
    }

    /// Whether somebody else has taken some of the next `len` bytes, which were there: the input itself is the
    /// head, and others may read it, too.
    private boolean isRobbed(Fd source, long len) {
        return source == in && kernel.fionread(in.number()) < len;
    }

    /// Another reader took the last `len` bytes of the round. Where no output has them the round was shorter;
    /// else those that lack them have lost them, and what comes behind.
    private void rob(long len, boolean isHanded) {
        if (!isHanded) {
            robbed = len;
            return;
        }
        ErrnoException lost = new ErrnoException(
                "tee", "in=" + in, Errno.ESTALE, Side.IN, meter.moved(), "somebody else reads the input as well");
        outlets.stream().filter(FanoutOutput::isLive).forEach(outlet -> outlet.fail(lost));
    }

    /// Gives references to all ready outputs that share, and then copies to the others, or the head's own pages
    /// to the last one.
    private void tee(Fd source, long round) {
        boolean copies = copying.stream().anyMatch(FanoutOutput::isReady);
        int end = -1;
        for (int i = 0; i < sharing.size(); i++) {
            if (!isServed(sharing.get(i))) {
                continue;
            }
            if (end >= 0 && !share(source, round, end)) {
                return;
            }
            end = isServed(sharing.get(i)) ? i : -1;
        }
        if (end >= 0 && copies && !share(source, round, end)) {
            return;
        }
        teed |= end >= 0;
        long taken = 0;
        if (copies) {
            copy(source, round, copying);
            return;
        }
        if (end >= 0) {
            taken = sharing.get(end).take(source, round);
            if (taken < 0) {
                refuse(source, "splice", (int) -taken, round, sharing.subList(end, end + 1));
                return;
            }
        }
        head.gave(taken);
        if (taken < round && end >= 0 && sharing.get(end).isLive()) {
            if (isRobbed(source, round - taken)) {
                rob(round - taken, handed);
                return;
            }
            refuse(source, "splice", Errno.ENOMEM, round - taken, sharing.subList(end, end + 1));
        } else {
            copy(source, round - taken, List.of());
        }
    }

    /// @return false where the kernel has no tee for us, and the round was copied instead
    private boolean share(Fd source, long round, int index) {
        FanoutOutput outlet = sharing.get(index);
        long result = outlet.tee(source, round);
        if (isRefusal(result) && outlet.isLive()) {
            if (isRobbed(source, round)) {
                rob(round, handed || outlet.isAhead());
                return false;
            }
            // Those behind it have none of the round, and this one knows how much: it can still be copied.
            List<FanoutOutput> rest = new ArrayList<>(sharing.subList(index, sharing.size()));
            rest.addAll(copying);
            refuse(source, "tee", (int) -result, round, rest);
            return false;
        }
        handed = true;
        tellFailuresEarly();
        return true;
    }

    /// The kernel has no such call for us: copies from now on, beginning with this round for `rest`.
    private void refuse(Fd source, String call, int errno, long round, List<FanoutOutput> rest) {
        if (!wish.fallback && wish.method == Method.TEE && !teed) {
            refused = new ErrnoException(call, "in=" + source, errno, Side.NONE, 0, "");
            return;
        }
        head.decline(call, errno, errno == Errno.ENOMEM ? "the input's pipe was made larger" : Errno.text(errno));
        copy(source, round, rest);
    }

    /// Whether a tee or splice between pipes of ours was refused with this result, so that bytes are to be copied:
    /// by the kernel, or because the round does not fit.
    static boolean isRefusal(long result) {
        return result == -Errno.ENOMEM || Refusal.says(MoveCall.TEE, result);
    }

    /// Reads `len` bytes out of the head and writes them to `some`. With nobody to take them they leave it all
    /// the same, or they would be there again for the next round. Where they cannot be had all outputs fail,
    /// since what comes behind them is lost as well.
    private void copy(Fd source, long len, List<FanoutOutput> some) {
        for (long left = len; left > 0; ) {
            long read = head.take(source, left);
            if (read < 0) {
                ErrnoException lost =
                        new ErrnoException("read", "in=" + source, (int) -read, Side.IN, meter.moved(), "");
                outlets.stream().filter(FanoutOutput::isLive).forEach(outlet -> outlet.fail(lost));
                return;
            }
            if (read == 0 && isRobbed(source, left)) {
                if (!some.isEmpty()) {
                    rob(left, handed || some.stream().anyMatch(FanoutOutput::isAhead));
                }
                return;
            }
            write(some, (int) read);
            left -= read;
        }
    }

    private void write(List<FanoutOutput> some, int len) {
        for (FanoutOutput outlet : some) {
            if (isServed(outlet) && len > 0) {
                settle(outlet);
                outlet.write(head.buffer(), len);
                tellFailuresEarly();
            }
        }
    }

    /// Waits for one output, so that its memory is free for the next piece of a round that is copied after the
    /// kernel has refused it: all other rounds that are copied have one piece.
    private void settle(FanoutOutput outlet) {
        while (outlet.isLive() && outlet.pending() > 0) {
            if (Thread.currentThread().isInterrupted()) {
                outlet.fail(Readiness.givenUp(
                        "fanout", "out=" + outlet.out(), outlet.result().bytes())); // the next tick ends the whole
                return;
            }
            if (outlet.lookForClose()) {
                return;
            }
            kernel.poll(new int[] {outlet.out().number()}, new short[] {POLLOUT}, new short[1], 1, 100);
            outlet.flush();
        }
    }

    // ---- waiting ----

    /// Lets every output take what it has not taken of the last round. Who uses up the patience lags, or fails.
    private void catchUp() throws ErrnoException {
        long until =
                wish.policy == Fanout.Policy.BLOCK ? Deadline.NEVER : Deadline.after(kernel.nanoTime(), wish.patience);
        while (anyBehind() && !stopped) {
            if (kernel.nanoTime() >= until) {
                outlets.stream().filter(o -> o.isReady() && o.pending() > 0).forEach(this::overdue);
                tellFailures();
                return;
            }
            await(false, until);
        }
    }

    private void overdue(FanoutOutput outlet) {
        if (wish.policy == Fanout.Policy.DROP) {
            outlet.lag();
        } else {
            outlet.fail(Fanout.tooSlow(outlet.out(), outlet.result().bytes()));
        }
    }

    private boolean anyBehind() {
        for (FanoutOutput outlet : outlets) {
            if (outlet.isReady() && outlet.pending() > 0) {
                return true;
            }
        }
        return false;
    }

    /// After the last round those who lag get their patience once more for what they hold, and lose the rest.
    private void finishLaggards() throws ErrnoException {
        long until = Deadline.after(kernel.nanoTime(), wish.patience);
        while (outlets.stream().anyMatch(o -> o.isLive() && o.pending() > 0) && kernel.nanoTime() < until && !stopped) {
            await(false, until);
        }
        outlets.stream().filter(o -> o.isLive() && o.pending() > 0).forEach(FanoutOutput::drop);
    }

    /// Waits for an output that holds something, and for the input too where that is asked; then flushes. Where
    /// idle outputs are watched, the death of a pipe's last reader ends the wait.
    private void await(boolean forInput, long until) throws ErrnoException {
        set.clear();
        if (forInput) {
            set.add(in.number(), POLLIN);
        }
        boolean watches = forInput && wish.watching;
        for (FanoutOutput outlet : outlets) {
            if (outlet.isLive() && outlet.pending() > 0) {
                set.add(outlet.out().number(), POLLOUT);
            } else if (watches && outlet.isLive() && outlet.isPipe()) {
                set.add(outlet.out().number(), 0); // POLLERR comes unasked
            }
        }
        tally.count(POLL);
        meter.waitsFor(forInput ? Side.IN : Side.OUT);
        readiness.await(set, Math.min(until, meter.wake()));
        meter.tick(method());
        meter.waitsFor(Side.NONE);
        leaveOutClosed();
        for (FanoutOutput outlet : outlets) {
            if (outlet.isLive() && outlet.pending() > 0) {
                hop(() -> {
                    outlet.flush();
                    return 0;
                });
            } else if (watches && outlet.isLive()) {
                outlet.lookForReader();
            }
        }
        tellFailures();
    }

    @Override
    public void close() {
        enlargement.close();
        close(head);
    }

    private void close(@Nullable FanoutSource made) {
        outlets.forEach(FanoutOutput::close);
        if (made != null) {
            made.close();
        }
        reopened.forEach(Fd::close);
        readiness.close();
    }
}
