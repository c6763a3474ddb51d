package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Method;
import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Stopwatch;
import dev.fid.bench.race.ModelledRun;
import dev.fid.bench.report.Mechanism;
import dev.fid.bench.result.Modelled;
import dev.fid.bench.result.Report;
import dev.fid.bench.way.Blocks;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.Runner;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The same way on this machine and on the model.
class MechanismTest {
    private static final int BYTES = 4 << 20;

    @TempDir
    Path directory;

    private record Both(Runner.Outcome outcome, Modelled modelled) {
        double callsPerMib() {
            Runner.Told told = outcome.told();
            Runner.Counted counted = outcome.counted();
            return (told != null ? told.sum() : counted == null ? -1 : counted.calls()) / 4.0;
        }
    }

    private Both run(Contender contender, BedEnd.Kind in, BedEnd.Kind out) throws IOException {
        Kernel kernel = Kernel.linux();
        Path source = Files.write(directory.resolve("source"), new byte[BYTES]);
        try (Bed bed = new Bed(kernel, directory, Content.of(source, BYTES), -1, in, out);
                Stopwatch watch = new Stopwatch(kernel)) {
            bed.begin(Bed.Sink.DISCARD);
            Runner.Outcome outcome = contender.way().move(bed, watch);
            bed.end();
            Modelled modelled = ModelledRun.of(contender, bed, outcome);
            assertThat(modelled).as(contender.name()).isNotNull();
            return new Both(outcome, java.util.Objects.requireNonNull(modelled));
        }
    }

    @Test
    void aFileReachesASocketWithoutACopyAndAFileWithOne() throws IOException {
        assertThat(run(Contender.fid(Runner.fid(null)), BedEnd.Kind.FILE, BedEnd.Kind.SOCKET)
                        .modelled()
                        .copies())
                .isZero();
        assertThat(run(Contender.method(Method.SPLICE_THROUGH_PIPE), BedEnd.Kind.FILE, BedEnd.Kind.FILE)
                        .modelled()
                        .copies())
                .isEqualTo(1);
    }

    @Test
    void whoDropsWhatArrivesAddsNoCopy() throws IOException {
        Both both = run(Contender.method(Method.READ_WRITE), BedEnd.Kind.FILE, BedEnd.Kind.SOCKET);
        assertThat(both.modelled().copies()).isEqualTo(2); // those of read and write, none of the other end
    }

    @Test
    void readAndWriteCopyTwice() throws IOException {
        Both both = run(Contender.method(Method.READ_WRITE), BedEnd.Kind.FILE, BedEnd.Kind.FILE);
        assertThat(both.modelled().copies()).isEqualTo(2);
    }

    /// Blocks are what is asked for in a call, here and there: so the counts must agree where calls are never short.
    @Test
    void aLoopMakesAsManyCallsOnTheModelAsHere() throws IOException {
        List<Contender> loops = Blocks.contenders(BedEnd.Kind.FILE, BedEnd.Kind.FILE, List.of(64L << 10));
        assertThat(loops).hasSize(5);
        for (Contender loop : loops) {
            Both both = run(loop, BedEnd.Kind.FILE, BedEnd.Kind.FILE);
            assertThat(both.modelled().callsPerMib()).as(loop.name()).isEqualTo(both.callsPerMib());
            assertThat(both.modelled().copies()).as(loop.name()).isBetween(1.0, 2.0);
        }
    }

    /// Their calls of a request are in the table of the race; calls of a MiB of requests would be nonsense.
    @Test
    void noBytesAreFollowedThroughRelays() throws IOException {
        Report relays = Report.fromJson(Files.readString(Path.of("../docs/measured-relay.json")));
        assertThat(relays.results())
                .isNotEmpty()
                .allSatisfy(result -> assertThat(Mechanism.of(result).rows()).isEmpty());
        Report files = Report.fromJson(Files.readString(Path.of("../docs/measured.json")));
        assertThat(files.results())
                .anySatisfy(result -> assertThat(Mechanism.of(result).rows()).isNotEmpty());
    }
}
