package dev.fid.bench;

import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What `fid bench` does: runs the races of this machine, prints what came of them, and saves it.
public final class Bench {
    /// The options with which the launcher `./fid` starts java for a copy; a test compares them with the launcher's.
    public static final List<String> COPY_JVM =
            List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms8m", "-Xmx64m");

    /// Those for a relay; a test compares them, too.
    public static final List<String> RELAY_JVM = List.of("-XX:+UseSerialGC", "-Xms16m", "-Xmx256m");

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
    /// @param outputs where the report goes
    /// @param from a saved report to read instead of measuring, or null
    /// @param time what the races may take in all, about
    /// @param routes beginnings of the names of races; none means all
    /// @param runs rounds that count, at most
    /// @param seed of the order of the runs
    /// @param bytes of a run from file to file; other races move a multiple
    public record Options(
            Outputs outputs, @Nullable Path from, Duration time, List<String> routes, int runs, long seed, long bytes) {
        public static final Duration USUAL_TIME = Duration.ofMinutes(2);
        public static final int USUAL_RUNS = 15;
        public static final long USUAL_BYTES = 256 << 20; // 256 MiB

        /// Everything, as docs/measured.md has it.
        public static Options usual() {
            return new Options(
                    Outputs.NONE, null, USUAL_TIME, List.of(), USUAL_RUNS, System.nanoTime() & 0xffff, USUAL_BYTES);
        }

        /// The same races again.
        String command() {
            return "fid bench --time " + time.toSeconds() + "s --runs " + runs
                    + (routes.isEmpty() ? "" : " --routes " + String.join(",", routes))
                    + (bytes == USUAL_BYTES ? "" : " --bytes " + bytes) + " --seed " + seed;
        }
    }

    /// Where a report goes, besides the table on stdout. Each may be null.
    ///
    /// @param save as JSON with every sample, which {@link Options#from} and `compare` read
    /// @param markdown as a page for a forge
    /// @param html as a page for a browser, in one file
    /// @param csv as a line for each contender
    /// @param compare an earlier report that the new one is set against
    /// @param failIfSlower the share by which Fid may have become slower in no race; 0 for any
    /// @param json prints the report as JSON instead of the table
    public record Outputs(
            @Nullable Path save,
            @Nullable Path markdown,
            @Nullable Path html,
            @Nullable Path csv,
            @Nullable Path compare,
            double failIfSlower,
            boolean json) {
        public static final Outputs NONE = new Outputs(null, null, null, null, null, 0, false);
    }

    /// What a run of the benchmark came to.
    public enum Outcome {
        DONE,
        /// Fid became slower than it may, {@link Outputs#failIfSlower}.
        SLOWER,
        /// It could not be done; why was said.
        FAILED
    }

    /// Measures, or reads a saved report, and writes what was asked for.
    ///
    /// @param out gets a table of the targets
    /// @param progress gets a line per race
    public static Outcome run(Options options, PrintStream out, PrintStream progress) {
        try {
            return new Bench(options, out, progress).run();
        } catch (IOException | IllegalArgumentException e) {
            progress.println("fid: bench: " + reason(e));
            return Outcome.FAILED;
        }
    }

    private static String reason(Exception e) {
        return e instanceof NoSuchFileException missing
                ? missing.getFile() + ": No such file or directory"
                : String.valueOf(e.getMessage());
    }

    private Outcome run() throws IOException {
        Outputs outputs = options.outputs();
        Report then = outputs.compare() == null ? null : read(outputs.compare()); // before minutes are spent
        Report report = options.from() != null ? read(options.from()) : measure();
        Comparison comparison = then == null ? null : Comparison.of(report, then);
        write(outputs.save(), report::toJson);
        write(outputs.markdown(), () -> Page.of(report, comparison));
        write(outputs.html(), () -> Html.of(report, comparison));
        write(outputs.csv(), () -> Csv.of(report));
        if (outputs.json()) {
            out.print(report.toJson());
        } else {
            print(report);
        }
        return comparison == null ? Outcome.DONE : judge(comparison);
    }

    private static Report read(Path file) throws IOException {
        try {
            return Report.fromJson(Files.readString(file));
        } catch (IllegalArgumentException | ClassCastException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    private static void write(@Nullable Path file, Supplier<String> content) throws IOException {
        if (file != null) {
            Files.writeString(file, content.get());
        }
    }

    private Outcome judge(Comparison comparison) throws IOException {
        if (comparison.changes().isEmpty()) {
            throw new IllegalArgumentException(
                    options.outputs().compare() + " has no race of this run, with as many bytes");
        }
        double allowed = options.outputs().failIfSlower();
        Outcome outcome = Outcome.DONE;
        for (Comparison.Change change : comparison.changes()) {
            boolean tooSlow = allowed > 0 && change.isSlowerBy(allowed);
            if (tooSlow || !change.cost().isEven()) {
                progress.println(String.format(
                        Locale.ROOT,
                        "%s%s, %s: cost %s of %s (%s to %s), the others' own change taken out",
                        tooSlow ? "too slow: " : "",
                        change.id(),
                        change.measure().unit,
                        Human.digits(change.cost().value()),
                        comparison.earlier(),
                        Human.digits(change.cost().low()),
                        Human.digits(change.cost().high())));
            }
            outcome = tooSlow ? Outcome.SLOWER : outcome;
        }
        return outcome;
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
            List<Contest> races = suite.races(options.routes());
            boolean articles = Suite.isWanted("articles", options.routes());
            if (races.isEmpty() && !articles && !suite.relays().hasIdle()) {
                throw new IllegalArgumentException("no race is called " + String.join(" or ", options.routes()));
            }
            long deadline = kernel.nanoTime() + options.time().toNanos();
            int steps = races.size() + (articles ? 1 : 0);
            for (int i = 0; i < races.size(); i++) {
                long left = deadline - kernel.nanoTime();
                progress.println("race " + (i + 1) + " of " + steps + ", " + left / 1_000_000_000 + " s left");
                long share = left / (steps - i);
                results.add(races.get(i).run(kernel, processors, options.runs(), share, random, progress));
            }
            buffer(results).ifPresent(facts::add);
            facts.addAll(suite.relays().idle(progress));
            if (options.routes().isEmpty() || options.routes().contains("rss")) {
                rss(suite).ifPresent(facts::add);
            }
            Map<String, Object> card = Machine.card(processors, refusal);
            card.putAll(suite.relays().versions());
            return new Report(
                    card,
                    options.command(),
                    Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                    options.seed(),
                    results,
                    facts,
                    List.copyOf(suite.skipped()),
                    articles ? articles(suite, random) : null);
        }
    }

    private @Nullable Articles articles(Suite suite, Random random) throws IOException {
        if (!suite.peers().refusal().isEmpty()) {
            return null; // noted already
        }
        long bytes = Math.max(options.bytes(), Math.min(Articles.LEAST_BYTES, 8 * options.bytes()));
        return Articles.measure(suite, bytes, Math.clamp(options.runs(), 1, 7), random);
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
        for (Unit unit : Unit.values()) {
            List<Result> counted =
                    report.results().stream().filter(r -> r.unit() == unit).toList();
            if (!counted.isEmpty()) {
                print(unit, counted);
            }
        }
        printFacts(report);
    }

    private void print(Unit unit, List<Result> results) {
        Table table = new Table(
                new Table.Column("race", true, 9),
                new Table.Column("method", true, 5),
                new Table.Column(unit.perSecond(), false, 8),
                new Table.Column(unit.cpu(), false, 7),
                new Table.Column("A/A ratio", false, 4));
        for (Result result : results) {
            result.fid()
                    .ifPresent(fid -> table.add(
                            List.of(
                                    result.id(),
                                    fid.method(),
                                    Human.digits(fid.median(result.unit()::perSecond)),
                                    Human.digits(fid.median(result.unit()::cpu)),
                                    result.named("Fid again")
                                            .map(again -> Human.digits(fid.ratio(again, Sample::gibPerSecond)
                                                    .value()))
                                            .orElse("-")),
                            result.verdicts().stream().map(Bench::sentence).toList()));
        }
        table.lines(100).forEach(out::println);
        for (Result result : results) {
            if (result.id().startsWith("relay-")) {
                result.skipped().forEach(what -> out.println(result.id() + ": not raced: " + what));
            }
        }
    }

    private void printFacts(Report report) {
        for (Report.Fact fact : report.facts()) {
            out.println(fact.what() + ": " + Human.bytes(fact.bytes())
                    + (fact.isBounded()
                            ? ", at most " + Human.bytes(fact.most()) + ": " + (fact.isMet() ? "yes" : "no")
                            : ""));
        }
        if (report.articles() != null) {
            Articles articles = report.articles();
            out.println();
            Table seconds = new Table(
                    new Table.Column("program", true, 9),
                    new Table.Column("work", false, 8),
                    new Table.Column("real", false, 7),
                    new Table.Column("user", false, 6),
                    new Table.Column("sys", false, 6));
            for (Sheet.Row row : Sheets.articles(articles).rows()) {
                seconds.add(row.cells().stream().limit(5).map(Sheet.Cell::text).toList(), List.of());
            }
            seconds.lines(100).forEach(out::println);
            articles.claims().forEach(claim -> out.println(claim.text() + ": " + claim.verdict()));
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
