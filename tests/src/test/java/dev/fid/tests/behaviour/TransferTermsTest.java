package dev.fid.tests.behaviour;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.Progress;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Side;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Contents;
import dev.fid.tests.OnAllKernels;
import dev.fid.transfer.Digest;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What a transfer is asked for besides its two sides: length, offsets, method, rate, time, progress, a sum.
@OnAllKernels
class TransferTermsTest extends Fixture {

    // ---- length ----

    // CF-025, CF-026
    @ParameterizedTest
    @CsvSource({
        "4097,4097", "4097,4096", "4097,2048", "4097,4104",
        "32769,32769", "32769,32768", "32769,16384", "32769,32776"
    })
    void aLengthEndsTheTransferOfAFileAndBothPositionsSayWhere(int size, int limit) throws Exception {
        byte[] content = pattern(size);
        int expected = Math.min(size, limit);
        for (Method method : List.of(Method.COPY_FILE_RANGE, Method.SENDFILE, Method.READ_WRITE)) {
            Fd in = file("in", content);
            Fd out = create("out-" + method);
            Moved moved = Transfer.from(in).to(out).method(method).length(limit).run();
            assertThat(moved.bytes()).isEqualTo(expected);
            assertThat(moved.method()).isEqualTo(served(method));
            assertThat(position(in)).isEqualTo(expected);
            assertThat(position(out)).isEqualTo(expected);
            assertSame(content("out-" + method), part(content, 0, expected), method.toString());
        }
    }

    // RL-005
    @Test
    void aLengthThatTheSourceDoesNotReachIsNoError() throws Exception {
        Fd[] in = unixPair();
        Fd[] out = unixPair();
        put(in[1], pattern(4096));
        in[1].close();
        Moved moved = Transfer.from(in[0]).to(out[0]).length(4196).run();
        assertThat(moved.bytes()).isEqualTo(4096);
        assertSame(takeAll(out[1], 4096), pattern(4096), "socket");
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aLengthLeavesTheRestOfAStreamToItsNextReader(On on) throws Exception {
        Ends in = pipe();
        Ends out = pipe();
        put(in.out(), "hello, world");
        for (Method method : List.of(Method.SPLICE, Method.SPLICE_THROUGH_PIPE, Method.READ_WRITE)) {
            on.run(() -> Transfer.from(in.in())
                    .to(out.out())
                    .method(method)
                    .length(4)
                    .run());
        }
        in.out().close();
        assertThat(takeAll(out.in(), 12)).asString().isEqualTo("hello, world");
        assertThat(drain(in.in())).isEmpty();
    }

    @Test
    void lengthZeroMovesNothingAndMakesNoDataCall() throws Exception {
        Ends in = pipe();
        Ends out = pipe();
        put(in.out(), "x");
        Moved moved = Transfer.from(in.in()).to(out.out()).length(0).run();
        assertThat(moved.bytes()).isZero();
        assertThat(moved.calls()).isEmpty();
    }

    // SF-014
    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"SENDFILE", "SPLICE_THROUGH_PIPE", "MMAP", "READ_WRITE"})
    void threePartsOfAFileFollowEachOther(Method method) throws Exception {
        Fd in = file("in", bytes("abcdefghijklmnop"));
        Fd[] tcp = tcpPair();
        for (int i = 0; i < 3; i++) {
            assertThat(Transfer.from(in)
                            .to(tcp[0])
                            .method(method)
                            .length(3)
                            .run()
                            .bytes())
                    .isEqualTo(3);
        }
        assertThat(takeAll(tcp[1], 9)).asString().isEqualTo("abcdefghi");
    }

    // SF-015
    @Test
    void aFileIsSentFromItsPosition() throws Exception {
        byte[] content = pattern(567198);
        Fd in = file("in", content);
        seek(in, 66560);
        Fd[] tcp = tcpPair();
        assertThat(Transfer.from(in).to(tcp[0]).length(10240).run().bytes()).isEqualTo(10240);
        assertSame(takeAll(tcp[1], 10240), part(content, 66560, 76800), "TCP");
        assertThat(position(in)).isEqualTo(76800);
    }

    // ---- offsets ----

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"TEE", "VMSPLICE", "REFLINK"},
            mode = EnumSource.Mode.EXCLUDE)
    void offsetsAreUsedAndThePositionsStay(Method method) throws Exception {
        byte[] content = pattern(100_000);
        Fd in = file("in", content);
        Fd out = file("out", new byte[50]);
        seek(in, 11);
        seek(out, 22);
        Moved moved = Transfer.from(in)
                .to(out)
                .method(method)
                .offIn(4097)
                .offOut(50)
                .length(70_000)
                .run();
        assertThat(moved.bytes()).isEqualTo(70_000);
        assertThat(position(in)).isEqualTo(11);
        assertThat(position(out)).isEqualTo(22);
        assertSame(part(content("out"), 50, 70_050), part(content, 4097, 74_097), method.toString());
    }

    @Test
    void anOffsetBehindTheEndMovesNothing() throws Exception {
        Fd in = file("in", bytes("hello"));
        Fd out = create("out");
        assertThat(Transfer.from(in).to(out).offIn(5).run().bytes()).isZero();
        assertThat(Transfer.from(in).to(out).offIn(500).run().bytes()).isZero();
    }

    @Test
    void aStreamHasNoOffsets() throws Exception {
        Ends pipe = pipe();
        Fd file = file("in", bytes("hello"));
        assertThatThrownBy(() -> Transfer.from(pipe.in()).to(file).offIn(1).run())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("only a file has offsets");
        assertThatThrownBy(() -> Transfer.from(file).to(pipe.out()).offOut(1).run())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void wrongArgumentsAreToldAtOnce() throws Exception {
        Ends pipe = pipe();
        Transfer transfer = Transfer.from(pipe.in()).to(pipe.out());
        assertThatThrownBy(() -> transfer.length(-2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> transfer.offIn(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> transfer.limit(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> transfer.block(4095)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> transfer.block((256 << 10) + 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void twoKernelsCannotShareATransfer() throws Exception {
        Ends here = pipe();
        Ends there = pipe(FaultyKernel.over(kernel).kernel(), 0);
        assertThatThrownBy(() -> Transfer.from(here.in()).to(there.out()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not of one kernel");
    }

    // ---- method ----

    @Test
    void withoutFallbackARefusalOfTheKernelIsAnError() throws Exception {
        FaultyKernel faulty = FaultyKernel.over(kernel).on("sendfile").fails(Errno.EINVAL);
        Fd in = file(faulty.kernel(), "in", pattern(50_000));
        Fd[] out = unixPair(faulty.kernel());
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(in)
                        .to(out[0])
                        .method(Method.SENDFILE)
                        .fallback(false)
                        .run());
        assertThat(failure.errno()).isEqualTo(Errno.EINVAL);
        assertThat(failure.call()).isEqualTo("sendfile");
        assertThat(take(out[1], 9)).isEmpty();
    }

    @Test
    void withFallbackTheRefusalIsInTheReport() throws Exception {
        FaultyKernel faulty = FaultyKernel.over(kernel).on("sendfile").fails(Errno.EINVAL);
        Fd in = file(faulty.kernel(), "in", pattern(50_000));
        Fd[] out = unixPair(faulty.kernel());
        Moved moved = Transfer.from(in).to(out[0]).run();
        assertThat(moved.method()).isEqualTo(Method.SPLICE_THROUGH_PIPE);
        assertThat(moved.declined())
                .anySatisfy(d -> assertThat(d).hasToString("sendfile: sendfile EINVAL, Invalid argument"));
    }

    @Test
    void thePlanIsToldWithoutMovingAByte() throws Exception {
        FaultyKernel counting = FaultyKernel.over(kernel);
        Fd in = file(counting.kernel(), "in", pattern(100_000));
        Fd[] out = unixPair(counting.kernel());
        assertThat(Transfer.from(in).to(out[0]).plan().chosen()).isEqualTo(Method.SENDFILE);
        assertThat(counting.calls("sendfile", "splice", "read", "write", "send"))
                .isZero();
    }

    @Test
    void anAppendedFileGetsItsBytesByReadAndWriteAlone() throws Exception {
        Fd in = file("in", pattern(100_000));
        file("log", bytes("old "));
        Fd out = keep(Fd.open(kernel, dir.resolve("log"), WRITE, APPEND));
        Moved moved = Transfer.from(in).to(out).run();
        assertThat(moved.byMethod()).containsOnlyKeys(Method.READ_WRITE);
        assertSame(part(content("log"), 4, 1_000_000), pattern(100_000), "log");
    }

    @Test
    void aFileOfProcIsReadToItsEnd() throws Exception {
        needsLinux("/proc");
        Fd in = keep(Fd.open(kernel, Path.of("/proc/self/maps")));
        Fd out = create("out");
        Moved moved = Transfer.from(in).to(out).run();
        assertThat(moved.method()).isEqualTo(Method.READ_WRITE);
        assertThat(moved.bytes()).isGreaterThan(4096).isEqualTo(content("out").length);
    }

    // RL-008
    @Test
    void messagesKeepTheirBorders() throws Exception {
        needsLinux("seqpacket sockets");
        int[] fds = new int[4];
        int[] pair = new int[2];
        int type = Uapi.SOCK_SEQPACKET | Uapi.SOCK_CLOEXEC | Uapi.SOCK_NONBLOCK;
        for (int i = 0; i < 2; i++) {
            kernel.socketpair(Uapi.AF_UNIX, type, 0, pair);
            fds[2 * i] = pair[0];
            fds[2 * i + 1] = pair[1];
        }
        List<Fd> ends = Arrays.stream(fds)
                .mapToObj(fd -> keep(Fd.own(kernel, fd, "messages")))
                .toList();
        put(ends.get(0), "one");
        put(ends.get(0), "three");
        ends.get(0).close();
        Moved moved = Transfer.from(ends.get(1)).to(ends.get(2)).run();
        assertThat(moved.byMethod()).containsOnlyKeys(Method.READ_WRITE);
        assertThat(take(ends.get(3), 100)).asString().isEqualTo("one");
        assertThat(take(ends.get(3), 100)).asString().isEqualTo("three");
    }

    // ---- progress ----

    @Test
    void progressIsToldOnTheWayAndAtTheEnd() throws Exception {
        Fd in = file("in", pattern(20 << 20));
        Fd out = create("out");
        List<Progress> told = new ArrayList<>();
        Transfer.from(in).to(out).progress(Duration.ZERO, told::add).run();
        assertThat(told).hasSizeGreaterThan(2);
        assertThat(told).extracting(Progress::bytes).isSorted();
        assertThat(told.getLast().bytes()).isEqualTo(20 << 20);
        assertThat(told).allSatisfy(p -> assertThat(p.length()).isEqualTo(20 << 20));
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void progressIsToldWhileThereIsNothingToMove(On on) throws Exception {
        Ends in = pipe();
        Fd out = create("out");
        List<Progress> told = new ArrayList<>();
        Moved moved = on.run(() -> Transfer.from(in.in())
                .to(out)
                .progress(Duration.ofMillis(5), p -> {
                    told.add(p);
                    if (told.size() == 3) {
                        in.out().close();
                    }
                })
                .run());
        assertThat(moved.bytes()).isZero();
        assertThat(told).hasSizeGreaterThanOrEqualTo(3);
        assertThat(told.getFirst().length()).isEqualTo(-1);
    }

    @Test
    void anExceptionOfTheListenerEndsTheTransfer() throws Exception {
        Fd in = file("in", pattern(100_000));
        Fd out = create("out");
        assertThatThrownBy(() -> Transfer.from(in)
                        .to(out)
                        .progress(Duration.ZERO, p -> {
                            throw new IllegalStateException("enough");
                        })
                        .run())
                .hasMessage("enough");
    }

    // ---- rate ----

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"COPY_FILE_RANGE", "SENDFILE", "SPLICE_THROUGH_PIPE", "READ_WRITE"})
    void noMoreGoesThanTheRateTimesTheTimePlusATwentiethOfASecond(Method method) throws Exception {
        VirtualTime time = new VirtualTime(kernel, 1_000_000);
        byte[] content = pattern(1_000_000);
        Fd in = file(time.kernel(), "in", content);
        Fd out = create(time.kernel(), "out");
        long rate = 1_000_003;
        List<String> broken = new ArrayList<>();
        time.afterEachDataCall = () -> {
            long allowed = (long) (rate * (time.elapsed() / 1e9)) + rate / 20;
            long moved = position(out);
            if (moved > allowed) {
                broken.add(moved + " bytes at " + time.elapsed() + " ns");
            }
        };
        time.start();
        Moved moved = Transfer.from(in).to(out).method(method).limit(rate).run();
        assertThat(moved.bytes()).isEqualTo(1_000_000);
        assertThat(moved.method()).isEqualTo(served(method));
        assertThat(broken).isEmpty();
        // And not slower than asked: all but the first twentieth takes its time, plus what the clock's ticks round
        // up.
        assertThat(time.elapsed()).isBetween(900_000_000L, 1_200_000_000L);
        assertSame(content("out"), content, "out");
    }

    // ---- time ----

    // SF-017
    @ParameterizedTest
    @EnumSource(On.class)
    void aTimeThatIsUpAtTheStartSendsNothing(On on) throws Exception {
        Fd in = file("in", pattern(100_000));
        Fd[] tcp = tcpPair();
        ErrnoException failure = on.<Moved>start(() ->
                        Transfer.from(in).to(tcp[0]).timeout(Duration.ZERO).run())
                .failure();
        assertThat(failure.errno()).isEqualTo(Errno.ETIMEDOUT);
        assertThat(failure.moved()).isZero();
        tcp[0].close();
        assertThat(drain(tcp[1])).isEmpty();
        assertThat(position(in)).isZero();
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aPeerThatSendsNothingEndsInTimeout(On on) throws Exception {
        Fd[] in = unixPair();
        Fd[] out = unixPair();
        put(in[1], "hello");
        ErrnoException failure = on.<Moved>start(() -> Transfer.from(in[0])
                        .to(out[0])
                        .timeout(Duration.ofMillis(30))
                        .run())
                .failure();
        assertThat(failure.errno()).isEqualTo(Errno.ETIMEDOUT);
        assertThat(failure.moved()).isEqualTo(5);
        assertThat(failure.getMessage())
                .contains("ETIMEDOUT (110) the time was up while it waited for the input, after 5 bytes");
        assertThat(take(out[1], 9)).asString().isEqualTo("hello");
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aPeerThatTakesNothingEndsInTimeout(On on) throws Exception {
        Fd in = file("in", pattern(3 << 20));
        Fd[] out = tcpPair(kernel, 4096);
        ErrnoException failure = on.<Moved>start(() -> Transfer.from(in)
                        .to(out[0])
                        .timeout(Duration.ofMillis(50))
                        .run())
                .failure();
        assertThat(failure.errno()).isEqualTo(Errno.ETIMEDOUT);
        out[0].close();
        byte[] arrived = drain(out[1]);
        assertSame(arrived, part(pattern(3 << 20), 0, (int) failure.moved()), "what the message says");
        assertThat(position(in)).isEqualTo(failure.moved());
    }

    // ---- interrupt ----

    @ParameterizedTest
    @EnumSource(On.class)
    void anInterruptEndsTheWaitForInputAndStaysSet(On on) throws Exception {
        Fd[] in = unixPair();
        Fd[] out = unixPair();
        On.Task<Moved> task = on.start(() -> Transfer.from(in[0]).to(out[0]).run());
        task.waits().thread().interrupt();
        assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
        assertThat(task.keptInterrupt()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void anInterruptEndsTheWaitForOutputAndTheInputStandsBehindTheLastByteThatArrived(On on) throws Exception {
        for (Method method : List.of(Method.SENDFILE, Method.SPLICE_THROUGH_PIPE, Method.READ_WRITE, Method.MMAP)) {
            Fd in = file("in", pattern(3 << 20));
            Fd[] out = unixPair();
            On.Task<Moved> task =
                    on.start(() -> Transfer.from(in).to(out[0]).method(method).run());
            task.waits().thread().interrupt();
            ErrnoException failure = task.failure();
            assertThat(failure.errno()).as(method.toString()).isEqualTo(Errno.ECANCELED);
            assertThat(task.keptInterrupt()).isTrue();
            assertThat(position(in)).as(method.toString()).isEqualTo(failure.moved());
            out[0].close();
            assertSame(drain(out[1]), part(pattern(3 << 20), 0, (int) failure.moved()), method.toString());
        }
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void anInterruptBeforeTheStartMovesNothing(On on) throws Exception {
        Fd in = file("in", pattern(100_000));
        Fd out = create("out");
        On.Task<Moved> task = on.start(() -> {
            Thread.currentThread().interrupt();
            return Transfer.from(in).to(out).run();
        });
        assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
        assertThat(task.keptInterrupt()).isTrue();
        assertThat(content("out")).isEmpty();
    }

    // ---- sum ----

    @Test
    void theSumOfAFileThatIsMadeUpAnewAtEachReadIsThatOfTheBytesThatArrived() throws Exception {
        needsLinux("/proc");
        Fd in = keep(Fd.open(kernel, Path.of("/proc/sys/kernel/random/uuid")));
        Fd out = create("out");
        CRC32C sum = new CRC32C();
        Moved moved = Transfer.from(in).to(out).digest(Digest.of(sum)).run();
        assertThat(moved.bytes()).isEqualTo(37);
        CRC32C expected = new CRC32C();
        expected.update(content("out"));
        assertThat(sum.getValue()).isEqualTo(expected.getValue());
    }

    @Test
    void theSumOfAPartIsThatOfThePart() throws Exception {
        byte[] content = pattern(300_000);
        Fd in = file("in", content);
        Fd out = create("out");
        CRC32C sum = new CRC32C();
        Transfer.from(in)
                .to(out)
                .offIn(1000)
                .length(200_000)
                .digest(Digest.of(sum))
                .run();
        CRC32C expected = new CRC32C();
        expected.update(content, 1000, 200_000);
        assertThat(sum.getValue()).isEqualTo(expected.getValue());
    }

    // ---- holes ----

    @ParameterizedTest
    @CsvSource({"0,4194304", "4096,4194304", "1048576,4198400"})
    void holesStayHoles(long dataAt, long size) throws Exception {
        Path path = dir.resolve("in");
        byte[] content = new byte[(int) size];
        System.arraycopy(pattern(8192), 0, content, (int) dataAt, 8192);
        Contents.write(kernel, path, content, allBut(content.length, dataAt / 4096, dataAt / 4096 + 1));
        Fd in = keep(Fd.open(kernel, path, READ));
        Fd out = create("out");
        Moved moved = Transfer.from(in).to(out).sparse(true).run();
        assertThat(moved.bytes()).isEqualTo(size);
        assertSame(content("out"), content("in"), "sparse");
        assertThat(out.facts().blocks()).isEqualTo(in.facts().blocks());
        assertThat(position(in)).isEqualTo(size);
        assertThat(position(out)).isEqualTo(size);
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void whatLayWhereTheInputHasAHoleIsGone(boolean punches) throws Exception {
        FaultyKernel filling = FaultyKernel.over(kernel);
        if (!punches) {
            filling.on("fallocate").fails(Errno.EOPNOTSUPP);
        }
        Path path = dir.resolve("in");
        byte[] content = new byte[300_000];
        content[8192] = 1;
        Contents.write(kernel, path, content, allBut(content.length, 2, 2));
        Contents.write(kernel, dir.resolve("out"), pattern(400_000));
        Fd in = keep(Fd.open(filling.kernel(), path, READ));
        Fd out = keep(Fd.open(filling.kernel(), dir.resolve("out"), READ, WRITE));
        long blocks = out.facts().blocks();
        assertThat(Transfer.from(in).to(out).offOut(1000).sparse(true).run().bytes())
                .isEqualTo(content.length);
        byte[] expected = pattern(400_000);
        System.arraycopy(content, 0, expected, 1000, content.length);
        assertSame(content("out"), expected, "over the old bytes");
        assertThat(out.facts().blocks() < blocks).as("fewer blocks").isEqualTo(punches);
    }

    /// Which blocks are holes: all but these two.
    private static boolean[] allBut(int length, long one, long two) {
        boolean[] holes = new boolean[(length + 4095) / 4096];
        for (int i = 0; i < holes.length; i++) {
            holes[i] = i != one && i != two;
        }
        return holes;
    }

    @Test
    void aFileThatIsOneHoleKeepsItsSizeAndHasNoBlocks() throws Exception {
        Path path = dir.resolve("in");
        Contents.write(kernel, path, new byte[1 << 20], allBut(1 << 20, -1, -1));
        Fd in = keep(Fd.open(kernel, path, READ));
        Fd out = keep(Fd.open(kernel, dir.resolve("out"), READ, WRITE, CREATE));
        assertThat(Transfer.from(in).to(out).sparse(true).run().bytes()).isEqualTo(1 << 20);
        assertThat(out.facts().size()).isEqualTo(1 << 20);
        assertThat(out.facts().blocks()).isZero();
    }

    // ---- a pipe of our own ----

    @Test
    void aPipeOfOnePageCarriesAllBytes() throws Exception {
        Fd[] in = streamPair();
        Fd[] out = unixPair();
        put(in[1], pattern(100_000));
        in[1].close();
        Moved moved = Transfer.from(in[0])
                .to(out[0])
                .method(Method.SPLICE_THROUGH_PIPE)
                .fallback(false)
                .pipeCapacity(4096)
                .run();
        assertThat(moved.bytes()).isEqualTo(100_000);
        assertThat(moved.method()).isEqualTo(Method.SPLICE_THROUGH_PIPE);
        assertSame(takeAll(out[1], 100_000), pattern(100_000), "socket");
    }

    // ---- pipes that it is given ----

    @ParameterizedTest
    @CsvSource({"true,1000000,1048576", "true,1000,65536", "false,1000000,65536"})
    void bulkMakesThePipesThatItIsGivenLarger(boolean growPipes, int len, long capacity) throws Exception {
        Ends out = pipe();
        On.Task<byte[]> reader = On.PLATFORM.start(() -> takeAll(out.in(), len));
        Transfer.from(file("in", pattern(len)))
                .to(out.out())
                .growPipes(growPipes)
                .run();
        assertSame(reader.get(), pattern(len), "pipe");
        assertThat(capacity(out.in())).isEqualTo(expected(capacity));
    }

    @Test
    void aPipeThatTheKernelDoesNotEnlargeCarriesAllBytesAllTheSame() throws Exception {
        FaultyKernel refusing = FaultyKernel.over(kernel);
        refusing.on("fcntl")
                .when(call -> call.arguments().contains(Uapi.F_SETPIPE_SZ))
                .fails(Errno.EPERM);
        Fd in = file(refusing.kernel(), "in", pattern(1_000_000));
        Ends out = pipe(refusing.kernel(), 0);
        On.Task<byte[]> reader = On.PLATFORM.start(() -> takeAll(out.in(), 1_000_000));
        Transfer.from(in).to(out.out()).growPipes(true).run();
        assertSame(reader.get(), pattern(1_000_000), "pipe");
        assertThat(capacity(out.in())).isEqualTo(expected(64 << 10));
    }

    // CF-028
    @Test
    void oneDescriptorOnBothSidesIsDoubledAndSaidToHaveChanged() throws Exception {
        Fd both = file("both", bytes("twelve bytes"));
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class, () -> Transfer.from(both).to(both).run());
        assertThat(failure.errno()).isEqualTo(Errno.ESTALE);
        assertThat(content("both")).asString().isEqualTo("twelve bytestwelve bytes");
    }

    // G7
    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"SENDFILE", "READ_WRITE", "SPLICE_THROUGH_PIPE"})
    void aFileThatIsAppendedToItselfDoesNotFeedItselfForEver(Method method) throws Exception {
        Fd in = file("both", pattern(100_000));
        Fd out = keep(Fd.open(kernel, dir.resolve("both"), READ, WRITE));
        seek(out, 1000);
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Transfer.from(in)
                        .to(out)
                        .method(method)
                        .timeout(Duration.ofSeconds(1))
                        .run());
        assertThat(failure.errno()).isNotEqualTo(Errno.ETIMEDOUT);
        assertThat(failure.side()).isNotEqualTo(Side.OUT);
        assertThat(content("both").length).isLessThan(1_000_000);
    }
}
