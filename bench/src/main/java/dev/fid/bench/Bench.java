package dev.fid.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What `fid bench` does: runs the races of this machine, prints what came of them, and saves it.
public final class Bench {
    /// The options with which the launcher `./fid` starts java for a copy; a test compares them with the launcher's.
    public static final List<String> COPY_JVM = List.of(
            "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:CompileThresholdScaling=8", "-Xms8m", "-Xmx64m");

    /// Those for a relay; a test compares them, too.
    public static final List<String> RELAY_JVM = List.of("-XX:+UseSerialGC", "-Xms16m", "-Xmx256m");

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
    /// @param time what the whole run may take
    /// @param extent which of the races: all whose names begin with one of `routes`, or the usual ones
    /// @param routes beginnings of the names of races; none means all
    /// @param paths directories on whose file systems files are copied too
    /// @param runs rounds that count, at most
    /// @param seed of the order of the runs
    /// @param bytes of a run from file to file; other races move a multiple
    public record Options(
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
        boolean wants(String id, boolean usual) {
            return extent == Extent.USUAL
                    ? usual
                    : routes.isEmpty() || routes.stream().anyMatch(id::startsWith);
        }

        /// Whether every block size is tried.
        boolean allSizes() {
            return extent == Extent.ALL;
        }

        /// The same races again.
        String command() {
            String what =
                    extent == Extent.USUAL ? "" : routes.isEmpty() ? " all" : " --routes " + String.join(",", routes);
            return "fid bench" + what + " --time " + time.toSeconds() + "s --runs " + runs
                    + (bytes == extent.bytes ? "" : " --bytes " + bytes)
                    + String.join(
                            "", paths.stream().map(path -> " --path " + path).toList()) + " --seed " + seed;
        }
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
    /// @param save as JSON with every sample, which {@link Options#from} and `compare` read
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
        Report report = options.from() != null ? read(options.from()) : new Campaign(options, progress).run();
        Comparison comparison = then == null ? null : Comparison.of(report, then);
        write(outputs.save(), report::toJson);
        write(outputs.markdown(), () -> Page.of(report, comparison));
        write(outputs.html(), () -> Html.of(report, comparison));
        write(outputs.csv(), () -> Csv.of(report));
        if (outputs.svg() != null) {
            for (Picture picture : Picture.of(report)) {
                Files.writeString(outputs.svg().resolve(picture.name()), picture.svg());
            }
        }
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
                        "%s%s, %s: a GiB costs %s of what it did on %s (%s to %s), the others' own change taken out%s",
                        tooSlow ? "too slow: " : "",
                        change.id(),
                        change.measure().unit,
                        Human.digits(change.cost().value()),
                        comparison.earlier(),
                        Human.digits(change.cost().low()),
                        Human.digits(change.cost().high()),
                        change.isDecided() ? "" : "; not decided by so few rounds"));
            }
            outcome = tooSlow ? Outcome.SLOWER : outcome;
        }
        return outcome;
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
