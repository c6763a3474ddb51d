package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A program of `src/test/c`, compiled for the test that needs it.
final class CProgram {
    private CProgram() {}

    static Path build(String name, Path dir, String... flags) throws IOException {
        Path source = Path.of("src", "test", "c", name + ".c").toAbsolutePath();
        Path program = dir.resolve(name);
        List<String> words =
                new ArrayList<>(List.of("gcc", "-O1", "-Wall", "-Wextra", "-o", program.toString(), source.toString()));
        words.addAll(List.of(flags));
        Path messages = dir.resolve(name + ".log");
        Process gcc = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(messages.toFile())
                .start();
        int status = Sandbox.waitFor(gcc);
        gcc.getOutputStream().close();
        assertThat(status).as(Files.readString(messages)).isZero();
        return program;
    }
}
