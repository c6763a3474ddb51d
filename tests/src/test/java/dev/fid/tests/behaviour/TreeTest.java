package dev.fid.tests.behaviour;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.faults.FaultyKernel;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Await;
import dev.fid.tests.Needs;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Trees arrive as they were, whole file by whole file; compared with what cp(1) makes of them.
class TreeTest extends Fixture {
    private static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffffff);
    private static final EnumSet<Tree.Kept> ALL = EnumSet.allOf(Tree.Kept.class);

    private Path src;

    @BeforeEach
    void makeSource() throws IOException {
        src = Files.createDirectory(dir.resolve("src"));
    }

    private Path write(String name, int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return Files.write(src.resolve(name), bytes);
    }

    private static String sh(Path where, String line) throws IOException {
        Process process = new ProcessBuilder("sh", "-c", line)
                .directory(where.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        try (InputStream out = process.getInputStream()) {
            return new String(out.readAllBytes(), ISO_8859_1);
        } finally {
            process.getErrorStream().close();
            process.destroy();
        }
    }

    /// What stat(2) says of everything in it, and every content.
    private static String listing(Path tree, boolean kept) throws IOException {
        String what = kept ? "%p %y %m %U:%G %n %T@ %b %l\\n" : "%p %y %n %b %l\\n";
        // The blocks of a directory are its file system's affair.
        return sh(
                tree,
                "find . -type d -printf '%p %m\\n' | sort; find . ! -type d -printf '" + what
                        + "' | sort; find . -type f -print0 | sort -z | xargs -0r sha256sum");
    }

    @Test
    void everyKindOfEntryArrivesAsWithCpA() throws IOException {
        Needs.root();
        Files.createDirectories(src.resolve("b/c"));
        Files.createDirectory(src.resolve("ro"));
        write("ro/q", 10);
        write("small", 4000);
        write("big", 3_000_000);
        write("empty", 0);
        Files.createLink(src.resolve("b/hard"), src.resolve("small"));
        Files.createSymbolicLink(src.resolve("b/soft"), Path.of("../small"));
        Files.createSymbolicLink(src.resolve("dangling"), Path.of("nowhere"));
        try (RandomAccessFile file = new RandomAccessFile(src.resolve("sparse").toFile(), "rw")) {
            file.setLength(10 << 20);
            file.seek(5 << 20);
            file.writeBytes("data");
        }
        sh(
                src,
                "mkfifo -m 604 fifo; mknod -m 640 null c 1 3; mknod loop b 7 300; echo z > \"$(printf 'n\\377x')\";"
                        + " chmod 4755 big; chown 1:2 small b; chmod 640 small;"
                        + " touch -h -d '2001-02-03 04:05:06.123456789' small b/soft ro fifo; chmod 555 ro");
        Tree.Report report = Tree.from(src).to(dir.resolve("out")).keep(ALL).run();
        assertThat(report.failures()).isEmpty();
        sh(dir, "cp -a src ref");
        assertThat(listing(dir.resolve("out"), true)).isEqualTo(listing(dir.resolve("ref"), true));
        assertThat(report.files()).isEqualTo(6);
        assertThat(report.links()).isEqualTo(1);
        assertThat(report.symlinks()).isEqualTo(2);
        assertThat(report.special()).isEqualTo(3);
        assertThat(report.directories()).isEqualTo(4);
    }

    @Test
    void withoutMoreAskedForModesAreThoseOfCpR() throws IOException {
        Files.createDirectory(src.resolve("d"));
        write("d/a", 10);
        write("x", 100_000);
        sh(src, "chmod 777 d; chmod 4775 x; chmod 500 d");
        Tree.from(src).to(dir.resolve("out")).run();
        sh(dir, "cp -r src ref");
        String modes = "find . -printf '%p %m\\n' | sort";
        assertThat(sh(dir.resolve("out"), modes)).isEqualTo(sh(dir.resolve("ref"), modes));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    void randomTreesArrive(int jobs) throws IOException {
        System.out.println("random trees, seed " + SEED);
        Random random = new Random(SEED + jobs);
        fill(src, random, 4);
        Tree.Report report =
                Tree.from(src).to(dir.resolve("out")).jobs(jobs).keep(ALL).run();
        assertThat(report.failures()).as("seed %d", SEED).isEmpty();
        assertThat(listing(dir.resolve("out"), true)).as("seed %d", SEED).isEqualTo(listing(src, true));
        // Once more over itself: everything is replaced, nothing is left over.
        Tree.Report again = Tree.from(src.resolve("."))
                .to(dir.resolve("out"))
                .jobs(jobs)
                .keep(ALL)
                .run();
        assertThat(again.failures()).as("seed %d", SEED).isEmpty();
        assertThat(listing(dir.resolve("out"), true)).as("seed %d", SEED).isEqualTo(listing(src, true));
    }

    private static void fill(Path folder, Random random, int depth) throws IOException {
        int count = 1 + random.nextInt(12);
        Path last = null;
        for (int i = 0; i < count; i++) {
            Path path = folder.resolve("n" + i);
            switch (depth == 0 ? random.nextInt(4) : random.nextInt(6)) {
                case 0 -> Files.createSymbolicLink(path, Path.of("n" + random.nextInt(12)));
                case 1 -> {
                    if (last == null) {
                        Files.createFile(path);
                    } else {
                        Files.createLink(path, last);
                    }
                }
                case 2, 3 -> {
                    byte[] bytes = new byte[random.nextInt(4) == 0 ? random.nextInt(300_000) : random.nextInt(9000)];
                    random.nextBytes(bytes);
                    last = Files.write(path, bytes);
                }
                default -> fill(Files.createDirectory(path), random, depth - 1);
            }
        }
    }

    @Test
    void aTreeDeeperThanPathMaxAndThanDescriptorsArrives() throws IOException {
        int deep = 1200; // more than may be open at once below, and 12,000 bytes of path
        Kernel linux = Kernel.linux();
        int fd = linux.openat(Uapi.AT_FDCWD, src.toString().getBytes(UTF_8), Uapi.O_RDONLY, 0);
        for (int i = 0; i < deep; i++) {
            byte[] name = ("level-" + i % 1000).getBytes(UTF_8);
            assertThat(linux.mkdirat(fd, name, 0755)).isZero();
            int next = linux.openat(fd, name, Uapi.O_RDONLY, 0);
            if (i % 100 == 50) {
                linux.close(linux.openat(fd, "side".getBytes(UTF_8), Uapi.O_CREAT | Uapi.O_WRONLY, 0644));
            }
            linux.close(fd);
            fd = next;
        }
        linux.close(fd);
        AtomicInteger most = new AtomicInteger();
        FaultyKernel watched = FaultyKernel.over(linux);
        int before = openDescriptors();
        watched.on("mkdirat").runs(call -> most.accumulateAndGet(openDescriptors() - before, Math::max));
        // Of the two one stays behind until the other is near the bottom, which then waits until the first has read
        // each directory above to its end.
        AtomicLong down = new AtomicLong();
        watched.on("mkdirat").runs(call -> down.set(Thread.currentThread().threadId()));
        watched.on("getdents64").runs(call -> {
            if (down.get() != 0 && down.get() != Thread.currentThread().threadId()) {
                Await.until("levels are made", () -> watched.calls("mkdirat") >= deep - 100);
            }
        });
        watched.on("mkdirat")
                .nth(deep - 100)
                .runs(call -> Await.until("levels are listed", () -> watched.calls("getdents64") >= 2L * (deep - 110)));
        Tree.Report report = Tree.from(src)
                .to(dir.resolve("out"))
                .on(watched.kernel())
                .jobs(2)
                .keep(ALL)
                .run();
        assertThat(report.failures()).isEmpty();
        assertThat(report.directories()).isEqualTo(deep + 1);
        assertThat(report.files()).isEqualTo(12);
        assertThat(most.get()).as("descriptors open at once").isLessThan(300);
        String shape = "find . -printf '%y %T@ %d\\n' | sort | sha256sum";
        assertThat(sh(dir.resolve("out"), shape)).isEqualTo(sh(src, shape));
        sh(dir, "rm -rf src out");
    }

    private static int openDescriptors() {
        String[] names = new java.io.File("/proc/self/fd").list();
        return names == null ? 0 : names.length;
    }

    @Test
    void aTreeIntoItselfIsRefusedBeforeAnythingIsWritten() throws IOException {
        Files.createDirectories(src.resolve("a/b"));
        Files.createSymbolicLink(dir.resolve("alias"), src.resolve("a"));
        String before = listing(src, true);
        for (Path target : List.of(src.resolve("a/new"), src.resolve("a/b"), src, dir.resolve("alias/new"), dir)) {
            ErrnoException e = catchThrowableOfType(
                    ErrnoException.class, () -> Tree.from(src).to(target).run());
            assertThat(e).as("into %s", target).isNotNull();
            assertThat(e.errno()).isEqualTo(Errno.EINVAL);
        }
        assertThat(listing(src, true)).isEqualTo(before);
    }

    @Test
    void aDirectoryThatWasReplacedByALinkIsNotFollowed() throws IOException {
        Files.createDirectory(src.resolve("d"));
        write("d/secret", 10);
        Path out = Files.createDirectory(dir.resolve("out"));
        Path victim = Files.createDirectory(dir.resolve("victim"));
        Files.createSymbolicLink(out.resolve("d"), victim);
        Tree.Report report = Tree.from(src.resolve(".")).to(out).run();
        assertThat(report.failed()).isEqualTo(1);
        assertThat(report.failures().getFirst().path()).endsWith("out/d");
        assertThat(victim.toFile().list()).isEmpty();
    }

    @Test
    void aLinkSwappedInAfterTheMkdirIsNotFollowed() throws IOException {
        Files.createDirectory(src.resolve("d"));
        write("d/secret", 10);
        Path victim = Files.createDirectory(dir.resolve("victim"));
        Path made = dir.resolve("out/d");
        FaultyKernel racing = FaultyKernel.over(Kernel.linux());
        racing.on("openat")
                .when(call -> call.arguments().get(1) instanceof byte[] name
                        && Arrays.equals(name, new byte[] {'d'})
                        && Files.isDirectory(made)
                        && !Files.isSymbolicLink(made))
                .runs(call -> {
                    try {
                        Files.delete(made);
                        Files.createSymbolicLink(made, victim);
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
        Tree.Report report =
                Tree.from(src).to(dir.resolve("out")).on(racing.kernel()).run();
        assertThat(report.failed()).isEqualTo(1);
        assertThat(victim.toFile().list()).isEmpty();
    }

    @Test
    void anExistingFileIsReplacedKeepsItsModeAndItsOtherLinksTheOldContent() throws IOException {
        write("f", 100);
        Path out = Files.createDirectory(dir.resolve("out"));
        Files.writeString(out.resolve("f"), "old");
        Files.setPosixFilePermissions(out.resolve("f"), PosixFilePermissions.fromString("rw-------"));
        Files.createLink(dir.resolve("other"), out.resolve("f"));
        Tree.from(src.resolve("f")).to(out).run();
        assertThat(out.resolve("f")).hasSameBinaryContentAs(src.resolve("f"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(out.resolve("f"))))
                .isEqualTo("rw-------");
        assertThat(dir.resolve("other")).hasContent("old");
        assertThat(out.toFile().list()).containsExactly("f");
    }

    @Test
    void inPlaceKeepsTheInodeAndItsLinks() throws IOException {
        write("f", 100_000);
        Path out = Files.createDirectory(dir.resolve("out"));
        Files.write(out.resolve("f"), new byte[300_000]);
        Files.createLink(dir.resolve("other"), out.resolve("f"));
        Tree.from(src.resolve("f")).to(out).inPlace(true).run();
        assertThat(dir.resolve("other")).hasSameBinaryContentAs(src.resolve("f"));
    }

    @Test
    void theFirstOfTwoSourcesOfOneNameWins() throws IOException {
        Path one = Files.createDirectories(src.resolve("one"));
        Path two = Files.createDirectories(src.resolve("two"));
        Files.writeString(one.resolve("same"), "first");
        Files.writeString(two.resolve("same"), "second");
        Path out = Files.createDirectory(dir.resolve("out"));
        Tree.Report report =
                Tree.from(one.resolve("same"), two.resolve("same")).to(out).run();
        assertThat(out.resolve("same")).hasContent("first");
        assertThat(report.failures()).hasSize(1);
        assertThat(report.failures().getFirst().cause().detail()).isEqualTo("another source was just copied there");
    }

    @Test
    void skipAndUpdateLeaveWhatTheySay() throws IOException {
        Files.writeString(src.resolve("older"), "new");
        Files.writeString(src.resolve("newer"), "new");
        Path out = Files.createDirectory(dir.resolve("out"));
        Files.writeString(out.resolve("older"), "old");
        Files.writeString(out.resolve("newer"), "old");
        Files.setLastModifiedTime(src.resolve("older"), FileTime.fromMillis(1000));
        Files.setLastModifiedTime(out.resolve("newer"), FileTime.fromMillis(2000));
        Tree.Report skip =
                Tree.from(src.resolve(".")).to(out).existing(Tree.Existing.SKIP).run();
        assertThat(skip.skipped()).isEqualTo(2);
        assertThat(out.resolve("newer")).hasContent("old");
        Tree.Report update = Tree.from(src.resolve("."))
                .to(out)
                .existing(Tree.Existing.UPDATE)
                .run();
        assertThat(update.skipped()).isEqualTo(1);
        assertThat(out.resolve("older")).hasContent("old");
        assertThat(out.resolve("newer")).hasContent("new");
    }

    @Test
    void aLargeFileGoesOnInItsMiddleAndAChangedSourceBeginsAnew() throws Exception {
        Path big = write("big", 12_000_000);
        Path out = Files.createDirectory(dir.resolve("out"));
        Path part = out.resolve(".big.fid-part");
        for (boolean changed : new boolean[] {false, true}) {
            stopAfter(8_000_000, big, out);
            assertThat(part).isRegularFile();
            assertThat(Files.size(part)).isBetween(1L, 11_999_999L);
            if (changed) {
                byte[] other = new byte[12_000_000];
                new Random(77).nextBytes(other);
                Files.write(big, other);
            }
            long[] copied = {0};
            Kernel counting = FaultyKernel.over(Kernel.linux())
                    .on("copyFileRange", "write", "pwrite")
                    .runs(call -> copied[0] += call.name().equals("copyFileRange") ? 1 : 0)
                    .kernel();
            long had = Files.size(part);
            Tree.Report report = Tree.from(big)
                    .to(out)
                    .on(counting)
                    .existing(Tree.Existing.RESUME)
                    .run();
            assertThat(out.resolve("big")).hasSameBinaryContentAs(big);
            assertThat(part).doesNotExist();
            assertThat(report.bytes()).isEqualTo(changed ? 12_000_000 : 12_000_000 - had);
            assertThat(sh(out, "ls -A")).isEqualTo("big\n");
            Files.delete(out.resolve("big"));
        }
    }

    /// Fails the data calls after so many bytes, as a full disk would.
    private static void stopAfter(long bytes, Path big, Path out) throws IOException {
        Kernel ending = FaultyKernel.over(Kernel.linux())
                .on("copyFileRange")
                .when(call -> call.arguments().get(1) instanceof dev.fid.kernel.Offset off && off.value >= bytes)
                .fails(Errno.EIO)
                .kernel();
        Tree.Report report = Tree.from(big)
                .to(out)
                .on(ending)
                .method(Method.COPY_FILE_RANGE)
                .existing(Tree.Existing.RESUME)
                .run();
        assertThat(report.failed()).isEqualTo(1);
    }

    @Test
    void aPartThatDiffersInItsTailBeginsAnew() throws IOException {
        Path big = write("big", 3_000_000);
        Path out = Files.createDirectory(dir.resolve("out"));
        byte[] wrong = Files.readAllBytes(big);
        wrong[1_999_000] ^= 1;
        Files.write(out.resolve(".big.fid-part"), Arrays.copyOf(wrong, 2_000_000));
        Tree.Report report =
                Tree.from(big).to(out).existing(Tree.Existing.RESUME).run();
        assertThat(out.resolve("big")).hasSameBinaryContentAs(big);
        assertThat(report.bytes()).isEqualTo(3_000_000);
    }

    @Test
    void zerosBecomeHolesWhereThatIsAskedFor() throws IOException {
        byte[] bytes = new byte[4 << 20];
        bytes[1_000_000] = 1;
        Files.write(src.resolve("zeros"), bytes);
        Tree.from(src).to(dir.resolve("out")).holes(Tree.Holes.MADE).run();
        assertThat(dir.resolve("out/zeros")).hasBinaryContent(bytes);
        assertThat(Long.parseLong(sh(dir, "stat -c %b out/zeros").trim())).isLessThan(100);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withoutTheCacheTheBytesArriveAndTheReportSaysHow(boolean flagKnown) throws IOException {
        write("big", 1_000_000);
        write("small", 3000);
        FaultyKernel faulty = FaultyKernel.over(Kernel.linux());
        if (!flagKnown) {
            faulty.on("preadv2", "pwritev2").fails(Errno.EOPNOTSUPP);
        }
        Tree.Report report = Tree.from(src)
                .to(dir.resolve("out"))
                .on(faulty.kernel())
                .cached(false)
                .run();
        assertThat(dir.resolve("out/big")).hasSameBinaryContentAs(src.resolve("big"));
        assertThat(dir.resolve("out/small")).hasSameBinaryContentAs(src.resolve("small"));
        assertThat(report.uncached())
                .matches(flagKnown ? "RWF_DONTCACHE|.*POSIX_FADV_DONTNEED" : "POSIX_FADV_DONTNEED");
    }

    @Test
    void aFileSystemWithoutNamelessFilesOrEmptyPathsServes() throws IOException {
        write("a", 100);
        write("b", 100_000);
        for (boolean nameless : new boolean[] {true, false}) {
            FaultyKernel faulty = FaultyKernel.over(Kernel.linux());
            if (nameless) {
                faulty.on("linkat")
                        .when(call ->
                                call.arguments().getLast() instanceof Integer flags && flags == Uapi.AT_EMPTY_PATH)
                        .fails(Errno.ENOENT);
            } else {
                faulty.on("openat")
                        .when(call -> call.arguments().get(2) instanceof Integer flags
                                && (flags & Uapi.O_TMPFILE) == Uapi.O_TMPFILE)
                        .fails(Errno.EOPNOTSUPP);
            }
            Path out = dir.resolve("out" + nameless);
            for (int i = 0; i < 2; i++) { // new, then replaced
                Tree.Report report = Tree.from(src.resolve("a"), src.resolve("b"))
                        .to(Files.isDirectory(out) ? out : Files.createDirectory(out))
                        .on(faulty.kernel())
                        .run();
                assertThat(report.failures()).isEmpty();
            }
            assertThat(out.toFile().list()).containsExactlyInAnyOrder("a", "b");
            assertThat(out.resolve("b")).hasSameBinaryContentAs(src.resolve("b"));
        }
    }

    @Test
    void linksAreFollowedWhereThatIsAskedForAndALoopFails() throws IOException {
        write("f", 10);
        Files.createSymbolicLink(src.resolve("soft"), Path.of("f"));
        Files.createDirectory(src.resolve("d"));
        Files.createSymbolicLink(src.resolve("d/up"), Path.of(".."));
        Tree.Report report = Tree.from(src).to(dir.resolve("out")).follow(true).run();
        assertThat(Files.isRegularFile(dir.resolve("out/soft"), java.nio.file.LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat(report.failures()).hasSize(1);
        assertThat(report.failures().getFirst().cause().errno()).isEqualTo(Errno.ELOOP);
    }

    @Test
    void attributesAndAccessListsAreKeptWhereTheFileSystemHasThem() throws IOException {
        Kernel linux = Kernel.linux();
        Path file = write("f", 10);
        byte[] name = "user.colour".getBytes(UTF_8);
        byte[] list = "system.posix_acl_access".getBytes(UTF_8);
        // Version 2; user object rw, user 1 r, group object r, mask r, others none. Source: acl(5),
        // linux/posix_acl_xattr.h
        int[] acl = {2, 0x00060001, -1, 0x00040002, 1, 0x00040004, -1, 0x00040010, -1, 0x00000020, -1};
        try (Memory memory = linux.allocate(4096)) {
            memory.put(0, "blue".getBytes(UTF_8), 0, 4);
            byte[] path = file.toString().getBytes(UTF_8);
            Needs.that(
                    linux.setxattr(path, name, memory, 0, 4, 0) == 0, "needs user attributes in the temporary folder");
            for (int i = 0; i < acl.length; i++) {
                memory.putInt(4L * i, acl[i]);
            }
            boolean lists = linux.setxattr(path, list, memory, 0, 44, 0) == 0;
            Tree.from(src).to(dir.resolve("out")).keep(ALL).run();
            Tree.from(src).to(dir.resolve("plain")).run();
            byte[] copy = dir.resolve("out/f").toString().getBytes(UTF_8);
            byte[] plain = dir.resolve("plain/f").toString().getBytes(UTF_8);
            assertThat(linux.getxattr(copy, name, memory, 0, 100)).isEqualTo(4);
            assertThat(memory.bytes(0, 4)).asString(UTF_8).isEqualTo("blue");
            assertThat(linux.getxattr(plain, name, memory, 0, 100)).isEqualTo(-Errno.ENODATA);
            if (lists) {
                assertThat(linux.getxattr(copy, list, memory, 0, 100)).isEqualTo(44);
            }
        }
    }

    @Test
    void anInterruptEndsItAndLeavesWholeFilesOnly() throws Exception {
        for (int i = 0; i < 200; i++) {
            write("f" + i, 5000);
        }
        Thread caller = Thread.currentThread();
        Kernel interrupting = FaultyKernel.over(Kernel.linux())
                .on("linkat")
                .nth(50)
                .runs(call -> caller.interrupt())
                .kernel();
        Tree.Report report =
                Tree.from(src).to(dir.resolve("out")).on(interrupting).run();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(report.stopped()).isTrue();
        assertThat(report.files()).isBetween(49L, 200L);
        try (var files = Files.list(dir.resolve("out"))) {
            assertThat(files).allMatch(file -> file.toFile().length() == 5000).hasSize((int) report.files());
        }
    }

    @Test
    void theListenerLearnsOfAllFilesAndBytes() throws IOException {
        for (int i = 0; i < 20; i++) {
            write("f" + i, 50_000);
        }
        Tree.Progress[] last = new Tree.Progress[1];
        Tree.from(src)
                .to(dir.resolve("out"))
                .progress(java.time.Duration.ofMillis(1), progress -> last[0] = progress)
                .run();
        assertThat(last[0].files()).isEqualTo(20);
        assertThat(last[0].bytes()).isEqualTo(1_000_000);
        assertThat(last[0].allFiles()).isIn(20L, -1L);
    }

    // ---- a limit, and reading again ----

    @ParameterizedTest
    @EnumSource(Tree.Holes.class)
    void aLimitHoldsForAllWorkersTogether(Tree.Holes holes) throws Exception {
        for (int i = 0; i < 20; i++) {
            write("small" + i, 30_000 + i);
        }
        write("large", 700_000);
        write("larger", 900_000);
        long rate = 8_000_000;
        Tree.Report report = Tree.from(src)
                .to(dir.resolve("out"))
                .limit(rate)
                .holes(holes)
                .jobs(4)
                .run();
        assertThat(report.bytes()).isEqualTo(2_200_190);
        assertThat(sh(dir, "diff -r src out")).isEmpty();
        long granted = (long) (rate * (report.nanos() / 1e9)) + rate / 20;
        assertThat(report.bytes()).as("bytes in the time that it took").isLessThanOrEqualTo(granted);
    }

    enum Writing {
        WHOLE,
        IN_PLACE,
        RESUMED
    }

    @Test
    void theNamesOfTheSourcesAreOnTheDiskToo() throws Exception {
        Path large = write("large", 100);
        Path out = Files.createDirectory(dir.resolve("out"));
        Stat folder = new Stat();
        try (Fd fd = Fd.open(out)) {
            Kernel.linux().fstat(fd.number(), folder);
        }
        List<Boolean> synced = new ArrayList<>();
        FaultyKernel watching = FaultyKernel.over(Kernel.linux());
        watching.on("fsync").runs(call -> {
            Stat stat = new Stat();
            Kernel.linux().fstat((int) call.arguments().get(0), stat);
            synced.add(stat.inode == folder.inode && stat.device == folder.device);
        });
        Tree.from(large).to(out).jobs(1).durable(true).on(watching.kernel()).run();
        assertThat(synced).containsExactly(false, true);
    }

    /// Each first fsync of a file finds a byte that is not the source's: at the end, or in the middle.
    @ParameterizedTest
    @EnumSource(Writing.class)
    void aCopyOfAnotherContentGetsNoNameWhereItIsVerified(Writing writing) throws Exception {
        write("large", 3_000_000);
        write("small", 4000);
        write("longer", 5000);
        FaultyKernel corrupting = FaultyKernel.over(Kernel.linux());
        corrupting.on("fsync").when(TreeTest::isFile).runs(call -> {
            int fd = (int) call.arguments().get(0);
            Kernel linux = Kernel.linux();
            Stat stat = new Stat();
            linux.fstat(fd, stat);
            try (Memory byteOfOurs = linux.allocate(1)) {
                linux.pread(fd, byteOfOurs, 0, 1, stat.size / 2);
                byteOfOurs.putByte(0, (byte) ~byteOfOurs.getByte(0));
                linux.pwrite(fd, byteOfOurs, 0, 1, stat.size == 5000 ? 5000 : stat.size / 2);
            }
        });
        Path out = dir.resolve("out");
        Tree.Report report = tree(out, writing).on(corrupting.kernel()).run();
        assertThat(report.failures()).hasSize(3).allSatisfy(failure -> {
            assertThat(failure.cause().errno()).isEqualTo(Errno.ESTALE);
            assertThat(failure.out()).isTrue();
        });
        if (writing == Writing.WHOLE) {
            assertThat(out).isEmptyDirectory();
        }
        report = tree(out, writing).run();
        assertThat(report.failures()).isEmpty();
        assertThat(sh(dir, "diff -r src out")).isEmpty();
    }

    private Tree tree(Path out, Writing writing) {
        return Tree.from(src.resolve("."))
                .to(out)
                .durable(true)
                .verified(true)
                .inPlace(writing == Writing.IN_PLACE)
                .existing(writing == Writing.RESUMED ? Tree.Existing.RESUME : Tree.Existing.REPLACE);
    }

    private static boolean isFile(FaultyKernel.Call call) {
        Stat stat = new Stat();
        return Kernel.linux().fstat((int) call.arguments().get(0), stat) == 0 && stat.type() == Uapi.S_IFREG;
    }
}
