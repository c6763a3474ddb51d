package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.StatFs;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Needs;
import dev.fid.tests.OnBothKernels;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// copy_file_range(2), raw.
@OnBothKernels
class CopyFileRangeTest extends Fixture {
    private long copy(int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len) {
        return kernel.copyFileRange(in, offIn, out, offOut, len, 0);
    }

    // CF-001, CF-002 and the other two of the four
    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void anOffsetMovesInsteadOfThePosition(boolean withIn, boolean withOut) throws IOException {
        int in = file("in", pattern(5000));
        int out = file("out", "");
        Offset offIn = withIn ? new Offset(100) : null;
        Offset offOut = withOut ? new Offset(200) : null;
        assertThat(copy(in, offIn, out, offOut, 1000)).isEqualTo(1000);
        assertThat(position(in)).isEqualTo(withIn ? 0 : 1000);
        assertThat(position(out)).isEqualTo(withOut ? 0 : 1000);
        assertThat(offIn == null ? 1100 : offIn.value).isEqualTo(1100);
        assertThat(offOut == null ? 1200 : offOut.value).isEqualTo(1200);
        int from = withIn ? 100 : 0;
        assertThat(content("out"))
                .isEqualTo((withOut ? "\0".repeat(200) : "") + pattern(5000).substring(from, from + 1000));
    }

    @Test
    void aDescriptorThatIsNoneOrOfTheWrongDirectionIsEbadf() throws IOException {
        int file = file("f", "content");
        int readOnly = open(dir.resolve("f"), Uapi.O_RDONLY);
        int writeOnly = open(dir.resolve("f"), Uapi.O_WRONLY);
        assertThat(copy(-1, null, file, null, 3)).isEqualTo(-Errno.EBADF);
        assertThat(copy(file, null, -1, null, 3)).isEqualTo(-Errno.EBADF);
        assertThat(copy(file, null, readOnly, null, 3)).isEqualTo(-Errno.EBADF);
        assertThat(copy(writeOnly, null, file, null, 3)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void aFlagIsEinval() throws IOException {
        assertThat(kernel.copyFileRange(file("in", "x"), null, file("out", ""), null, 1, 1))
                .isEqualTo(-Errno.EINVAL);
    }

    // CF-005
    @Test
    void aDirectoryIsEisdirOnEitherSide() throws IOException {
        int file = file("f", "content");
        int folder = open(dir, Uapi.O_DIRECTORY);
        assertThat(copy(file, null, folder, null, 3)).isEqualTo(-Errno.EISDIR);
        assertThat(copy(folder, null, file, null, 3)).isEqualTo(-Errno.EISDIR);
    }

    // CF-006
    @Test
    void aFileOpenedForAppendIsEbadf() throws IOException {
        file("out", "abc");
        int append = open(dir.resolve("out"), Uapi.O_WRONLY | Uapi.O_APPEND);
        assertThat(copy(file("in", "content"), null, append, null, 3)).isEqualTo(-Errno.EBADF);
        assertThat(content("out")).isEqualTo("abc");
    }

    // CF-008
    @Test
    void aFileThatBecameImmutableIsEperm() throws Exception {
        needsLinux("immutable files");
        Needs.root();
        int in = file("in", "content");
        int out = file("out", "abc");
        Command.run("chattr", "+i", dir.resolve("out"));
        try {
            assertThat(copy(in, null, out, null, 3)).isEqualTo(-Errno.EPERM);
        } finally {
            Command.run("chattr", "-i", dir.resolve("out"));
        }
        assertThat(content("out")).isEqualTo("abc");
    }

    // CF-009
    @Test
    void anActiveSwapFileIsEtxtbsy() throws Exception {
        needsLinux("swap files");
        LoopMount.require("mkswap", "swapon", "swapoff");
        int in = file("in", "content");
        int swap = file("swap", "");
        assertThat(kernel.ftruncate(swap, 0)).isZero();
        write(swap, "\0".repeat(1 << 20));
        assertThat(kernel.fsync(swap)).isZero();
        Command.run("mkswap", dir.resolve("swap"));
        String refused = Command.refusal("swapon", dir.resolve("swap"));
        LoopMount.check(refused == null, "needs swap files: " + refused);
        try {
            assertThat(copy(in, null, swap, null, 3)).isEqualTo(-Errno.ETXTBSY);
            assertThat(copy(swap, null, in, null, 3)).isEqualTo(-Errno.ETXTBSY);
        } finally {
            Command.run("swapoff", dir.resolve("swap"));
        }
    }

    // CF-012
    @Test
    void aRangeThatOverflowsIsEoverflow() throws IOException {
        int in = file("in", "content");
        int out = file("out", "");
        assertThat(copy(in, new Offset(0), out, new Offset(Long.MAX_VALUE - 1), -1))
                .isEqualTo(-Errno.EOVERFLOW);
        assertThat(copy(in, new Offset(Long.MAX_VALUE - 1), out, new Offset(0), -1))
                .isEqualTo(-Errno.EOVERFLOW);
    }

    @Test
    void overlappingRangesOfOneFileAreEinval() throws IOException {
        int file = file("f", pattern(5000));
        assertThat(copy(file, new Offset(0), file, new Offset(500), 1000)).isEqualTo(-Errno.EINVAL);
        assertThat(copy(file, new Offset(500), file, new Offset(0), 1000)).isEqualTo(-Errno.EINVAL);
        assertThat(copy(file, new Offset(0), file, new Offset(1000), 1000)).isEqualTo(1000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/dev/null", "/dev/zero"})
    void aDeviceIsEinvalOnEitherSide(String name) throws IOException {
        int file = file("f", "content");
        int device = open(name, Uapi.O_RDWR);
        assertThat(copy(file, null, device, null, 3)).isEqualTo(-Errno.EINVAL);
        assertThat(copy(device, null, file, null, 3)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void aPipeIsEinvalOnEitherSide() throws IOException {
        int file = file("f", "content");
        Pipe pipe = pipe().put("abc");
        assertThat(copy(file, null, pipe.w, null, 3)).isEqualTo(-Errno.EINVAL);
        assertThat(copy(pipe.r, null, file, null, 3)).isEqualTo(-Errno.EINVAL);
    }

    // CF-015
    @ParameterizedTest
    @CsvSource({"4000, 2000, 1000", "0, 5000, 5000", "4999, 5, 1", "5000, 10, 0", "9000, 10, 0", "0, 0, 0"})
    void onlyWhatExistsIsCopied(long start, long len, long copied) throws IOException {
        int out = file("out", "");
        assertThat(copy(file("in", pattern(5000)), new Offset(start), out, null, len))
                .isEqualTo(copied);
        int first = (int) Math.min(start, 5000);
        assertThat(content("out")).isEqualTo(pattern(5000).substring(first, first + (int) copied));
    }

    // CF-017
    @Test
    void aTargetBehindTheEndLeavesAHole() throws IOException {
        int out = file("out", "");
        assertThat(copy(file("in", pattern(5000)), new Offset(1000), out, new Offset(1000), 3000))
                .isEqualTo(3000);
        assertThat(content("out")).isEqualTo("\0".repeat(1000) + pattern(5000).substring(1000, 4000));
    }

    // CF-018
    @Test
    void halvesAreSwappedThroughAThirdFile() throws IOException {
        int file = file("f", "AAAABBBB");
        int third = file("third", "");
        assertThat(copy(file, new Offset(0), third, new Offset(0), 4)).isEqualTo(4);
        assertThat(copy(file, new Offset(4), file, new Offset(0), 4)).isEqualTo(4);
        assertThat(copy(third, new Offset(0), file, new Offset(4), 4)).isEqualTo(4);
        assertThat(content("f")).isEqualTo("BBBBAAAA");
    }

    // CF-019
    @Test
    void anotherFileSystemIsExdev() throws IOException {
        int out = file("out", "");
        int memfd = keep(kernel.memfdCreate(bytes("tmpfs"), Uapi.MFD_CLOEXEC));
        StatFs here = new StatFs();
        assertThat(kernel.fstatfs(out, here)).isZero();
        if (!ground.isModel()) {
            assertThat(copy(open("/proc/self/status", Uapi.O_RDONLY), null, out, null, 100))
                    .isEqualTo(-Errno.EXDEV);
        }
        Needs.that(here.type != Uapi.TMPFS_MAGIC, "needs a disk under the temporary folder");
        assertThat(copy(file("in", "content"), null, memfd, null, 3)).isEqualTo(-Errno.EXDEV);
        assertThat(content("out")).isEmpty();
    }

    // CF-021
    @ParameterizedTest
    @ValueSource(strings = {"xfs", "btrfs"})
    void aFileSystemWithReflinksSharesItsExtents(String type) throws Exception {
        needsLinux(type);
        try (LoopMount mount = LoopMount.of(type, dir)) {
            String text = pattern(5_000_001);
            mount.write("in", text);
            int in = kernel.openat(Uapi.AT_FDCWD, bytes(mount.path("in").toString()), Uapi.O_RDWR | Uapi.O_CLOEXEC, 0);
            int flags = Uapi.O_RDWR | Uapi.O_CREAT | Uapi.O_CLOEXEC;
            int out = kernel.openat(Uapi.AT_FDCWD, bytes(mount.path("out").toString()), flags, 0600);
            try {
                assertThat(copy(in, null, out, null, 5_000_001)).isEqualTo(5_000_001);
                assertThat(kernel.fsync(out)).isZero();
                assertThat(Command.run("filefrag", "-v", mount.path("out"))).contains("shared");
                assertThat(kernel.lseek(in, 0, Uapi.SEEK_SET)).isZero();
                write(in, "later");
                assertThat(mount.read("out")).isEqualTo(text);
            } finally {
                kernel.close(in);
                kernel.close(out);
            }
        }
    }
}
