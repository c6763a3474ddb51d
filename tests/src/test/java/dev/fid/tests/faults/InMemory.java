package dev.fid.tests.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/// A folder on tmpfs where there is one, so that a campaign does not wait for a disk.
public final class InMemory implements TempDirFactory {
    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext test) throws IOException {
        Path shared = Path.of("/dev/shm");
        return Files.isWritable(shared) ? Files.createTempDirectory(shared, "fid-") : Files.createTempDirectory("fid-");
    }
}
