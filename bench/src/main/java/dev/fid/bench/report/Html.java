package dev.fid.bench.report;

import dev.fid.bench.result.Comparison;
import dev.fid.bench.result.Csv;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Contender;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A report as one HTML file that needs nothing else: styles, programs and every sample are inside, and its content
/// security policy forbids to fetch anything. All tables stand in the file; without scripts only sorting and the
/// curves are missing.
public final class Html {
    private static final double BAR_WIDTH = 200;

    private final Report report;
    private final StringBuilder page = new StringBuilder();

    private Html(Report report) {
        this.report = report;
    }

    public static String of(Report report, @Nullable Comparison comparison) {
        Html html = new Html(report);
        String style = resource("uPlot.min.css") + resource("report.css");
        String library = "/* " + resource("uPlot.LICENSE").replace("*/", "") + "*/\n" + resource("uPlot.iife.min.js");
        String program = resource("report.js");
        html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
                + hash(style) + "; script-src " + hash(library) + " " + hash(program) + "\">\n"
                + "<link rel=\"icon\" href=\"data:,\">\n");
        html.element("title", "", "fid bench, " + report.date());
        html.raw("<style>" + style + "</style>\n</head>\n<body>\n");
        List<Contents.Section> sections = Contents.of(report, comparison);
        html.header(sections);
        html.raw("<main>\n");
        sections.forEach(html::section);
        html.raw("</main>\n<footer>");
        html.element("p", "", "Made by " + report.command() + " of Fid.");
        html.raw("</footer>\n<script type=\"application/json\" id=\"data\">" + inScript(report.toJson())
                + "</script>\n<pre hidden id=\"csv\">" + escaped(Csv.of(report)) + "</pre>\n"
                + "<script>" + library + "</script>\n<script>" + program + "</script>\n</body>\n</html>\n");
        return html.page.toString();
    }

    // ---- parts ----

    private void header(List<Contents.Section> sections) {
        raw("<header>\n");
        element("h1", "", "What zero copy is worth on this machine");
        element("p", "class=\"verdict\"", Findings.verdict(report));
        raw("<p><button class=\"save\" type=\"button\" id=\"save-json\">Save as JSON</button> "
                + "<button class=\"save\" type=\"button\" id=\"save-csv\">Save as CSV</button></p>\n");
        pictures();
        raw("<nav aria-label=\"Contents\"><ul>");
        sections.stream().filter(section -> !section.link().isEmpty()).forEach(s -> link(s.id(), s.link()));
        raw("</ul></nav>\n</header>\n");
    }

    /// The main routes, as {@link Picture} draws them for a README. As images they bring their own styles.
    private void pictures() {
        raw("<div class=\"charts\">");
        for (Picture picture : Picture.of(report)) {
            byte[] svg = picture.svg().getBytes(StandardCharsets.UTF_8);
            raw("<img class=\"picture\" alt=\"" + escaped(picture.title())
                    + ", Fid beside the best of C and of the JDK, by route; the figures are in the tables below\""
                    + " src=\"data:image/svg+xml;base64," + Base64.getEncoder().encodeToString(svg) + "\">");
        }
        raw("</div>\n");
    }

    private void section(Contents.Section section) {
        String id = escaped(section.id());
        raw("<section id=\"" + id + "\" aria-labelledby=\"" + id + "-title\">");
        element("h2", "id=\"" + id + "-title\"", section.title());
        section.parts().forEach(part -> part(section, part));
        raw("</section>\n");
    }

    private void part(Contents.Section section, Contents.Part part) {
        switch (part) {
            case Contents.Part.Text text -> paragraph("", text.text());
            case Contents.Part.Remark remark -> paragraph(" class=\"faint\"", remark.text());
            case Contents.Part.Items items -> {
                raw("<ul>");
                items.items().forEach(item -> element("li", "", item));
                raw("</ul>");
            }
            case Contents.Part.Card card -> {
                raw("<dl class=\"card\">");
                card.facts().forEach((key, value) -> {
                    raw("<div>");
                    element("dt", "", key);
                    raw("<dd>" + code(value) + "</dd></div>");
                });
                raw("</dl>");
            }
            case Contents.Part.Grid grid ->
                table(section.title() + ": " + grid.caption(), grid.caption(), grid.sheet(), grid.wide());
            case Contents.Part.Curves curves -> {
                raw("<div class=\"charts\">");
                curve(curves.result(), "speed", "GiB/s by block size, p10 to p90 shaded");
                curve(curves.result(), "cpu", "CPU seconds per GiB by block size, p10 to p90 shaded");
                raw("</div>\n");
            }
        }
    }

    private void paragraph(String attributes, String text) {
        raw("<p" + attributes + ">" + code(text.replace('\n', ' ').strip()) + "</p>\n");
    }

    /// What stands between backquotes is code, between asterisks it is stressed.
    private static String code(String text) {
        return escaped(text).replaceAll("`([^`]*)`", "<code>$1</code>").replaceAll("\\*([^* ][^*]*)\\*", "<em>$1</em>");
    }

    private void curve(Result result, String measure, String title) {
        raw("<figure class=\"chart\" role=\"group\" aria-label=\"" + escaped(result.title() + ": " + title)
                + "\"><figcaption>" + escaped(title) + "</figcaption><div data-race=\"" + escaped(result.id())
                + "\" data-measure=\"" + measure + "\"></div></figure>");
    }

    // ---- tables ----

    private void table(String label, String caption, Sheet sheet, boolean sortable) {
        raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + escaped(label) + "\"><table"
                + (sortable ? " class=\"sortable\"" : "") + ">");
        element("caption", "", caption);
        raw("<thead><tr>");
        for (Sheet.Column column : sheet.columns()) {
            element("th", column.figures() ? "scope=\"col\" class=\"n\"" : "scope=\"col\"", column.head());
        }
        raw("</tr></thead><tbody>\n");
        for (Sheet.Row row : sheet.rows()) {
            raw(row.kind() == Contender.Kind.FID ? "<tr class=\"own\">" : "<tr>");
            for (int i = 0; i < row.cells().size(); i++) {
                cell(sheet.columns().get(i), row.cells().get(i), row.kind());
            }
            raw("</tr>\n");
        }
        raw("</tbody></table></div>\n");
    }

    private void cell(Sheet.Column column, Sheet.Cell cell, Contender.@Nullable Kind kind) {
        String value = Double.isFinite(cell.value()) ? " data-value=\"" + cell.value() + "\"" : "";
        raw("<td" + (column.figures() ? " class=\"n\"" : "") + value + ">");
        if (column.head().equals("met")) {
            String style = switch (cell.text()) {
                case "yes" -> "yes";
                case "no" -> "no";
                default -> "open"; // not decided
            };
            element("span", "class=\"" + style + "\"", cell.text());
        } else {
            raw(code(cell.text()));
        }
        Sheet.Bar bar = cell.bar();
        if (bar != null && kind != null) {
            bar(bar, kind);
        }
        raw("</td>");
    }

    private void bar(Sheet.Bar bar, Contender.Kind kind) {
        raw(String.format(
                Locale.ROOT,
                "<svg class=\"bar %s\" viewBox=\"0 0 %.0f 16\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                        + "<rect x=\"0\" y=\"3\" width=\"%.1f\" height=\"10\"/>"
                        + "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"8\" y2=\"8\"/></svg>",
                kind.name().toLowerCase(Locale.ROOT),
                BAR_WIDTH,
                BAR_WIDTH * bar.middle(),
                BAR_WIDTH * bar.low(),
                BAR_WIDTH * Math.min(1, bar.high())));
    }

    // ---- text ----

    private void link(String id, String text) {
        raw("<li>");
        element("a", "href=\"#" + escaped(id) + "\"", text);
        raw("</li>");
    }

    private void element(String name, String attributes, String text) {
        raw("<" + name + (attributes.isEmpty() ? "" : " " + attributes) + ">" + escaped(text) + "</" + name + ">");
    }

    private void raw(String html) {
        page.append(html);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /// Data inside of a script element: nothing there may look like its end.
    private static String inScript(String data) {
        return data.replace("<", "\\u003c");
    }

    private static String hash(String content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Html.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("not in this build: report/" + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
