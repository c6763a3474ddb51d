package dev.fid;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Offset;
import org.jspecify.annotations.Nullable;

/// What all methods of one transfer share: both sides, their offsets (null: the file position), and the counts.
record Course(
        Kernel kernel,
        Fd in,
        @Nullable Offset offIn,
        Fd out,
        @Nullable Offset offOut,
        Tally tally,
        int block,
        long pipeCapacity,
        Enlargement given,
        Readiness readiness,
        @Nullable Digest digest) {}
