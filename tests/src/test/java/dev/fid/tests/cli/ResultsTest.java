package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What commands print on stdout, where stdout cannot take it.
class ResultsTest extends Sandbox {
    @BeforeEach
    void source() throws IOException {
        file("a", 1000);
    }

    /// Each way is told apart by the exit code that the file holds.
    private Ran into(String command, String stdout) throws IOException {
        return sh("fid " + command + " " + stdout + "; echo $? >status");
    }

    private String status() throws IOException {
        return new String(content("status"), java.nio.charset.StandardCharsets.US_ASCII).strip();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "help", "copy --help", "help endpoints", "version --json", "explain a b", "completion zsh"})
    void aResultThatCannotBeWrittenIsExit1AndOneThatNobodyReads141(String command) throws IOException {
        assertThat(into(command, ">/dev/full").err()).matches("fid: ([a-z]+: )?stdout: No space left on device\n");
        assertThat(status()).isEqualTo("1");
        assertThat(into(command, ">&-").err()).matches("fid: ([a-z]+: )?stdout: Bad file descriptor\n");
        assertThat(status()).isEqualTo("1");
        Ran gone = sh("mkfifo f; head -c 0 f & exec 5>f; wait; fid " + command + " >&5; echo $? >status");
        assertThat(gone.err()).isEmpty();
        assertThat(status()).isEqualTo("141");
    }

    /// A dry run prints a plan, and no data.
    @ParameterizedTest
    @ValueSource(strings = {"explain --json a b", "version --json", "copy --json a b", "copy --json --dry-run a -"})
    void jsonIsOneObjectOnStdoutAndNothingElse(String command) throws IOException {
        Ran ran = sh("FID_JAVA_OPTS= fid " + command);
        assertThat(ran.out()).startsWith("{\"schema\":\"fid.").endsWith("}\n").hasLineCount(1);
        assertThat(dev.fid.bench.measure.Json.read(ran.out())).isInstanceOf(java.util.Map.class);
        assertThat(ran.err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 80, 200})
    void helpIsAsWideAsItsTerminalWithinReason(int columns) throws IOException {
        require(false, "script", "stty");
        Ran ran = run(List.of("script", "-qec", "stty cols " + columns + "; NO_COLOR=1 fid help copy", "/dev/null"));
        int widest = ran.out().lines().mapToInt(String::length).max().orElseThrow();
        assertThat(widest).isBetween(Math.clamp(columns, 55, 100) - 12, Math.clamp(columns, 55, 100));
    }
}
