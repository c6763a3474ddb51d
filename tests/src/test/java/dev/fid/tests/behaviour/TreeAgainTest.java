package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fid.faults.FaultyKernel;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import dev.fid.tests.conformance.Command;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A tree into one where a part of it is already, and a tree where little can be open at once.
class TreeAgainTest extends Fixture {
    private Path src;
    private Path out;

    @BeforeEach
    void makeFolders() throws IOException {
        src = Files.createDirectory(dir.resolve("src"));
        out = Files.createDirectory(dir.resolve("out"));
    }

    private Tree tree(Kernel on) {
        return Tree.from(src.resolve(".")).to(out).on(on);
    }

    private static Tree.Report succeeds(Tree tree) throws IOException {
        Tree.Report report = tree.run();
        assertThat(report.failures()).isEmpty();
        return report;
    }

    // ---- hard links ----

    @ParameterizedTest
    @EnumSource(value = Tree.Existing.class, names = "REPLACE", mode = EnumSource.Mode.EXCLUDE)
    void namesOfOneFileStayNamesOfOneWhicheverWasThere(Tree.Existing existing) throws IOException {
        List<String> names = List.of("a", "b", "c");
        for (int size : new int[] {5, 1_500_000}) {
            Files.write(src.resolve("a"), pattern(size));
            Files.createLink(src.resolve("b"), src.resolve("a"));
            Files.createLink(src.resolve("c"), src.resolve("a"));
            for (String there : names) {
                Files.copy(src.resolve(there), out.resolve(there));
                Object inode = Files.getAttribute(out.resolve(there), "unix:ino");
                succeeds(tree(kernel).existing(existing));
                for (String name : names) {
                    assertThat(Files.getAttribute(out.resolve(name), "unix:ino"))
                            .as("%s of %d bytes, %s was there", name, size, there)
                            .isEqualTo(inode);
                    assertThat(out.resolve(name)).hasBinaryContent(pattern(size));
                }
                Command.run("find", out, "-mindepth", 1, "-delete");
            }
            Command.run("find", src, "-mindepth", 1, "-delete");
        }
    }

    @Test
    void aFileOfAnotherContentThatStaysDoesNotStandForTheCopy() throws IOException {
        Files.writeString(src.resolve("a"), "content");
        Files.createLink(src.resolve("b"), src.resolve("a"));
        for (String there : List.of("a", "b")) {
            Files.writeString(out.resolve(there), "something else");
            succeeds(tree(kernel).existing(Tree.Existing.SKIP));
            assertThat(out.resolve(there)).hasContent("something else");
            assertThat(out.resolve(there.equals("a") ? "b" : "a")).hasContent("content");
            Command.run("find", out, "-mindepth", 1, "-delete");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInodeThatWasUsedAgainIsAnotherFile(boolean born) throws IOException {
        for (String name : List.of("a", "b")) { // each has another name elsewhere
            Files.writeString(src.resolve(name), "content of " + name);
            Files.createLink(dir.resolve(name), src.resolve(name));
            Files.setLastModifiedTime(src.resolve(name), FileTime.fromMillis(name.charAt(0)));
        }
        // All have the inode of the first that is asked for, as where that was deleted meanwhile.
        Long[] first = new Long[1];
        long[] births = {0};
        Kernel reusing = (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    if (method.isDefault()) {
                        return java.lang.reflect.InvocationHandler.invokeDefault(proxy, method, arguments);
                    }
                    Object result;
                    try {
                        result = method.invoke(kernel, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                    if (method.getName().equals("statx")
                            && arguments[4] instanceof Stat stat
                            && stat.type() == Uapi.S_IFREG
                            && stat.nlink == 2) {
                        first[0] = first[0] == null ? (Long) stat.inode : first[0];
                        births[0]++;
                        stat.inode = first[0];
                        stat.birthSeconds = born && stat.birthSeconds != 0 ? stat.mtimeNanos : 0;
                        stat.birthNanos = 0;
                    }
                    return result;
                });
        succeeds(tree(reusing).jobs(1));
        assertThat(births[0]).isPositive();
        assertThat(out.resolve("a")).hasContent("content of a");
        assertThat(out.resolve("b")).hasContent("content of b");
    }

    // ---- directories of a run that did not come to its end ----

    private static List<String> modes(Path tree) throws IOException {
        try (Stream<Path> all = Files.walk(tree)) {
            return all.map(path -> tree.relativize(path) + " " + mode(path))
                    .sorted()
                    .toList();
        }
    }

    private static String mode(Path path) {
        try {
            int mode = (int) Files.getAttribute(path, "unix:mode");
            return Integer.toOctalString(mode & 07777);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void directoriesGetTheirModesFromTheNextRun(boolean owner) throws IOException {
        for (String name : List.of("open", "closed", "open/in", "wide")) {
            Files.createDirectory(src.resolve(name));
        }
        Files.writeString(src.resolve("open/in/file"), "content");
        Command.run("sh", "-c", "cd " + src + "; chmod 755 open; chmod 500 closed; chmod 555 open/in; chmod 777 wide");
        EnumSet<Tree.Kept> kept = owner ? EnumSet.of(Tree.Kept.OWNER) : EnumSet.noneOf(Tree.Kept.class);
        Path whole = Files.createDirectory(dir.resolve("whole"));
        succeeds(Tree.from(src.resolve(".")).to(whole).keep(kept));
        boolean killed = true;
        for (int call = 8; killed; call++) {
            int deadly = call;
            Kernel dying = FaultyKernel.over(kernel)
                    .on("openat")
                    .from(deadly)
                    .runs(_ -> {
                        throw new IllegalStateException("killed");
                    })
                    .kernel();
            killed = catchThrowable(() -> tree(dying).keep(kept).jobs(1).run()) != null;
            assertThat(killed || call > 15).isTrue();
            succeeds(tree(kernel).keep(kept));
            assertThat(modes(out)).as("killed at call %d", call).isEqualTo(modes(whole));
            Command.run("find", out, "-mindepth", 1, "-delete");
        }
    }

    @Test
    void aUsersOwnDirectoryKeepsItsMode() throws IOException {
        for (String mode : List.of("700", "1777", "750", "1770", "2755")) {
            Files.createDirectory(src.resolve(mode));
            Command.run("chmod", "755", src.resolve(mode));
            Files.createDirectory(out.resolve(mode));
            Command.run("chmod", mode, out.resolve(mode));
        }
        List<String> before = modes(out);
        succeeds(tree(kernel).keep(EnumSet.of(Tree.Kept.OWNER)));
        assertThat(modes(out)).isEqualTo(before);
    }

    // ---- few descriptors ----

    private interface Step {
        void run() throws IOException;
    }

    /// With so many descriptors more than are open now.
    private void withRoom(int descriptors, Step step) throws IOException {
        long[] limit = new long[2];
        assertThat(kernel.prlimit(Uapi.RLIMIT_NOFILE, null, limit)).isZero();
        long open = Objects.requireNonNull(Path.of("/proc/self/fd").toFile().list()).length;
        assertThat(kernel.prlimit(Uapi.RLIMIT_NOFILE, new long[] {open + descriptors, limit[1]}, new long[2]))
                .isZero();
        try {
            step.run();
        } finally {
            kernel.prlimit(Uapi.RLIMIT_NOFILE, limit, new long[2]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 24, 60})
    void aTreeTakesNoMoreDescriptorsThanThereAre(int room) throws IOException {
        for (int i = 0; i < 40; i++) {
            Path folder = Files.createDirectories(src.resolve("d" + i % 7).resolve("e" + i));
            Files.write(folder.resolve("small"), pattern(3000));
            Files.write(folder.resolve("large"), pattern(300_000));
            Files.createLink(folder.resolve("link"), folder.resolve("small"));
        }
        withRoom(room, () -> succeeds(tree(kernel).jobs(64).keep(EnumSet.allOf(Tree.Kept.class))));
        Command.run("diff", "-r", src, out);
    }

    @Test
    void aTreeOfThreeThousandLevelsIsCopiedWithFewDescriptors() throws IOException {
        int levels = 3000;
        byte[] name = {'d'};
        int at = kernel.openat(Uapi.AT_FDCWD, bytes(src.toString()), Uapi.O_PATH | Uapi.O_CLOEXEC, 0);
        for (int i = 0; i < levels; i++) {
            assertThat(kernel.mkdirat(at, name, 0755)).isZero();
            int next = kernel.openat(at, name, Uapi.O_PATH | Uapi.O_CLOEXEC, 0);
            kernel.close(at);
            at = next;
        }
        kernel.symlinkat(bytes("x"), at, bytes("end"));
        kernel.close(at);
        try {
            withRoom(
                    20,
                    () -> assertThat(succeeds(tree(kernel).jobs(64)).directories())
                            .isEqualTo(levels + 1));
        } finally {
            Command.run("rm", "-rf", src, out);
        }
    }

    @Test
    void aDescriptorThatWasMissingForAMomentIsAskedForAgain() throws IOException {
        for (int i = 0; i < 20; i++) {
            Files.write(src.resolve("f" + i), pattern(100));
        }
        Kernel narrow = FaultyKernel.over(kernel)
                .on("openat")
                .nth(12)
                .fails(Errno.EMFILE)
                .on("openat")
                .nth(18)
                .fails(Errno.ENFILE)
                .kernel();
        assertThat(succeeds(tree(narrow).jobs(4)).files()).isEqualTo(20);
    }
}
