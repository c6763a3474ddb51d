package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Consistency;
import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.Refusal;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.MoveCall;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What file systems and sandboxes say before the first byte, in place of "not by this call": another method moves the
/// bytes all the same.
class RefusalTest extends Fixture {
    private static final int SIZE = 300_000;

    private static final Map<Method, String> CALLS = Map.of(
            Method.COPY_FILE_RANGE, "copyFileRange", Method.SENDFILE, "sendfile", Method.SPLICE_THROUGH_PIPE, "splice");

    private static final List<Integer> ERRNOS = List.of(
            Errno.EINVAL,
            Errno.ENOSYS,
            Errno.EXDEV,
            Errno.EOPNOTSUPP,
            Errno.EPERM,
            Errno.EBADF,
            Errno.EACCES,
            Errno.ETXTBSY,
            Errno.EOVERFLOW,
            Errno.EIO);

    @ParameterizedTest
    @EnumSource(names = {"COPY_FILE_RANGE", "SENDFILE", "SPLICE_THROUGH_PIPE"})
    void aCallThatIsRefusedBeforeTheFirstByteIsReplacedByAnother(Method method) throws Exception {
        for (int errno : ERRNOS) {
            if (errno == Errno.EIO && method != Method.COPY_FILE_RANGE) {
                continue; // a real one
            }
            FaultyKernel refusing = FaultyKernel.over(kernel)
                    .on(Objects.requireNonNull(CALLS.get(method)))
                    .fails(errno);
            Fd in = file(refusing.kernel(), "in", pattern(SIZE));
            Fd out = create(refusing.kernel(), "out");
            Moved moved = Transfer.from(in).to(out).method(method).run();
            assertThat(moved.byMethod()).as(Errno.name(errno)).containsOnlyKeys(Method.READ_WRITE);
            assertThat(moved.declined()).anyMatch(declined -> declined.errno() == errno);
            assertThat(moved.userBytes()).isEqualTo(SIZE);
            assertSame(Files.readAllBytes(dir.resolve("out")), pattern(SIZE), Errno.name(errno));
            Files.delete(dir.resolve("out"));
        }
    }

    /// As CIFS between shares, and fuse-overlayfs where the source has lost its name.
    @Test
    void aCopyThatCannotFindAnOpenFileIsMadeOtherwise() throws Exception {
        FaultyKernel refusing = FaultyKernel.over(kernel).on("copyFileRange").fails(Errno.ENOENT);
        Fd in = file(refusing.kernel(), "in", pattern(SIZE));
        assertThat(Transfer.from(in).to(create(refusing.kernel(), "out")).run().bytes())
                .isEqualTo(SIZE);
    }

    @Test
    void anErrorThatIsRealComesAgainFromRead() throws Exception {
        FaultyKernel broken = FaultyKernel.over(kernel)
                .on("copyFileRange", "splice", "read", "pread")
                .fails(Errno.EIO);
        Fd in = file(broken.kernel(), "in", pattern(SIZE));
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(in).to(create(broken.kernel(), "out")).run());
        assertThat(failure.errno()).isEqualTo(Errno.EIO);
        assertThat(failure.moved()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"13", "26", "75", "5", "2"})
    void behindTheFirstByteItIsAnError(int errno) throws Exception {
        FaultyKernel broken = FaultyKernel.over(kernel)
                .on("copyFileRange")
                .nth(1)
                .shortens(1000)
                .on("copyFileRange")
                .nth(2)
                .fails(errno);
        Fd in = file(broken.kernel(), "in", pattern(SIZE));
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(in).to(create(broken.kernel(), "out")).run());
        assertThat(failure.errno()).isEqualTo(errno);
        assertThat(failure.moved()).isEqualTo(1000);
    }

    /// As ZFS where the source is not on the disk yet, and servers of FUSE: nothing to wait for, between two files.
    @ParameterizedTest
    @CsvSource({"1", "2"})
    void aCopyBetweenFilesThatShouldBeTriedAgainIsMadeOtherwise(int nth) throws Exception {
        FaultyKernel busy = FaultyKernel.over(kernel)
                .on("copyFileRange")
                .from(nth)
                .fails(Errno.EAGAIN)
                .on("copyFileRange")
                .shortens(1000);
        Fd in = file(busy.kernel(), "in", pattern(SIZE));
        Moved moved = Transfer.from(in)
                .to(create(busy.kernel(), "out"))
                .timeout(Duration.ofSeconds(20))
                .run();
        assertThat(moved.bytes()).isEqualTo(SIZE);
        assertThat(moved.declined()).anyMatch(declined -> declined.errno() == Errno.EAGAIN);
        assertThat(busy.calls("copyFileRange")).isEqualTo(nth);
        assertSame(Files.readAllBytes(dir.resolve("out")), pattern(SIZE), "out");
    }

    @Test
    void withoutAFallbackARefusalIsToldAsOne() throws Exception {
        FaultyKernel refusing = FaultyKernel.over(kernel).on("copyFileRange").fails(Errno.EACCES);
        Fd in = file(refusing.kernel(), "in", pattern(SIZE));
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(in)
                        .to(create(refusing.kernel(), "out"))
                        .method(Method.COPY_FILE_RANGE)
                        .fallback(false)
                        .run());
        assertThat(Refusal.of(failure)).isTrue();
        assertThat(Refusal.of(new ErrnoException(MoveCall.FICLONE.toString(), "", Errno.EAGAIN)))
                .isTrue();
        assertThat(Refusal.of(new ErrnoException("splice", "", Errno.EAGAIN))).isFalse();
        assertThat(Refusal.of(new ErrnoException("open", "", Errno.EACCES))).isFalse();
        assertThat(Refusal.of(new ErrnoException("read", "", Errno.EIO))).isFalse();
    }

    @Test
    void anEmptyFileNeedsNoMethod() throws Exception {
        Fd in = file(Kernel.linux(), "in", new byte[0]);
        Fd out = create(Kernel.linux(), "out");
        assertThat(Transfer.from(in)
                        .to(out)
                        .consistency(Consistency.REFLINK)
                        .run()
                        .bytes())
                .isZero();
        assertThat(Transfer.from(in)
                        .to(out)
                        .offOut(0)
                        .method(Method.SENDFILE)
                        .fallback(false)
                        .run()
                        .bytes())
                .isZero();
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "COPY_FILE_RANGE",
                "SENDFILE",
                "SPLICE_THROUGH_PIPE",
                "MMAP",
                "MMAP_SEGMENTS",
                "READ_WRITE",
                "SPLICE"
            })
    void holesStayWhereTheyAreByEveryMethod(Method method) throws Exception {
        Path sparse = dir.resolve("sparse");
        try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
            file.setLength(1 << 20);
            file.seek(700_000);
            file.write(pattern(5000));
            file.seek(300_000);
            file.write(pattern(10));
        }
        try (Fd in = Fd.open(sparse)) {
            Fd out = create(Kernel.linux(), "out");
            assertThat(Transfer.from(in)
                            .to(out)
                            .method(method)
                            .sparse(true)
                            .run()
                            .bytes())
                    .isEqualTo(1 << 20);
        }
        assertThat(Files.mismatch(sparse, dir.resolve("out"))).isEqualTo(-1);
    }
}
