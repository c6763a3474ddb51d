package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// What is not understood is named, with exit 2 and one line of usage; nothing is opened.
class ValuesTest extends Sandbox {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        --limit 12Q       | fid: copy: --limit: 'Q' is not a size unit (use B, KiB, MiB, GiB, TiB, PiB, EiB, KB, MB, GB, TB, PB, EB), in '12Q'
        --limit 12MeB     | fid: copy: --limit: 'MeB' is not a size unit (use B, KiB, MiB, GiB, TiB, PiB, EiB, KB, MB, GB, TB, PB, EB), in '12MeB'
        --limit 0         | fid: copy: --limit: a rate is above 0, not '0'
        --limit x         | fid: copy: --limit: 'x' is not a size, such as 64KiB
        --timeout 5       | fid: copy: --timeout: '5' lacks a unit (use ms, s, m, h)
        --timeout 5w      | fid: copy: --timeout: 'w' is not a time unit (use ms, s, m, h), in '5w'
        --jobs 0          | fid: copy: --jobs: '0' is not a number from 1 to 64
        --jobs 65         | fid: copy: --jobs: '65' is not a number from 1 to 64
        --pipe-size 0     | fid: copy: --pipe-size: a pipe has room for some bytes, not '0'
        --block 1K        | fid: copy: --block: a block has 4K to 256K, not '1K'
        --method splise   | fid: copy: --method: 'splise' is not a method; did you mean 'splice'?
        --metod splice    | fid: Unknown option: '--metod'; did you mean '--method'?
        --checksum md5    | fid: copy: --checksum: expected one of [crc32c, sha256] (case-sensitive) but was 'md5'
        --no-clobber -a   | fid: copy: --no-clobber: it makes no sense for a part of a file
        """)
    void aBadOptionIsNamed(String options, String message) {
        Ran ran = here(("copy " + options + " " + path("a") + " " + path("b")).split(" +"));
        assertThat(ran.err()).startsWith(message);
        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        foo://x           | fid: copy: foo://x: unknown scheme 'foo' (use fd, tcp, tcp-listen, unix, unix-listen, exec: or file:foo://x)
        tcp://host        | fid: copy: tcp://host: a port is missing, as in tcp://HOST:PORT
        tcp://::1:80      | fid: copy: tcp://::1:80: an IPv6 address stands in brackets, as in tcp://[::1]:80
        tcp://h:99999     | fid: copy: tcp://h:99999: '99999' is not a number from 0 to 65535
        tcp://h:1?keep=1s | fid: copy: tcp://h:1?keep=1s: unknown option 'keep' (use nodelay, keepalive, bind, rcvbuf, sndbuf)
        tcp://h:1?rcvbuf=1Z | fid: copy: tcp://h:1?rcvbuf=1Z: rcvbuf: 'Z' is not a size unit
        unix://           | fid: copy: unix://: a path is missing, or a name behind @
        x?ofset=1         | fid: copy: x?ofset=1: unknown option 'ofset'; did you mean 'offset'? (a file of that name is file:x?ofset=1)
        exec:             | fid: copy: exec: needs a command, as in exec:'gzip -c'
        """)
    void aBadEndpointIsNamed(String endpoint, String message) {
        Ran ran = here("copy", endpoint, path("b"));
        assertThat(ran.err()).startsWith(message);
        assertThat(ran.err()).contains("usage: fid copy [OPTIONS] SRC [DST]");
        assertThat(ran.status()).isEqualTo(2);
    }

    @Test
    void ofAnOptionThatStandsTwiceTheLastOneCounts() throws IOException {
        byte[] bytes = file("a", 1000);
        Ran ran = here(
                "copy",
                "-q",
                "-q",
                "--limit",
                "1",
                "--limit",
                "1G",
                "--length=7",
                "--length",
                "900",
                path("a"),
                path("b"));
        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
        assertThat(content("b")).isEqualTo(Arrays.copyOf(bytes, 900));
        assertThat(here(
                                "tee",
                                "-a",
                                "--no-stdout",
                                "--from",
                                "/dev/null",
                                path("x"),
                                "-a",
                                path("y"),
                                "--from",
                                path("a"))
                        .status())
                .isZero();
        assertThat(content("x")).isEqualTo(bytes);
        assertThat(content("y")).isEqualTo(bytes);
        assertThat(here("copy", "--limit", "1", "--limit", "x", path("a"), path("b"))
                        .status())
                .isEqualTo(2);
    }

    @Test
    void noOptionOfAnyCommandIsRefusedTheSecondTime() {
        List<String> refused = new ArrayList<>();
        CommandLine commands = Main.model();
        List<CommandLine> all = new ArrayList<>(commands.getSubcommands().values());
        all.add(commands);
        for (CommandLine command : all) {
            if (!command.isOverwrittenOptionsAllowed()) {
                refused.add(command.getCommandName());
            }
        }
        assertThat(refused).isEmpty();
        assertThat(here("relay", "--max-conns", "1", "--max-conns", "x", ":0", "localhost:1")
                        .err())
                .startsWith("fid: relay: --max-conns");
        assertThat(here("version", "-q", "-q").status()).isZero();
        assertThat(here("--color", "never", "--color", "always", "version").status())
                .isZero();
    }

    @Test
    void whatCollectsGoesOnCollecting() throws IOException {
        file("a", 1000);
        Files.setLastModifiedTime(dir.resolve("a"), FileTime.fromMillis(1_000_000));
        Files.setPosixFilePermissions(dir.resolve("a"), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(here("copy", "--preserve=mode", "--preserve=time", path("a"), path("b"))
                        .status())
                .isZero();
        assertThat(Files.getLastModifiedTime(dir.resolve("b"))).isEqualTo(FileTime.fromMillis(1_000_000));
        assertThat(Files.getPosixFilePermissions(dir.resolve("b"))).hasSize(9);
    }

    @Test
    void anUnknownCommandIsNamed() {
        Ran ran = here("cpoy", "a", "b");
        assertThat(ran.err()).isEqualTo("""
            fid: Unknown command: 'cpoy'; did you mean 'copy'?
            usage: fid [OPTIONS] COMMAND [ARGS]; see fid help
            """);
        assertThat(ran.status()).isEqualTo(2);
    }

    @Test
    void aMissingArgumentIsNamed() {
        Ran ran = here("copy", "a");
        assertThat(ran.err()).startsWith("fid: copy: Missing required parameter: 'DST'\n");
        assertThat(ran.status()).isEqualTo(2);
    }

    @Test
    void oneArgumentTooManyIsNamed() {
        assertThat(here("explain", "a", "b", "c").err()).startsWith("fid: explain: 'c' is one argument too many\n");
    }

    @ParameterizedTest
    @CsvSource({"1,1", "4096,4096", "4K,4096", "4KiB,4096", "4KB,4000", "1.5K,1536", "1M,1048576", "1MB,1000000"})
    void sizesAreBinaryUnlessDecimalIsSaid(String size, int bytes) throws IOException {
        file("a", 2_000_000);
        Ran ran = here("copy", "--length", size, path("a"), path("b"));
        assertThat(ran.err()).startsWith("copied ");
        assertThat(content("b")).hasSize(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "@a", "a?b", "-a", "a:b", "a%41", "a\nb"})
    void aFileMayHaveAnyName(String name) throws IOException {
        byte[] bytes = file(name, 1000);
        here("copy", path(name), "file:" + path(name + ".out"));
        assertThat(content(name + ".out")).isEqualTo(bytes);
    }
}
