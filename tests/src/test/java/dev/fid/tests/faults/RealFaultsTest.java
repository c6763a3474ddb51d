package dev.fid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.fanout.Fanout;
import dev.fid.faults.FaultyKernel;
import dev.fid.files.Fid;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.tests.Await;
import dev.fid.tests.cli.CProgram;
import dev.fid.tests.conformance.Command;
import dev.fid.tests.conformance.LoopMount;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Faults that the kernel makes by itself.
class RealFaultsTest {
    private static final Kernel KERNEL = Kernel.linux();

    @TempDir
    Path dir;

    private Path file(String name, int bytes) throws IOException {
        return Files.write(dir.resolve(name), Arrays.copyOf(TransferScenarios.CONTENT, bytes));
    }

    // ---- room ----

    @Test
    void aFullFileSystemLeavesTheOldFileAndNothingElse() throws IOException {
        LoopMount.require("mount", "umount");
        Path in = file("in", 400_000);
        Path small = Files.createDirectory(dir.resolve("small"));
        String refused = Command.refusal("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small);
        LoopMount.check(refused == null, "needs mounts of tmpfs: " + refused);
        try {
            Path out = Files.writeString(small.resolve("out"), "old");
            assertThatExceptionOfType(ErrnoException.class)
                    .isThrownBy(() -> Fid.copy(in, out))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC))
                    .satisfies(e -> assertThat(e.side()).isEqualTo(Side.OUT))
                    .satisfies(e -> assertThat(e.moved()).isBetween(1L, 256L << 10));
            assertThat(out).hasContent("old");
            assertThat(small.toFile().list()).containsExactly("out");
        } finally {
            Command.run("umount", small);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"SENDFILE", "SPLICE_THROUGH_PIPE", "MMAP", "READ_WRITE"})
    void aFullFileSystemHasExactlyTheBytesThatAreTold(Method method) throws IOException {
        LoopMount.require("mount", "umount");
        Path in = file("in", 400_000);
        Path small = Files.createDirectory(dir.resolve("small"));
        String refused = Command.refusal("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small);
        LoopMount.check(refused == null, "needs mounts of tmpfs: " + refused);
        try {
            Path out = small.resolve("out");
            ErrnoException e = catchThrowableOfType(ErrnoException.class, () -> {
                try (Fd source = Fd.open(in);
                        Fd target = Fd.open(out, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                    Transfer.from(source).to(target).method(method).run();
                }
            });
            assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
            byte[] arrived = Files.readAllBytes(out);
            assertThat(Comparison.prefix(TransferScenarios.CONTENT, arrived)).isNull();
            assertThat((long) arrived.length).isEqualTo(e.moved());
        } finally {
            Command.run("umount", small);
        }
    }

    // ---- readers that are gone ----

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"SENDFILE", "SPLICE", "SPLICE_THROUGH_PIPE", "MMAP", "READ_WRITE"})
    void aPipeWithoutReaderIsEpipeOfTheOutput(Method method) throws IOException {
        Path in = file("in", 400_000);
        int[] pipe = new int[2];
        KERNEL.pipe2(pipe, dev.fid.kernel.Uapi.O_CLOEXEC | dev.fid.kernel.Uapi.O_NONBLOCK);
        KERNEL.close(pipe[0]);
        try (Fd source = Fd.open(in);
                Fd target = Fd.own(KERNEL, pipe[1], "out")) {
            assertThatExceptionOfType(ErrnoException.class)
                    .isThrownBy(() ->
                            Transfer.from(source).to(target).method(method).run())
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE))
                    .satisfies(e -> assertThat(e.side()).isEqualTo(Side.OUT))
                    .satisfies(e -> assertThat(e.moved()).isZero());
            assertThat(KERNEL.lseek(source.number(), 0, dev.fid.kernel.Uapi.SEEK_CUR))
                    .isZero();
        }
    }

    @Test
    void aReaderThatGoesInTheMiddleLeavesTheOthersEveryByte() throws Exception {
        Path in = file("in", 400_000);
        int[] pipe = new int[2];
        KERNEL.pipe2(pipe, dev.fid.kernel.Uapi.O_CLOEXEC | dev.fid.kernel.Uapi.O_NONBLOCK);
        FaultyKernel faulty = FaultyKernel.over(KERNEL);
        faulty.on("poll").nth(1).runs(call -> KERNEL.close(pipe[0])); // the pipe is full by then
        Path kept = dir.resolve("kept");
        Fanout.Result result;
        try (Fd source = Fd.open(faulty.kernel(), in);
                Fd target = Fd.own(faulty.kernel(), pipe[1], "out");
                Fd file = Fd.open(faulty.kernel(), kept, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            result = Fanout.from(source).to(target, file).run();
        }
        ErrnoException failure = result.branches().getFirst().failure();
        assertThat(failure).isNotNull();
        assertThat(failure.errno()).isEqualTo(Errno.EPIPE);
        assertThat(kept).hasBinaryContent(Arrays.copyOf(TransferScenarios.CONTENT, 400_000));
    }

    // ---- sources that change ----

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"COPY_FILE_RANGE", "SENDFILE", "SPLICE_THROUGH_PIPE", "MMAP", "READ_WRITE"})
    void aSourceThatIsCutOffMeanwhileIsNoSuccess(Method method) throws IOException {
        changed(method, -200_000);
    }

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"COPY_FILE_RANGE", "SENDFILE", "SPLICE_THROUGH_PIPE", "MMAP", "READ_WRITE"})
    void aSourceThatGrowsMeanwhileIsNoSuccess(Method method) throws IOException {
        changed(method, 100_000);
    }

    /// Changes the source's length just before the second call that moves bytes.
    private void changed(Method method, int bytes) throws IOException {
        Path in = file("in", 300_000);
        FaultyKernel faulty = FaultyKernel.over(KERNEL);
        faulty.on("copyFileRange", "sendfile", "splice", "write").nth(1).shortens(50_000);
        faulty.on("copyFileRange", "sendfile", "splice", "write", "read").nth(2).runs(call -> {
            try (RandomAccessFile file = new RandomAccessFile(in.toFile(), "rw")) {
                file.setLength(300_000 + bytes);
            } catch (IOException e) {
                throw new AssertionError("changing the source", e);
            }
        });
        try (Fd source = Fd.open(faulty.kernel(), in);
                Fd target = Fd.open(
                        faulty.kernel(), dir.resolve("out"), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            assertThatExceptionOfType(ErrnoException.class)
                    .isThrownBy(() -> Transfer.from(source)
                            .to(target)
                            .method(method)
                            .block(64 << 10)
                            .run())
                    .satisfies(e -> assertThat(e.errno()).isIn(Errno.ESTALE, Errno.EFAULT));
        }
    }

    @Test
    void aFileIsNotCopiedOntoItself() throws IOException {
        Path in = file("in", 100_000);
        Path link = Files.createLink(dir.resolve("link"), in);
        Path symbolic = Files.createSymbolicLink(dir.resolve("symbolic"), in);
        for (Path out : new Path[] {in, link, symbolic}) {
            assertThatExceptionOfType(ErrnoException.class)
                    .isThrownBy(() -> Fid.copy(in, out))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        }
        assertThat(in).hasBinaryContent(Arrays.copyOf(TransferScenarios.CONTENT, 100_000));
    }

    // ---- other file systems ----

    @ParameterizedTest
    @ValueSource(strings = {"xfs", "btrfs", "ext4"})
    void everyMethodCopiesRightOnAFileSystemOfItsOwn(String type) throws Exception {
        try (LoopMount mount = LoopMount.of(type, dir)) {
            byte[] content = Arrays.copyOf(TransferScenarios.CONTENT, 399_990);
            Files.write(mount.path("in"), content);
            for (Method method : Method.values()) {
                if (method != Method.TEE && method != Method.VMSPLICE) {
                    copied(mount, method, content);
                }
            }
            try (RandomAccessFile file =
                    new RandomAccessFile(mount.path("sparse").toFile(), "rw")) {
                file.seek(8 << 20);
                file.write(content);
                file.setLength(32 << 20);
            }
            Fid.copy(mount.path("sparse"), mount.path("copy"));
            assertThat(Files.mismatch(mount.path("sparse"), mount.path("copy"))).isEqualTo(-1);
            assertThat((Long) Files.getAttribute(mount.path("copy"), "unix:size"))
                    .isEqualTo(32L << 20);
        }
    }

    private static void copied(LoopMount mount, Method method, byte[] content) throws IOException {
        Path out = mount.path("out-" + method);
        try (Fd source = Fd.open(mount.path("in"));
                Fd target = Fd.open(out, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            Moved moved = Transfer.from(source).to(target).method(method).run();
            assertThat(moved.bytes()).isEqualTo(content.length);
        }
        assertThat(out).hasBinaryContent(content);
    }

    /// The reserves of xfs for what is not written back fill it long before the bytes do.
    @Test
    void smallFilesFillXfsAsFarAsTheyFit() throws Exception {
        Path source = Files.createDirectory(dir.resolve("source"));
        byte[] content = Arrays.copyOf(TransferScenarios.CONTENT, 4096);
        int count = 16_000; // 64 MiB, and 384 MiB with the reserves
        for (int i = 0; i < count; i++) {
            Files.write(source.resolve("f" + i), content);
        }
        try (LoopMount mount = LoopMount.of("xfs", dir)) {
            Tree.Report copied = Tree.from(source).to(mount.path("copy")).run();
            assertThat(copied.failures()).isEmpty();
            assertThat(copied.files()).isEqualTo(count);
            assertThat(mount.path("copy").resolve("f" + (count - 1))).hasBinaryContent(content);
        }
    }

    @Test
    void aFuseFileOfSize0GivesAllThatCanBeRead() throws Exception {
        LoopMount.require("fusermount3");
        LoopMount.check(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        Path program = CProgram.build("faultfs", dir, "fuse3");
        Path mount = Files.createDirectory(dir.resolve("mnt"));
        Process server = new ProcessBuilder(program.toString(), "-f", mount.toString())
                .inheritIO()
                .start();
        try {
            Await.until("mounted", () -> Files.exists(mount.resolve("ok")));
            for (Method method : Method.values()) {
                if (method == Method.TEE || method == Method.VMSPLICE || method == Method.SPLICE) {
                    continue;
                }
                Path out = dir.resolve("out-" + method);
                try (Fd in = Fd.open(mount.resolve("grow@0"));
                        Fd target = Fd.open(out, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                    Transfer.from(in).to(target).method(method).run();
                }
                assertThat(out).as("by " + method).hasSize(8 << 20);
            }
        } finally {
            Command.run("fusermount3", "-u", mount);
            server.waitFor();
        }
    }
}
