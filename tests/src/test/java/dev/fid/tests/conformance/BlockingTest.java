package dev.fid.tests.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnBothKernels;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/// Calls that wait, each in a thread of its own, and what another thread does to end the wait. The random scripts are
/// non-blocking, so this is where the model's waiting is compared.
@OnBothKernels
class BlockingTest extends Fixture {
    private static final int DEFAULT = 65536;

    private Blocked reads(int fd, Memory into, long len) throws Exception {
        return Blocked.in(Blocked.READ, () -> kernel.read(fd, into, 0, len));
    }

    private Blocked writes(int fd, long len) throws Exception {
        Memory memory = memory(len);
        return Blocked.in(Blocked.WRITE, () -> kernel.write(fd, memory, 0, len));
    }

    private Blocked splices(LongSupplier call) throws Exception {
        return Blocked.in(Blocked.SPLICE, call);
    }

    /// A blocking pipe with all slots in use, one page each.
    private Pipe full() {
        Pipe pipe = pipe(0);
        write(pipe.w, pattern(DEFAULT));
        return pipe;
    }

    // ---- read and write of a pipe ----

    @Test
    void aReadOfAnEmptyPipeWaitsForTheFirstBytes() throws Exception {
        Pipe pipe = pipe(0);
        Memory memory = memory(100);
        Blocked read = reads(pipe.r, memory, 100);
        pipe.put("hello");
        assertThat(read.result()).isEqualTo(5);
        assertThat(new String(memory.bytes(0, 5), ISO_8859_1)).isEqualTo("hello");
    }

    @Test
    void aReadOfAnEmptyPipeEndsWithItsLastWriter() throws Exception {
        Pipe pipe = pipe(0);
        int second = kernel.fcntl(pipe.w, Uapi.F_DUPFD_CLOEXEC, 0);
        Blocked read = reads(pipe.r, memory(100), 100);
        pipe.closeWriter();
        write(second, "x");
        assertThat(read.result()).as("a writer was left").isEqualTo(1);
        Blocked last = reads(pipe.r, memory(100), 100);
        kernel.close(second);
        assertThat(last.result()).isZero();
    }

    @Test
    void aWriteToAFullPipeWaitsUntilAllOfItFits() throws Exception {
        Pipe pipe = full();
        Blocked write = writes(pipe.w, 2L * page);
        assertThat(pipe.take(page)).hasSize(page);
        assertThat(write.isDone()).as("half of it fits").isFalse();
        assertThat(pipe.take(page)).hasSize(page);
        assertThat(write.result()).isEqualTo(2L * page);
        assertThat(pipe.buffered()).isEqualTo(DEFAULT);
    }

    @Test
    void aPageReadInPartMakesNoRoomForAWriterThatWaits() throws Exception {
        Pipe pipe = full();
        Blocked write = writes(pipe.w, 1);
        assertThat(pipe.take(page - 1)).hasSize(page - 1);
        assertThat(write.isDone()).as("the slot is still in use").isFalse();
        assertThat(pipe.take(1)).hasSize(1);
        assertThat(write.result()).isEqualTo(1);
    }

    @Test
    void aWriteToAFullPipeBreaksWhenTheLastReaderGoes() throws Exception {
        Pipe pipe = full();
        Blocked write = writes(pipe.w, 1);
        pipe.closeReader();
        assertThat(write.result()).isEqualTo(-Errno.EPIPE);
    }

    @Test
    void aWriteThatWaitsForMoreRoomSaysWhatFittedWhenTheReaderGoes() throws Exception {
        Pipe pipe = pipe(0);
        write(pipe.w, pattern(DEFAULT - page));
        Blocked write = writes(pipe.w, 3L * page);
        pipe.closeReader();
        assertThat(write.result()).isEqualTo(page);
    }

    @Test
    void aLargerPipeWakesAWriterThatWaits() throws Exception {
        Pipe pipe = full();
        Blocked write = writes(pipe.w, 1);
        assertThat(pipe.resize(2 * DEFAULT)).isEqualTo(2 * DEFAULT);
        assertThat(write.result()).isEqualTo(1);
    }

    // ---- splice ----

    @Test
    void aSpliceFromAnEmptyPipeWaitsForTheFirstBytesAndMovesThemAlone() throws Exception {
        Pipe pipe = pipe(0);
        int out = file("out", "");
        Blocked splice = splices(() -> kernel.splice(pipe.r, null, out, null, DEFAULT, 0));
        pipe.put("hello");
        assertThat(splice.result()).isEqualTo(5);
        assertThat(content("out")).isEqualTo("hello");
        assertThat(position(out)).isEqualTo(5);
    }

    @Test
    void aSpliceFromAnEmptyPipeEndsWithItsWriter() throws Exception {
        Pipe pipe = pipe(0);
        int out = file("out", "");
        Blocked splice = splices(() -> kernel.splice(pipe.r, null, out, null, DEFAULT, 0));
        pipe.closeWriter();
        assertThat(splice.result()).isZero();
    }

    @Test
    void aSpliceToAFullPipeWaitsForASlotAndFillsNoMoreThanIsFree() throws Exception {
        Pipe pipe = full();
        int in = file("in", pattern(3 * page));
        Offset off = new Offset(100);
        Blocked splice = splices(() -> kernel.splice(in, off, pipe.w, null, 3L * page, 0));
        assertThat(pipe.take(page)).hasSize(page);
        assertThat(splice.result()).isEqualTo(page - 100);
        assertThat(off.value).isEqualTo(page);
        assertThat(pipe.buffered()).isEqualTo(DEFAULT - 100);
    }

    @Test
    void aSpliceToAFullPipeBreaksWhenTheReaderGoes() throws Exception {
        Pipe pipe = full();
        int in = file("in", "hello");
        Blocked splice = splices(() -> kernel.splice(in, null, pipe.w, null, 5, 0));
        pipe.closeReader();
        assertThat(splice.result()).isEqualTo(-Errno.EPIPE);
        assertThat(position(in)).isZero();
    }

    @Test
    void aSpliceBetweenPipesWaitsForTheInputThenForTheOutput() throws Exception {
        Pipe from = pipe(0);
        Pipe to = full();
        Blocked splice = splices(() -> kernel.splice(from.r, null, to.w, null, 100, 0));
        from.put("hello");
        assertThat(splice.isDone()).as("the output is full").isFalse();
        assertThat(to.take(page)).hasSize(page);
        assertThat(splice.result()).isEqualTo(5);
        assertThat(from.buffered()).isZero();
        assertThat(to.take(DEFAULT)).endsWith("hello");
    }

    @Test
    void aSpliceBetweenPipesEndsWithTheInputsWriter() throws Exception {
        Pipe from = pipe(0);
        Pipe to = pipe(0);
        Blocked splice = splices(() -> kernel.splice(from.r, null, to.w, null, 100, 0));
        from.closeWriter();
        assertThat(splice.result()).isZero();
    }

    @Test
    void aSpliceBetweenPipesBreaksWhenTheOutputsReaderGoes() throws Exception {
        Pipe from = pipe(0).put("hello");
        Pipe to = full();
        Blocked splice = splices(() -> kernel.splice(from.r, null, to.w, null, 100, 0));
        to.closeReader();
        assertThat(splice.result()).isEqualTo(-Errno.EPIPE);
        assertThat(from.take(100)).isEqualTo("hello");
    }

    @Test
    void aVmspliceToAFullPipeWaitsForASlot() throws Exception {
        Pipe pipe = full();
        Memory memory = memory(2L * page);
        Blocked vmsplice = Blocked.in(
                Blocked.VMSPLICE, () -> kernel.vmsplice(pipe.w, new Span[] {new Span(memory, 0, 2L * page)}, 0));
        assertThat(pipe.take(page)).hasSize(page);
        assertThat(vmsplice.result()).isEqualTo(page);
    }

    @Test
    void aSendfileIntoAFullPipeWaitsForASlot() throws Exception {
        Pipe pipe = full();
        int in = file("in", pattern(2 * page));
        Blocked sendfile = Blocked.in(Blocked.SENDFILE, () -> kernel.sendfile(in, null, pipe.w, 2L * page));
        assertThat(pipe.take(page)).hasSize(page);
        assertThat(sendfile.result()).isEqualTo(page);
        assertThat(position(in)).isEqualTo(page);
    }

    // ---- sockets ----

    @Test
    void aReadOfAUnixSocketWaitsForBytesAndEndsWithThePeer() throws Exception {
        int[] sockets = unixPair(Uapi.SOCK_STREAM);
        Blocked read = reads(sockets[0], memory(100), 100);
        write(sockets[1], "hello");
        assertThat(read.result()).isEqualTo(5);
        Blocked last = reads(sockets[0], memory(100), 100);
        kernel.shutdown(sockets[1], Uapi.SHUT_WR);
        assertThat(last.result()).isZero();
    }

    @Test
    void aSpliceFromAUnixSocketWaitsForBytes() throws Exception {
        int[] sockets = unixPair(Uapi.SOCK_STREAM);
        Pipe pipe = pipe(0);
        Blocked splice = splices(() -> kernel.splice(sockets[0], null, pipe.w, null, 100, 0));
        write(sockets[1], "hello");
        assertThat(splice.result()).isEqualTo(5);
        assertThat(pipe.take(100)).isEqualTo("hello");
    }

    @Test
    void aSpliceFromATcpSocketWaitsForBytesAndEndsWithThePeer() throws Exception {
        int[] sockets = tcpPair(0);
        Pipe pipe = pipe(0);
        Blocked splice = splices(() -> kernel.splice(sockets[0], null, pipe.w, null, 100, 0));
        write(sockets[1], "hello");
        assertThat(splice.result()).isEqualTo(5);
        Blocked last = splices(() -> kernel.splice(sockets[0], null, pipe.w, null, 100, 0));
        kernel.shutdown(sockets[1], Uapi.SHUT_WR);
        assertThat(last.result()).isZero();
        assertThat(pipe.take(100)).isEqualTo("hello");
    }

    @Test
    void aReadOfATcpSocketBreaksWithAReset() throws Exception {
        int[] sockets = tcpPair(0);
        Blocked read = reads(sockets[0], memory(100), 100);
        kernel.setLinger(sockets[1], true, 0);
        kernel.close(sockets[1]);
        assertThat(read.result()).isEqualTo(-Errno.ECONNRESET);
    }

    @Test
    void aWriteToAFullUnixSocketWaitsUntilThePeerHasReadSome() throws Exception {
        int[] sockets = unixPair(Uapi.SOCK_STREAM);
        fill(sockets[0]);
        Blocked write = writes(sockets[0], 1);
        while (kernel.fionread(sockets[1]) > 1) {
            read(sockets[1], 1 << 16);
        }
        assertThat(write.result()).isEqualTo(1);
    }

    @Test
    void aWriteToAFullUnixSocketBreaksWhenThePeerGoesWithoutReading() throws Exception {
        int[] sockets = unixPair(Uapi.SOCK_STREAM);
        fill(sockets[0]);
        Blocked write = writes(sockets[0], 1);
        kernel.close(sockets[1]);
        assertThat(write.result()).isEqualTo(-Errno.ECONNRESET);
    }

    @Test
    void aSpliceToAFullUnixSocketWaitsUntilThePeerHasReadSome() throws Exception {
        int[] sockets = unixPair(Uapi.SOCK_STREAM);
        fill(sockets[0]);
        Pipe pipe = pipe(0).put("hello");
        Blocked splice = splices(() -> kernel.splice(pipe.r, null, sockets[0], null, 5, 0));
        while (kernel.fionread(sockets[1]) > 5) {
            read(sockets[1], 1 << 16);
        }
        assertThat(splice.result()).isEqualTo(5);
        assertThat(pipe.buffered()).isZero();
    }

    /// Sends until nothing more fits, and leaves the socket blocking.
    private void fill(int fd) {
        Memory memory = memory(page);
        long sent = 1;
        while (sent > 0) {
            sent = kernel.send(fd, memory, 0, page, Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL);
        }
        assertThat(sent).isEqualTo(-Errno.EAGAIN);
    }
}
