package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Names that are no text, or that a terminal would obey.
class NamesTest extends Sandbox {
    private static final String EVIL = "a\u001b[31m\nfid: copied\r";
    private static final String SHOWN = "a\\x1b[31m\\nfid: copied\\r";

    /// Nothing printed for people has a control character but the line breaks of our own lines.
    private static void assertHarmless(Ran ran, int lines) {
        String all = ran.err() + new String(ran.data(), UTF_8);
        assertThat(all.lines().count()).as(all).isEqualTo(lines);
        assertThat(all.replace("\n", "").chars().noneMatch(Character::isISOControl))
                .as(all)
                .isTrue();
        assertThat(all).contains(SHOWN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"copy", "copy -r", "copy -u", "tee --no-stdout --from", "explain"})
    void aControlCharacterInTheNameOfAMissingFileIsShownEscaped(String command) {
        Ran ran = here((command + " " + path("") + EVIL + " " + path("") + "out").split(" (?!c)", -1));
        assertHarmless(ran, 1);
        assertThat(ran.status()).isEqualTo(3);
    }

    @Test
    void andInWhatIsToldOfATree() throws IOException {
        Files.createDirectories(dir.resolve("s/" + EVIL));
        Files.createDirectories(dir.resolve("d"));
        Files.writeString(dir.resolve("d/" + EVIL), "in the way");
        assertHarmless(here("-q", "copy", "-r", path("s/."), path("d")), 2);
    }

    @Test
    void andInProgressPlansAndOptions() throws IOException {
        Files.writeString(dir.resolve(EVIL), "x");
        assertHarmless(here("copy", "--dry-run", path(EVIL), path("b")), 9);
        assertHarmless(here("copy", "--limit", EVIL, "a", "b"), 2);
        assertHarmless(here("copy", "--" + EVIL, "a", "b"), 2);
        assertHarmless(here(EVIL), 2);
        assertHarmless(here("copy", "a", "b?offset=" + EVIL), 2);
    }
}
