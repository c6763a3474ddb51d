package dev.fid.tests.behaviour;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Consistency;
import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.faults.FaultyKernel;
import dev.fid.files.Fid;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.kernel.StatFs;
import dev.fid.kernel.Uapi;
import dev.fid.probe.AliasProbe;
import dev.fid.probe.Probe;
import dev.fid.tests.conformance.LoopMount;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a transfer promises about a source that changes meanwhile; the change comes at a call, never by luck.
class ConsistencyTest extends Fixture {
    private static final int SIZE = 20 << 20; // three chunks

    enum Change {
        APPENDED,
        CUT_OFF,
        REWRITTEN;

        void make(Kernel kernel, Fd source) {
            int fd = source.number();
            switch (this) {
                case APPENDED -> kernel.ftruncate(fd, SIZE + 1);
                case CUT_OFF -> kernel.ftruncate(fd, SIZE / 4);
                case REWRITTEN -> {
                    try (dev.fid.kernel.Memory one = kernel.allocate(1)) {
                        kernel.pwrite(fd, one, 0, 1, SIZE / 2);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    void aSourceThatChangesDuringACopyIsStale(Change change) throws Exception {
        ErrnoException failure =
                catchThrowableOfType(ErrnoException.class, () -> copyWhile(change, "copyFileRange", null, null));
        assertThat(failure.errno()).isEqualTo(Errno.ESTALE);
        assertThat(failure.side()).isEqualTo(Side.IN);
        assertThat(failure.detail()).isEqualTo("the source changed while it was read");
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    void aSourceThatChangesDuringAReadIsStale(Change change) throws Exception {
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class, () -> copyWhile(change, "read", Method.READ_WRITE, Consistency.STABLE));
        assertThat(failure.errno()).isEqualTo(Errno.ESTALE);
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    void aMappedSourceThatChangesIsAnErrorAndNoCrash(Change change) throws Exception {
        ErrnoException failure =
                catchThrowableOfType(ErrnoException.class, () -> copyWhile(change, "write", Method.MMAP, null));
        assertThat(failure.errno()).isIn(Errno.ESTALE, Errno.EFAULT);
    }

    @Test
    void aRewrittenSourceWhoseTimeWasSetBackIsStaleToo() throws Exception {
        Path path = dir.resolve("in");
        Files.write(path, pattern(SIZE));
        Fd other = keep(Fd.open(path, WRITE));
        Stat stat = new Stat();
        kernel.fstat(other.number(), stat);
        FaultyKernel changing = FaultyKernel.over(kernel)
                .on("copyFileRange")
                .nth(2)
                .runs(call -> {
                    Change.REWRITTEN.make(kernel, other);
                    kernel.utimensat(
                            Uapi.AT_FDCWD,
                            bytes(path.toString()),
                            0,
                            Uapi.UTIME_OMIT,
                            stat.mtimeSeconds,
                            stat.mtimeNanos,
                            0);
                });
        Fd in = keep(Fd.open(changing.kernel(), path));
        Fd out = create(changing.kernel(), "out");
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class, () -> Transfer.from(in).to(out).run());
        assertThat(failure.errno()).isEqualTo(Errno.ESTALE);
    }

    @Test
    void uncheckedLetsAGrowingSourcePass() throws Exception {
        Moved moved = copyWhile(Change.APPENDED, "copyFileRange", null, Consistency.UNCHECKED);
        assertThat(moved.bytes()).isEqualTo(SIZE + 1);
    }

    @Test
    void uncheckedLetsARewrittenSourcePass() throws Exception {
        Moved moved = copyWhile(Change.REWRITTEN, "copyFileRange", null, Consistency.UNCHECKED);
        assertThat(moved.bytes()).isEqualTo(SIZE);
    }

    private Moved copyWhile(
            Change change,
            String call,
            @org.jspecify.annotations.Nullable Method method,
            @org.jspecify.annotations.Nullable Consistency consistency)
            throws IOException {
        Path path = dir.resolve("in");
        Files.write(path, pattern(SIZE));
        Fd other = keep(Fd.open(path, WRITE));
        FaultyKernel changing = FaultyKernel.over(kernel).on(call).nth(2).runs(c -> change.make(Kernel.linux(), other));
        Fd in = keep(Fd.open(changing.kernel(), path));
        Fd out = create(changing.kernel(), "out");
        Transfer transfer = Transfer.from(in).to(out).method(method);
        if (consistency != null) {
            transfer.consistency(consistency);
        }
        return transfer.run();
    }

    @Test
    void aSourceThatIsCutOffWhileItIsSentIsStale() throws Exception {
        Path path = dir.resolve("in");
        Files.write(path, pattern(SIZE));
        Fd other = keep(Fd.open(path, WRITE));
        FaultyKernel changing =
                FaultyKernel.over(kernel).on("sendfile").nth(2).runs(c -> kernel.ftruncate(other.number(), 100_000));
        Fd in = keep(Fd.open(changing.kernel(), path));
        Fd[] out = tcpPair(changing.kernel(), 0);
        On.Task<byte[]> reader = On.PLATFORM.start(() -> drain(out[1]));
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class, () -> Transfer.from(in).to(out[0]).run());
        out[0].close();
        assertThat(failure.errno()).isEqualTo(Errno.ESTALE);
        assertThat(reader.get()).hasSize((int) failure.moved());
    }

    @Test
    void aPartThatLiesBehindTheEndIsStaleWhereItWasThereAtTheStart() throws Exception {
        Fd other = file("in", pattern(SIZE));
        FaultyKernel cutting =
                FaultyKernel.over(kernel).on("copyFileRange").nth(1).runs(c -> kernel.ftruncate(other.number(), 10));
        Fd in = keep(Fd.open(cutting.kernel(), dir.resolve("in")));
        Fd out = create(cutting.kernel(), "out");
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(in).to(out).offIn(1000).length(100_000).run());
        assertThat(failure.errno()).isEqualTo(Errno.ESTALE);
    }

    // ---- aliasing ----

    @Test
    void aliasedBytesShowALaterWriteWhereTheCanarySaysSo() throws Exception {
        byte[] seen = sendThenChange(Consistency.ALIAS);
        boolean aliases = Probe.of(List.of(dir)).canaries().getFirst().splice().outcome() == AliasProbe.Outcome.ALIAS;
        assertThat(seen[0]).isEqualTo((byte) (aliases ? 'B' : 'A'));
    }

    @Test
    void stableBytesAreThoseOfTheMomentTheyWereSent() throws Exception {
        assertThat(sendThenChange(Consistency.STABLE)).containsOnly('A');
    }

    @Test
    void bytesToAStreamAreAliasedUnlessTheCallerSaysOtherwise() throws Exception {
        Fd in = file("in", pattern(100_000));
        Ends out = pipe();
        assertThat(Transfer.from(in).to(out.out()).plan().ladder().getFirst().aliases())
                .isTrue();
        assertThat(Transfer.from(in)
                        .to(out.out())
                        .consistency(Consistency.STABLE)
                        .plan()
                        .chosen())
                .isEqualTo(Method.READ_WRITE);
    }

    private byte[] sendThenChange(Consistency consistency) throws Exception {
        byte[] content = new byte[32768];
        java.util.Arrays.fill(content, (byte) 'A');
        Fd in = file("in", content);
        Ends out = pipe();
        Transfer.from(in).to(out.out()).consistency(consistency).run();
        kernel.lseek(in.number(), 0, Uapi.SEEK_SET);
        java.util.Arrays.fill(content, (byte) 'B');
        put(in, content);
        return takeAll(out.in(), content.length);
    }

    // ---- reflink ----

    @Test
    void reflinkIsRefusedOnExt4() throws Exception {
        try (LoopMount ext4 = LoopMount.of("ext4", dir)) {
            Files.write(ext4.path("in"), pattern(100_000));
            try (Fd in = Fd.open(ext4.path("in"));
                    Fd out = Fd.open(ext4.path("out"), READ, WRITE, CREATE)) {
                assertThatThrownBy(() -> Transfer.from(in)
                                .to(out)
                                .consistency(Consistency.REFLINK)
                                .run())
                        .hasMessageContaining("ext4 cannot share extents");
                assertThat(out.facts().size()).isZero();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"xfs", "btrfs"})
    void reflinkTakesNoRoomAndSharesAllExtentsInOneCall(String type) throws Exception {
        int size = 40 << 20;
        try (LoopMount mount = LoopMount.of(type, dir)) {
            Files.write(mount.path("in"), pattern(size + 5));
            try (Fd in = Fd.open(mount.path("in"));
                    Fd out = Fd.open(mount.path("out"), READ, WRITE, CREATE)) {
                kernel.fsync(in.number());
                long before = freeBytes(in);
                Moved moved = Transfer.from(in)
                        .to(out)
                        .consistency(Consistency.REFLINK)
                        .limit(1000) // no byte is moved
                        .run();
                kernel.fsync(out.number());
                assertThat(before - freeBytes(in)).as("bytes taken").isLessThan(size / 4);
                assertThat(moved.method()).isEqualTo(Method.REFLINK);
                assertThat(moved.bytes()).isEqualTo(size + 5);
                assertThat(moved.userBytes()).isZero();
                assertThat(moved.calls()).as("at one moment").containsEntry("ficlone", 1L);
                assertSame(takeAll(out, size + 5), new byte[0], "the position is behind the bytes");
            }
            assertSame(Files.readAllBytes(mount.path("out")), pattern(size + 5), type);
            assertThat(mount.path("out")).hasSize(size + 5);
        }
    }

    private long freeBytes(Fd fd) {
        StatFs fs = new StatFs();
        assertThat(kernel.fstatfs(fd.number(), fs)).isZero();
        return fs.free * fs.blockSize;
    }

    // ---- Fid ----

    @Test
    void aFileOfSysfsIsCopied() throws Exception {
        Path tick = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
        Moved moved = Fid.copy(tick, dir.resolve("out"));
        assertThat(content("out")).asString().startsWith(Files.readString(tick).substring(0, 5));
        assertThat(moved.bytes()).isEqualTo(content("out").length);
    }

    @Test
    void aCopyKeepsHolesAndMode() throws Exception {
        Path in = dir.resolve("in");
        try (java.io.RandomAccessFile sparse = new java.io.RandomAccessFile(in.toFile(), "rw")) {
            sparse.setLength(10 << 20);
            sparse.seek(1 << 20);
            sparse.write(pattern(5000));
        }
        Files.setPosixFilePermissions(in, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        Fid.copy(in, dir.resolve("out"));
        assertSame(content("out"), content("in"), "out");
        try (Fd copy = Fd.open(dir.resolve("out"))) {
            assertThat(copy.facts().blocks()).isLessThan(64);
        }
        assertThat(Files.getPosixFilePermissions(dir.resolve("out"))).isEqualTo(Files.getPosixFilePermissions(in));
    }

    @ParameterizedTest
    @ValueSource(strings = {"in", "hard", "soft", "../" + "sub/in"})
    void aFileIsNotCopiedToItselfByAnyName(String name) throws Exception {
        Path sub = Files.createDirectory(dir.resolve("sub"));
        Files.write(sub.resolve("in"), bytes("hello"));
        Files.createLink(sub.resolve("hard"), sub.resolve("in"));
        Files.createSymbolicLink(sub.resolve("soft"), Path.of("in"));
        ErrnoException failure =
                catchThrowableOfType(ErrnoException.class, () -> Fid.copy(sub.resolve("in"), sub.resolve(name)));
        assertThat(failure.errno()).isEqualTo(Errno.EINVAL);
        assertThat(failure.side()).isEqualTo(Side.OUT);
        assertThat(Files.readString(sub.resolve("in"))).isEqualTo("hello");
        try (Fd in = Fd.open(sub.resolve("in"))) {
            assertThat(Fid.sameFile(in, sub.resolve(name))).isTrue();
            assertThat(Fid.sameFile(in, sub.resolve("none"))).isFalse();
        }
    }

    @Test
    void aCopyThatFailsLeavesTheOldFileAlone() throws Exception {
        Files.write(dir.resolve("out"), bytes("old"));
        assertThatThrownBy(() -> Fid.copy(dir.resolve("none"), dir.resolve("out")))
                .isInstanceOf(ErrnoException.class)
                .hasMessage("open(" + dir.resolve("none") + "): ENOENT (2) no such file or directory");
        assertThat(content("out")).asString().isEqualTo("old");
    }

    @Test
    void explainMovesNothing() throws Exception {
        Fd in = file("in", pattern(100_000));
        Fd out = create("out");
        assertThat(Fid.explain(in, out).ladder()).isNotEmpty();
        assertThat(content("out")).isEmpty();
    }
}
