package dev.fid.cli;

import picocli.CommandLine;

/// What a command has to work with.
///
/// @param own whether the process is ours alone: then signals are ours, too
/// @param commands the model of all commands, for help and completion
record Context(Console console, Stop stop, Root root, boolean own, CommandLine commands) {
    boolean colors(int stream) {
        return console.colors(root.color(), stream);
    }

    /// Tells of a failure that does not end the command.
    void say(String text, String hint) {
        console.say(root.color(), text, hint);
    }

    /// The help of a command, or of `fid` itself.
    String help(CommandLine command, int stream) {
        return command.getUsageMessage(colors(stream) ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF);
    }
}
