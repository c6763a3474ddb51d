package dev.fid.bench.report;

import dev.fid.bench.result.Comparison;
import dev.fid.bench.result.Report;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A report as Markdown: docs/measured.md is this page of a report in the repository, and nobody writes it by
/// hand.
public final class MarkdownPage {
    private final StringBuilder page = new StringBuilder();

    private MarkdownPage() {}

    public static String of(Report report) {
        return of(report, null);
    }

    public static String of(Report report, @Nullable Comparison comparison) {
        MarkdownPage page = new MarkdownPage();
        page.line("# Measured");
        page.line("");
        page.line(
                "Made by `fid bench`, never written by hand. The JSON file of this name beside it holds every sample:");
        page.line("`fid bench --from NAME.json --markdown NAME.md` makes this page from it again.");
        page.line("");
        page.paragraph(Findings.verdict(report));
        for (Contents.Section section : Contents.of(report, comparison)) {
            page.line("## " + section.title());
            page.line("");
            section.parts().forEach(page::part);
        }
        return page.page.toString();
    }

    private void part(Contents.Part part) {
        switch (part) {
            case Contents.Part.Text text -> paragraph(text.text());
            case Contents.Part.Remark remark -> paragraph(remark.text());
            case Contents.Part.Items items -> {
                items.items().forEach(item -> line("- " + item));
                line("");
            }
            case Contents.Part.Card card -> {
                Sheet sheet = Sheet.of("", "");
                card.facts().forEach(sheet::add);
                table(sheet);
            }
            case Contents.Part.Grid grid -> table(grid.sheet());
            case Contents.Part.Curves _ -> {} // its figures are in the table
        }
    }

    private void paragraph(String text) {
        text.lines().forEach(this::line);
        line("");
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
