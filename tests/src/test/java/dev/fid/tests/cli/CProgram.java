package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A program of `src/test/c`, compiled for the test that needs it.
public final class CProgram {
    private CProgram() {}

    /// Goes on only where it can be compiled: with gcc, the headers of the C library and those of `libraries`.
    ///
    /// @param libraries what it is linked with: `seccomp`, `fuse3`
    public static Path build(String name, Path dir, String... libraries) throws IOException {
        Needs.headers("stdio.h");
        Path source = Path.of("src", "test", "c", name + ".c").toAbsolutePath();
        Path program = dir.resolve(name);
        List<String> words = new ArrayList<>(List.of(
                "gcc",
                "-O1",
                "-Wall",
                "-Wextra",
                "-D_FILE_OFFSET_BITS=64",
                "-o",
                program.toString(),
                source.toString()));
        for (String library : libraries) {
            if (library.equals("fuse3")) {
                Needs.headers("fuse3/fuse.h");
                words.add("-I/usr/include/fuse3");
            } else {
                Needs.headers(library + ".h");
            }
            words.add("-l" + library);
        }
        Path messages = dir.resolve(name + ".log");
        Process gcc = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(messages.toFile())
                .start();
        int status = Sandbox.waitFor(gcc);
        gcc.getOutputStream().close();
        assertThat(status).as(Files.readString(messages)).isZero();
        Files.delete(messages);
        return program;
    }
}
