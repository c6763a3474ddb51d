package dev.fid.cli.bench;

import dev.fid.bench.Bench;
import dev.fid.bench.race.BenchOptions;
import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.option.Values;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `fid bench`.
@Command(
        name = "bench",
        description = {
            "Races every method against C programs, the JDK's ways and the usual tools.",
            "Without WHAT: a route of each kind, within two minutes. Needs gcc for the C",
            "programs, root for xfs and btrfs, and some GiB of disk and memory; what is not",
            "there is left out, and said. The races of relays need root for a network of their",
            "own and take minutes: they are held only when asked for, by relay or by --routes",
            "relay-veth1500 for a network of small packets. And --routes large copies one file of",
            "32 times --bytes, 8 GiB that is, against cp; --routes pipeline runs fid tee and fid copy",
            "as commands between the pipes of a shell, against tee, pv and cat.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fid bench --routes pipe-pipe --bytes 16M --time 2s --runs 3 --save races.json",
            "  fid bench --from races.json --html report.html --markdown races.md",
            "  fid bench --routes pipe-pipe --bytes 16M --time 2s --runs 3 --compare races.json",
            "  fid bench articles --bytes 16M --runs 3"
        })
public final class BenchCommand implements Action {
    enum What {
        copy,
        pipe,
        tee,
        socket,
        relay,
        articles,
        all;

        /// Beginnings of the names of the races; none means all.
        List<String> routes() {
            return switch (this) {
                case copy -> List.of("file-file", "reflink", "tree", "rss", "blocks-file-file");
                case pipe -> List.of("pipe-", "file-pipe", "memory-", "blocks-file-pipe", "blocks-pipe");
                case tee -> List.of("fanout", "pipeline");
                case socket -> List.of("file-socket", "socket-", "blocks-file-socket", "blocks-socket");
                case relay -> List.of("socket-socket", "blocks-socket-socket", "relay");
                case articles -> List.of("articles");
                case all -> List.of();
            };
        }
    }

    @Parameters(
            arity = "0..1",
            paramLabel = "WHAT",
            description = {
                "Which races, with every method and block size: ${COMPLETION-CANDIDATES}.",
                "Default: a few of each, with the usual block sizes."
            })
    private @Nullable What what;

    @Option(names = "--save", paramLabel = "FILE", description = "Saves the report as JSON.")
    private @Nullable Path save;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the report as Markdown.")
    private @Nullable Path markdown;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Writes the report as one HTML file with charts, which needs no network.")
    private @Nullable Path html;

    @Option(names = "--csv", paramLabel = "FILE", description = "Writes a line of figures for each contender.")
    private @Nullable Path csv;

    @Option(
            names = "--svg",
            paramLabel = "DIR",
            description = "Writes pictures of the report into a directory that exists, for a README for example.")
    private @Nullable Path svg;

    @Option(names = "--json", description = "Prints the report as JSON instead of the table.")
    private boolean json;

    @Option(names = "--compare", paramLabel = "FILE", description = "Sets this run against a saved one.")
    private @Nullable Path compare;

    @Option(
            names = "--fail-if-slower",
            paramLabel = "PERCENT",
            converter = Values.OfPercent.class,
            description = "Exit code 7 where fid became slower by more than this in any race of --compare.")
    private double failIfSlower;

    @Option(names = "--from", paramLabel = "FILE", description = "Reads a saved report instead of measuring.")
    private @Nullable Path from;

    @Option(
            names = "--time",
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = {
                "Time for the whole run. Where it does not suffice there are fewer rounds, then fewer contenders.",
                "Default: 2m; of all: 10m."
            })
    private @Nullable Duration time;

    @Option(names = "--routes", paramLabel = "NAME", split = ",", description = "Races whose names begin so.")
    private List<String> routes = List.of();

    @Option(
            names = "--path",
            paramLabel = "DIR",
            split = ",",
            description = "Directories on whose file systems files are copied, too.")
    private List<Path> paths = List.of();

    @Option(names = "--runs", paramLabel = "N", description = "Rounds that count, at most. Default: 15.")
    private int runs = BenchOptions.USUAL_RUNS;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the order of the runs.")
    private long seed = System.nanoTime() & 0xffff;

    @Option(
            names = "--bytes",
            paramLabel = "SIZE",
            converter = Values.OfSize.class,
            description = "Bytes of a run between files. Default: 64M; with WHAT or --routes: 256M.")
    private @Nullable Long bytes;

    @Override
    public void run(Context context) throws Failure {
        PrintStream out = new PrintStream(context.console().out(), true, StandardCharsets.UTF_8);
        if (!routes.isEmpty() && what != null) {
            throw Failure.usage("WHAT and --routes both name the races: give one of them");
        }
        if (failIfSlower > 0 && compare == null) {
            throw Failure.usage("--fail-if-slower needs --compare");
        }
        switch (Bench.run(options(), out, context.console().err())) {
            case DONE -> {}
            case SLOWER -> throw new Failure(Exit.CHECK, "fid became slower, see above");
            case FAILED -> throw new Failure(Exit.IO, "the benchmark did not come to its end, see above");
        }
    }

    private BenchOptions options() {
        boolean usual = what == null && routes.isEmpty();
        BenchOptions.Extent extent = usual ? BenchOptions.Extent.USUAL : BenchOptions.Extent.ALL;
        Duration most = what == null || what == What.all ? extent.time : BenchOptions.Extent.USUAL.time;
        return new BenchOptions(
                new BenchOptions.Outputs(save, markdown, html, csv, svg, compare, failIfSlower, json),
                from,
                time != null ? time : routes.isEmpty() ? most : BenchOptions.Extent.USUAL.time,
                extent,
                what == null ? routes : what.routes(),
                paths,
                runs,
                seed,
                bytes == null ? extent.bytes : bytes);
    }
}
