package dev.fid.fanout;

import static dev.fid.kernel.MoveCall.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.Pipe;
import dev.fid.PipeBudget;
import dev.fid.Refusal;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.MoveCall;
import dev.fid.kernel.Side;
import dev.fid.run.Meter;
import dev.fid.run.Tally;
import dev.fid.wait.Readiness;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Where the bytes of a fan-out's rounds lie: in a pipe, from which tee(2) gives references to them, or in a
/// buffer, from which they are written. The pipe is the input itself, or one of ours that is filled from it.
final class FanoutSource implements AutoCloseable {
    /// Bytes of a round that is copied.
    static final int BLOCK = 128 << 10; // 128 KiB

    private final Fd in;
    private final Kernel kernel;
    private final Tally tally;
    private final Readiness readiness;
    private final List<Declined> declined;
    private final Memory buffer;
    /// A borrowed stream in blocking mode: polled before each call.
    private final boolean blocks;

    /// As long as rounds go by tee.
    private @Nullable Fd pipe;
    /// The pipe, where it is ours.
    private @Nullable Pipe filled;
    /// The round lies in the buffer.
    private boolean bought;
    private boolean ended;
    private long taken;

    FanoutSource(Fd in, boolean blocks, Tally tally, Readiness readiness, List<Declined> declined) {
        this.in = in;
        this.kernel = in.kernel();
        this.blocks = blocks;
        this.tally = tally;
        this.readiness = readiness;
        this.declined = declined;
        this.buffer = kernel.allocate(BLOCK);
    }

    /// Why the bytes of the input cannot be had by splice(2); null where they can.
    static @Nullable String refusal(Fd in) throws ErrnoException {
        FdKind kind = in.kind();
        if (kind == FdKind.DATAGRAM || kind == FdKind.OTHER || kind == FdKind.TERMINAL) {
            return "the input cannot be spliced";
        }
        return in.facts().sizeUnknown() ? "a recorded size of 0 is not trusted: only read(2) finds the end" : null;
    }

    /// Rounds go by tee from now on, if there is a pipe for them.
    ///
    /// @param most bytes that the pipes of the outputs have: a round must fit into each, slot by slot
    void usePipe(long most) {
        int room = in.kindOrOther() == FdKind.PIPE ? kernel.fcntl(in.number(), F_GETPIPE_SZ, 0) : -1;
        if (room >= 0 && room <= most) {
            pipe = in;
            return;
        }
        filled = PipeBudget.of(kernel).tryOpen(most, this::decline);
        if (filled != null && filled.capacity() <= most) {
            pipe = filled.source();
        }
    }

    /// Rounds are copied from now on.
    void decline(String call, int errno, String reason) {
        declined.add(new Declined(Method.TEE, call, errno, reason));
        pipe = null;
    }

    /// Where the round lies as references, null where it lies in the buffer.
    @Nullable
    Fd pipe() {
        return bought ? null : pipe;
    }

    boolean isPipe() {
        return pipe != null;
    }

    Memory buffer() {
        return buffer;
    }

    boolean hasEnded() {
        return ended;
    }

    // ---- the next round ----

    /// Bytes of the next round, up to `len`; 0 for another try, or the end, which is noted; `-EAGAIN`.
    ///
    /// @param toldReady the last thing that happened was a wait that included the input
    long available(long len, boolean toldReady) throws ErrnoException {
        bought = false;
        Pipe ours = filled;
        boolean stocked = ours != null && ours.buffered() > 0;
        if (blocks && !stocked && !readiness.isReady(in.number(), (short) POLLIN)) {
            return -Errno.EAGAIN;
        }
        if (pipe == null) {
            return ours != null && stocked ? copied(ours.readOnce(buffer, 0, Math.min(len, BLOCK))) : read(len);
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
        if (stocked) {
            return Math.min(len, ours.buffered());
        }
        tally.count(SPLICE);
        long result = Readiness.offload(() -> ours.fillOnce(in, null, Math.min(len, Meter.CHUNK)));
        if (result == 0 || (result == -Errno.EAGAIN && toldReady && in.kindOrOther() == FdKind.TCP)) {
            return read(len); // the last word on the end, and the way past an urgent mark: see Descent#isAtMark
        }
        if (Refusal.says(SPLICE, result) && taken == 0) {
            decline("splice", (int) -result, Errno.text((int) -result));
            return 0;
        }
        return checked(SPLICE, result);
    }

    /// Reads a round into the buffer: the last word on the end of input, and the way of a fan-out that copies.
    private long read(long len) throws ErrnoException {
        boolean socket = in.kindOrOther().isSocket();
        long most = Math.min(len, BLOCK);
        return copied(Readiness.offload(() -> socket
                ? kernel.recv(in.number(), buffer, 0, most, MSG_DONTWAIT)
                : kernel.read(in.number(), buffer, 0, most)));
    }

    private long copied(long result) throws ErrnoException {
        tally.count(READ);
        if (result == 0) {
            ended = true;
        }
        bought = result > 0;
        tally.userBytes += Math.max(0, result);
        return checked(READ, result);
    }

    private long checked(MoveCall call, long result) throws ErrnoException {
        if (result == -Errno.EINTR) {
            return 0;
        }
        if (result < 0 && result != -Errno.EAGAIN) {
            throw new ErrnoException(call.toString(), "in=" + in, (int) -result, Side.IN, taken, "");
        }
        taken += Math.max(0, result);
        return result;
    }

    /// Bytes that have left the input and lie here: in a pipe of ours, or the round in the buffer.
    long held(long round) {
        Pipe ours = filled;
        return (bought ? round : 0) + (ours == null ? 0 : ours.buffered());
    }

    // ---- the round leaves ----

    /// So many bytes were spliced out of the pipe.
    void gave(long bytes) {
        Pipe ours = filled;
        if (ours != null) {
            ours.gave(bytes);
        }
    }

    /// Reads some bytes of the round out of `source`, the pipe where it lies, into the buffer; they are there, so
    /// EAGAIN is another try, as EINTR is.
    ///
    /// @return 0 for another try, `-errno` where they cannot be had
    long take(Fd source, long len) {
        tally.count(READ);
        long read = kernel.read(source.number(), buffer, 0, Math.min(len, BLOCK));
        if (read == -Errno.EINTR || read == -Errno.EAGAIN) {
            return 0;
        }
        if (read == 0) {
            boolean isGone = filled == null && kernel.fionread(source.number()) < len; // another reader took them
            return isGone ? 0 : -Errno.EIO;
        }
        if (read < 0) {
            return read;
        }
        gave(read);
        tally.userBytes += read;
        return read;
    }

    @Override
    public void close() {
        Pipe ours = filled;
        if (ours != null) {
            ours.close();
        }
        buffer.close();
    }

    @Override
    public String toString() {
        return Objects.requireNonNullElse(pipe, in).toString();
    }
}
