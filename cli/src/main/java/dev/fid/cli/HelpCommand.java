package dev.fid.cli;

import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `fid help COMMAND`.
@Command(
        name = "help",
        description = {"Prints the help of a command, as COMMAND --help does.", ""},
        footer = {"", "Examples:", "  fid help", "  fid help copy"})
final class HelpCommand implements Action {
    @Parameters(index = "0", arity = "0..1", paramLabel = "COMMAND", description = "The command; none: fid itself.")
    private @Nullable String command;

    @Override
    public void run(Context context) throws Failure {
        CommandLine named = command == null
                ? context.commands()
                : context.commands().getSubcommands().get(command);
        if (named == null) {
            throw Failure.usage(unknown(String.valueOf(command), context.commands()));
        }
        context.console().print(context.help(named, 1));
    }

    static String unknown(String name, CommandLine commands) {
        String near =
                Suggest.nearest(name, new ArrayList<>(commands.getSubcommands().keySet()));
        return "Unknown command: '" + name + "'" + (near == null ? "" : "; did you mean '" + near + "'?");
    }
}
