package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.VMSPLICE;
import static dev.fid.kernel.MoveCall.WRITE;
import static dev.fid.kernel.Uapi.*;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.Refusal;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.MoveCall;
import dev.fid.kernel.Side;
import dev.fid.kernel.Span;
import dev.fid.run.Tally;
import dev.fid.wait.Deadline;
import dev.fid.wait.Readiness;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// User memory into a pipe: {@link Transfer#lend}.
final class Lending {
    private Lending() {}

    static Moved run(Memory memory, long at, long len, Fd out) throws ErrnoException {
        out.use().enter();
        try {
            return lend(memory, at, len, out);
        } finally {
            out.use().leave();
        }
    }

    private static Moved lend(Memory memory, long at, long len, Fd out) throws ErrnoException {
        Kernel kernel = out.kernel();
        Tally tally = new Tally();
        List<Declined> declined = new ArrayList<>();
        long start = kernel.nanoTime();
        long done = 0;
        Method method = Method.VMSPLICE;
        if (out.kind() != FdKind.PIPE) {
            declined.add(new Declined(method, "", 0, "the output is no pipe"));
            method = Method.READ_WRITE;
        }
        try (Readiness readiness = new Readiness(kernel, out.use())) {
            while (done < len) {
                boolean lent = method == Method.VMSPLICE;
                tally.count(lent ? VMSPLICE : WRITE);
                long result = lent
                        ? kernel.vmsplice(
                                out.number(), new Span[] {new Span(memory, at + done, len - done)}, SPLICE_F_NONBLOCK)
                        : kernel.write(out.number(), memory, at + done, len - done);
                if (result > 0) {
                    done += result;
                } else if (result == -Errno.EAGAIN) {
                    tally.count(MoveCall.POLL);
                    if (!readiness.await(out.number(), (short) POLLOUT, Deadline.NEVER)) {
                        throw readiness.ended("poll", "out=" + out, done);
                    }
                } else if (lent && done == 0 && Refusal.says(VMSPLICE, result)) {
                    declined.add(new Declined(method, "vmsplice", (int) -result, Errno.text((int) -result)));
                    method = Method.READ_WRITE;
                } else if (result != -Errno.EINTR) {
                    throw new ErrnoException(
                            lent ? "vmsplice" : "write",
                            "out=" + out + ", len=" + (len - done),
                            result == 0 ? Errno.EIO : (int) -result,
                            Side.OUT,
                            done,
                            "");
                }
            }
        }
        return new Moved(
                done,
                method,
                Map.of(method, done),
                declined,
                tally.calls(),
                method == Method.VMSPLICE ? 0 : done,
                kernel.nanoTime() - start);
    }
}
