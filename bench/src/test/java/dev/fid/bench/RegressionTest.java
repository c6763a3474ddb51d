package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.measure.Sample;
import dev.fid.bench.race.BenchOptions;
import dev.fid.bench.result.Comparison;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Contender;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whether a run that became slower is found, and one that did not is left alone. The runs are drawn from a seed, with
/// the
/// noise of a shared machine: a tenth that comes and goes for all of a round, a few percent for each by itself.
class RegressionTest {
    private static final int RACES = 200;
    private static final int ROUNDS = 7;
    private static final double ALLOWED = 0.1; // --fail-if-slower 10%
    private static final long GIB = 1L << 30;

    private final Random random = new Random(Long.getLong("fid.seed", 42));

    @TempDir
    Path directory;

    /// @param factor of what Fid takes
    /// @param machine of what everybody takes
    private Result race(int number, double factor, double machine, int rounds) {
        List<String> names = List.of("Fid", "Fid again", "C splice", "C read_write", "JDK streams");
        List<Contender.Kind> kinds = List.of(
                Contender.Kind.FID, Contender.Kind.AGAIN, Contender.Kind.C, Contender.Kind.C, Contender.Kind.JDK);
        List<List<Sample>> samples = new ArrayList<>();
        names.forEach(name -> samples.add(new ArrayList<>()));
        for (int round = 0; round < rounds; round++) {
            double all = machine * Math.exp(0.1 * random.nextGaussian());
            for (int i = 0; i < names.size(); i++) {
                double own = (i < 2 ? factor : 1 + 0.3 * i) * all * Math.exp(0.04 * random.nextGaussian());
                long nanos = (long) (500_000_000 * own);
                samples.get(i).add(new Sample(GIB, nanos, (long) (0.9 * nanos), -1, 4));
            }
        }
        List<Result.Series> series = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            series.add(new Result.Series(names.get(i), kinds.get(i), 0, "splice", 0, 0, 128, null, samples.get(i)));
        }
        return new Result("race-" + number, "race " + number, GIB, List.of(), series, List.of(), 0);
    }

    private Report report(double factor, double machine, int rounds) {
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < RACES; i++) {
            results.add(race(i, factor, machine, rounds));
        }
        return new Report(Map.of(), "fid bench", "2026-01-01T00:00:00Z", 7, results, List.of(), List.of(), null);
    }

    private static long flagged(Report now, Report then) {
        return Comparison.of(now, then).changes().stream()
                .filter(change -> change.isSlowerBy(ALLOWED))
                .map(Comparison.Change::id)
                .distinct()
                .count();
    }

    @Test
    void aFifthMoreIsFoundInNearlyEveryRace() {
        assertThat(flagged(report(1.2, 1, ROUNDS), report(1, 1, ROUNDS))).isGreaterThanOrEqualTo(RACES * 95 / 100);
    }

    @Test
    void aSlowDayOfTheMachineHidesNothing() {
        assertThat(flagged(report(1.2, 1.5, ROUNDS), report(1, 1, ROUNDS))).isGreaterThanOrEqualTo(RACES * 95 / 100);
    }

    @Test
    void theSameCodeAgainIsNotSlowerWhateverTheMachineDoes() {
        assertThat(flagged(report(1, 1, ROUNDS), report(1, 1, ROUNDS))).isZero();
        assertThat(flagged(report(1, 1.5, ROUNDS), report(1, 1, ROUNDS))).isZero();
    }

    @Test
    void threeRoundsDecideNothing() {
        assertThat(flagged(report(2, 1, 3), report(1, 1, 3))).isZero();
        assertThat(Comparison.of(report(2, 1, 3), report(1, 1, 3)).changes())
                .allMatch(change -> change.verdict().equals("not decided by so few rounds"));
    }

    @Test
    void theCommandSaysWhichRaceBecameSlower() throws IOException {
        Path then = Files.writeString(
                directory.resolve("then.json"), report(1, 1, ROUNDS).toJson());
        Path now = Files.writeString(
                directory.resolve("now.json"), report(1.2, 1, ROUNDS).toJson());
        assertThat(compare(then, then)).isEqualTo(Bench.Outcome.DONE);
        assertThat(compare(now, then)).isEqualTo(Bench.Outcome.SLOWER);
    }

    private static Bench.Outcome compare(Path now, Path then) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream progress = new PrintStream(said, true, StandardCharsets.UTF_8);
        Bench.Outcome outcome = Bench.run(
                new BenchOptions(
                        new BenchOptions.Outputs(null, null, null, null, null, then, ALLOWED, true),
                        now,
                        Duration.ZERO,
                        BenchOptions.Extent.ALL,
                        List.of(),
                        List.of(),
                        1,
                        7,
                        GIB),
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                progress);
        if (outcome == Bench.Outcome.SLOWER) {
            assertThat(said.toString(StandardCharsets.UTF_8)).contains("too slow: race-0, ");
        }
        return outcome;
    }
}
