package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fid.Fd;
import dev.fid.PipeBudget;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.kernel.Uapi;
import dev.fid.link.Lane;
import dev.fid.link.Lane.Wait;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import dev.fid.link.PipePool.Splicing;
import dev.fid.tests.Ground;
import dev.fid.tests.OnAllKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Two sockets joined, driven by hand as an event loop would: nothing here waits unless it says so.
@OnAllKernels
class LinkTest extends Fixture {
    private PipePool pool(Kernel on, Splicing splicing) {
        return keep(new PipePool(on, PipeBudget.of(on), 1 << 20, splicing));
    }

    private PipePool pool(Splicing splicing) {
        return pool(kernel, splicing);
    }

    /// Runs until there is nothing to do now.
    private static Wait settle(Link link) throws ErrnoException {
        Wait wait = link.run();
        while (wait == Wait.TURN) {
            wait = link.run();
        }
        return wait;
    }

    private static Wait settle(Lane lane) throws ErrnoException {
        Wait wait = lane.move();
        while (wait == Wait.TURN) {
            wait = lane.move();
        }
        return wait;
    }

    // ---- ends ----

    @ParameterizedTest
    @EnumSource(Splicing.class)
    void bothDirectionsEndSeparatelyAndDataStillFlowsAfterTheFirstEnd(Splicing splicing) throws Exception {
        Fd[] left = tcpPair();
        Fd[] right = tcpPair();
        Link link = keep(new Link(left[0], right[0], pool(splicing)));
        put(left[1], "question");
        left[1].shutdownOutput();
        await(left[0], Uapi.POLLIN);
        assertThat(settle(link)).isEqualTo(Wait.IN);
        assertThat(drain(right[1])).asString().isEqualTo("question");
        put(right[1], "answer");
        await(right[0], Uapi.POLLIN);
        settle(link);
        assertThat(takeAll(left[1], 6)).asString().isEqualTo("answer");
        right[1].shutdownOutput();
        await(right[0], Uapi.POLLRDHUP);
        assertThat(settle(link)).isEqualTo(Wait.DONE);
        assertThat(drain(left[1])).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aJoinedLinkMovesBothWaysUntilBothHaveEnded(On on) throws Exception {
        Fd[] left = tcpPair();
        Fd[] right = unixPair();
        byte[] there = pattern(3_000_000);
        byte[] back = pattern(2_000_001);
        Link link = keep(new Link(left[0], right[0], pool(Splicing.AUTO)));
        On.Task<Integer> task = on.start(() -> {
            link.join();
            return 0;
        });
        On.Task<byte[]> atRight = On.PLATFORM.start(() -> drain(right[1]));
        On.Task<byte[]> atLeft = On.PLATFORM.start(() -> drain(left[1]));
        On.Task<Integer> sender = On.PLATFORM.start(() -> {
            put(right[1], back);
            right[1].shutdownOutput();
            return 0;
        });
        put(left[1], there);
        left[1].shutdownOutput();
        assertSame(atRight.get(), there, "right");
        assertSame(atLeft.get(), back, "left");
        sender.get();
        task.get();
        assertThat(link.there().moved()).isEqualTo(there.length);
        assertThat(link.back().moved()).isEqualTo(back.length);
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void anInterruptEndsAJoinedLink(On on) throws Exception {
        Link link = keep(new Link(tcpPair()[0], tcpPair()[0], pool(Splicing.AUTO)));
        On.Task<Integer> task = on.start(() -> {
            link.join();
            return 0;
        });
        task.waits().thread().interrupt();
        assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
        assertThat(task.keptInterrupt()).isTrue();
    }

    @Test
    void theEndIsPassedOnOnlyAfterTheLastByte() throws Exception {
        Fd[] left = unixPair();
        Fd[] right = tcpPair(kernel, 4096);
        Link link = keep(new Link(left[0], right[0], pool(Splicing.AUTO)));
        put(left[1], pattern(100_000));
        left[1].shutdownOutput();
        On.Task<byte[]> reader = On.PLATFORM.start(() -> drain(right[1]));
        while (link.there().moved() < 100_000) {
            if (settle(link) == Wait.IN && link.there().pending() > 0) {
                await(right[0], Uapi.POLLOUT);
            }
        }
        settle(link);
        assertSame(reader.get(), pattern(100_000), "right");
    }

    // ---- adaptive ----

    @Test
    void bulkIsSpliced() throws Exception {
        Fd[] left = streamPair();
        Fd[] right = unixPair();
        Lane lane = keep(new Lane(left[0], right[0], pool(Splicing.AUTO)));
        On.Task<Integer> sender = On.PLATFORM.start(() -> {
            put(left[1], pattern(5_000_000));
            left[1].close();
            return 0;
        });
        On.Task<byte[]> reader = On.PLATFORM.start(() -> takeAll(right[1], 5_000_000));
        for (Wait wait = lane.move(); wait != Wait.DONE; wait = lane.move()) {
            if (wait != Wait.TURN) {
                await(wait == Wait.IN ? left[0] : right[0], wait == Wait.IN ? Uapi.POLLIN : Uapi.POLLOUT);
            }
        }
        assertSame(reader.get(), pattern(5_000_000), "right");
        sender.get();
        assertThat(lane.spliced()).isGreaterThan(2_500_000);
        assertThat(lane.declined()).isNull();
    }

    @Test
    void smallMessagesAreNeverSplicedAndTakeNoPipe() throws Exception {
        Fd[] left = tcpPair();
        Fd[] right = tcpPair();
        FaultyKernel counting = FaultyKernel.over(kernel);
        PipePool pool = pool(counting.kernel(), Splicing.AUTO);
        Link link = keep(new Link(
                Fd.borrow(counting.kernel(), left[0].number()), Fd.borrow(counting.kernel(), right[0].number()), pool));
        for (int i = 0; i < 100; i++) {
            put(left[1], "ping");
            await(left[0], Uapi.POLLIN);
            settle(link);
            assertThat(takeAll(right[1], 4)).asString().isEqualTo("ping");
            put(right[1], "pong");
            await(right[0], Uapi.POLLIN);
            settle(link);
            assertThat(takeAll(left[1], 4)).asString().isEqualTo("pong");
        }
        assertThat(link.there().spliced()).isZero();
        assertThat(link.back().spliced()).isZero();
        assertThat(counting.calls("pipe2", "splice")).isZero();
    }

    @Test
    void aLaneThatTurnsToSmallMessagesGoesBackToCopying() throws Exception {
        Fd[] left = streamPair();
        Fd[] right = unixPair();
        Lane lane = keep(new Lane(left[0], right[0], pool(Splicing.AUTO)));
        put(left[1], pattern(150_000));
        settle(lane);
        assertSame(takeAll(right[1], 150_000), pattern(150_000), "bulk");
        long before = lane.spliced();
        assertThat(before).isPositive();
        for (int i = 0; i < 20; i++) {
            put(left[1], "tiny");
            settle(lane);
            assertThat(takeAll(right[1], 4)).asString().isEqualTo("tiny");
        }
        assertThat(lane.spliced() - before).as("eight small pieces").isEqualTo(8 * 4);
    }

    // ---- pipes ----

    @Test
    void anIdleLaneGivesItsPipeBack() throws Exception {
        Fd[] left = streamPair();
        Fd[] right = unixPair();
        PipePool pool = pool(Splicing.ALWAYS);
        Lane lane = keep(new Lane(left[0], right[0], pool));
        put(left[1], pattern(10_000));
        assertThat(settle(lane)).isEqualTo(Wait.IN);
        assertThat(lane.spliced()).isEqualTo(10_000);
        assertThat(pool.spares()).isEqualTo(1);
    }

    @Test
    void aPipeWithBytesInItIsClosedAndNeverPooled() throws Exception {
        Fd[] left = streamPair();
        Fd[] right = unixPair();
        PipePool pool = pool(Splicing.ALWAYS);
        long filled = fillUp(right[0]);
        Lane first = new Lane(left[0], right[0], pool);
        put(left[1], "secret");
        assertThat(settle(first)).isEqualTo(Wait.OUT);
        assertThat(first.pending()).isEqualTo(6);
        first.close();
        assertThat(pool.spares()).isZero();
        right[0].close();
        assertThat(drain(right[1])).hasSize((int) filled);

        Fd[] otherLeft = unixPair();
        Fd[] otherRight = unixPair();
        Link second = keep(new Link(otherLeft[0], otherRight[0], pool));
        put(otherLeft[1], "public");
        settle(second);
        assertThat(takeAll(otherRight[1], 6)).asString().isEqualTo("public");
        assertThat(take(otherRight[1], 9)).isEmpty();
    }

    @Test
    void withoutPipesBulkIsCopiedAndSaysWhy() throws Exception {
        Fd[] left = unixPair();
        Fd[] right = unixPair();
        PipePool pool = keep(new PipePool(kernel, new PipeBudget(kernel, 1 << 20, 1), 1 << 20, Splicing.AUTO));
        Lane lane = keep(new Lane(left[0], right[0], pool));
        put(left[1], pattern(150_000));
        settle(lane);
        assertSame(takeAll(right[1], 150_000), pattern(150_000), "right");
        assertThat(lane.spliced()).isZero();
        assertThat(lane.declined()).asString().contains("EPERM", "pipe pages are used up");
    }

    @Test
    void withoutPipesWhatTheOutputDoesNotTakeIsKeptInMemory() throws Exception {
        Fd[] left = unixPair();
        Fd[] right = unixPair();
        PipePool pool = keep(new PipePool(kernel, new PipeBudget(kernel, 1 << 20, 1), 1 << 20, Splicing.AUTO));
        Lane lane = keep(new Lane(left[0], right[0], pool));
        int filled = (int) fillUp(right[0]);
        put(left[1], pattern(60_000));
        assertThat(settle(lane)).isEqualTo(Wait.OUT);
        assertThat(lane.pending()).isPositive();
        takeAll(right[1], filled);
        settle(lane);
        assertSame(takeAll(right[1], 60_000), pattern(60_000), "right");
        assertThat(lane.pending()).isZero();
    }

    @Test
    void bytesKeepTheirOrderWhenAnOutputThatRefusesSpliceIsFull() throws Exception {
        Fd[] ends = unixPair();
        Fd[] left = unixPair();
        FaultyKernel faulty = FaultyKernel.over(kernel);
        PipePool pool = pool(faulty.kernel(), Splicing.AUTO);
        Fd out = Fd.borrow(faulty.kernel(), ends[0].number());
        Lane lane = keep(new Lane(Fd.borrow(faulty.kernel(), left[0].number()), out, pool));
        faulty.on("splice").fd(ends[0].number()).fails(Errno.EINVAL);
        int filled = (int) fillUp(ends[0]);
        // The pipe takes one page of what is left over, the rest goes to memory.
        faulty.on("write").nth(1).shortens(4096);
        faulty.on("write").from(2).fails(Errno.EAGAIN);
        put(left[1], pattern(60_000));
        assertThat(settle(lane)).isEqualTo(Wait.OUT);
        takeAll(ends[1], filled);
        settle(lane);
        assertSame(takeAll(ends[1], 60_000), pattern(60_000), "right");
    }

    // ---- turns, pressure, errors ----

    @Test
    void aTurnIsBounded() throws Exception {
        Fd[] left = unixPair();
        kernel.setsockopt(left[1].number(), Uapi.SOL_SOCKET, Uapi.SO_SNDBUF, 8 << 20);
        Fd nowhere = keep(Fd.open(kernel, java.nio.file.Path.of("/dev/null"), java.nio.file.StandardOpenOption.WRITE));
        Lane lane = keep(new Lane(left[0], nowhere, pool(Splicing.AUTO)));
        On.Task<Integer> sender = On.PLATFORM.start(() -> {
            put(left[1], pattern(8 << 20));
            left[1].close();
            return 0;
        });
        long before = 0;
        for (Wait wait = Wait.TURN; wait != Wait.DONE; wait = lane.move()) {
            assertThat(lane.moved() - before).isLessThan(2 << 20);
            before = lane.moved();
            if (wait == Wait.IN) {
                await(left[0], Uapi.POLLIN);
            }
        }
        assertThat(lane.moved()).isEqualTo(8 << 20);
        sender.get();
    }

    @Test
    void aFullOutputStopsTheInput() throws Exception {
        Fd[] left = unixPair();
        Fd[] right = unixPair();
        Lane lane = keep(new Lane(left[0], right[0], pool(Splicing.AUTO)));
        On.Task<Long> sender = On.PLATFORM.start(() -> {
            put(left[1], pattern(20_000_000));
            return 0L;
        });
        for (int i = 0; i < 50 && lane.pending() < 100_000; i++) {
            if (settle(lane) == Wait.OUT) {
                break;
            }
            await(left[0], Uapi.POLLIN);
        }
        assertThat(lane.move()).isEqualTo(Wait.OUT);
        assertThat(sender.isDone()).isFalse();
        assertThat(lane.moved() + lane.pending()).isLessThan(4 << 20);
        right[1].close();
        ErrnoException failure = catchThrowableOfType(ErrnoException.class, lane::move);
        assertThat(failure.side()).isEqualTo(Side.OUT);
        left[0].close();
        assertThat(catchThrowableOfType(Throwable.class, sender::get))
                .as("nobody reads what it sends")
                .isNotNull();
    }

    // G3
    @ParameterizedTest
    @EnumSource(Splicing.class)
    void aResetIsNeverACleanEnd(Splicing splicing) throws Exception {
        Fd[] left = tcpPair();
        Fd[] right = tcpPair();
        Link link = keep(new Link(left[0], right[0], pool(splicing)));
        put(left[1], "half a mess");
        await(left[0], Uapi.POLLIN);
        settle(link);
        kernel.setLinger(left[1].number(), true, 0);
        left[1].close();
        await(left[0], Uapi.POLLIN);
        for (int i = 0; i < 3; i++) {
            ErrnoException failure = catchThrowableOfType(ErrnoException.class, () -> settle(link));
            assertThat(failure).as("call %d", i).isNotNull();
            assertThat(failure.errno()).isEqualTo(Errno.ECONNRESET);
            assertThat(failure.side()).isEqualTo(Side.IN);
            assertThat(failure.moved()).isEqualTo(11);
        }
        assertThat(takeAll(right[1], 11)).asString().isEqualTo("half a mess");
        assertThat(take(right[1], 1)).isEmpty();
        assertThat(kernel.poll(new int[] {right[1].number()}, new short[] {Uapi.POLLRDHUP}, new short[1], 1, 0))
                .as("no half-close")
                .isZero();
    }

    @ParameterizedTest
    @EnumSource(Splicing.class)
    void segmentsOfAnySizeNeverStallBehindASlowReader(Splicing splicing) throws Exception {
        Fd[] left = tcpPair();
        Fd[] right = tcpPair(kernel, 4096);
        Link link = keep(new Link(left[0], right[0], pool(splicing)));
        byte[] content = pattern(400_000);
        On.Task<Integer> loop = On.PLATFORM.start(() -> {
            link.join();
            return 0;
        });
        On.Task<Integer> sender = On.PLATFORM.start(() -> {
            for (int at = 0, i = 0; at < content.length; i++) {
                int len = new int[] {1, 1448, 2, 536, 1447, 20_000}[i % 6];
                put(left[1], part(content, at, at + len));
                at += len;
            }
            left[1].shutdownOutput();
            return 0;
        });
        java.io.ByteArrayOutputStream got = new java.io.ByteArrayOutputStream();
        for (byte[] piece = takeAll(right[1], 1000); piece.length > 0; piece = takeAll(right[1], 1000)) {
            got.writeBytes(piece);
        }
        assertSame(got.toByteArray(), content, splicing.toString());
        sender.get();
        right[1].shutdownOutput();
        loop.get();
    }

    // ---- by cost ----

    /// A kernel whose clock of CPU time knows what bytes cost that are copied, and that are spliced.
    private static final class Prices implements Decorated {
        final long copied;
        long spliced;
        private long spent;

        Prices(long copied, long spliced) {
            this.copied = copied;
            this.spliced = spliced;
        }

        @Override
        public @Nullable Object own(String call) {
            return call.equals("cpuNanos") ? spent : null;
        }

        @Override
        public void answered(String call, @Nullable Object result) {
            if (result instanceof Long bytes && bytes > 0) {
                spent += switch (call) {
                    case "recv", "send" -> bytes * copied;
                    case "splice" -> bytes * spliced;
                    default -> 0;
                };
            }
        }
    }

    private static final int PIECE = 6 << 10;

    /// By their size these pieces are copied; what counts after 256 of them is the CPU time.
    @ParameterizedTest
    @CsvSource({"100, 50, true", "100, 85, false", "50, 100, false"})
    void piecesGoByTheWayThatCostsLess(long copied, long spliced, boolean splices) throws Exception {
        Stream stream = new Stream(new Prices(copied, spliced));
        assertThat(stream.spliced(200, PIECE)).isZero();
        assertThat(stream.spliced(200, PIECE)).isPositive(); // a trial has both
        assertThat(stream.lane.spliceTrials()).isEqualTo(splices ? 1 : 0);
        assertThat(stream.lane.copyTrials()).isEqualTo(splices ? 0 : 1);
        assertThat(stream.spliced(500, PIECE)).isEqualTo(splices ? 500L * PIECE : 0);
    }

    @Test
    void whatHasBecomeDearIsLeft() throws Exception {
        Prices prices = new Prices(100, 50);
        Stream stream = splicing(prices);
        prices.spliced = 200;
        stream.spliced(1100, PIECE);
        assertThat(stream.lane.copyTrials()).isEqualTo(1);
        assertThat(stream.spliced(100, PIECE)).isZero();
    }

    /// A stream of other pieces is another stream: the sizes decide until it has been tried, too.
    @Test
    void whatWasMeasuredHoldsForPiecesOfThatSize() throws Exception {
        Stream stream = splicing(new Prices(100, 50));
        stream.spliced(150, PIECE / 8);
        assertThat(stream.spliced(100, PIECE / 8)).isZero();
        assertThat(stream.lane.spliceTrials()).isEqualTo(1);
    }

    /// A stream of pieces that are spliced, since that was found to cost less.
    private Stream splicing(Prices prices) throws Exception {
        Stream stream = new Stream(prices);
        stream.spliced(400, PIECE);
        assertThat(stream.spliced(100, PIECE)).isEqualTo(100L * PIECE);
        return stream;
    }

    /// One lane, whose pieces are sent and received by hand.
    private final class Stream {
        final Fd[] in = unixPair();
        final Fd[] out = unixPair();
        final Lane lane;
        private final byte[] bytes = pattern(PIECE);

        Stream(Prices prices) throws Exception {
            assumeTrue(ground != Ground.MODEL_2_6, "unix sockets cannot be spliced there");
            lane = keep(new Lane(in[0], out[0], pool(prices.kernel(kernel), Splicing.AUTO)));
        }

        /// Moves so many pieces, and tells how many bytes of them were spliced.
        long spliced(int pieces, int size) throws Exception {
            long before = lane.spliced();
            byte[] piece = Arrays.copyOf(bytes, size);
            for (int i = 0; i < pieces; i++) {
                put(in[1], piece);
                settle(lane);
                assertSame(takeAll(out[1], size), piece, "piece " + i);
            }
            return lane.spliced() - before;
        }
    }

    // ---- marks ----

    /// A mark saves wake-ups only where each finds little.
    @ParameterizedTest
    @CsvSource({"65536, true", "131072, false"})
    void aStreamGetsAMarkWhereWakeUpsFindLessThanThat(int each, boolean marked) throws Exception {
        Fd[] in = tcpPair();
        Fd[] out = unixPair();
        Lane lane = keep(new Lane(in[0], out[0], pool(Splicing.AUTO).mark(128 << 10)));
        byte[] part = pattern(each);
        boolean was = false;
        while (lane.moved() < 8 << 20) {
            put(in[1], part);
            moveWhileReady(lane, in[0], out[1]);
            was |= lane.isMarked();
            lane.sweep();
        }
        assertThat(was).isEqualTo(marked);
    }

    /// A stream of 256 MB/s gets a mark of 256 KiB. When only 4 MB/s come, they do not wait for so much.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMarkedStreamThatBecomesSlowOrStopsIsNotHeldUp(boolean goesOn) throws Exception {
        VirtualTime time = new VirtualTime(kernel, 250_000);
        Fd[] in = tcpPair();
        Fd[] out = unixPair();
        PipePool pool = pool(time.kernel(), Splicing.AUTO).mark(256 << 10);
        Lane lane = keep(new Lane(in[0], out[0], pool));
        byte[] much = pattern(64 << 10);
        for (int i = 0; mark(in[0]) < 256 << 10; i++) {
            assertThat(i).as("turns without the whole mark").isLessThan(1000);
            put(in[1], much);
            long before = lane.moved();
            lane.move();
            takeAll(out[1], (int) (lane.moved() - before));
            lane.sweep();
        }
        long tail = 0;
        time.start();
        while (kernel.poll(new int[] {in[0].number()}, new short[] {Uapi.POLLIN}, new short[1], 1, 0) == 0) {
            assertThat(time.elapsed()).as("nanoseconds without a wake-up").isLessThan(6_000_000);
            if (goesOn || tail == 0) {
                put(in[1], pattern(1000));
                tail += 1000;
            }
            lane.sweep();
        }
        long before = lane.moved();
        lane.move();
        assertThat(takeAll(out[1], (int) (lane.moved() - before)).length).isGreaterThanOrEqualTo((int) tail);
    }

    /// 1,200 messages of 256 KiB at 650 MB/s: each is less than a mark, so each has a tail. The marks come after 4, 16
    /// and 64 MiB, and then after 256 each time.
    @Test
    void marksHoldUpFewTailsOfLongMessages() throws Exception {
        VirtualTime time = new VirtualTime(kernel, 100_000);
        Fd[] in = tcpPair();
        Fd[] out = unixPair();
        Lane lane =
                keep(new Lane(in[0], out[0], pool(time.kernel(), Splicing.AUTO).mark(1 << 20)));
        byte[] part = pattern(64 << 10);
        time.start();
        int marked = 0;
        int heldUp = 0;
        for (int message = 0; message < 1200; message++) {
            long arrived = lane.moved() + 4L * part.length;
            for (int i = 0; i < 4; i++) {
                put(in[1], part);
                moveWhileReady(lane, in[0], out[1]);
                lane.sweep();
            }
            marked += lane.isMarked() ? 1 : 0;
            heldUp += lane.moved() < arrived ? 1 : 0;
            for (int i = 0; lane.moved() < arrived; i++) {
                assertThat(i).as("sweeps for a tail").isLessThan(100);
                lane.sweep();
                moveWhileReady(lane, in[0], out[1]);
            }
        }
        assertThat(marked).isPositive();
        assertThat(heldUp).isBetween(1, 4);
    }

    /// What an event loop does: a mark keeps the socket from being readable.
    private void moveWhileReady(Lane lane, Fd in, Fd out) throws Exception {
        while (lane.pending() > 0
                || kernel.poll(new int[] {in.number()}, new short[] {Uapi.POLLIN}, new short[1], 1, 0) > 0) {
            long before = lane.moved();
            lane.move();
            takeAll(out, (int) (lane.moved() - before));
        }
    }

    private int mark(Fd socket) {
        return kernel.getsockopt(socket.number(), Uapi.SOL_SOCKET, Uapi.SO_RCVLOWAT);
    }
}
