package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.report.MarkdownPage;
import dev.fid.bench.report.Picture;
import dev.fid.bench.result.Report;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

/// What the repository shows of a run is made from docs/measured.json, and from nothing else.
class PictureTest {
    private static final Path DOCS = Path.of("../docs");
    private static final String AGAIN =
            "run: fid bench --from docs/measured.json --markdown docs/measured.md --svg docs; no pictures of others";

    private static Report measured() throws IOException {
        return Report.fromJson(Files.readString(DOCS.resolve("measured.json")));
    }

    @Test
    void thePageAndThePicturesInDocsAreThoseOfTheCommittedRun() throws IOException {
        try (Stream<Path> files = Files.list(DOCS)) {
            List<Path> runs = files.filter(file -> file.toString().matches(".*/measured[-\\w]*\\.json"))
                    .toList();
            assertThat(runs).contains(DOCS.resolve("measured.json"));
            for (Path run : runs) {
                Path page = Path.of(run.toString().replaceFirst("json$", "md"));
                assertThat(page).as(AGAIN).hasContent(MarkdownPage.of(Report.fromJson(Files.readString(run))));
            }
        }
        Report report = measured();
        for (Picture picture : Picture.of(report)) {
            assertThat(Files.readString(DOCS.resolve(picture.name()))).as(AGAIN).isEqualTo(picture.svg());
        }
    }

    @Test
    void thePicturesAreWellFormedAndShowEveryRouteOfTheirRun() throws Exception {
        Report report = measured();
        for (Picture picture : Picture.of(report)) {
            DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new StringReader(picture.svg())));
            assertThat(picture.svg())
                    .contains("file to TCP socket, loopback")
                    .contains("Fid, sendfile")
                    .doesNotContain("NaN");
        }
    }
}
