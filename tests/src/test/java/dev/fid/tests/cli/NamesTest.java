package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Name;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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

    // ---- the very bytes ----

    private static Path odd(Path dir, String latin) {
        return Name.of(latin.getBytes(StandardCharsets.ISO_8859_1)).path(Name.of(dir));
    }

    @Test
    void twoNamesThatAreNoTextAreTwoFiles() throws IOException {
        Ran ran =
                sh("echo 1 >a; echo 2 >b; fid -q copy a \"$(printf 'x\\351')\" && fid -q copy b \"$(printf 'x\\350')\""
                        + " && LC_ALL=C fid -q copy \"$(printf 'x\\351')\" \"$(printf 'ü\\377')\""
                        + " && cat \"$(printf 'x\\351')\" \"$(printf 'x\\350')\" \"$(printf 'ü\\377')\" && ls | wc -l");
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo("1\n2\n1\n5\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"C.UTF-8", "C"})
    void aWorkingDirectoryMayHaveSuchAName(String locale) throws IOException {
        Ran ran =
                sh("d=$(printf 'd\\351'); n=$(printf '\\374n'); mkdir \"$d\"; cd \"$d\"; echo 1 >\"$n\"; export LC_ALL="
                        + locale
                        + "; fid -q copy -r . ../copy && fid -q copy \"$n\" ü && fid -q copy --in-place \"$n\" \"$n\"2"
                        + " && fid -q copy ü exec:\"cp /dev/stdin $n$n\" && fid -q tee --from \"$n\" --no-stdout"
                        + " \"$n\"3 exec:\"cp /dev/stdin $n$n$n\" && fid -q copy exec:\"cat $n\" - && cat"
                        + " ../copy/\"$n\" ü \"$n\"2 \"$n\"3 \"$n$n\" \"$n$n$n\" && ls | wc -l");
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo("1\n".repeat(7) + "6\n");
    }

    @Test
    void anOptionThatNamesAFileTakesTheBytes() throws IOException {
        Ran ran = sh("n=$(printf 'c\\351'); mkdir d; cd d; printf 'nonsense = 1\\n' >\"$n\";"
                + " fid relay --config \"$n\"");
        assertThat(ran.err()).contains("nonsense").contains("c\\xe9").doesNotContain("\ufffd");
        assertThat(ran.status()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "copy a unix:///tmp/x\udce9",
                "copy --limit \udce9 a b",
                "relay \udce9 a",
                "explain a fd://\udce9"
            })
    void whereBytesCannotBeSaidTheyAreRefused(String line) {
        Ran ran = here(line.split(" "));
        assertThat(ran.err()).contains("\\xe9");
        assertThat(ran.status()).isEqualTo(2);
    }

    @Test
    void aNameOfBytesIsToldAndWrittenToJson() throws IOException {
        Ran ran = here("copy", "--json", path("") + "/x\udce9", path("b"));
        assertThat(ran.err()).contains("x\\xe9: No such file or directory");
        assertThat(ran.out()).contains("x\\udce9");
        Files.writeString(dir.resolve("a"), "x");
        assertThat(here("-q", "copy", path("a"), path("") + "/x\udce9").status())
                .isZero();
        assertThat(Files.exists(odd(dir, "x\u00e9"))).isTrue();
        assertThat(here("-q", "copy", "-r", path("nowhere"), path("") + "/x\udce9")
                        .status())
                .isEqualTo(3);
        Ran sum = here("-q", "copy", "--checksum", "crc32c", path("a"), path("") + "/x\udce9");
        assertThat(sum.data()).contains(0xe9).doesNotContain('?');
    }

    // ---- files that look like something else ----

    private static final String[] LOOKING = {
        "exec:touch X", "tcp://localhost:1", "unix://x", "fd://1", "a?offset=1", "file:a", "nope://y"
    };

    private String looking() throws IOException {
        StringBuilder quoted = new StringBuilder();
        for (String name : LOOKING) {
            Path file = dir.resolve("s").resolve(name.replace("//", "/"));
            Files.createDirectories(file.getParent());
            Files.writeString(file, name);
            quoted.append(" '").append(name).append('\'');
        }
        Files.writeString(dir.resolve("s/a"), "wrong");
        Files.createDirectory(dir.resolve("out"));
        return quoted.toString();
    }

    @Test
    void whatAFileIsNamedIsThatFile() throws IOException {
        String all = looking();
        Ran ran = sh("cd s; fid -q copy" + all + " ../out; fid -q copy 'exec:touch X' - && echo new"
                + " | fid -q tee --no-stdout" + all + " && cat" + all);
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo("exec:touch X" + "new\n".repeat(LOOKING.length));
        for (String name : LOOKING) {
            String last = name.substring(name.lastIndexOf('/') + 1);
            assertThat(Files.readString(dir.resolve("out").resolve(last))).isEqualTo(name);
        }
        assertThat(Files.exists(dir.resolve("s/X"))).isFalse();
        assertThat(Files.readString(dir.resolve("s/a"))).isEqualTo("wrong");
    }

    @Test
    void behindTwoDashesAllAreFiles() throws IOException {
        Ran ran = sh(
                "mkdir s; cd s; echo 1 | fid -q tee --no-stdout -- 'exec:touch X' - -r --limit 'a?offset=1' file:b --"
                        + " && cat ./* | wc -l; mkdir ../d; fid -q copy -- * ../d && ls ../d | wc -l; fid -q copy -- -"
                        + " 'exec:touch Y' && cat 'exec:touch Y'; fid -q copy -- nowhere 'exec:touch Z'");
        assertThat(ran.out().replace(" ", "")).isEqualTo("7\n7\n1\n");
        assertThat(ran.err()).startsWith("fid: copy: nowhere: No such file or directory");
        assertThat(ran.status()).isEqualTo(3);
        assertThat(Files.exists(dir.resolve("s/X"))).isFalse();
    }

    @Test
    void aWordIsStillAnEndpointWhereNoFileHasTheName() {
        assertThat(here("-q", "copy", "exec:printf hello", path("b")).err()).isEmpty();
        assertThat(here("-q", "copy", path("b") + "?offset=1", path("c")).err()).isEmpty();
        assertThat(dir.resolve("c")).hasContent("ello");
    }
}
