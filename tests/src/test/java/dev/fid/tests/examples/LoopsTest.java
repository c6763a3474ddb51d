package dev.fid.tests.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.Pipe;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.tests.conformance.Command;
import dev.fid.tests.conformance.LoopMount;
import examples.articles.Ended;
import examples.articles.Ended.Kind;
import examples.articles.ReadWriteLoop;
import examples.articles.SpliceLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The fifth article's two loops: whatever happens, both give the same bytes and the same answer.
class LoopsTest {
    private static final int SIZE = 200_000;

    @TempDir
    Path dir;

    /// The two loops, and the calls by which each takes and gives.
    enum Loop {
        READ_WRITE("read", "write"),
        SPLICE("splice", "splice");

        final String take;
        final String give;

        Loop(String take, String give) {
            this.take = take;
            this.give = give;
        }

        Ended run(Kernel kernel, Fd in, Fd out) throws IOException {
            return this == SPLICE
                    ? SpliceLoop.run(kernel, in.number(), out.number())
                    : ReadWriteLoop.run(kernel, in.number(), out.number());
        }
    }

    private Path in() throws IOException {
        byte[] bytes = new byte[SIZE];
        new Random(1).nextBytes(bytes);
        return Files.write(dir.resolve("in"), bytes);
    }

    private static Fd output(Path path) throws IOException {
        return Fd.open(path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
    }

    private interface Faults {
        void add(FaultyKernel faulty, Loop loop, Fd in, Fd out);
    }

    /// Runs both, and returns the one answer that both gave, bytes that arrived apart; what arrived is the beginning
    /// of the input, and as long as the answer says.
    private Ended both(Faults faults) throws IOException {
        Path in = in();
        byte[] content = Files.readAllBytes(in);
        List<Ended> answers = new ArrayList<>();
        for (Loop loop : Loop.values()) {
            FaultyKernel faulty = FaultyKernel.over(Kernel.linux());
            try (Fd source = Fd.open(in);
                    Fd target = output(dir.resolve("out"))) {
                faults.add(faulty, loop, source, target);
                answers.add(loop.run(faulty.kernel(), source, target));
            }
            assertThat(faulty.log()).as("faults made").isNotEmpty();
            byte[] arrived = Files.readAllBytes(dir.resolve("out"));
            assertThat(arrived).isEqualTo(java.util.Arrays.copyOf(content, arrived.length));
            assertThat(answers.getLast().moved()).isEqualTo(arrived.length);
        }
        assertThat(answers.get(1).kind()).isEqualTo(answers.get(0).kind());
        assertThat(answers.get(1).errno()).isEqualTo(answers.get(0).errno());
        return answers.get(0);
    }

    @Test
    void aSignalLosesNothing() throws IOException {
        Ended ended = both((faulty, loop, in, out) -> {
            faulty.on(loop.take).fd(in.number()).range(1, 3).fails(Errno.EINTR);
            faulty.on(loop.give).fd(out.number()).range(1, 3).fails(Errno.EINTR);
        });
        assertThat(ended).isEqualTo(new Ended(Kind.DONE, 0, SIZE));
    }

    @Test
    void shortCountsAreNoErrors() throws IOException {
        Ended ended = both((faulty, loop, in, out) -> {
            faulty.on(loop.take).fd(in.number()).shortens(4097);
            faulty.on(loop.give).fd(out.number()).shortens(1000);
        });
        assertThat(ended).isEqualTo(new Ended(Kind.DONE, 0, SIZE));
    }

    @ParameterizedTest
    @CsvSource({"5, INPUT_ERROR", "12, INPUT_ERROR", "104, INPUT_ERROR"})
    void aFaultOfTheInputIsTheInputs(int errno, Kind kind) throws IOException {
        Ended ended = both((faulty, loop, in, out) ->
                faulty.on(loop.take).fd(in.number()).from(3).fails(errno));
        assertThat(ended.kind()).isEqualTo(kind);
        assertThat(ended.errno()).isEqualTo(errno);
        assertThat(ended.moved()).isPositive();
    }

    @ParameterizedTest
    @CsvSource({
        "5, OUTPUT_ERROR",
        "27, OUTPUT_ERROR",
        "32, OUTPUT_ERROR",
        "28, FILE_SYSTEM_FULL",
        "122, FILE_SYSTEM_FULL"
    })
    void aFaultOfTheOutputIsTheOutputsAndAFullDiskIsSaidSo(int errno, Kind kind) throws IOException {
        Ended ended = both((faulty, loop, in, out) ->
                faulty.on(loop.give).fd(out.number()).from(2).fails(errno));
        assertThat(ended.kind()).isEqualTo(kind);
        assertThat(ended.errno()).isEqualTo(errno);
        assertThat(ended.moved()).isPositive();
    }

    @Test
    void anOutputThatTakesNothingAndNamesNoErrorIsFull() throws IOException {
        Ended ended = both((faulty, loop, in, out) ->
                faulty.on(loop.give).fd(out.number()).from(2).returnsZero());
        assertThat(ended.kind()).isEqualTo(Kind.FILE_SYSTEM_FULL);
    }

    @ParameterizedTest
    @EnumSource
    void aFullFileSystemIsToldWithWhatArrived(Loop loop) throws IOException {
        LoopMount.require("mount", "umount");
        Path in = in();
        Path small = Files.createDirectory(dir.resolve("small"));
        String refused = Command.refusal("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small);
        LoopMount.check(refused == null, "needs mounts of tmpfs: " + refused);
        try (Fd source = Fd.open(in);
                Fd target = output(small.resolve("out"))) {
            Ended ended = loop.run(Kernel.linux(), source, target);
            assertThat(ended).isEqualTo(new Ended(Kind.FILE_SYSTEM_FULL, Errno.ENOSPC, 64 << 10));
            assertThat(Files.size(small.resolve("out"))).isEqualTo(64 << 10);
        } finally {
            Command.run("umount", small);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theFullDeviceIsFullForBoth(Loop loop) throws IOException {
        try (Fd source = Fd.open(in());
                Fd target = Fd.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
            assertThat(loop.run(Kernel.linux(), source, target))
                    .isEqualTo(new Ended(Kind.FILE_SYSTEM_FULL, Errno.ENOSPC, 0));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDirectoryIsAnErrorOfTheInputForBoth(Loop loop) throws IOException {
        try (Fd source = Fd.open(dir);
                Fd target = output(dir.resolve("out"))) {
            assertThat(loop.run(Kernel.linux(), source, target))
                    .isEqualTo(new Ended(Kind.INPUT_ERROR, Errno.EISDIR, 0));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPipeThatNobodyReadsIsAnErrorOfTheOutputForBoth(Loop loop) throws IOException {
        try (Fd source = Fd.open(in());
                Pipe pipe = Pipe.open()) {
            pipe.source().close();
            assertThat(loop.run(Kernel.linux(), source, pipe.sink()))
                    .isEqualTo(new Ended(Kind.OUTPUT_ERROR, Errno.EPIPE, 0));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatCannotBeSplicedIsCopiedAllTheSame(Loop loop) throws IOException {
        Path out = Files.writeString(dir.resolve("out"), "before ");
        try (Fd source = Fd.open(in());
                Fd target = Fd.open(out, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            assertThat(loop.run(Kernel.linux(), source, target)).isEqualTo(new Ended(Kind.DONE, 0, SIZE));
        }
        assertThat(Files.size(out)).isEqualTo(7 + SIZE);
        try (Fd source = Fd.open(Path.of("/proc/self/limits"));
                Fd target = output(out)) {
            assertThat(loop.run(Kernel.linux(), source, target).kind()).isEqualTo(Kind.DONE);
        }
        assertThat(out).hasContent(Files.readString(Path.of("/proc/self/limits")));
    }

    /// The same from outside: strace(1) interrupts the real calls of the real program.
    @ParameterizedTest
    @CsvSource({"ReadWriteLoop, read", "ReadWriteLoop, write", "SpliceLoop, splice"})
    void interruptedByStraceTheProgramsCopyEverything(String program, String call) throws IOException {
        LoopMount.require("strace");
        Path in = in();
        List<String> strace = List.of(
                "strace",
                "-f",
                "-qq",
                "-o",
                dir.resolve("log").toString(),
                "-P",
                in.toString(),
                "-P",
                dir.resolve("out").toString(),
                "-e",
                "trace=" + call,
                "-e",
                "inject=" + call + ":error=EINTR:when=1..4+1");
        try (Running running =
                Running.start(dir, Path.of("/dev/null"), strace, "articles." + program, in, dir.resolve("out"))) {
            Running.Ran ran = running.end();
            assertThat(ran.status()).as(ran.err()).isZero();
        }
        assertThat(Files.readString(dir.resolve("log"))).contains("EINTR").contains("INJECTED");
        assertThat(Files.mismatch(in, dir.resolve("out"))).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"ReadWriteLoop", "SpliceLoop"})
    void aLimitOnFileSizeIsAnErrorOfTheOutput(String program) throws IOException {
        Path in = in();
        List<String> limited = List.of("sh", "-c", "ulimit -f 100 && exec \"$@\"", "sh"); // 100 blocks of 512 bytes
        try (Running running = Running.start(dir, Path.of("/dev/null"), limited, "articles." + program, in, "out")) {
            Running.Ran ran = running.end();
            assertThat(ran.err()).contains("OUTPUT_ERROR: EFBIG").contains("51200 bytes arrived");
            assertThat(ran.status()).isEqualTo(4);
        }
        assertThat(Files.size(dir.resolve("out"))).isEqualTo(51200);
    }
}
