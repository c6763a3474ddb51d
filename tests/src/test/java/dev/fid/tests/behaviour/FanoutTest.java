package dev.fid.tests.behaviour;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.fanout.Fanout;
import dev.fid.fanout.Fanout.Policy;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Ground;
import dev.fid.tests.OnAllKernels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// One input, several outputs: each gets every byte, or the report says which it lost and why.
@OnAllKernels
class FanoutTest extends Fixture {
    private static final Duration NOT_AT_ALL = Duration.ZERO;

    /// Reads what comes until the sink is closed.
    private static On.Task<byte[]> reader(Fd fd) {
        return On.PLATFORM.start(() -> drain(fd));
    }

    // ---- every byte ----

    @ParameterizedTest
    @CsvSource({
        "FILE,PLATFORM",
        "PIPE,PLATFORM",
        "UNIX,PLATFORM",
        "TCP,PLATFORM",
        "FILE,VIRTUAL",
        "PIPE,VIRTUAL",
        "UNIX,VIRTUAL",
        "TCP,VIRTUAL"
    })
    void everyKindOfOutputGetsEveryByteOfEveryKindOfInput(String from, On on) throws Exception {
        byte[] content = pattern(700_001);
        Ends pipe = pipe();
        Fd[] unix = unixPair();
        Fd[] tcp = tcpPair();
        Fd file = create("out");
        file("log", bytes("old "));
        Fd log = keep(Fd.open(kernel, dir.resolve("log"), WRITE, APPEND));
        Fd nowhere = keep(Fd.open(kernel, Path.of("/dev/null"), WRITE));
        List<On.Task<byte[]>> readers = List.of(reader(pipe.in()), reader(unix[1]), reader(tcp[1]));
        Fd in = source(from, content);

        Fanout.Result result = on.run(() -> Fanout.from(in)
                .to(pipe.out(), unix[0], tcp[0], file, log, nowhere)
                .run());

        pipe.out().close();
        unix[0].close();
        tcp[0].close();
        assertThat(result.isComplete()).as("%s", result).isTrue();
        assertThat(result.bytes()).isEqualTo(content.length);
        // Linux 2.6 could not splice from unix sockets.
        boolean tees = ground != Ground.MODEL_2_6 || !from.equals("UNIX");
        assertThat(result.method()).isEqualTo(tees ? Method.TEE : Method.READ_WRITE);
        assertThat(result.branches()).allSatisfy(b -> assertThat(b.bytes()).isEqualTo(content.length));
        for (On.Task<byte[]> reader : readers) {
            assertSame(reader.get(), content, "stream");
        }
        assertSame(content("out"), content, "file");
        assertSame(part(content("log"), 4, 1_000_000), content, "log");
        assertThat(content("log")).startsWith(bytes("old "));
    }

    @Test
    void devNullTakesReferencesWhereItIsAllThereIs() throws Exception {
        byte[] content = pattern(700_001);
        List<Fd> nowhere = List.of(
                keep(Fd.open(kernel, Path.of("/dev/null"), WRITE)), keep(Fd.open(kernel, Path.of("/dev/null"), WRITE)));
        Fanout.Result result = Fanout.from(source("PIPE", content))
                .to(nowhere.toArray(Fd[]::new))
                .run();
        assertThat(result.branches()).allSatisfy(b -> assertThat(b.bytes()).isEqualTo(content.length));
        assertThat(result.method()).isEqualTo(Method.TEE);
        assertThat(result.userBytes()).as("bytes through user space").isZero();
        // Beside a file one read serves both.
        result = Fanout.from(source("PIPE", content))
                .to(nowhere.getFirst(), create("out"))
                .run();
        assertThat(result.method()).isEqualTo(Method.READ_WRITE);
    }

    private Fd source(String kind, byte[] content) throws Exception {
        if (kind.equals("FILE")) {
            return file("in", content);
        }
        Fd[] pair;
        if (kind.equals("PIPE")) {
            Ends ends = pipe();
            pair = new Fd[] {ends.in(), ends.out()};
        } else {
            pair = kind.equals("UNIX") ? unixPair() : tcpPair();
        }
        Fd sink = pair[1];
        On.PLATFORM.start(() -> {
            put(sink, content);
            sink.close();
            return 0;
        });
        return pair[0];
    }

    @ParameterizedTest
    @ValueSource(strings = {"FILE", "PIPE", "UNIX", "TCP"})
    void anEmptyInputIsNoError(String from) throws Exception {
        Ends pipe = pipe();
        Fd file = create("out");
        Fanout.Result result =
                Fanout.from(source(from, new byte[0])).to(pipe.out(), file).run();
        assertThat(result.bytes()).isZero();
        assertThat(result.isComplete()).isTrue();
        assertThat(content("out")).isEmpty();
    }

    @Test
    void sixteenOutputsGetEveryByte() throws Exception {
        byte[] content = pattern(1 << 20);
        List<Fd> outs = new ArrayList<>();
        List<On.Task<byte[]>> readers = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            Ends pipe = pipe();
            outs.add(pipe.out());
            readers.add(reader(pipe.in()));
        }
        Fanout.Result result = Fanout.from(file("in", content)).to(outs).run();
        outs.forEach(Fd::close);
        assertThat(result.isComplete()).isTrue();
        for (On.Task<byte[]> reader : readers) {
            assertSame(reader.get(), content, "pipe");
        }
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void tinyOutputPipesGetARoundInPartsWithoutAGap(On on) throws Exception {
        byte[] content = pattern(150_000);
        Ends one = pipe(kernel, 4096);
        Ends two = pipe(kernel, 8192);
        List<On.Task<byte[]>> readers = List.of(reader(one.in()), reader(two.in()));
        Fd in = file("in", content);
        Fanout.Result result =
                on.run(() -> Fanout.from(in).to(one.out(), two.out()).run());
        one.out().close();
        two.out().close();
        assertThat(result.isComplete()).isTrue();
        for (On.Task<byte[]> reader : readers) {
            assertSame(reader.get(), content, "tiny pipe");
        }
    }

    @Test
    void anOutputWithOneSlotLeftGetsTheRoundOnce() throws Exception {
        Ends tight = pipe(kernel, 8192);
        Ends wide = pipe();
        put(tight.out(), pattern(4096));
        Ends in = pipe();
        put(in.out(), pattern(20_000));
        in.out().close();
        On.Task<Fanout.Result> task = On.PLATFORM.start(
                () -> Fanout.from(in.in()).to(tight.out(), wide.out()).run());
        task.waits();
        assertSame(takeAll(tight.in(), 4096), pattern(4096), "what was there");
        assertSame(takeAll(tight.in(), 20_000), pattern(20_000), "the round");
        assertSame(takeAll(wide.in(), 20_000), pattern(20_000), "the other");
        assertThat(task.get().isComplete()).isTrue();
    }

    // ---- how ----

    @Test
    void noByteOfAFilePassesUserSpaceWhileAllKeepUp() throws Exception {
        Ends one = pipe(kernel, 1 << 20);
        Ends two = pipe(kernel, 1 << 20);
        Fd[] tcp = tcpPair();
        Fanout.Result result = Fanout.from(file("in", pattern(300_000)))
                .to(one.out(), two.out(), tcp[0])
                .run();
        assertThat(result.method()).isEqualTo(Method.TEE);
        assertThat(result.userBytes()).isZero();
        assertSame(takeAll(one.in(), 300_000), pattern(300_000), "one");
        assertSame(takeAll(two.in(), 300_000), pattern(300_000), "two");
        assertSame(takeAll(tcp[1], 300_000), pattern(300_000), "TCP");
    }

    @Test
    void filesAloneAreServedByOneReadAndAWriteEach() throws Exception {
        Fd in = file("in", pattern(128 << 10));
        Fanout.Result result =
                Fanout.from(in).to(create("a"), create("b"), create("c")).run();
        assertThat(result.method()).isEqualTo(Method.READ_WRITE);
        assertThat(result.userBytes()).isEqualTo(128 << 10);
        assertThat(result.calls()).containsEntry("write", 3L).containsEntry("read", 2L);
        assertThat(result.declined()).singleElement().asString().contains("no output is a pipe or socket");
        for (String name : List.of("a", "b", "c")) {
            assertSame(content(name), pattern(128 << 10), name);
        }
    }

    @Test
    void copyingGivesEachOutputBytesOfItsOwn() throws Exception {
        Fd in = file("in", pattern(10_000));
        Ends pipe = pipe();
        Fanout.Result result =
                Fanout.from(in).to(pipe.out(), create("out")).copying(true).run();
        assertThat(result.method()).isEqualTo(Method.READ_WRITE);
        kernel.lseek(in.number(), 0, Uapi.SEEK_SET);
        put(in, "changed");
        assertSame(takeAll(pipe.in(), 10_000), pattern(10_000), "pipe");
    }

    @Test
    void aKernelWithoutTeeIsCopiedAndSaysSo() throws Exception {
        FaultyKernel faulty = FaultyKernel.over(kernel).on("tee").fails(Errno.EPERM);
        Ends one = pipe(faulty.kernel(), 1 << 20);
        Ends two = pipe(faulty.kernel(), 1 << 20);
        Fanout.Result result = Fanout.from(file(faulty.kernel(), "in", pattern(300_000)))
                .to(one.out(), two.out())
                .run();
        assertSame(takeAll(one.in(), 300_000), pattern(300_000), "one");
        assertSame(takeAll(two.in(), 300_000), pattern(300_000), "two");
        assertThat(result.declined()).singleElement().asString().contains("EPERM");
        assertThat(result.method()).isEqualTo(Method.READ_WRITE);
    }

    @Test
    void aLengthLeavesTheRestOfThePipe() throws Exception {
        Ends in = pipe();
        put(in.out(), "hello, world");
        Ends one = pipe();
        Ends two = pipe();
        Fanout.from(in.in()).to(one.out(), two.out()).length(5).run();
        assertThat(take(one.in(), 99)).asString().isEqualTo("hello");
        assertThat(take(two.in(), 99)).asString().isEqualTo("hello");
        assertThat(take(in.in(), 99)).asString().isEqualTo(", world");
    }

    @Test
    void aFanoutHasAnOutput() throws Exception {
        Ends in = pipe();
        assertThatThrownBy(() -> Fanout.from(in.in()).to(List.of())).isInstanceOf(IllegalArgumentException.class);
    }

    // ---- outputs that fail ----

    @Test
    void anOutputThatDiesIsReportedOnceAndTheOthersGetEveryByte() throws Exception {
        byte[] content = pattern(2_000_000);
        Fd in = file("in", content);
        Ends dying = pipe();
        Ends pipe = pipe();
        Fd file = create("out");
        On.Task<byte[]> other = reader(pipe.in());
        On.Task<Fanout.Result> task = On.PLATFORM.start(
                () -> Fanout.from(in).to(dying.out(), pipe.out(), file).run());
        assertSame(takeAll(dying.in(), 100_000), part(content, 0, 100_000), "before it died");
        dying.in().close();
        Fanout.Result result = task.get();
        pipe.out().close();
        assertSame(other.get(), content, "pipe");
        assertSame(content("out"), content, "file");
        Fanout.Branch dead = result.branches().getFirst();
        assertThat(dead.failure()).isNotNull();
        assertThat(dead.failure().errno()).isEqualTo(Errno.EPIPE);
        assertThat(dead.failure().side()).isEqualTo(Side.OUT);
        assertThat(dead.failure().getMessage()).contains("out=" + dying.out().number() + ":pipe");
        assertThat(dead.bytes()).isBetween(100_000L, (long) content.length - 1);
        assertThat(result.isComplete()).isFalse();
        assertThat(result.branches().subList(1, 3)).allSatisfy(b -> {
            assertThat(b.failure()).isNull();
            assertThat(b.bytes()).isEqualTo(content.length);
        });
    }

    @Test
    void aFullDeviceFailsAloneInEachPlaceOfTheList() throws Exception {
        byte[] content = pattern(200_000);
        for (int place = 0; place < 3; place++) {
            Fd full = keep(Fd.open(kernel, Path.of("/dev/full"), WRITE));
            Ends pipe = pipe(kernel, 1 << 20);
            Fd file = create("out-" + place);
            List<Fd> outs = new ArrayList<>(List.of(pipe.out(), file));
            outs.add(place, full);
            Fanout.Result result = Fanout.from(file("in", content)).to(outs).run();
            ErrnoException failure = result.branches().get(place).failure();
            assertThat(failure).isNotNull();
            assertThat(failure.errno()).isEqualTo(Errno.ENOSPC);
            assertSame(takeAll(pipe.in(), content.length), content, "pipe");
            assertSame(content("out-" + place), content, "file");
        }
    }

    @Test
    void withoutAnyOutputLeftItEnds() throws Exception {
        Ends one = pipe();
        Ends two = pipe();
        one.in().close();
        two.in().close();
        Fanout.Result result = Fanout.from(file("in", pattern(5_000_000)))
                .to(one.out(), two.out())
                .run();
        assertThat(result.branches()).allSatisfy(b -> {
            assertThat(b.failure()).isNotNull();
            assertThat(b.failure().errno()).isEqualTo(Errno.EPIPE);
        });
        assertThat(result.bytes()).isLessThan(5_000_000);
    }

    // ---- pipes that it is given ----

    @ParameterizedTest
    @CsvSource({"true,1000000,1048576", "true,1000,65536", "false,1000000,65536"})
    void bulkMakesThePipesThatItIsGivenLarger(boolean growPipes, int len, long capacity) throws Exception {
        byte[] content = pattern(len);
        List<Ends> outs = List.of(pipe(), pipe());
        List<On.Task<byte[]>> readers =
                outs.stream().map(ends -> reader(ends.in())).toList();
        Ends from = pipe();
        On.Task<Integer> writer = On.PLATFORM.start(() -> {
            put(from.out(), content);
            return 0;
        });

        Fanout.Result result = Fanout.from(from.in())
                .to(outs.get(0).out(), outs.get(1).out())
                .length(len)
                .growPipes(growPipes)
                .run();

        writer.get();
        outs.forEach(ends -> ends.out().close());
        for (On.Task<byte[]> reader : readers) {
            assertSame(reader.get(), content, "what it got");
        }
        assertThat(result.isComplete()).isTrue();
        for (Fd pipe : List.of(from.in(), outs.get(0).in(), outs.get(1).in())) {
            assertThat(capacity(pipe)).isEqualTo(expected(capacity));
        }
    }

    /// A round must find room in the private pipe of each output, slot by slot, so the input does not outgrow those.
    @Test
    void theInputDoesNotOutgrowThePipesWhereReferencesWait() throws Exception {
        byte[] content = pattern(700_001);
        FaultyKernel refusing = FaultyKernel.over(kernel);
        refusing.on("fcntl")
                .when(call -> call.arguments().contains(Uapi.F_SETPIPE_SZ))
                .nth(1)
                .fails(Errno.EPERM);
        Ends out = pipe(refusing.kernel(), 0);
        On.Task<byte[]> reader = reader(out.in());
        Ends from = pipe(refusing.kernel(), 0);
        On.Task<Integer> writer = On.PLATFORM.start(() -> {
            put(from.out(), content);
            from.out().close();
            return 0;
        });
        Fanout.Result result = Fanout.from(from.in())
                .to(out.out(), create(refusing.kernel(), "out"))
                .growPipes(true)
                .run();
        writer.get();
        out.out().close();
        assertSame(reader.get(), content, "pipe");
        assertSame(content("out"), content, "file");
        assertThat(result.method()).isEqualTo(Method.TEE);
        assertThat(capacity(from.in())).isEqualTo(expected(64 << 10));
    }

    /// Whoever writes may enlarge the pipe between us, too, when ours are there already.
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void anInputThatSomebodyElseMakesLargerIsCopiedWhereARoundDoesNotFit(int count) throws Exception {
        byte[] content = pattern(700_001);
        FaultyKernel hooked = FaultyKernel.over(kernel);
        Ends from = pipe(hooked.kernel(), 65536);
        hooked.on("fionread").nth(1).runs(_ -> {
            kernel.fcntl(from.out().number(), Uapi.F_SETPIPE_SZ, 1 << 20);
            put(from.out(), content);
            from.out().close();
        });
        List<Ends> outs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            outs.add(pipe(hooked.kernel(), 65536));
        }
        List<On.Task<byte[]>> readers =
                outs.stream().map(ends -> reader(ends.in())).toList();
        Fanout.Result result = Fanout.from(from.in())
                .to(outs.stream().map(Ends::out).toList())
                .pipeCapacity(65536)
                .run();
        outs.forEach(ends -> ends.out().close());
        for (On.Task<byte[]> reader : readers) {
            assertSame(reader.get(), content, "what it got");
        }
        assertThat(result.isComplete()).as("%s", result).isTrue();
        assertThat(result.declined()).extracting(Declined::reason).contains("the input's pipe was made larger");
    }

    // ---- policies ----

    @ParameterizedTest
    @EnumSource(On.class)
    void blockGoesAtTheSpeedOfTheSlowest(On on) throws Exception {
        byte[] content = pattern(1_000_000);
        Fd in = file("in", content);
        Ends slow = pipe();
        Ends fast = pipe(kernel, 1 << 20);
        On.Task<Fanout.Result> task = on.start(() -> Fanout.from(in)
                .to(slow.out(), fast.out())
                .pipeCapacity(65536)
                .patience(NOT_AT_ALL)
                .run());
        task.waits();
        assertThat(kernel.fionread(fast.in().number()))
                .as("two rounds at most ahead of the slow one")
                .isLessThanOrEqualTo(3 * 65536);
        assertSame(takeAll(slow.in(), content.length), content, "slow");
        assertSame(takeAll(fast.in(), content.length), content, "fast");
        assertThat(task.get().isComplete()).isTrue();
    }

    @Test
    void failLeavesOutTheSlowOneWithEnobufs() throws Exception {
        byte[] content = pattern(1_000_000);
        Ends slow = pipe();
        Ends fast = pipe(kernel, 1 << 20);
        Fanout.Result result = Fanout.from(file("in", content))
                .to(slow.out(), fast.out())
                .pipeCapacity(65536)
                .policy(Policy.FAIL)
                .patience(NOT_AT_ALL)
                .run();
        Fanout.Branch failed = result.branches().getFirst();
        assertThat(failed.failure()).isNotNull();
        assertThat(failed.failure().errno()).isEqualTo(Errno.ENOBUFS);
        assertThat(failed.dropped()).isZero();
        assertThat(result.branches().get(1).bytes()).isEqualTo(content.length);
        slow.out().close();
        assertSame(drain(slow.in()), part(content, 0, (int) failed.bytes()), "what it got");
        assertSame(takeAll(fast.in(), content.length), content, "fast");
    }

    @Test
    void dropLosesWholeRoundsAndCountsThem() throws Exception {
        byte[] content = pattern(1_000_000);
        Ends slow = pipe();
        Ends fast = pipe(kernel, 1 << 20);
        Fanout.Result result = Fanout.from(file("in", content))
                .to(slow.out(), fast.out())
                .pipeCapacity(65536)
                .policy(Policy.DROP)
                .patience(NOT_AT_ALL)
                .run();
        Fanout.Branch slowOne = result.branches().getFirst();
        assertThat(slowOne.failure()).isNull();
        assertThat(slowOne.bytes() + slowOne.dropped()).isEqualTo(content.length);
        assertThat(slowOne.dropped()).isPositive();
        assertThat(result.isComplete()).isFalse();
        slow.out().close();
        assertSame(drain(slow.in()), part(content, 0, (int) slowOne.bytes()), "what it got");
        assertSame(takeAll(fast.in(), content.length), content, "fast");
    }

    /// Each round is 64 KiB, so that one can tell which were lost.
    @Test
    void anOutputThatHasCaughtUpTakesPartAgain() throws Exception {
        int round = 65536;
        byte[] content = pattern(16 * round);
        Ends slow = pipe();
        Fd nowhere = keep(Fd.open(kernel, Path.of("/dev/null"), WRITE));
        List<byte[]> got = new ArrayList<>();
        boolean[] woken = new boolean[1];
        Fanout.Result result = Fanout.from(file("in", content))
                .to(slow.out(), nowhere)
                .pipeCapacity(round)
                .policy(Policy.DROP)
                .patience(NOT_AT_ALL)
                .progress(Duration.ZERO, p -> {
                    if (p.bytes() >= 8L * round && !woken[0]) {
                        woken[0] = true;
                    }
                    if (woken[0]) {
                        got.add(take(slow.in(), 1 << 20));
                    }
                })
                .run();
        slow.out().close();
        got.add(drain(slow.in()));
        Fanout.Branch branch = result.branches().getFirst();
        assertThat(branch.bytes() + branch.dropped()).isEqualTo(content.length);
        assertThat(branch.dropped() % round).isZero();
        assertThat(branch.bytes()).as("it takes part again").isGreaterThan(4L * round);
        int all = got.stream().mapToInt(b -> b.length).sum();
        assertThat(all).isEqualTo((int) branch.bytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"FILE", "PIPE"})
    void whenAllOutputsLagTheirRoundsAreLostOnceAndCountedOnce(String from) throws Exception {
        byte[] content = pattern(1_000_000);
        Ends slow = pipe();
        Fanout.Result result = Fanout.from(source(from, content))
                .to(slow.out())
                .pipeCapacity(65536)
                .policy(Policy.DROP)
                .patience(NOT_AT_ALL)
                .timeout(Duration.ofSeconds(20))
                .run();
        Fanout.Branch branch = result.branches().getFirst();
        assertThat(result.bytes()).isEqualTo(content.length);
        assertThat(branch.bytes() + branch.dropped()).isEqualTo(content.length);
        slow.out().close();
        assertSame(drain(slow.in()), part(content, 0, (int) branch.bytes()), "what it got");
    }

    // ---- time, interrupts, borrowed ends ----

    @ParameterizedTest
    @EnumSource(On.class)
    void anInterruptEndsAFanoutThatWaits(On on) throws Exception {
        Ends in = pipe();
        Ends one = pipe();
        On.Task<Fanout.Result> task =
                on.start(() -> Fanout.from(in.in()).to(one.out(), create("x")).run());
        task.waits().thread().interrupt();
        assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
        assertThat(task.keptInterrupt()).isTrue();
    }

    @Test
    void theTimeEndsAFanoutThatWaitsForAnOutput() throws Exception {
        Ends full = pipe();
        ErrnoException failure = catchThrowableOfType(
                ErrnoException.class,
                () -> Fanout.from(file("in", pattern(3_000_000)))
                        .to(full.out(), create("x"))
                        .timeout(Duration.ofMillis(30))
                        .run());
        assertThat(failure.errno()).isEqualTo(Errno.ETIMEDOUT);
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aFullBorrowedPipeThatCannotBeReopenedHoldsNobody(On on) throws Exception {
        FaultyKernel closed = FaultyKernel.over(kernel)
                .on("openat")
                .when(call -> call.toString().contains("/proc/self/fd"))
                .fails(Errno.EACCES);
        Fd in = file(closed.kernel(), "in", pattern(300_000));
        Ends full = pipe(kernel, 0, 0);
        keep(full.in());
        keep(full.out());
        Fd file = create(closed.kernel(), "out");
        Fanout.Result result = on.run(() -> Fanout.from(in)
                .to(Fd.borrow(closed.kernel(), full.out().number()), file)
                .copying(true)
                .policy(Policy.FAIL)
                .patience(Duration.ofMillis(20))
                .run());
        assertThat(result.branches().getFirst().failure()).isNotNull();
        assertThat(result.branches().getFirst().failure().errno()).isEqualTo(Errno.ENOBUFS);
        assertSame(content("out"), pattern(300_000), "file");
    }

    @Test
    void anOutputThatIsNotOpenLeavesNothingBehind() throws Exception {
        Ends in = pipe(kernel, 0, 0);
        keep(in.in());
        keep(in.out());
        Fd borrowed = Fd.borrow(in.in().number());
        assertThatThrownBy(() -> Fanout.from(borrowed).to(Fd.borrow(-1)).run()).isInstanceOf(ErrnoException.class);
    }

    // ---- another reader of the input ----

    /// Reads what is in `from` as soon as `call` has answered for the `n`-th time, as another process may.
    private Kernel robbedAfter(String call, int n, Fd from) {
        AtomicInteger answers = new AtomicInteger();
        Decorated thief = new Decorated() {
            @Override
            public @Nullable Object own(String name) {
                return null;
            }

            @Override
            public void answered(String name, @Nullable Object result) {
                if (name.equals(call) && answers.incrementAndGet() == n) {
                    take(from, 1 << 16);
                }
            }
        };
        return thief.kernel(kernel);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whatAnotherReaderOfTheInputTakesBeforeAnyOutputHasItIsNotOurs(int outputs) throws Exception {
        assumeTrue(ground != Ground.MODEL_2_6, "Linux 2.6 copies from here");
        Ends from = pipe();
        put(from.out(), "his");
        Kernel robbed = robbedAfter("fionread", 1, from.in());
        List<Fd> outs = new ArrayList<>();
        List<Fd> peers = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            Fd[] pair = streamPair();
            outs.add(Fd.borrow(robbed, pair[0].number()));
            peers.add(pair[1]);
        }
        On.Task<Fanout.Result> task = On.PLATFORM.start(() ->
                Fanout.from(Fd.borrow(robbed, from.in().number())).to(outs).run());
        put(from.out(), "ours");
        from.out().close();
        Fanout.Result result = task.get();
        assertThat(result.isComplete()).isTrue();
        assertThat(result.bytes()).isLessThanOrEqualTo(4);
        for (Fd peer : peers) {
            assertThat(takeAll(peer, (int) result.bytes())).hasSize((int) result.bytes());
        }
    }

    @Test
    void whatAnotherReaderTakesFromSomeOutputsOnlyEndsThem() throws Exception {
        assumeTrue(ground != Ground.MODEL_2_6, "Linux 2.6 copies from here");
        Ends from = pipe();
        put(from.out(), "hello");
        Kernel robbed = robbedAfter("tee", 1, from.in());
        Fd one = Fd.borrow(robbed, streamPair()[0].number());
        Fd other = Fd.borrow(robbed, streamPair()[0].number());
        On.Task<Fanout.Result> task =
                On.PLATFORM.start(() -> Fanout.from(Fd.borrow(robbed, from.in().number()))
                        .to(one, other)
                        .run());
        Fanout.Result result = task.get();
        assertThat(result.branches())
                .allSatisfy(branch -> assertThat(branch.failure())
                        .hasFieldOrPropertyWithValue("errno", Errno.ESTALE)
                        .hasMessageContaining("somebody else reads the input"));
    }
}
