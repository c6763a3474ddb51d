package dev.fid.bench;

import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// What `fid bench` does: runs the races of this machine, prints what came of them, and saves it.
public final class Bench {
    /// The options with which the launcher `./fid` starts java for a copy; a test compares them with the launcher's.
    public static final List<String> COPY_JVM =
            List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms8m", "-Xmx64m");

    private static final long RSS_BYTES = (4L << 30) + 1; // more than 32 bits count
    private static final long RSS_MOST = 80_000_000; // 80 MB
    private static final long BUFFER_MOST = 256 << 10;

    private final Options options;
    private final PrintStream out;
    private final PrintStream progress;

    private Bench(Options options, PrintStream out, PrintStream progress) {
        this.options = options;
        this.out = out;
        this.progress = progress;
    }

    /// What is asked for.
    ///
    /// @param save where the report goes as JSON, or null
    /// @param markdown where it goes as Markdown, or null
    /// @param from a saved report to read instead of measuring, or null
    /// @param time what the races may take in all, about
    /// @param routes beginnings of the names of races; none means all
    /// @param runs rounds that count, at most
    /// @param seed of the order of the runs
    /// @param bytes of a run from file to file; other races move a multiple
    public record Options(
            @Nullable Path save,
            @Nullable Path markdown,
            @Nullable Path from,
            Duration time,
            List<String> routes,
            int runs,
            long seed,
            long bytes) {
        public static final Duration USUAL_TIME = Duration.ofMinutes(2);
        public static final int USUAL_RUNS = 15;
        public static final long USUAL_BYTES = 256 << 20; // 256 MiB

        /// Everything, as docs/measured.md has it.
        public static Options usual() {
            return new Options(
                    null, null, null, USUAL_TIME, List.of(), USUAL_RUNS, System.nanoTime() & 0xffff, USUAL_BYTES);
        }

        /// The same races again.
        String command() {
            return "fid bench --time " + time.toSeconds() + "s --runs " + runs
                    + (routes.isEmpty() ? "" : " --routes " + String.join(",", routes)) + " --seed " + seed;
        }
    }

    /// Measures, or reads a saved report, and writes what was asked for.
    ///
    /// @param out gets a table of the targets
    /// @param progress gets a line per race
    /// @return 0; 1 where it could not be done
    public static int run(Options options, PrintStream out, PrintStream progress) {
        try {
            new Bench(options, out, progress).run();
            return 0;
        } catch (IOException | IllegalArgumentException e) {
            progress.println("fid: bench: " + e.getMessage());
            return 1;
        }
    }

    private void run() throws IOException {
        Path from = options.from();
        Report report = from != null ? Report.fromJson(Files.readString(from)) : measure();
        if (options.save() != null) {
            Files.writeString(options.save(), report.toJson());
        }
        if (options.markdown() != null) {
            Files.writeString(options.markdown(), Page.of(report));
        }
        print(report);
    }

    private Report measure() throws IOException {
        Kernel kernel = Kernel.linux();
        Processors processors = Processors.ofThisProcess(kernel);
        Random random = new Random(options.seed());
        List<Result> results = new ArrayList<>();
        List<Report.Fact> facts = new ArrayList<>();
        String refusal;
        try (Stopwatch watch = new Stopwatch(kernel)) {
            refusal = watch.refusal();
        }
        try (Suite suite = new Suite(kernel, processors, options.bytes())) {
            List<Race> races = suite.races(options.routes());
            if (races.isEmpty()) {
                throw new IllegalArgumentException("no race is called " + String.join(" or ", options.routes()));
            }
            long deadline = kernel.nanoTime() + options.time().toNanos();
            for (int i = 0; i < races.size(); i++) {
                long share = (deadline - kernel.nanoTime()) / (races.size() - i);
                results.add(races.get(i).run(kernel, processors, options.runs(), share, random, progress));
            }
            buffer(results).ifPresent(facts::add);
            if (options.routes().isEmpty() || options.routes().contains("rss")) {
                rss(suite).ifPresent(facts::add);
            }
            return new Report(
                    Machine.card(processors, refusal),
                    options.command(),
                    Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                    options.seed(),
                    results,
                    facts,
                    List.copyOf(suite.skipped()));
        }
    }

    /// The largest buffer that Fid read into, in any race: bytes by reads.
    private static Optional<Report.Fact> buffer(List<Result> results) {
        return results.stream()
                .flatMap(result -> result.fid().stream())
                .filter(fid -> fid.method().equals("readwrite") && fid.calls() > 1)
                .map(fid -> 2 * fid.userBytes() / fid.calls()) // one write for each read
                .max(Long::compare)
                .map(bytes -> new Report.Fact("user-space buffer of a copy that needs one", bytes, BUFFER_MOST));
    }

    /// The most memory that `fid copy` of a large file has, in a process of its own.
    private Optional<Report.Fact> rss(Suite suite) throws IOException {
        String what = "resident memory of `fid copy` of " + Human.bytes(RSS_BYTES);
        List<String> command = new ArrayList<>(Machine.commandLine());
        int main = command.indexOf("dev.fid.cli.Main");
        if (main < 0 || !suite.peers().refusal().isEmpty()) {
            suite.skip(what + ": "
                    + (main < 0 ? "not started as `fid bench`" : suite.peers().refusal()));
            return Optional.empty();
        }
        if (suite.disk().path().toFile().getUsableSpace() < 3 * RSS_BYTES) {
            suite.skip(what + ": no room on disk");
            return Optional.empty();
        }
        Path in = suite.source(suite.disk().path(), RSS_BYTES);
        command.subList(main + 1, command.size()).clear();
        // The launcher gives the benchmark the whole JVM; a copy gets this one.
        command.removeIf(word -> word.startsWith("-XX:") || word.startsWith("-Xm"));
        command.addAll(1, COPY_JVM);
        command.addAll(
                List.of("copy", "-q", in.toString(), suite.disk().path("copied").toString()));
        try {
            return Optional.of(
                    new Report.Fact(what, suite.peers().run("-", command).maxRssKib() << 10, RSS_MOST));
        } catch (IOException e) {
            suite.skip(what + ": " + e.getMessage());
            return Optional.empty();
        } finally {
            Files.deleteIfExists(in);
            Files.deleteIfExists(suite.disk().path("copied"));
        }
    }

    // ---- on the terminal ----

    private void print(Report report) {
        Table table = new Table(
                new Table.Column("race", true, 9),
                new Table.Column("method", true, 5),
                new Table.Column("GiB/s", false, 8),
                new Table.Column("CPU s/GiB", false, 7),
                new Table.Column("A/A ratio", false, 4));
        for (Result result : report.results()) {
            result.fid()
                    .ifPresent(fid -> table.add(
                            List.of(
                                    result.id(),
                                    fid.method(),
                                    Human.digits(fid.median(Sample::gibPerSecond)),
                                    Human.digits(fid.median(Sample::cpuSecondsPerGib)),
                                    result.named("Fid again")
                                            .map(again -> Human.digits(fid.ratio(again, Sample::gibPerSecond)
                                                    .value()))
                                            .orElse("-")),
                            result.verdicts().stream().map(Bench::sentence).toList()));
        }
        table.lines(100).forEach(out::println);
        for (Report.Fact fact : report.facts()) {
            out.println(fact.what() + ": " + Human.bytes(fact.bytes()) + ", at most " + Human.bytes(fact.most()) + ": "
                    + (fact.isMet() ? "yes" : "no"));
        }
        report.skipped().forEach(what -> out.println("not measured: " + what));
    }

    private static String sentence(Result.Verdict verdict) {
        String unit = verdict.target().measure() == Target.Measure.MICROS ? " us" : "";
        return String.format(
                Locale.ROOT,
                "%s%s: %s%s (%s to %s): %s",
                verdict.target(),
                verdict.against().isEmpty() || verdict.target().against().equals(verdict.against())
                        ? ""
                        : ", " + verdict.against(),
                Human.digits(verdict.value()),
                unit,
                Human.digits(verdict.low()),
                Human.digits(verdict.high()),
                verdict.met());
    }
}
