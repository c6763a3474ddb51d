package dev.fid.tests.behaviour;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.Fd;
import dev.fid.PipeBudget;
import dev.fid.bridge.Streams;
import dev.fid.fanout.Fanout;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Uapi;
import dev.fid.link.Lane;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import dev.fid.tests.Await;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What is closed while another thread uses it: who waits is woken, and neither memory nor a number is given back
/// under a call.
class CloseTest extends Fixture {

    private PipePool pool() {
        return keep(new PipePool(kernel, PipeBudget.of(kernel), 1 << 20, PipePool.Splicing.AUTO));
    }

    /// Uses the numbers that are free now for files, which stay empty unless somebody writes by a number that is
    /// no longer his.
    private List<Path> filesOnFreeNumbers() throws IOException {
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            Path file = Files.createFile(dir.resolve("free" + files.size()));
            keep(Fd.open(file, READ, WRITE));
            files.add(file);
        }
        return files;
    }

    // ---- streams and channels ----

    @ParameterizedTest
    @EnumSource(On.class)
    void closingAChannelEndsItsReaderAndItsWriter(On on) throws Exception {
        ByteChannel channel = keep(Streams.channel(tcpPair(kernel, 4096)[0]));
        On.Task<Integer> reader = on.start(() -> channel.read(ByteBuffer.allocate(10)));
        On.Task<Integer> writer = on.start(() -> {
            while (true) {
                channel.write(ByteBuffer.allocate(1 << 16));
            }
        });
        reader.waits();
        writer.waits();
        channel.close();
        assertThatThrownBy(reader::get).isExactlyInstanceOf(AsynchronousCloseException.class);
        assertThatThrownBy(writer::get).isExactlyInstanceOf(AsynchronousCloseException.class);
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
                .isExactlyInstanceOf(ClosedChannelException.class);
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void closingAStreamOrItsDescriptorEndsWhoWaits(On on) throws Exception {
        for (boolean byStream : new boolean[] {true, false}) {
            Fd source = pipe().in();
            InputStream in = keep(Streams.input(source));
            On.Task<Integer> reader = on.<Integer>start(in::read).waits();
            Fd sink = pipe().out();
            fillUp(sink);
            OutputStream out = keep(Streams.output(sink));
            On.Task<Object> writer = on.<Object>start(() -> {
                        out.write(1);
                        return "written";
                    })
                    .waits();
            if (byStream) {
                in.close();
                out.close();
            } else {
                source.close();
                sink.close();
            }
            assertThatThrownBy(reader::get).isExactlyInstanceOf(AsynchronousCloseException.class);
            assertThatThrownBy(writer::get).isExactlyInstanceOf(AsynchronousCloseException.class);
            assertThatThrownBy(in::read).isInstanceOf(IOException.class);
            assertThatThrownBy(in::available).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aChannelIsReadWhileAnotherThreadWritesToIt() throws Exception {
        Fd[] pair = unixPair();
        ByteChannel channel = keep(Streams.channel(pair[0]));
        On.Task<Integer> reader = On.PLATFORM.start(() -> channel.read(ByteBuffer.allocate(10)));
        reader.waits();
        assertThat(On.PLATFORM.run(() -> channel.write(ByteBuffer.wrap(bytes("hello")))))
                .isEqualTo(5);
        assertThat(takeAll(pair[1], 5)).asString().isEqualTo("hello");
        put(pair[1], "hi");
        assertThat(reader.get()).isEqualTo(2);
    }

    @Test
    void anInterruptAfterTheCloseWritesIntoNobodysFile() throws Exception {
        Fd in = unixPair()[0];
        ByteChannel channel = Streams.channel(in);
        On.Task<Integer> reader = On.PLATFORM.start(() -> channel.read(ByteBuffer.allocate(10)));
        reader.waits();
        channel.close();
        List<Path> files = filesOnFreeNumbers();
        reader.thread().interrupt();
        assertThatThrownBy(reader::get).isInstanceOf(IOException.class);
        assertThat(files).allSatisfy(file -> assertThat(file).isEmptyFile());
    }

    @Test
    void aNumberIsGivenBackByTheLastWhoUsesIt() throws Exception {
        Fd out = unixPair()[0];
        fillUp(out);
        int number = out.number();
        On.Task<Object> writer = On.PLATFORM.start(() -> {
            Streams.output(out).write(new byte[100]);
            return "written";
        });
        writer.waits();
        out.close();
        assertThat(out.isClosed()).isTrue();
        assertThatThrownBy(writer::get).isExactlyInstanceOf(AsynchronousCloseException.class);
        assertThatThrownBy(out::number).isInstanceOf(IllegalStateException.class);
        assertThat(kernel.fcntl(number, Uapi.F_GETFD, 0)).isEqualTo(-Errno.EBADF);
    }

    // ---- virtual threads ----

    @Test
    void aNumberThatIsUsedAgainUnderAWaitIsNotTakenFromTheSecondWait() throws Exception {
        int[] first = pair();
        int number = first[0];
        On.Task<Integer> before =
                On.VIRTUAL.start(() -> Streams.input(Fd.borrow(number)).read());
        before.waits();
        kernel.close(number); // its owner did that under the wait
        int[] second = pair();
        assertThat(second[0]).as("the number is used again").isEqualTo(number);
        On.Task<Integer> after =
                On.VIRTUAL.start(() -> Streams.input(Fd.borrow(number)).read());
        after.waits();
        before.thread().interrupt();
        assertThat(before.failure().errno()).isEqualTo(Errno.ECANCELED);
        put(Fd.borrow(second[1]), "x");
        assertThat(after.get()).isEqualTo('x');
        for (int each : new int[] {first[1], second[0], second[1]}) {
            kernel.close(each);
        }
    }

    private int[] pair() {
        int[] fds = new int[2];
        int type = Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC | Uapi.SOCK_NONBLOCK;
        assertThat(kernel.socketpair(Uapi.AF_UNIX, type, 0, fds)).isZero();
        return fds;
    }

    // ---- transfers ----

    @ParameterizedTest
    @CsvSource({"PLATFORM,IN", "PLATFORM,OUT", "VIRTUAL,IN", "VIRTUAL,OUT"})
    void closingEitherSideEndsATransfer(On on, dev.fid.kernel.Side side) throws Exception {
        Ends from = pipe();
        Fd[] pair = unixPair();
        Fd to = pair[0];
        On.Task<?> transfer = on.start(() -> Transfer.from(from.in()).to(to).run());
        put(from.out(), "hello");
        assertThat(takeAll(pair[1], 5)).asString().isEqualTo("hello");
        transfer.waits();
        (side == dev.fid.kernel.Side.IN ? from.in() : to).close();
        ErrnoException failure = transfer.failure();
        assertThat(failure.errno()).isEqualTo(Errno.ECANCELED);
        assertThat(failure).hasMessageContaining("closed by another thread");
        assertThat(failure.moved()).isEqualTo(5);
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void closingAListenerEndsItsAccept(On on) throws Exception {
        Fd listener = keep(Fd.listen(new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0)));
        On.Task<Fd> task = on.<Fd>start(listener::accept).waits();
        listener.close();
        assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void anOutputThatIsClosedIsLeftOutOfAFanoutAndTheOthersGetEveryByte(On on) throws Exception {
        Ends from = pipe();
        Fd[] one = unixPair();
        Fd[] other = unixPair();
        On.Task<Fanout.Result> task =
                on.start(() -> Fanout.from(from.in()).to(one[0], other[0]).run());
        put(from.out(), "hello");
        assertThat(takeAll(one[1], 5)).asString().isEqualTo("hello");
        task.waits();
        one[0].close();
        assertThat(drain(one[1])).as("its peer sees the end").isEmpty();
        put(from.out(), " you");
        from.out().close();
        Fanout.Result result = task.get();
        assertThat(result.branches().get(0).failure()).hasFieldOrPropertyWithValue("errno", Errno.ECANCELED);
        assertThat(result.branches().get(1).failure()).isNull();
        assertThat(takeAll(other[1], 9)).asString().isEqualTo("hello you");
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void closingTheInputEndsAFanout(On on) throws Exception {
        Ends from = pipe();
        On.Task<Fanout.Result> task =
                on.start(() -> Fanout.from(from.in()).to(unixPair()[0]).run());
        task.waits();
        from.in().close();
        assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
    }

    // ---- links ----

    @ParameterizedTest
    @EnumSource(On.class)
    void closingALinkEndsItsJoinAndThenItsDescriptors(On on) throws Exception {
        Fd[] left = unixPair();
        Fd[] right = unixPair();
        Link link = keep(new Link(left[0], right[0], pool()));
        On.Task<Object> task = on.<Object>start(() -> {
                    link.join();
                    return "joined";
                })
                .waits();
        link.close();
        assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
        assertThat(drain(left[1])).isEmpty();
        assertThat(drain(right[1])).isEmpty();
        assertThatThrownBy(link::run).isInstanceOf(IllegalStateException.class);
        link.reset();
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aJoinedLinkWaitsForItsRate(On on) throws Exception {
        Fd[] left = unixPair();
        Fd[] right = unixPair();
        Link link = keep(new Link(left[0], right[0], pool()));
        link.there().limit(new dev.fid.Rate(1000, kernel.nanoTime()), null);
        put(left[1], new byte[300]);
        left[1].close();
        right[1].shutdownOutput();
        on.run(() -> {
            link.join();
            return "joined";
        });
        assertThat(takeAll(right[1], 300)).hasSize(300);
    }

    @Test
    void aPoolThatIsClosedKeepsItsBufferForTheLanesThatAreOpen() throws Exception {
        Fd[] left = unixPair();
        Fd[] right = unixPair();
        PipePool pool = pool();
        Lane lane = new Lane(left[0], right[0], pool);
        pool.close();
        put(left[1], "hello");
        lane.move();
        assertThat(take(right[1], 9)).asString().isEqualTo("hello");
        lane.close();
        assertThatThrownBy(lane::move).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new Lane(left[0], right[0], pool)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aMarkIsTakenFromASocketThatIsUsedElsewhereAfterwards() throws Exception {
        Fd[] in = tcpPair();
        Fd[] out = tcpPair();
        kernel.setsockopt(in[0].number(), Uapi.SOL_SOCKET, Uapi.SO_RCVLOWAT, 7);
        Lane lane = new Lane(Fd.borrow(in[0].number()), out[0], pool().mark(128 << 10));
        byte[] piece = new byte[64 << 10];
        Await.until("a mark", () -> {
            put(in[1], piece);
            move(lane);
            take(out[1], piece.length);
            return lane.isMarked();
        });
        assertThat(kernel.getsockopt(in[0].number(), Uapi.SOL_SOCKET, Uapi.SO_RCVLOWAT))
                .isGreaterThan(7);
        lane.close();
        assertThat(kernel.getsockopt(in[0].number(), Uapi.SOL_SOCKET, Uapi.SO_RCVLOWAT))
                .isEqualTo(7);
    }

    private static void move(Lane lane) {
        try {
            lane.move();
        } catch (ErrnoException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
