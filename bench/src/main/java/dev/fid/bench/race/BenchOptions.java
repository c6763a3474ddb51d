package dev.fid.bench.race;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What `fid bench` is asked for.
///
/// @param outputs where the report goes
/// @param from a saved report to read instead of measuring, or null
/// @param time what the whole run may take
/// @param extent which of the races: all whose names begin with one of `routes`, or the usual ones
/// @param routes beginnings of the names of races; none means all
/// @param paths directories on whose file systems files are copied too
/// @param runs rounds that count, at most
/// @param seed of the order of the runs
/// @param bytes of a run from file to file; other races move a multiple
public record BenchOptions(
        Outputs outputs,
        @Nullable Path from,
        Duration time,
        Extent extent,
        List<String> routes,
        List<Path> paths,
        int runs,
        long seed,
        long bytes) {
    public static final int USUAL_RUNS = 15;

    /// Whether a race of this name is run.
    ///
    /// @param usual whether it is one of the usual ones
    public boolean wants(String id, boolean usual) {
        return extent == Extent.USUAL
                ? usual
                : routes.isEmpty() || routes.stream().anyMatch(id::startsWith);
    }

    /// Whether every block size is tried.
    boolean allSizes() {
        return extent == Extent.ALL;
    }

    /// The same races again.
    public String command() {
        String what = extent == Extent.USUAL ? "" : routes.isEmpty() ? " all" : " --routes " + String.join(",", routes);
        return "fid bench" + what + " --time " + time.toSeconds() + "s --runs " + runs
                + (bytes == extent.bytes ? "" : " --bytes " + bytes)
                + String.join("", paths.stream().map(path -> " --path " + path).toList()) + " --seed " + seed;
    }

    /// How much is measured where nobody says more.
    public enum Extent {
        /// A route of each kind, few block sizes, files of 64 MiB: what goes into two minutes.
        USUAL(Duration.ofMinutes(2), 64 << 20),
        /// All races, or those that are named, at every block size.
        ALL(Duration.ofMinutes(10), 256 << 20);

        /// Time for all of it.
        public final Duration time;

        /// Bytes of a run from file to file.
        public final long bytes;

        Extent(Duration time, long bytes) {
            this.time = time;
            this.bytes = bytes;
        }
    }

    /// Where a report goes, besides the table on stdout. Each may be null.
    ///
    /// @param save as JSON with every sample, which {@link BenchOptions#from} and `compare` read
    /// @param markdown as a page for a forge
    /// @param html as a page for a browser, in one file
    /// @param csv as a line for each contender
    /// @param svg as pictures in this directory
    /// @param compare an earlier report that the new one is set against
    /// @param failIfSlower the share by which Fid may have become slower in no race; 0 for any
    /// @param json prints the report as JSON instead of the table
    public record Outputs(
            @Nullable Path save,
            @Nullable Path markdown,
            @Nullable Path html,
            @Nullable Path csv,
            @Nullable Path svg,
            @Nullable Path compare,
            double failIfSlower,
            boolean json) {
        public static final Outputs NONE = new Outputs(null, null, null, null, null, null, 0, false);
    }
}
