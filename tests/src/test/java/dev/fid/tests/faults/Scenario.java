package dev.fid.tests.faults;

import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Kernel;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A use of the library that faults are thrown at, again and again: each trial makes its own descriptors and
/// files.
///
/// @param name what a report calls it
/// @param beginning makes a trial
record Scenario(String name, Beginning beginning) {
    interface Beginning {
        Trial begin(Setting setting) throws Exception;
    }

    /// What a trial is given.
    ///
    /// @param real the kernel below all others, for peers and for looking
    /// @param faulty the kernel for the library, and for rules that belong to the scenario
    /// @param watched the ledger below it
    /// @param folder empty
    /// @param random seeded: the same for every trial of a campaign
    record Setting(Kernel real, FaultyKernel faulty, Watched watched, Path folder, java.util.Random random) {
        Kernel kernel() {
            return faulty.kernel();
        }
    }

    /// One run.
    interface Trial extends AutoCloseable {
        /// Uses the library. Whatever it throws is judged.
        void run() throws Exception;

        /// Looks at what arrived.
        ///
        /// @param thrown by {@link #run}, null where it succeeded
        /// @param faults the calls that were broken, in order
        /// @return what is wrong; null where all is well
        @Nullable
        String verdict(@Nullable Throwable thrown, List<FaultyKernel.Fault> faults) throws Exception;

        @Override
        void close();
    }
}
