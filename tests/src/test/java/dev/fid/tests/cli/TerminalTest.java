package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// In a real terminal, which script(1) makes.
class TerminalTest extends Sandbox {
    @BeforeEach
    void tools() {
        require(false, "script", "stty");
    }

    /// What the terminal got to see of a line of sh(1).
    private Ran terminal(String line) throws IOException {
        Files.writeString(dir.resolve("line.sh"), line + "\n");
        Ran ran = run(List.of("script", "-qec", "sh line.sh", "/dev/null"));
        Files.delete(dir.resolve("line.sh"));
        return ran;
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 40, 80, 200})
    void theProgressLineIsNeverWiderThanTheTerminalAndLeavesNothing(int columns) throws IOException {
        file("a", 900_000);
        Ran ran = terminal("stty cols " + columns + "; fid copy --limit 450K a b");
        String[] redraws = ran.out().split("\r\033\\[J", -1);
        assertThat(redraws.length).as(ran.out()).isGreaterThan(3);
        for (int i = 0; i + 1 < redraws.length; i++) {
            assertThat(redraws[i].length()).isLessThan(columns);
            assertThat(redraws[i]).doesNotContain("\n");
        }
        assertThat(redraws[0]).contains(columns == 20 ? "% " : "iB/s");
        assertThat(redraws[0].contains("▕")).isEqualTo(columns >= 80);
        assertThat(redraws[redraws.length - 1]).startsWith("copied 879 KiB in");
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 40, 60, 80})
    void theLastLineFitsTheTerminal(int columns) throws IOException {
        file("a", 9000);
        for (String command : List.of("copy a b", "copy -r a c", "tee --progress always --no-stdout --from a b")) {
            Ran ran = terminal("stty cols " + columns + "; fid " + command);
            String last = ran.out().substring(ran.out().lastIndexOf('\033') + 1).replaceFirst("^\\[J", "");
            assertThat(last.replaceAll("\\s+", " ")).contains("8.79 KiB").contains("user space");
            assertThat(last.split("\r\n")).allMatch(line -> line.length() <= columns);
        }
    }

    @Test
    void aDumbTerminalGetsNoEscapes() throws IOException {
        file("a", 1_000_000);
        Ran ran = terminal("export TERM=dumb; fid copy --limit 1M a b; fid copy none b");
        assertThat(ran.out()).contains("/ 977 KiB").doesNotContain("\033");
    }

    @Test
    void colorsAreForTerminalsAndNotForThoseWhoRefuseThem() throws IOException {
        assertThat(terminal("TERM=xterm fid copy none b").out())
                .startsWith("\033[1;31mfid:\033[0m copy: none: No such file");
        assertThat(terminal("TERM=xterm NO_COLOR=1 fid copy none b").out()).startsWith("fid: copy: none: No such file");
        assertThat(terminal("TERM=xterm fid copy --color never none b").out())
                .startsWith("fid: copy: none: No such file");
        assertThat(sh("CLICOLOR_FORCE=1 TERM=xterm fid copy none b").err()).startsWith("\033[1;31mfid:");
        assertThat(sh("fid copy --color always none b").err()).startsWith("\033[1;31mfid:");
        assertThat(sh("fid copy none b").err()).startsWith("fid:");
    }

    @Test
    void aTerminalAsStdinGetsTheHelp() throws IOException {
        Ran ran = terminal("NO_COLOR=1 fid copy - b; echo status $?");
        assertThat(ran.out())
                .startsWith("Usage: fid copy")
                .contains("fid: copy: stdin is a terminal")
                .endsWith("status 2\r\n");
        assertThat(names()).isEmpty();
    }

    @Test
    void binaryDataDoesNotGoToATerminalUnlessForced() throws IOException {
        Files.write(dir.resolve("binary"), new byte[] {'a', 0, 'b'});
        Files.writeString(dir.resolve("text"), "hello\n");
        Ran refused = terminal("NO_COLOR=1 fid copy binary -; echo status $?");
        assertThat(refused.out())
                .isEqualTo(
                        "fid: copy: binary: binary data would go to a terminal\r\nhint: redirect it, or use -f\r\nstatus 2\r\n");
        assertThat(terminal("fid -q copy -f binary -").out()).isEqualTo("a\0b");
        assertThat(terminal("fid -q copy text -").out()).isEqualTo("hello\r\n");
    }

    @Test
    void aTerminalIsReadWhenForced() throws IOException {
        Ran ran = terminal(
                "printf 'hello\\n' | fid -q copy - - ; stty -echo; fid -q copy --length 0 -f - b; echo status $?");
        assertThat(ran.out()).isEqualTo("hello\r\nstatus 0\r\n");
    }
}
