package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Signals, closed and full outputs: CP-018 and CLI rules.
class SignalsTest extends Sandbox {
    @ParameterizedTest
    @CsvSource({"INT,130", "TERM,143", "HUP,129"})
    void aSignalEndsItAndTheDestinationIsAsItWas(String name, int status) throws IOException {
        file("a", 3_000_000);
        byte[] old = file("b", 10);
        Process process = start(fid("copy", "--limit", "1M", "--progress=json", "a", "b"));
        awaitError("fid.progress");
        signal(name, process);
        Ran ran = finish(process);
        assertThat(ran.err())
                .matches("(?s).*fid: copy: stopped by SIG" + name + " after .* of 2.86 MiB; b is untouched\n");
        assertThat(ran.status()).isEqualTo(status);
        assertThat(content("b")).isEqualTo(old);
        assertThat(names()).containsExactly("a", "b");
    }

    @Test
    void usr1TellsHowFarItIs() throws IOException {
        file("a", 1_500_000);
        Process process = start(fid("copy", "--limit", "1M", "--progress=json", "a", "b"));
        awaitError("fid.progress");
        signal("USR1", process);
        Ran ran = finish(process);
        assertThat(ran.status()).isZero();
        assertThat(ran.err().lines())
                .anyMatch(line -> line.matches("a .*% .* / 1.43 MiB  .*/s  eta +\\d+s  copy_file_range"));
        assertThat(content("b")).hasSize(1_500_000);
    }

    @Test
    void aReaderThatIsGoneIsExit141InSilence() throws IOException {
        file("a", 3_000_000);
        Ran ran = sh("{ fid -q copy a -; echo $? >status; } | head -c 10 >/dev/null");
        assertThat(ran.err()).isEmpty();
        assertThat(content("status")).asString().isEqualTo("141\n");
        Ran text = sh("mkfifo f; head -c 0 f & exec 5>f; wait; fid help copy >&5; echo $? >status");
        assertThat(text.err()).isEmpty();
        assertThat(content("status")).asString().isEqualTo("141\n");
    }

    @Test
    void aFullDeviceIsExit1() throws IOException {
        file("a", 3_000_000);
        Ran file = sh("fid copy a /dev/full");
        assertThat(file.err()).startsWith("fid: copy: /dev/full: No space left on device");
        assertThat(file.status()).isEqualTo(1);
        Ran stdout = sh("fid copy a - >/dev/full");
        assertThat(stdout.err()).startsWith("fid: copy: stdout: No space left on device");
        assertThat(stdout.status()).isEqualTo(1);
        Ran result = sh("fid version >/dev/full");
        assertThat(result.err()).isEqualTo("fid: version: stdout: No space left on device\n");
        assertThat(result.status()).isEqualTo(1);
    }

    @Test
    void resultsGoToStderrWhereStdoutCarriesTheData() throws IOException {
        byte[] bytes = file("a", 100_000);
        Ran ran = sh("fid copy --json a -");
        assertThat(ran.data()).isEqualTo(bytes);
        assertThat(ran.err()).startsWith("{\"schema\":\"fid.copy/1\"").hasLineCount(1);
    }

    @Test
    void aLimitOnFileSizeIsNamed() throws IOException {
        file("a", 3_000_000);
        Ran ran = sh("ulimit -f 1000; fid copy a b");
        assertThat(ran.err()).matches("fid: copy: b: File too large after .*; b was not created\n");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(names()).containsExactly("a");
    }

    @Test
    void withFewDescriptorsThePipeIsGivenUpAndTheBytesArrive() throws IOException {
        byte[] bytes = file("a", 3_000_000);
        for (int limit = 12; limit > 9; limit--) {
            Ran ran = sh("ulimit -n " + limit + "; cat a | fid copy - b");
            if (ran.status() == 0) {
                assertThat(content("b")).isEqualTo(bytes);
                java.nio.file.Files.delete(dir.resolve("b"));
            } else {
                assertThat(names()).doesNotContain("b");
            }
        }
    }
}
