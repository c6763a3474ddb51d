package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Limits of the process, each tried in a child so that the tests' own JVM keeps its limits.
class LimitsTest extends Fixture {
    /// What {@link Limited} prints in a shell under this `ulimit`.
    private static List<String> limited(String ulimit, String test, Path dir) throws Exception {
        List<Object> command = new ArrayList<>(List.of("sh", "-c", ulimit + "; exec \"$@\"", "limited"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java"));
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Limited.class.getName(), test, dir));
        return Command.run(command.toArray()).lines().toList();
    }

    // SP-045
    @Test
    void spliceStopsAtTheFileSizeLimitAndKeepsTheRest() throws Exception {
        assertThat(limited("ulimit -f 8", "splice", dir))
                .containsExactly("4096, 5904 left", "-EFBIG, 5904 left", "5904 read");
        assertThat(Files.size(dir.resolve("out"))).isEqualTo(4096);
    }

    // CF-020
    @Test
    void copyFileRangeStopsAtTheFileSizeLimit() throws Exception {
        file("in", pattern(10000));
        assertThat(limited("ulimit -f 8", "copy", dir)).containsExactly("4096", "-EFBIG");
        assertThat(content("out")).isEqualTo(content("in").substring(0, 4096));
    }

    // PI-001
    @Test
    void pipesEndWithEmfile() throws Exception {
        List<String> lines = limited("ulimit -n 64", "pipes", dir);
        assertThat(lines).hasSize(2).last().isEqualTo("-EMFILE");
        assertThat(Integer.parseInt(lines.getFirst())).isBetween(1, 31);
    }

    // PI-011
    @Test
    void aPipeDoesNotShrinkBelowItsData() {
        Pipe pipe = pipe().put(pattern(40000));
        assertThat(pipe.resize(32768)).isEqualTo(-Errno.EBUSY);
        assertThat(pipe.take(50000)).isEqualTo(pattern(40000));
    }

    @Test
    void aSizeOf2GiBAndMoreIsEinval() {
        assertThat(pipe().resize((1L << 31) + 1)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void aSizeOverTheLimitOfThePipeIsEpermWithoutCapSysResource() throws Exception {
        // In one read: Files.readString would get one digit of it.
        long limit = Long.parseLong(
                read(open("/proc/sys/fs/pipe-max-size", Uapi.O_RDONLY), 99).strip());
        Pipe pipe = pipe();
        if (hasSysResource()) {
            assertThat(pipe.resize(limit + 1)).isEqualTo((int) (2 * limit));
        } else {
            assertThat(pipe.resize(limit + 1)).isEqualTo(-Errno.EPERM);
            assertThat(pipe.capacity()).isEqualTo(65536);
        }
        assertThat(pipe().resize(limit)).isEqualTo((int) limit);
    }

    /// CAP_SYS_RESOURCE is bit 24 of the effective set. Source: linux/capability.h.
    private static boolean hasSysResource() throws Exception {
        String effective = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("CapEff:"))
                .findFirst()
                .orElseThrow();
        return (Long.parseUnsignedLong(effective.substring(7).strip(), 16) >>> 24) % 2 == 1;
    }
}
