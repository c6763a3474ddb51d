package dev.fid.cli.base;

import org.jspecify.annotations.Nullable;

/// The end of a command that did not do what it was asked: one line for the user, at most one hint, an exit code.
public final class Failure extends Exception {
    private static final long serialVersionUID = 1;

    private static final String HELP = "\0help";

    /// Between two failures that are told at once, each on a line. No name has it in itself.
    public static final String NEXT = "\0";

    private final int exit;
    private final String hint;

    public Failure(int exit, String text, String hint, @Nullable Throwable cause) {
        super(text, cause);
        this.exit = exit;
        this.hint = hint;
    }

    public Failure(int exit, String text) {
        this(exit, text, "", null);
    }

    public static Failure usage(String text) {
        return new Failure(Exit.USAGE, text);
    }

    /// Said where the whole help serves better than a line about the mistake.
    public static Failure help(String text) {
        return new Failure(Exit.USAGE, text, HELP, null);
    }

    public boolean showsHelp() {
        return hint.equals(HELP);
    }

    public int exit() {
        return exit;
    }

    /// Empty where there is none.
    public String hint() {
        return showsHelp() ? "" : hint;
    }

    /// What is said, without `fid: COMMAND: `.
    public String text() {
        String text = getMessage();
        return text == null ? "" : text;
    }
}
