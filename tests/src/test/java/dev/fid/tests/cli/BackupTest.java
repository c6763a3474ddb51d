package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.faults.FaultyKernel;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `fid copy --backup`: its variables, what it refuses, and file systems without links.
class BackupTest extends Sandbox {
    @Test
    void variablesSayWhatNoOptionSays() throws IOException {
        String scene = "echo new >n; echo old >o; echo older >o~; ";
        assertThat(sh(scene + "VERSION_CONTROL=numbered fid -q copy --backup n o; cat o o.~1~ o~")
                        .out())
                .isEqualTo("new\nold\nolder\n");
        assertThat(sh("rm o?*;" + scene + "VERSION_CONTROL=bad SIMPLE_BACKUP_SUFFIX=.v fid -q copy --backup=never n o;"
                                + " cat o o.v o~")
                        .out())
                .isEqualTo("new\nold\nolder\n");
        Ran bad = sh("VERSION_CONTROL=bad fid -q copy --backup n o");
        assertThat(bad.err()).startsWith("fid: copy: VERSION_CONTROL: none, simple, existing or numbered, not bad\n");
        assertThat(bad.status()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "--no-clobber, --backup: with --no-clobber nothing is replaced",
        "--in-place, --backup: with --in-place nothing is replaced",
        "--attributes-only, --backup: with --attributes-only nothing is replaced",
        "--append, '--append: it is for one source, without --backup'",
        "--backup=n, '--backup: none, simple, existing or numbered, not n'"
    })
    void whatDoesNotGoWithItIsRefused(String option, String said) throws IOException {
        file("n", 10);
        file("o", 20);
        Ran ran = here("copy", "--backup", option, path("n"), path("o"));
        assertThat(ran.err()).startsWith("fid: copy: " + said + "\n");
        assertThat(ran.status()).isEqualTo(2);
        assertThat(Files.size(dir.resolve("o"))).isEqualTo(20);
    }

    @Test
    void theNextWordIsASource() throws IOException {
        Files.writeString(dir.resolve("t"), "new");
        Files.writeString(dir.resolve("o"), "old");
        assertThat(here("-q", "copy", "--backup", path("t"), path("o")).status())
                .isZero();
        assertThat(dir.resolve("o~")).hasContent("old");
    }

    @Test
    void itsOwnSourcesAreNotTakenForOldBackups() throws IOException {
        Files.createDirectories(dir.resolve("s"));
        Files.createDirectories(dir.resolve("d/s"));
        Files.writeString(dir.resolve("s/a"), "new");
        Files.writeString(dir.resolve("s/a~"), "of an editor");
        Files.writeString(dir.resolve("d/s/a"), "old");
        Ran ran = here("-q", "copy", "-r", "--backup", path("s"), path("d"));
        assertThat(ran.err()).contains("d/s/a: its backup would take the name of another source");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(dir.resolve("d/s/a")).hasContent("old");
        assertThat(dir.resolve("d/s/a~")).hasContent("of an editor");
        assertThat(here("-q", "copy", "-r", "--backup=t", path("s"), path("d")).status())
                .isZero();
        assertThat(dir.resolve("d/s/a")).hasContent("new");
        assertThat(dir.resolve("d/s/a.~1~")).hasContent("old");
    }

    /// As on FAT: neither files without a name nor hard links.
    private static Kernel poor() {
        Kernel named = FaultyKernel.over(Kernel.linux())
                .on("openat")
                .when(call ->
                        call.arguments().get(2) instanceof Integer flags && (flags & Uapi.O_TMPFILE) == Uapi.O_TMPFILE)
                .fails(Errno.EOPNOTSUPP)
                .kernel();
        return FaultyKernel.over(named).on("linkat").fails(Errno.EPERM).kernel();
    }

    @Test
    void withoutHardLinksTheOldFileIsRenamed() throws Exception {
        assertThat(copy(poor()).failed()).isZero();
        assertThat(dir.resolve("o")).hasContent("new");
        assertThat(dir.resolve("o~")).hasContent("old");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whereTheNewFileGetsNoNameTheOldOneKeepsIts(boolean links) throws Exception {
        Kernel usual = links ? Kernel.linux() : poor();
        Kernel broken = FaultyKernel.over(usual)
                .on("renameat2")
                .when(call ->
                        Name.of((byte[]) call.arguments().get(1)).toString().startsWith(".o.fid-"))
                .fails(Errno.EIO)
                .kernel();
        assertThat(copy(broken).failed()).isEqualTo(1);
        assertThat(dir.resolve("o")).hasContent("old");
        assertThat(sh("ls -A | grep o").out()).isEqualTo("o\n");
    }

    private Tree.Report copy(Kernel on) throws Exception {
        Files.writeString(dir.resolve("n"), "new");
        Files.writeString(dir.resolve("o"), "old");
        return Tree.from(dir.resolve("n"))
                .to(dir.resolve("o"))
                .recursive(false)
                .backup(Tree.Backup.SIMPLE, Name.of("~"))
                .on(on)
                .run();
    }

    @Test
    void aSourceOfAnotherSpellingIsNoOldBackup() throws IOException {
        sh("echo nt >t; echo nt~ >t~; mkdir h; echo old >h/t; mkdir -p s/a d/s/a; echo f >s/a/f; echo lies >s/a/f~;"
                + " echo old >d/s/a/f");
        Ran ran = sh("fid copy -j 1 --parents --backup=simple t ./t~ h");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(sh("cat h/t h/t~").out()).isEqualTo("old\nnt~\n");
        assertThat(sh("fid copy --parents --backup=simple s/a/f d").status()).isZero();
        assertThat(sh("cat d/s/a/f d/s/a/f~").out()).isEqualTo("f\nold\n");
    }
}
