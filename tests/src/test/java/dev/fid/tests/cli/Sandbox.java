package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.measure.LauncherFlags;
import dev.fid.cli.Main;
import dev.fid.tests.Await;
import dev.fid.tests.Needs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A directory in which `./fid` is the command, and ways to run it there.
public abstract class Sandbox {
    private static final int SECONDS = 120; // after which a process is taken to hang
    private static final @Nullable Path PACKAGED = packaged();

    @TempDir
    Path dir;

    /// `fid` as the launcher starts it: with its jars and their cache where they were packaged, else from this test's
    /// class path.
    static List<String> fid(String... arguments) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:disable",
                "-Xlog:all=warning,aot*=off,cds*=off:stderr"));
        words.addAll(LauncherFlags.COPY_JVM);
        if (PACKAGED != null) {
            words.add("-XX:AOTCache=" + PACKAGED.resolve("fid.aot"));
        }
        words.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath() + (needsServer(List.of(arguments)) ? ":" + serverClassPath() : ""),
                "dev.fid.cli.Main"));
        words.addAll(List.of(arguments));
        return words;
    }

    /// The folder of the packaged command, where this test runs with its jar; null where it runs with classes.
    private static @Nullable Path packaged() {
        for (String jar : given(".*/cli/target/fid-cli-[^/]*[.]jar")) {
            Path folder = Path.of(jar).getParent();
            if (folder != null && Files.isReadable(folder.resolve("fid.aot"))) {
                return folder;
            }
        }
        return null;
    }

    /// Only what the command needs: a short class path opens faster.
    public static String classPath() {
        if (PACKAGED != null) {
            return jarsIn(PACKAGED.resolve("lib"));
        }
        return String.join(
                ":",
                given(".*/(core|model|bench|cli)/target/.*|.*/fid-(core|model|bench|cli)-[^/]*" + "|.*/picocli-[^/]*"));
    }

    /// What the commands of a relay need besides, as in the launcher.
    private static String serverClassPath() {
        if (PACKAGED != null) {
            return jarsIn(PACKAGED.resolve("lib/server"));
        }
        return String.join(":", given(".*/net/target/.*|.*/fid-net-[^/]*|.*/(netty|tomlj|antlr4-runtime)-[^/]*"));
    }

    /// In the order in which java expands the launcher's `lib/*`: the cache is for that order alone.
    private static String jarsIn(Path folder) {
        List<String> jars = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, "*.jar")) {
            all.forEach(jar -> jars.add(jar.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return String.join(":", jars);
    }

    private static List<String> given(String pattern) {
        List<String> needed = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            if (entry.matches(pattern)) {
                needed.add(entry);
            }
        }
        return needed;
    }

    private static boolean needsServer(List<String> arguments) {
        return arguments.stream().anyMatch(List.of("relay", "ctl", "top", "config")::contains);
    }

    /// A script named `fid`, so that examples can be run as they are printed.
    @BeforeEach
    void writeLauncher() throws IOException {
        Path bin = Files.createDirectory(dir.resolve(".bin"));
        String script = "#!/bin/sh\ncase \" $* \" in\n*' relay '* | *' ctl '* | *' top '* | *' config '*)\n"
                + exec(fid("relay").subList(0, fid().size())) + "esac\n" + exec(fid());
        Files.writeString(bin.resolve("fid"), script);
        Files.setPosixFilePermissions(bin.resolve("fid"), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static String exec(List<String> words) {
        return "exec '" + String.join("' '", words) + "' \"$@\"\n";
    }

    /// Runs a line of sh(1) with `fid` on its path.
    Ran sh(String line) throws IOException {
        return finish(start(List.of("sh", "-c", line)));
    }

    Ran run(List<String> command) throws IOException {
        return finish(start(command));
    }

    /// A process in the directory, stdin empty. Its stderr goes to a file so that nobody needs to read it
    /// meanwhile.
    Process start(List<String> command) throws IOException {
        List<String> words = new ArrayList<>(List.of("env", "--default-signal")); // the tests may run under nohup(1)
        words.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(words).directory(dir.toFile());
        builder.environment().put("PATH", dir.resolve(".bin") + ":" + System.getenv("PATH"));
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("TERM", "xterm"); // not that of whoever runs the tests
        List.of("NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "FID_JAVA_OPTS")
                .forEach(builder.environment()::remove);
        builder.redirectError(errorFile().toFile());
        builder.redirectInput(Path.of("/dev/null").toFile());
        return builder.start();
    }

    private Path errorFile() {
        return dir.resolve(".stderr");
    }

    String errorsSoFar() throws IOException {
        return Files.readString(errorFile());
    }

    Ran finish(Process process) throws IOException {
        CompletableFuture<Void> tooLate = CompletableFuture.runAsync(
                process::destroyForcibly, CompletableFuture.delayedExecutor(SECONDS, TimeUnit.SECONDS));
        try (InputStream out = process.getInputStream()) {
            byte[] data = out.readAllBytes();
            return new Ran(waitFor(process), data, errorsSoFar());
        } finally {
            tooLate.cancel(false);
            process.getOutputStream().close();
            process.getErrorStream().close();
        }
    }

    static int waitFor(Process process) {
        try {
            assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).as("ended").isTrue();
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }

    /// The command inside this process; paths are relative to the working directory, so pass whole ones.
    static Ran here(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Main.run(arguments, out, err);
        return new Ran(status, out.toByteArray(), err.toString(UTF_8));
    }

    String path(String name) {
        return dir.resolve(name).toString();
    }

    /// A file of bytes that no block shares with another.
    byte[] file(String name, int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        Files.write(dir.resolve(name), bytes);
        return bytes;
    }

    byte[] content(String name) throws IOException {
        return Files.readAllBytes(dir.resolve(name));
    }

    /// The names in the directory but for our own, so that a leftover shows.
    Set<String> names() throws IOException {
        Set<String> names = new TreeSet<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(dir)) {
            for (Path entry : entries) {
                names.add(entry.getFileName().toString());
            }
        }
        names.remove(".bin");
        names.remove(".stderr");
        return names;
    }

    void await(String what, BooleanSupplier condition) {
        Await.until(what, condition);
    }

    void awaitError(String text) {
        await("'" + text + "' on stderr", () -> {
            try {
                return errorsSoFar().contains(text);
            } catch (IOException e) {
                return false;
            }
        });
    }

    static void signal(String name, Process process) throws IOException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start();
        waitFor(kill);
    }

    /// Goes on only with these programs, as root where `root` says so.
    static void require(boolean root, String... programs) {
        if (root) {
            Needs.root();
        }
        Needs.programs(programs);
    }

    static void check(boolean possible, String reason) {
        Needs.that(possible, reason);
    }
}
