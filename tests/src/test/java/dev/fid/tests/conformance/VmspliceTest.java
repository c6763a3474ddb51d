package dev.fid.tests.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Span;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnBothKernels;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// vmsplice(2), raw. Whether a later store shows is a matter of {@link AliasingTest}.
@OnBothKernels
class VmspliceTest extends Fixture {
    private static Span[] all(Memory memory, long len) {
        return new Span[] {new Span(memory, 0, len)};
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4096, 10_000, 65536})
    void memoryGoesIntoThePipe(int len) {
        Memory memory = memory(len);
        memory.put(0, pattern(len).getBytes(ISO_8859_1), 0, len);
        Pipe pipe = pipe();
        assertThat(kernel.vmsplice(pipe.w, all(memory, len), 0)).isEqualTo(len);
        assertThat(pipe.take(65536)).isEqualTo(pattern(len));
    }

    // VM-002
    @Test
    void aDescriptorThatIsNoneIsEbadf() {
        assertThat(kernel.vmsplice(-1, all(memory(1), 1), 0)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void whatIsNoPipeIsEbadf() throws IOException {
        assertThat(kernel.vmsplice(file("f", "x"), all(memory(1), 1), 0)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void anUnknownFlagIsEinval() {
        assertThat(kernel.vmsplice(pipe().w, all(memory(1), 1), 0x100)).isEqualTo(-Errno.EINVAL);
    }

    // VM-004
    @Test
    void moreThan1024SpansAreEinval() {
        Memory memory = memory(1);
        Span[] spans = new Span[1025];
        Arrays.fill(spans, new Span(memory, 0, 1));
        assertThat(kernel.vmsplice(pipe().w, spans, NONBLOCK)).isEqualTo(-Errno.EINVAL);
        assertThat(kernel.vmsplice(pipe().w, Arrays.copyOf(spans, 1024), NONBLOCK))
                .isEqualTo(16);
    }

    @Test
    void noSpansAreZero() {
        assertThat(kernel.vmsplice(pipe().w, new Span[0], 0)).isZero();
        assertThat(kernel.vmsplice(pipe().w, all(memory(1), 0), 0)).isZero();
    }

    // VM-005
    @Test
    void fromTheReadEndItCopiesToMemory() {
        Pipe pipe = pipe().put(pattern(65536));
        Memory memory = memory(65536);
        assertThat(kernel.vmsplice(pipe.r, all(memory, 65536), 0)).isEqualTo(65536);
        assertThat(new String(memory.bytes(0, 65536), ISO_8859_1)).isEqualTo(pattern(65536));
        assertThat(pipe.buffered()).isZero();
    }

    // VM-006
    @Test
    void aFullPipeIsEagainWithTheFlagAndBlocksWithoutIt() throws Exception {
        Pipe pipe = pipe();
        pipe.fillUp();
        kernel.fcntl(pipe.w, Uapi.F_SETFL, 0);
        Memory memory = memory(1);
        assertThat(kernel.vmsplice(pipe.w, all(memory, 1), NONBLOCK)).isEqualTo(-Errno.EAGAIN);
        Blocked vmsplice = Blocked.in(Blocked.VMSPLICE, () -> kernel.vmsplice(pipe.w, all(memory, 1), 0));
        assertThat(pipe.take(page)).hasSize(page);
        assertThat(vmsplice.result()).isEqualTo(1);
    }

    // VM-009
    @Test
    void memoryThatIsNotMappedIsEfault() {
        Pipe pipe = pipe();
        assertThat(kernel.vmsplice(pipe.w, all(kernel.memory(0x10, 100), 100), 0))
                .isEqualTo(-Errno.EFAULT);
        assertThat(pipe.buffered()).isZero();
    }

    @Test
    void aPipeWithoutReaderIsEpipe() {
        Pipe pipe = pipe();
        pipe.closeReader();
        assertThat(kernel.vmsplice(pipe.w, all(memory(1), 1), 0)).isEqualTo(-Errno.EPIPE);
    }
}
