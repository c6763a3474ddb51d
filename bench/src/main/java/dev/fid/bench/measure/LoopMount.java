package dev.fid.bench.measure;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A file system of its own, made in a file and mounted until it is closed or the process ends: so that xfs and btrfs
/// can be measured and tested on a machine that has neither. Needs root, the mkfs program and loop devices.
public final class LoopMount implements AutoCloseable {
    private final Path mountPoint;
    private final Thread atEnd;

    private LoopMount(Path mountPoint) {
        this.mountPoint = mountPoint;
        this.atEnd = new Thread(this::unmount, "fid-bench-unmount");
        Runtime.getRuntime().addShutdownHook(atEnd);
    }

    /// Makes a file system of `type` in the file `TYPE.image` of `directory` and mounts it at `TYPE` there.
    ///
    /// @param size of the file, bytes; mkfs.xfs wants 300 MiB at least
    /// @throws IOException why that cannot be done here
    public static LoopMount of(String type, Path directory, long size) throws IOException {
        Path image = directory.resolve(type + ".image");
        Path mountPoint = Files.createDirectory(directory.resolve(type));
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(size);
        }
        must(directory, List.of("mkfs." + type, "-q", image.toString()));
        must(directory, List.of("mount", "-o", "loop", image.toString(), mountPoint.toString()));
        return new LoopMount(mountPoint);
    }

    private static void must(Path directory, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        try (InputStream output = process.getInputStream()) {
            String said = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(command.getFirst() + ": "
                        + said.strip().lines().findFirst().orElse("it failed"));
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.getErrorStream().close();
        }
    }

    /// Where it is mounted.
    public Path path() {
        return mountPoint;
    }

    private void unmount() {
        try {
            must(Path.of("/"), List.of("umount", "-l", mountPoint.toString()));
        } catch (IOException e) {
            System.getLogger("dev.fid.bench").log(System.Logger.Level.WARNING, "cannot unmount " + mountPoint, e);
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(atEnd);
        } catch (IllegalStateException e) {
            return; // the process is ending: the hook does it
        }
        unmount();
    }
}
