package dev.fid.bench;

import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Random;

/// Contenders that are measured in turns.
interface Contest {
    /// Short name, as in `--routes`.
    String id();

    /// Holds it.
    ///
    /// @param rounds how many count, at most
    /// @param nanos how long it may take, about; a few rounds are always run
    Result run(Kernel kernel, Processors processors, int rounds, long nanos, Random random, PrintStream progress)
            throws IOException;
}
