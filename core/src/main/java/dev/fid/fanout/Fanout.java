package dev.fid.fanout;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.NoMethodException;
import dev.fid.Pipe;
import dev.fid.Progress;
import dev.fid.Rate;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Side;
import dev.fid.transfer.Transfer;
import dev.fid.wait.Deadline;
import dev.fid.wait.Pace;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Moves the bytes of one input to several outputs, in rounds: by tee(2), which shares pages, to pipes, sockets
/// and a single file among them; by one read and a write each to files and terminals.
///
/// ```java
/// Fanout.Result result = Fanout.from(in).to(a, b, c).policy(Fanout.Policy.BLOCK).run();
/// ```
///
/// An output that fails is left out from then on, and its error is in the result: the others get every byte. What
/// an output that merely does not keep up does to the others is the policy. Neither side is closed. An object of
/// this class is for one run, by one thread.
///
/// By tee the outputs hold references to an input file's pages, so that later writes to it show, and nothing is
/// compared afterwards; {@link #copying} buys bytes of their own.
public final class Fanout {
    /// What becomes of an output that has not taken a round's bytes by the time the next round is there.
    public enum Policy {
        /// All go at the speed of the slowest.
        BLOCK,
        /// It gets {@link Fanout#patience}, then loses whole rounds until it has caught up: what it does get has
        /// gaps between rounds, never inside one.
        DROP,
        /// It gets {@link Fanout#patience}, then is left out for good, with ENOBUFS.
        FAIL
    }

    /// What an output got.
    ///
    /// @param out the output
    /// @param bytes that arrived
    /// @param dropped bytes that it lost by {@link Policy#DROP}
    /// @param failure why it was left out; null where it was not
    public record Branch(
            Fd out, long bytes, long dropped, @Nullable ErrnoException failure) {}

    /// What a fan-out did.
    ///
    /// @param bytes taken from the input
    /// @param method TEE, or READ_WRITE where that is better or the kernel refused
    /// @param branches one for each output, in order
    /// @param declined methods that were refused
    /// @param calls system calls made, by name
    /// @param userBytes bytes that passed through user space
    /// @param nanos from start to end
    public record Result(
            long bytes,
            Method method,
            List<Branch> branches,
            List<Declined> declined,
            Map<String, Long> calls,
            long userBytes,
            long nanos) {

        /// One line, e.g. `4096 bytes by tee to 2 outputs, 1 left out, in 9 calls; 0 through user space`.
        @Override
        public String toString() {
            long failed = branches.stream().filter(b -> b.failure() != null).count();
            long dropped = branches.stream().mapToLong(Branch::dropped).sum();
            long made = calls.values().stream().mapToLong(Long::longValue).sum();
            return bytes + " bytes by " + method + " to " + branches.size() + " outputs"
                    + (failed > 0 ? ", " + failed + " left out" : "")
                    + (dropped > 0 ? ", " + dropped + " bytes dropped" : "") + ", in " + made + " calls; " + userBytes
                    + " through user space"
                    + declined.stream().map(d -> "; not " + d).collect(Collectors.joining());
        }

        /// Whether every output got every byte.
        public boolean isComplete() {
            return branches.stream().allMatch(b -> b.failure() == null && b.dropped() == 0);
        }
    }

    final Fd in;
    final List<Fd> outs;
    Policy policy = Policy.BLOCK;
    Duration patience = Duration.ofSeconds(1);
    long length = Transfer.TO_END;
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
    Predicate<Branch> failureListener;

    @Nullable
    Method method;

    boolean fallback = true;
    boolean watching;
    boolean copying;
    private @Nullable FanoutRun rounds;
    long pipeCapacity = Pipe.BULK_CAPACITY;
    boolean growPipes;

    private Fanout(Fd in, List<Fd> outs) {
        this.in = in;
        this.outs = outs;
    }

    /// A fan-out that still lacks its outputs.
    public record Source(Fd in) {
        public Fanout to(Fd... outs) {
            return to(List.of(outs));
        }

        public Fanout to(List<Fd> outs) {
            if (outs.isEmpty()) {
                throw new IllegalArgumentException("a fan-out has at least one output");
            }
            return new Fanout(in, List.copyOf(outs));
        }
    }

    public static Source from(Fd in) {
        return new Source(in);
    }

    public Fanout policy(Policy policy) {
        this.policy = policy;
        return this;
    }

    /// How long the next round waits for an output that has not taken the last one; 1 s. Not for BLOCK.
    public Fanout patience(Duration patience) {
        this.patience = patience;
        return this;
    }

    /// Takes at most this many bytes; {@link Transfer#TO_END} takes all.
    public Fanout length(long length) {
        if (length < Transfer.TO_END) {
            throw new IllegalArgumentException("length is not negative: " + length);
        }
        this.length = length;
        return this;
    }

    /// Takes at most this many bytes in a second, over the whole.
    public Fanout limit(long bytesPerSecond) {
        this.bytesPerSecond = Pace.checked(bytesPerSecond);
        return this;
    }

    /// Takes no more than `rate` grants, which may change while it runs.
    public Fanout limit(Rate rate) {
        this.rate = rate;
        return this;
    }

    /// Ends with ETIMEDOUT when it is not done by then.
    public Fanout timeout(Duration timeout) {
        this.timeout = timeout;
        return this;
    }

    /// As {@link Transfer#idleTimeout}: ends with ETIMEDOUT when the input gave nothing for so long, or all
    /// wait for an output that takes nothing.
    public Fanout idleTimeout(@Nullable Duration idle) {
        this.idleTimeout = idle;
        return this;
    }

    /// As {@link Transfer#progress}.
    public Fanout progress(Duration interval, Consumer<Progress> listener) {
        this.progressNanos = Deadline.nanos(interval);
        this.listener = listener;
        return this;
    }

    /// Gives each output its own copy of the bytes, so that a later write to an input file does not show in them.
    public Fanout copying(boolean copying) {
        this.copying = copying;
        return this;
    }

    /// TEE, also where all outputs are files; READ_WRITE, as {@link #copying} does; null for what is best.
    public Fanout method(@Nullable Method method) {
        if (method != null && method != Method.TEE && method != Method.READ_WRITE) {
            throw new IllegalArgumentException("a fan-out goes by tee or by read and write, not by " + method);
        }
        this.method = method;
        return this;
    }

    /// Whether the bytes may be copied where {@link #method} TEE was asked for and cannot be had, as they may by
    /// default. Without, that is an error before the first byte.
    public Fanout fallback(boolean fallback) {
        this.fallback = fallback;
        return this;
    }

    /// Tells `listener` of each output that is left out, as soon as that is known, on the thread that runs the
    /// fan-out. It may close the output. False ends the fan-out as if the input had ended, at once: what outputs
    /// have not taken by then they do not get, and those behind the failed one get no copy of its last round.
    public Fanout failures(Predicate<Branch> listener) {
        this.failureListener = listener;
        return this;
    }

    /// Whether a pipe without a reader is noticed while the input has nothing to give; else the next bytes for it
    /// are what tells.
    public Fanout watching(boolean watching) {
        this.watching = watching;
        return this;
    }

    /// What each output has got so far; call it from the listeners, or after {@link #run}, however that ended.
    /// Empty before.
    public List<Branch> branches() {
        FanoutRun running = rounds;
        return running == null ? List.of() : running.branches();
    }

    /// Bytes of each pipe of our own.
    public Fanout pipeCapacity(long bytes) {
        this.pipeCapacity = bytes;
        return this;
    }

    /// As {@link Transfer#growPipes}, for the input and every output.
    public Fanout growPipes(boolean growPipes) {
        this.growPipes = growPipes;
        return this;
    }

    /// Moves the bytes, until the input ends or no output is left.
    ///
    /// @throws ErrnoException what the kernel said of the input; ECANCELED, also where another thread closed it;
    ///     ETIMEDOUT. Errors of outputs are in the result, ECANCELED of one that was closed meanwhile. Where TEE
    ///     was asked for and no fallback allowed, the errno of the refusal.
    /// @throws NoMethodException where TEE was asked for, no fallback allowed, and it cannot serve
    public Result run() throws ErrnoException {
        if (rounds != null) {
            throw new IllegalStateException("a Fanout is for one run: make another one");
        }
        FanoutEvent event = new FanoutEvent();
        event.begin();
        in.use().enter();
        try (FanoutRun running = new FanoutRun(this)) {
            rounds = running;
            try {
                Result result = running.run();
                event.done(result);
                return result;
            } catch (ErrnoException e) {
                ErrnoException counted = e.after(running.moved(), running.pending(), false);
                event.failed(counted, running.moved());
                throw counted;
            } catch (RuntimeException | Error e) {
                event.failed(e, running.moved());
                throw e;
            } finally {
                event.branches(running.branches());
            }
        } finally {
            in.use().leave();
            event.in = in.toString();
            event.outs = outs.toString();
            event.commit();
        }
    }

    /// The error of an output that could not keep up.
    static ErrnoException tooSlow(Fd out, long moved) {
        return new ErrnoException(
                "fanout", "out=" + out, Errno.ENOBUFS, Side.OUT, moved, "the output could not keep up");
    }
}
