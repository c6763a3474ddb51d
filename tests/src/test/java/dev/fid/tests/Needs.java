package dev.fid.tests;

import dev.fid.kernel.Kernel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.opentest4j.TestAbortedException;

/// What a test needs of the machine. Where it is missing the test is skipped and says so; with CI=true it fails, so
/// that nothing is left out in silence where all should run.
public final class Needs {
    private Needs() {}

    public static void root() {
        that(Kernel.linux().geteuid() == 0, "needs root");
    }

    public static void programs(String... names) {
        for (String name : names) {
            boolean found = List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin").stream()
                    .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
            that(found, "needs " + name);
        }
    }

    public static void that(boolean possible, String reason) {
        if (!possible) {
            throw missing(reason);
        }
    }

    /// Ends the test; thrown by the caller, so that the compiler knows.
    public static RuntimeException missing(String reason) {
        if ("true".equals(System.getenv("CI"))) {
            Assertions.fail(reason);
        }
        System.err.println("SKIPPED: " + reason);
        return new TestAbortedException("SKIPPED: " + reason);
    }
}
