package dev.fid.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A file system made for a measurement, in a file: so that xfs and btrfs can be measured on a machine that has
/// neither. Needs root, the mkfs program and loop devices.
final class LoopMount implements AutoCloseable {
    private final Path mountPoint;
    private final Thread atEnd;

    private LoopMount(Path mountPoint) {
        this.mountPoint = mountPoint;
        this.atEnd = new Thread(this::unmount, "fid-bench-unmount");
        Runtime.getRuntime().addShutdownHook(atEnd);
    }

    /// Makes a file system of `type` with room for `bytes`.
    ///
    /// @throws IOException why that cannot be done here
    static LoopMount of(String type, Workplace place, long bytes) throws IOException {
        Path image = place.path(type + ".image");
        Path mountPoint = Files.createDirectory(place.path(type));
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes + (512L << 20)); // for its own structures; mkfs.xfs wants 300 MiB at least
        }
        must(place, List.of("mkfs." + type, "-q", image.toString()));
        must(place, List.of("mount", "-o", "loop", image.toString(), mountPoint.toString()));
        return new LoopMount(mountPoint);
    }

    private static void must(Workplace place, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(place.path().toFile())
                .redirectErrorStream(true)
                .start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(command.getFirst() + ": "
                        + said.strip().lines().findFirst().orElse("it failed"));
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    Path path() {
        return mountPoint;
    }

    private void unmount() {
        try {
            Peers.output(Path.of("/"), List.of("umount", "-l", mountPoint.toString()));
        } catch (IOException e) {
            System.getLogger("dev.fid.bench").log(System.Logger.Level.WARNING, "cannot unmount " + mountPoint, e);
        }
    }

    @Override
    public void close() {
        unmount();
        try {
            Runtime.getRuntime().removeShutdownHook(atEnd);
        } catch (IllegalStateException e) {
            // The process is ending: a second umount does no harm.
        }
    }
}
