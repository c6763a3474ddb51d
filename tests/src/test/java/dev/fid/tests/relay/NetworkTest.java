package dev.fid.tests.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.Needs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opentest4j.TestAbortedException;

/// The relay on a network that loses, cuts and swallows: in a namespace of its own, so that no other connection of this
/// machine notices. One process runs all scenarios, see {@link HostileNetwork}.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NetworkTest {
    private static final List<String> SCENARIOS = List.of(
            "loss",
            "tiny-auto",
            "tiny-always",
            "reset",
            "blackhole-stall",
            "blackhole-user-timeout",
            "blackhole-idle",
            "killed-socket");

    private final Map<String, String> results = new ConcurrentHashMap<>();
    private String talk = "";
    private boolean started;

    @BeforeAll
    void runThem() throws Exception {
        Needs.root();
        Needs.programs("unshare", "ip", "nft", "ss");
        List<String> command = new ArrayList<>(List.of(
                "unshare",
                "-n",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Dfid.seed=" + Fixture.SEED,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.fid.tests.relay.HostileNetwork"));
        command.addAll(SCENARIOS);
        Path said = Files.createTempFile("fid-network", ".txt");
        Path errors = Files.createTempFile("fid-network", ".err");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectOutput(said.toFile())
                    .redirectError(errors.toFile())
                    .start();
            started = true;
            boolean ended = process.waitFor(150, TimeUnit.SECONDS);
            process.destroyForcibly().waitFor();
            process.getOutputStream().close();
            for (String line : Files.readAllLines(said, UTF_8)) {
                int space = line.indexOf(' ');
                results.put(line.substring(0, Math.max(0, space)), line.substring(space + 1));
            }
            talk = (ended ? "" : "it did not end\n") + Files.readString(errors);
        } finally {
            Files.delete(said);
            Files.delete(errors);
        }
    }

    @AfterAll
    void allWereRun() {
        if (started) { // else it was said what is missing
            assertThat(results.keySet()).as(talk).containsAll(SCENARIOS);
        }
    }

    // RL-025 and G20 among others
    @ParameterizedTest
    @CsvSource({
        "loss",
        "tiny-auto",
        "tiny-always",
        "reset",
        "blackhole-stall",
        "blackhole-user-timeout",
        "blackhole-idle",
        "killed-socket"
    })
    void everyByteArrivesOrBothSidesLearnThatItDidNot(String scenario) {
        String result = results.getOrDefault(scenario, "was not run");
        if (result.startsWith("SKIPPED: ")) {
            System.err.println(result);
            throw new TestAbortedException(result); // no package can give a kernel what it was built without
        }
        assertThat(result).as(talk).isEqualTo("ok");
    }
}
