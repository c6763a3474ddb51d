package dev.fid.cli;

import dev.fid.cli.base.Action;
import dev.fid.cli.base.Console;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Misuse;
import dev.fid.cli.base.Root;
import dev.fid.cli.base.Stop;
import dev.fid.cli.base.Variables;
import dev.fid.cli.base.Words;
import dev.fid.cli.bench.BenchCommand;
import dev.fid.cli.bench.DemoCommand;
import dev.fid.cli.copy.CopyCommand;
import dev.fid.cli.explain.ExplainCommand;
import dev.fid.cli.manual.ManCommand;
import dev.fid.cli.option.Values;
import dev.fid.cli.probe.ProbeCommand;
import dev.fid.cli.relay.ConfigCommand;
import dev.fid.cli.relay.CtlCommand;
import dev.fid.cli.relay.RelayCommand;
import dev.fid.cli.relay.TopCommand;
import dev.fid.cli.tee.TeeCommand;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;

/// Where `fid` starts: reads the arguments, runs the command, turns what it says into an exit code.
public final class Main {
    private static final String SHORT = """
        fid moves bytes between files, pipes and sockets, the cheapest way that the kernel allows.

          fid copy big.iso /mnt/                       a file, whole or not at all
          fid copy tcp-listen://:7000 backup.tar       what a peer sends
          fid explain big.iso tcp://localhost:7000     which way, and why
          fid relay :8443 10.0.0.5:443                 clients of a port to another host

          move bytes     copy, tee, relay
          a relay        ctl, top, config
          understand     explain, probe, bench, demo
          the rest       version, completion, help

        fid help COMMAND says more.
        """;

    /// Those that speak of every command.
    private static final Set<String> OF_ALL = Set.of("help", "man", "completion");

    private final Console console;
    private final Root root = new Root();
    private final CommandLine commands = new CommandLine(root);
    private final Variables variables;

    private Main(Console console, String... args) {
        this.console = console;
        Map<String, Supplier<Object>> all = all();
        // A command needs no other: without them fid starts in 0.8 of the time.
        boolean alone = args.length > 0 && all.containsKey(args[0]) && !OF_ALL.contains(args[0]);
        all.forEach((name, command) -> {
            if (!alone || name.equals(args[0])) {
                commands.addSubcommand(name, command.get());
            }
        });
        commands.setExpandAtFiles(false);
        commands.setOverwrittenOptionsAllowed(true); // the last one counts, as with getopt_long(3)
        variables = new Variables(console.environment());
        commands.setDefaultValueProvider(variables);
        commands.registerConverter(Path.class, new Values.OfPath());
        commands.registerConverter(String.class, new Values.OfText());
        commands.getCommandSpec()
                .usageMessage()
                .exitCodeListHeading("%nExit codes:%n")
                .exitCodeList(Exit.meanings());
    }

    private Map<String, Supplier<Object>> all() {
        Map<String, Supplier<Object>> all = new LinkedHashMap<>();
        all.put("copy", () -> new CopyCommand(root));
        all.put("tee", () -> new TeeCommand(root));
        all.put("explain", ExplainCommand::new);
        all.put("relay", () -> RelayCommand.model(root));
        all.put("ctl", CtlCommand::new);
        all.put("top", TopCommand::new);
        all.put("config", ConfigCommand::new);
        all.put("demo", DemoCommand::new);
        all.put("bench", BenchCommand::new);
        all.put("probe", ProbeCommand::new);
        all.put("version", VersionCommand::new);
        all.put("completion", CompletionCommand::new);
        all.put("help", HelpCommand::new);
        all.put("man", ManCommand::new);
        return all;
    }

    /// The model of all commands, as their help, man pages and completion have it.
    public static CommandLine model() {
        return new Main(new Console(OutputStream.nullOutputStream(), System.err, false, Map.of())).commands;
    }

    /// The command.
    public static void main(String[] args) {
        Console console = new Console(new FileOutputStream(FileDescriptor.out), System.err, true, System.getenv());
        Thread.ofPlatform().daemon().name("fid-link").start(Main::link);
        int exit = new Main(console, args).run(args, true);
        System.exit(exit);
    }

    /// Links the kernel's calls, which takes 0.08 s, while another processor reads the arguments.
    private static void link() {
        try {
            Kernel.linux();
        } catch (UnsupportedOperationException e) {
            // Whoever needs them is told the same.
        }
    }

    /// Runs a command inside a program; it takes no signals, and stdin is the program's.
    ///
    /// @return the exit code
    public static int run(String[] args, OutputStream out, OutputStream err) {
        PrintStream talk = new PrintStream(err, true, StandardCharsets.UTF_8);
        return new Main(new Console(out, talk, false, Map.of()), args).run(args, false);
    }

    private int run(String[] args, boolean own) {
        String command = "";
        try {
            CommandLine.ParseResult parsed = commands.parseArgs(Words.marked(own ? Words.exact(args) : args));
            CommandLine last = last(parsed);
            command = isRoot(last) ? "" : last.getCommandName() + ": ";
            run(last, own);
            return Exit.DONE;
        } catch (CommandLine.ParameterException e) {
            return misused(e);
        } catch (Failure e) {
            return failed(command, e);
        } catch (Exception | Error e) {
            return broken(args, e);
        } finally {
            console.err().flush();
        }
    }

    private static boolean isRoot(CommandLine command) {
        return command.getParent() == null;
    }

    private static CommandLine last(CommandLine.ParseResult parsed) {
        CommandLine.ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        return last.commandSpec().commandLine();
    }

    private void run(CommandLine last, boolean own) throws Failure {
        Stop stop = new Stop(Thread.currentThread());
        Context context = new Context(console, stop, root, own, commands);
        try {
            if (root.help()) {
                console.print(context.help(last, 1));
            } else if (root.version()) {
                console.print(VersionCommand.text());
            } else if (last.getCommand() instanceof Action action) {
                action.run(context);
            } else {
                console.print(SHORT);
            }
        } catch (Failure e) {
            if (e.showsHelp()) {
                console.err().print(context.help(last, 2));
            }
            throw e;
        } finally {
            if (!own && stop.reason() != null) {
                Thread.interrupted(); // the caller's thread goes on
            }
        }
    }

    // ---- what is said of a failure ----

    private int failed(String command, Failure e) {
        if (e.exit() == Exit.PIPE || e.text().isEmpty()) {
            return e.exit(); // whoever read our output has gone: there is nobody to tell; or all was told
        }
        say(command + e.text(), e.hint());
        if (root.verbose() >= 2 && e.getCause() != null) {
            e.getCause().printStackTrace(console.err());
        }
        return e.exit();
    }

    private void say(String text, String hint) {
        console.say(root.color(), text, hint);
    }

    private int misused(CommandLine.ParameterException e) {
        CommandLine where = e.getCommandLine();
        String command = isRoot(where) ? "" : where.getCommandName() + ": ";
        List<String> unknown =
                e instanceof CommandLine.UnmatchedArgumentException unmatched ? unmatched.getUnmatched() : List.of();
        if (unknown.isEmpty()) {
            say(command + Misuse.text(e, variables), "");
        } else {
            say(Misuse.unknown(where, unknown.getFirst(), isRoot(where)), "");
        }
        String synopsis = isRoot(where)
                ? "fid [OPTIONS] COMMAND [ARGS]; see fid help"
                : "fid " + where.getCommandName() + Misuse.parameters(where) + "; see fid help "
                        + where.getCommandName();
        console.err().println("usage: " + synopsis);
        return Exit.USAGE;
    }

    private int broken(String[] args, Throwable bug) {
        String report = "not written";
        try {
            Path file = Files.createTempFile("fid-bug-", ".txt");
            try (PrintWriter writer = new PrintWriter(file.toFile(), StandardCharsets.UTF_8)) {
                writer.println(VersionCommand.text() + "arguments: "
                        + Name.shown(List.of(args).toString()));
                bug.printStackTrace(writer);
            }
            report = file.toString();
        } catch (IOException e) {
            bug.addSuppressed(e);
        }
        say("this is a bug of fid: " + bug, "please report it with the file " + report);
        if (root.verbose() >= 2) {
            bug.printStackTrace(console.err());
        }
        return Exit.BUG;
    }
}
