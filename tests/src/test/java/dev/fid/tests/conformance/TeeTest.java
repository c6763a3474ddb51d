package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnBothKernels;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// tee(2), raw.
@OnBothKernels
class TeeTest extends Fixture {
    // TE-001
    @Test
    void teeDuplicatesAndKeeps() throws IOException {
        Pipe first = pipe();
        Pipe second = pipe();
        int in = file("in", pattern(1024));
        assertThat(kernel.splice(in, null, first.w, null, 1024, 0)).isEqualTo(1024);
        assertThat(kernel.tee(first.r, second.w, 1024, NONBLOCK)).isEqualTo(1024);
        assertThat(first.buffered()).isEqualTo(1024);
        assertThat(kernel.splice(second.r, null, file("out", ""), null, 1024, 0))
                .isEqualTo(1024);
        assertThat(content("out")).isEqualTo(pattern(1024));
        assertThat(first.take(2000)).isEqualTo(pattern(1024));
    }

    // TE-002, TE-003
    @Test
    void whatIsNoPipeIsEinval() throws IOException {
        Pipe pipe = pipe().put("abc");
        int file = file("f", "content");
        assertThat(kernel.tee(file, pipe.w, 10, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(kernel.tee(pipe.r, file, 10, 0)).isEqualTo(-Errno.EINVAL);
        int socket = unixPair(Uapi.SOCK_STREAM)[0];
        assertThat(kernel.tee(pipe.r, socket, 10, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(pipe.buffered()).isEqualTo(3);
    }

    @Test
    void aPipeCannotBeTeedIntoItself() {
        Pipe pipe = pipe().put("abc");
        assertThat(kernel.tee(pipe.r, pipe.w, 3, NONBLOCK)).isEqualTo(-Errno.EINVAL);
        assertThat(pipe.buffered()).isEqualTo(3);
    }

    @Test
    void wrongDescriptorsAndFlagsAreRefused() {
        Pipe pipe = pipe().put("abc");
        Pipe other = pipe();
        assertThat(kernel.tee(-1, other.w, 3, 0)).isEqualTo(-Errno.EBADF);
        assertThat(kernel.tee(pipe.r, -1, 3, 0)).isEqualTo(-Errno.EBADF);
        assertThat(kernel.tee(pipe.w, other.w, 3, 0)).isEqualTo(-Errno.EBADF);
        assertThat(kernel.tee(pipe.r, other.w, 3, 0x100)).isEqualTo(-Errno.EINVAL);
        assertThat(kernel.tee(-1, -1, 0, 0)).isZero();
    }

    // TE-005
    @Test
    void aSecondTeeBeginsAtTheHeadAgain() {
        Pipe first = pipe().put("abc");
        Pipe second = pipe();
        assertThat(kernel.tee(first.r, second.w, 2, 0)).isEqualTo(2);
        assertThat(kernel.tee(first.r, second.w, 2, 0)).isEqualTo(2);
        assertThat(second.take(9)).isEqualTo("abab");
        assertThat(first.take(9)).isEqualTo("abc");
    }

    // TE-006: the same for any number of slots
    @ParameterizedTest
    @CsvSource({"1, 10", "2, 20", "4, 30", "8, 30"})
    void teeIsShortBySlotsAndNotByBytes(int slots, long teed) throws IOException {
        Pipe first = pipe();
        Pipe second = pipe();
        int file = file("f", pattern(100));
        for (int i = 0; i < 3; i++) {
            assertThat(kernel.splice(file, null, first.w, null, 10, 0)).isEqualTo(10);
        }
        assertThat(second.resize((long) slots * page)).isEqualTo(slots * page);
        assertThat(kernel.tee(first.r, second.w, 30, NONBLOCK)).isEqualTo(teed);
        assertThat(second.take(99)).isEqualTo(pattern((int) teed));
    }

    // TE-007
    @ParameterizedTest
    @CsvSource({"2048, 0", "0, 2"})
    void anEmptySourceWithAWriterIsEagain(int pipeFlags, int callFlags) {
        assertThat(kernel.tee(pipe(pipeFlags).r, pipe(pipeFlags).w, 10, callFlags))
                .isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void aFullTargetIsEagain() {
        Pipe full = pipe();
        full.fillUp();
        assertThat(kernel.tee(pipe().put("abc").r, full.w, 3, NONBLOCK)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void aBlockingTeeWaitsForItsSource() throws Exception {
        Pipe first = pipe(0);
        Pipe second = pipe(0);
        Blocked tee = Blocked.in(Blocked.TEE, () -> kernel.tee(first.r, second.w, 10, 0));
        first.put("late");
        assertThat(tee.result()).isEqualTo(4);
    }

    // TE-008
    @Test
    void anEmptySourceWithoutWriterIsAtItsEnd() {
        Pipe first = pipe();
        first.closeWriter();
        assertThat(kernel.tee(first.r, pipe().w, 10, 0)).isZero();
        assertThat(kernel.tee(first.r, pipe().w, 10, NONBLOCK)).isZero();
    }

    @Test
    void aTargetWithoutReaderIsEpipe() {
        Pipe second = pipe();
        second.closeReader();
        assertThat(kernel.tee(pipe().put("abc").r, second.w, 3, 0)).isEqualTo(-Errno.EPIPE);
    }

    // TE-011
    @Test
    void laterWritesNeverShowThroughTheSharedPage() {
        Pipe first = pipe().put("a");
        Pipe second = pipe();
        assertThat(kernel.tee(first.r, second.w, 1, 0)).isEqualTo(1);
        first.put("b");
        second.put("c");
        assertThat(second.take(9)).isEqualTo("ac");
        assertThat(first.take(9)).isEqualTo("ab");
    }
}
