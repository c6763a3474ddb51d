package dev.fid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.files.Fid;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// SIGKILL at random points of a replacement: the file is the one or the other, never a mixture.
class KilledTest {
    private static final int KILLS = Campaign.LONG ? 100 : 5;

    @TempDir(factory = InMemory.class)
    Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"replace", "replace-named"})
    void aKilledReplacementIsOldOrNewAndTheNextOneCleansUp(String way) throws Exception {
        System.out.printf("kills: %d by %s, seed %d%n", KILLS, way, Campaign.SEED);
        Random random = new Random(Campaign.SEED);
        byte[] one = Arrays.copyOf(TransferScenarios.CONTENT, 350_000);
        byte[] two = Arrays.copyOfRange(TransferScenarios.CONTENT, 100_000, 400_000);
        Path a = Files.write(dir.resolve("one"), one);
        Path b = Files.write(dir.resolve("two"), two);
        Path folder = Files.createDirectory(dir.resolve("folder"));
        Path out = Files.write(folder.resolve("out"), one);
        int left = 0;
        for (int i = 0; i < KILLS; i++) {
            kill(Child.command(List.of(), way, a, b, out), random);
            byte[] content = Files.readAllBytes(out);
            assertThat(Arrays.equals(content, one) || Arrays.equals(content, two))
                    .as("kill %d, seed %d: old or new", i, Campaign.SEED)
                    .isTrue();
            String[] names = Objects.requireNonNull(folder.toFile().list());
            assertThat(names)
                    .as("kill %d, seed %d", i, Campaign.SEED)
                    .allMatch(name -> name.matches("out|\\.out\\.fid-[0-9a-f]{16}"));
            left += names.length - 1;
        }
        System.out.printf("  %d hidden files were left%n", left);
        Fid.copy(b, out);
        assertThat(out).hasBinaryContent(two);
    }

    /// Starts it, lets it replace some times and a little more, and kills it.
    private static void kill(List<String> command, Random random) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        try (InputStream dots = process.getInputStream()) {
            int wanted = 1 + random.nextInt(50);
            for (int i = 0; i < wanted; i++) {
                assertThat(dots.read()).as("the child replaces").isEqualTo('.');
            }
            long end = System.nanoTime() + random.nextInt(2_000_000); // about as long as one replacement
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            process.destroyForcibly().waitFor();
        } finally {
            process.getErrorStream().close();
        }
    }
}
