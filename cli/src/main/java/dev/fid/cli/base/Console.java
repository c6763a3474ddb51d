package dev.fid.cli.base;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Map;

/// Where a command talks: results go to stdout, everything else to stderr.
///
/// @param out stdout, for results alone
/// @param err stderr
/// @param real whether these are the process's own streams, so that descriptor 2 may be asked for its width
/// @param environment the variables
public record Console(OutputStream out, PrintStream err, boolean real, Map<String, String> environment) {
    private static final String FOLDED = "  ";

    enum When {
        auto,
        always,
        never
    }

    /// Prints a result. Names in it are as they are: whoever prints for people shows them as {@link Name#shown} has it.
    ///
    /// @throws Failure also for a reader that is gone: exit 141, in silence
    public void print(String text) throws Failure {
        byte[] bytes = Name.of(text).bytes();
        print(bytes, bytes.length);
    }

    /// As {@link #print(String)}.
    public void print(byte[] bytes, int len) throws Failure {
        try {
            out.write(bytes, 0, len);
            out.flush();
        } catch (IOException e) {
            short[] events = new short[1];
            if (real
                    && Kernel.linux().poll(new int[] {1}, new short[] {Uapi.POLLOUT}, events, 1, 0) > 0
                    && (events[0] & Uapi.POLLERR) != 0) {
                throw new Failure(Exit.PIPE, "", "", e);
            }
            throw new Failure(Exit.IO, "stdout: " + e.getMessage(), "", e);
        }
    }

    /// Tells what went wrong, and what may help.
    public void say(When color, String text, String hint) {
        for (String each : text.split(Failure.NEXT, -1)) {
            err.println((colors(color, 2) ? "\033[1;31mfid:\033[0m " : "fid: ") + Name.shown(each));
        }
        if (!hint.isEmpty()) {
            tell("hint: " + hint);
        }
    }

    /// Tells one line, in which names may hold anything.
    public void tell(String line) {
        tell(err, line);
    }

    public static void tell(PrintStream err, String line) {
        err.println(Name.shown(line));
    }

    /// Tells what was done. On a terminal the line is folded between words where it is longer than that is wide.
    public void done(String text) {
        int columns = columns();
        String rest = Name.shown(text);
        while (columns > 0 && rest.length() > columns) {
            int blank = rest.lastIndexOf(' ', columns);
            if (blank <= FOLDED.length()) {
                break; // one word is longer
            }
            err.println(rest.substring(0, blank));
            rest = FOLDED + rest.substring(blank + 1);
        }
        err.println(rest);
    }

    /// Columns of the terminal that stderr is, -1 where it is none.
    public int columns() {
        return columns(2);
    }

    /// Columns of the terminal that `stream` (1 or 2) is, -1 where it is none.
    public int columns(int stream) {
        int size = winsize(stream);
        if (size < 0) {
            return -1;
        }
        int columns = size & 0xffff;
        return columns == 0 ? 80 : columns;
    }

    public boolean dumb() {
        return "dumb".equals(environment.get("TERM"));
    }

    /// Whether to use colours on `stream` (1 or 2). Source: no-color.org, bixense.com/clicolors.
    boolean colors(When when, int stream) {
        if (when != When.auto) {
            return when == When.always;
        }
        String no = environment.getOrDefault("NO_COLOR", "");
        String force = environment.getOrDefault("CLICOLOR_FORCE", "0");
        if (!no.isEmpty() || dumb()) {
            return false;
        }
        return !force.equals("0") || winsize(stream) >= 0;
    }

    private int winsize(int stream) {
        try {
            return real ? Kernel.linux().winsize(stream) : -Errno.ENOTTY;
        } catch (UnsupportedOperationException e) {
            return -Errno.ENOTTY; // no Linux: the command itself will say so
        }
    }
}
