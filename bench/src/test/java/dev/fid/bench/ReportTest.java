package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.bench.measure.Counter;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Target;
import dev.fid.bench.report.Html;
import dev.fid.bench.report.MarkdownPage;
import dev.fid.bench.report.Table;
import dev.fid.bench.result.Articles;
import dev.fid.bench.result.Comparison;
import dev.fid.bench.result.Csv;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Contender;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final long GIB = 1L << 30;

    private static Result.Series series(String name, Contender.Kind kind, long... wallNanos) {
        return new Result.Series(
                name,
                kind,
                0,
                kind == Contender.Kind.FID ? "sendfile" : "",
                0,
                0,
                128,
                null,
                java.util.Arrays.stream(wallNanos)
                        .mapToObj(nanos -> new Sample(GIB, nanos, nanos / 2, Counter.NOT_COUNTED, 7))
                        .toList());
    }

    private static Report report(Target target, Result.Series... series) {
        Result result = new Result("a-b", "a to b", GIB, List.of(target), List.of(series), List.of("cp: none"), 0.25);
        return new Report(
                Map.of("kernel", "Linux \"6\"\n\u00b1"),
                "fid bench",
                "2026-01-01T00:00:00Z",
                7,
                List.of(result),
                List.of(new Report.Fact("memory", 100, 80)),
                List.of("xfs: no root"),
                null);
    }

    @Test
    void jsonKeepsEverySample() {
        Report report = report(
                Target.speed(0.95, Target.BEST_C),
                series("Fid", Contender.Kind.FID, 100_000_000, 110_000_000),
                series("C splice", Contender.Kind.C, 100_000_000, 120_000_000));
        assertThat(Report.fromJson(report.toJson())).isEqualTo(report);
        assertThat(MarkdownPage.of(Report.fromJson(report.toJson()))).isEqualTo(MarkdownPage.of(report));
    }

    @Test
    void otherJsonIsRefusedWithAReason() {
        assertThatThrownBy(() -> Report.fromJson("{\"schema\": \"else/1\"}"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fid.bench/1");
        assertThatThrownBy(() -> Report.fromJson("{\"schema\" 1}"))
                .hasMessageContaining("expected ':'")
                .hasMessageContaining("character");
    }

    @Test
    void aTargetIsComparedWithTheFastestCProgram() {
        Report report = report(
                Target.speed(0.95, Target.BEST_C),
                series("Fid", Contender.Kind.FID, 200, 200, 200),
                series("C slow", Contender.Kind.C, 300, 300, 300),
                series("C fast", Contender.Kind.C, 100, 100, 100));
        Result.Verdict verdict = report.results().getFirst().verdicts().getFirst();
        assertThat(verdict.against()).isEqualTo("C fast");
        assertThat(verdict.value()).isEqualTo(0.5);
        assertThat(verdict.met()).isEqualTo("no");
    }

    @Test
    void aTargetInsideTheIntervalIsNeitherMetNorMissed() {
        Report report = report(
                Target.speed(0.95, "C fast"),
                series("Fid", Contender.Kind.FID, 110, 90, 112, 111, 80),
                series("C fast", Contender.Kind.C, 100, 100, 100, 100, 100));
        assertThat(report.results().getFirst().verdicts().getFirst().met()).isEqualTo("within the noise");
    }

    @Test
    void thePageTellsWhereFidLoses() {
        String page = MarkdownPage.of(report(
                Target.speed(0.95, "C fast"),
                series("Fid", Contender.Kind.FID, 200, 201, 202),
                series("Fid again", Contender.Kind.AGAIN, 100, 100, 100),
                series("C fast", Contender.Kind.C, 100, 100, 100)));
        String losses = page.substring(page.indexOf("## Where Fid loses"), page.indexOf("## a to b"));
        assertThat(losses).contains("| a to b | C fast | 0.498").doesNotContain("Fid again");
        assertThat(page)
                .contains("| memory | at most 80 B | 100 B |  | no |  |")
                .contains("- xfs: no root")
                .contains("Did not take part: cp: none");
    }

    @Test
    void aTableGivesUpItsLeastColumnsFirst() {
        Table table = new Table(
                new Table.Column("name", true, 3),
                new Table.Column("detail", true, 1),
                new Table.Column("GiB/s", false, 2));
        table.add(
                List.of("file to file", "something long that nobody needs", "1.25"),
                List.of("a note that is too long"));
        assertThat(table.lines(80)).first().asString().contains("detail");
        assertThat(table.lines(20))
                .containsExactly("name          GiB/s", "file to file   1.25", "    a note that is", "    too long");
    }

    // ---- other pages ----

    @Test
    void csvHasALineForEachContenderAndNothingWhereNothingIsKnown() {
        Report report = report(
                Target.speed(0.95, "C \"x\", y"),
                series("Fid", Contender.Kind.FID, 1_000_000_000),
                series("C \"x\", y", Contender.Kind.C, 500_000_000));
        List<String> lines = Csv.of(report).lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(1)).startsWith("a-b,Fid,fid,0,sendfile,0,0,128,1073741824,1,1.00000,");
        assertThat(lines.get(2)).startsWith("a-b,\"C \"\"x\"\", y\",c,0,,").endsWith(",,7.00000,bytes,,");
    }

    @Test
    void htmlIsOneFileThatFetchesNothingAndEscapesWhatItShows() {
        String html = Html.of(
                report(
                        Target.speed(0.95, "C <b>"),
                        series("Fid", Contender.Kind.FID, 100),
                        series("C <b>", Contender.Kind.C, 90)),
                null);
        assertThat(html)
                .contains("default-src 'none'")
                .contains("C &lt;b&gt;")
                .doesNotContain("<b>")
                .doesNotContainPattern("(src|href)=\"(?!#|data:)")
                .contains("xfs: no root");
        int data = html.indexOf("id=\"data\">") + 10;
        String json = html.substring(data, html.indexOf("</script>", data)).replace("\\u003c", "<");
        assertThat(Report.fromJson(json).results()).hasSize(1);
    }

    // ---- two runs ----

    @Test
    void aRaceThatBecameSlowerThanTheOthersDidIsFound() {
        long[] usual = {100, 101, 99, 100, 102, 98, 100};
        long[] slower = {125, 124, 126, 125, 123, 127, 125};
        Report then = report(
                Target.speed(0.95, "C"),
                series("Fid", Contender.Kind.FID, usual),
                series("C", Contender.Kind.C, usual));
        Report now = report(
                Target.speed(0.95, "C"),
                series("Fid", Contender.Kind.FID, slower),
                series("C", Contender.Kind.C, usual));
        assertThat(Comparison.of(now, then).changes())
                .hasSize(2)
                .allMatch(change -> change.isSlowerBy(0.2))
                .noneMatch(change -> change.isSlowerBy(0.3));
        assertThat(Comparison.of(then, then).changes()).noneMatch(change -> change.isSlowerBy(0.01));
    }

    @Test
    void aMachineThatBecameSlowerForAllIsNoChangeOfFid() {
        long[] usual = {100, 101, 99, 100, 102, 98, 100};
        long[] slower = {200, 202, 198, 200, 204, 196, 200};
        Report then = report(
                Target.speed(0.95, "C"),
                series("Fid", Contender.Kind.FID, usual),
                series("C", Contender.Kind.C, usual));
        Report now = report(
                Target.speed(0.95, "C"),
                series("Fid", Contender.Kind.FID, slower),
                series("C", Contender.Kind.C, slower));
        assertThat(Comparison.of(now, then).changes())
                .allMatch(change -> change.verdict().equals("no difference beyond the noise"))
                .anyMatch(change -> change.ratio() == 0.5);
    }

    @Test
    void aClaimOfTheArticleHoldsOnlyBeyondTheNoise() {
        List<Articles.Run> fast = List.of(new Articles.Run(1, 1, 0, 1), new Articles.Run(1.1, 1.1, 0, 1));
        List<Articles.Run> slow = List.of(new Articles.Run(2, 2, 1, 1), new Articles.Run(2.2, 2.2, 1, 1));
        Articles articles = new Articles(
                1,
                "tmpfs",
                Map.of(
                        Articles.Program.READ_WRITE,
                        fast,
                        Articles.Program.MMAP,
                        slow,
                        Articles.Program.MMAP_SEGMENTS,
                        slow,
                        Articles.Program.SPLICE,
                        fast));
        assertThat(articles.claims()).extracting(Articles.Claim::verdict).satisfies(verdicts -> {
            assertThat(verdicts.get(0)).startsWith("no difference"); // splice, read and write: the same
            assertThat(verdicts.get(1)).startsWith("holds"); // splice is faster than mmap
            assertThat(verdicts.get(4)).startsWith("no difference"); // system time is the same
        });
        assertThat(Articles.fromJson(articles.toJson())).isEqualTo(articles);
    }
}
