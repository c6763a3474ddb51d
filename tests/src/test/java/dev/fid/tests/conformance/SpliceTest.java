package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Needs;
import dev.fid.tests.OnBothKernels;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// splice(2), raw. {@link SpliceMatrixTest} has the kinds of descriptors, {@link PipeTest} how a pipe fills.
@OnBothKernels
class SpliceTest extends Fixture {
    private long splice(int in, int out, long len, int flags) {
        return kernel.splice(in, null, out, null, len, flags);
    }

    // SP-001
    @Test
    void aFileGoesThroughAPipeIntoAFileAndBothPositionsMove() throws IOException {
        int in = file("in", pattern(1024));
        int out = file("out", "");
        Pipe pipe = pipe();
        assertThat(splice(in, pipe.w, 1024, 0)).isEqualTo(1024);
        assertThat(splice(pipe.r, out, 1024, 0)).isEqualTo(1024);
        assertThat(content("out")).isEqualTo(pattern(1024));
        assertThat(position(in)).isEqualTo(1024);
        assertThat(position(out)).isEqualTo(1024);
    }

    // SP-002
    @ParameterizedTest
    @ValueSource(ints = {1024, 1000, 65536})
    void aWriterOfManyTimesTheCapacityIsDrainedToTheLastByte(int len) throws Exception {
        Pipe pipe = pipe(0);
        String alphabet = "abcdefghijklmnopqrstuvwxyz".repeat(1 << 16).substring(0, 16 * pipe.capacity());
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            for (int at = 0; at < alphabet.length(); at += 512) {
                try (Memory memory = kernel.allocate(512)) {
                    memory.put(0, bytes(alphabet.substring(at, at + 512)), 0, 512);
                    kernel.write(pipe.w, memory, 0, 512);
                }
            }
            pipe.closeWriter();
        });
        int out = file("out", "");
        long sum = 0;
        long moved = 1;
        while (moved > 0) {
            moved = splice(pipe.r, out, len, 0);
            sum += moved;
        }
        writer.join();
        assertThat(moved).isZero();
        assertThat(sum).isEqualTo(16L * pipe.capacity());
        assertThat(content("out")).isEqualTo(alphabet);
    }

    // SP-004 and its kind
    @Test
    void aDescriptorThatIsNoneIsEbadfAndNothingMoves() throws IOException {
        Pipe pipe = pipe().put("abcdefghijklmnopqrstuvwxyz");
        assertThat(splice(pipe.r, -1, 10, 0)).isEqualTo(-Errno.EBADF);
        assertThat(splice(-1, pipe.w, 10, 0)).isEqualTo(-Errno.EBADF);
        assertThat(splice(-1, file("f", "x"), 10, 0)).isEqualTo(-Errno.EBADF);
        assertThat(pipe.buffered()).isEqualTo(26);
    }

    // SP-005 and its kind
    @Test
    void theWrongDirectionIsEbadf() throws IOException {
        file("f", "content");
        Pipe pipe = pipe().put("abc");
        Pipe other = pipe().put("abc");
        assertThat(splice(open(dir.resolve("f"), Uapi.O_WRONLY), pipe.w, 10, 0)).isEqualTo(-Errno.EBADF);
        assertThat(splice(pipe.r, open(dir.resolve("f"), Uapi.O_RDONLY), 10, 0)).isEqualTo(-Errno.EBADF);
        assertThat(splice(pipe.w, other.w, 10, 0)).isEqualTo(-Errno.EBADF);
        assertThat(splice(pipe.r, other.r, 10, 0)).isEqualTo(-Errno.EBADF);
        assertThat(pipe.buffered()).isEqualTo(3);
    }

    // SP-007
    @Test
    void withoutAPipeItIsEinval() throws IOException {
        int in = file("in", "content");
        assertThat(splice(in, file("out", ""), 10, 0)).isEqualTo(-Errno.EINVAL);
        int[] sockets = unixPair(Uapi.SOCK_STREAM);
        assertThat(splice(in, sockets[0], 10, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(position(in)).isZero();
    }

    // SP-008 and its kind
    @Test
    void anOffsetOnAPipeIsEspipeOnEitherSide() throws IOException {
        Pipe pipe = pipe().put("abc");
        Pipe other = pipe();
        int file = file("f", "content");
        assertThat(kernel.splice(pipe.r, new Offset(0), file, null, 10, 0)).isEqualTo(-Errno.ESPIPE);
        assertThat(kernel.splice(file, null, pipe.w, new Offset(0), 10, 0)).isEqualTo(-Errno.ESPIPE);
        assertThat(kernel.splice(pipe.r, new Offset(0), other.w, null, 10, 0)).isEqualTo(-Errno.ESPIPE);
        assertThat(kernel.splice(pipe.r, null, other.w, new Offset(0), 10, 0)).isEqualTo(-Errno.ESPIPE);
        assertThat(pipe.buffered()).isEqualTo(3);
    }

    @Test
    void aNegativeOffsetIsEinval() throws IOException {
        Pipe pipe = pipe().put("abc");
        int file = file("f", "content");
        assertThat(kernel.splice(file, new Offset(-1), pipe.w, null, 10, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(kernel.splice(pipe.r, null, file, new Offset(-1), 3, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(pipe.buffered()).isEqualTo(3);
    }

    // SP-011
    @Test
    void aFullPipeGoesThroughAUnixStreamUnchanged() {
        Pipe in = pipe().put(pattern(65536));
        Pipe out = pipe();
        int[] sockets = unixPair(Uapi.SOCK_STREAM);
        for (int left = 65536; left > 0; ) {
            left -= Math.toIntExact(splice(in.r, sockets[0], left, 0));
        }
        for (int left = 65536; left > 0; ) {
            left -= Math.toIntExact(splice(sockets[1], out.w, left, 0));
        }
        assertThat(out.take(65536)).isEqualTo(pattern(65536));
    }

    // SP-012, SP-022
    @ParameterizedTest
    @CsvSource({"/proc/sys/fs/pipe-max-size, 99", "/proc/sys/kernel/version, 2", "/proc/sys/kernel/version, 4096"})
    void aSysctlGivesTheTextThatReadGives(String name, int len) throws IOException {
        needsLinux("/proc");
        String text = read(open(name, Uapi.O_RDONLY), 4096); // in one read: Files.readString gets one digit of it
        String expected = text.substring(0, Math.min(len, text.length()));
        Pipe pipe = pipe();
        assertThat(splice(open(name, Uapi.O_RDONLY), pipe.w, len, 0)).isEqualTo(expected.length());
        assertThat(pipe.take(len)).isEqualTo(expected);
    }

    // SP-013, SP-014, SP-016 and the lengths between
    @ParameterizedTest
    @CsvSource({
        "/dev/zero, 1", "/dev/zero, 1009", "/dev/zero, 2049", "/dev/zero, 4036", "/dev/zero, 4096", "/dev/zero, 65536",
        "/dev/full, 1", "/dev/full, 1009", "/dev/full, 2049", "/dev/full, 4036", "/dev/full, 4096", "/dev/full, 65536"
    })
    void aDeviceOfZerosGivesAsManyAsAsked(String device, int len) {
        Pipe pipe = pipe();
        assertThat(splice(open(device, Uapi.O_RDONLY), pipe.w, len, 0)).isEqualTo(len);
        assertThat(pipe.take(2 * len)).isEqualTo("\0".repeat(len));
    }

    // SP-019, SP-020
    @ParameterizedTest
    @CsvSource({"/dev/null, 1024", "/dev/zero, 1024", "/dev/null, 1", "/dev/zero, 65536"})
    void aDeviceThatSwallowsTakesAll(String device, int len) {
        Pipe pipe = pipe().put(pattern(len));
        assertThat(splice(pipe.r, open(device, Uapi.O_WRONLY), len, 0)).isEqualTo(len);
        assertThat(pipe.buffered()).isZero();
    }

    // SP-021
    @Test
    void theFullDeviceIsEinvalAndNotEnospc() {
        Pipe pipe = pipe().put(pattern(100));
        assertThat(splice(pipe.r, open("/dev/full", Uapi.O_WRONLY), 100, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(pipe.take(200)).isEqualTo(pattern(100));
    }

    // SP-023
    @ParameterizedTest
    @ValueSource(strings = {"/proc/self/status", "/proc/self/stat", "/proc/self/limits"})
    void mostFilesOfProcAreEinvalAndReadGivesTheirText(String name) {
        needsLinux("/proc");
        Pipe pipe = pipe();
        int in = open(name, Uapi.O_RDONLY);
        assertThat(splice(in, pipe.w, 4096, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(read(in, 4096)).isNotEmpty();
    }

    // SP-024
    @Test
    void aLengthOfZeroIsZeroBeforeAnythingElseIsLookedAt() {
        assertThat(splice(-1, -1, 0, 0x100)).isZero();
        assertThat(splice(-1, -1, 0, 0)).isZero();
    }

    @Test
    void anUnknownFlagIsEinval() throws IOException {
        assertThat(splice(file("f", "x"), pipe().w, 1, 0x100)).isEqualTo(-Errno.EINVAL);
    }

    // SP-026
    @Test
    void aPipeCannotBeSplicedIntoItself() {
        Pipe pipe = pipe().put("abc");
        assertThat(splice(pipe.r, pipe.w, 3, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(pipe.take(9)).isEqualTo("abc");
    }

    // SP-028 and its kind
    @ParameterizedTest
    @CsvSource({"2048, 0", "0, 2", "2048, 2"})
    void aFullPipeIsEagainIfThePipeOrTheCallIsNonblocking(int pipeFlags, int callFlags) throws IOException {
        Pipe pipe = pipe();
        assertThat(pipe.fillUp()).isEqualTo(pipe.capacity());
        kernel.fcntl(pipe.w, Uapi.F_SETFL, pipeFlags);
        kernel.fcntl(pipe.r, Uapi.F_SETFL, pipeFlags);
        assertThat(splice(file("f", "x"), pipe.w, 1, callFlags)).isEqualTo(-Errno.EAGAIN);
        Pipe source = pipe().put("x");
        assertThat(splice(source.r, pipe.w, 1, callFlags)).isEqualTo(-Errno.EAGAIN);
        assertThat(source.buffered()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"2048, 0", "0, 2", "2048, 2"})
    void anEmptyPipeIsEagainIfThePipeOrTheCallIsNonblocking(int pipeFlags, int callFlags) throws IOException {
        Pipe pipe = pipe(pipeFlags);
        assertThat(splice(pipe.r, file("f", ""), 1, callFlags)).isEqualTo(-Errno.EAGAIN);
        assertThat(splice(pipe.r, pipe().w, 1, callFlags)).isEqualTo(-Errno.EAGAIN);
    }

    // SP-030 and its kind
    @Test
    void anEmptyPipeWithoutWriterIsAtItsEnd() throws IOException {
        Pipe pipe = pipe();
        pipe.closeWriter();
        assertThat(splice(pipe.r, pipe().w, 10, 0)).isZero();
        assertThat(splice(pipe.r, file("f", ""), 10, NONBLOCK)).isZero();
    }

    @Test
    void aFileAtItsEndGivesZero() throws IOException {
        Offset end = new Offset(1000);
        assertThat(kernel.splice(file("f", "abc"), end, pipe().w, null, 10, 0)).isZero();
        assertThat(end.value).isEqualTo(1000);
    }

    @Test
    void aPipeWithoutReaderIsEpipe() throws IOException {
        Pipe pipe = pipe();
        pipe.closeReader();
        Pipe source = pipe().put("abc");
        assertThat(splice(file("f", "abc"), pipe.w, 3, 0)).isEqualTo(-Errno.EPIPE);
        assertThat(splice(source.r, pipe.w, 3, 0)).isEqualTo(-Errno.EPIPE);
        assertThat(source.take(9)).isEqualTo("abc");
    }

    // SP-034
    @Test
    void anOffsetInMovesOnAndThePositionStays() throws IOException {
        int in = file("f", "0123456789abcdef");
        Pipe pipe = pipe();
        Offset off = new Offset(5);
        assertThat(kernel.splice(in, off, pipe.w, null, 7, 0)).isEqualTo(7);
        assertThat(off.value).isEqualTo(12);
        assertThat(position(in)).isZero();
        assertThat(pipe.take(99)).isEqualTo("56789ab");
    }

    // SP-035
    @Test
    void anOffsetOutBehindTheEndLeavesAHole() throws IOException {
        int out = file("f", "");
        Offset off = new Offset(8192);
        assertThat(kernel.splice(pipe().put("xy").r, null, out, off, 2, 0)).isEqualTo(2);
        assertThat(off.value).isEqualTo(8194);
        assertThat(position(out)).isZero();
        assertThat(content("f")).isEqualTo("\0".repeat(8192) + "xy");
        assertThat(kernel.lseek(out, 0, Uapi.SEEK_DATA)).isEqualTo(8192);
    }

    @Test
    void aFileOpenedForAppendIsEinval() throws IOException {
        file("f", "abc");
        Pipe pipe = pipe().put("xy");
        int append = open(dir.resolve("f"), Uapi.O_WRONLY | Uapi.O_APPEND);
        assertThat(splice(pipe.r, append, 2, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(pipe.buffered()).isEqualTo(2);
        assertThat(content("f")).isEqualTo("abc");
    }

    @Test
    void aSealedMemfdIsEperm() {
        int out = keep(kernel.memfdCreate(bytes("sealed"), Uapi.MFD_CLOEXEC | Uapi.MFD_ALLOW_SEALING));
        assertThat(kernel.fcntl(out, Uapi.F_ADD_SEALS, Uapi.F_SEAL_WRITE)).isZero();
        Pipe pipe = pipe().put("xy");
        assertThat(splice(pipe.r, out, 2, 0)).isEqualTo(-Errno.EPERM);
        assertThat(pipe.buffered()).isEqualTo(2);
    }

    // SP-060
    @Test
    void theNonblockFlagDoesNotCoverABlockingTcpSocket() throws Exception {
        int[] sockets = tcpPair(0);
        Pipe pipe = pipe();
        Blocked splice = Blocked.in(Blocked.SPLICE, () -> splice(sockets[1], pipe.w, 100, NONBLOCK));
        write(sockets[0], "hello");
        assertThat(splice.result()).isEqualTo(5);
        setNonblock(sockets[1]);
        assertThat(splice(sockets[1], pipe.w, 100, NONBLOCK)).isEqualTo(-Errno.EAGAIN);
    }

    // SP-062
    @Test
    void theNonblockFlagDoesNotCoverABlockingUnixDatagramSocket() throws Exception {
        int[] sockets = unixPair(Uapi.SOCK_DGRAM);
        Pipe pipe = pipe();
        Blocked splice = Blocked.in(Blocked.SPLICE, () -> splice(sockets[1], pipe.w, 100, NONBLOCK));
        write(sockets[0], "hello");
        assertThat(splice.result()).isEqualTo(5);
    }

    @Test
    void theNonblockFlagCoversABlockingUnixStream() {
        int[] sockets = unixPair(Uapi.SOCK_STREAM);
        assertThat(splice(sockets[1], pipe().w, 100, NONBLOCK)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void aBlockingPipeWaitsForItsWriter() throws Exception {
        Pipe pipe = pipe(0);
        int out = file("f", "");
        Blocked splice = Blocked.in(Blocked.SPLICE, () -> splice(pipe.r, out, 100, 0));
        pipe.put("late");
        assertThat(splice.result()).isEqualTo(4);
    }

    // SP-063
    @Test
    void aResetIsReportedOnceAndThenLooksLikeTheEnd() {
        int[] sockets = tcpPair(0);
        Pipe pipe = pipe().put("kept");
        assertThat(kernel.setLinger(sockets[0], true, 0)).isZero();
        assertThat(kernel.shutdown(sockets[1], Uapi.SHUT_WR)).isZero();
        reset(sockets[0]);
        await(sockets[1], Uapi.POLLIN);
        assertThat(splice(sockets[1], pipe.w, 100, NONBLOCK)).isEqualTo(-Errno.ECONNRESET);
        assertThat(splice(sockets[1], pipe.w, 100, NONBLOCK)).isZero();
        assertThat(splice(pipe.r, sockets[1], 100, NONBLOCK)).isEqualTo(-Errno.EPIPE);
        assertThat(pipe.buffered()).isEqualTo(4);
    }

    /// Closes the connection behind `fd`, whose number stays taken: the fixture closes it once more.
    private void reset(int fd) {
        int other = keep(kernel.eventfd(0, Uapi.EFD_CLOEXEC));
        assertThat(kernel.dup3(other, fd, Uapi.O_CLOEXEC)).isEqualTo(fd);
    }

    // SP-065
    @Test
    void aFileOpenedWithDirectGivesTheRightBytes() throws IOException {
        file("f", pattern(65536));
        byte[] path = bytes(dir.resolve("f").toString());
        int in = kernel.openat(Uapi.AT_FDCWD, path, Uapi.O_RDONLY | Uapi.O_DIRECT | Uapi.O_CLOEXEC, 0);
        Needs.that(in != -Errno.EINVAL, "needs O_DIRECT in the temporary folder");
        keep(in);
        Pipe pipe = pipe();
        long moved = splice(in, pipe.w, 65536, 0);
        assertThat(moved).isPositive();
        assertThat(pipe.take(65536)).isEqualTo(pattern(65536).substring(0, (int) moved));
    }
}
