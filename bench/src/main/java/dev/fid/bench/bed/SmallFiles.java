package dev.fid.bench.bed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/// Many files of 4 KiB, a thousand in a directory.
///
/// @param count how many
public record SmallFiles(int count) {
    private static final int SIZE = 4096;
    private static final int OF_A_DIRECTORY = 1000;

    public long bytes() {
        return (long) count * SIZE;
    }

    /// Makes them below `root`, each with other bytes.
    public void make(Path root) throws IOException {
        SplittableRandom random = new SplittableRandom(count);
        byte[] content = new byte[SIZE];
        for (int i = 0; i < count; i++) {
            Path directory = root.resolve("d" + i / OF_A_DIRECTORY);
            if (i % OF_A_DIRECTORY == 0) {
                Files.createDirectories(directory);
            }
            random.nextBytes(content);
            Files.write(directory.resolve("f" + i), content);
        }
    }

    /// @throws IOException where `copy` has not all that `root` has
    static void compare(Path root, Path copy) throws IOException {
        try (var files = Files.walk(root)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                Path other = copy.resolve(root.relativize(file).toString());
                if (Files.mismatch(file, other) >= 0) {
                    throw new IOException(other + " differs from its source");
                }
            }
        }
    }
}
