package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Fd;
import dev.fid.faults.FaultyKernel;
import dev.fid.files.Replacement;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Sizes at the edge, messages that are too long, and what is said of both.
class SizesTest extends Fixture {
    private static final long HUGE = Long.MAX_VALUE - 100;

    private static Path huge(Path shm) throws Exception {
        Path path = shm.resolve("huge");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.write(pattern(10));
            file.seek(HUGE - 10);
            file.write(pattern(10));
        }
        return path;
    }

    @ParameterizedTest
    @ValueSource(strings = {"transfer", "tree", "in place", "made", "uncached"})
    void almostEightEibibytesOfHolesAreCopiedAtOnce(String way) throws Exception {
        Path shm = Files.createTempDirectory(Path.of("/dev/shm"), "fid-sizes");
        Path copy = shm.resolve("copy");
        try {
            Path huge = huge(shm);
            if (way.equals("transfer")) {
                try (Fd in = Fd.open(huge);
                        Replacement out = Replacement.of(copy)) {
                    assertThat(Transfer.from(in).to(out.fd()).sparse(true).run().bytes())
                            .isEqualTo(HUGE);
                    out.commit(false);
                }
            } else {
                Tree tree =
                        Tree.from(huge).to(copy).inPlace(way.equals("in place")).cached(!way.equals("uncached"));
                Tree.Report report = tree.holes(way.equals("made") ? Tree.Holes.MADE : Tree.Holes.KEPT)
                        .run();
                assertThat(report.failures()).isEmpty();
            }
            assertThat(Files.size(copy)).isEqualTo(HUGE);
            try (RandomAccessFile file = new RandomAccessFile(copy.toFile(), "r")) {
                byte[] end = new byte[10];
                file.seek(HUGE - 10);
                file.readFully(end);
                assertThat(end).isEqualTo(pattern(10));
            }
        } finally {
            Files.deleteIfExists(copy);
            Files.deleteIfExists(shm.resolve("huge"));
            Files.delete(shm);
        }
    }

    @Test
    void offsetAndLengthGoUpToTheLargest() throws Exception {
        Fd in = file("in", pattern(1000));
        for (long[] range :
                new long[][] {{Long.MAX_VALUE, -1, 0}, {Long.MAX_VALUE, Long.MAX_VALUE, 0}, {1, Long.MAX_VALUE, 999}}) {
            Moved moved = Transfer.from(in)
                    .to(create(kernel, "out"))
                    .offIn(range[0])
                    .length(range[1])
                    .sparse(true)
                    .run();
            assertThat(moved.bytes()).isEqualTo(range[2]);
        }
    }

    /// SEQPACKET (5) has no more than the send buffer in one message, some 208 KiB; a datagram of UDP less than 64.
    @ParameterizedTest
    @ValueSource(ints = {5, 2})
    void aFileGoesToAMessageSocketInPieces(int type) throws Exception {
        int[] pair = new int[2];
        assertThat(kernel.socketpair(Uapi.AF_UNIX, type | Uapi.SOCK_CLOEXEC, 0, pair))
                .isZero();
        Fd out = keep(Fd.own(kernel, pair[0], "out"));
        Fd in = keep(Fd.own(kernel, pair[1], "in"));
        kernel.setsockopt(pair[0], Uapi.SOL_SOCKET, Uapi.SO_SNDBUF, 20_000);
        int size = 600_000;
        AtomicLong got = new AtomicLong();
        Thread reader = Thread.ofPlatform().start(() -> {
            try (Memory memory = kernel.allocate(300_000)) {
                while (got.get() < size) {
                    long read = kernel.read(in.number(), memory, 0, 300_000);
                    if (read <= 0) {
                        break;
                    }
                    got.addAndGet(read);
                }
            }
        });
        assertThat(Transfer.from(file("in", pattern(size))).to(out).run().bytes())
                .isEqualTo(size);
        out.close();
        reader.join(10_000);
        assertThat(got.get()).isEqualTo(size);
    }

    @Test
    void whatReadFindsBehindAWrongEndIsCounted() throws Exception {
        FaultyKernel lying = FaultyKernel.over(kernel).on("copyFileRange").returnsZero();
        Fd in = file(lying.kernel(), "in", pattern(100_000));
        Moved moved = Transfer.from(in).to(create(lying.kernel(), "out")).run();
        assertThat(moved.bytes()).isEqualTo(100_000);
        assertThat(moved.userBytes()).isEqualTo(100_000);
    }

    @Test
    void aNewFileWhoseNameIsNotSyncedIsSaidToBeInPlace() throws Exception {
        FaultyKernel broken =
                FaultyKernel.over(Kernel.linux()).on("fsync").nth(2).fails(Errno.EIO);
        Path path = Files.writeString(dir.resolve("file"), "old");
        try (Replacement out = Replacement.of(broken.kernel(), path, 0666)) {
            Transfer.from(file(broken.kernel(), "in", pattern(100)))
                    .to(out.fd())
                    .run();
            assertThat(out.isInPlace()).isFalse();
            ErrnoException failure = catchThrowableOfType(ErrnoException.class, () -> out.commit(true));
            assertThat(failure.errno()).isEqualTo(Errno.EIO);
            assertThat(failure).hasMessageContaining("the new file is in place");
            assertThat(out.isInPlace()).isTrue();
        }
        assertThat(Files.size(path)).isEqualTo(100);
    }
}
