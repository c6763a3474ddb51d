package dev.fid.tests.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.fid.tests.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file system of its own in an image file, mounted until it is closed. Needs root; where that or a tool is
/// missing the test is skipped and says so, but with CI=true it fails.
public final class LoopMount implements AutoCloseable {
    private static final long IMAGE_BYTES = 320L << 20; // 320 MiB, sparse: mkfs.xfs refuses less than 300

    private final dev.fid.bench.measure.LoopMount mount;

    private LoopMount(dev.fid.bench.measure.LoopMount mount) {
        this.mount = mount;
    }

    /// Makes a file system of `type` in an image in `dir` and mounts it there.
    public static LoopMount of(String type, Path dir) {
        require("mkfs." + type, "mount", "umount");
        try {
            return new LoopMount(dev.fid.bench.measure.LoopMount.of(type, dir, IMAGE_BYTES));
        } catch (IOException e) {
            throw Needs.missing("needs mounts of " + type + " from a file: " + e.getMessage());
        }
    }

    /// Goes on only as root and with these programs.
    public static void require(String... programs) {
        Needs.root();
        Needs.programs(programs);
    }

    /// Goes on only if `possible`: else the test is skipped, and fails where nothing may be skipped.
    public static void check(boolean possible, String reason) {
        Needs.that(possible, reason);
    }

    public Path path(String name) {
        return mount.path().resolve(name);
    }

    public void write(String name, String content) throws IOException {
        Files.write(path(name), content.getBytes(ISO_8859_1));
    }

    public String read(String name) throws IOException {
        return Files.readString(path(name), ISO_8859_1);
    }

    @Override
    public void close() {
        mount.close();
    }
}
