package dev.fid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.Ground;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Faults over the model: every call of a copy, a fan-out and a link of two lanes, broken in every way, and pairs of
/// faults where a run makes few calls. No descriptor of the machine is used, so all places are tried every time.
class ModelCampaignTest {
    private static final long LEAST_RUNS = 100_000;
    private static final Path FOLDER = Path.of("/tmp/faults");

    @Test
    void copyFanoutAndLinkAreRightOrFailWhateverCallIsBroken() throws Exception {
        List<Scenario> scenarios = new ArrayList<>();
        scenarios.addAll(
                named(TransferScenarios.all(), "transfer FILE to FILE", "transfer SOCKET to", "transfer PIPE to"));
        scenarios.addAll(named(FanoutScenarios.all(), "fan-out FILE", "fan-out PIPE"));
        scenarios.addAll(named(LinkScenarios.all(), "link"));
        try (Campaign campaign =
                new Campaign("faults over the model", FOLDER, 0, Ground.MODEL_6_18).whole(LEAST_RUNS)) {
            assertThat(campaign.run(scenarios)).as("runs").isGreaterThanOrEqualTo(LEAST_RUNS);
        }
    }

    private static List<Scenario> named(List<Scenario> all, String... beginnings) {
        return all.stream()
                .filter(scenario -> List.of(beginnings).stream().anyMatch(scenario.name()::startsWith))
                .toList();
    }
}
