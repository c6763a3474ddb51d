package dev.fid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NameTest {
    private static Name of(String latin) {
        return Name.of(latin.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void anyBytesComeBackFromTheText() {
        long seed = Long.getLong("fid.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            if (i % 2 == 0) {
                bytes = ("ü€😀" + new String(bytes, StandardCharsets.ISO_8859_1)).getBytes(StandardCharsets.UTF_8);
                bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length)); // cut anywhere
            }
            Name name = Name.of(bytes);
            assertThat(Name.of(name.text()).bytes())
                    .as("-Dfid.seed=%d, round %d", seed, i)
                    .isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "x\u00e9, x\\xe9",
        "\u00ff\u00fe, \\xff\\xfe",
        "\u00c3\u00bc, ü",
        "\u00c3, \\xc3",
        "\u00ed\u00b2\u0080, \\xed\\xb2\\x80",
        "a\u001b[31m, a\\x1b[31m",
        "a\u007fb, a\\x7fb",
        "a\u00c2\u009bb, a\\u009bb",
        "a\u00e2\u0080\u00aeb, a\\u202eb",
        "a\\b, a\\b"
    })
    void whatIsNoTextOrMovesACursorIsShownEscaped(String latin, String shown) {
        assertThat(of(latin)).hasToString(shown);
    }

    @Test
    void linesStayOne() {
        assertThat(Name.shown("a\nfid: copied\r\tb\u2028")).isEqualTo("a\\nfid: copied\\r\\tb\\u2028");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x\u00e9", "/tmp/\u00e9/y", "\u00c3\u00bc", "plain", "a%41", "q?x#y"})
    void aPathHasTheSameBytes(String latin) {
        Name here = Name.of(Path.of("").toAbsolutePath());
        Path path = of(latin).path(here);
        Name again = Name.of(path);
        assertThat(again.bytes()).endsWith(of(latin).bytes());
        assertThat(path.getFileName()).isEqualTo(of(latin).path(here).getFileName());
    }

    @ParameterizedTest
    @CsvSource({"a/b, a/, b", "a/b//, a/, b//", "b, '', b", "/b, /, b", "/, '', /", "a/., a/, .", "b/, '', b/"})
    void partsKeepTheirSlashes(String text, String parent, String last) {
        Name name = Name.of(text);
        assertThat(new String(name.parent(), StandardCharsets.US_ASCII)).isEqualTo(parent);
        assertThat(new String(name.last(), StandardCharsets.US_ASCII)).isEqualTo(last);
    }
}
