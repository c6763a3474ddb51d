package dev.fid.cli.manual;

import java.util.List;

/// Writes a page in man(7) macros, which both groff and mandoc read.
final class Roff {
    private static final int WIDTH = 76; // of a line of source: man pages are read as diffs, too

    private final StringBuilder out = new StringBuilder(8192);

    Roff(String name, int section, String date) {
        out.append(".\\\" Written by `fid man`; the texts are in cli/src/main.\n");
        out.append(".TH ").append(escaped(name.toUpperCase(java.util.Locale.ROOT)));
        out.append(" ").append(section).append(" ").append(date).append(" Fid \"Fid manual\"\n");
        out.append(".nh\n"); // no hyphens in the names of options
    }

    String text() {
        return out.toString();
    }

    void heading(String text) {
        out.append(".SH ").append(escaped(text)).append('\n');
    }

    void line(String markdown) {
        fill(inline(markdown));
    }

    /// A paragraph whose first line hangs.
    void term(String term, String markdown) {
        out.append(".TP\n");
        fill(term);
        fill(inline(markdown));
    }

    /// A paragraph that stands below the line before it.
    void indented(String markdown) {
        out.append(".RS\n");
        fill(inline(markdown));
        out.append(".RE\n");
    }

    void example(List<String> lines) {
        int last = out.lastIndexOf("\n", out.length() - 2) + 1;
        out.append(out.indexOf(".S", last) == last ? "" : ".PP\n"); // a heading begins a paragraph itself
        out.append(".RS 4\n.EX\n");
        for (String line : lines) {
            out.append(guarded(escaped(line))).append('\n');
        }
        out.append(".EE\n.RE\n");
    }

    /// Paragraphs, `### ` headings, `* ` bullets, code indented by four blanks, and terms: a line, then one that begins
    /// with `: `. What continues a bullet or a definition is indented by two blanks.
    void markdown(List<String> lines, boolean atHeading) {
        boolean fresh = atHeading;
        StringBuilder paragraph = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            String next = i + 1 < lines.size() ? lines.get(i + 1) : "";
            boolean starts = line.isEmpty()
                    || line.startsWith("### ")
                    || line.startsWith("* ")
                    || line.startsWith("    ")
                    || next.startsWith(": ");
            if (starts && !paragraph.isEmpty()) {
                fill(inline(paragraph.toString()));
                paragraph.setLength(0);
                fresh = false;
            }
            if (line.startsWith("### ")) {
                out.append(".SS ").append(escaped(line.substring(4))).append('\n');
                fresh = true;
            } else if (line.startsWith("    ")) {
                int end = i;
                while (end < lines.size() && lines.get(end).startsWith("    ")) {
                    end++;
                }
                example(lines.subList(i, end).stream()
                        .map(code -> code.substring(4))
                        .toList());
                i = end - 1;
                fresh = false;
            } else if (line.startsWith("* ")) {
                out.append(".IP \\(bu 2\n");
                paragraph.append(line.substring(2));
            } else if (next.startsWith(": ")) {
                out.append(".TP\n");
                fill(inline(line));
            } else if (line.startsWith(": ") || (line.startsWith("  ") && !paragraph.isEmpty())) {
                paragraph.append(paragraph.isEmpty() ? "" : " ").append(line.substring(2));
            } else if (!line.isEmpty()) {
                if (paragraph.isEmpty() && !fresh) {
                    out.append(".PP\n");
                }
                paragraph.append(paragraph.isEmpty() ? "" : " ").append(line);
            }
        }
        if (!paragraph.isEmpty()) {
            fill(inline(paragraph.toString()));
        }
    }

    static String bold(String text) {
        return "\\fB" + escaped(text) + "\\fR";
    }

    static String italic(String text) {
        return "\\fI" + escaped(text) + "\\fR";
    }

    /// `code` becomes bold and *words* become italic.
    private static String inline(String markdown) {
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (at < markdown.length()) {
            char mark = markdown.charAt(at);
            int end = mark == '`' || mark == '*' ? markdown.indexOf(mark, at + 1) : -1;
            if (end > at + 1 && markdown.charAt(at + 1) != ' ') {
                String inside = markdown.substring(at + 1, end);
                text.append(mark == '`' ? bold(inside) : italic(inside));
                at = end + 1;
            } else {
                text.append(escaped(String.valueOf(mark)));
                at++;
            }
        }
        return text.toString();
    }

    /// Every `-` can be copied out of a page as it stands, and nothing is an escape but ours.
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            escaped.append(
                    switch (c) {
                        case '\\' -> "\\e";
                        case '-' -> "\\-";
                        case '\'' -> "\\(aq";
                        case '`' -> "\\(ga";
                        case '^' -> "\\(ha";
                        case '~' -> "\\(ti";
                        default -> String.valueOf(c);
                    });
        }
        return escaped.toString();
    }

    private static String guarded(String line) {
        return line.startsWith(".") ? "\\&" + line : line;
    }

    private void fill(String roff) {
        StringBuilder line = new StringBuilder();
        for (String word : roff.split(" ", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > WIDTH) {
                out.append(guarded(line.toString())).append('\n');
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        out.append(guarded(line.toString())).append('\n');
    }
}
