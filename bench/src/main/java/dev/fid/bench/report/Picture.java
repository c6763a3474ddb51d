package dev.fid.bench.report;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Statistics;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Contender;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// A picture of a report, for a README: a group of bars for each kind of route, Fid beside the best of the C programs
/// and
/// the best of what the JDK brings, each with its spread. Text and rectangles only, so that one report gives the same
/// picture on every machine.
///
/// @param name of its file
/// @param title what it shows
/// @param svg the picture
public record Picture(String name, String title, String svg) {
    /// Beginnings of the names of the races that are shown, each by the first that a report has.
    private static final List<String> ROUTES = List.of(
            "file-file-",
            "file-pipe",
            "file-socket",
            "socket-file-",
            "socket-socket",
            "pipe-file",
            "pipe-pipe-copied",
            "fanout-4",
            "memory-pipe-read");

    private static final int WIDTH = 620;
    private static final int LEFT = 190;
    private static final int RIGHT = 64;
    private static final int BAR = 16;
    private static final int GROUP_GAP = 36;
    private static final int HEAD = 56;

    private static final String STYLE = """
            text { font: 13px sans-serif; fill: #1f2328 }
            .title { font-size: 16px; font-weight: bold }
            .small { font-size: 12px; fill: #59636e }
            .FID { fill: #0969da } .C { fill: #8250df } .JDK { fill: #bc6c00 }
            .spread { stroke: #1f2328; stroke-width: 1.5 }
            @media (prefers-color-scheme: dark) {
              text { fill: #e6edf3 } .small { fill: #9198a1 } .spread { stroke: #e6edf3 }
              .FID { fill: #4493f8 } .C { fill: #ab7df8 } .JDK { fill: #d29922 }
            }
            """;

    /// All pictures of a report.
    public static List<Picture> of(Report report) {
        String cpu = "CPU seconds per GiB, less is better";
        String speed = "GiB/s, more is better";
        return List.of(
                new Picture("measured-cpu.svg", cpu, draw(report, cpu, Sample::cpuSecondsPerGib, 1)),
                new Picture("measured-speed.svg", speed, draw(report, speed, Sample::gibPerSecond, -1)));
    }

    private record Bar(Result.Series series, Statistics.Summary summary) {}

    private record Group(String title, List<Bar> bars) {}

    /// @param sign 1 where less is better, -1 where more is
    private static String draw(Report report, String title, ToDoubleFunction<Sample> measure, int sign) {
        List<Group> groups = new ArrayList<>();
        for (String route : ROUTES) {
            report.results().stream()
                    .filter(result ->
                            result.id().startsWith(route) && result.fid().isPresent())
                    .findFirst()
                    .ifPresent(result -> groups.add(group(result, measure, sign)));
        }
        double longest = groups.stream()
                .flatMap(group -> group.bars().stream())
                .mapToDouble(bar -> bar.summary().p90())
                .max()
                .orElse(1);
        int height = HEAD + groups.stream().mapToInt(Picture::height).sum() + 30;
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n"
                        + "<style>%n%s</style>%n",
                WIDTH,
                height,
                escaped(title + ": Fid beside C and the JDK, by route"),
                STYLE));
        text(svg, "title", "start", 16, 24, title);
        text(svg, "small", "start", 16, 42, machine(report));
        int y = HEAD;
        for (Group group : groups) {
            text(svg, "", "start", 16, y + 14, group.title());
            y += 20;
            for (Bar bar : group.bars()) {
                bar(svg, bar, y, longest);
                y += BAR + 2;
            }
            y += GROUP_GAP - 20;
        }
        text(
                svg,
                "small",
                "start",
                16,
                height - 12,
                "Medians; lines: tenth to ninetieth percentile. Of C and of the JDK the best in each race.");
        return svg.append("</svg>\n").toString().replace(System.lineSeparator(), "\n");
    }

    private static int height(Group group) {
        return group.bars().size() * (BAR + 2) + GROUP_GAP;
    }

    private static String machine(Report report) {
        return report.machine().getOrDefault("kernel", "Linux") + ", "
                + report.machine().getOrDefault("processor", "unknown processor") + ", "
                + report.date().replaceAll("T.*", "");
    }

    private static Group group(Result result, ToDoubleFunction<Sample> measure, int sign) {
        List<Bar> bars = new ArrayList<>();
        for (Contender.Kind kind : List.of(Contender.Kind.FID, Contender.Kind.C, Contender.Kind.JDK)) {
            Optional<Result.Series> best = result.series().stream()
                    .filter(series -> series.kind() == kind)
                    .min(Comparator.comparingDouble(series -> sign * series.median(measure)));
            best.ifPresent(series -> bars.add(new Bar(series, Statistics.Summary.of(series.values(measure)))));
        }
        return new Group(result.title(), bars);
    }

    private static void bar(StringBuilder svg, Bar bar, int y, double longest) {
        double scale = (WIDTH - LEFT - RIGHT) / longest;
        Statistics.Summary summary = bar.summary();
        String name = bar.series().kind() == Contender.Kind.FID
                ? "Fid, " + bar.series().method()
                : bar.series().name();
        text(svg, "small", "end", LEFT - 8, y + 12, name);
        svg.append(String.format(
                Locale.ROOT,
                "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
                        + "<path class=\"spread\" d=\"M%.1f %dH%.1f\"/>%n",
                bar.series().kind(),
                LEFT,
                y,
                summary.median() * scale,
                BAR,
                LEFT + summary.p10() * scale,
                y + BAR / 2,
                LEFT + summary.p90() * scale));
        int end = (int) (LEFT + Math.max(summary.p90(), summary.median()) * scale) + 8;
        text(svg, "small", "start", end, y + 12, Human.digits(summary.median()));
    }

    private static void text(StringBuilder svg, String style, String anchor, int x, int y, String text) {
        svg.append(String.format(
                Locale.ROOT,
                "<text%s x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>%n",
                style.isEmpty() ? "" : " class=\"" + style + "\"",
                x,
                y,
                anchor,
                escaped(text)));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
