package dev.fid.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Links in virtual time. `-Dfid.seed` begins elsewhere, `-Dfid.runs` says how many.
class LinkSimulationTest {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    /// The short campaign begins at one place, as long as the long one still finds a run in fifty thousand.
    private static final long SEED = Long.getLong("fid.seed", LONG ? System.nanoTime() & 0xffff_ffffL : 1);
    private static final long RUNS = Long.getLong("fid.runs", LONG ? 2_000_000 : 20_000);
    private static final int MOST_COMPLAINTS = 5;

    @Test
    void everyByteArrivesOnceAndInOrderOrTheEndIsAnError() {
        long start = System.nanoTime();
        List<String> wrong = new ArrayList<>();
        Map<String, Long> ends = new TreeMap<>();
        for (long seed = SEED; seed < SEED + RUNS && wrong.size() < MOST_COMPLAINTS; seed++) {
            LinkSimulation simulation = new LinkSimulation(seed);
            String complaint = simulation.run();
            ends.merge(simulation.end, 1L, Long::sum);
            if (complaint != null) {
                wrong.add("-Dfid.seed=" + seed + " -Dfid.runs=1: " + complaint);
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                "links in virtual time: %d runs in %.1f s, %.0f a second, from seed %d: %s%n",
                RUNS, seconds, RUNS / seconds, SEED, ends);
        assertThat(wrong).isEmpty();
        assertThat(ends).containsKeys("done", "timeout", "ECONNRESET", "EPIPE");
    }
}
