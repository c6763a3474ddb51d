package dev.fid.bench;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A report as Markdown: docs/measured.md is this page of a report in the repository, and nobody writes it by
/// hand.
final class Page {
    private final Report report;
    private final StringBuilder page = new StringBuilder();

    private Page(Report report) {
        this.report = report;
    }

    static String of(Report report) {
        return of(report, null);
    }

    static String of(Report report, @Nullable Comparison comparison) {
        Page page = new Page(report);
        page.head();
        page.section("Targets", "", Sheets.targets(report));
        Sheet losses = Sheets.losses(report);
        page.section(
                "Where Fid loses",
                losses.rows().isEmpty()
                        ? "Nowhere beyond the noise."
                        : "All contenders that are faster than Fid, or need less CPU, beyond the noise.",
                losses);
        if (comparison != null) {
            page.section("Since " + comparison.earlier(), "", Sheets.comparison(comparison));
        }
        page.articles();
        report.results().forEach(page::race);
        page.skipped();
        return page.page.toString();
    }

    private void head() {
        line("# Measured");
        line("");
        String file = isOfRelays() ? "docs/measured-relay" : "docs/measured";
        line("Made by `fid bench`, never written by hand; " + file + ".json holds every sample, and");
        line("`fid bench --from " + file + ".json --markdown " + file + ".md` makes this page from it again.");
        line("");
        Sheets.METHOD.lines().forEach(this::line);
        line("");
        Sheet card = Sheet.of("", "");
        card.add("date", report.date());
        card.add("command", "`" + report.command() + "`");
        card.add("seed", Long.toString(report.seed()));
        report.machine().forEach((key, value) -> card.add(key, String.valueOf(value)));
        table(card);
    }

    private boolean isOfRelays() {
        return !report.results().isEmpty()
                && report.results().stream().allMatch(result -> result.id().startsWith("relay-"));
    }

    private void articles() {
        Articles articles = report.articles();
        if (articles != null) {
            section(
                    "The second article's table",
                    "Seconds; a file of " + Human.bytes(articles.bytes()) + " on " + articles.fileSystem()
                            + ", which the cache holds; the article's figures beside ours.",
                    Sheets.articles(articles));
            table(Sheets.claims(articles));
        }
    }

    private void race(Result result) {
        Result.Series own = result.fid().orElse(null);
        if (own != null) {
            section(result.title(), Sheets.sentence(result, own), Sheets.race(result, own));
            for (String skipped : result.skipped()) {
                line("Did not take part: " + skipped);
                line("");
            }
        }
    }

    private void skipped() {
        if (!report.skipped().isEmpty()) {
            line("## Not measured here");
            line("");
            report.skipped().forEach(what -> line("- " + what));
            line("");
        }
    }

    // ---- lines ----

    private void section(String title, String text, Sheet sheet) {
        line("## " + title);
        line("");
        if (!text.isEmpty()) {
            line(text);
            line("");
        }
        if (sheet.rows().isEmpty()) {
            return;
        }
        table(sheet);
    }

    private void table(Sheet sheet) {
        row(sheet.columns().stream().map(Sheet.Column::head).toList());
        row(sheet.columns().stream()
                .map(column -> column.figures() ? "---:" : "---")
                .toList());
        for (Sheet.Row row : sheet.rows()) {
            row(row.cells().stream().map(Sheet.Cell::text).toList());
        }
        line("");
    }

    private void row(List<String> cells) {
        line("| "
                + String.join(
                        " | ",
                        cells.stream().map(cell -> cell.replace("|", "\\|")).toList()) + " |");
    }

    private void line(String line) {
        page.append(line.stripTrailing()).append('\n');
    }
}
