package dev.fid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.Ground;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
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
        List<Scenario> even = new ArrayList<>();
        List<Scenario> odd = new ArrayList<>();
        scenarios.forEach(scenario -> (even.size() == odd.size() ? even : odd).add(scenario));
        CompletableFuture<Long> other = CompletableFuture.supplyAsync(() -> runs(odd));
        assertThat(runs(even) + other.get()).as("runs").isGreaterThanOrEqualTo(LEAST_RUNS);
    }

    /// Each trial has a kernel of its own, so both processors can try.
    private static long runs(List<Scenario> scenarios) {
        try (Campaign campaign =
                new Campaign("faults over the model", FOLDER, 0, Ground.MODEL_6_18).whole(LEAST_RUNS / 2)) {
            return campaign.run(scenarios);
        } catch (Exception e) {
            throw new CompletionException(e);
        }
    }

    private static List<Scenario> named(List<Scenario> all, String... beginnings) {
        return all.stream()
                .filter(scenario -> List.of(beginnings).stream().anyMatch(scenario.name()::startsWith))
                .toList();
    }
}
