package dev.fid.cli.base;

/// Text for a terminal of some width.
public final class Lines {
    private Lines() {}

    /// The text in lines of at most `width` columns, broken at blanks; all but the first begin with `indent`.
    public static String wrap(String text, int width, String indent) {
        int room = Math.max(20, width);
        StringBuilder lines = new StringBuilder();
        String rest = text;
        while (rest.length() > room) {
            int blank = rest.lastIndexOf(' ', room);
            while (blank > 0 && rest.startsWith(" %", blank)) {
                blank = rest.lastIndexOf(' ', blank - 1); // a number keeps its sign
            }
            if (blank <= indent.length()) {
                blank = rest.indexOf(' ', room); // a word that is longer than the line
            }
            if (blank < 0) {
                break;
            }
            lines.append(rest.substring(0, blank).stripTrailing()).append('\n');
            rest = indent + rest.substring(blank).strip();
        }
        return lines.append(rest).append('\n').toString();
    }
}
