package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.measure.Json;
import dev.fid.tests.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The shortest race of relays: what is looked at is who took part and what was counted, never how fast.
class RelayRacesTest extends Sandbox {
    private static List<String> race(String route, String... before) {
        List<String> words = new ArrayList<>(List.of(before));
        words.addAll(fid("relay").subList(0, fid().size()));
        words.addAll(List.of("bench", "--routes", route, "--time", "1s", "--runs", "1", "--json"));
        return words;
    }

    private static List<?> list(@Nullable Object of, String name) {
        assertThat(of).isInstanceOf(Map.class);
        return (List<?>) Objects.requireNonNull(((Map<?, ?>) Objects.requireNonNull(of)).get(name));
    }

    @ParameterizedTest
    @CsvSource({
        "relay-ping-1, Fid;Fid again;C relay;NIO, 'HAProxy;nginx;Go io.Copy;Netty, copying'",
        "relay-size-64-veth1500, Fid;Fid again;C relay;Fid --splice always;Fid --splice never, C relay"
    })
    void relaysHaveTheSameLoadAndNothingOfThemIsLeft(String route, String all, String orSaidToBeAbsent)
            throws IOException {
        Needs.root();
        Needs.programs("ip", "nsenter", "sysctl");
        Needs.headers("stdio.h");
        Process process = start(race(route));
        Ran ran = finish(process);
        assertThat(ran.status()).as(ran.err()).isZero();
        Map<?, ?> result = (Map<?, ?>) list(Json.read(ran.out()), "races").getFirst();
        assertThat(result.get("unit")).isEqualTo("REQUESTS");
        List<?> contenders = list(result, "contenders");
        List<String> names = contenders.stream()
                .map(each -> (String) ((Map<?, ?>) each).get("name"))
                .toList();
        String absent = list(result, "skipped").toString();
        assertThat(names).as(absent).contains(all.split(";", -1));
        for (String name : orSaidToBeAbsent.split(";", -1)) {
            boolean raced = names.stream().anyMatch(each -> each.startsWith(name));
            assertThat(raced || absent.contains(name)).as(name).isTrue();
        }
        for (Object each : contenders) {
            List<?> sample = (List<?>) list(each, "samples").getFirst();
            assertThat(sample).as(each.toString()).hasSize(7); // with two latencies
            for (int measured : new int[] {0, 1, 2, 5, 6}) {
                assertThat(((Number) sample.get(measured)).longValue())
                        .as(each.toString())
                        .isPositive();
            }
        }
        Path namespaces = Path.of("/run/netns");
        if (Files.exists(namespaces)) {
            try (Stream<Path> left = Files.list(namespaces)) {
                assertThat(left.map(path -> path.getFileName().toString()))
                        .noneMatch(name -> name.startsWith("fid-bench-" + process.pid()));
            }
        }
    }

    /// In a user namespace without a mapping, root is nobody.
    @Test
    void withoutRootARaceOfRelaysSaysSo() throws IOException {
        Needs.programs("unshare");
        Ran ran = run(race("relay-ping-1", "unshare", "-U"));
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("fid: bench: relays: they are raced in network namespaces, which need root");
    }
}
