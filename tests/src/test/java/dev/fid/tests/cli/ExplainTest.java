package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExplainTest extends Sandbox {
    @Test
    void theLadderHasItsReasonsAndTheWayOfAPage() throws IOException {
        file("a", 100_000);
        Ran ran = here("explain", path("a"), "tcp://localhost:1");
        assertThat(ran.out())
                .contains(" 1  sendfile             yes  from a file without a pipe of our own; no copy")
                .contains("<- chosen")
                .contains("3  readwrite            yes  works on every pair; 2 copies per byte")
                .contains("] --reference--> [pipe inside the kernel] --reference--> [socket queue: tcp://localhost:1]");
        assertThat(ran.err()).isEmpty();
        assertThat(names()).containsExactly("a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "copy_file_range", "sendfile", "splice_through_pipe", "mmap", "readwrite"})
    void theDiagramHasAsManyCopiesAsTheLadderSays(String method) throws IOException {
        file("a", 100_000);
        for (String out : new String[] {path("b"), "tcp://localhost:1", "exec:true", "/dev/null"}) {
            String text = here("explain", "--json", "--method", method, path("a"), out)
                    .out();
            Matcher copies = Pattern.compile("\"copies_per_byte\":(\\d)").matcher(text);
            assertThat(copies.find()).as(text).isTrue();
            assertThat(text.split("==copy==>", -1)).as(text).hasSize(Integer.parseInt(copies.group(1)) + 1);
        }
    }

    @ParameterizedTest
    @CsvSource({"EINVAL,splice", "EXDEV,copy_file_range", "EPIPE,write", "EOPNOTSUPP,ficlone", "ENOTTY,any call"})
    void anErrorIsExplainedForEachCall(String errno, String call) throws IOException {
        file("a", 100_000);
        Ran ran = here("explain", "--errno", errno, path("a"), path("b"));
        assertThat(ran.out()).startsWith(errno + " (").contains("\n  " + call + " ");
        assertThat(here("explain", "--json", "--errno", errno, path("a"), path("b"))
                        .out())
                .startsWith("{\"schema\":\"fid.explain/1\",\"errno\":\"" + errno + "\"");
    }

    @Test
    void anUnknownErrorIsNamed() {
        Ran ran = here("explain", "--errno", "EINVALL", "a", "b");
        assertThat(ran.err()).startsWith("fid: explain: --errno: 'EINVALL' is no error; did you mean 'EINVAL'?\n");
        assertThat(ran.status()).isEqualTo(2);
    }

    @Test
    void aMissingSourceIsExit3() {
        Ran ran = here("explain", path("none"), path("b"));
        assertThat(ran.err()).isEqualTo("fid: explain: " + path("none") + ": No such file or directory\n");
        assertThat(ran.status()).isEqualTo(3);
    }
}
