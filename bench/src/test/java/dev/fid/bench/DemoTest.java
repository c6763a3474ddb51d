package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Method;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    private Path file(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        new Random(7).nextBytes(content);
        return Files.write(directory.resolve("input"), content);
    }

    private int run(Path file, int width) {
        return Demo.run(
                file,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(progress, true, StandardCharsets.UTF_8),
                width);
    }

    @Test
    void everyOutputOfAFileIsEqualToIt() throws IOException {
        int status = run(file(3_000_001), 100);
        String table = out.toString(StandardCharsets.UTF_8);
        assertThat(status).as(table).isZero();
        assertThat(table)
                .contains("all are equal")
                .contains("one copy all the same")
                .doesNotContain("FAILED");
        assertThat(table.lines()).allMatch(line -> line.length() <= 100 || !line.contains("  "));
    }

    @Test
    void everyRouteGoesByTheMethodThatItsPlanNames() throws IOException {
        Map<String, Method> methods = Demo.methods(file(1_000_000), new PrintStream(progress));
        assertThat(methods)
                .containsEntry("file to TCP socket", Method.SENDFILE)
                .containsEntry("TCP socket to file", Method.SPLICE_THROUGH_PIPE)
                .containsEntry("socket to socket", Method.SPLICE_THROUGH_PIPE)
                .containsEntry("file to pipe", Method.SPLICE)
                .containsEntry("pipe to pipe", Method.SPLICE)
                .containsEntry("pipe to three pipes", Method.TEE)
                .containsEntry("memory to pipe", Method.VMSPLICE);
    }

    @Test
    void aFileOfOneByteIsMovedToo() throws IOException {
        assertThat(run(file(1), 100)).as(out.toString(StandardCharsets.UTF_8)).isZero();
    }

    @Test
    void aNarrowTerminalGetsTheRatioAtLeast() throws IOException {
        assertThat(run(file(100_000), 40)).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("ratio").doesNotContain("user bytes");
    }

    @Test
    void whatIsNoFileIsRefused() {
        assertThat(run(directory, 100)).isEqualTo(1);
        assertThat(run(directory.resolve("nothing"), 100)).isEqualTo(1);
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("no regular file")
                .contains("ENOENT");
    }
}
