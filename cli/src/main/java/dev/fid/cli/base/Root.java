package dev.fid.cli.base;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// `fid` itself: the options that every command has.
@Command(
        name = "fid",
        synopsisSubcommandLabel = "COMMAND",
        description = {"Moves bytes between files, pipes and sockets without copying them through itself.", ""})
public final class Root {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Prints this help.")
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Prints the version.")
    private boolean version;

    @Option(
            names = {"-q", "--quiet"},
            scope = ScopeType.INHERIT,
            description = "Prints errors only.")
    private boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description =
                    "Says more: -v errno names and, with copy, a line a file; -vv every decision, -vvv how often each"
                            + " system call was made.")
    private boolean[] verbose = {};

    @Option(names = "--color", scope = ScopeType.INHERIT, paramLabel = "WHEN", description = "auto, always or never.")
    private Console.When color = Console.When.auto;

    public boolean help() {
        return help;
    }

    public boolean version() {
        return version;
    }

    public boolean quiet() {
        return quiet;
    }

    public int verbose() {
        return verbose.length;
    }

    public Console.When color() {
        return color;
    }
}
