package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a path leads to: links, slashes at the end, and the same file by another name.
class PathsTest extends Sandbox {
    @BeforeEach
    void files() throws IOException {
        Files.writeString(dir.resolve("T"), "target");
        Files.writeString(dir.resolve("A"), "another");
        Files.createSymbolicLink(dir.resolve("S"), Path.of("T"));
        Files.createSymbolicLink(dir.resolve("S2"), Path.of("T"));
        Files.createSymbolicLink(dir.resolve("dangling"), Path.of("nothing"));
        Files.createSymbolicLink(dir.resolve("loop"), Path.of("pool"));
        Files.createSymbolicLink(dir.resolve("pool"), Path.of("loop"));
        Files.createDirectory(dir.resolve("D"));
        Files.createSymbolicLink(dir.resolve("L"), Path.of("D"));
        Files.writeString(dir.resolve("D/f"), "in D");
    }

    private Ran at(String words) {
        String[] all = words.split(" ");
        for (int i = 1; i < all.length; i++) {
            boolean option = all[i].startsWith("-");
            all[i] = option ? all[i] : dir + "/" + all[i];
        }
        return here(all);
    }

    private void assertRefused(Ran ran, String why) throws IOException {
        assertThat(ran.err()).contains(why);
        assertThat(ran.err().lines().filter(line -> line.startsWith("fid: "))).hasSize(1);
        assertThat(ran.status()).isEqualTo(3);
        assertThat(Files.readString(dir.resolve("T"))).isEqualTo("target");
        assertThat(Files.isRegularFile(dir.resolve("T"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat(Files.readSymbolicLink(dir.resolve("S"))).hasToString("T");
    }

    // ---- the same file ----

    @ParameterizedTest
    @CsvSource({
        "S,T",
        "S,S",
        "S,S2",
        "T,S",
        "T,T",
        "S,D/../T",
    })
    void aLinksOwnTargetIsRefusedAsTheSameFile(String in, String out) throws IOException {
        for (String options : new String[] {
            "",
            "-r",
            "-r -L",
            "-L",
            "-u",
            "--resume",
            "--in-place",
            "-r --in-place",
            "-r -u",
            "-r --resume",
            "-r --preserve=all",
            "-r --fsync",
            "-j 2",
            "--no-cache",
            "--sparse=always",
            "-r --no-clobber",
            "--append"
        }) {
            Ran ran = at(("copy -q " + options).strip().replace("-j 2", "-j2") + " " + in + " " + out);
            assertRefused(ran, "");
        }
    }

    @Test
    void inATreeItFailsAndTheRestGoesOn() throws IOException {
        Files.createDirectories(dir.resolve("a"));
        Files.createDirectories(dir.resolve("b"));
        Files.writeString(dir.resolve("b/x"), "kept");
        Files.createSymbolicLink(dir.resolve("a/x"), Path.of("../b/x"));
        Files.writeString(dir.resolve("a/y"), "y");
        Ran ran = at("copy -q -r a/. b");
        assertThat(ran.err()).contains("b/x: it is the file that the source leads to");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(Files.readString(dir.resolve("b/x"))).isEqualTo("kept");
        assertThat(Files.isSymbolicLink(dir.resolve("b/x"))).isFalse();
        assertThat(Files.readString(dir.resolve("b/y"))).isEqualTo("y");
    }

    @Test
    void aTreeWithLinksIsCopiedTwice() throws IOException {
        Files.createDirectories(dir.resolve("a"));
        Files.createSymbolicLink(dir.resolve("a/x"), dir.resolve("T"));
        for (int i = 0; i < 2; i++) {
            Ran ran = at("copy -q -r a/. b");
            assertThat(ran.err()).isEmpty();
            assertThat(Files.readSymbolicLink(dir.resolve("b/x"))).isEqualTo(dir.resolve("T"));
        }
    }

    // ---- a link as destination ----

    @Test
    void whatIsMadeAnewTakesThePlaceOfALink() throws IOException {
        require(false, "mkfifo");
        assertThat(sh("mkfifo F").status()).isZero();
        Files.createSymbolicLink(dir.resolve("N"), Path.of("A"));
        assertThat(at("copy -q -r F S").err()).isEmpty();
        assertThat(at("copy -q -r N S2").err()).isEmpty();
        assertThat(at("copy -q -r N dangling").err()).isEmpty();
        assertThat(Files.isSymbolicLink(dir.resolve("S"))).isFalse();
        assertThat(Files.readSymbolicLink(dir.resolve("S2"))).hasToString("A");
        assertThat(Files.readSymbolicLink(dir.resolve("dangling"))).hasToString("A");
        assertThat(Files.readString(dir.resolve("T"))).isEqualTo("target");
        assertThat(names()).doesNotContain("nothing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-r", "-u", "--in-place", "--append", "--no-clobber"})
    void aLinkToNothingOrToItselfTakesNoFile(String options) throws IOException {
        String copy = ("copy -q " + options).strip();
        assertRefused(at(copy + " A dangling"), "dangling: ");
        assertThat(at(copy + " A dangling").err()).contains("symbolic link to nothing");
        assertRefused(at(copy + " A loop"), "loop: Too many levels of symbolic links");
        if (!options.equals("-r")) { // which copies the link
            assertRefused(at(copy + " loop x"), "loop: Too many levels of symbolic links");
        }
        assertThat(names()).doesNotContain("nothing", "x");
    }

    @Test
    void aPartOfAFileIsNotWrittenThroughALinkToNothing() throws IOException {
        assertRefused(at("copy -q A dangling?offset=3"), "symbolic link to nothing");
        assertRefused(at("copy -q A dangling?append"), "symbolic link to nothing");
        assertRefused(at("copy -q -r D dangling"), "Not a directory");
        assertThat(names()).doesNotContain("nothing");
    }

    @Test
    void teeWritesThroughALinkToNothingAsOpenDoes() throws IOException {
        assertThat(at("tee -q --no-stdout --from=" + dir + "/A dangling").status())
                .isZero();
        assertThat(Files.readString(dir.resolve("nothing"))).isEqualTo("another");
        Ran loop = at("tee -q --no-stdout --from=" + dir + "/A loop");
        assertThat(loop.err()).contains("loop: Too many levels of symbolic links");
        assertThat(loop.status()).isEqualTo(1);
    }

    @Test
    void theFileBehindAChainOfLinksIsReplacedAndTheLinksStay() throws IOException {
        Files.createSymbolicLink(dir.resolve("D/up"), Path.of("../S"));
        Files.createSymbolicLink(dir.resolve("chain"), dir.resolve("D/up"));
        for (String options : new String[] {"", " -r", " -u", " --in-place"}) {
            Files.writeString(dir.resolve("T"), "target");
            Files.setLastModifiedTime(dir.resolve("T"), java.nio.file.attribute.FileTime.fromMillis(0));
            assertThat(at("copy -q" + options + " A chain").err()).isEmpty();
            assertThat(Files.readString(dir.resolve("T"))).isEqualTo("another");
            assertThat(Files.isSymbolicLink(dir.resolve("chain"))).isTrue();
            assertThat(Files.isSymbolicLink(dir.resolve("S"))).isTrue();
        }
    }

    // ---- a slash at the end ----

    @ParameterizedTest
    @ValueSource(strings = {"", "-r", "-u", "--append", "--in-place"})
    void aSlashAsksForADirectory(String options) throws IOException {
        String copy = ("copy -q " + options).strip();
        assertRefused(at(copy + " A T/"), "T/: Not a directory");
        assertRefused(at(copy + " A S/"), "S/: Not a directory");
        assertRefused(at(copy + " A new/"), "new/: Not a directory");
        assertRefused(at(copy + " A/ x"), "A/: Not a directory");
        assertRefused(at(copy + " A nowhere/new/"), "nowhere/new/: No such file or directory");
        assertThat(names()).doesNotContain("x", "new");
    }

    @Test
    void aSlashBehindALinkIsTheDirectoryThere() throws IOException {
        assertThat(at("copy -q -r L/ x").err()).isEmpty();
        assertThat(Files.isDirectory(dir.resolve("x"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat(Files.readString(dir.resolve("x/f"))).isEqualTo("in D");
        assertThat(at("copy -q -r L/ y/").err()).isEmpty();
        assertThat(Files.readString(dir.resolve("y/f"))).isEqualTo("in D");
        assertThat(at("copy -q -r L/ y/").err()).isEmpty();
        assertThat(Files.readString(dir.resolve("y/L/f"))).isEqualTo("in D");
        assertThat(at("copy -q -r L z").err()).isEmpty();
        assertThat(Files.isSymbolicLink(dir.resolve("z"))).isTrue();
        assertThat(at("copy -q A L/").err()).isEmpty();
        assertThat(Files.readString(dir.resolve("D/A"))).isEqualTo("another");
    }

    @Test
    void teeTakesTheSlashToo() {
        Ran ran = at("tee -q --no-stdout --from=" + dir + "/A T/");
        assertThat(ran.err()).contains("T/: Is a directory");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(at("tee -q --no-stdout --from=" + dir + "/A new/").err()).contains("new/: Is a directory");
        assertThat(at("tee -q --no-stdout --from=" + dir + "/A/ x").status()).isEqualTo(3);
    }
}
