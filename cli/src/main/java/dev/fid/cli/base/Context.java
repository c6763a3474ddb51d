package dev.fid.cli.base;

import picocli.CommandLine;

/// What a command has to work with.
///
/// @param own whether the process is ours alone: then signals are ours, too
/// @param commands the model of all commands, for help and completion
public record Context(Console console, Stop stop, Root root, boolean own, CommandLine commands) {
    private static final int NARROWEST = 55; // picocli has none below
    private static final int WIDEST = 100; // longer lines are hard to read

    public boolean colors(int stream) {
        return console.colors(root.color(), stream);
    }

    /// Tells of a failure that does not end the command.
    public void say(String text, String hint) {
        console.say(root.color(), text, hint);
    }

    /// The help of a command, or of `fid` itself; as wide as the terminal that it goes to, within reason.
    public String help(CommandLine command, int stream) {
        int columns = console.columns(stream);
        if (columns > 0) {
            command.setUsageHelpWidth(Math.clamp(columns, NARROWEST, WIDEST));
        }
        return command.getUsageMessage(colors(stream) ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF);
    }
}
