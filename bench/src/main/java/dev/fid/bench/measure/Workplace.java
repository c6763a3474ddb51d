package dev.fid.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A fresh directory that is gone afterwards, also when the process is told to end.
public final class Workplace implements AutoCloseable {
    private final Path directory;
    private final Thread atEnd;

    private Workplace(Path directory) {
        this.directory = directory;
        this.atEnd = new Thread(this::remove, "fid-bench-clean");
        Runtime.getRuntime().addShutdownHook(atEnd);
    }

    /// In the first of `candidates` where a directory can be made and `bytes` are free, half of what is free left
    /// over; null where there is none.
    public static @Nullable Workplace in(List<Path> candidates, long bytes) {
        for (Path candidate : candidates) {
            try {
                if (Files.isDirectory(candidate)
                        && Files.getFileStore(candidate).getUsableSpace() / 2 > bytes) {
                    return new Workplace(Files.createTempDirectory(
                            candidate, "fid-bench-" + ProcessHandle.current().pid() + "-"));
                }
            } catch (IOException e) {
                // Read-only, or not ours: the next one.
            }
        }
        return null;
    }

    /// Where files survive a restart: not in memory.
    public static @Nullable Workplace onDisk(long bytes) {
        List<Path> disks = Stream.of(
                        System.getProperty("java.io.tmpdir"), "/var/tmp", System.getProperty("user.home"), ".")
                .map(Path::of)
                .filter(path -> !fileSystem(path).equals("tmpfs"))
                .toList();
        return in(disks, bytes);
    }

    /// Where files are memory.
    public static @Nullable Workplace inMemory(long bytes) {
        return in(List.of(Path.of("/dev/shm")), bytes);
    }

    /// The name of the file system that `path` is on, as mount(8) has it; `unknown` where that cannot be told.
    public static String fileSystem(Path path) {
        try {
            return Files.getFileStore(path).type();
        } catch (IOException e) {
            return "unknown";
        }
    }

    public Path path() {
        return directory;
    }

    public Path path(String name) {
        return directory.resolve(name);
    }

    /// Removes what has this name, with all that is in it.
    public static void delete(Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            try (Stream<Path> paths = Files.walk(path)) {
                for (Path each : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
                    Files.delete(each);
                }
            }
        }
        Files.deleteIfExists(path);
    }

    private void remove() {
        try (Stream<Path> paths = Files.walk(directory)) {
            paths.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.deleteIfExists(path);
                } catch (IOException e) {
                    // Still mounted or not ours: whoever looks finds it by its name.
                }
            });
        } catch (IOException e) {
            // It is gone.
        }
    }

    @Override
    public void close() {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(atEnd);
        } catch (IllegalStateException e) {
            // The process is ending: the hook runs anyway.
        }
    }
}
