package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.fanout.Fanout;
import dev.fid.kernel.Kernel;
import dev.fid.model.Freedom;
import dev.fid.model.Limits;
import dev.fid.model.ModelClock;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import dev.fid.tests.Contents;
import dev.fid.tests.Ground;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Rates on the model with a clock that stands still but for its own waits: an hour of them takes no hour.
@Timeout(60)
class VirtualClockTest {
    private static final Path DIRECTORY = Path.of("/virtual");

    private final Kernel kernel =
            new ModelKernel(Profile.LINUX_6_18, Limits.USUAL, Freedom.USUAL, ModelClock.virtual());

    private Fd file(String name) throws Exception {
        Contents.write(kernel, DIRECTORY.resolve(name), new byte[100_000]);
        return Fd.open(kernel, DIRECTORY.resolve(name), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    @Test
    void aLimitedTransferEndsAndTakesItsTimeByTheModelsClock() throws Exception {
        Ground.createFolder(kernel, DIRECTORY);
        try (Fd in = file("in");
                Fd out = file("out")) {
            Moved moved = Transfer.from(in).to(out).limit(10_000).run();
            assertThat(moved.bytes()).isEqualTo(100_000);
            assertThat(moved.nanos()).isBetween(8_000_000_000L, 12_000_000_000L);
        }
    }

    @Test
    void aLimitedFanoutEnds() throws Exception {
        Ground.createFolder(kernel, DIRECTORY);
        try (Fd in = file("in");
                Fd a = file("a");
                Fd b = file("b")) {
            Fanout.Result result = Fanout.from(in).to(a, b).limit(10_000).run();
            assertThat(result.isComplete()).isTrue();
            assertThat(result.bytes()).isEqualTo(100_000);
        }
    }
}
