package dev.fid.cli.report;

import dev.fid.Progress;
import dev.fid.bench.measure.Human;
import java.io.PrintStream;

/// One line on a terminal, redrawn in place and never wider than it:
///
///     ubuntu.iso ▕█████▋  ▏  71%  2.83 GiB / 4.00 GiB  1.56 GiB/s  avg 1.41 GiB/s  eta  1s  splice
final class ProgressLine {
    private static final String EIGHTHS = " ▏▎▍▌▋▊▉█";
    private static final int BAR = 8;

    private String name;
    private final boolean blocks;
    private final boolean dumb;
    private int shown;

    ProgressLine(String name, PrintStream err, boolean dumb) {
        this.name = name;
        this.dumb = dumb;
        this.blocks = !dumb && err.charset().newEncoder().canEncode(EIGHTHS);
    }

    /// Changes what the line begins with.
    void name(String name) {
        this.name = name;
    }

    /// What to print so that the line shows `now` on a terminal of that many columns.
    ///
    /// @param speed bytes a second just now
    String redraw(Progress now, long speed, String note, int columns) {
        String line = text(now, speed, note, columns - 1);
        String erased = erase(columns);
        shown = line.length();
        return erased + line;
    }

    /// What to print so that nothing of the line is left. A terminal that became narrower has broken the line in
    /// two.
    String erase(int columns) {
        if (shown == 0) {
            return "";
        }
        int rows = dumb ? 0 : (shown - 1) / Math.max(1, columns);
        String erased = dumb
                ? "\r" + " ".repeat(Math.min(shown, columns - 1)) + "\r"
                : (rows > 0 ? "\033[" + rows + "A" : "") + "\r\033[J";
        shown = 0;
        return erased;
    }

    /// The whole line, or without the parts that do not fit: the method goes first, then the bar, the name, the note,
    /// the rest. Numbers have a width, so that nothing behind them jumps.
    String text(Progress now, long speed, String note, int width) {
        boolean known = now.length() > 0 && now.bytes() <= now.length();
        String amount = known
                ? percent(now) + "%  " + wide(Human.bytes(now.bytes()), 8) + " / " + Human.bytes(now.length())
                : wide(Human.bytes(now.bytes()), 8);
        String rate = "  " + wide(Human.bytes(speed) + "/s", 10);
        String average = "  avg " + wide(Human.rate(now.bytes(), now.nanos()), 10);
        String eta = known ? "  eta " + wide(now.bytes() > 0 ? Human.eta(left(now)) : "-", 3) : "";
        String method = "  " + now.method();
        String more = note.isEmpty() ? "" : "  " + note;
        String[] lines = {
            name + " " + (known ? bar(now) + " " : " ") + amount + rate + average + eta + method + more,
            name + " " + (known ? bar(now) + " " : " ") + amount + rate + average + eta + more,
            name + "  " + amount + rate + average + eta + more,
            amount + rate + average + eta + more,
            amount + rate + average + eta,
            amount + rate + eta,
            amount + rate,
            amount
        };
        for (String line : lines) {
            if (line.length() <= width) {
                return line;
            }
        }
        return amount.substring(0, Math.clamp(width, 0, amount.length()));
    }

    private static String wide(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }

    private static long left(Progress now) {
        return (long) ((double) (now.length() - now.bytes()) / now.bytes() * now.nanos() / 1e9 + 0.5);
    }

    private static String percent(Progress now) {
        return wide(Long.toString((long) (now.bytes() * 100.0 / now.length())), 3);
    }

    private String bar(Progress now) {
        int filled = (int) ((double) now.bytes() / now.length() * BAR * 8);
        if (!blocks) {
            return "[" + "#".repeat(filled / 8) + " ".repeat(BAR - filled / 8) + "]";
        }
        String full = "█".repeat(filled / 8);
        return "▕" + (filled / 8 == BAR ? full : full + EIGHTHS.charAt(filled % 8) + " ".repeat(BAR - 1 - filled / 8))
                + "▏";
    }
}
