package dev.fid.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Relays in virtual time. `-Dfid.seed` begins elsewhere, `-Dfid.runs` says how many;
/// `-Dfid.campaign=long` runs 200,000.
class RelaySimulationTest {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    private static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffff_ffffL);
    private static final long RUNS = Long.getLong("fid.runs", LONG ? 200_000 : 5_000);
    private static final int MOST_COMPLAINTS = 5;
    /// As many runs have met everything.
    private static final long ENOUGH = 2_000;

    @Test
    void everyByteArrivesOnceAndInOrderOrTheEndIsAnError() {
        long start = System.nanoTime();
        List<String> wrong = new ArrayList<>();
        Map<String, Long> ends = new TreeMap<>();
        Map<String, Long> met = new TreeMap<>();
        for (long seed = SEED; seed < SEED + RUNS && wrong.size() < MOST_COMPLAINTS; seed++) {
            RelaySimulation simulation = new RelaySimulation(seed);
            String complaint = simulation.run();
            simulation.endings.forEach(how -> ends.merge(how.toString(), 1L, Long::sum));
            simulation.met.forEach(what -> met.merge(what, 1L, Long::sum));
            if (complaint != null) {
                wrong.add("-Dfid.seed=" + seed + " -Dfid.runs=1: " + complaint);
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                "relays in virtual time: %d runs in %.1f s, %.0f a second, from seed %d: %s, met %s%n",
                RUNS, seconds, RUNS / seconds, SEED, ends, met);
        assertThat(wrong).isEmpty();
        if (RUNS >= ENOUGH) {
            assertThat(ends)
                    .containsOnlyKeys(
                            "cut", "done", "half_closed", "idle", "killed", "reset", "stalled", "unreachable");
            assertThat(met)
                    .containsKeys(
                            "a busy loop",
                            "a drain",
                            "a kill",
                            "a peer that leaves",
                            "a rate each",
                            "a rate for all",
                            "a reset",
                            "a short backlog",
                            "a stall",
                            "a storm",
                            "a stall time-out",
                            "an upstream that comes late",
                            "few connections",
                            "few pipe pages",
                            "full slots",
                            "no descriptors",
                            "nothing to send",
                            "small send buffers",
                            "spares");
        }
    }
}
