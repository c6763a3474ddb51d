package dev.fid.tests.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A program that has the relay on its module path: it starts with the flags that the message and the page name.
class ModulePathTest {
    private static final String PROGRAM = """
        package app;

        public class Main {
            public static void main(String[] arguments) {
                try (var loops = new dev.fid.net.Loops(1)) {
                    System.out.println("loops");
                } catch (UnsupportedOperationException e) {
                    System.out.println(e.getMessage());
                }
            }
        }
        """;

    @TempDir
    Path dir;

    @BeforeEach
    void compile() throws Exception {
        Files.createDirectories(dir.resolve("src/app"));
        Files.writeString(dir.resolve("src/module-info.java"), "module app { requires dev.fid.net; }");
        Files.writeString(dir.resolve("src/app/Main.java"), PROGRAM);
        int status = ToolProvider.findFirst("javac")
                .orElseThrow()
                .run(
                        System.out,
                        System.err,
                        "-p",
                        modulePath(),
                        "-d",
                        dir.resolve("app").toString(),
                        dir.resolve("src/module-info.java").toString(),
                        dir.resolve("src/app/Main.java").toString());
        assertThat(status).isZero();
    }

    private static String modulePath() {
        List<String> modules = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            if (entry.matches(".*/(core|net)/target/.*|.*/fid-(core|net)-[^/]*|.*/netty-[^/]*")) {
                modules.add(entry);
            }
        }
        return String.join(":", modules);
    }

    private String run(String... flags) throws Exception {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--illegal-native-access=deny"));
        words.addAll(List.of(flags));
        words.addAll(List.of("-p", modulePath() + ":" + dir.resolve("app"), "-m", "app/app.Main"));
        Process program = new ProcessBuilder(words)
                .redirectError(dir.resolve("stderr").toFile())
                .start();
        program.getOutputStream().close();
        try (var out = program.getInputStream()) {
            String said = new String(out.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertThat(program.waitFor())
                    .as(Files.readString(dir.resolve("stderr")))
                    .isZero();
            return said.strip();
        }
    }

    @Test
    void theFlagsThatTheMessageNamesAreAllItNeeds() throws Exception {
        String message = run("--enable-native-access=dev.fid");
        assertThat(message).startsWith("Netty's epoll transport cannot be loaded: start java with --add-modules ");
        String flags = message.substring(message.indexOf("--add-modules"));
        assertThat(run(flags.split(" "))).isEqualTo("loops");
        String page = Files.readString(Path.of("../docs/how-to/native-access.md"));
        assertThat(page).contains(flags.replace("aarch_64", "x86_64"));
    }
}
