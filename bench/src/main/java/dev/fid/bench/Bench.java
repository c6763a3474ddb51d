package dev.fid.bench;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Target;
import dev.fid.bench.measure.Unit;
import dev.fid.bench.race.BenchOptions;
import dev.fid.bench.report.Html;
import dev.fid.bench.report.MarkdownPage;
import dev.fid.bench.report.Picture;
import dev.fid.bench.report.Sheet;
import dev.fid.bench.report.Sheets;
import dev.fid.bench.report.Table;
import dev.fid.bench.result.Articles;
import dev.fid.bench.result.Comparison;
import dev.fid.bench.result.Csv;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What `fid bench` does: runs the races of this machine, prints what came of them, and saves it.
public final class Bench {
    private final BenchOptions options;
    private final PrintStream out;
    private final PrintStream progress;

    private Bench(BenchOptions options, PrintStream out, PrintStream progress) {
        this.options = options;
        this.out = out;
        this.progress = progress;
    }

    /// What a run of the benchmark came to.
    public enum Outcome {
        DONE,
        /// Fid became slower than it may, {@link BenchOptions.Outputs#failIfSlower}.
        SLOWER,
        /// It could not be done; why was said.
        FAILED
    }

    /// Measures, or reads a saved report, and writes what was asked for.
    ///
    /// @param out gets a table of the targets
    /// @param progress gets a line per race
    public static Outcome run(BenchOptions options, PrintStream out, PrintStream progress) {
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
        BenchOptions.Outputs outputs = options.outputs();
        Report then = outputs.compare() == null ? null : read(outputs.compare()); // before minutes are spent
        Report report = options.from() != null ? read(options.from()) : new Campaign(options, progress).run();
        Comparison comparison = then == null ? null : Comparison.of(report, then);
        write(outputs.save(), report::toJson);
        write(outputs.markdown(), () -> MarkdownPage.of(report, comparison));
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
