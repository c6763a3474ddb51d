package dev.fid.tests.behaviour;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fid.faults.FaultyKernel;
import dev.fid.files.Replacement;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Needs;
import dev.fid.tests.conformance.Command;
import dev.fid.tests.conformance.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Names that a copy makes for a while: they meet nobody's, nobody else's is taken for one, and none is left.
class HiddenNamesTest extends Fixture {
    private Path src;
    private Path out;

    @BeforeEach
    void makeFolders() throws IOException {
        src = Files.createDirectory(dir.resolve("src"));
        out = Files.createDirectory(dir.resolve("out"));
    }

    private FaultyKernel faulty(boolean nameless) {
        FaultyKernel faulty = FaultyKernel.over(kernel);
        return nameless
                ? faulty
                : faulty.on("openat")
                        .when(call -> call.arguments().get(2) instanceof Integer flags
                                && (flags & Uapi.O_TMPFILE) == Uapi.O_TMPFILE)
                        .fails(Errno.EOPNOTSUPP);
    }

    private Kernel kernel(boolean nameless) {
        return faulty(nameless).kernel();
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(path -> !path.equals(folder))
                    .map(path -> folder.relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }

    private Tree tree(Kernel on) {
        return Tree.from(src.resolve(".")).to(out).on(on);
    }

    private static void succeeds(Tree tree) throws IOException {
        assertThat(tree.run().failures()).isEmpty();
    }

    // ---- a user's names ----

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void filesThatAreCalledSoArriveAndAreNotReplacedByOthers(boolean nameless) throws IOException {
        for (String name : List.of("a", ".a.fid-0", ".a.fid-1", ".a.fid-part", ".a.fid-0000000012345678", "z")) {
            Files.writeString(src.resolve(name), name);
        }
        for (int run = 0; run < 2; run++) { // the second one over what is there
            succeeds(tree(kernel(nameless)));
            assertThat(names(out)).isEqualTo(names(src));
            for (String name : names(src)) {
                assertThat(out.resolve(name)).hasContent(name);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void filesOfTheDestinationThatAreCalledSoStay(boolean nameless) throws IOException {
        Files.writeString(src.resolve("a"), "new");
        Files.writeString(out.resolve("a"), "old");
        List<String> planted = new ArrayList<>(List.of("a"));
        for (int i = 0; i < 70; i++) {
            planted.add(".a.fid-" + i);
            Files.writeString(out.resolve(".a.fid-" + i), "mine");
        }
        planted.sort(null);
        succeeds(tree(kernel(nameless)));
        replace(kernel(nameless), out.resolve("a"), "newer");
        assertThat(names(out)).isEqualTo(planted);
        assertThat(out.resolve("a")).hasContent("newer");
    }

    @Test
    void aPartOfTheSourceArrivesBesideTheFileThatItBelongsTo() throws IOException {
        byte[] big = pattern(3_000_000);
        Files.write(src.resolve("big"), big);
        Files.write(src.resolve(".big.fid-part"), Arrays.copyOf(big, 2_000_000));
        for (int run = 0; run < 2; run++) {
            succeeds(tree(kernel).existing(Tree.Existing.RESUME).jobs(1));
            assertThat(out.resolve("big")).hasBinaryContent(big);
            assertThat(out.resolve(".big.fid-part")).hasBinaryContent(Arrays.copyOf(big, 2_000_000));
            Files.delete(out.resolve("big"));
        }
    }

    @Test
    void aFileThatIsCalledAsAPartAndIsNoneStays() throws IOException {
        byte[] big = pattern(3_000_000);
        Files.write(src.resolve("big"), big);
        Files.writeString(out.resolve(".big.fid-part"), "mine");
        succeeds(tree(kernel).existing(Tree.Existing.RESUME));
        assertThat(out.resolve("big")).hasBinaryContent(big);
        assertThat(out.resolve(".big.fid-part")).hasContent("mine");
    }

    @Test
    void aPartOfAnotherUserOrThatOthersMayWriteIsNotTrusted() throws IOException {
        Needs.root();
        byte[] big = pattern(9_000_000);
        Files.write(src.resolve("big"), big);
        for (String planted : List.of("chown 1234", "chmod 666", "ln -s /etc/passwd")) {
            stopAt(8_000_000);
            Path part = out.resolve(".big.fid-part");
            byte[] poisoned = Files.readAllBytes(part);
            poisoned[5] ^= 1; // the last 4 MiB are what they should be
            Files.write(part, poisoned);
            if (planted.startsWith("ln")) {
                Files.delete(part);
            }
            Command.run("sh", "-c", planted + " " + part);
            succeeds(tree(kernel).existing(Tree.Existing.RESUME));
            assertThat(out.resolve("big")).as(planted).hasBinaryContent(big);
            assertThat(Files.getAttribute(out.resolve("big"), "unix:uid")).isEqualTo(0);
            Command.run("rm", "-f", part, out.resolve("big"));
        }
    }

    @Test
    void aPartThatAnotherCopyIsWritingIsLeftToIt() throws IOException {
        byte[] big = pattern(3_000_000);
        Files.write(src.resolve("big"), big);
        AtomicReference<Tree.Report> second = new AtomicReference<>();
        Kernel first = FaultyKernel.over(kernel)
                .on("copyFileRange", "splice", "sendfile")
                .nth(1)
                .runs(call -> {
                    try {
                        second.set(tree(kernel).existing(Tree.Existing.RESUME).run());
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                })
                .kernel();
        succeeds(tree(first).existing(Tree.Existing.RESUME));
        assertThat(second.get().failures()).isEmpty();
        assertThat(out.resolve("big")).hasBinaryContent(big);
        assertThat(names(out)).containsExactly("big");
    }

    /// Ends a copy of `big` after so many bytes, as a full disk would.
    private void stopAt(long bytes) throws IOException {
        Kernel ending = FaultyKernel.over(kernel)
                .on("copyFileRange")
                .when(call -> call.arguments().get(1) instanceof dev.fid.kernel.Offset off && off.value >= bytes)
                .fails(Errno.EIO)
                .kernel();
        Tree.Report report = tree(ending)
                .method(dev.fid.Method.COPY_FILE_RANGE)
                .existing(Tree.Existing.RESUME)
                .run();
        assertThat(report.failed()).isEqualTo(1);
    }

    // ---- orphans ----

    /// Leaves what a run leaves that is killed before its last step.
    private String orphan(boolean nameless, Path path) throws IOException {
        Kernel dying =
                faulty(nameless).on("renameat2", "unlinkat").fails(Errno.EIO).kernel();
        assertThat(catchThrowable(() -> replace(dying, path, "half"))).isNotNull();
        return names(Objects.requireNonNull(path.getParent())).stream()
                .filter(name -> name.matches("\\..*\\.fid-[0-9a-f]{16}"))
                .findAny()
                .orElseThrow();
    }

    private void replace(Kernel on, Path path, String content) throws IOException {
        try (Replacement file = Replacement.of(on, path, 0666)) {
            put(file.fd(), content);
            file.commit(false);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAKilledRunLeftIsRemovedByTheNext(boolean nameless) throws IOException {
        Files.writeString(src.resolve("file"), "new");
        for (boolean byTree : new boolean[] {false, true}) {
            orphan(nameless, out.resolve("file"));
            if (byTree) {
                succeeds(tree(kernel(nameless)));
            } else {
                replace(kernel(nameless), out.resolve("file"), "new");
            }
            assertThat(names(out)).containsExactly("file");
        }
    }

    @Test
    void aTreeRemovesThemFromDirectoriesThatItMergesInto() throws IOException {
        Files.createDirectory(src.resolve("d"));
        Files.createDirectory(out.resolve("d"));
        orphan(false, out.resolve("d/file"));
        succeeds(tree(kernel));
        assertThat(names(out)).containsExactly("d");
    }

    @Test
    void anOrphanThatWasCopiedElsewhereIsAFileAsAnyOther() throws IOException {
        String name = orphan(false, src.resolve("file"));
        Files.writeString(src.resolve("file"), "new");
        for (int run = 0; run < 2; run++) {
            succeeds(tree(kernel(false)));
            assertThat(names(out)).containsExactlyInAnyOrder("file", name);
        }
        replace(kernel(false), out.resolve("file"), "newer");
        assertThat(out.resolve(name)).hasContent("half");
    }

    @Test
    void aHiddenFileIsLockedUntilItHasItsName() throws IOException {
        Files.writeString(src.resolve("a"), "new");
        Files.writeString(out.resolve("a"), "old");
        for (boolean nameless : new boolean[] {true, false}) {
            List<Integer> locks = new ArrayList<>();
            Kernel watched = faulty(nameless)
                    .on("renameat2")
                    .runs(call -> {
                        byte[] hidden =
                                (byte[]) Objects.requireNonNull(call.arguments().get(1));
                        int fd = kernel.openat((int) call.arguments().get(0), hidden, Uapi.O_RDONLY, 0);
                        locks.add(kernel.flock(fd, Uapi.LOCK_EX | Uapi.LOCK_NB));
                        kernel.close(fd);
                    })
                    .kernel();
            succeeds(tree(watched));
            replace(watched, out.resolve("a"), "newer");
            assertThat(locks).containsExactly(-Errno.EAGAIN, -Errno.EAGAIN);
        }
    }

    // ---- others at once ----

    @ParameterizedTest
    @EnumSource(Tree.Existing.class)
    void copiesIntoOneTreeAtOnceDisturbNobody(Tree.Existing existing) throws Exception {
        long seed = Long.getLong("fid.seed", System.nanoTime() & 0xffffff);
        System.out.println("copies at once, seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 12; i++) {
            Path file = Files.write(src.resolve("f" + i), pattern(i * 700));
            Files.createLink(src.resolve("l" + i), file);
            Files.createSymbolicLink(src.resolve("s" + i), Path.of("f" + i));
            kernel.mknodat(Uapi.AT_FDCWD, bytes(src.resolve("p" + i).toString()), Uapi.S_IFIFO | 0600, 0);
        }
        Files.write(src.resolve("big"), pattern(2_000_000));
        for (int round = 0; round < 16; round++) {
            boolean nameless = random.nextBoolean();
            EnumSet<Tree.Kept> kept =
                    random.nextBoolean() ? EnumSet.of(Tree.Kept.TIME, Tree.Kept.MODE) : EnumSet.noneOf(Tree.Kept.class);
            Tree one = tree(kernel(nameless)).existing(existing).keep(kept).jobs(2);
            Tree two = tree(kernel(nameless)).existing(existing).keep(kept).jobs(2);
            AtomicReference<@Nullable Object> other = new AtomicReference<>();
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    other.set(two.run().failures());
                } catch (IOException | RuntimeException e) {
                    other.set(e);
                }
            });
            List<Tree.Failure> failures = one.run().failures();
            thread.join();
            assertThat(failures).as("seed %d, round %d", seed, round).isEmpty();
            assertThat(other.get()).as("seed %d, round %d", seed, round).isEqualTo(List.of());
            assertThat(names(out)).isEqualTo(names(src));
            if (round % 4 == 3) {
                Command.run("find", out, "-mindepth", 1, "-delete");
            }
        }
    }

    @Test
    void anotherFileThatComesBeforeTheLockIsTakenForNoOrphan() throws IOException {
        Files.writeString(src.resolve("a"), "new");
        Kernel swept = faulty(false)
                .on("flock")
                .nth(1)
                .runs(call -> {
                    try { // another run looks into the directory at this very moment
                        orphanless();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                })
                .kernel();
        succeeds(tree(swept));
        assertThat(out.resolve("a")).hasContent("new");
    }

    private void orphanless() throws IOException {
        Path other = Files.createDirectory(dir.resolve("other"));
        Files.createDirectory(other.resolve("out"));
        succeeds(Tree.from(other.resolve("out")).to(dir));
    }

    // ---- what they are ----

    @Test
    void aFileByAHiddenNameIsNeverOpenToMoreThanTheOneThatItReplaces() throws IOException {
        Files.writeString(src.resolve("a"), "new");
        for (Path file : List.of(src.resolve("a"), Files.writeString(out.resolve("a"), "old"))) {
            Command.run("chmod", file.startsWith(src) ? "644" : "600", file);
        }
        for (boolean owner : new boolean[] {false, true}) {
            List<Integer> modes = new ArrayList<>();
            Kernel watched = faulty(false)
                    .on("write", "fchmod", "renameat2")
                    .runs(call -> {
                        for (String name : Objects.requireNonNull(out.toFile().list())) {
                            Stat stat = new Stat();
                            byte[] path = bytes(out.resolve(name).toString());
                            kernel.statx(Uapi.AT_FDCWD, path, 0, Uapi.STATX_BASIC_STATS, stat);
                            modes.add(stat.mode & 0777);
                        }
                    })
                    .kernel();
            succeeds(tree(watched).keep(owner ? EnumSet.of(Tree.Kept.OWNER) : EnumSet.noneOf(Tree.Kept.class)));
            assertThat(modes).hasSizeGreaterThan(2).containsOnly(0600);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ntfs", "exfat"})
    void namesThatFillAFileSystemThatCountsCharactersAreCopiedAsWithCp(String type) throws IOException {
        String program = type.equals("ntfs") ? "ntfs-3g" : "mount.exfat-fuse";
        LoopMount.require("mkfs." + type, program, "umount");
        Path image = dir.resolve("image");
        Path mount = Files.createDirectory(dir.resolve("mnt"));
        Command.run("truncate", "-s", "16M", image);
        Command.run("sh", "-c", "mkfs." + type + (type.equals("ntfs") ? " -F -Q " : " ") + image + " >/dev/null");
        // exfat-fuse takes a block device only.
        String device = type.equals("ntfs")
                ? image.toString()
                : Command.run("losetup", "-f", "--show", image).strip();
        String refusal = Command.refusal(program, device, mount);
        try {
            LoopMount.check(refusal == null, "cannot mount " + type + ": " + refusal);
            // ntfs-3g itself leaves a name behind where one of more than 236 characters is replaced by a rename.
            List<String> names = List.of("あ".repeat(85), "a" + "語".repeat(84), "x" + "é".repeat(127), "ん".repeat(230));
            for (String name : names) {
                replace(kernel, mount.resolve(name), "one");
                replace(kernel, mount.resolve(name), "two");
                assertThat(mount.resolve(name)).hasContent("two");
            }
            replace(kernel, mount.resolve("ん".repeat(255)), "one");
            assertThat(names(mount)).hasSize(names.size() + 1);
            Path folder = Files.createDirectory(mount.resolve("d"));
            for (Tree.Existing existing : List.of(Tree.Existing.REPLACE, Tree.Existing.REPLACE, Tree.Existing.RESUME)) {
                succeeds(Tree.from(names.stream().map(mount::resolve).toList())
                        .to(folder)
                        .existing(existing));
                assertThat(names(folder)).isEqualTo(names.stream().sorted().toList());
            }
        } finally {
            Command.refusal("umount", mount);
            if (!type.equals("ntfs")) {
                Command.refusal("losetup", "-d", device);
            }
        }
    }

    @Test
    void inADirectoryToAppendToNothingIsLeftBehind() throws IOException {
        LoopMount.require("chattr");
        Files.writeString(out.resolve("old"), "old");
        String refusal = Command.refusal("chattr", "+a", out);
        LoopMount.check(refusal == null, "no append-only directories: " + refusal);
        try {
            for (String name : List.of("new", "old")) {
                Files.writeString(src.resolve(name), "content");
            }
            Files.createSymbolicLink(src.resolve("soft"), Path.of("new"));
            Files.createLink(src.resolve("hard"), src.resolve("new"));
            Tree.Report report = tree(kernel).keep(EnumSet.of(Tree.Kept.TIME)).run();
            assertThat(report.failures())
                    .extracting(failure -> failure.cause().errno())
                    .containsOnly(Errno.EPERM);
            assertThat(names(out)).containsExactly("hard", "new", "old", "soft");
            replace(kernel, out.resolve("other"), "content");
            assertThat(catchThrowable(() -> replace(kernel, out.resolve("other"), "again")))
                    .isNotNull();
            assertThat(names(out)).containsExactly("hard", "new", "old", "other", "soft");
        } finally {
            Command.run("chattr", "-a", out);
        }
    }

    @Test
    void aNameThatWasGivenBackAsUtf8StaysUtf8() throws IOException {
        String name = "日".repeat(84);
        Files.writeString(src.resolve(name), "new", UTF_8);
        List<byte[]> hidden = new ArrayList<>();
        Kernel watched = faulty(false)
                .on("renameat2")
                .runs(call -> hidden.add(
                        (byte[]) Objects.requireNonNull(call.arguments().get(1))))
                .kernel();
        succeeds(tree(watched));
        assertThat(hidden).hasSize(1);
        assertThat(new String(hidden.getFirst(), UTF_8).getBytes(UTF_8)).isEqualTo(hidden.getFirst());
    }
}
