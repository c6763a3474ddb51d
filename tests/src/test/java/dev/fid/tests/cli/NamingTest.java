package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What `fid copy` has of cp(1) for where copies go and what they are.
class NamingTest extends Sandbox {
    @BeforeEach
    void files() throws IOException {
        Files.writeString(dir.resolve("f"), "f\n");
        Files.writeString(dir.resolve("g"), "g\n");
        Files.createDirectories(dir.resolve("a/b"));
        Files.writeString(dir.resolve("a/b/c"), "c\n");
        Files.createDirectory(dir.resolve("d"));
    }

    private int copy(String... words) {
        String[] all = new String[words.length + 2];
        all[0] = "copy";
        all[1] = "-q";
        for (int i = 0; i < words.length; i++) {
            all[i + 2] = words[i].startsWith("-") ? words[i] : path(words[i]);
        }
        return here(all).status();
    }

    @Test
    void theTargetDirectoryMayStandInFront() throws IOException {
        assertThat(copy("-t", "d", "f", "g")).isZero();
        assertThat(content("d/f")).asString(UTF_8).isEqualTo("f\n");
        assertThat(content("d/g")).asString(UTF_8).isEqualTo("g\n");
        assertThat(copy("-t", "d", "a/b/c")).isZero();
        assertThat(content("d/c")).asString(UTF_8).isEqualTo("c\n");
        assertThat(copy("-t", "none", "f")).isEqualTo(3);
        assertThat(copy("-t", "f", "g")).isEqualTo(3);
        assertThat(content("f")).asString(UTF_8).isEqualTo("f\n");
    }

    @Test
    void withoutATargetDirectoryDstIsTheVeryName() throws IOException {
        assertThat(copy("-T", "f", "d")).isEqualTo(3);
        assertThat(copy("-T", "f", "new")).isZero();
        assertThat(copy("-r", "-T", "a", "d")).isZero();
        assertThat(content("d/b/c")).asString(UTF_8).isEqualTo("c\n");
        assertThat(copy("-T", "f", "g", "d")).isEqualTo(2);
        assertThat(copy("-T", "-t", "d", "f")).isEqualTo(2);
    }

    @Test
    void onlyALinkThatWasNamedIsFollowed() throws IOException {
        Files.createSymbolicLink(dir.resolve("named"), Path.of("a"));
        Files.createSymbolicLink(dir.resolve("a/inner"), Path.of("b"));
        assertThat(copy("-r", "-H", "named", "new")).isZero();
        assertThat(dir.resolve("new")).isDirectory();
        assertThat(Files.isSymbolicLink(dir.resolve("new"))).isFalse();
        assertThat(content("new/b/c")).asString(UTF_8).isEqualTo("c\n");
        assertThat(dir.resolve("new/inner")).isSymbolicLink();
    }

    @Test
    void hardLinksMayStandForCopies() throws IOException {
        assertThat(copy("-r", "--link", "a", "new")).isZero();
        assertThat(Files.isSameFile(dir.resolve("new/b/c"), dir.resolve("a/b/c")))
                .isTrue();
        assertThat(copy("-r", "--link", "-T", "a", "new")).isZero(); // they are links already
        assertThat(copy("-l", "f", "g")).isEqualTo(1);
        assertThat(content("g")).asString(UTF_8).isEqualTo("g\n");
        assertThat(copy("--link", "--attributes-only", "f", "x")).isEqualTo(2);
    }

    @Test
    void attributesAloneLeaveTheContent() throws IOException {
        Files.setPosixFilePermissions(dir.resolve("f"), PosixFilePermissions.fromString("rwx------"));
        assertThat(copy("--attributes-only", "--preserve=mode,time", "f", "g")).isZero();
        assertThat(content("g")).asString(UTF_8).isEqualTo("g\n");
        assertThat(Files.getPosixFilePermissions(dir.resolve("g"))).hasSize(3);
        assertThat(copy("--attributes-only", "f", "new")).isZero();
        assertThat(content("new")).isEmpty();
    }

    @Test
    void whatIsNotPreservedIsTakenAway() throws IOException {
        Files.setPosixFilePermissions(dir.resolve("f"), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(copy("--preserve=mode,time", "--no-preserve=mode", "f", "new"))
                .isZero();
        assertThat(Files.getPosixFilePermissions(dir.resolve("new"))).hasSizeLessThan(9);
        assertThat(Files.getLastModifiedTime(dir.resolve("new")))
                .isEqualTo(Files.getLastModifiedTime(dir.resolve("f")));
    }

    @Test
    void anotherFileSystemStaysEmpty() throws IOException {
        require(true, "mount", "umount");
        Ran mounted = sh("mount -t tmpfs tmpfs a/b && echo m > a/b/m");
        check(mounted.status() == 0, "cannot mount a tmpfs: " + mounted.err());
        try {
            assertThat(copy("-r", "-x", "a", "new")).isZero();
            assertThat(dir.resolve("new/b")).isEmptyDirectory();
            assertThat(copy("-r", "a", "all")).isZero();
            assertThat(dir.resolve("all/b/m")).exists();
        } finally {
            sh("umount a/b");
        }
    }

    @Test
    void everyFileHasALine() {
        Ran ran = here("copy", "-v", "-r", path("a"), path("d"));
        assertThat(ran.err().lines())
                .contains(path("a") + " -> " + path("d/a"), path("a/b/c") + " -> " + path("d/a/b/c"))
                .noneMatch(line -> line.contains(" by "));
        assertThat(here("copy", "-v", path("f"), path("x")).err()).endsWith(path("f") + " -> " + path("x") + "\n");
        assertThat(Files.exists(dir.resolve("x"), LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void severalSourcesToStdoutComeOneBehindTheOther() throws IOException {
        Ran ran = sh("fid copy -q f none g - | cat");
        assertThat(ran.out()).isEqualTo("f\ng\n");
        assertThat(ran.err()).startsWith("fid: copy: none: No such file or directory\n");
        assertThat(run(List.of(dir.resolve(".bin/fid").toString(), "copy", "-q", "f", "none", "-"))
                        .status())
                .isEqualTo(3);
    }

    @Test
    void theSizeOfAPipeMayBeSaidAndARateChangedWhileItRuns() throws IOException {
        Files.writeString(dir.resolve("rate"), "1K\n");
        Process copy = start(List.of(
                "sh",
                "-c",
                "head -c 1000000 /dev/zero | fid copy --limit-file rate --size 1000000 --progress json -i 50ms - out"));
        awaitError("\"length\":1000000");
        Files.writeString(dir.resolve("next"), "none\n");
        Files.move(dir.resolve("next"), dir.resolve("rate"), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        Ran ran = finish(copy); // at 1 KiB a second it would be 16 minutes
        assertThat(ran.status()).isZero();
        assertThat(content("out")).hasSize(1_000_000);
        assertThat(here("copy", "--limit-file", path("none"), path("f"), path("x"))
                        .status())
                .isEqualTo(3);
        assertThat(here("copy", "--limit-file", path("f"), path("f"), path("x")).status())
                .isEqualTo(2);
    }
}
