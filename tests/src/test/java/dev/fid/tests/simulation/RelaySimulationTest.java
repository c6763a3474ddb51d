package dev.fid.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Relays in virtual time. `-Dfid.seed` begins elsewhere, `-Dfid.runs` says how many;
/// `-Dfid.campaign=long` runs 200,000.
class RelaySimulationTest {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    private static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffff_ffffL);
    private static final long RUNS = Long.getLong("fid.runs", LONG ? 200_000 : 5_000);
    /// As many runs have met everything.
    private static final long ENOUGH = 2_000;

    @Test
    void everyByteArrivesOnceAndInOrderOrTheEndIsAnError() {
        Simulation.Campaign campaign = Simulation.Campaign.of("relays", SEED, RUNS, RelaySimulation::new);
        assertThat(campaign.wrong()).isEmpty();
        if (RUNS >= ENOUGH) {
            assertThat(campaign.ends())
                    .containsOnlyKeys(
                            "cut", "done", "half_closed", "idle", "killed", "reset", "stalled", "unreachable");
            assertThat(campaign.met())
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
                            "an address that refuses",
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
