package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.Bench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// The script `fid` of the checkout.
class LauncherTest {
    private static final Path LAUNCHER = Path.of("..", "fid");

    @Test
    void theBenchmarkAndTheseTestsStartACopyAsTheLauncherDoes() throws IOException {
        assertThat(Files.readString(LAUNCHER).lines())
                .filteredOn(line -> line.startsWith("jvm="))
                .containsExactly("jvm='" + String.join(" ", Bench.COPY_JVM) + "'");
    }

    @Test
    void theBenchmarkStartsARelayAsTheLauncherDoes() throws IOException {
        assertThat(Files.readString(LAUNCHER).lines())
                .filteredOn(line -> line.startsWith("' relay '*)"))
                .containsExactly("' relay '*) jvm='" + String.join(" ", Bench.RELAY_JVM) + "' ;;");
    }
}
