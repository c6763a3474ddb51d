package dev.fid.tests.mechanism;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// docs/mechanism.md says what the model does. With `-Dfid.write=true` it is brought up to date instead.
class MechanismPageTest {
    private static final Path PAGE = Path.of("..", "docs", "mechanism.md");
    private static final Path PICTURES = Path.of("..", "docs", "mechanism");
    private static final boolean WRITE = Boolean.getBoolean("fid.write");
    private static final String HOW = "run ./mvnw -pl tests -am test -Dtest=MechanismPageTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Dfid.write=true";

    @Test
    void tablesAndOutputsAreThoseOfTheModel() throws IOException {
        String page = Files.readString(PAGE);
        String made = MechanismPage.made(page);
        if (WRITE) {
            Files.writeString(PAGE, made);
        } else {
            assertThat(page).as(HOW).isEqualTo(made);
        }
        assertThat(made)
                .contains("| `splice` | file | pipe | 0 | 0 | 1 | 1 | 0 |")
                .contains("filemap_splice_read");
    }

    @Test
    void picturesAreStatesOfTheModel() throws IOException {
        Map<String, String> pictures = Pictures.all();
        for (Map.Entry<String, String> picture : pictures.entrySet()) {
            Path file = PICTURES.resolve(picture.getKey());
            if (WRITE) {
                Files.createDirectories(PICTURES);
                Files.writeString(file, picture.getValue());
            } else {
                assertThat(Files.readString(file)).as(HOW).isEqualTo(picture.getValue());
            }
        }
        try (Stream<Path> files = Files.list(PICTURES)) {
            List<String> names =
                    files.map(file -> file.getFileName().toString()).toList();
            assertThat(names).containsExactlyInAnyOrderElementsOf(pictures.keySet());
        }
    }

    @Test
    void everyPictureIsOnThePage() throws IOException {
        String page = Files.readString(PAGE);
        for (String name : Pictures.all().keySet()) {
            assertThat(page).contains("](mechanism/" + name + ")");
        }
    }
}
