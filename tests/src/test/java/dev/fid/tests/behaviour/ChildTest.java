package dev.fid.tests.behaviour;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.conformance.LoopMount;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What depends on how the JVM was started: flags, two carriers, another user, few descriptors.
class ChildTest {
    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

    @TempDir
    Path dir;

    /// The lines that {@link Child} prints, stderr included.
    private static List<String> child(List<String> before, List<String> flags, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Child.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try (InputStream out = process.getInputStream()) {
            List<String> lines = new String(out.readAllBytes(), UTF_8).lines().toList();
            assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
            return lines;
        } finally {
            process.getErrorStream().close();
        }
    }

    private static List<String> child(List<String> flags, String... arguments) throws Exception {
        return child(List.of(), flags, arguments);
    }

    // ---- native access ----

    @Test
    void withoutTheFlagTheJdkWarnsAndItWorks() throws Exception {
        List<String> lines = child(List.of(), "kernel");
        assertThat(lines).anyMatch(line -> line.contains("restricted method"));
        assertThat(lines).last().asString().startsWith("user ");
    }

    @Test
    void whereNativeAccessIsDeniedTheErrorNamesTheFlag() throws Exception {
        assertThat(child(List.of("--illegal-native-access=deny"), "kernel"))
                .containsExactly("Fid needs native access: start java with --enable-native-access=ALL-UNNAMED");
    }

    @Test
    void onTheModelNothingOfThisMachineIsNeeded() throws Exception {
        assertThat(child(List.of("--illegal-native-access=deny", "-Dos.name=Mac OS X"), "model"))
                .containsExactly(
                        "pipes 131072",
                        "100000 by splice_through_pipe",
                        "transfer 100000",
                        "fanout 50000",
                        "link 10000",
                        "tree 1");
    }

    @Test
    void onAnotherSystemTheErrorNamesIt() throws Exception {
        assertThat(child(List.of(NATIVE, "-Dos.name=Mac OS X"), "kernel"))
                .singleElement()
                .asString()
                .contains("system calls of Linux", "this is Mac OS X on ");
    }

    @Test
    void withTheFlagsOfItsErrorAChannelTellsItsDescriptor() throws Exception {
        Path file = Files.writeString(dir.resolve("f"), "hello");
        List<String> flags = List.of(
                NATIVE,
                "--add-opens",
                "java.base/java.io=ALL-UNNAMED",
                "--add-opens",
                "java.base/sun.nio.ch=ALL-UNNAMED");
        assertThat(child(flags, "channel", file.toString())).containsExactly("file false 5", "tcp socket, pipe, pipe");
    }

    // ---- limits ----

    // G17
    @Test
    void aUserWhosePipePagesAreUsedUpStillMovesBytesAndIsToldWhy() throws Exception {
        LoopMount.require("setpriv");
        Path open = readableByAll();
        List<String> other = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
        List<String> lines = childOf(open, other, "budget");
        assertThat(lines.get(0)).startsWith("first 1048576 last ");
        assertThat(lines.get(1)).matches("limit [1-9]\\d* over false");
        assertThat(lines.get(2)).isEqualTo("100000 by readwrite");
        assertThat(lines.get(3)).contains("EPERM", "pipe pages are used up");
        assertThat(lines).last().isEqualTo("after 0 0");
    }

    private List<String> childOf(Path classes, List<String> before, String what) throws Exception {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(NATIVE, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"));
        command.add(classes.toString());
        command.addAll(List.of(Child.class.getName(), what));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try (InputStream out = process.getInputStream()) {
            List<String> lines = new String(out.readAllBytes(), UTF_8).lines().toList();
            assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
            return lines;
        } finally {
            process.getErrorStream().close();
        }
    }

    /// Fid's classes where any user may read them.
    private Path readableByAll() throws IOException {
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path classes = Files.createDirectory(dir.resolve("classes"));
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            Path from = Path.of(entry, "dev", "fid");
            if (Files.isDirectory(from)) {
                copyTree(Path.of(entry), classes);
            } else if (entry.matches(".*/(fid|jspecify|assertj|junit)[^/]*\\.jar")) {
                Path jar = Path.of(entry);
                try (java.util.zip.ZipFile zip = new java.util.zip.ZipFile(jar.toFile())) {
                    for (java.util.zip.ZipEntry file : java.util.Collections.list(zip.entries())) {
                        Path to = classes.resolve(file.getName());
                        if (file.getName().startsWith("dev/fid") && !file.isDirectory()) {
                            Files.createDirectories(to.getParent());
                            try (InputStream in = zip.getInputStream(file)) {
                                Files.copy(in, to);
                            }
                        }
                    }
                }
            }
        }
        return classes;
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (java.util.stream.Stream<Path> files = Files.walk(from.resolve("dev"))) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else if (!Files.exists(target)) {
                    Files.copy(file, target);
                }
            }
        }
    }

    // G17
    @Test
    void withoutADescriptorForAPipeTheBytesAreCopied() throws Exception {
        Path file = Files.writeString(dir.resolve("f"), "hello");
        assertThat(child(List.of(NATIVE), "descriptors", file.toString()))
                .containsExactly(
                        "file", "100000 by readwrite", "splice_through_pipe: pipe2 EMFILE, no pipe can be had");
    }

    // ---- virtual threads ----

    private List<String> onTwoCarriers(String what) throws Exception {
        Path file = dir.resolve("f");
        Files.write(file, Fixture.pattern(8 << 20));
        return child(
                List.of(
                        NATIVE,
                        "-Djdk.virtualThreadScheduler.parallelism=2",
                        "-Djdk.virtualThreadScheduler.maxPoolSize=2"),
                what,
                file.toString());
    }

    @Test
    void stalledTransfersHoldNoCarrierAndNoThreadForFiles() throws Exception {
        assertThat(onTwoCarriers("fid")).containsExactly("handshakes true", "copied true", "stalled 192", "ended true");
        assertThat(Files.mismatch(dir.resolve("f"), dir.resolve("copy"))).isEqualTo(-1);
    }

    /// What Fid is for: should this ever fail, the JDK has learnt it.
    @Test
    void stalledTransfersOfTheJdkHoldAllCarriers() throws Exception {
        assertThat(onTwoCarriers("jdk")).containsExactly("handshakes false", "released true");
    }
}
