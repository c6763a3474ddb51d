package dev.fid.run;

import static dev.fid.kernel.Uapi.F_GETPIPE_SZ;

import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.PipeBudget;
import dev.fid.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The pipes that a transfer was given rather than opened, made larger as soon as bulk goes through them: a shell
/// makes them of 64 KiB, which is then a round for every process at either end.
///
/// Small traffic leaves them as they are, since the pages of a pipe count against the limit of the user who made
/// it, used or not. Nothing depends on success: a refusal leaves a pipe as it was.
public final class PipeGrowth implements AutoCloseable {
    private final Kernel kernel;
    private final long capacity;
    private final List<Fd> pipes = new ArrayList<>();
    /// Bytes that one call or round must move to be bulk: half of what the smallest pipe holds.
    private long bulk = Long.MAX_VALUE;

    private @Nullable PipeBudget budget;
    private long pages;

    /// @param capacity bytes that each is to have; 0 leaves them alone
    public PipeGrowth(Kernel kernel, long capacity, List<Fd> ends) {
        this.kernel = kernel;
        this.capacity = capacity;
        for (Fd end : ends) {
            if (capacity > 0 && end.kindOrOther() == FdKind.PIPE) {
                int holds = kernel.fcntl(end.number(), F_GETPIPE_SZ, 0);
                if (holds > 0) { // EINVAL before Linux 2.6.35, where no pipe can grow
                    pipes.add(end);
                    bulk = Math.min(bulk, holds / 2);
                }
            }
        }
    }

    /// A call or round moved so many bytes.
    public void moved(long bytes) {
        if (bytes >= bulk) {
            bulk = Long.MAX_VALUE;
            PipeBudget all = PipeBudget.of(kernel);
            budget = all;
            for (Fd pipe : pipes) {
                if (pipe.use().tryEnter()) {
                    try {
                        pages += all.enlarge(pipe.number(), capacity);
                    } finally {
                        pipe.use().leave();
                    }
                }
            }
        }
    }

    /// Their pages are not ours to count any more. The pipes keep their size: what lies in them may need it.
    @Override
    public void close() {
        PipeBudget all = budget;
        if (all != null) {
            all.forget(pages);
            budget = null;
        }
    }
}
