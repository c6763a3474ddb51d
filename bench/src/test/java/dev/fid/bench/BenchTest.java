package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.race.BenchOptions;
import dev.fid.bench.report.MarkdownPage;
import dev.fid.bench.result.Articles;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Blocks;
import dev.fid.bench.way.Contender;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tiny runs: what is compared is what was moved and how, never how fast.
class BenchTest {
    private static final long BYTES = 1 << 20;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    private BenchOptions options(String... routes) {
        return new BenchOptions(
                new BenchOptions.Outputs(
                        directory.resolve("report.json"),
                        directory.resolve("report.md"),
                        directory.resolve("report.html"),
                        directory.resolve("report.csv"),
                        directory,
                        null,
                        0,
                        false),
                null,
                Duration.ofMinutes(20),
                BenchOptions.Extent.ALL,
                List.of(routes),
                List.of(),
                2,
                7,
                BYTES);
    }

    private Report run(BenchOptions options) throws IOException {
        Bench.Outcome outcome = Bench.run(options, new PrintStream(out, true, StandardCharsets.UTF_8), progress());
        assertThat(outcome).as(progress.toString(StandardCharsets.UTF_8)).isEqualTo(Bench.Outcome.DONE);
        return Report.fromJson(Files.readString(directory.resolve("report.json")));
    }

    private PrintStream progress() {
        return new PrintStream(progress, true, StandardCharsets.UTF_8);
    }

    private static Result.Series fid(Report report, String id) {
        Optional<Result> result =
                report.results().stream().filter(r -> r.id().equals(id)).findFirst();
        return result.flatMap(Result::fid).orElseThrow(() -> new AssertionError(id + " has no run of Fid"));
    }

    @Test
    void everyRouteGoesByTheMethodThatItsPlanNames() throws IOException {
        Report report = run(options("file-socket", "socket-", "pipe-pipe", "fanout-2", "memory-pipe"));
        assertThat(fid(report, "file-socket")).satisfies(series -> {
            assertThat(series.method()).isEqualTo("sendfile");
            assertThat(series.userBytes()).isZero();
            assertThat(series.copies()).isZero();
            assertThat(series.samples()).hasSize(2).allMatch(sample -> sample.bytes() == BYTES);
        });
        assertThat(fid(report, "socket-socket").method()).isEqualTo("splice_through_pipe");
        assertThat(fid(report, "pipe-pipe").method()).isEqualTo("splice");
        assertThat(fid(report, "pipe-pipe").userBytes()).isZero();
        assertThat(fid(report, "fanout-2").method()).isEqualTo("tee");
        assertThat(fid(report, "memory-pipe").method()).isEqualTo("vmsplice");
        for (Result result : report.results()) {
            assertThat(result.named("Fid again")).as(result.id()).isPresent();
            assertThat(result.skipped()).as(result.id()).isEmpty();
        }
        assertThat(Files.readString(directory.resolve("report.md")))
                .isEqualTo(MarkdownPage.of(report))
                .contains("## file to TCP socket, loopback");
    }

    @Test
    void referenceProgramsTakePartWhereThereIsACompiler() throws IOException {
        Report report = run(options("file-file-tmpfs"));
        Result result = report.results().getFirst();
        if (report.skipped().stream().noneMatch(what -> what.startsWith("the reference programs"))) {
            assertThat(result.series()).anyMatch(series -> series.name().equals("C copy_file_range"));
            assertThat(result.verdicts()).hasSize(1);
        }
        assertThat(result.series()).allMatch(series -> series.samples().size() == 2);
    }

    @Test
    void anUnknownRouteIsAnError() {
        Bench.Outcome outcome =
                Bench.run(options("nowhere"), new PrintStream(out, true, StandardCharsets.UTF_8), progress());
        assertThat(outcome).isEqualTo(Bench.Outcome.FAILED);
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("no race is called nowhere");
    }

    @Test
    void everyMethodIsTriedAtEveryBlockSize() throws IOException {
        Report report = run(options("blocks-file-file", "blocks-socket-socket"));
        for (Result result : report.results()) {
            long methods = result.id().equals("blocks-file-file") ? 5 : 2;
            assertThat(result.series().stream().filter(series -> series.kind() == Contender.Kind.BLOCK))
                    .as(result.id() + result.skipped())
                    .hasSize((int) methods * Blocks.SIZES.size())
                    .allMatch(series -> Blocks.SIZES.contains(series.block()))
                    .allMatch(series -> series.samples().size() == 2);
        }
    }

    @Test
    void theArticlesProgramsAllCopyTheFile() throws IOException {
        Report report = run(options("articles"));
        Articles articles = report.articles();
        if (articles == null) {
            assertThat(report.skipped()).anyMatch(what -> what.startsWith("the reference programs"));
            return;
        }
        assertThat(articles.runs()).containsOnlyKeys(Articles.Program.values());
        assertThat(articles.runs().values()).allMatch(runs -> runs.size() == 2);
        assertThat(articles.runs().get(Articles.Program.READ_WRITE))
                .allMatch(each -> each.work() > 0 && each.real() >= each.work());
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("splice is faster than read and write: ");
    }

    @Test
    void nothingIsLeftBehind() throws IOException {
        run(options("file-socket"));
        try (var left = Files.list(Path.of("/dev/shm"))) {
            String mine = "fid-bench-" + ProcessHandle.current().pid() + "-";
            assertThat(left.map(path -> path.getFileName().toString())).noneMatch(name -> name.startsWith(mine));
        }
    }
}
