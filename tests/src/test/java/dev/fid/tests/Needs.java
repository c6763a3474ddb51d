package dev.fid.tests;

import dev.fid.kernel.Kernel;
import dev.fid.tests.conformance.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.opentest4j.TestAbortedException;

/// What a test needs of the machine. Where it is missing the test is skipped and says "needs ...", and
/// `bin/not-checked`
/// tells of it at the end of the build; with CI=true it fails, so that nothing is left out where all should run.
public final class Needs {
    private Needs() {}

    public static void root() {
        that(Kernel.linux().geteuid() == 0, "needs root");
    }

    public static void programs(String... names) {
        for (String name : names) {
            that(hasProgram(name), "needs " + name);
        }
    }

    /// Whether it is where a process of ours would look for it.
    public static boolean hasProgram(String name) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(name))); // or the path that it is
    }

    /// By package, for the headers that are not the C library's.
    private static final Map<String, String> PACKAGES =
            Map.of("seccomp.h", "libseccomp-dev", "fuse3/fuse.h", "libfuse3-dev");

    private static final Map<String, Boolean> HEADERS = new ConcurrentHashMap<>();

    /// gcc, and headers that it finds.
    public static void headers(String... names) {
        programs("gcc");
        for (String name : names) {
            that(HEADERS.computeIfAbsent(name, Needs::compiles), "needs " + PACKAGES.getOrDefault(name, "libc6-dev"));
        }
    }

    private static boolean compiles(String header) {
        try {
            return Command.refusal(
                            "gcc",
                            "-E",
                            "-D_FILE_OFFSET_BITS=64",
                            "-DFUSE_USE_VERSION=31", // without one fuse.h refuses
                            "-include",
                            header,
                            "-x",
                            "c",
                            "/dev/null",
                            "-o",
                            "/dev/null")
                    == null;
        } catch (IOException e) {
            return false;
        }
    }

    public static void that(boolean possible, String reason) {
        if (!possible) {
            throw missing(reason);
        }
    }

    /// Ends the test; thrown by the caller, so that the compiler knows.
    public static RuntimeException missing(String reason) {
        if (!reason.startsWith("needs ")) { // else the end of the build would not tell of it
            throw new IllegalArgumentException(reason);
        }
        if ("true".equals(System.getenv("CI"))) {
            Assertions.fail(reason);
        }
        System.err.println("SKIPPED: " + reason);
        return new TestAbortedException("SKIPPED: " + reason);
    }
}
