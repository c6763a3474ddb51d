package dev.fid.tests.behaviour;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Fd;
import dev.fid.faults.FaultyKernel;
import dev.fid.files.Replacement;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Await;
import dev.fid.tests.conformance.Command;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A path's new content appears whole or not at all; on a file system with O_TMPFILE and on one without.
class ReplacementTest extends Fixture {
    private Kernel kernel(boolean nameless) {
        return nameless
                ? kernel
                : FaultyKernel.over(kernel)
                        .on("openat")
                        .when(call -> call.arguments().get(2) instanceof Integer flags
                                && (flags & Uapi.O_TMPFILE) == Uapi.O_TMPFILE)
                        .fails(Errno.EOPNOTSUPP)
                        .kernel();
    }

    private List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(dir)) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        }
        names.sort(null);
        return names;
    }

    private void replace(Kernel on, Path path, String content) throws IOException {
        try (Replacement file = Replacement.of(on, path, 0666)) {
            put(file.fd(), content);
            file.commit(true);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aNewFileAppearsAtTheCommitWithTheModeThatTheUmaskLeaves(boolean nameless) throws Exception {
        Path path = dir.resolve("new");
        try (Replacement file = Replacement.of(kernel(nameless), path, 0666)) {
            put(file.fd(), "hello");
            assertThat(path).doesNotExist();
            file.commit(false);
        }
        assertThat(content("new")).asString().isEqualTo("hello");
        Files.createFile(dir.resolve("usual"));
        assertThat(Files.getPosixFilePermissions(path)).isEqualTo(Files.getPosixFilePermissions(dir.resolve("usual")));
        assertThat(names()).containsExactly("new", "usual");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anExistingFileKeepsItsModeAndItsOtherLinksTheOldContent(boolean nameless) throws Exception {
        Path path = dir.resolve("file");
        Files.writeString(path, "old");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-x--x"));
        Files.createLink(dir.resolve("other"), path);
        replace(kernel(nameless), path, "new");
        assertThat(content("file")).asString().isEqualTo("new");
        assertThat(content("other")).asString().isEqualTo("old");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rwxr-x--x");
        assertThat(names()).containsExactly("file", "other");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theNewFileIsNeverOpenToMoreThanTheOldOne(boolean nameless) throws Exception {
        Path path = dir.resolve("file");
        Files.writeString(path, "old");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        try (Replacement file = Replacement.of(kernel(nameless), path, 0666)) {
            dev.fid.kernel.Stat stat = new dev.fid.kernel.Stat();
            kernel.fstat(file.fd().number(), stat);
            assertThat(stat.mode & 0777).isEqualTo(0600);
        }
    }

    /// Narrower than the old one it would shut out who reads it.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whereTheOldModeIsRefusedTheOldFileStays(boolean nameless) throws Exception {
        Path path = dir.resolve("file");
        Files.writeString(path, "old");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
        Kernel refusing = FaultyKernel.over(kernel(nameless))
                .on("fchmod")
                .fails(Errno.EPERM)
                .kernel();
        ErrnoException failure = catchThrowableOfType(ErrnoException.class, () -> replace(refusing, path, "new"));
        assertThat(failure).isNotNull();
        assertThat(failure.errno()).isEqualTo(Errno.EPERM);
        assertThat(content("file")).asString().isEqualTo("old");
        assertThat(names()).containsExactly("file");
        // A file system that shows one mode whatever is set loses nothing.
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        replace(refusing, path, "new");
        assertThat(content("file")).asString().isEqualTo("new");
    }

    @Test
    void aSymbolicLinkStaysAndItsTargetIsReplaced() throws Exception {
        Files.writeString(dir.resolve("target"), "old");
        Files.createSymbolicLink(dir.resolve("link"), Path.of("target"));
        replace(kernel, dir.resolve("link"), "new");
        assertThat(dir.resolve("link")).isSymbolicLink();
        assertThat(content("target")).asString().isEqualTo("new");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withoutACommitTheOldFileStaysAndNothingElse(boolean nameless) throws Exception {
        Files.writeString(dir.resolve("file"), "old");
        try (Replacement file = Replacement.of(kernel(nameless), dir.resolve("file"), 0666)) {
            put(file.fd(), "new");
        }
        assertThat(content("file")).asString().isEqualTo("old");
        assertThat(names()).containsExactly("file");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void commitNewLeavesAFileThatCameMeanwhile(boolean nameless) throws Exception {
        Path path = dir.resolve("file");
        try (Replacement file = Replacement.of(kernel(nameless), path, 0666)) {
            put(file.fd(), "mine");
            Files.writeString(path, "theirs");
            ErrnoException failure = catchThrowableOfType(ErrnoException.class, () -> file.commitNew(false));
            assertThat(failure.errno()).isEqualTo(Errno.EEXIST);
        }
        assertThat(content("file")).asString().isEqualTo("theirs");
        assertThat(names()).containsExactly("file");
    }

    @Test
    void aFileIsCommittedOnce() throws Exception {
        try (Replacement file = Replacement.of(dir.resolve("file"))) {
            file.commit(false);
            assertThatThrownBy(() -> file.commit(false)).isInstanceOf(IllegalStateException.class);
        }
        assertThat(content("file")).isEmpty();
    }

    @Test
    void aCommitThatGoesOnIsEndedBeforeAnotherThreadClosesIt() throws Exception {
        List<Thread> closers = new ArrayList<>();
        List<Replacement> files = new ArrayList<>();
        Decorated beforeRename = new Decorated() {
            @Override
            public @Nullable Object own(String call) {
                if (call.equals("renameat2")) {
                    Thread closer = Thread.ofPlatform().start(files.getFirst()::close);
                    closers.add(closer);
                    Await.until(
                            "the close waits", () -> closer.getState() == Thread.State.BLOCKED || !closer.isAlive());
                }
                return null;
            }

            @Override
            public void answered(String call, @Nullable Object result) {}
        };
        try (Replacement file = Replacement.of(beforeRename.kernel(kernel), dir.resolve("file"), 0666)) {
            files.add(file);
            put(file.fd(), "hello");
            file.commit(false);
            closers.getFirst().join();
        }
        assertThat(content("file")).asString().isEqualTo("hello");
        assertThat(names()).containsExactly("file");
    }

    @Test
    void twoReplacementsAtOnceDoNotDisturbEachOther() throws Exception {
        Kernel named = kernel(false);
        try (Replacement one = Replacement.of(named, dir.resolve("file"), 0666);
                Replacement two = Replacement.of(named, dir.resolve("file"), 0666)) {
            assertThat(names()).hasSize(2).allMatch(name -> name.matches("\\.file\\.fid-[0-9a-f]{16}"));
            put(one.fd(), "one");
            put(two.fd(), "two");
            two.commit(false);
            assertThat(content("file")).asString().isEqualTo("two");
            one.commit(false);
        }
        assertThat(content("file")).asString().isEqualTo("one");
        assertThat(names()).containsExactly("file");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aNameOf255BytesIsReplaced(boolean nameless) throws Exception {
        String name = "n".repeat(255);
        replace(kernel(nameless), dir.resolve(name), "one");
        replace(kernel(nameless), dir.resolve(name), "two");
        assertThat(content(name)).asString().isEqualTo("two");
        assertThat(names()).containsExactly(name);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aNameThatIsNotUtf8IsReplacedByItsBytes(boolean nameless) throws Exception {
        byte[] raw = bytes(dir + "/");
        byte[] path = java.util.Arrays.copyOf(raw, raw.length + 3);
        path[raw.length] = 'a';
        path[raw.length + 1] = (byte) 0xff;
        path[raw.length + 2] = '%';
        int fd = kernel.openat(Uapi.AT_FDCWD, path, Uapi.O_CREAT | Uapi.O_WRONLY | Uapi.O_CLOEXEC, 0600);
        kernel.close(fd);
        Path listed;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(dir)) {
            listed = entries.iterator().next();
        }
        replace(kernel(nameless), listed, "new");
        Fd file = keep(Fd.own(kernel, kernel.openat(Uapi.AT_FDCWD, path, Uapi.O_RDONLY | Uapi.O_CLOEXEC, 0), "file"));
        assertThat(takeAll(file, 9)).asString().isEqualTo("new");
        assertThat(names()).hasSize(1);
    }

    @Test
    void aDirectoryIsNotReplaced() throws Exception {
        Files.createDirectory(dir.resolve("sub"));
        for (Path path : List.of(dir.resolve("sub"), Path.of("/"))) {
            ErrnoException failure = catchThrowableOfType(ErrnoException.class, () -> Replacement.of(path));
            assertThat(failure.errno()).isEqualTo(Errno.EISDIR);
        }
    }

    @Test
    void aDirectoryThatDoesNotExistIsEnoent() {
        ErrnoException failure =
                catchThrowableOfType(ErrnoException.class, () -> Replacement.of(dir.resolve("none/file")));
        assertThat(failure.errno()).isEqualTo(Errno.ENOENT);
    }

    @Test
    void aDirectoryThatMayNotBeWrittenIsAnErrorBeforeAnyByte() {
        ErrnoException failure =
                catchThrowableOfType(ErrnoException.class, () -> Replacement.of(Path.of("/proc/file")));
        assertThat(failure.errno()).isIn(Errno.ENOENT, Errno.EACCES, Errno.EPERM, Errno.EROFS);
        assertThat(failure.getMessage()).startsWith("open(a temporary file beside /proc/file): ");
    }

    @Test
    void anErrorOfFsyncOrCloseIsFinalAndTheOldFileStays() throws Exception {
        for (String call : List.of("fsync", "close")) {
            Files.writeString(dir.resolve("file"), "old");
            FaultyKernel broken = FaultyKernel.over(kernel);
            try (Replacement file = Replacement.of(broken.kernel(), dir.resolve("file"), 0666)) {
                put(file.fd(), "new");
                broken.on(call).fd(file.fd().number()).fails(Errno.EIO);
                ErrnoException failure = catchThrowableOfType(ErrnoException.class, () -> file.commit(true));
                assertThat(failure.errno()).as(call).isEqualTo(Errno.EIO);
                assertThat(broken.log()).as("tried once").hasSize(1);
            }
            assertThat(content("file")).asString().isEqualTo("old");
            assertThat(names()).containsExactly("file");
        }
    }

    @Test
    void tmpfsTakesReplacementsToo() throws Exception {
        Path memory = Files.createTempDirectory(Path.of("/dev/shm"), "fid");
        try {
            replace(kernel, memory.resolve("file"), "one");
            replace(kernel, memory.resolve("file"), "two");
            assertThat(Files.readString(memory.resolve("file"), UTF_8)).isEqualTo("two");
        } finally {
            Command.run("rm", "-r", memory);
        }
    }
}
