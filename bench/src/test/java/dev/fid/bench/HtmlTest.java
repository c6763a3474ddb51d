package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fid.bench.measure.Sample;
import dev.fid.bench.report.Html;
import dev.fid.bench.result.Comparison;
import dev.fid.bench.result.Modelled;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Blocks;
import dev.fid.bench.way.Contender;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The report in a real browser.
class HtmlTest {
    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    /// --jdk in report.css: the second curve, and the bars of the JDK, of which there are none.
    private static final int CURVE = 0x9a5b00;

    @TempDir
    Path directory;

    @BeforeEach
    void thereIsABrowser() {
        assumeTrue(Files.isExecutable(CHROMIUM), "needs chromium");
    }

    private static Report report() {
        Random random = new Random(7);
        List<Result.Series> series = new ArrayList<>();
        series.add(series("Fid", Contender.Kind.FID, 0, random));
        for (Blocks method : List.of(Blocks.READ_WRITE, Blocks.SPLICE)) {
            for (long size : Blocks.SIZES) {
                series.add(series(method.toString(), Contender.Kind.BLOCK, size, random));
            }
        }
        Result result = new Result("blocks-a-b", "a to b, by block size", 1 << 30, List.of(), series, List.of(), 0.01);
        return new Report(
                Map.of("kernel", "Linux"),
                "fid bench",
                "2026-01-01T00:00:00Z",
                7,
                List.of(result),
                List.of(),
                List.of(),
                null);
    }

    /// The run that docs have, and the curves: every kind of section.
    private static Report whole() throws IOException {
        Report measured = Report.fromJson(Files.readString(Path.of("../docs/measured.json")));
        List<Result> results = new ArrayList<>(measured.results());
        results.addAll(report().results());
        return new Report(
                measured.machine(),
                measured.command(),
                measured.date(),
                measured.seed(),
                results,
                measured.facts(),
                List.of("xfs: no root"),
                measured.articles());
    }

    private static Result.Series series(String name, Contender.Kind kind, long block, Random random) {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            long nanos = 100_000_000L + random.nextInt(20_000_000);
            samples.add(new Sample(1 << 30, nanos, nanos / 2, -1, 7));
        }
        return new Result.Series(
                name + (block > 0 ? ", " + block : ""), kind, block, name, 0, 0, 128, new Modelled(1, 0.125), samples);
    }

    private record Browsed(String out, String log) {}

    private Browsed browse(Path page, String... options) throws IOException, InterruptedException {
        Path out = directory.resolve("out");
        Path log = directory.resolve("log");
        List<String> command = new ArrayList<>(List.of(
                CHROMIUM.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--user-data-dir=" + directory.resolve("profile"),
                "--enable-logging=stderr",
                "--virtual-time-budget=3000"));
        command.addAll(List.of(options));
        command.add(page.toUri().toString());
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(log.toFile())
                .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("the browser ends").isTrue();
        return new Browsed(Files.readString(out), Files.readString(log, StandardCharsets.ISO_8859_1));
    }

    private Path page() throws IOException {
        return Files.writeString(directory.resolve("report.html"), Html.of(report(), null));
    }

    @Test
    void theProgramRunsUnderItsOwnPolicyAndSaysNothing() throws Exception {
        Browsed browsed = browse(page(), "--dump-dom");
        assertThat(browsed.out())
                .contains("<button type=\"button\">contender</button>")
                .contains("<button type=\"button\">calls/MiB, model</button>")
                .containsPattern("data-measure=\"speed\"><div class=\"uplot")
                .containsPattern("data-measure=\"cpu\"><div class=\"uplot");
        assertThat(browsed.log()).doesNotContain("CONSOLE").doesNotContain("Content Security Policy");
    }

    @Test
    void theCurvesArePainted() throws Exception {
        Path picture = directory.resolve("picture.png");
        browse(page(), "--window-size=1280,1600", "--hide-scrollbars", "--screenshot=" + picture);
        BufferedImage image = ImageIO.read(picture.toFile());
        int painted = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                painted += isNear(image.getRGB(x, y), CURVE) ? 1 : 0;
            }
        }
        assertThat(painted).as("pixels in the colour of the second curve").isGreaterThan(200);
    }

    /// Lines are drawn with soft edges.
    private static boolean isNear(int one, int other) {
        int far = 0;
        for (int shift = 0; shift < 24; shift += 8) {
            far = Math.max(far, Math.abs((one >> shift & 0xff) - (other >> shift & 0xff)));
        }
        return far < 40;
    }

    /// By the rules of axe-core, which the page's own policy would not let in: so that is taken out here. What axe says
    /// stands in the title.
    @Test
    void axeFindsNothingSerious() throws Exception {
        Report measured = whole();
        String axe;
        try (java.io.InputStream in = HtmlTest.class.getResourceAsStream("/axe.min.js")) {
            axe = new String(java.util.Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
        String audit = "<script>" + axe + "</script><script>axe.run(document, {resultTypes: ['violations']}).then(r =>"
                + " { document.title = (matchMedia('(prefers-color-scheme: dark)').matches ?"
                + " 'dark' : 'light') + ': ' + r.passes.length + ' passed; ' +"
                + " r.violations.filter(v => v.impact === 'serious' || v.impact ==="
                + " 'critical').map(v => v.id + ' at ' + v.nodes[0].target).join('; ') + '.';"
                + " }).catch(e => { document.title = 'axe failed: ' + e; })</script>";
        String html = Html.of(measured, Comparison.of(measured, measured))
                .replaceFirst("<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "")
                .replace("</body>", audit + "</body>");
        Path page = Files.writeString(directory.resolve("audited.html"), html);
        for (String scheme : List.of("light", "dark")) {
            String chosen = "--blink-settings=preferredColorScheme=" + (scheme.equals("dark") ? 0 : 1);
            String dom = browse(page, chosen, "--window-size=1280,1600", "--virtual-time-budget=60000", "--dump-dom")
                    .out();
            assertThat(dom).containsPattern("<title>" + scheme + ": [1-9]\\d* passed; \\.</title>");
        }
    }

    @Test
    void aPhoneNeedsNoSidewaysScrolling() throws Exception {
        String html = Html.of(whole(), null);
        // What is too wide scrolls in its own box; the page as a whole is as wide as the window.
        Path page = Files.writeString(
                directory.resolve("narrow.html"),
                "<!doctype html><iframe id=f width=360 height=900 srcdoc=\""
                        + html.replace("&", "&amp;").replace("\"", "&quot;")
                        + "\"></iframe><script>onload=()=>{const d=document.getElementById('f').contentDocument"
                        + ".documentElement;document.title='width '+d.scrollWidth+' of '+d.clientWidth}</script>");
        String title = browse(page, "--dump-dom").out();
        assertThat(title).containsPattern("<title>width (\\d+) of \\1</title>");
    }
}
