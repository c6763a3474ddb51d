package dev.fid.tests.behaviour;

import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Side;
import dev.fid.kernel.Uapi;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// An EAGAIN, a zero or an error means the right side: the source is empty, the slots are used up, the sink is
/// full, the input ended, the peer is gone.
class AttributionTest extends Fixture {

    // ---- EAGAIN ----

    @ParameterizedTest
    @EnumSource(On.class)
    void anEmptySourceIsWaitedFor(On on) throws Exception {
        Ends in = pipe();
        Ends out = pipe(kernel, 4096);
        On.Task<Moved> task =
                on.start(() -> Transfer.from(in.in()).to(out.out()).run());
        task.waits();
        put(in.out(), "late");
        in.out().close();
        assertThat(task.get().bytes()).isEqualTo(4);
        assertThat(take(out.in(), 9)).asString().isEqualTo("late");
    }

    @Test
    void theEndIsSeenAlthoughThePipeIsFullToTheLastSlot() throws Exception {
        Fd file = file("in", pattern(65536));
        Fd[] socket = unixPair();
        Fd[] tcp = tcpPair();
        Ends pipe = pipe();
        for (Fd end : List.of(socket[1], tcp[1], pipe.out())) {
            put(end, pattern(65536));
            end.close();
        }
        for (Fd in : List.of(file, pipe.in(), socket[0], tcp[0])) {
            for (Method method : List.of(Method.SPLICE, Method.SENDFILE)) {
                Ends out = pipe();
                seekIfFile(in);
                Moved moved = Transfer.from(in)
                        .to(out.out())
                        .method(method)
                        .timeout(Duration.ofSeconds(10))
                        .run();
                assertThat(moved.bytes()).as("from %s", in).isEqualTo(fionread(out));
            }
        }
    }

    private void seekIfFile(Fd fd) {
        kernel.lseek(fd.number(), 0, Uapi.SEEK_SET);
    }

    private long fionread(Ends pipe) {
        return kernel.fionread(pipe.in().number());
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aPipeWhoseSlotsAreUsedUpByOneByteEachIsWaitedForAlthoughItHoldsAlmostNothing(On on) throws Exception {
        Ends out = pipe(kernel, 4096 * 4);
        for (int i = 0; i < 4; i++) {
            Fd piece = file("piece", bytes("abcd"));
            Transfer.from(piece)
                    .to(out.out())
                    .method(Method.SPLICE)
                    .offIn(i)
                    .length(1)
                    .run();
        }
        assertThat(kernel.fionread(out.in().number())).isEqualTo(4);
        Fd[] in = tcpPair();
        put(in[1], "e");
        in[1].close();
        await(in[0], Uapi.POLLIN);
        On.Task<Moved> task = on.start(() -> Transfer.from(in[0]).to(out.out()).run());
        task.waits();
        assertThat(take(out.in(), 4)).asString().isEqualTo("abcd");
        assertThat(task.get().method()).isEqualTo(Method.SPLICE);
        assertThat(take(out.in(), 4)).asString().isEqualTo("e");
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void manySmallSegmentsPassATinyPipe(On on) throws Exception {
        Fd[] in = tcpPair();
        Ends out = pipe(kernel, 4096);
        On.Task<Moved> task = on.start(() -> Transfer.from(in[0]).to(out.out()).run());
        On.Task<byte[]> reader = On.PLATFORM.start(() -> drain(out.in()));
        byte[] content = pattern(3000);
        for (int i = 0; i < content.length; i += 3) {
            put(in[1], part(content, i, i + 3));
        }
        in[1].close();
        assertThat(task.get().bytes()).isEqualTo(3000);
        out.out().close();
        assertSame(reader.get(), content, "pipe");
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aFullSinkIsWaitedForInTinySteps(On on) throws Exception {
        Fd in = file("in", pattern(200_000));
        Fd[] out = tcpPair(kernel, 2048);
        On.Task<Moved> task = on.start(() -> Transfer.from(in).to(out[0]).run()).waits();
        assertSame(takeAll(out[1], 200_000), pattern(200_000), "TCP");
        assertThat(task.get().bytes()).isEqualTo(200_000);
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void bothSidesTinyLoseNothing(On on) throws Exception {
        Ends in = pipe(kernel, 4096);
        Ends out = pipe(kernel, 4096);
        byte[] content = pattern(300_000);
        for (Method method : new Method[] {Method.SPLICE, Method.SPLICE_THROUGH_PIPE, Method.READ_WRITE}) {
            On.Task<Void> writer = On.PLATFORM.start(() -> {
                put(in.out(), content);
                return null;
            });
            On.Task<byte[]> reader = On.PLATFORM.start(() -> takeAll(out.in(), content.length));
            Moved moved = on.run(() -> Transfer.from(in.in())
                    .to(out.out())
                    .method(method)
                    .length(content.length)
                    .run());
            assertThat(moved.method()).isEqualTo(method);
            assertSame(reader.get(), content, method.toString());
            writer.get();
        }
    }

    // ---- the end ----

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"SENDFILE", "SPLICE_THROUGH_PIPE"})
    void aZeroThatIsNoEndIsReadOn(Method method) throws Exception {
        String call = method == Method.SENDFILE ? "sendfile" : "splice";
        FaultyKernel lying = FaultyKernel.over(kernel).on(call).from(1).returnsZero();
        Fd in = file(lying.kernel(), "in", pattern(300_000));
        Fd[] out = tcpPair(lying.kernel(), 0);
        On.Task<byte[]> reader = On.PLATFORM.start(() -> takeAll(out[1], 300_000));
        Moved moved = Transfer.from(in).to(out[0]).method(method).run();
        assertThat(moved.bytes()).isEqualTo(300_000);
        assertThat(moved.declined())
                .anySatisfy(d -> assertThat(d.reason()).startsWith("it ended where read(2) went on"));
        assertSame(reader.get(), pattern(300_000), "socket");
    }

    @Test
    void aCopyFileRangeThatEndsEarlyIsReadOn() throws Exception {
        FaultyKernel lying = FaultyKernel.over(kernel).on("copyFileRange").returnsZero();
        Fd in = file(lying.kernel(), "in", pattern(300_000));
        Fd out = create(lying.kernel(), "out");
        Moved moved = Transfer.from(in).to(out).run();
        assertThat(moved.byMethod()).containsOnlyKeys(Method.READ_WRITE);
        assertSame(content("out"), pattern(300_000), "out");
    }

    @Test
    void aZeroThatIsNoEndIsAnErrorWithoutFallback() throws Exception {
        FaultyKernel lying = FaultyKernel.over(kernel).on("sendfile").returnsZero();
        Fd in = file(lying.kernel(), "in", pattern(300_000));
        Fd[] out = unixPair(lying.kernel());
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(in)
                        .to(out[0])
                        .method(Method.SENDFILE)
                        .fallback(false)
                        .run());
        assertThat(failure.errno()).isEqualTo(Errno.ESTALE);
    }

    // RL-006
    @ParameterizedTest
    @EnumSource(On.class)
    void aSourceThatHasEndedLeavesTheDestinationUsable(On on) throws Exception {
        Fd[] in = tcpPair();
        Fd[] out = tcpPair();
        in[1].close();
        assertThat(on.run(() -> Transfer.from(in[0]).to(out[0]).run()).bytes()).isZero();
        put(out[0], "bye");
        assertThat(takeAll(out[1], 3)).asString().isEqualTo("bye");
    }

    // ---- borrowed descriptors ----

    // SF-016
    @ParameterizedTest
    @EnumSource(On.class)
    void theFlagsOfBorrowedPipesAreNeverChanged(On on) throws Exception {
        for (int mode : new int[] {0, Uapi.O_NONBLOCK}) {
            Ends in = pipe(kernel, 0, mode);
            Ends out = pipe(kernel, 0, mode);
            keep(in.in());
            keep(out.in());
            keep(out.out());
            put(in.out(), "x");
            in.out().close();
            int before = kernel.fcntl(in.in().number(), Uapi.F_GETFL, 0);
            int beforeOut = kernel.fcntl(out.out().number(), Uapi.F_GETFL, 0);
            Fd borrowedIn = Fd.borrow(in.in().number());
            Fd borrowedOut = Fd.borrow(out.out().number());
            assertThat(on.run(() -> Transfer.from(borrowedIn).to(borrowedOut).run())
                            .bytes())
                    .isEqualTo(1);
            assertThat(kernel.fcntl(in.in().number(), Uapi.F_GETFL, 0)).isEqualTo(before);
            assertThat(kernel.fcntl(out.out().number(), Uapi.F_GETFL, 0)).isEqualTo(beforeOut);
            assertThat(take(out.in(), 9)).asString().isEqualTo("x");
        }
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aBorrowedBlockingSocketIsPolledAndKeepsItsMode(On on) throws Exception {
        Fd[] in = unixPair();
        Fd[] out = tcpPair(kernel, 4096);
        for (Fd socket : new Fd[] {in[0], out[0]}) {
            kernel.fcntl(socket.number(), Uapi.F_SETFL, Uapi.O_RDWR);
        }
        On.Task<Moved> task = on.start(() -> Transfer.from(Fd.borrow(in[0].number()))
                .to(Fd.borrow(out[0].number()))
                .run());
        put(in[1], pattern(100_000));
        On.Task<byte[]> reader = On.PLATFORM.start(() -> takeAll(out[1], 200_000));
        task.waits();
        put(in[1], part(pattern(200_000), 100_000, 200_000));
        in[1].close();
        assertThat(task.get().bytes()).isEqualTo(200_000);
        assertSame(reader.get(), pattern(200_000), "TCP");
        assertThat(kernel.fcntl(in[0].number(), Uapi.F_GETFL, 0) & Uapi.O_NONBLOCK)
                .isZero();
        assertThat(kernel.fcntl(out[0].number(), Uapi.F_GETFL, 0) & Uapi.O_NONBLOCK)
                .isZero();
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aBorrowedBlockingSocketThatTakesNothingDoesNotOutliveTheTimeout(On on) throws Exception {
        Fd in = file("in", pattern(5_000_000));
        for (Fd[] out : new Fd[][] {unixPair(), tcpPair(kernel, 4096)}) {
            kernel.fcntl(out[0].number(), Uapi.F_SETFL, Uapi.O_RDWR);
            seek(in, 0);
            ErrnoException failure = on.<Moved>start(() -> Transfer.from(in)
                            .to(Fd.borrow(out[0].number()))
                            .timeout(Duration.ofMillis(50))
                            .run())
                    .failure();
            assertThat(failure.errno()).isEqualTo(Errno.ETIMEDOUT);
        }
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aBorrowedBlockingPipeThatTakesNothingDoesNotOutliveTheTimeout(On on) throws Exception {
        Fd in = file("in", pattern(500_000));
        Ends out = pipe(kernel, 0, 0);
        keep(out.in());
        keep(out.out());
        for (Method method : new Method[] {Method.SPLICE, Method.SENDFILE, Method.READ_WRITE}) {
            seek(in, 0);
            ErrnoException failure = on.<Moved>start(() -> Transfer.from(in)
                            .to(Fd.borrow(out.out().number()))
                            .method(method)
                            .timeout(Duration.ofMillis(30))
                            .run())
                    .failure();
            assertThat(failure.errno()).as(method.toString()).isEqualTo(Errno.ETIMEDOUT);
        }
    }

    /// As the pipe of another user: it cannot be reopened, so it is polled before each call.
    @ParameterizedTest
    @EnumSource(On.class)
    void aBorrowedBlockingPipeThatCannotBeReopenedIsPolled(On on) throws Exception {
        FaultyKernel closed = FaultyKernel.over(kernel).on("openat").fails(Errno.EACCES);
        Ends in = pipe(kernel, 0, 0);
        Ends out = pipe(kernel, 0, 0);
        keep(in.in());
        keep(in.out());
        keep(out.in());
        keep(out.out());
        put(in.out(), "hello");
        ErrnoException failure = on.<Moved>start(
                        () -> Transfer.from(Fd.borrow(closed.kernel(), in.in().number()))
                                .to(Fd.borrow(closed.kernel(), out.out().number()))
                                .timeout(Duration.ofMillis(30))
                                .run())
                .failure();
        assertThat(failure.errno()).isEqualTo(Errno.ETIMEDOUT);
        assertThat(failure.moved()).isEqualTo(5);
    }

    // ---- errors ----

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"SENDFILE", "SPLICE", "SPLICE_THROUGH_PIPE", "READ_WRITE", "MMAP"})
    void nobodyReadsTheOutput(Method method) throws Exception {
        Fd in = file("in", pattern(100_000));
        Ends out = pipe();
        out.in().close();
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(in).to(out.out()).method(method).run());
        assertThat(failure.errno()).isEqualTo(Errno.EPIPE);
        assertThat(failure.side()).isEqualTo(Side.OUT);
        assertThat(failure.moved()).isZero();
        assertThat(position(in)).isZero();
    }

    @Test
    void theMessageIsOneLineThatNamesCallSidesErrnoAndBytes() throws Exception {
        Fd[] in = unixPair();
        Ends out = pipe();
        put(in[1], "hello");
        On.Task<Moved> task =
                On.PLATFORM.start(() -> Transfer.from(in[0]).to(out.out()).run());
        assertThat(takeAll(out.in(), 5)).asString().isEqualTo("hello");
        task.waits();
        out.in().close();
        put(in[1], "x");
        ErrnoException failure = task.failure();
        assertThat(failure)
                .hasMessageMatching("splice\\(in=" + in[0].number() + ":unix socket, out="
                        + out.out().number() + ":pipe, len=\\d+\\): EPIPE \\(32\\) broken pipe, after 5 bytes");
        assertThat(failure.call()).isEqualTo("splice");
        assertThat(failure.moved()).isEqualTo(5);
    }

    @Test
    void aResetInputIsTheInputs() throws Exception {
        Fd[] in = tcpPair();
        Fd out = create("out");
        kernel.setLinger(in[1].number(), true, 0);
        put(in[1], "hello");
        On.Task<Moved> task =
                On.PLATFORM.start(() -> Transfer.from(in[0]).to(out).run());
        task.waits();
        in[1].close();
        ErrnoException failure = task.failure();
        assertThat(failure.errno()).isEqualTo(Errno.ECONNRESET);
        assertThat(failure.side()).isEqualTo(Side.IN);
    }

    @Test
    void aFullDeviceIsTheOutputs() throws Exception {
        Fd in = file("in", pattern(100_000));
        Fd full = keep(Fd.open(Path.of("/dev/full"), WRITE));
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class, () -> Transfer.from(in).to(full).run());
        assertThat(failure.errno()).isEqualTo(Errno.ENOSPC);
        assertThat(failure.side()).isEqualTo(Side.OUT);
        assertThat(failure).hasMessageStartingWith("write(in=").hasMessageContaining(": ENOSPC (28) no space left");
    }

    @Test
    void aSideThatIsNotOpenInThatDirectionIsEbadf() throws Exception {
        Fd reading = keep(Fd.open(file("a", pattern(100_000)).isOwned() ? dir.resolve("a") : dir));
        Fd writing = keep(Fd.open(dir.resolve("a"), WRITE));
        Fd other = create("b");
        Ends pipe = pipe();
        for (Fd[] wrong : new Fd[][] {
            {other, reading}, {writing, other}, {reading, pipe.in()}, {pipe.out(), other}, {writing, pipe.out()}
        }) {
            seek(reading, 0);
            put(other, "not empty");
            kernel.lseek(other.number(), 0, Uapi.SEEK_SET);
            ErrnoException failure = catchThrowableOfType(
                    ErrnoException.class,
                    () -> Transfer.from(wrong[0]).to(wrong[1]).run());
            assertThat(failure).as("%s to %s", wrong[0], wrong[1]).isNotNull();
            assertThat(failure.errno()).as("%s to %s", wrong[0], wrong[1]).isEqualTo(Errno.EBADF);
        }
    }

    @Test
    void aBorrowedPipeEndOfTheWrongDirectionIsEbadfToo() throws Exception {
        Ends pipe = pipe(kernel, 0, 0);
        keep(pipe.in());
        keep(pipe.out());
        Fd file = file("in", pattern(100));
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(file)
                        .to(Fd.borrow(pipe.in().number()))
                        .timeout(Duration.ofSeconds(1))
                        .run());
        assertThat(failure).isNotNull();
        assertThat(failure.errno()).isEqualTo(Errno.EBADF);
        assertThat(kernel.fionread(pipe.in().number())).isZero();
    }

    @Test
    void aNumberThatIsNotOpenIsEbadf() {
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(Fd.borrow(-1)).to(Fd.borrow(-1)).run());
        assertThat(failure.errno()).isEqualTo(Errno.EBADF);
    }

    @Test
    void anInputThatCannotBeReadIsTheInputs() throws Exception {
        FaultyKernel broken =
                FaultyKernel.over(kernel).on("copyFileRange", "read", "pread").fails(Errno.EIO);
        Fd in = file(broken.kernel(), "in", pattern(100_000));
        Fd out = create(broken.kernel(), "out");
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class, () -> Transfer.from(in).to(out).run());
        assertThat(failure.errno()).isEqualTo(Errno.EIO);
        assertThat(failure.side()).isEqualTo(Side.IN);
    }

    @Test
    void aRungThatHasMovedBytesIsNotLeftForAnError() throws Exception {
        FaultyKernel broken = FaultyKernel.over(kernel)
                .on("sendfile")
                .nth(1)
                .shortens(1000)
                .on("sendfile")
                .nth(2)
                .fails(Errno.EINVAL);
        Fd in = file(broken.kernel(), "in", pattern(100_000));
        Fd[] out = unixPair(broken.kernel());
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class, () -> Transfer.from(in).to(out[0]).run());
        assertThat(failure.errno()).isEqualTo(Errno.EINVAL);
        assertThat(failure.moved()).isEqualTo(1000);
        assertThat(position(in)).isEqualTo(1000);
        assertThat(broken.calls("splice", "send")).isZero();
    }

    @Test
    void bytesThatLieInThePipeWhenSpliceIsRefusedAreWrittenFirst() throws Exception {
        Fd[] ends = unixPair();
        FaultyKernel broken = FaultyKernel.over(kernel);
        Fd in = file(broken.kernel(), "in", pattern(100_000));
        Fd out = Fd.borrow(broken.kernel(), ends[0].number());
        broken.on("splice").fd(ends[0].number()).fails(Errno.EINVAL);
        Moved moved =
                Transfer.from(in).to(out).method(Method.SPLICE_THROUGH_PIPE).run();
        assertThat(moved.byMethod()).containsOnlyKeys(Method.READ_WRITE);
        assertSame(takeAll(ends[1], 100_000), pattern(100_000), "socket");
    }

    @Test
    void anInterruptedCallIsMadeAgain() throws Exception {
        FaultyKernel interrupting = FaultyKernel.over(kernel)
                .on("sendfile", "splice", "read", "recv", "send", "write", "copyFileRange")
                .range(1, 3)
                .fails(Errno.EINTR);
        Fd in = file(interrupting.kernel(), "in", pattern(100_000));
        Fd[] out = unixPair(interrupting.kernel());
        assertThat(Transfer.from(in).to(out[0]).run().bytes()).isEqualTo(100_000);
        assertSame(takeAll(out[1], 100_000), pattern(100_000), "socket");
    }
}
