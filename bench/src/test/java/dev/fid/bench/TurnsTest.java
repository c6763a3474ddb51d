package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.measure.Timetable;
import dev.fid.bench.measure.Turns;
import dev.fid.bench.race.BenchOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Time here is a number that each run adds to: what is counted is what a run of the benchmark would take.
class TurnsTest {
    private static final long SECOND = 1_000_000_000;
    private static final int MOST = 15;

    private long now;

    /// Contenders by name, and what a run of each takes.
    private final Map<String, Long> costs = new HashMap<>();

    private final Map<String, Integer> counted = new HashMap<>();

    /// Fails in its third round.
    private String failing = "";

    private final Turns.Course<String> course = new Turns.Course<>() {
        @Override
        public boolean qualifies(String contender) {
            now += 3 * costs.getOrDefault(contender, 0L); // its bytes are compared
            return !contender.startsWith("unable");
        }

        @Override
        public boolean run(String contender, boolean counts) {
            now += costs.getOrDefault(contender, 0L);
            if (counts && contender.equals(failing) && counted.getOrDefault(contender, 0) == 2) {
                return false;
            }
            counted.merge(contender, counts ? 1 : 0, Integer::sum);
            return true;
        }
    };

    private List<String> contenders(int count, long cost) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add("contender " + i);
            costs.put("contender " + i, cost);
        }
        return names;
    }

    private Turns.Outcome<String> race(List<String> contenders, long deadline) throws IOException {
        return new Turns<String>(() -> now, deadline, MOST, new Random(7)).take(contenders, 2, course);
    }

    @Test
    void whereThereIsTimeAllTakePartInAllRounds() throws IOException {
        Turns.Outcome<String> outcome = race(contenders(20, SECOND / 10), 1000 * SECOND);
        assertThat(outcome.leftOut()).isEmpty();
        assertThat(outcome.rounds()).isEqualTo(MOST);
        assertThat(counted.values()).hasSize(20).allMatch(runs -> runs == MOST);
    }

    @Test
    void oneThatFailsInALaterRoundIsOutAndTheOthersGoOn() throws IOException {
        failing = "contender 2";
        assertThat(race(contenders(4, SECOND / 10), 1000 * SECOND).rounds()).isEqualTo(MOST);
        assertThat(counted)
                .containsEntry("contender 2", 2)
                .containsEntry("contender 1", MOST)
                .containsEntry("contender 3", MOST);
    }

    @Test
    void aRaceEndsInItsTimeAndNamesThoseForWhomThereWasNone() throws IOException {
        Turns.Outcome<String> outcome = race(contenders(22, SECOND / 10), 10 * SECOND);
        assertThat(now).isLessThanOrEqualTo(10 * SECOND);
        assertThat(outcome.rounds()).isGreaterThanOrEqualTo(Turns.LEAST_ROUNDS);
        assertThat(outcome.leftOut()).isNotEmpty().doesNotContain("contender 0", "contender 1");
        assertThat(counted).hasSize(22 - outcome.leftOut().size());
    }

    @Test
    void oneThatIsSlowIsLeftOutWithoutTheOthersPayingForIt() throws IOException {
        List<String> names = contenders(4, SECOND / 10);
        costs.put("contender 3", 2 * SECOND); // known only when it has been tried
        race(names, 20 * SECOND);
        assertThat(now).isLessThanOrEqualTo(20 * SECOND);
    }

    @Test
    void fidTakesPartOnceWhateverTheTime() throws IOException {
        Turns.Outcome<String> outcome = race(contenders(5, SECOND), 0);
        assertThat(outcome.rounds()).isOne();
        assertThat(counted).containsOnlyKeys("contender 0", "contender 1");
    }

    @Test
    void whoDoesNotQualifyIsNotRun() throws IOException {
        costs.put("unable", SECOND);
        costs.put("able", SECOND);
        race(List.of("able", "unable"), 100 * SECOND);
        assertThat(counted).containsOnlyKeys("able");
    }

    /// The races of a usual run with the figures of a slow disk, of our two cores, and of a machine that is five times
    /// as slow: 22 contenders between files, 8 elsewhere, and blocks.
    @Test
    void aUsualRunEndsWithinTwoMinutesOnAnyMachine() throws IOException {
        for (long slowness : List.of(1L, 2L, 5L)) {
            now = 0;
            List<Integer> sizes = List.of(23, 6, 6, 9, 9, 9, 9, 9, 6, 6, 9, 17, 11);
            List<Double> weights = List.of(3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0);
            double weight = weights.stream().mapToDouble(Double::doubleValue).sum();
            Timetable timetable = new Timetable(() -> now, BenchOptions.Extent.USUAL.time.toNanos(), weight);
            int rounds = Integer.MAX_VALUE;
            for (int i = 0; i < sizes.size(); i++) {
                long deadline = timetable.begin(weights.get(i));
                Turns.Outcome<String> outcome = race(contenders(sizes.get(i), slowness * SECOND / 20), deadline);
                rounds = Math.min(rounds, outcome.rounds());
            }
            assertThat(now).as("%d times as slow", slowness).isLessThanOrEqualTo(120 * SECOND);
            assertThat(rounds).as("%d times as slow", slowness).isGreaterThanOrEqualTo(3);
        }
    }

    @Test
    void whatOneStepSavesTheLaterOnesHave() {
        Timetable timetable = new Timetable(() -> now, 100 * SECOND, 4);
        long first = timetable.begin(2);
        assertThat(first).isEqualTo((long) (47.5 * SECOND));
        now = 5 * SECOND; // it needed little
        assertThat(timetable.begin(1) - now).isEqualTo(45 * SECOND);
        now = 90 * SECOND;
        assertThat(timetable.begin(1) - now).isEqualTo(5 * SECOND);
        now = 99 * SECOND;
        assertThat(timetable.left()).isZero();
    }
}
