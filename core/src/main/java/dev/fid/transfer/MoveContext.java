package dev.fid.transfer;

import dev.fid.Fd;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Offset;
import dev.fid.run.PipeGrowth;
import dev.fid.run.Tally;
import dev.fid.wait.Readiness;
import org.jspecify.annotations.Nullable;

/// What all methods of one transfer share: both sides, their offsets (null: the file position), and the counts.
record MoveContext(
        Kernel kernel,
        Fd in,
        @Nullable Offset offIn,
        Fd out,
        @Nullable Offset offOut,
        Tally tally,
        int block,
        long pipeCapacity,
        PipeGrowth given,
        Readiness readiness,
        @Nullable Digest digest) {}
