package dev.fid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.path.Extents;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExtentsTest {
    private static final int BLOCK = 64 << 10; // whole blocks on every file system

    @TempDir
    Path dir;

    /// Data in each block of the text that is an x, a hole elsewhere.
    private Path file(String blocks) throws Exception {
        Path path = dir.resolve("file");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            for (int i = 0; i < blocks.length(); i++) {
                if (blocks.charAt(i) == 'x') {
                    file.seek((long) i * BLOCK);
                    file.write(new byte[BLOCK]);
                }
            }
            file.setLength((long) blocks.length() * BLOCK);
        }
        return path;
    }

    private static String found(Fd file, long from) throws Exception {
        Extents extents =
                new Extents(file.kernel(), file.number(), from, file.facts().size());
        StringBuilder found = new StringBuilder();
        while (extents.next()) {
            found.append(extents.data).append('-').append(extents.hole).append(' ');
        }
        return found.toString().strip();
    }

    @Test
    void dataIsFoundBetweenHoles() throws Exception {
        try (Fd file = Fd.open(file("..x.xx."))) {
            assertThat(file.facts().hasHoles()).isTrue();
            assertThat(found(file, 0)).isEqualTo("131072-196608 262144-393216");
            assertThat(found(file, 140_000)).isEqualTo("140000-196608 262144-393216");
            assertThat(found(file, 393_216)).isEmpty();
        }
    }

    @Test
    void aFileWithoutHolesIsOnePiece() throws Exception {
        try (Fd file = Fd.open(file("xxx"))) {
            assertThat(file.facts().hasHoles()).isFalse();
            assertThat(found(file, 0)).isEqualTo("0-196608");
        }
    }

    @Test
    void aFileThatIsOneHoleHasNoData() throws Exception {
        try (Fd file = Fd.open(file("..."))) {
            assertThat(found(file, 0)).isEmpty();
        }
    }
}
