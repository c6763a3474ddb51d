package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnBothKernels;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How a pipe counts: slots, each of one page at most, and not bytes.
@OnBothKernels
class PipeTest extends Fixture {
    private static final int DEFAULT = 65536;

    /// Splices `len` bytes a call from a file of zeros until the pipe takes no more; returns the calls that moved
    /// any.
    private int spliceUntilFull(Pipe pipe, int in, long len) {
        Offset off = new Offset(0);
        int calls = 0;
        while (kernel.splice(in, off, pipe.w, null, len, NONBLOCK) > 0) {
            calls++;
        }
        return calls;
    }

    // SP-038 and other lengths: each call begins a slot, and each page of the file that it touches is one
    @ParameterizedTest
    @CsvSource({"5000, 8, 36864", "4096, 16, 65536", "65536, 1, 65536", "1, 16, 16", "2048, 16, 32768"})
    void aCallTakesASlotForEachPageItTouches(long len, int calls, int bytes) throws IOException {
        Pipe pipe = pipe();
        assertThat(spliceUntilFull(pipe, file("f", pattern(100_000)), len)).isEqualTo(calls);
        assertThat(pipe.buffered()).isEqualTo(bytes);
    }

    // SP-039
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16, 32, 256})
    void oneByteSplicedFillsOneSlot(int slots) throws IOException {
        Pipe pipe = pipe();
        assertThat(pipe.resize((long) slots * page)).isEqualTo(slots * page);
        assertThat(spliceUntilFull(pipe, file("f", pattern(1000)), 1)).isEqualTo(slots);
        assertThat(pipe.buffered()).isEqualTo(slots);
    }

    // SP-040: a pipe of s slots takes the rest of the first page and s - 1 pages
    @ParameterizedTest
    @CsvSource({"0, 16", "100, 16", "4095, 16", "4096, 16", "1, 1", "100, 2", "5000, 64"})
    void anUnalignedOffsetLosesTheBeginningOfTheFirstSlot(long start, int slots) throws IOException {
        Pipe pipe = pipe();
        pipe.resize((long) slots * page);
        int in = file("f", pattern(400_000));
        assertThat(kernel.splice(in, new Offset(start), pipe.w, null, 300_000, NONBLOCK))
                .isEqualTo((long) slots * page - start % page);
    }

    // SP-067
    @Test
    void fragmentsOfTcpMakeAPipeHoldMoreThanItsSize() {
        int[] sockets = tcpPair(4 << 20);
        assertThat(kernel.setsockopt(sockets[0], Uapi.SOL_SOCKET, Uapi.SO_SNDBUF, 4 << 20))
                .isZero();
        setNonblock(sockets[0]);
        setNonblock(sockets[1]);
        Memory memory = memory(600_000);
        assertThat(kernel.send(sockets[0], memory, 0, 600_000, Uapi.MSG_NOSIGNAL))
                .isPositive();
        Pipe pipe = pipe();
        await(sockets[1], Uapi.POLLIN);
        long held = 0;
        for (long moved = 1; moved > 0; held += Math.max(moved, 0)) {
            moved = kernel.splice(sockets[1], null, pipe.w, null, 600_000, NONBLOCK);
        }
        assertThat(pipe.capacity()).isEqualTo(DEFAULT);
        assertThat(held).isGreaterThan(DEFAULT);
        assertThat(pipe.buffered()).isEqualTo((int) held);
        assertThat(readAll(pipe.r)).hasSize((int) held);
    }

    // PI-003
    @Test
    void aWriteLargerThanTheRoomIsShortAndTheNextIsEagain() {
        Pipe pipe = pipe();
        Memory memory = memory(DEFAULT + 4096);
        assertThat(kernel.write(pipe.w, memory, 0, DEFAULT + 4096)).isEqualTo(DEFAULT);
        assertThat(pipe.buffered()).isEqualTo(DEFAULT);
        assertThat(kernel.write(pipe.w, memory, 0, 1)).isEqualTo(-Errno.EAGAIN);
    }

    // PI-006
    @Test
    void whatWasWrittenIsReadBeforeTheEnd() {
        Pipe pipe = pipe().put("abc");
        pipe.closeWriter();
        assertThat(pipe.take(9)).isEqualTo("abc");
        assertThat(pipe.take(9)).isEmpty();
    }

    // PI-009
    @Test
    void aChildInheritsNoPipe() throws Exception {
        needsLinux("processes");
        Pipe pipe = pipe();
        String open = Command.run("sh", "-c", "ls -l /proc/self/fd /proc/$$/fd");
        long inode = inode(pipe.r);
        assertThat(open).contains("pipe:[").doesNotContain("pipe:[" + inode + "]");
    }

    private long inode(int fd) {
        Stat stat = new Stat();
        assertThat(kernel.fstat(fd, stat)).isZero();
        return stat.inode;
    }

    // PI-010
    @ParameterizedTest
    @CsvSource({
        "0, 4096",
        "1, 4096",
        "4096, 4096",
        "4097, 8192",
        "8192, 8192",
        "20480, 32768",
        "65536, 65536",
        "65537, 131072",
        "100000, 131072",
        "1048576, 1048576"
    })
    void theSizeBecomesAPowerOfTwoOfPages(long asked, int given) {
        Pipe pipe = pipe();
        assertThat(pipe.capacity()).isEqualTo(DEFAULT);
        assertThat(pipe.resize(asked)).isEqualTo(given);
        assertThat(pipe.capacity()).isEqualTo(given);
        assertThat(pipe.fillUp()).isEqualTo(given);
    }

    // PI-012
    @Test
    void aPipeShrinksToItsSlotsInUseAndNotToItsBytes() throws IOException {
        Pipe pipe = pipe();
        int in = file("f", pattern(100));
        for (int i = 0; i < 9; i++) {
            assertThat(kernel.splice(in, null, pipe.w, null, 1, 0)).isEqualTo(1);
        }
        assertThat(pipe.resize(32768)).isEqualTo(-Errno.EBUSY);
        assertThat(pipe.resize(65536)).isEqualTo(65536);
        assertThat(pipe.take(1)).hasSize(1);
        assertThat(pipe.resize(32768)).isEqualTo(32768);
        assertThat(pipe.take(99)).isEqualTo(pattern(9).substring(1));
    }

    // PI-013
    @Test
    void smallWritesShareASlot() {
        Pipe pipe = pipe();
        Memory memory = memory(1);
        int writes = 0;
        while (kernel.write(pipe.w, memory, 0, 1) == 1) {
            writes++;
        }
        assertThat(writes).isEqualTo(DEFAULT);
    }

    @Test
    void aSplicedSlotTakesNoWriteButAWrittenOneDoes() throws IOException {
        Pipe pipe = pipe();
        assertThat(pipe.resize(2L * page)).isEqualTo(2 * page);
        assertThat(kernel.splice(file("f", "x"), null, pipe.w, null, 1, 0)).isEqualTo(1);
        assertThat(pipe.fillUp()).isEqualTo(page); // not 2 pages less one byte
    }

    // PI-016
    @ParameterizedTest
    @CsvSource({"4, abcd, ef", "1, a, bcdef", "6, abcdef, ''", "9, abcdef, ''"})
    void spliceSplitsASlot(long len, String moved, String kept) {
        Pipe first = pipe().put("abcdef");
        Pipe second = pipe();
        assertThat(kernel.splice(first.r, null, second.w, null, len, 0)).isEqualTo(moved.length());
        assertThat(second.take(9)).isEqualTo(moved);
        assertThat(kept.isEmpty() ? "" : first.take(9)).isEqualTo(kept);
    }
}
