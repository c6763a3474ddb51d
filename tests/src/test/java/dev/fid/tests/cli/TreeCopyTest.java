package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `fid copy -r`, several sources, and what goes on where a copy ended.
class TreeCopyTest extends Sandbox {
    private static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffffff);
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));

    private void tree(int files, int size) throws IOException {
        Files.createDirectories(dir.resolve("src/sub"));
        for (int i = 0; i < files; i++) {
            file((i % 2 == 0 ? "src/f" : "src/sub/f") + i, size);
        }
    }

    @Test
    void aTreeIsCopiedAndCounted() throws IOException {
        tree(10, 5000);
        Ran ran = here("copy", "-r", path("src"), path("out"));
        assertThat(ran.err())
                .matches(
                        "copied 10 files, 48.8 KiB, 2 directories in \\S+ s \\(.*/s\\); 48.8 KiB through user space\n");
        assertThat(ran.status()).isZero();
        assertThat(sh("diff -r src out").out()).isEmpty();
        assertThat(here("-q", "copy", "-r", path("src"), path("out")).err()).isEmpty();
        assertThat(sh("diff -r src out/src").out()).isEmpty();
    }

    @Test
    void jsonCountsFilesBytesAndFailures() throws IOException {
        tree(3, 100);
        Files.createDirectory(dir.resolve("out"));
        Ran ran = here("copy", "-r", "--json", path("src"), path("missing"), path("out"));
        assertThat(ran.out())
                .matches("\\{\"schema\":\"fid.copy-tree/1\",\"src\":\\[.*],\"dst\":.*,\"files\":3,\"bytes\":300,"
                        + "\"directories\":2,.*\"failed\":1,\"failures\":\\[\\{\"path\":\".*missing\",\"side\":\"src\","
                        + "\"call\":\"stat\",\"errno\":\"ENOENT\",\"text\":\"No such file or directory\"}],"
                        + "\"error\":\\{\"exit\":1,.*}}\n");
        assertThat(ran.status()).isEqualTo(1);
    }

    @Test
    void parentsAreMadeOnceForManySources() throws IOException {
        assertThat(
                        sh("mkdir out; for i in $(seq 150); do mkdir -p s/d$i/e; echo $i >s/d$i/e/a; echo $i >s/d$i/e/b; done;"
                                        + " chmod 555 s/d*/e; ulimit -n 100; fid -q copy --fsync -j 8 --parents s/d*/e/* out;"
                                        + " echo $?; diff -r s out/s; find out/s/d*/e ! -perm 555 -type d; chmod -R u+w s out")
                                .out())
                .isEqualTo("0\n");
    }

    @Test
    void aLinkInTheDestinationIsNoWayForParents() throws IOException {
        Ran ran =
                sh("mkdir -p s/a out elsewhere; echo f >s/a/f; ln -s ../elsewhere out/s; fid copy --parents s/a/f out");
        assertThat(ran.err()).startsWith("fid: copy: out/s/a/f: it is no directory\n");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(dir.resolve("elsewhere")).isEmptyDirectory();
    }

    @Test
    void parentsLeadUpAndNeedADirectory() throws IOException {
        Ran ran = sh(
                "mkdir -p s/a w/d; echo f >s/a/f; cd w; fid -q copy --parents ../s/a/f d; echo $?; cd ..;"
                        + " mkdir -p w/x/y; cd w/x; fid -q copy --parents ../../s/a/f y; cat ../s/a/f; fid copy --parents ../../s/a/f no");
        assertThat(ran.out()).isEqualTo("0\nf\n");
        assertThat(ran.err()).startsWith("fid: copy: no: No such file or directory\n");
        assertThat(ran.status()).isEqualTo(3);
    }

    @Test
    void severalFilesGoIntoADirectoryOnly() throws IOException {
        byte[] a = file("a", 100);
        file("b", 200);
        Ran none = here("copy", path("a"), path("b"), path("no"));
        assertThat(none.err()).startsWith("fid: copy: " + path("no") + ": No such file or directory\nhint: several");
        assertThat(none.status()).isEqualTo(3);
        Files.createDirectory(dir.resolve("d"));
        assertThat(here("copy", path("a"), path("b"), path("d")).status()).isZero();
        assertThat(content("d/a")).isEqualTo(a);
        assertThat(here("copy", path("a"), path("b"), path("d/a")).status()).isEqualTo(3);
    }

    @Test
    void aDirectoryNeedsR() throws IOException {
        tree(2, 10);
        Files.createDirectory(dir.resolve("d"));
        byte[] a = file("a", 100);
        Ran ran = here("copy", path("src"), path("a"), path("d"));
        assertThat(ran.err()).startsWith("fid: copy: " + path("src") + ": Is a directory (-r copies directories)\n");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(content("d/a")).isEqualTo(a);
    }

    @Test
    void aTreeIntoItselfIsExit3AndNothingIsWritten() throws IOException {
        tree(2, 10);
        for (String target : new String[] {"src/sub", "src/new", "src"}) {
            assertThat(here("copy", "-r", path("src"), path(target)).status()).isEqualTo(3);
        }
        assertThat(sh("find src | wc -l").out().trim()).isEqualTo("4");
    }

    @Test
    void deleteIsForRsync() {
        Ran ran = here("copy", "-r", "--delete", path("a"), path("b"));
        assertThat(ran.err())
                .isEqualTo("fid: copy: --delete: fid removes nothing\nhint: rsync -a --delete SRC/ DST does that\n");
        assertThat(ran.status()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--append", "--offset=1", "--checksum=crc32c", "--dry-run"})
    void whatIsForOneSourceIsRefusedForTrees(String option) throws IOException {
        tree(1, 10);
        Ran ran = here("copy", "-r", option, path("src"), path("out"));
        assertThat(ran.err()).contains(": it is for one source, without -r\n");
        assertThat(ran.status()).isEqualTo(2);
    }

    @Test
    void aLimitAndReadingAgainGoWithTrees() throws IOException {
        tree(3, 100_000);
        Ran ran = here("copy", "-r", "--limit=3M", "--verify", "--json", path("src"), path("out"));
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(sh("diff -r src out").out()).isEmpty();
        String seconds = ran.out().replaceFirst("(?s).*\"seconds\": ?([0-9.e-]+).*", "$1");
        assertThat(Double.parseDouble(seconds))
                .as("300,000 bytes, 150,000 at once")
                .isGreaterThanOrEqualTo(0.05);
    }

    @Test
    void unreadableEntriesAreToldAndTheRestIsCopied() throws IOException {
        require(true, "setpriv");
        tree(4, 10);
        sh("chmod 000 src/f0; mkdir src/closed; touch src/closed/x; chmod 700 src/closed; chmod 755 src src/sub;"
                + " mkdir open; chmod 777 open");
        for (Path above = dir;
                above != null && above.startsWith("/tmp") && !above.equals(Path.of("/tmp"));
                above = above.getParent()) {
            Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Ran libraries = sh("mkdir .lib && cp -r " + classPath().replace(':', ' ') + " .lib && chmod -R a+rX .lib .bin");
        assertThat(libraries.status()).as(libraries.err()).isZero();
        String script = Files.readString(dir.resolve(".bin/fid"));
        Files.writeString(dir.resolve(".bin/fid"), script.replace(classPath(), anybodysClassPath()));
        Ran ran = sh("setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all fid copy -r src open");
        assertThat(ran.err())
                .contains("fid: copy: src/f0: Permission denied\n")
                .contains("fid: copy: src/closed: Permission denied\n")
                .contains("copied 3 files")
                .endsWith("fid: copy: 2 failures; the rest was copied\n");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(Files.exists(dir.resolve("open/src/closed"))).isFalse();
        assertThat(content("open/src/sub/f1")).isEqualTo(content("src/sub/f1"));
    }

    private String anybodysClassPath() {
        StringBuilder copies = new StringBuilder();
        for (String entry : classPath().split(":", -1)) {
            copies.append(dir.resolve(".lib").resolve(Path.of(entry).getFileName()))
                    .append(':');
        }
        return copies.toString();
    }

    @Test
    void aFullDiskLeavesWholeFilesAndTheExitCodeSaysSo() throws IOException {
        require(true, "mount", "umount");
        tree(60, 50_000);
        Files.createDirectory(dir.resolve("small"));
        assertThat(sh("mount -t tmpfs -o size=1m tmpfs small").status()).isZero();
        try {
            Ran ran = sh("fid copy -r src small");
            assertThat(ran.err())
                    .contains("No space left on device")
                    .containsPattern(
                            "fid: copy: the destination is full or read-only, after \\d+ files, .*; what has its"
                                    + " name is whole\n");
            assertThat(ran.status()).isEqualTo(1);
            assertThat(wholeFiles("small/src", 50_000)).isBetween(1L, 20L);
        } finally {
            sh("umount small");
        }
    }

    /// Counts the files, all of which must be whole, and nothing hidden beside them.
    private long wholeFiles(String folder, int size) throws IOException {
        try (Stream<Path> all = Files.walk(dir.resolve(folder))) {
            List<Path> files = all.filter(Files::isRegularFile).toList();
            for (Path file : files) {
                assertThat(file.getFileName().toString()).startsWith("f");
                assertThat(file).hasSize(size);
                Path source = dir.resolve("src").resolve(dir.resolve(folder).relativize(file));
                assertThat(file).hasSameBinaryContentAs(source);
            }
            return files.size();
        }
    }

    @Test
    void killedAtAnyPointFilesAreWholeOrAbsentAndTheNextRunCompletes() throws Exception {
        tree(400, 20_000);
        System.out.println("kills of a tree, seed " + SEED);
        Random random = new Random(SEED);
        Files.createDirectory(dir.resolve("out"));
        for (int i = 0; i < (LONG ? 100 : 4); i++) {
            Process process = start(fid("-q", "copy", "-r", "src/.", "out"));
            long wanted = random.nextInt(300);
            await("some files", () -> count("out") >= wanted || !process.isAlive());
            if (process.isAlive()) {
                signal("KILL", process); // by number: destroyForcibly would close the streams, too
            }
            finish(process);
            // What was about to take the place of an older copy has a name already, a hidden one.
            try (Stream<Path> all = Files.walk(dir.resolve("out"))) {
                for (Path hidden : all.filter(file -> hidden(file)).toList()) {
                    Files.delete(hidden);
                }
            }
            wholeFiles("out", 20_000);
            if (i % 2 == 1) {
                sh("rm -rf out; mkdir out");
            }
        }
        Ran ran = sh("fid copy -r --resume src/. out");
        assertThat(ran.status()).isZero();
        assertThat(sh("diff -r src out && ls -A out | grep fid").out()).isEmpty();
    }

    private static boolean hidden(Path file) {
        return file.getFileName().toString().matches("\\.f\\d+\\.fid-[0-9a-f]{16}");
    }

    private long count(String folder) {
        try (Stream<Path> all = Files.walk(dir.resolve(folder))) {
            return all.count();
        } catch (IOException | java.io.UncheckedIOException e) {
            return 0;
        }
    }

    @ParameterizedTest
    @CsvSource({"INT,130", "TERM,143"})
    void aSignalEndsATreeAndSaysHowFar(String name, int status) throws IOException {
        tree(4000, 3000);
        Process process = start(fid("copy", "-r", "--jobs", "1", "--progress=json", "-i", "1ms", "src", "out"));
        awaitError("fid.progress");
        await("some files", () -> count("out") > 10);
        signal(name, process);
        Ran ran = finish(process);
        assertThat(ran.status()).isEqualTo(status);
        assertThat(ran.err())
                .containsPattern(
                        "fid: copy: stopped by SIG" + name + " after [\\d ]+ files?, .*; what has its name is whole\n");
        wholeFiles("out", 3000);
    }

    @Test
    void progressInJsonTellsOfFiles() throws IOException {
        tree(300, 3000);
        Ran ran = here("copy", "-r", "--progress=json", "-i", "1ms", path("src"), path("out"));
        assertThat(ran.err().lines().filter(line -> line.startsWith("{")))
                .isNotEmpty()
                .allMatch(line ->
                        line.matches("\\{\"schema\":\"fid.progress/1\",\"files\":\\d+,\"all_files\":(\\d+|null),"
                                + "\"bytes\":\\d+,\"length\":(\\d+|null),.*}"));
    }

    @Test
    void aSingleFileGoesOnWhereItEnded() throws IOException {
        byte[] bytes = file("a", 5_000_000);
        Files.write(dir.resolve(".b.fid-part"), java.util.Arrays.copyOf(bytes, 3_000_000));
        Ran ran = here("copy", "--resume", path("a"), path("b"));
        assertThat(ran.err()).startsWith("copied 1 file, 1.91 MiB in ");
        assertThat(content("b")).isEqualTo(bytes);
        assertThat(names()).containsExactly("a", "b");
        assertThat(here("copy", "--resume", path("a"), path("b")).err()).contains("1 left as they were");
    }

    @Test
    void verboseSaysHowThePageCacheWasSpared() throws IOException {
        byte[] bytes = file("a", 500_000);
        Ran ran = here("copy", "-v", "--no-cache", path("a"), path("b"));
        assertThat(ran.err()).containsPattern("page cache spared by (RWF_DONTCACHE|POSIX_FADV_DONTNEED)");
        assertThat(content("b")).isEqualTo(bytes);
    }

    // ---- endpoints and failures ----

    @Test
    void aDescriptorOfSystemdIsFoundByItsName() throws IOException {
        byte[] bytes = file("a", 1000);
        Ran ran = sh("exec 3</dev/null 4<a; export LISTEN_FDS=2 LISTEN_FDNAMES=log:input; sh -c 'LISTEN_PID=$$ exec"
                + " fid copy fd://input b'");
        assertThat(ran.err()).startsWith("copied 1000 B");
        assertThat(content("b")).isEqualTo(bytes);
        Ran unknown = sh("LISTEN_FDS=1 LISTEN_FDNAMES=log sh -c 'LISTEN_PID=$$ exec fid copy fd://input b'");
        assertThat(unknown.err()).contains("fd://input: no descriptor has that name (LISTEN_FDNAMES: log)");
        assertThat(unknown.status()).isEqualTo(2);
        Ran other = sh("LISTEN_PID=1 LISTEN_FDS=1 LISTEN_FDNAMES=input fid copy fd://input b");
        assertThat(other.err()).contains("are for process 1, not for this one");
        assertThat(here("copy", "fd://input", path("b")).status()).isEqualTo(2);
    }

    @Test
    void withJsonAFailureIsAnObject() throws IOException {
        Ran ran = here("copy", "--json", path("missing"), path("b"));
        assertThat(ran.out())
                .matches(
                        "\\{\"schema\":\"fid.copy/1\",\"src\":\".*\",\"dst\":\".*\",\"error\":\\{\"exit\":3,\"text\":\".*No such"
                                + " file or directory\",\"hint\":.*,\"errno\":\"ENOENT\",\"call\":\"open\",\"bytes\":0}}\n");
        assertThat(ran.err()).startsWith("fid: copy: ");
        Ran tree = here("copy", "-r", "--json", path("missing"), path("b"));
        assertThat(tree.out()).startsWith("{\"schema\":\"fid.copy-tree/1\"").contains("\"error\":{\"exit\":3");
        assertThat(tree.status()).isEqualTo(3);
    }

    /// CP-019
    @Test
    void theSourceItselfIsRefusedThroughABindMount() throws IOException {
        require(true, "mount", "umount");
        Files.createDirectory(dir.resolve("d"));
        Files.createDirectory(dir.resolve("m"));
        byte[] bytes = file("d/a", 1000);
        assertThat(sh("mount --bind d m").status()).isZero();
        try {
            for (String options : new String[] {"", "-r", "--in-place", "--resume"}) {
                Ran ran = sh("fid copy " + options + " d/a m/a");
                assertThat(ran.err()).contains("it is the source itself");
                assertThat(ran.status()).isEqualTo(3);
            }
            assertThat(sh("fid copy -r d m").status()).isEqualTo(3);
        } finally {
            sh("umount m");
        }
        assertThat(content("d/a")).isEqualTo(bytes);
    }

    /// CP-020
    @ParameterizedTest
    @ValueSource(strings = {"append", "truncate", "rewrite", "rename"})
    void aSourceThatChangesMeanwhileIsExit6(String change) throws IOException {
        file("a", 3_000_000);
        file("other", 3_000_000);
        byte[] old = file("b", 10);
        Process process = start(fid("copy", "--limit", "4M", "--progress=json", "-i", "20ms", "a", "b"));
        awaitError("fid.progress");
        switch (change) {
            case "append" -> Files.writeString(dir.resolve("a"), "more", StandardOpenOption.APPEND);
            case "truncate" -> {
                try (RandomAccessFile file = new RandomAccessFile(path("a"), "rw")) {
                    file.setLength(10);
                }
            }
            case "rewrite" -> {
                try (RandomAccessFile file = new RandomAccessFile(path("a"), "rw")) {
                    file.write("changed".getBytes(UTF_8));
                }
            }
            default -> Files.move(dir.resolve("other"), dir.resolve("a"), StandardCopyOption.REPLACE_EXISTING);
        }
        Ran ran = finish(process);
        assertThat(ran.err()).contains("b is untouched");
        assertThat(ran.status()).isEqualTo(6);
        assertThat(content("b")).isEqualTo(old);
    }
}
