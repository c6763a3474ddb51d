package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnAllKernels;
import dev.fid.transfer.Digest;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A transfer that ended early keeps what it took from its input, and goes on where it was.
@OnAllKernels
class ResumeTest extends Fixture {
    private static final Duration SOON = Duration.ofMillis(5);

    private final ByteArrayOutputStream arrived = new ByteArrayOutputStream();

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"SPLICE_THROUGH_PIPE", "READ_WRITE"})
    void aStreamWhoseTimeIsUpGoesOnWithoutAGap(Method method) throws Exception {
        byte[] content = pattern(600_000);
        Fd[] in = streamPair();
        Fd[] out = tcpPair(kernel, 4096);
        On.Task<Void> writer = writes(in[1], content);
        Transfer transfer = Transfer.from(in[0]).to(out[0]).method(method).timeout(SOON);
        long moved = resumeToTheEnd(transfer, out);
        writer.get();
        assertThat(moved).isEqualTo(content.length);
        assertSame(arrived.toByteArray(), content, method.toString());
    }

    @Test
    void aPipeIntoASocketGoesOnAndSumsEachByteOnce() throws Exception {
        byte[] content = pattern(300_000);
        Ends in = pipe();
        Fd[] out = tcpPair(kernel, 4096);
        On.Task<Void> writer = writes(in.out(), content);
        CRC32C sum = new CRC32C();
        Transfer transfer =
                Transfer.from(in.in()).to(out[0]).digest(Digest.of(sum)).timeout(SOON);
        resumeToTheEnd(transfer, out);
        writer.get();
        CRC32C expected = new CRC32C();
        expected.update(content);
        assertSame(arrived.toByteArray(), content, "summed");
        assertThat(sum.getValue()).isEqualTo(expected.getValue());
    }

    @Test
    void whatIsKeptCanBeHandedOverInstead() throws Exception {
        Fd[] in = streamPair();
        Fd[] out = unixPair(); // TCP would take bytes for a peer that is gone
        byte[] content = pattern(8192);
        put(in[1], content);
        out[1].close();
        Transfer transfer = Transfer.from(in[0]).to(out[0]).method(Method.SPLICE_THROUGH_PIPE);
        ErrnoException failure = catchThrowableOfType(ErrnoException.class, transfer::run);
        assertThat(failure.errno()).isEqualTo(Errno.EPIPE);
        byte[] kept = transfer.pending();
        assertThat(failure.pending()).isEqualTo(kept.length).isPositive();
        assertThat(failure).hasMessageEndingWith(", " + kept.length + " more taken from the input and kept");
        in[1].shutdownOutput();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(kept);
        all.write(drain(in[0]));
        assertSame(all.toByteArray(), content, "kept and rest");
    }

    @Test
    void anInterruptKeepsTheBytesToo() throws Exception {
        byte[] content = pattern(200_000);
        Fd[] in = streamPair();
        Fd[] out = tcpPair(kernel, 4096);
        On.Task<Void> writer = writes(in[1], content);
        Transfer transfer = Transfer.from(in[0]).to(out[0]).method(Method.SPLICE_THROUGH_PIPE);
        On.Task<Moved> run = On.PLATFORM.start(transfer::run).waits();
        run.thread().interrupt();
        ErrnoException failure = run.failure();
        assertThat(failure.errno()).isEqualTo(Errno.ECANCELED);
        long before = failure.moved();
        On.Task<Moved> rest = On.PLATFORM.start(transfer::resume);
        arrived.write(takeAll(out[1], content.length));
        assertThat(before + rest.get().bytes()).isEqualTo(content.length);
        writer.get();
        assertSame(arrived.toByteArray(), content, "interrupted");
    }

    @Test
    void lengthAndOffsetsGoOnWhereTheyWere() throws Exception {
        byte[] content = pattern(400_000);
        Fd in = file("in", content);
        Fd[] out = tcpPair(kernel, 4096);
        Transfer transfer =
                Transfer.from(in).to(out[0]).offIn(1000).length(300_000).timeout(SOON);
        assertThat(resumeToTheEnd(transfer, out)).isEqualTo(300_000);
        assertSame(arrived.toByteArray(), part(content, 1000, 301_000), "part of a file");
        assertThat(position(in)).isZero();
    }

    @Test
    void whatCannotBeKeptIsCounted() throws Exception {
        Kernel faulty =
                FaultyKernel.over(kernel).on("read").every().fails(Errno.EIO).kernel();
        Fd[] in = streamPair();
        Fd[] out = unixPair();
        put(in[1], pattern(8192));
        out[1].close();
        Fd from = Fd.borrow(faulty, in[0].number());
        Fd to = Fd.borrow(faulty, out[0].number());
        Transfer transfer = Transfer.from(from).to(to).method(Method.SPLICE_THROUGH_PIPE);
        ErrnoException failure = catchThrowableOfType(ErrnoException.class, transfer::run);
        assertThat(failure.pending()).isPositive();
        assertThat(failure).hasMessageEndingWith(", " + failure.pending() + " more taken from the input and lost");
        assertThat(transfer.pending()).isEmpty();
        assertThatThrownBy(transfer::resume)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("were lost");
    }

    @Test
    void aTransferThatEndedSaysThatItIsForOneRun() throws Exception {
        Transfer transfer = Transfer.from(file("in", pattern(10))).to(create("out"));
        assertThatThrownBy(transfer::resume)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("nothing to resume: run() has not failed");
        transfer.run();
        assertThatThrownBy(transfer::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a Transfer is for one run: make another one");
        assertThatThrownBy(transfer::resume).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aTimeOutNamesBothSidesAndTheOneThatWasWaitedFor(On on) throws Exception {
        Fd[] in = streamPair();
        Fd[] out = streamPair();
        put(in[1], "hello");
        Transfer transfer = Transfer.from(in[0]).to(out[0]).timeout(Duration.ofMillis(250));
        ErrnoException failure = on.start(transfer::run).failure();
        assertThat(failure.errno()).isEqualTo(Errno.ETIMEDOUT);
        assertThat(failure.side()).isEqualTo(Side.IN);
        assertThat(failure)
                .hasMessage("transfer(in=" + in[0] + ", out=" + out[0]
                        + "): ETIMEDOUT (110) the time was up while it waited for the input, after 5 bytes");
    }

    @Test
    void anIdleTimeOutCountsFromTheLastByte() throws Exception {
        Fd[] in = streamPair();
        Fd[] out = streamPair();
        put(in[1], "hello");
        Transfer transfer = Transfer.from(in[0]).to(out[0]).idleTimeout(SOON);
        ErrnoException failure = catchThrowableOfType(ErrnoException.class, transfer::run);
        assertThat(failure.errno()).isEqualTo(Errno.ETIMEDOUT);
        assertThat(failure.moved()).isEqualTo(5);
        assertThat(failure.detail()).isEqualTo("nothing moved for PT0.005S while it waited for the input");
        put(in[1], ", world");
        in[1].shutdownOutput();
        assertThat(transfer.resume().bytes()).isEqualTo(7);
        assertThat(takeAll(out[1], 12)).asString().isEqualTo("hello, world");
    }

    /// Resumes until it ends; the reader takes a little between two attempts.
    private long resumeToTheEnd(Transfer transfer, Fd[] out) throws Exception {
        long moved = 0;
        int attempts = 1;
        for (boolean first = true; ; first = false, attempts++) {
            try {
                moved += (first ? transfer.run() : transfer.resume()).bytes();
                break;
            } catch (ErrnoException e) {
                assertThat(e.errno()).as(e.getMessage()).isEqualTo(Errno.ETIMEDOUT);
                assertThat(e.pending()).isEqualTo(transfer.pending().length);
                moved += e.moved();
                arrived.write(take(out[1], 50_000));
            }
        }
        assertThat(attempts).as("attempts").isGreaterThan(1);
        kernel.shutdown(out[0].number(), Uapi.SHUT_WR);
        arrived.write(drain(out[1]));
        return moved;
    }

    private static On.Task<Void> writes(Fd fd, byte[] content) {
        return On.PLATFORM.start(() -> {
            put(fd, content);
            if (fd.kind().isSocket()) {
                fd.shutdownOutput();
            } else {
                fd.close();
            }
            return null;
        });
    }
}
