package dev.fid.bench.race;

import dev.fid.bench.measure.Processors;
import dev.fid.bench.result.Result;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Random;

/// Contenders that are measured in turns.
public interface Contest {
    /// Short name, as in `--routes`.
    String id();

    /// How much of the time it should have, beside others.
    double weight();

    /// Whether it is held where nobody says which.
    boolean isUsual();

    /// Holds it.
    ///
    /// @throws Absent where there is no such route here
    Result run(Conditions conditions, PrintStream progress) throws IOException;

    /// How it is held.
    ///
    /// @param rounds that count, at most
    /// @param deadline when it has to be done, in nanoseconds of the kernel's clock
    record Conditions(Kernel kernel, Processors processors, int rounds, long deadline, Random random) {}

    /// There is no such route on this machine: no such file system, for example.
    static final class Absent extends IOException {
        private static final long serialVersionUID = 1;

        Absent(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }
}
