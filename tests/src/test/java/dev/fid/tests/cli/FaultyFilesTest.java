package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Files whose file system lies, fills up or breaks: CP-003, 4, 5, 7, 8, 9.
class FaultyFilesTest extends Sandbox {
    private static final int FULL_SIZE = 8 << 20; // 8 MiB, as faultfs.c has it

    @TempDir
    static Path shared;

    private static @org.jspecify.annotations.Nullable Process server;

    @BeforeAll
    static void mount() throws IOException {
        require(true, "fusermount3");
        check(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        Path program = CProgram.build("faultfs", shared, "fuse3");
        Path mount = Files.createDirectory(shared.resolve("mnt"));
        server = new ProcessBuilder(program.toString(), "-f", mount.toString())
                .inheritIO()
                .start();
        Await.until("mounted", () -> Files.exists(mount.resolve("ok")));
    }

    @AfterAll
    static void unmount() throws IOException {
        if (server != null) {
            waitFor(new ProcessBuilder(
                            "fusermount3", "-u", shared.resolve("mnt").toString())
                    .inheritIO()
                    .start());
            waitFor(server);
        }
    }

    private static String faulty(String name) {
        return shared.resolve("mnt").resolve(name).toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"grow@0", "grow@100000"})
    void aRecordedSizeIsNotTrusted(String name) throws IOException {
        Ran ran = here("copy", faulty(name), path("b"));
        if (ran.status() == 0) {
            assertThat(content("b")).hasSize(FULL_SIZE);
        } else {
            assertThat(ran.status()).isEqualTo(6);
            assertThat(names()).isEmpty();
        }
        Ran toPipe = sh("fid -q copy '" + faulty("grow@0") + "' - | wc -c");
        assertThat(toPipe.out().strip()).isEqualTo(Integer.toString(FULL_SIZE));
    }

    @Test
    void aFileThatEndsTooSoonIsExit6AndIsNotPutInPlace() throws IOException {
        byte[] old = file("b", 10);
        Ran ran = here("copy", faulty("short@300000"), path("b"));
        assertThat(ran.err())
                .isEqualTo("fid: copy: " + faulty("short@300000") + ": the source ended after 300000 of 8388608 bytes; "
                        + path("b") + " is untouched\n");
        assertThat(ran.status()).isEqualTo(6);
        assertThat(content("b")).isEqualTo(old);
        assertThat(names()).containsExactly("b");
    }

    @Test
    void anErrorOfTheSourceNamesTheSource() throws IOException {
        Ran ran = here("copy", "-v", faulty("bad@1000000"), path("b"));
        assertThat(ran.err()).startsWith("fid: copy: " + faulty("bad@1000000") + ": Input/output error (EIO)");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(names()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"full@1000000,No space left on device", "broken@1000000,Input/output error"})
    void anErrorOfTheDestinationNamesTheDestination(String name, String reason) throws IOException {
        file("a", 3_000_000);
        Ran ran = here("copy", path("a"), faulty(name));
        assertThat(ran.err())
                .startsWith("note: ")
                .contains("writing in place, not atomic\nfid: copy: " + faulty(name) + ": " + reason);
        assertThat(ran.status()).isEqualTo(1);
    }

    @Test
    void anErrorOfFsyncIsFinal() throws IOException {
        file("a", 100_000);
        Ran ran = here("copy", "--fsync", path("a"), faulty("nosync"));
        assertThat(ran.err()).contains("fid: copy: " + faulty("nosync") + ": Input/output error");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(here("copy", path("a"), faulty("nosync")).status()).isZero();
    }

    @Test
    void anErrorOfCloseIsTold() throws IOException {
        file("a", 100_000);
        Ran ran = here("copy", path("a"), faulty("noclose"));
        assertThat(ran.err()).contains("fid: copy: " + faulty("noclose") + ": Disk quota exceeded");
        assertThat(ran.status()).isEqualTo(1);
    }

    @Test
    void aFileSystemThatIsFullIsNamedAndTheOldFileStays() throws IOException {
        require(true, "mount", "umount");
        file("a", 3_000_000);
        Path small = Files.createDirectory(dir.resolve("small"));
        Ran mounted = run(List.of("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString()));
        check(mounted.status() == 0, "needs mounts of tmpfs: " + mounted.err());
        try {
            byte[] old = file("small/b", 1000);
            Ran ran = here("copy", path("a"), path("small/b"));
            assertThat(ran.err())
                    .matches("fid: copy: .*small/b: No space left on device after .*; .*small/b is untouched\n");
            assertThat(ran.status()).isEqualTo(1);
            assertThat(content("small/b")).isEqualTo(old);
            assertThat(small.toFile().list()).containsExactly("b");
        } finally {
            run(List.of("umount", small.toString()));
        }
    }

    @Test
    void aQuotaIsNamedAndNoTemporaryStays() throws IOException {
        require(true, "mkfs.btrfs", "btrfs", "mount", "umount");
        file("a", 8_000_000);
        Ran mounted = sh("truncate -s 200M image && mkfs.btrfs -q image && mkdir mnt && mount -o loop image mnt");
        check(mounted.status() == 0, "needs mounts of btrfs from a file: " + mounted.err());
        try {
            Ran limited = sh("btrfs quota enable mnt && btrfs subvolume create mnt/sv && btrfs qgroup limit 2M mnt/sv");
            check(limited.status() == 0, "needs quotas of btrfs: " + limited.err());
            Ran ran = here("copy", "-v", "--fsync", path("a"), path("mnt/sv/b"));
            assertThat(ran.err()).contains("mnt/sv/b: Disk quota exceeded (EDQUOT)");
            assertThat(ran.status()).isEqualTo(1);
            assertThat(dir.resolve("mnt/sv").toFile().list()).isEmpty();
        } finally {
            sh("umount mnt");
        }
    }
}
