package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is asked of `fid copy` is done or refused, never left out in silence: the method that must be used, and options
/// that do not go together.
class CopyTermsTest extends Sandbox {
    /// Another file system than the sandbox's, one that shares no extents.
    private Path shm;

    @BeforeEach
    void makeSource() throws IOException {
        shm = Files.createTempDirectory(Path.of("/dev/shm"), "fid-terms");
        Files.createDirectories(dir.resolve("src"));
        file("src/a", 100_000);
        file("src/small", 10);
        file("src/empty", 0);
    }

    @AfterEach
    void removeCopies() throws IOException {
        sh("rm -rf " + shm);
    }

    // ---- the method that must be used ----

    @Test
    void extentsThatCannotBeSharedAreExit5WithTheReason() throws IOException {
        Files.copy(dir.resolve("src/a"), shm.resolve("a"));
        for (String[] more : new String[][] {{}, {"-r"}, {"-r", "--no-clobber"}}) {
            String[] words = concat(concat(new String[] {"copy", "--reflink", "always"}, more), shm + "/a", shm + "/b");
            Ran ran = here(words);
            assertThat(ran.err())
                    .contains("--reflink always: tmpfs cannot share extents\n")
                    .contains("hint: --reflink auto copies")
                    .doesNotContain("--method")
                    .doesNotContain("--fallback");
            assertThat(ran.status()).isEqualTo(5);
            assertThat(shm.resolve("b")).doesNotExist();
        }
    }

    @Test
    void ofATreeEachFileSaysWhyAndEmptyOnesAreCopied() throws IOException {
        Files.createDirectory(shm.resolve("d"));
        for (String way : new String[] {
            "--reflink always", "--method sendfile --fallback never", "--method copy_file_range --fallback never"
        }) {
            String[] words = concat(concat(new String[] {"copy", "-r"}, way.split(" ", -1)), path("src"), shm + "/d");
            Ran ran = here(words);
            assertThat(ran.err())
                    .contains("copy: " + path("src/a") + ": " + way.replace(" --fallback never", "") + ": ");
            assertThat(ran.err()).contains("fid: copy: 2 failures; the rest was copied\n");
            assertThat(ran.status()).isEqualTo(5);
            assertThat(shm.resolve("d/src")).isDirectoryContaining(file -> file.endsWith("empty"));
            assertThat(shm.resolve("d/src/a")).doesNotExist();
            sh("rm -rf " + shm + "/d/src");
        }
    }

    @Test
    void severalSourcesOfAMethodThatIsRefusedAreExit5() throws IOException {
        Files.createDirectory(shm.resolve("d"));
        Ran ran = here(
                "copy",
                "--reflink",
                "always",
                path("src/a"),
                path("src/small"),
                path("src/empty"),
                shm.resolve("d").toString());
        assertThat(ran.err()).contains(": --reflink always: ");
        assertThat(ran.status()).isEqualTo(5);
        assertThat(shm.resolve("d/empty")).isEmptyFile();
    }

    @Test
    void otherFailuresBesideItAreExit1() throws IOException {
        Files.createDirectory(shm.resolve("d"));
        Ran ran = here("copy", "--reflink", "always", path("src/a"), path("none"), shm + "/d");
        assertThat(ran.status()).isEqualTo(1);
    }

    @Test
    void anEmptyFileNeedsNoMethod() throws IOException {
        for (String way :
                new String[] {"--reflink=always", "--method=sendfile --fallback=never", "-r --reflink=always"}) {
            String[] words = concat(concat(new String[] {"copy"}, way.split(" ", -1)), path("src/empty"), path("new"));
            Ran ran = here(words);
            assertThat(ran.status()).as(ran.err()).isZero();
            assertThat(dir.resolve("new")).isEmptyFile();
            Files.delete(dir.resolve("new"));
        }
        // Nothing that only looks empty: it must be read.
        assertThat(here("copy", "--reflink=always", "/proc/self/status", path("b"))
                        .status())
                .isEqualTo(5);
    }

    @Test
    void jsonTellsTheOptionThatWasRefused() throws IOException {
        Ran ran = here("copy", "-r", "--json", "--reflink", "always", path("src"), shm + "/d");
        assertThat(ran.out()).contains("\"text\":\"--reflink always: ").contains("\"exit\":5");
    }

    @Test
    void sparseFilesAreWholeBySendfile() throws IOException {
        sh("truncate -s 1M sparse && printf x | dd of=sparse bs=1 seek=700000 conv=notrunc");
        assertThat(here("copy", "--method", "sendfile", path("sparse"), path("b"))
                        .status())
                .isZero();
        assertThat(Files.mismatch(dir.resolve("sparse"), dir.resolve("b"))).isEqualTo(-1);
    }

    // ---- options that do not go together ----

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--reflink=always --sparse=always",
                "--reflink=always --sparse=never",
                "--reflink=always --no-cache",
                "--reflink=always --method=sendfile",
                "-r --reflink=always --method=sendfile",
                "--reflink=never --method=copy_file_range",
                "--reflink=never --method=reflink",
                "--sparse=never --method=reflink",
                "--sparse=never --method=copy_file_range",
                "--sparse=always --method=sendfile",
                "--no-cache --method=splice",
                "-r --no-cache --method=mmap"
            })
    void whatDoesNotGoTogetherIsRefusedBeforeAByteIsWritten(String options) throws IOException {
        Ran ran = here(concat(concat(new String[] {"copy"}, options.split(" ", -1)), path("src/a"), path("b")));
        assertThat(ran.err()).startsWith("fid: copy: --").contains("go");
        assertThat(ran.status()).isEqualTo(2);
        assertThat(names()).containsExactly("src");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--no-clobber|-|no name",
                "--fsync|-|on no disk",
                "--fsync|exec:cat|on no disk",
                "--fsync|/dev/null|on no disk",
                "--append|b?offset=3|behind the end",
                "-q|b?offset=3&append|behind the end"
            })
    void whatItsDestinationCannotDoIsRefused(String line) throws IOException {
        String[] words = line.split("\\|", -1);
        Ran ran = sh("fid copy " + words[0] + " src/a '" + words[1] + "' | cat");
        assertThat(ran.err()).startsWith("fid: copy: ").contains(words[2]);
        assertThat(ran.out()).isEmpty();
        assertThat(names()).containsExactly("src");
    }

    @Test
    void fsyncReachesTheDiskBehindStdout() throws IOException {
        require(false, "strace");
        sh("strace -f -qq -e trace=fsync -o log fid copy --fsync src/a - > b");
        assertThat(Files.readString(dir.resolve("log"))).contains("fsync(1");
    }

    private static String[] concat(String[] one, String... two) {
        return java.util.stream.Stream.of(one, two)
                .flatMap(java.util.Arrays::stream)
                .toArray(String[]::new);
    }
}
