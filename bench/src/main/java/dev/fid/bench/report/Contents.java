package dev.fid.bench.report;

import dev.fid.bench.measure.Human;
import dev.fid.bench.result.Articles;
import dev.fid.bench.result.Comparison;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Contender;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a report has to say, section by section: {@link MarkdownPage} and {@link Html} lay out whatever stands here.
final class Contents {
    /// A section.
    ///
    /// @param id what a link names it by
    /// @param title its heading
    /// @param link how a list of contents calls it; empty where none does
    record Section(String id, String title, String link, List<Part> parts) {}

    /// What a section is made of.
    sealed interface Part {
        /// A paragraph; what stands between backquotes is code.
        record Text(String text) implements Part {}

        /// A paragraph for those who want to know more.
        record Remark(String text) implements Part {}

        /// A list.
        record Items(List<String> items) implements Part {}

        /// Names and what belongs to each.
        record Card(Map<String, String> facts) implements Part {}

        /// A table.
        ///
        /// @param wide whether it is one to sort and look things up in
        record Grid(String caption, Sheet sheet, boolean wide) implements Part {}

        /// Where a page can draw: the figures of a race by block size.
        record Curves(Result result) implements Part {}
    }

    private final Report report;
    private final List<Section> sections = new ArrayList<>();

    private Contents(Report report) {
        this.report = report;
    }

    /// All sections in order.
    static List<Section> of(Report report, @Nullable Comparison comparison) {
        Contents contents = new Contents(report);
        contents.machine();
        contents.warnings();
        contents.targets();
        if (comparison != null) {
            contents.add(
                    "comparison",
                    "Since " + comparison.earlier(),
                    "Since " + comparison.earlier(),
                    new Part.Text("Cost is what a GiB takes: above 1, Fid became slower than the others did."),
                    new Part.Grid("Fid now and then", Sheets.comparison(comparison), false));
        }
        if (report.articles() != null) {
            contents.articles(report.articles());
        }
        for (Result result : report.results()) {
            result.fid().ifPresent(own -> contents.race(result, own));
        }
        if (!report.skipped().isEmpty()) {
            contents.add("skipped", "Not measured here", "Not measured", new Part.Items(report.skipped()));
        }
        return contents.sections;
    }

    private void add(String id, String title, String link, Part... parts) {
        sections.add(new Section(id, title, link, List.of(parts)));
    }

    private void machine() {
        Map<String, String> card = new LinkedHashMap<>();
        card.put("date", report.date());
        card.put("command", "`" + report.command() + "`");
        report.machine().forEach((key, value) -> card.put(key, String.valueOf(value)));
        add("machine", "Machine", "Machine", new Part.Card(card), new Part.Remark(Sheets.METHOD));
    }

    private void warnings() {
        List<String> warnings = Findings.warnings(report);
        if (!warnings.isEmpty()) {
            add("warnings", "Read with care", "", new Part.Items(warnings));
        }
    }

    private void targets() {
        Sheet targets = Sheets.targets(report);
        if (!targets.rows().isEmpty()) {
            add("targets", "Targets", "Targets", new Part.Grid("What Fid has to show", targets, false));
        }
        Sheet losses = Sheets.losses(report);
        if (losses.rows().isEmpty()) {
            add("losses", "Where Fid loses", "Where Fid loses", new Part.Text("Nowhere beyond the noise."));
        } else {
            add(
                    "losses",
                    "Where Fid loses",
                    "Where Fid loses",
                    new Part.Text("All contenders that are faster than Fid, or need less CPU, beyond the noise."),
                    new Part.Grid("Faster, or with less CPU", losses, false));
        }
    }

    private void articles(Articles articles) {
        add(
                "articles",
                "The second article's table",
                "The article's table",
                new Part.Text("Seconds; a file of " + Human.bytes(articles.bytes()) + " on " + articles.fileSystem()
                        + ", which the cache holds; the article's figures beside ours."),
                new Part.Grid("Seconds, median ± spread", Sheets.articles(articles), false),
                new Part.Grid("What the article concludes", Sheets.claims(articles), false));
    }

    private void race(Result result, Result.Series own) {
        List<Part> parts = new ArrayList<>(List.of(new Part.Text(Sheets.sentence(result, own))));
        if (result.series().stream().anyMatch(series -> series.kind() == Contender.Kind.BLOCK)) {
            parts.add(new Part.Curves(result));
        }
        parts.add(new Part.Grid("All who took part", Sheets.race(result, own), true));
        Sheet mechanism = Mechanism.of(result);
        if (!mechanism.rows().isEmpty()) {
            parts.add(new Part.Text(Mechanism.sentence(result)));
            parts.add(new Part.Grid("What each byte goes through, measured and on the model", mechanism, true));
        }
        result.skipped().forEach(what -> parts.add(new Part.Remark("Did not take part: " + what)));
        sections.add(new Section(result.id(), result.title(), result.title(), parts));
    }
}
