package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.Method;
import dev.fid.Pipe;
import dev.fid.PipeBudget;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.MoveCall;
import dev.fid.kernel.Side;
import dev.fid.run.Meter;
import org.jspecify.annotations.Nullable;

/// One method at work: takes bytes from the input and gives them to the output, as far as that goes without
/// waiting.
///
/// {@link #move} answers like a system call. A mover decides nothing: who waits, who steps down the ladder and
/// what is an error is {@link Transfer}'s business.
abstract sealed class Mover implements AutoCloseable permits Direct, MappedWrite, ReadWrite, Reflink, ThroughPipe {
    final MoveContext course;
    final Kernel kernel;
    /// The call that gave the last result.
    MoveCall call = SPLICE;
    /// The side that the last result is about; NONE where the call does not tell.
    Side side = Side.NONE;

    Mover(MoveContext course) {
        this.course = course;
        this.kernel = course.kernel();
    }

    /// Moves up to `len` bytes. Returns the bytes that arrived at the output, 0 when the input seems to have
    /// ended, or `-errno`; `-EAGAIN` when {@link #side} is not ready.
    abstract long move(long len);

    /// Bytes taken from the input that have not arrived.
    long pending() {
        return 0;
    }

    /// The pending bytes, taken out, so that another run can deliver them.
    Taken takeBack() {
        return Taken.NOTHING;
    }

    /// A mover that delivers the pending bytes of this one by read and write, and then the rest.
    ReadWrite continued() {
        return new ReadWrite(course, null, 0);
    }

    @Override
    public void close() {}

    /// The side that keeps a splice between two streams from going on: EAGAIN itself does not say. The input, if
    /// it has nothing to give; else the output.
    final Side blamed() {
        if (course.in().kindOrOther().isSeekable()) {
            return Side.OUT;
        }
        if (course.out().kindOrOther().isSeekable()) {
            return Side.IN;
        }
        return course.readiness().isReady(course.in().number(), (short) POLLIN) ? Side.OUT : Side.IN;
    }

    /// The mover of a method.
    ///
    /// @param refusal learns why no pipe could be had; the result is null then
    static @Nullable Mover of(Method method, MoveContext course, PipeBudget.Refusal refusal) {
        return switch (method) {
            case REFLINK -> new Reflink(course);
            case COPY_FILE_RANGE, SENDFILE, SPLICE -> new Direct(method, course);
            case SPLICE_THROUGH_PIPE -> {
                Pipe pipe = PipeBudget.of(course.kernel()).tryOpen(course.pipeCapacity(), refusal);
                yield pipe == null ? null : new ThroughPipe(course, pipe);
            }
            case MMAP -> new MappedWrite(course, Long.MAX_VALUE);
            case MMAP_SEGMENTS -> new MappedWrite(course, Meter.CHUNK);
            case READ_WRITE -> new ReadWrite(course, null, 0);
            case TEE, VMSPLICE -> throw new IllegalArgumentException(method + " moves nothing from one to another");
        };
    }
}
