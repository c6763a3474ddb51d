package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.READ;
import static dev.fid.kernel.MoveCall.TEE;

import dev.fid.Pipe;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Memory;
import org.jspecify.annotations.Nullable;

/// A branch that sums what passes a pipe: tee(2) shares the pages with a second pipe, and only the sum reads
/// them.
final class Tap implements AutoCloseable {
    private final MoveContext course;
    private final Digest digest;
    private final Memory buffer;
    private @Nullable Pipe branch;
    /// Bytes at the pipe's head that were summed and not drained yet.
    private long summed;

    private boolean broken;

    Tap(MoveContext course) {
        this.course = course;
        this.digest = java.util.Objects.requireNonNull(course.digest());
        this.buffer = course.kernel().allocate(course.block());
    }

    /// Sums what lies at the head of `pipe` and was not summed yet. A tee always starts at the head, so it is
    /// asked only when all summed bytes have left; a smaller branch then takes less at a time.
    ///
    /// @return the bytes at the head that are summed, or `-errno`
    long sum(Pipe pipe) {
        if (summed > 0) {
            return summed;
        }
        Pipe own = branch;
        if (own == null) {
            try {
                own = branch = Pipe.open(course.kernel(), pipe.capacity());
            } catch (ErrnoException e) {
                return -e.errno();
            }
        }
        course.tally().count(TEE);
        long teed = pipe.teeOnce(own, pipe.buffered());
        if (teed <= 0) {
            return teed == 0 ? -Errno.EIO : teed;
        }
        while (own.buffered() > 0) {
            course.tally().count(READ);
            long read = own.readOnce(buffer, 0, course.block());
            if (read == -Errno.EINTR || read == -Errno.EAGAIN) {
                continue; // it is ours and holds bytes, so there is nothing to wait for
            }
            if (read <= 0) {
                broken = true;
                return read == 0 ? -Errno.EIO : read;
            }
            digest.update(buffer, 0, read);
            course.tally().userBytes += read;
        }
        summed = teed;
        return summed;
    }

    /// Part of a piece was summed and the rest cannot be had: the sum is lost, so the transfer cannot go on by
    /// other means.
    boolean isBroken() {
        return broken;
    }

    /// Bytes at the pipe's head that the sum has seen already.
    long ahead() {
        return summed;
    }

    /// `drained` bytes left the pipe.
    void spend(long drained) {
        summed -= drained;
    }

    @Override
    public void close() {
        buffer.close();
        Pipe own = branch;
        if (own != null) {
            own.close();
        }
    }
}
