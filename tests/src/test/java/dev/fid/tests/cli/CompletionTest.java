package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What bash(1) offers behind `fid ...`; the line ends where the cursor stands.
class CompletionTest extends Sandbox {
    @BeforeEach
    void script() throws IOException {
        Files.writeString(dir.resolve("fid.bash"), here("completion", "bash").out());
    }

    private List<String> offered(String line) throws IOException {
        Ran ran = run(List.of(
                "bash",
                "-c",
                "source ./fid.bash; COMP_LINE=$1 COMP_POINT=${#1}; _fid fid; printf '%s\\n' \"${COMPREPLY[@]}\"",
                "bash",
                line));
        assertThat(ran.err()).isEmpty();
        return ran.out().lines().filter(word -> !word.isEmpty()).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            fid vers                              | version
            fid copy --fsy                        | --fsync
            fid copy --method spl                 | splice splice_through_pipe
            fid copy --method=spl                 | splice splice_through_pipe
            fid copy --reflink al                 | always
            fid copy --preserve=mode,t            | mode,time
            fid -q --color always copy --ver      | --verbose --verify
            fid copy --limit 1M a --meth          | --method
            fid copy tcp                          | tcp:// tcp-listen://
            fid explain a unix-                   | unix-listen://
            fid copy -- tcp-                      | tcp-listen://
            fid completion z                      | zsh
            fid help endp                         | endpoints
            fid nonsense --m                      | ""
            """)
    void aWordIsCompletedByWhatCanStandThere(String line, String words) throws IOException {
        List<String> expected = words == null || words.isEmpty() ? List.of() : List.of(words.split(" ", -1));
        assertThat(offered(line)).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void everyCommandIsOfferedAndNoHiddenOne() throws IOException {
        List<String> listed = ManTest.commands().keySet().stream()
                .filter(name -> !name.isEmpty())
                .toList();
        assertThat(offered("fid ")).containsExactlyInAnyOrderElementsOf(listed).doesNotContain("man");
    }

    /// Two options whose values bear one label, WHEN, take different ones.
    @Test
    void anEmptyWordIsOfferedAllThatCanStandThere() throws IOException {
        assertThat(offered("fid copy --progress ")).containsExactly("auto", "always", "never", "json");
        assertThat(offered("fid copy --sparse ")).containsExactly("auto", "always", "never");
        assertThat(offered("fid completion ")).containsExactly("bash", "zsh");
    }

    /// bash has cut the word at the colon: what it gets back follows there.
    @Test
    void filesAreOfferedBehindASchemeThatHasThem() throws IOException {
        Files.createDirectory(dir.resolve("sub"));
        file("sub/one", 1);
        file("sub/two", 1);
        assertThat(offered("fid copy file:sub/o")).containsExactly("sub/one");
        assertThat(offered("fid copy a unix://sub/t")).containsExactly("//sub/two");
        assertThat(offered("fid copy sub/o")).as("readline does that by itself").isEmpty();
    }

    @Test
    void shellcheckHasNothingToSay() throws IOException {
        Needs.programs("shellcheck");
        Ran ran = run(List.of("shellcheck", "-s", "bash", "fid.bash"));
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void zshReadsItsScript() throws IOException {
        Files.writeString(dir.resolve("_fid"), here("completion", "zsh").out());
        Needs.programs("zsh");
        Ran ran = sh("zsh -fn _fid && zsh -fc 'autoload -U compinit && compinit -u -D && source ./_fid && "
                + "echo $_comps[fid]'");
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo("_fid\n");
    }

    @Test
    void everyMethodIsOffered() throws IOException {
        Stream<String> named = here("copy", "--method", "none", "a", "b")
                .err()
                .lines()
                .findFirst()
                .orElseThrow()
                .replaceFirst(".*\\(use (.*)\\)", "$1")
                .transform(methods -> Stream.of(methods.split(", ", -1)));
        assertThat(offered("fid copy --method ")).containsExactlyElementsOf(named.toList());
    }
}
