package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTest extends Sandbox {
    @Test
    void fidAloneIsShort() {
        Ran ran = here();
        assertThat(ran.status()).isZero();
        assertThat(ran.out().lines().count()).isBetween(10L, 20L);
        assertThat(ran.out()).contains("fid help COMMAND");
    }

    @ParameterizedTest
    @ValueSource(strings = {"copy", "explain", "version", "completion", "help", "demo"})
    void helpOfACommandIsTheSameEitherWay(String command) {
        Ran help = here("help", command);
        assertThat(help.status()).isZero();
        assertThat(help.out()).isEqualTo(here(command, "--help").out()).contains("Examples:\n  fid " + command);
        assertThat(help.out().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void helpOfNoCommandIsAnError() {
        Ran ran = here("help", "cop");
        assertThat(ran.err()).startsWith("fid: help: Unknown command: 'cop'; did you mean 'copy'?\n");
        assertThat(ran.status()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"copy", "explain", "version", "completion", "help"})
    void everyExampleRuns(String command) throws IOException {
        file("big.iso", 2_000_000);
        List<String> examples = here("help", command)
                .out()
                .lines()
                .dropWhile(line -> !line.equals("Examples:"))
                .skip(1)
                .filter(line -> line.startsWith("  fid "))
                .toList();
        assertThat(examples).isNotEmpty();
        Ran ran = sh("set -e\n" + String.join("\n", examples));
        assertThat(ran.status()).as(ran.err()).isZero();
    }

    @Test
    void theVersionNamesJvmAndKernel() {
        assertThat(here("version").out()).matches("fid \\S+\njava 2.*\nlinux .*\n");
        assertThat(here("--version").out()).isEqualTo(here("version").out());
        assertThat(here("version", "--json").out())
                .startsWith("{\"schema\":\"fid.version/1\",\"fid\":\"")
                .endsWith("\"}\n");
        assertThat(here("version").out()).doesNotContain("unknown").doesNotContain("$");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh"})
    void completionsAreReadByTheShellAndKnowEveryOption(String shell) throws IOException {
        Ran script = here("completion", shell);
        assertThat(script.out()).contains("--fallback").contains("copy_file_range");
        java.nio.file.Files.writeString(dir.resolve("script"), script.out());
        if (shell.equals("bash")) {
            Ran ran = run(List.of(
                    "bash",
                    "-c",
                    "source ./script; COMP_WORDS=(fid copy --meth); COMP_CWORD=2;"
                            + " _complete_fid; echo \"${COMPREPLY[@]}\""));
            assertThat(ran.out()).contains("--method");
        }
    }
}
