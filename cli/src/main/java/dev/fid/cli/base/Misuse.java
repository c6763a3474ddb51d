package dev.fid.cli.base;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// Words for arguments that cannot be understood.
public final class Misuse {
    private Misuse() {}

    /// An option or argument that the command does not have.
    public static String unknown(CommandLine command, String marked, boolean atRoot) {
        String argument = marked.replace(Words.LITERAL, "");
        if (!argument.startsWith("-")) {
            return atRoot
                    ? unknownCommand(argument, command)
                    : command.getCommandName() + ": '" + argument + "' is one argument too many";
        }
        int equals = argument.indexOf('=');
        String name = equals < 0 ? argument : argument.substring(0, equals);
        List<String> names =
                new ArrayList<>(command.getCommandSpec().optionsMap().keySet());
        String near = Suggest.nearest(name, names);
        return "Unknown option: '" + name + "'" + (near == null ? "" : "; did you mean '" + near + "'?");
    }

    public static String unknownCommand(String name, CommandLine commands) {
        String near =
                Suggest.nearest(name, new ArrayList<>(commands.getSubcommands().keySet()));
        return "Unknown command: '" + name + "'" + (near == null ? "" : "; did you mean '" + near + "'?");
    }

    /// What picocli says, in our form: `--limit: '12Q' ...`.
    public static String text(CommandLine.ParameterException e, Variables variables) {
        String text = unmarked(e.getMessage());
        ArgSpec spec = e.getArgSpec();
        String value = e.getValue() == null ? null : unmarked(e.getValue());
        if (spec instanceof OptionSpec option && text.startsWith("Invalid value for option")) {
            String where = variables.gave(option) ? Variables.of(option) : option.longestName();
            return where + text.substring(text.indexOf(": "));
        }
        if (spec instanceof PositionalParamSpec && text.startsWith("Invalid value for positional")) {
            String reason = text.substring(text.indexOf(": ") + 2);
            return value != null && !reason.startsWith(value) && !reason.startsWith("expected")
                    ? value + ": " + reason
                    : reason;
        }
        return text;
    }

    private static String unmarked(@Nullable String text) {
        return String.valueOf(text).replace(Words.LITERAL, "");
    }

    /// ` [OPTIONS] SRC DST`
    public static String parameters(CommandLine command) {
        StringBuilder text = new StringBuilder(" [OPTIONS]");
        for (PositionalParamSpec parameter : command.getCommandSpec().positionalParameters()) {
            if (parameter.hidden()) {
                continue;
            }
            boolean optional = parameter.arity().min() == 0;
            text.append(optional ? " [" : " ").append(parameter.paramLabel()).append(optional ? "]" : "");
        }
        return text.toString();
    }
}
