package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.kernel.Uapi;
import dev.fid.tests.faults.InMemory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `fid copy` from file to file.
class CopyTest extends Sandbox {
    @Test
    void aNewFileGetsTheBytesAndTheMode() throws IOException {
        byte[] bytes = file("a", 300_000);
        Files.setPosixFilePermissions(dir.resolve("a"), PosixFilePermissions.fromString("rwxr-----"));
        Ran ran = here("copy", path("a"), path("b"));
        assertThat(ran.err())
                .matches("copied 293 KiB in \\S+ s \\(.*/s\\) by copy_file_range; 0 B through user space\n");
        assertThat(ran.out()).isEmpty();
        assertThat(content("b")).isEqualTo(bytes);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("b"))))
                .isEqualTo("rwxr-----");
        assertThat(names()).containsExactly("a", "b");
    }

    @Test
    void quietSaysNothing() throws IOException {
        file("a", 10);
        assertThat(here("-q", "copy", path("a"), path("b")).err()).isEmpty();
        assertThat(here("copy", path("a"), path("b"), "-q").err()).isEmpty();
    }

    @Test
    void aFileIsReplacedAsAWholeAndKeepsItsMode() throws IOException {
        byte[] bytes = file("a", 1000);
        file("b", 5000);
        Files.setPosixFilePermissions(dir.resolve("b"), PosixFilePermissions.fromString("rw-------"));
        Object inode = Files.getAttribute(dir.resolve("b"), "unix:ino");
        assertThat(here("copy", path("a"), path("b")).status()).isZero();
        assertThat(content("b")).isEqualTo(bytes);
        assertThat(Files.getAttribute(dir.resolve("b"), "unix:ino")).isNotEqualTo(inode);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("b"))))
                .isEqualTo("rw-------");
    }

    @Test
    void aFileInDevShmIsAFileAndInDevAMistake(@TempDir(factory = InMemory.class) Path memory) throws IOException {
        byte[] bytes = file("a", 1000);
        Path copy = memory.toAbsolutePath().resolve("copy");
        assertThat(here("copy", path("a"), copy.toString()).status()).isZero();
        assertThat(copy).hasBinaryContent(bytes);
        file("longer", 5000);
        assertThat(here("copy", path("longer"), copy.toString()).status()).isZero();
        assertThat(here("copy", path("a"), copy.toString()).status()).isZero();
        assertThat(copy).hasBinaryContent(bytes);
        Ran mistyped = here("copy", path("a"), "/dev/fid-no-such-device");
        assertThat(mistyped.status()).isEqualTo(3);
        assertThat(mistyped.err()).startsWith("fid: copy: /dev/fid-no-such-device: No such file or directory\n");
    }

    @Test
    void aDirectoryTakesTheNameOfTheSource() throws IOException {
        byte[] bytes = file("a", 1000);
        Files.createDirectory(dir.resolve("d"));
        assertThat(here("copy", path("a"), path("d")).status()).isZero();
        assertThat(content("d/a")).isEqualTo(bytes);
    }

    @Test
    void aDirectoryIsNoSourceAndNoPlaceForAStream() throws IOException {
        file("a", 10);
        Ran source = here("copy", dir.toString(), path("b"));
        assertThat(source.err()).isEqualTo("fid: copy: " + dir + ": Is a directory\nhint: -r copies directories\n");
        assertThat(source.status()).isEqualTo(3);
        Ran append = here("copy", "--append", path("a"), dir.toString());
        assertThat(append.err()).startsWith("fid: copy: " + dir + ": Is a directory\n");
        assertThat(append.status()).isEqualTo(3);
    }

    @Test
    void aMissingSourceIsNamedWithWhatMayHaveBeenMeant() throws IOException {
        file("ubuntu-26.iso", 10);
        Ran ran = here("copy", path("ubuntu.iso"), path("b"));
        assertThat(ran.err())
                .isEqualTo("fid: copy: " + path("ubuntu.iso") + ": No such file or directory\nhint: did you mean "
                        + path("ubuntu-26.iso") + "?\n");
        assertThat(ran.status()).isEqualTo(3);
        assertThat(here("copy", "-v", path("ubuntu.iso"), path("b")).err()).contains("directory (ENOENT)\n");
    }

    @Test
    void aMissingDirectoryOfTheDestinationIsNamed() throws IOException {
        file("a", 10);
        Ran ran = here("copy", path("a"), path("no/b"));
        assertThat(ran.err())
                .isEqualTo("fid: copy: " + path("no/b") + ": No such file or directory\nhint: there is no directory "
                        + path("no") + "\n");
        assertThat(ran.status()).isEqualTo(3);
    }

    @Test
    void appendWritesBehindTheEnd() throws IOException {
        Files.writeString(dir.resolve("a"), "hello");
        Files.writeString(dir.resolve("b"), "say ");
        assertThat(here("copy", "-a", path("a"), path("b")).status()).isZero();
        assertThat(here("copy", path("a"), path("b?append"), "--verify").status())
                .isZero();
        assertThat(content("b")).asString(UTF_8).isEqualTo("say hellohello");
    }

    @Test
    void offsetAndLengthTakeAPart() throws IOException {
        Files.writeString(dir.resolve("a"), "0123456789");
        Files.writeString(dir.resolve("b"), "abcdefghij");
        assertThat(here("copy", path("a?offset=2&length=3"), path("b?offset=4"), "--verify")
                        .status())
                .isZero();
        assertThat(content("b")).asString(UTF_8).isEqualTo("abcd234hij");
        assertThat(here("copy", "--offset", "8", path("a"), path("c")).status()).isZero();
        assertThat(content("c")).asString(UTF_8).isEqualTo("89");
    }

    @Test
    void theSourceItselfIsRefusedByWhateverName() throws IOException {
        byte[] bytes = file("a", 1000);
        Files.createLink(dir.resolve("hard"), dir.resolve("a"));
        Files.createSymbolicLink(dir.resolve("soft"), Path.of("a"));
        for (String name : new String[] {"a", "hard", "soft"}) {
            Ran ran = here("copy", path("a"), path(name));
            assertThat(ran.err()).isEqualTo("fid: copy: " + path(name) + ": it is the source itself\n");
            assertThat(ran.status()).isEqualTo(3);
            assertThat(here("copy", "-a", path("a"), path(name)).status()).isEqualTo(3);
        }
        assertThat(content("a")).isEqualTo(bytes);
    }

    @Test
    void noClobberRefusesAFileThatExists() throws IOException {
        file("a", 1000);
        byte[] old = file("b", 10);
        Ran ran = here("copy", "--no-clobber", path("a"), path("b"));
        assertThat(ran.err())
                .isEqualTo("fid: copy: " + path("b") + ": it exists, and --no-clobber forbids to replace it\n");
        assertThat(ran.status()).isEqualTo(3);
        assertThat(content("b")).isEqualTo(old);
        assertThat(here("copy", "--no-clobber", path("a"), path("c")).status()).isZero();
        assertThat(names()).containsExactly("a", "b", "c");
    }

    @Test
    void holesStayHoles() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path("a"), "rw")) {
            file.setLength(64 << 20);
            file.seek(32 << 20);
            file.writeBytes("data");
        }
        assertThat(here("copy", "--verify", path("a"), path("b")).status()).isZero();
        assertThat(Files.mismatch(dir.resolve("a"), dir.resolve("b"))).isEqualTo(-1);
        assertThat(blocks("b")).isLessThan(1000);
        assertThat(here("copy", "--sparse", "never", path("a"), path("c")).status())
                .isZero();
        assertThat(blocks("c")).isGreaterThan(100_000);
    }

    private long blocks(String name) throws IOException {
        try (Fd fd = Fd.open(dir.resolve(name))) {
            return fd.facts().blocks();
        }
    }

    @Test
    void modeTimeAndAttributesAreKeptWhenAsked() throws IOException {
        file("a", 1000);
        file("b", 10);
        Files.setPosixFilePermissions(dir.resolve("a"), PosixFilePermissions.fromString("rwxrwx---"));
        FileTime time = FileTime.fromMillis(1_000_000_000_000L);
        Files.setLastModifiedTime(dir.resolve("a"), time);
        Files.setAttribute(dir.resolve("a"), "user:colour", java.nio.ByteBuffer.wrap("red".getBytes(UTF_8)));
        assertThat(here("copy", "--preserve=mode,time,xattr", path("a"), path("b"))
                        .status())
                .isZero();
        assertThat(Files.getLastModifiedTime(dir.resolve("b"))).isEqualTo(time);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("b"))))
                .isEqualTo("rwxrwx---");
        assertThat(Files.getAttribute(dir.resolve("b"), "user:colour")).isEqualTo("red".getBytes(UTF_8));
    }

    @Test
    void theSumIsThatOfOtherPrograms() throws IOException {
        Files.writeString(dir.resolve("a"), "123456789");
        assertThat(here("copy", "--checksum", "crc32c", path("a"), path("b")).out())
                .isEqualTo("e3069283  " + path("b") + "\n");
        assertThat(here("copy", "--checksum", "sha256", path("a"), path("b")).out())
                .isEqualTo("15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225  " + path("b") + "\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\\b", "a\rb", "a\\nb\n", "plain"})
    void aSumIsOneLineWhateverTheName(String name) throws IOException {
        Files.writeString(dir.resolve("a"), "123456789");
        Ran ran = here("-q", "copy", "--checksum", "sha256", path("a"), path(name));
        Files.writeString(dir.resolve("sums"), ran.out());
        assertThat(sh("sha256sum -c --quiet --strict sums").err()).isEmpty();
        assertThat(run(List.of("sha256sum", path(name))).out()).isEqualTo(ran.out());
    }

    @Test
    void aSumOfAFileIsASecondReadAndCountsAsOne() throws IOException {
        file("a", 1 << 20);
        Ran plain = here("copy", "--json", path("a"), path("b"));
        assertThat(plain.out()).contains("\"user_bytes\":0,");
        Ran summed = here("copy", "--json", "--checksum", "crc32c", path("a"), path("b"));
        assertThat(summed.out()).contains("\"method\":\"copy_file_range\"").contains("\"user_bytes\":1048576,");
        Ran verified = here("copy", "--json", "--verify", "--fsync", path("a"), path("b"));
        assertThat(verified.out()).contains("\"user_bytes\":2097152,").contains("\"verified\":true");
    }

    @Test
    void everyMethodThatMayServeGivesTheSameBytes() throws IOException {
        byte[] bytes = file("a", 3_000_001);
        for (String method : new String[] {
            "auto", "copy_file_range", "sendfile", "splice_through_pipe", "mmap", "mmap_segments", "readwrite"
        }) {
            Ran ran = here("copy", "--method", method, "--fallback", "never", path("a"), path("b"));
            assertThat(ran.err()).contains(method.equals("auto") ? "by copy_file_range" : "by " + method);
            assertThat(content("b")).as(method).isEqualTo(bytes);
            Files.delete(dir.resolve("b"));
        }
    }

    @Test
    void aMethodThatCannotServeIsExit5WithoutFallbackAndSaidWithOne() throws IOException {
        file("a", 100_000);
        byte[] old = file("b", 10);
        Ran never = here("copy", "--append", "--method", "splice", "--fallback", "never", path("a"), path("b"));
        assertThat(never.err())
                .isEqualTo("fid: copy: --method splice: the output is opened for append, where the kernel refuses all"
                        + " but write(2)\nhint: use --fallback auto\n");
        assertThat(never.status()).isEqualTo(5);
        assertThat(content("b")).isEqualTo(old);
        Ran auto = here("copy", "--append", "--method", "splice", path("a"), path("b"));
        assertThat(auto.err()).contains("; not splice_through_pipe: the output is opened for append");
        assertThat(auto.status()).isZero();
        Ran reflink = here("copy", "--reflink", "always", "/proc/self/status", path("b"));
        assertThat(reflink.status()).isEqualTo(5);
    }

    @Test
    void aFileOfProcIsReadToItsEnd() throws IOException {
        assertThat(here("copy", "/proc/self/status", path("b")).status()).isZero();
        assertThat(content("b")).asString(UTF_8).contains("VmRSS:");
    }

    @Test
    void aFileThatCannotHoldATemporaryBesideItIsWrittenInPlaceAndItIsSaid() throws IOException {
        require(true, "setpriv");
        byte[] bytes = file("a", 10_000);
        Files.createDirectory(dir.resolve("locked"));
        file("locked/b", 20_000);
        Files.setPosixFilePermissions(dir.resolve("locked/b"), PosixFilePermissions.fromString("rw-rw-rw-"));
        Files.setPosixFilePermissions(dir.resolve("locked"), PosixFilePermissions.fromString("r-xr-xr-x"));
        for (Path above = dir; above != null && !above.equals(Path.of("/tmp")); above = above.getParent()) {
            if (above.startsWith("/tmp")) {
                Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
        Ran libraries = sh("mkdir .lib && cp -r " + classPath().replace(':', ' ') + " .lib && chmod -R a+rX .lib .bin");
        assertThat(libraries.status()).as(libraries.err()).isZero();
        String script = Files.readString(dir.resolve(".bin/fid"));
        Files.writeString(dir.resolve(".bin/fid"), script.replace(classPath(), anybodysClassPath()));
        Ran ran = sh("setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all fid copy a locked/b");
        assertThat(ran.err())
                .startsWith("note: the directory of locked/b"
                        + " allows no temporary file (EACCES): writing in place, not atomic\n");
        assertThat(ran.status()).isZero();
        assertThat(content("locked/b")).isEqualTo(bytes);
        Ran none = sh("setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all fid copy a locked/new");
        assertThat(none.err()).isEqualTo("fid: copy: locked/new: Permission denied\n");
        assertThat(none.status()).isEqualTo(3);
    }

    /// Where another user can read it.
    private String anybodysClassPath() {
        StringBuilder copies = new StringBuilder();
        for (String entry : classPath().split(":", -1)) {
            copies.append(dir.resolve(".lib").resolve(Path.of(entry).getFileName()))
                    .append(':');
        }
        return copies.toString();
    }

    @Test
    void aDryRunWritesNothing() throws IOException {
        file("a", 100_000);
        Ran ran = here("copy", "--dry-run", path("a"), path("b"));
        assertThat(ran.out()).contains("copy_file_range      yes").contains("<- chosen");
        assertThat(ran.status()).isZero();
        assertThat(here("copy", "-n", "--json", path("a"), "tcp://localhost:1").out())
                .contains("\"chosen\":\"sendfile\"");
        assertThat(names()).containsExactly("a");
    }

    @Test
    void aDryRunOfAnEmptyFileNeedsNoMethod() throws IOException {
        file("a", 0);
        for (String option : List.of("--reflink=always", "--method=splice", "--method=sendfile")) {
            Ran planned = here("copy", "--dry-run", "--fallback=never", option, path("a"), path("b"));
            Ran done = here("copy", "--fallback=never", option, path("a"), path("b"));
            assertThat(planned.status()).as(option + planned.err()).isEqualTo(done.status());
        }
    }

    @Test
    void jsonSaysHowItWent() throws IOException {
        file("a", 100_000);
        Ran ran = here("copy", "--json", "--checksum", "crc32c", path("a"), path("b"));
        assertThat(ran.out())
                .matches(
                        "\\{\"schema\":\"fid.copy/1\",\"src\":\".*\",\"dst\":\".*\",\"bytes\":100000,\"seconds\":[0-9.E-]+,\"method\":\"copy_file_range\",\"by_method\":\\{\"copy_file_range\":100000},\"fallbacks\":\\[.*],\"user_bytes\":100000,\"lost\":\\[],\"syscalls\":\\{.*},\"cpu_seconds\":\\{.*},\"checksum\":\\{\"crc32c\":\"[0-9a-f]{8}\"}}\n");
        assertThat(ran.err()).isEmpty();
    }

    @Test
    void verboseNamesEveryDecisionAndEveryCall() throws IOException {
        file("a", 100_000);
        assertThat(here("copy", "-vvv", path("a"), path("b")).err())
                .contains("plan: copy_file_range: both files are on one ")
                .contains("\ncopy_file_range: ");
    }

    @Test
    void progressIntoAPipeMovesNoCursor() throws IOException {
        file("a", 1_000_000);
        Ran ran = here("copy", "--progress", "always", "--interval", "20ms", "--limit", "2M", path("a"), path("b"));
        assertThat(ran.err()).contains("% ").doesNotContain("\033");
        assertThat(ran.err().substring(ran.err().lastIndexOf('\r') + 1)).startsWith("copied 977 KiB");
    }

    @Test
    void progressInJsonIsOneObjectALine() throws IOException {
        file("a", 3_000_000);
        Ran ran = here("copy", "--progress", "json", "--interval", "20ms", "--limit", "10MB", path("a"), path("b"));
        assertThat(ran.err().lines().filter(line -> line.startsWith("{")))
                .hasSizeGreaterThan(3)
                .allMatch(line -> line.matches("\\{\"schema\":\"fid.progress/1\",\"bytes\":\\d+,\"length\":3000000,"
                        + "\"seconds\":[0-9.E-]+,\"rate\":\\d+,\"method\":\"copy_file_range\"}"));
    }

    @Test
    void aTimeThatIsUpIsExit8AndTheDestinationIsAsItWas() throws IOException {
        file("a", 3_000_000);
        byte[] old = file("b", 10);
        Ran ran = here("copy", "--limit", "1M", "--timeout", "300ms", path("a"), path("b"));
        assertThat(ran.err()).matches("fid: copy: timed out \\(0.30 s\\) after .* of 2.86 MiB; .*/b is untouched\n");
        assertThat(ran.status()).isEqualTo(8);
        assertThat(content("b")).isEqualTo(old);
        assertThat(names()).containsExactly("a", "b");
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void aFifoThatNobodyOpensEndsWithTheTime() throws IOException {
        assertThat(dev.fid.kernel.Kernel.linux()
                        .mknodat(Uapi.AT_FDCWD, path("fifo").getBytes(UTF_8), Uapi.S_IFIFO | 0600, 0))
                .isZero();
        Ran ran = here("copy", "--timeout", "200ms", path("fifo"), path("b"));
        assertThat(ran.err()).isEqualTo("fid: copy: timed out (0.20 s) before the first byte\n");
        assertThat(ran.status()).isEqualTo(8);
        assertThat(names()).containsExactly("fifo");
    }

    @Test
    void aSourceThatGrowsMeanwhileIsExit6() throws IOException {
        file("a", 3_000_000);
        byte[] old = file("b", 10);
        Process process = start(fid("copy", "--limit", "4M", "--progress=json", "-i", "20ms", "a", "b"));
        awaitError("fid.progress");
        Files.writeString(dir.resolve("a"), "more", java.nio.file.StandardOpenOption.APPEND);
        Ran ran = finish(process);
        assertThat(ran.err()).endsWith("fid: copy: a: the source changed while it was read; b is untouched\n");
        assertThat(ran.status()).isEqualTo(6);
        assertThat(content("b")).isEqualTo(old);
    }
}
