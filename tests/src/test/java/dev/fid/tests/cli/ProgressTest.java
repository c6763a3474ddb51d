package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Method;
import dev.fid.Progress;
import dev.fid.cli.value.Speed;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a command says while it runs: its name, rates, and a line that does not jump.
class ProgressTest extends Sandbox {
    private static final long TENTH = 100_000_000L;

    private static Progress after(long tenths, long bytes) {
        return new Progress(bytes, -1, tenths * TENTH, Method.SPLICE);
    }

    @Test
    void whatStandsStillHasNoRateWhateverItsAverage() {
        Speed speed = new Speed();
        for (int i = 1; i <= 20; i++) {
            speed.add(after(i, i * 1_000_000L));
        }
        assertThat(speed.now()).isEqualTo(10_000_000);
        for (int i = 21; i <= 32; i++) {
            speed.add(after(i, 20_000_000));
        }
        assertThat(speed.now()).isZero();
        for (int i = 33; i <= 44; i++) {
            speed.add(after(i, 20_000_000 + (i - 32) * 3_000_000L));
        }
        assertThat(speed.now()).isEqualTo(30_000_000);
    }

    /// Redrawn lines, of a terminal that knows no more than a carriage return.
    private List<String> lines(String... more) throws IOException {
        file("a", 3_000_000);
        String[] words = new String[more.length + 9];
        String[] usual = {"copy", "--progress=always", "-i", "5ms", "--limit", "10M"};
        System.arraycopy(usual, 0, words, 0, usual.length);
        System.arraycopy(more, 0, words, usual.length, more.length);
        words[words.length - 3] = "--fallback=auto";
        words[words.length - 2] = path("a");
        words[words.length - 1] = path("b");
        return List.of(here(words).err().split("\r", -1)).stream()
                .filter(line -> line.contains("avg"))
                .toList();
    }

    @Test
    void theLineBeginsWithTheNameThatIsAskedFor() throws IOException {
        assertThat(lines("--name", "nightly"))
                .hasSizeGreaterThan(5)
                .allMatch(line -> line.contains("nightly "))
                .noneMatch(line -> line.contains("a ["));
    }

    @Test
    void numbersKeepTheirPlaces() throws IOException {
        List<String> lines = lines("--name", "nightly");
        assertThat(lines).hasSizeGreaterThan(5);
        assertThat(lines.stream().map(line -> line.indexOf("avg")).distinct()).hasSize(1);
        assertThat(lines.stream().map(line -> line.indexOf("eta")).distinct()).hasSize(1);
    }
}
