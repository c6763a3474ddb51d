package dev.fid.cli;

import dev.fid.bench.Bench;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `fid bench`.
@Command(
        name = "bench",
        description = {
            "Races every method against C programs, the JDK's ways and the usual tools.",
            "Needs gcc for the C programs, root for xfs and btrfs, and some GiB of disk and memory; what is not there",
            "is left out, and said.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fid bench --routes pipe-pipe --bytes 16M --time 2s --runs 3 --save races.json",
            "  fid bench --from races.json --markdown races.md"
        })
final class BenchCommand implements Action {
    @Option(names = "--save", paramLabel = "FILE", description = "Saves the report as JSON.")
    private @Nullable Path save;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the report as Markdown.")
    private @Nullable Path markdown;

    @Option(names = "--from", paramLabel = "FILE", description = "Reads a saved report instead of measuring.")
    private @Nullable Path from;

    @Option(
            names = "--time",
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = "Time for all races, about. Default: 2m.")
    private Duration time = Bench.Options.USUAL_TIME;

    @Option(names = "--routes", paramLabel = "NAME", split = ",", description = "Races whose names begin so.")
    private List<String> routes = List.of();

    @Option(names = "--runs", paramLabel = "N", description = "Rounds that count, at most. Default: 15.")
    private int runs = Bench.Options.USUAL_RUNS;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the order of the runs.")
    private long seed = System.nanoTime() & 0xffff;

    @Option(
            names = "--bytes",
            paramLabel = "SIZE",
            converter = Values.OfSize.class,
            description = "Bytes of a run between files. Default: 256M.")
    private long bytes = Bench.Options.USUAL_BYTES;

    @Override
    public void run(Context context) throws Failure {
        PrintStream out = new PrintStream(context.console().out(), true, StandardCharsets.UTF_8);
        Bench.Options options = new Bench.Options(save, markdown, from, time, routes, runs, seed, bytes);
        if (Bench.run(options, out, context.console().err()) != 0) {
            throw new Failure(Exit.IO, "the benchmark did not come to its end, see above");
        }
    }
}
