package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HelpTest extends Sandbox {
    @Test
    void fidAloneIsShort() {
        Ran ran = here();
        assertThat(ran.status()).isZero();
        assertThat(ran.out().lines().count()).isBetween(10L, 16L);
        assertThat(ran.out()).contains("fid help COMMAND");
    }

    @Test
    void fidAloneNamesEveryCommand() {
        for (String command : ManTest.commands().keySet()) {
            if (!command.isEmpty()) {
                assertThat(here().out()).containsPattern("(?m)^  [a-z ]+  .*\\b" + command + "\\b");
            }
        }
    }

    static List<String> commands() {
        return ManTest.commands().keySet().stream()
                .filter(command -> !command.isEmpty())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpOfACommandIsTheSameEitherWay(String command) {
        Ran help = here("help", command);
        assertThat(help.status()).isZero();
        assertThat(help.out()).isEqualTo(here(command, "--help").out()).contains("Examples:\n  fid " + command);
        assertThat(help.out().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void helpKnowsTheEndpointsToo() {
        Ran help = here("help", "endpoints");
        assertThat(help.out())
                .contains("tcp-listen://[HOST]:PORT")
                .doesNotContain("`")
                .doesNotContain("## ");
        assertThat(help.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(help.status()).isZero();
    }

    @Test
    void helpOfNoCommandIsAnError() {
        Ran ran = here("help", "cop");
        assertThat(ran.err()).startsWith("fid: help: Unknown command: 'cop'; did you mean 'copy'?\n");
        assertThat(ran.status()).isEqualTo(2);
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

    @Test
    void eachCommandsLineIsAWholeSentence() {
        String list = here("--help").out();
        String commands = list.substring(list.indexOf("Commands:\n") + 10, list.indexOf("\nExit codes:"));
        for (String line : commands.replaceAll("\n {12,}", " ").strip().split("\n", -1)) {
            assertThat(line.strip()).endsWith(".").hasSizeLessThan(110);
        }
    }
}
