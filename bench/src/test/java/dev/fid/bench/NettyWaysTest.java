package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Stopwatch;
import dev.fid.bench.way.NettyWays;
import dev.fid.bench.way.Runner;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What Netty is raced by loses nothing, however early its input comes and ends.
class NettyWaysTest {
    private static final int BYTES = 1 << 20;
    private static final int ROUNDS = 100;

    @TempDir
    Path directory;

    @Test
    void allIsSplicedOfAnInputThatHasEndedAlready() throws IOException {
        assertAllArrives(NettyWays.splice());
    }

    @Test
    void allIsCopiedOfAnInputThatHasEndedAlready() throws IOException {
        assertAllArrives(NettyWays.buffers());
    }

    private void assertAllArrives(Runner way) throws IOException {
        Kernel kernel = Kernel.linux();
        byte[] bytes = new byte[BYTES];
        new Random(1).nextBytes(bytes);
        Content content = Content.of(Files.write(directory.resolve("source"), bytes), BYTES);
        try (Bed bed = new Bed(kernel, directory, content, -1, BedEnd.Kind.SOCKET, BedEnd.Kind.SOCKET);
                Stopwatch watch = new Stopwatch(kernel)) {
            for (int round = 0; round < ROUNDS; round++) {
                bed.begin(Bed.Sink.COMPARE);
                assertThat(way.move(bed, watch).sample().bytes()).isEqualTo(BYTES);
                bed.end();
            }
        }
    }
}
