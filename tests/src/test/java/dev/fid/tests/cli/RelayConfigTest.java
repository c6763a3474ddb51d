package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What `fid config check` says of files that are wrong: a line and a column, and exit code 2.
class RelayConfigTest extends Sandbox {
    private static final String GOOD = "[[relay]]\nlisten = \"127.0.0.1:1\"\nto = \"127.0.0.1:2\"\n";

    private Ran check(byte[] file) throws IOException {
        Path path = dir.resolve("fid.toml");
        Files.write(path, file);
        return here("config", "check", path.toString());
    }

    private void assertRefused(byte[] file, String at, String why) throws IOException {
        Ran ran = check(file);
        assertThat(ran.err())
                .startsWith("fid: config: " + path("fid.toml") + ":" + at + ": ")
                .contains(why);
        assertThat(ran.status()).as(ran.err()).isEqualTo(2);
    }

    @Test
    void whatIsNotUtf8IsToldWhereItIs() throws IOException {
        assertRefused((GOOD + "name = \"Büro\"\n").getBytes(ISO_8859_1), "4:10", "is not UTF-8: byte 0xfc");
        assertRefused(("\ufeff" + GOOD).getBytes(UTF_8), "1:1", "byte order mark");
        assertRefused(GOOD.getBytes(UTF_16), "1:1", "is not UTF-8");
    }

    @Test
    void aFileWithoutAnEndIsNotReadToIt() throws IOException {
        Ran ran = here("config", "check", "/dev/zero");
        assertThat(ran.err()).startsWith("fid: config: /dev/zero:1:1: has more than 1 MiB");
        assertThat(ran.status()).isEqualTo(2);
        ran = here("config", "check", path("no.toml"));
        assertThat(ran.err())
                .isEqualTo("fid: config: " + path("no.toml") + ": cannot be read: No such file or directory\n");
        ran = here("config", "check", dir.toString());
        assertThat(ran.status()).as(ran.err()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        max-conns = 1.5          | 4:1 | is no text, number or list of texts
        max-conns = nan          | 4:1 | is no text
        idle-timeout = 1e400     | 4:16 |
        idle-timeout = 1e4       | 4:1 | is no text
        idle-timeout = 07:32:00  | 4:1 | is no text
        allow = []               | 4:1 | an empty list would let nobody in
        allow = ['']             | 4:1 | an empty list would let nobody in
        allow = ''               | 4:1 | an empty list would let nobody in
        allow = ['256.1.1.1']    | 4:1 | is no address block
        deny = ['010.0.0.0/8']   | 4:1 | is no address block
        deny = ['localhost']     | 4:1 | is no address block
        deny = [1.5]             | 4:1 | is no text
        max-conns = 99999999999999999999 | 4:13 |
        """)
    void aValueIsToldWithItsPlace(String line, String at, String why) throws IOException {
        assertRefused((GOOD + line + "\n").getBytes(UTF_8), at, why == null ? "" : why);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a b:80", "u@h:80", "http://h:80", "h/x:80", "256.1.1.1:80", "1.2.3:80", "010.1.1.1:80", "[::g]:80",
                "[1:2:3]:80", "h,i:80", "h%2:80", "\\u0001:80", "h:99999", "tcp://a b:80", "tcp://u@h:80", ":80"
            })
    void aHostThatIsNoneIsRefused(String host) throws IOException {
        String file = "[[relay]]\nlisten = \"127.0.0.1:1\"\nto = \"" + host + "\"\n";
        assertRefused(file.getBytes(UTF_8), "3:1", "to: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a-b.example:80", "a_b:80", "bücher.example:80", "[fe80::1%eth0]:80", "[::ffff:1.2.3.4]:80"})
    void aHostThatMayBeOneIsTaken(String host) throws IOException {
        Ran ran = check(("[[relay]]\nlisten = \"127.0.0.1:1\"\nto = \"" + host + "\"\n").getBytes(UTF_8));
        assertThat(ran.status()).as(ran.err()).isZero();
    }

    @Test
    void aUnixSocketsNameHasItsBound() throws IOException {
        for (String scheme : new String[] {"unix-listen://", "unix://"}) {
            String key = scheme.equals("unix://") ? "to" : "listen";
            String other = key.equals("to") ? "listen = \"127.0.0.1:1\"\n" : "to = \"127.0.0.1:1\"\n";
            for (String good : new String[] {"/" + "x".repeat(106), "@" + "x".repeat(107), "/" + "ü".repeat(53)}) {
                Ran ran = check(("[[relay]]\n" + other + key + " = \"" + scheme + good + "\"\n").getBytes(UTF_8));
                assertThat(ran.status()).as(ran.err()).isZero();
                String bad = "[[relay]]\n" + other + key + " = \"" + scheme + good + "xx\"\n";
                assertRefused(bad.getBytes(UTF_8), "3:1", "has at most");
            }
        }
    }

    @Test
    void noRelayIsAsAnEmptyFile() throws IOException {
        assertRefused("".getBytes(UTF_8), "1:1", "there is no [[relay]]");
        assertRefused("relay = []\n".getBytes(UTF_8), "1:1", "relays are tables: [[relay]]");
        assertRefused("relay = [1]\n".getBytes(UTF_8), "1:1", "relays are tables: [[relay]]");
    }

    @Test
    void twoRelaysOfOneNameAreToldApart() throws IOException {
        String two = """
            [[relay]]
            name = "db"
            listen = "127.0.0.1:1"
            to = "127.0.0.1:2"
            [[relay]]
            name = "db"
            listen = "127.0.0.1:3"
            to = "127.0.0.1:2"
            """;
        assertRefused(two.getBytes(UTF_8), "5:1", "two relays are called 'db'");
    }

    @Test
    void aFileThatIsNestedWithoutAnEndIsNoBug() throws IOException {
        Ran ran = check(("x = " + "[".repeat(200_000)).getBytes(UTF_8));
        assertThat(ran.status()).isEqualTo(2);
    }

    @Test
    void anAccessLogThatCannotBeOpenedSaysWhy() {
        Ran ran = here("relay", "--access-log", path("no/such"), "127.0.0.1:0", "127.0.0.1:9");
        assertThat(ran.err())
                .isEqualTo("fid: relay: --access-log " + path("no/such")
                        + ": cannot be opened: No such file or directory\n");
        assertThat(ran.status()).isEqualTo(3);
        ran = here("relay", "--access-log", dir.toString(), "127.0.0.1:0", "127.0.0.1:9");
        assertThat(ran.err()).endsWith(": cannot be opened: Is a directory\n");
        ran = here("relay", "--allow", "", "127.0.0.1:0", "127.0.0.1:9");
        assertThat(ran.status()).as(ran.err()).isEqualTo(2);
    }
}
