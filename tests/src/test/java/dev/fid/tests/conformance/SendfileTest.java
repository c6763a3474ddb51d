package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnBothKernels;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// sendfile(2), raw.
@OnBothKernels
class SendfileTest extends Fixture {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz";

    // SF-001
    @ParameterizedTest
    @CsvSource({"0, 26, 26", "0, 10, 10", "20, 100, 6", "26, 1, 0", "1000, 5, 0"})
    void anOffsetMovesOnAndThePositionStays(long start, long len, long sent) throws IOException {
        int in = file("in", LETTERS);
        Offset off = new Offset(start);
        assertThat(kernel.sendfile(in, off, file("out", ""), len)).isEqualTo(sent);
        assertThat(off.value).isEqualTo(start + sent);
        assertThat(position(in)).isZero();
        assertThat(content("out"))
                .isEqualTo(LETTERS.substring((int) Math.min(start, 26), (int) Math.min(start + sent, 26)));
    }

    // SF-002: LTP's other half
    @Test
    void withoutAnOffsetThePositionMoves() throws IOException {
        int in = file("in", LETTERS);
        int out = file("out", "");
        assertThat(kernel.sendfile(in, null, out, 10)).isEqualTo(10);
        assertThat(position(in)).isEqualTo(10);
        assertThat(position(out)).isEqualTo(10);
        assertThat(kernel.sendfile(in, null, out, 100)).isEqualTo(16);
        assertThat(content("out")).isEqualTo(LETTERS);
    }

    // SF-003
    @Test
    void aDescriptorThatIsNoneOrOfTheWrongDirectionIsEbadf() throws IOException {
        file("in", LETTERS);
        file("out", "");
        int in = open(dir.resolve("in"), Uapi.O_RDONLY);
        int out = open(dir.resolve("out"), Uapi.O_WRONLY);
        assertThat(kernel.sendfile(in, null, -1, 10)).isEqualTo(-Errno.EBADF);
        assertThat(kernel.sendfile(in, null, in, 10)).isEqualTo(-Errno.EBADF);
        assertThat(kernel.sendfile(-1, null, out, 10)).isEqualTo(-Errno.EBADF);
        assertThat(kernel.sendfile(out, null, out, 10)).isEqualTo(-Errno.EBADF);
        assertThat(content("out")).isEmpty();
    }

    // SF-005
    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE})
    void aNegativeOffsetIsEinval(long start) throws IOException {
        Offset off = new Offset(start);
        assertThat(kernel.sendfile(file("in", LETTERS), off, file("out", ""), 1))
                .isEqualTo(-Errno.EINVAL);
        assertThat(off.value).isEqualTo(start);
    }

    // SF-011
    @Test
    void aFileSentOntoItselfFeedsItself() throws IOException {
        int out = file("f", "hello world!");
        assertThat(kernel.lseek(out, 6, Uapi.SEEK_SET)).isEqualTo(6);
        int in = open(dir.resolve("f"), Uapi.O_RDONLY);
        assertThat(kernel.sendfile(in, null, out, 100)).isEqualTo(100);
        // What follows comes of a copy onto an overlapping part of the same page, which no rule orders: the machine's
        // memcpy may go in steps of 8 bytes or of 64.
        assertThat(content("f")).hasSize(106).startsWith("hello hello ").doesNotContain("\0");
    }

    // SF-012
    @Test
    void aFileOpenedForAppendIsEinval() throws IOException {
        file("out", "abc");
        int append = open(dir.resolve("out"), Uapi.O_WRONLY | Uapi.O_APPEND);
        assertThat(kernel.sendfile(file("in", LETTERS), null, append, 10)).isEqualTo(-Errno.EINVAL);
        assertThat(content("out")).isEqualTo("abc");
    }

    // SF-013
    @Test
    void aPipeIsNoSourceForAFileButATarget() throws IOException {
        Pipe pipe = pipe().put("0123456789");
        assertThat(kernel.sendfile(pipe.r, null, file("out", ""), 10)).isEqualTo(-Errno.EINVAL);
        assertThat(pipe.buffered()).isEqualTo(10);
        Pipe empty = pipe();
        assertThat(kernel.sendfile(file("in", LETTERS), null, empty.w, 10)).isEqualTo(10);
        assertThat(empty.take(99)).isEqualTo(LETTERS.substring(0, 10));
    }

    @Test
    void aSocketIsNoSourceForAFile() throws IOException {
        int[] sockets = unixPair(Uapi.SOCK_STREAM);
        write(sockets[0], "hello");
        assertThat(kernel.sendfile(sockets[1], null, file("out", ""), 5)).isEqualTo(-Errno.EINVAL);
        assertThat(kernel.fionread(sockets[1])).isEqualTo(5);
    }

    @Test
    void aSocketIsATarget() throws IOException {
        int[] sockets = tcpPair(0);
        assertThat(kernel.sendfile(file("in", LETTERS), new Offset(3), sockets[0], 10))
                .isEqualTo(10);
        await(sockets[1], Uapi.POLLIN);
        assertThat(read(sockets[1], 100)).isEqualTo(LETTERS.substring(3, 13));
    }

    @Test
    void anOffsetOnAPipeIsEspipe() throws IOException {
        Pipe pipe = pipe().put("abc");
        assertThat(kernel.sendfile(pipe.r, new Offset(0), file("out", ""), 3)).isEqualTo(-Errno.ESPIPE);
    }

    @Test
    void aFullPipeIsEagainAndTheOffsetStays() throws IOException {
        Pipe pipe = pipe();
        pipe.fillUp();
        Offset off = new Offset(2);
        assertThat(kernel.sendfile(file("in", LETTERS), off, pipe.w, 10)).isEqualTo(-Errno.EAGAIN);
        assertThat(off.value).isEqualTo(2);
    }

    @Test
    void aPipeWithoutReaderIsEpipeAndTheOffsetStays() throws IOException {
        Pipe pipe = pipe();
        pipe.closeReader();
        Offset off = new Offset(2);
        assertThat(kernel.sendfile(file("in", LETTERS), off, pipe.w, 10)).isEqualTo(-Errno.EPIPE);
        assertThat(off.value).isEqualTo(2);
    }
}
