package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.*;

import dev.fid.FdKind;
import dev.fid.Pipe;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Side;
import org.jspecify.annotations.Nullable;

/// Two splices, through a pipe of our own. The pipe is filled only when it is empty, so an EAGAIN of the
/// first can only be the input's, and one of the second only the output's.
final class ThroughPipe extends Mover {
    private final Pipe pipe;
    private @Nullable Tap tap;
    private boolean handedOn;

    ThroughPipe(MoveContext course, Pipe pipe) {
        super(course);
        this.pipe = pipe;
        try {
            tap = course.digest() == null ? null : new Tap(course);
        } catch (RuntimeException | Error e) {
            pipe.close();
            throw e;
        }
    }

    @Override
    long move(long len) {
        call = SPLICE;
        if (pipe.buffered() == 0) {
            side = Side.IN;
            course.tally().count(SPLICE);
            long filled = pipe.fillOnce(course.in(), course.offIn(), len);
            if (filled <= 0) {
                return filled;
            }
        }
        long ready = pipe.buffered();
        if (tap != null) {
            ready = tap.sum(pipe);
            if (ready < 0) {
                call = TEE;
                side = Side.NONE;
                return ready;
            }
        }
        side = Side.OUT;
        course.tally().count(SPLICE);
        boolean more = course.in().kindOrOther() == FdKind.FILE && len > pipe.buffered();
        long drained = pipe.drainOnce(course.out(), course.offOut(), ready, more);
        if (tap != null) {
            tap.spend(Math.max(0, drained));
        }
        // A pipe that holds bytes never drains 0 of them, unless the kernel lies: then nothing is known any more.
        return drained == 0 ? -Errno.EIO : drained;
    }

    /// The sum cannot be made here, but the bytes are all in the pipe: another method may read and sum them.
    boolean lacksTap() {
        return call == TEE && tap != null && !tap.isBroken();
    }

    /// The sum of what is in the pipe was begun and cannot be finished: the transfer cannot go on by any
    /// means.
    boolean hasBrokenSum() {
        return tap != null && tap.isBroken();
    }

    @Override
    long pending() {
        return handedOn ? 0 : pipe.buffered();
    }

    @Override
    Taken takeBack() {
        try (Memory buffer = kernel.allocate(course.block())) {
            return Taken.of(new byte[0], pipe, buffer, course.tally(), tap == null ? 0 : tap.ahead());
        }
    }

    @Override
    ReadWrite continued() {
        ReadWrite next = new ReadWrite(course, pipe, tap == null ? 0 : tap.ahead());
        handedOn = true;
        return next;
    }

    @Override
    public void close() {
        if (!handedOn) {
            pipe.close();
        }
        if (tap != null) {
            tap.close();
        }
    }
}
