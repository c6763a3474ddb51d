package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.bench.measure.Json;
import dev.fid.bench.trace.Place;
import dev.fid.bench.trace.Scenario;
import dev.fid.bench.trace.Step;
import dev.fid.bench.trace.Trace;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// `fid explain --trace` and `--scenario`.
class TraceTest extends Sandbox {
    static Stream<Arguments> walks() {
        return Scenario.names().stream()
                .flatMap(scenario -> Stream.of("2.6", "6.18", "copying").map(each -> Arguments.of(scenario, each)));
    }

    @ParameterizedTest
    @MethodSource("walks")
    void everyScenarioFitsATerminalOnEveryKernel(String scenario, String profile) {
        Ran ran = here("explain", "--scenario", scenario, "--profile", profile);
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).contains("\nthe bill").contains("\nmode switches").doesNotContain("\033");
        assertThat(ran.out().lines())
                .allMatch(line -> line.codePointCount(0, line.length()) <= 80)
                .hasSizeLessThan(150);
        assertThat(ran.status()).isZero();
    }

    static List<Arguments> pairs() {
        List<Arguments> pairs = new ArrayList<>();
        for (Place in : Place.values()) {
            for (Place out : Place.values()) {
                if (in.gives() && out.takes() && (in != Place.MEMORY || out == Place.PIPE)) {
                    pairs.add(Arguments.of(in, out));
                }
            }
        }
        return pairs;
    }

    /// 200 000 bytes, so that pipes fill and somebody has to wait; what arrives is compared by the walk itself.
    @ParameterizedTest
    @MethodSource("pairs")
    void everyPairOfPlacesIsWalkedOnEveryKernel(Place in, Place out) throws IOException {
        for (Profile profile : Profile.values()) {
            Trace trace = Trace.of(in, out, profile, 200_000, null, List.of());
            assertThat(trace.plain().copied())
                    .as(profile + " by read and write")
                    .isPositive();
            assertThat(trace.bill().copied()).isLessThanOrEqualTo(2 * 200_000);
            assertThat(trace.steps()).anyMatch(step -> step.moves() && step.result() > 0);
        }
    }

    /// The same transfer without a recorder before the kernel makes the same calls.
    @ParameterizedTest
    @CsvSource({"LINUX_2_6", "LINUX_6_18", "LINUX_COPYING"})
    void theWalkIsThatOfTheEngine(Profile profile) throws IOException {
        ModelKernel kernel = new ModelKernel(profile);
        int in = made(kernel, "/in");
        int out = made(kernel, "/out");
        try (Memory memory = kernel.allocate(1 << 20)) {
            assertThat(kernel.pwrite(in, memory, 0, 1 << 20, 0)).isEqualTo(1 << 20);
        }
        Moved moved;
        try (Fd from = Fd.own(kernel, in, "in");
                Fd to = Fd.own(kernel, out, "out")) {
            moved = Transfer.from(from).to(to).run();
        }
        Trace trace = Trace.of(Place.FILE, Place.FILE, profile, 1 << 20, null, List.of());
        assertThat(trace.method()).isEqualTo(moved.method().toString());
        Map<String, Long> calls = new TreeMap<>();
        for (Step step : trace.steps()) {
            if (step.moves() && step.actor() == Step.Actor.PROGRAM) {
                calls.merge(step.call(), 1L, Long::sum);
            }
        }
        assertThat(calls).isEqualTo(new TreeMap<>(moved.calls()));
    }

    private static int made(ModelKernel kernel, String path) {
        return kernel.openat(Uapi.AT_FDCWD, path.getBytes(StandardCharsets.US_ASCII), Uapi.O_RDWR | Uapi.O_CREAT, 0600);
    }

    @Test
    void aFileReachesASocketWithoutACopyAndReadAndWriteMakeTwo() throws IOException {
        Trace trace = Trace.of(Place.FILE, Place.TCP, Profile.LINUX_6_18, 1 << 20, null, List.of());
        assertThat(trace.method()).isEqualTo("sendfile");
        assertThat(trace.bill().copied()).isZero();
        assertThat(trace.bill().referencesTaken()).isEqualTo(2 * 256);
        assertThat(trace.bill().referencesDropped()).isEqualTo(256);
        assertThat(trace.plain().copied()).isEqualTo(2 << 20);
    }

    @Test
    void theRingIsDrawnWithThePagesThatItsSlotsReferTo() {
        assertThat(here("explain", "--scenario", "alias", "--length", "9000").out())
                .contains("┌───┬───┬")
                .contains("│ f0│ f1│ f2│   │")
                .contains("└t──┴───┴───┴h──┴")
                .contains("3 of 16 slots, 9000 bytes; f0-f1: 4096 bytes, 2 references each;\n")
                .contains(" f2: 808 bytes, 2 references\n")
                .contains("  f  a page of the input file\n");
    }

    @Test
    void aLargeRingIsABar() {
        assertThat(here("explain", "--scenario", "splice", "--length", "512K").out())
                .contains("own pipe   " + "█".repeat(32) + "·".repeat(32) + "\n")
                .contains("128 of 256 slots (one mark is 4), 524288 bytes; f0-f127: 4096\n");
    }

    private static Map<?, ?> parsed(String text) {
        return (Map<?, ?>) Objects.requireNonNull(Json.read(text), text);
    }

    private static Object member(Object json, String key) {
        return Objects.requireNonNull(((Map<?, ?>) json).get(key), key);
    }

    private static List<Object> steps(Map<?, ?> json) {
        List<Object> steps = new ArrayList<>();
        for (Object step : (List<?>) member(json, "steps")) {
            steps.add(Objects.requireNonNull(step));
        }
        return steps;
    }

    @Test
    void roundsThatAreAlikeAreToldOnce() {
        String text = here("explain", "--scenario", "splice-4k").out();
        assertThat(text).contains("... 63 more rounds like these\n");
        assertThat(text.split("splice\\(", -1)).hasSize(3);
        Map<?, ?> json =
                parsed(here("explain", "--scenario", "splice-4k", "--json").out());
        assertThat(steps(json).stream().filter(step -> member(step, "call").equals("splice")))
                .hasSize(128);
    }

    @Test
    void aFoldedRoundDoesNotHideOneThatDiffers() {
        String text =
                here("explain", "--scenario", "splice-4k", "--length", "65000").out();
        assertThat(text).contains("... 14 more rounds like these\n").contains("len=3560, flags=MORE) = 3560\n");
    }

    @Test
    void theJsonHasTheBillOfItsSteps() {
        Ran ran = here("explain", "--trace", "--json", "--length", "100K", "tcp", "file");
        assertThat(ran.out()).startsWith("{\"schema\":\"fid.trace/1\",\"src_kind\":\"tcp\"");
        Map<?, ?> json = parsed(ran.out());
        long references = 0;
        for (Object step : steps(json)) {
            if (member(step, "actor").equals("program")) {
                references += (Long) member(member(step, "bill"), "references_dropped");
            }
        }
        assertThat(member(member(json, "bill"), "references_dropped")).isEqualTo(references);
        assertThat(member(member(json, "bill"), "copied")).isEqualTo(102_400L);
    }

    @Test
    void coloursAreOnlyForTerminals() {
        String plain = here("explain", "--trace", "file", "pipe").out();
        String bright =
                here("--color", "always", "explain", "--trace", "file", "pipe").out();
        assertThat(plain).doesNotContain("\033");
        assertThat(bright).contains("\033[1m");
        assertThat(bright.replaceAll("\033\\[[0-9;]*m", "")).isEqualTo(plain);
    }

    @Test
    void eachKernelHasItsOwnNamesAndBills() {
        assertThat(here("explain", "--scenario", "file-to-socket", "--profile", "2.6")
                        .out())
                .contains("generic_file_splice_read")
                .contains("pipe_to_sendpage")
                .doesNotContain("filemap");
        assertThat(here("explain", "--scenario", "alias", "--profile", "6.18").out())
                .contains("the bytes that were stored after they had been");
        assertThat(here("explain", "--scenario", "alias", "--profile", "copying")
                        .out())
                .contains("what was stored later does not\n")
                .contains("copy_splice_read");
    }

    @Test
    void aRealFileIsWalkedWithItsOwnSize() throws IOException {
        file("a", 100_000);
        assertThat(here("explain", "--trace", path("a"), "tcp://localhost:1").out())
                .startsWith("file to tcp, 97.7 KiB, by sendfile, on the model of Linux 6.18\n")
                .doesNotContain("of the walk");
        file("b", 3_000_000);
        assertThat(here("explain", "--trace", path("b"), "pipe").out())
                .contains("the walk has 1.00 MiB of 2.86 MiB; the rest goes the same way");
        assertThat(names()).containsExactly("a", "b");
    }

    @Test
    void aSmallPartOfALargeFileStillGoesTheWayOfTheWhole() throws IOException {
        file("b", 3_000_000);
        assertThat(here("explain", "--trace", "--length", "8K", path("b"), "tcp")
                        .out())
                .startsWith("file to tcp, 8.00 KiB, by sendfile,");
        file("c", 8192);
        assertThat(here("explain", "--trace", path("c"), "tcp").out())
                .startsWith("file to tcp, 8.00 KiB, by readwrite,");
    }

    @Test
    void whatTheModelDoesNotKnowIsSaid() {
        assertThat(here("explain", "--trace", "/proc/cpuinfo", "pipe").out())
                .contains("by readwrite")
                .contains("the model has no proc; ext4 stands for it");
        Ran ran = here("explain", "--trace", "/dev/urandom", "pipe");
        assertThat(ran.err())
                .startsWith("fid: explain: /dev/urandom: of devices the model has /dev/zero and /dev/null;");
        assertThat(ran.status()).isEqualTo(2);
    }

    @Test
    void theListNamesAllScenariosAndPlaces() {
        String list = here("explain", "--list").out();
        Scenario.names().forEach(name -> assertThat(list).contains("\n  " + name + " "));
        Place.names().forEach(name -> assertThat(list).contains("\n  " + name + " "));
        Map<?, ?> json = parsed(here("explain", "--list", "--json").out());
        assertThat((List<?>) member(json, "scenarios")).hasSize(Scenario.values().length);
        assertThat(member(json, "schema")).isEqualTo("fid.scenarios/1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--scenario spice                     | --scenario: 'spice' is not a scenario; did you mean 'splice'?",
                "--scenario tee a                     | a: --scenario has no SRC and DST",
                "--scenario tee --method sendfile     | --scenario goes with --json, --profile, --length alone",
                "--list --scenario tee                | --list goes with --json alone",
                "--profile 7 --trace a b              | --profile: '7' is not a kernel of the model"
                        + " (use 2.6, 6.18, copying)",
                "--profile 2.6 a b                    | --profile is for --trace and --scenario",
                "--length 1G --trace a b              | --length: a walk has 1 byte to 8M, not '1G'",
                "--trace --errno EINVAL a b           | --errno and --trace: only one of them",
                "--trace append tcp                   | append: nothing comes from a file opened for append",
                "--trace file zero                    | zero: nothing goes to /dev/zero",
                "--trace memory tcp                   | tcp: memory is lent to pipes only",
                "--trace file                         | Missing required parameter: 'DST'",
                "--trace                              | Missing required parameters: 'SRC', 'DST'"
            })
    void wrongArgumentsAreNamed(String arguments, String said) {
        Ran ran = here(("explain " + arguments).split(" ", -1));
        assertThat(ran.err()).startsWith("fid: explain: " + said + "\n");
        assertThat(ran.status()).isEqualTo(2);
    }
}
