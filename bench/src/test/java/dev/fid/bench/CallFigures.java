package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Processors;
import dev.fid.bench.race.MachineCard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/// Writes docs/calls.md: what is smaller than a call, by JMH. Its name keeps it out of the check; it is run by
/// `./mvnw -pl bench -am test -Dtest=CallFigures -Dsurefire.failIfNoSpecifiedTests=false` on a machine without other
/// work.
class CallFigures {
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("StepCost.directly", "getppid(2), called directly"),
            Map.entry("StepCost.critically", "getppid(2), marked as critical: no change of the thread's state"),
            Map.entry("StepCost.capturingErrno", "getppid(2), errno captured"),
            Map.entry("StepCost.byNumberCapturingErrno", "getppid(2) through syscall(2), errno captured: Fid's shape"),
            Map.entry("CallCost.spliceSaysAgain", "splice(2) that fails with EAGAIN, by Fid's `Kernel`"),
            Map.entry("CallCost.readOneByte", "read(2) of one byte of /dev/zero"),
            Map.entry("CallCost.writeOneByte", "write(2) of one byte to /dev/null"),
            Map.entry("CallCost.sendfileWithOffset", "sendfile(2) with an offset, which fails with ESPIPE"),
            Map.entry("CallCost.readOneByteOnAVirtualThread", "read(2) of one byte, on a virtual thread"),
            Map.entry("CallCost.spliceSaysAgainOnAVirtualThread", "splice(2) with EAGAIN, on a virtual thread"),
            Map.entry("StepCost.planOfFileToDevNull", "a plan, file to /dev/null, its calls included"),
            Map.entry("StepCost.stepOfALaneThatWaits", "a step of a lane that finds nothing to read"),
            Map.entry(
                    "StepCost.stepOfALaneWithAMessage",
                    "a step of a lane with 1 KiB, and the write and read at its ends"));

    @Test
    void whatIsSmallerThanACall() throws Exception {
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include(CallCost.class.getName())
                        .include(StepCost.class.getName())
                        .forks(1)
                        .warmupIterations(3)
                        .warmupTime(TimeValue.milliseconds(400))
                        .measurementIterations(8)
                        .measurementTime(TimeValue.milliseconds(400))
                        .jvmArgsAppend("--enable-native-access=ALL-UNNAMED")
                        .build())
                .run();
        assertThat(results).hasSize(NAMES.size());
        StringBuilder page = new StringBuilder("# What is smaller than a call\n\nMade by JMH on "
                + LocalDate.now(ZoneOffset.UTC) + ": `./mvnw -pl bench -am test -Dtest=CallFigures"
                + " -Dsurefire.failIfNoSpecifiedTests=false`.\nNanoseconds, mean of 8 iterations and its interval of 99.9 %;"
                + " one fork, one thread.\n\n|  |  |\n| --- | --- |\n");
        Map<String, Object> card = MachineCard.card(Processors.ANY, "");
        for (String key : List.of("processor", "kernel", "JDK")) {
            page.append("| ").append(key).append(" | ").append(card.get(key)).append(" |\n");
        }
        page.append("\n| what | ns | ± |\n| --- | ---: | ---: |\n");
        results.stream()
                .sorted(Comparator.comparingDouble(run -> run.getPrimaryResult().getScore()))
                .forEach(run -> page.append("| ")
                        .append(NAMES.get(run.getParams().getBenchmark().replace("dev.fid.bench.", "")))
                        .append(" | ")
                        .append(Human.digits(run.getPrimaryResult().getScore()))
                        .append(" | ")
                        .append(Human.digits(run.getPrimaryResult().getScoreError()))
                        .append(" |\n"));
        Files.writeString(Path.of("../docs/calls.md"), page);
    }
}
