package dev.fid.tests.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Kernel;
import dev.fid.tests.conformance.Command;
import dev.fid.tests.conformance.LoopMount;
import dev.fid.tests.faults.InMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The same random scripts on the model and on the kernel of this machine.
///
/// Two idle processors run 100,000 scripts of 20 to 60 calls in about a minute, and that many are run, or what two
/// minutes hold. `-Dfid.seed` begins elsewhere, `-Dfid.scripts` says how many and `-Dfid.seconds` how long at most;
/// `-Dfid.campaign=long` runs 10,000,000 scripts or an hour.
class DifferentialTest {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    private static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffff_ffffL);
    private static final long SCRIPTS = Long.getLong("fid.scripts", LONG ? 10_000_000 : 100_000);
    private static final long SECONDS = Long.getLong("fid.seconds", LONG ? 3600 : 120);
    /// Fewer, and the campaign says little: a machine that is busy with twenty other things takes longer for them.
    private static final long LEAST = Math.min(SCRIPTS, 10_000 * SECONDS / 120);

    @TempDir(factory = InMemory.class)
    static Path memory;

    @TempDir
    static Path disk;

    @BeforeAll
    static void isOnTheRightGround() throws IOException {
        checkGround(memory, disk);
    }

    /// Skips where the model's profile is not this machine.
    static void checkGround(Path memory, Path disk) throws IOException {
        LoopMount.check(
                Command.run("stat", "-f", "-c", "%T", memory).strip().equals("tmpfs"), "needs tmpfs at /dev/shm");
        LoopMount.check(
                Command.run("stat", "-f", "-c", "%T", disk).strip().startsWith("ext"),
                "needs ext4 for temporary files");
        LoopMount.check(Command.run("uname", "-r").startsWith("6.18."), "needs Linux 6.18, the model's profile");
    }

    @Test
    void theModelDoesWhatTheKernelDoes() throws Exception {
        Differential campaign = new Differential(memory, disk, Steered::model);
        List<String> failures = campaign.run(
                SEED,
                SCRIPTS,
                (double) SECONDS,
                Math.min(2, Runtime.getRuntime().availableProcessors()));
        for (int again = 1; failures.isEmpty() && campaign.scripts < LEAST && again < 4; again++) {
            long from = SEED + again * SCRIPTS;
            failures = campaign.run(from, LEAST - campaign.scripts, (double) SECONDS, 2);
        }
        System.out.printf(
                "scripts: %d with %d calls in %.1f s, %.0f a second, seed %d; cuts of sockets told %d times, crowded"
                        + " TCP %d, late arrivals %d; ended by overlaps %d, by lost bytes %d%n",
                campaign.scripts,
                campaign.calls,
                campaign.seconds,
                campaign.scripts / campaign.seconds,
                SEED,
                campaign.chosen[1],
                campaign.chosen[2],
                campaign.chosen[3],
                campaign.chosen[4],
                campaign.chosen[5]);
        assertThat(failures).as("-Dfid.seed=%d", SEED).isEmpty();
        assertThat(campaign.scripts).as("scripts in %d s", SECONDS).isGreaterThanOrEqualTo(LEAST);
        assertThat(campaign.chosen[4] + campaign.chosen[5])
                .as("scripts that could not be compared to their end")
                .isLessThanOrEqualTo(1 + campaign.scripts / 20);
    }

    /// The campaign must be able to fail.
    @Test
    void aKernelThatLiesIsFoundOutAndItsScriptBecomesShort() throws Exception {
        Differential campaign = new Differential(memory, disk, () -> {
            Kernel honest = Steered.model().kernel(); // may lie only where it is told to
            FaultyKernel lying = FaultyKernel.over(honest);
            lying.on("tee")
                    .when(call -> Long.valueOf(1).equals(call.arguments().get(2)))
                    .returnsZero();
            return new Differential.Subject(lying.kernel(), cuts -> {}, room -> {}, () -> 0);
        });
        List<String> failures = campaign.run(1, 2000, 60, 1);
        assertThat(failures).isNotEmpty();
        assertThat(Arrays.stream(failures.getFirst().split("\n"))
                        .filter(line -> line.contains("new Step"))
                        .count())
                .as(failures.getFirst())
                .isLessThanOrEqualTo(6);
    }
}
