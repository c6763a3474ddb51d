package dev.fid.tests.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// An example as a process of its own.
final class Running implements AutoCloseable {
    private final Process process;
    private final Path errors;
    private final BufferedReader out;

    private Running(Process process, Path errors) {
        this.process = process;
        this.errors = errors;
        this.out = process.inputReader(UTF_8);
    }

    /// What a program left behind.
    record Ran(int status, String out, String err) {}

    /// Starts `name` (e.g. `articles.SpliceCopy`); its stdin comes from `in`.
    static Running start(Path directory, Path in, List<String> before, String name, Object... arguments)
            throws IOException {
        List<String> words = new ArrayList<>(before);
        words.addAll(command(name, arguments));
        Path errors = Files.createTempFile(directory, "stderr", "");
        Process process = new ProcessBuilder(words)
                .directory(directory.toFile())
                .redirectInput(in.toFile())
                .redirectError(errors.toFile())
                .start();
        process.getOutputStream().close();
        return new Running(process, errors);
    }

    static Running start(Path directory, String name, Object... arguments) throws IOException {
        return start(directory, Path.of("/dev/null"), List.of(), name, arguments);
    }

    static Ran run(Path directory, String name, Object... arguments) throws IOException {
        try (Running running = start(directory, name, arguments)) {
            return running.end();
        }
    }

    /// The words that start it.
    static List<String> command(String name, Object... arguments) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath(),
                "examples." + name));
        for (Object argument : arguments) {
            words.add(argument.toString());
        }
        return words;
    }

    private static String classPath() {
        List<String> needed = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            if (entry.matches(".*/(core|examples)/target/.*|.*/fid-(core|examples)-[^/]*")) {
                needed.add(entry);
            }
        }
        return String.join(":", needed);
    }

    /// The port that it says it listens on, in its first line.
    int port() throws IOException {
        String line = out.readLine();
        assertThat(line).as(Files.readString(errors)).startsWith("listening on ");
        return Integer.parseInt(line.substring("listening on ".length()));
    }

    String line() throws IOException {
        return String.valueOf(out.readLine());
    }

    /// What it has said on stderr by now.
    String errorsSoFar() {
        try {
            return Files.readString(errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// How many descriptors it has open.
    int descriptors() {
        String[] open =
                Path.of("/proc", Long.toString(process.pid()), "fd").toFile().list();
        return open == null ? 0 : open.length;
    }

    /// Waits for its end.
    Ran end() throws IOException {
        String rest = String.join("\n", out.lines().toList());
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ended").isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
        return new Ran(process.exitValue(), rest, Files.readString(errors));
    }

    /// Ends a server.
    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
        out.close();
        try (InputStream unused = process.getErrorStream()) {
            assertThat(unused.available()).isZero(); // it went to the file
        }
    }
}
