package dev.fid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.conformance.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Limits of a process and of a user, each in a child.
class LimitedProcessTest {
    @TempDir
    Path dir;

    private static List<String> under(String ulimit) {
        return List.of("sh", "-c", "ulimit " + ulimit + "; exec \"$@\"", "limited");
    }

    private Path file(int bytes) throws IOException {
        return Files.write(dir.resolve("in"), Arrays.copyOf(TransferScenarios.CONTENT, bytes));
    }

    @ParameterizedTest
    @ValueSource(strings = {"copy", "through", "sendfile"})
    void aFileSizeLimitLeavesTheOldFileAndNothingElse(String way) throws IOException {
        Path in = file(300_000);
        Path folder = Files.createDirectory(dir.resolve("folder"));
        Path out = Files.writeString(folder.resolve("out"), "old");
        assertThat(Child.run(under("-f 256"), way, in, out).getFirst()).isEqualTo("EFBIG after 131072");
        assertThat(out).hasContent("old");
        assertThat(folder.toFile().list()).containsExactly("out");
    }

    @Test
    void withoutAnyDescriptorLeftThePlainCopyServes() throws IOException {
        Path in = file(300_000);
        Path out = Files.createFile(dir.resolve("out"));
        List<String> told = Child.run(under("-n 40"), "exhausted", in, out);
        judge(told, "EMFILE");
        assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    }

    /// Behind the line that tells of the pipes it was copied, for this reason.
    private static void judge(List<String> told, String reason) {
        List<String> then =
                told.stream().dropWhile(line -> !line.contains(" pipes, ")).toList();
        assertThat(then)
                .as("%s", told)
                .anyMatch(line -> line.startsWith("sent by readwrite") && line.contains(reason))
                .contains("ok 300000");
    }

    @Test
    void withoutAnyPipePageLeftThePlainCopyServes() throws IOException {
        LoopMount.require("setpriv");
        Path in = file(300_000);
        Path out = Files.createFile(dir.resolve("out"));
        Files.setPosixFilePermissions(out, java.nio.file.attribute.PosixFilePermissions.fromString("rw-rw-rw-"));
        List<String> told = Child.runAsNobody(List.of(), dir, "exhausted", in, out);
        judge(told, "EPERM");
        assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    }
}
