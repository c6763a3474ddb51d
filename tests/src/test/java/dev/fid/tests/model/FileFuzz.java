package dev.fid.tests.model;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Random steps on files, in the style of fsx, in one world or in two that must answer alike. After each step the files
/// are what arrays say. Source of the idea: fsx.c of xfstests.
final class FileFuzz {
    private final FileWorld real;
    private final @Nullable FileWorld model;
    long scripts;
    long steps;
    long refused;

    /// @param real the files under test
    /// @param model must give the same results, where there is one
    FileFuzz(FileWorld real, @Nullable FileWorld model) {
        this.real = real;
        this.model = model;
    }

    /// Runs the scripts of seeds from `seed` on, for `nanos` and one at least.
    ///
    /// @return the first failure with its shortest script as Java; null where there is none
    @Nullable
    String campaign(long seed, long nanos) {
        long start = System.nanoTime();
        for (long at = seed; scripts == 0 || System.nanoTime() - start < nanos; at++) {
            List<FileStep> script = FileStep.script(at);
            String what = run(script);
            scripts++;
            if (what != null) {
                List<FileStep> small = new Shrinker<>(FileStep::simpler, fewer -> run(fewer) != null).shrink(script);
                return "-Dfid.seed=" + at + ": " + what + "\n    shortest: " + run(small) + "\n"
                        + small.stream()
                                .map(step -> "        " + step)
                                .collect(Collectors.joining(",\n", "List.of(\n", ")"));
            }
        }
        return null;
    }

    /// What is wrong after which step, or null.
    @Nullable
    String run(List<FileStep> script) {
        int number = 0;
        String where = "";
        try {
            real.begin();
            if (model != null) {
                model.begin();
            }
            for (FileStep step : script) {
                number++;
                steps++;
                long result = real.run(step, number);
                refused += result < 0 ? 1 : 0;
                real.check(step);
                if (model != null) {
                    where = " of the model";
                    long modelled = model.run(step, number);
                    if (modelled != result) {
                        throw new IOException(FileWorld.show(modelled) + " instead of " + FileWorld.show(result));
                    }
                    model.check(step);
                    where = "";
                }
            }
            real.check();
            if (model != null) {
                where = " of the model";
                model.check();
            }
            return null;
        } catch (IOException | RuntimeException e) {
            return "step " + number + where + ": " + e;
        }
    }
}
