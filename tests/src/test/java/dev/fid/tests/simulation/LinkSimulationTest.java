package dev.fid.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Links in virtual time. `-Dfid.seed` begins elsewhere, `-Dfid.runs` says how many;
/// `-Dfid.campaign=long` runs 2,000,000.
class LinkSimulationTest {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    private static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffff_ffffL);
    private static final long RUNS = Long.getLong("fid.runs", LONG ? 2_000_000 : 100_000);
    /// As many runs have met everything, the rarest of which comes once in five thousand.
    private static final long ENOUGH = 50_000;

    @Test
    void everyByteArrivesOnceAndInOrderOrTheEndIsAnError() {
        Simulation.Campaign campaign = Simulation.Campaign.of("links", SEED, RUNS, LinkSimulation::new);
        assertThat(campaign.wrong()).isEmpty();
        if (RUNS >= ENOUGH) {
            assertThat(campaign.ends()).containsOnlyKeys("done", "drained", "timeout", "ECONNRESET", "EPIPE");
            assertThat(campaign.met())
                    .containsKeys(
                            "a drain",
                            "a half-close",
                            "a mark",
                            "a peer that leaves",
                            "a rate",
                            "a reset",
                            "a stall",
                            "few pipe pages",
                            "full slots",
                            "long streams",
                            "no descriptors",
                            "nothing to send",
                            "pipe2 EMFILE",
                            "pipe2 EPERM",
                            "short time-out",
                            "small send buffers");
        }
    }
}
