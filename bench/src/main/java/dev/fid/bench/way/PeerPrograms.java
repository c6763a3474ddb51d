package dev.fid.bench.way;

import dev.fid.bench.bed.Bed;
import dev.fid.bench.measure.Counter;
import dev.fid.bench.measure.LauncherFlags;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Stopwatch;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Those we are measured against outside of this process: the reference programs in C, which are compiled here
/// and now, and the tools that users have.
public final class PeerPrograms {
    private static final List<String> SOURCES =
            List.of("measure.h", "copy.c", "socket.c", "pipes.c", "child.c", "articles.c", "copy.go");

    private final Path directory;
    private final int cpu;
    private final String refusal;
    private @Nullable String goRefusal;

    private PeerPrograms(Path directory, int cpu, String refusal) {
        this.directory = directory;
        this.cpu = cpu;
        this.refusal = refusal;
    }

    /// Compiles the programs into `directory`. Without a compiler there are none, and {@link #refusal} says so.
    ///
    /// @param cpu processor that they stay on, -1 for any
    public static PeerPrograms compiled(Path directory, int cpu) throws IOException {
        for (String source : SOURCES) {
            try (InputStream in = PeerPrograms.class.getResourceAsStream("/dev/fid/bench/peers/" + source)) {
                if (in == null) {
                    throw new IOException("the C programs are not in this build: peers/" + source);
                }
                Files.copy(in, directory.resolve(source));
            }
        }
        for (String source : SOURCES) {
            if (source.endsWith(".c")) {
                String program = source.substring(0, source.length() - 2);
                List<String> command = List.of("cc", "-O2", "-o", program, source);
                String said;
                try {
                    said = output(directory, command);
                } catch (IOException e) {
                    return new PeerPrograms(directory, cpu, "no C compiler: " + e.getMessage());
                }
                if (!Files.isExecutable(directory.resolve(program))) {
                    return new PeerPrograms(directory, cpu, String.join(" ", command) + ": " + said);
                }
            }
        }
        return new PeerPrograms(directory, cpu, "");
    }

    /// Why there are no reference programs; empty where there are.
    public String refusal() {
        return refusal;
    }

    /// Compiles what is compiled when it is needed.
    public void prepare() {
        String _ = goRefusal();
    }

    /// Why there is no Go program; empty where there is. The first call compiles it.
    public String goRefusal() {
        String known = goRefusal;
        if (known != null) {
            return known;
        }
        String said;
        try {
            said = output(directory, List.of("go", "build", "-o", "gocopy", "copy.go"));
            said = Files.isExecutable(directory.resolve("gocopy")) ? "" : said;
        } catch (IOException e) {
            said = "no Go compiler";
        }
        goRefusal = said;
        return said;
    }

    // ---- programs that take part ----

    /// A reference program, started by its first run, which then waits for more.
    ///
    /// @param arguments behind the processor
    public Reference reference(String program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(directory.resolve(program).toString());
        command.add(Integer.toString(cpu));
        command.addAll(List.of(arguments));
        return new Reference(command);
    }

    /// One of our programs in C as a contender; see measure.h for what is said between us.
    static final class Reference implements Runner {
        private final List<String> command;
        private @Nullable Process process;
        private @Nullable BufferedReader answers;
        private @Nullable BufferedWriter questions;

        private Reference(List<String> command) {
            this.command = command;
        }

        @Override
        public Outcome move(Bed bed, Stopwatch watch) throws IOException {
            BufferedWriter question = questions;
            BufferedReader answer = answers;
            if (question == null || answer == null) {
                Process started = new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
                process = started;
                questions = question = started.outputWriter(StandardCharsets.US_ASCII);
                answers = answer = started.inputReader(StandardCharsets.US_ASCII);
                expect(answer.readLine(), "ready");
            }
            question.write("go\n");
            question.flush();
            String line = answer.readLine();
            String[] words = line == null ? new String[0] : line.split(" ", -1);
            if (words.length != 7 || line == null || line.startsWith("error")) {
                throw new IOException(command.get(2) + ": " + line);
            }
            long[] n = new long[7];
            for (int i = 0; i < n.length; i++) {
                n[i] = Long.parseLong(words[i]);
            }
            return new Outcome(
                    new Sample(n[0], n[1], n[2], n[3], n[4]), null, n[5] < 0 ? null : new Counted(n[5], n[6]));
        }

        private static void expect(@Nullable String line, String word) throws IOException {
            if (!word.equals(line)) {
                throw new IOException("expected '" + word + "', got '" + line + "'");
            }
        }

        /// The end of its stdin ends it.
        @Override
        public void end() {
            Process running = process;
            process = null;
            questions = null;
            answers = null;
            if (running != null) {
                try {
                    running.outputWriter(StandardCharsets.US_ASCII).close();
                    if (!running.waitFor(2, TimeUnit.SECONDS)) {
                        running.destroyForcibly();
                    }
                } catch (IOException e) {
                    running.destroyForcibly();
                } catch (InterruptedException e) {
                    running.destroyForcibly();
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    // ---- tools ----

    /// The same, on any processor.
    public PeerPrograms everywhere() {
        return new PeerPrograms(directory, -1, refusal);
    }

    /// A command that does one run and ends; start and end are part of what it takes.
    ///
    /// @param out the file that gets its stdout, or `-`
    public Runner tool(String out, List<String> command) {
        return (bed, watch) -> {
            Cost cost = run(out, command);
            return new Runner.Outcome(
                    new Sample(
                            bed.content().length(),
                            cost.wallNanos(),
                            cost.cpuNanos(),
                            Counter.NOT_COUNTED,
                            Counter.NOT_COUNTED),
                    null);
        };
    }

    /// What starts `fid` as its launcher does, for a shell; null where the command is not part of this process.
    public static @Nullable String fidCommand() {
        String main = "dev.fid.cli.Main";
        try {
            Class.forName(main, false, PeerPrograms.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            return null;
        }
        return "'" + Path.of(System.getProperty("java.home"), "bin", "java")
                + "' " + String.join(" ", LauncherFlags.COPY_JVM) + classes()
                + " --enable-native-access=ALL-UNNAMED -cp '"
                + System.getProperty("java.class.path")
                + "' " + main;
    }

    /// The classes that the launcher has ready, where there are any.
    private static String classes() {
        return LauncherFlags.commandLine().stream()
                .filter(argument -> argument.startsWith("-XX:AOTCache="))
                .map(argument -> " '" + argument + "'")
                .findFirst()
                .orElse("");
    }

    /// What a command took, its start and end included.
    public record Cost(long wallNanos, long userNanos, long systemNanos, long maxRssKib) {
        long cpuNanos() {
            return userNanos + systemNanos;
        }
    }

    /// The command that runs one of our programs once.
    public List<String> once(String program, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(directory.resolve(program).toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    /// Runs a command to its end.
    public Cost run(String out, List<String> command) throws IOException {
        List<String> whole =
                new ArrayList<>(List.of(directory.resolve("child").toString(), Integer.toString(cpu), out));
        whole.addAll(command);
        String said = output(directory, whole);
        String[] words = said.split(" ", -1);
        if (words.length != 5 || !words[4].equals("0")) {
            throw new IOException(command.getFirst() + " failed: " + said);
        }
        return new Cost(
                Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2]), Long.parseLong(words[3]));
    }

    /// Whether there is a command of this name.
    public static boolean isThere(String command) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.of(path.split(":", -1)).anyMatch(directory -> Files.isExecutable(Path.of(directory, command)));
    }

    /// The first line that `command --version` prints; empty where there is no such command.
    public static String version(String command) {
        return version(command, "--version");
    }

    /// The first line that `command option` prints; empty where there is no such command.
    public static String version(String command, String option) {
        try {
            return output(Path.of("."), List.of(command, option))
                    .lines()
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    /// Stdout and stderr of a command, which runs to its end; whether it failed is for the caller to find out.
    public static String output(Path directory, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        try (InputStream in = process.getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } finally {
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
