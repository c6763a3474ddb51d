package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `FID_...` variables: weaker than an option, stronger than the default.
class VariablesTest extends Sandbox {
    @BeforeEach
    void source() throws IOException {
        file("a", 300_000); // smaller ones go by read and write anyway
    }

    @Test
    void aVariableIsTheOptionThatIsNotGiven() throws IOException {
        assertThat(sh("fid copy a b").err()).doesNotContain("by readwrite");
        assertThat(sh("FID_METHOD=readwrite fid copy a b").err()).contains(" by readwrite;");
        assertThat(sh("FID_METHOD=readwrite fid copy --method splice_through_pipe a b")
                        .err())
                .contains(" by splice_through_pipe;");
        assertThat(sh("FID_METHOD= fid copy a b").err()).doesNotContain("by readwrite");
        assertThat(sh("FID_QUIET=1 fid copy a b").err()).isEmpty();
        assertThat(sh("FID_QUIET=no fid copy a b").err()).startsWith("copied ");
        assertThat(sh("FID_COLOR=always fid copy none b").err()).startsWith("\033[1;31mfid:");
        assertThat(sh("FID_COLOR=always fid --color never copy none b").err()).startsWith("fid:");
        assertThat(sh("FID_COLOR=always fid copy --color never none b").err()).startsWith("fid:");
        assertThat(sh("FID_COLOR=never CLICOLOR_FORCE=1 fid copy none b").err()).startsWith("fid:");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            FID_METHOD=fast  | fid: copy: FID_METHOD: 'fast' is not a method (use auto, reflink
            FID_LIMIT=12Q    | fid: copy: FID_LIMIT: 'Q' is not a size unit
            FID_TIMEOUT=5    | fid: copy: FID_TIMEOUT: '5' lacks a unit
            FID_FSYNC=maybe  | fid: copy: FID_FSYNC: 'maybe' is not a boolean
            FID_REFLINK=some | fid: copy: FID_REFLINK: expected one of
            FID_COLOR=red    | fid: FID_COLOR: expected one of
            """)
    void aBadValueIsSaidToComeFromItsVariable(String variable, String message) throws IOException {
        Ran ran = sh(variable + " fid copy a b");
        assertThat(ran.err()).startsWith(message);
        assertThat(ran.status()).isEqualTo(2);
        assertThat(names()).containsExactly("a");
    }

    @Test
    void aBadValueIsNotLookedAtWhereTheOptionIsGiven() throws IOException {
        Ran ran = sh("FID_METHOD=fast fid copy --method readwrite a b");
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(sh("FID_METHOD=fast fid copy --method slow a b").err())
                .startsWith("fid: copy: --method: 'slow' is not a method");
        assertThat(sh("FID_METHOD=fast fid copy --limit 3Q a b").err()).startsWith("fid: copy: --limit: 'Q'");
    }

    @Test
    void whatSaysWhichBytesHasNoVariable() throws IOException {
        assertThat(sh("FID_OFFSET=5000 FID_LENGTH=1 FID_APPEND=yes fid copy a b")
                        .status())
                .isZero();
        assertThat(content("b")).isEqualTo(content("a"));
    }
}
