package dev.fid.cli.manual;

import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Variables;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// A man page of a command: what the model knows, and beside it the texts of its {@link Manual}.
public final class ManPage {
    /// When the texts were last gone through. Not the day of the build: the same sources give the same pages.
    private static final String DATE = "2026-11-22";

    /// What stands in no command, with its first line.
    public static final Map<String, String> TOPICS =
            Map.of("endpoints", "what fid reads from and writes to: the forms of SRC and DST");

    private final CommandSpec spec;
    private final CommandLine.Help help;
    private final Manual manual;
    private final Roff roff;

    private ManPage(CommandLine command) {
        this.spec = command.getCommandSpec();
        this.help = command.getHelp();
        String name = name(spec);
        this.manual = Manual.of(spec.name());
        this.roff = new Roff(name, 1, DATE);
    }

    /// Every page, by its path below a directory of manuals: `man1/fid-copy.1`.
    static Map<String, String> all(CommandLine commands) {
        Map<String, String> pages = new TreeMap<>();
        pages.put("man1/fid.1", new ManPage(commands).write());
        for (CommandLine command : visible(commands)) {
            pages.put("man1/" + name(command.getCommandSpec()) + ".1", new ManPage(command).write());
        }
        TOPICS.forEach((topic, summary) -> pages.put("man7/fid-" + topic + ".7", topic(topic, summary)));
        return pages;
    }

    private static List<CommandLine> visible(CommandLine commands) {
        return commands.getSubcommands().values().stream()
                .filter(command -> !command.getCommandSpec().usageMessage().hidden())
                .toList();
    }

    private static String topic(String topic, String summary) {
        Roff roff = new Roff("fid-" + topic, 7, DATE);
        roff.heading("NAME");
        roff.line("fid-" + topic + " - " + summary);
        Manual manual = Manual.of(topic);
        roff.heading("DESCRIPTION");
        roff.markdown(manual.section(""), true);
        manual.sections().forEach((heading, lines) -> {
            if (!heading.isEmpty()) {
                roff.heading(heading);
                roff.markdown(lines, true);
            }
        });
        return roff.text();
    }

    private static String name(CommandSpec spec) {
        return spec.parent() == null ? spec.name() : spec.parent().name() + "-" + spec.name();
    }

    private String write() {
        List<String> description = new ArrayList<>(List.of(spec.usageMessage().description()));
        while (!description.isEmpty() && description.getLast().isEmpty()) {
            description.removeLast();
        }
        roff.heading("NAME");
        roff.line(name(spec) + " - " + summary(spec));
        synopsis();
        roff.heading("DESCRIPTION");
        if (spec.parent() != null) {
            roff.markdown(description, true);
        }
        roff.markdown(manual.section(""), spec.parent() == null);
        commands();
        arguments();
        options();
        exits();
        section("SIGNALS");
        environment();
        for (String heading :
                List.of("WALKS", "FILES", "NOTES", "WHAT DIFFERS FROM CP", "WHAT DIFFERS FROM TEE", "BUGS")) {
            section(heading);
        }
        examples();
        seeAlso();
        return roff.text();
    }

    /// The first sentence of the description, as the list of pages has it: no capital, no full stop.
    private static String summary(CommandSpec spec) {
        String text = String.join(" ", spec.usageMessage().description());
        int end = text.indexOf(". ");
        String first = (end < 0 ? text : text.substring(0, end)).strip();
        first = first.endsWith(".") ? first.substring(0, first.length() - 1) : first;
        return Character.toLowerCase(first.charAt(0)) + first.substring(1).replace("`", "");
    }

    private void synopsis() {
        roff.heading("SYNOPSIS");
        StringBuilder line = new StringBuilder("`" + spec.qualifiedName() + "` [*OPTIONS*]");
        if (!spec.subcommands().isEmpty()) {
            line.append(" *COMMAND* [*ARGS*]");
        }
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            boolean optional = parameter.arity().min() == 0;
            line.append(optional ? " [*" : " *").append(parameter.paramLabel()).append(optional ? "*]" : "*");
            line.append(parameter.arity().max() > 1 ? "..." : "");
        }
        roff.line(line.toString());
    }

    private void commands() {
        List<CommandLine> commands = visible(spec.commandLine());
        if (commands.isEmpty()) {
            return;
        }
        roff.heading("COMMANDS");
        for (CommandLine command : commands) {
            CommandSpec each = command.getCommandSpec();
            roff.term(Roff.bold(name(each)) + "(1)", summary(each) + ".");
        }
    }

    private void arguments() {
        if (spec.positionalParameters().isEmpty()) {
            return;
        }
        roff.heading("ARGUMENTS");
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            roff.term(Roff.italic(parameter.paramLabel()), described(parameter));
        }
    }

    private void options() {
        roff.heading("OPTIONS");
        shown(false).forEach(this::option);
        List<OptionSpec> common = shown(true);
        if (!common.isEmpty()) {
            roff.markdown(List.of("### Of every command"), false);
            common.forEach(this::option);
        }
    }

    /// In the order of the alphabet, as help has them.
    private List<OptionSpec> shown(boolean inherited) {
        return spec.options().stream()
                .filter(option -> !option.hidden() && option.inherited() == inherited)
                .sorted((a, b) -> key(a).compareTo(key(b)))
                .toList();
    }

    private static String key(OptionSpec option) {
        String name = option.longestName();
        return name.substring(name.lastIndexOf('-') == 0 ? 1 : 2);
    }

    private void option(OptionSpec option) {
        StringBuilder names = new StringBuilder();
        for (String name : option.names()) {
            names.append(names.isEmpty() ? "" : ", ").append(Roff.bold(name));
        }
        if (option.arity().max() > 0) {
            boolean optional = option.arity().min() == 0;
            // WHEN is a word that the text explains; auto|never is what one types.
            String label = option.paramLabel();
            String value = label.indexOf('|') >= 0 ? Roff.bold(label) : Roff.italic(label);
            names.append(optional ? "[=" : " ").append(value);
            names.append(option.splitRegex().isEmpty() ? "" : "[," + value + "...]")
                    .append(optional ? "]" : "");
        }
        roff.term(names.toString(), described(option));
    }

    /// The text of an option or argument, its candidates and defaults filled in.
    private String described(ArgSpec arg) {
        Help.ColorScheme plain = Help.defaultColorScheme(Help.Ansi.OFF);
        Help.Ansi.Text[][] rows = arg instanceof OptionSpec option
                ? help.createDefaultOptionRenderer().render(option, help.parameterLabelRenderer(), plain)
                : help.createDefaultParameterRenderer()
                        .render((PositionalParamSpec) arg, help.parameterLabelRenderer(), plain);
        List<String> lines = new ArrayList<>();
        for (Help.Ansi.Text[] row : rows) {
            lines.add(row[row.length - 1].toString());
        }
        return String.join(" ", lines);
    }

    private void section(String heading) {
        List<String> lines = manual.section(heading);
        if (!lines.isEmpty()) {
            roff.heading(heading);
            roff.markdown(lines, true);
        }
    }

    private void exits() {
        roff.heading("EXIT STATUS");
        Map<String, String> meanings = Exit.meanings();
        List<String> codes = manual.exits().isEmpty() ? List.copyOf(meanings.keySet()) : manual.exits();
        for (String code : codes) {
            roff.term(Roff.bold(code), Objects.requireNonNull(meanings.get(code), "no exit code " + code));
        }
    }

    private void environment() {
        Set<String> variables = new TreeSet<>();
        for (OptionSpec option : spec.options()) {
            String variable = Variables.of(option);
            if (variable != null) {
                variables.add("`" + variable + "`");
            }
        }
        List<String> lines = manual.section("ENVIRONMENT");
        if (variables.isEmpty() && lines.isEmpty()) {
            return;
        }
        roff.heading("ENVIRONMENT");
        if (!variables.isEmpty()) {
            roff.line(String.join(", ", variables));
            roff.indented(
                    "The option of that name, where it is not given and the variable is not empty; 1 and yes are for "
                            + "options that have no value.");
        }
        roff.markdown(lines, variables.isEmpty());
    }

    /// Those of the manual, which are explained, then the rest of those that the help has.
    private void examples() {
        List<String> explained = manual.section("EXAMPLES");
        List<String> more = examples(spec).stream()
                .filter(line -> !explained.contains("    " + line))
                .toList();
        if (explained.isEmpty() && more.isEmpty()) {
            return;
        }
        roff.heading("EXAMPLES");
        roff.markdown(explained, true);
        if (!more.isEmpty()) {
            roff.example(more);
        }
    }

    private static List<String> examples(CommandSpec spec) {
        return List.of(spec.usageMessage().footer()).stream()
                .filter(line -> line.startsWith("  fid "))
                .map(String::strip)
                .toList();
    }

    private void seeAlso() {
        List<String> pages = new ArrayList<>();
        if (spec.parent() != null) {
            pages.add("`fid`(1)");
        } else {
            visible(spec.commandLine()).forEach(command -> pages.add("`" + name(command.getCommandSpec()) + "`(1)"));
        }
        boolean takesEndpoints = spec.positionalParameters().stream().anyMatch(p -> p.converters().length > 0);
        if (spec.parent() == null || takesEndpoints) {
            pages.add("`fid-endpoints`(7)");
        }
        roff.heading("SEE ALSO");
        List<String> others = manual.section("SEE ALSO");
        roff.line(String.join(", ", pages) + (others.isEmpty() ? "" : ", " + String.join(" ", others)));
    }
}
