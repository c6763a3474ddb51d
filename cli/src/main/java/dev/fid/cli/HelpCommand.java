package dev.fid.cli;

import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Misuse;
import dev.fid.cli.manual.ManPage;
import dev.fid.cli.manual.Manual;
import java.util.Iterator;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `fid help COMMAND`.
@Command(
        name = "help",
        description = {"Prints the help of a command, as COMMAND --help does.", ""},
        footer = {"", "Examples:", "  fid help", "  fid help copy", "  fid help endpoints"})
final class HelpCommand implements Action {
    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "COMMAND",
            completionCandidates = Names.class,
            description = "The command, or `endpoints`: the forms of SRC and DST. None: fid itself.")
    private @Nullable String command;

    /// What the shells complete.
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            Set<String> names = new TreeSet<>(ManPage.TOPICS.keySet());
            Main.model().getSubcommands().forEach((name, command) -> {
                if (!command.getCommandSpec().usageMessage().hidden()) {
                    names.add(name);
                }
            });
            return names.iterator();
        }
    }

    @Override
    public void run(Context context) throws Failure {
        if (command != null && ManPage.TOPICS.containsKey(command)) {
            context.console().print(Manual.plain(command));
            return;
        }
        CommandLine named = command == null
                ? context.commands()
                : context.commands().getSubcommands().get(command);
        if (named == null) {
            throw Failure.usage(Misuse.unknownCommand(String.valueOf(command), context.commands()));
        }
        context.console().print(context.help(named, 1));
    }
}
