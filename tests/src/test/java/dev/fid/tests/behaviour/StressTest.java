package dev.fid.tests.behaviour;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Everything that can be closed is closed at any time, for ten seconds; two minutes with `-Dfid.campaign=long`. A
/// JVM of its own does it, because what it looks for kills a JVM: memory that is used after it was freed is never
/// mapped again there.
class StressTest {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));

    @TempDir
    Path dir;

    @Test
    void nothingIsFreedUnderACallAndEveryByteIsItsOwn() throws Exception {
        long seed = Long.getLong("fid.seed", System.nanoTime());
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-XX:-CreateCoredumpOnCrash",
                        "-XX:ErrorFile=" + dir.resolve("crash"),
                        "-Xcheck:jni",
                        "-Dfid.poison=true",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Stress.class.getName(),
                        Long.toString(seed),
                        LONG ? "120" : "10",
                        dir.toString()))
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        try (InputStream out = process.getInputStream()) {
            List<String> lines = new String(out.readAllBytes(), UTF_8).lines().toList();
            assertThat(process.waitFor())
                    .as("seed %d: %s", seed, String.join("\n", lines))
                    .isZero();
            assertThat(lines).singleElement().asString().startsWith("seed ");
            System.out.println("stress, " + lines.getFirst());
        } finally {
            process.getErrorStream().close();
        }
    }
}
