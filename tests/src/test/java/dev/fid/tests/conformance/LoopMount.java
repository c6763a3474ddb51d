package dev.fid.tests.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assertions;

/// A file system of its own in an image file, mounted until it is closed. Needs root; where that or a tool is
/// missing the test is skipped and says so, but with CI=true it fails.
public final class LoopMount implements AutoCloseable {
    private static final long IMAGE_BYTES = 320L << 20; // 320 MiB, sparse: mkfs.xfs refuses less than 300

    private final Path mount;

    private LoopMount(Path mount) {
        this.mount = mount;
    }

    /// Makes a file system of `type` in an image in `dir` and mounts it there.
    public static LoopMount of(String type, Path dir) throws IOException {
        require("mkfs." + type, "mount", "umount");
        Path image = dir.resolve(type + ".img");
        Path mount = Files.createDirectory(dir.resolve(type + ".mnt"));
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(IMAGE_BYTES);
        }
        Command.run("mkfs." + type, "-q", image);
        String refused = Command.refusal("mount", "-o", "loop", image, mount);
        check(refused == null, "cannot mount " + type + " from a file: " + refused);
        return new LoopMount(mount);
    }

    /// Goes on only as root and with these programs.
    public static void require(String... programs) {
        check(Kernel.linux().geteuid() == 0, "needs root");
        for (String program : programs) {
            boolean found = List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin").stream()
                    .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
            check(found, "needs " + program);
        }
    }

    /// Goes on only if `possible`: else the test is skipped, and fails where nothing may be skipped.
    public static void check(boolean possible, String reason) {
        if (!possible && "true".equals(System.getenv("CI"))) {
            Assertions.fail(reason);
        }
        if (!possible) {
            System.err.println("SKIPPED: " + reason);
        }
        assumeTrue(possible, "SKIPPED: " + reason);
    }

    public Path path(String name) {
        return mount.resolve(name);
    }

    public void write(String name, String content) throws IOException {
        Files.write(path(name), content.getBytes(ISO_8859_1));
    }

    public String read(String name) throws IOException {
        return Files.readString(path(name), ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        Command.run("umount", mount);
    }
}
