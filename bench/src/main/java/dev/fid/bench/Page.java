package dev.fid.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// A report as Markdown: docs/measured.md is this page of a report in the repository, and nobody writes it by
/// hand.
final class Page {
    private final Report report;
    private final StringBuilder page = new StringBuilder();

    private Page(Report report) {
        this.report = report;
    }

    static String of(Report report) {
        Page page = new Page(report);
        page.head();
        page.targets();
        page.losses();
        report.results().forEach(page::race);
        page.skipped();
        return page.page.toString();
    }

    private void head() {
        line("# Measured");
        line("");
        line("Made by `fid bench`, never written by hand; docs/measured.json holds every sample, and");
        line("`fid bench --from docs/measured.json --markdown docs/measured.md` makes this page from it again.");
        line("");
        line(
                "All contenders of a race take turns, in random order, in one run of the benchmark: what the machine does");
        line(
                "meanwhile is done to all of them. Each is warm, has its ends opened before the clock starts, and has the");
        line("same threads at the other ends of its pipes and sockets. Its first output was compared with the source.");
        line(
                "CPU time is that of the moving thread, user and kernel (of a tool, of its process). Figures are medians ±");
        line(
                "the median distance from it, with the tenth and ninetieth percentile. A ratio is that of Fid's median to");
        line("the other's; its interval holds 95 of 100 resamplings of the rounds. *Fid again* is Fid under another");
        line("name: what lies between the two is noise. Look at CPU (and instructions, where they are counted) first:");
        line("they stay within a few percent when the clock does not. The loopback flatters whoever does not copy.");
        line("");
        row("", "");
        row("---", "---");
        row("date", report.date());
        row("command", "`" + report.command() + "`");
        row("seed", Long.toString(report.seed()));
        report.machine().forEach((key, value) -> row(key, String.valueOf(value)));
        line("");
    }

    private void targets() {
        line("## Targets");
        line("");
        row("race", "target", "Fid", "interval", "met", "Fid's CPU to its");
        row("---", "---", "---:", "---:", "---", "---:");
        for (Result result : report.results()) {
            for (Result.Verdict verdict : result.verdicts()) {
                boolean micros = verdict.target().measure() == Target.Measure.MICROS;
                boolean best = verdict.target().against().equals(Target.BEST_C);
                row(
                        result.title(),
                        verdict.target() + (best ? ", " + verdict.against() : ""),
                        Human.digits(verdict.value()) + (micros ? " us" : ""),
                        Human.digits(verdict.low()) + " to " + Human.digits(verdict.high()),
                        verdict.met(),
                        cpu(result, verdict));
            }
        }
        for (Report.Fact fact : report.facts()) {
            row(
                    fact.what(),
                    "at most " + Human.bytes(fact.most()),
                    Human.bytes(fact.bytes()),
                    "",
                    fact.isMet() ? "yes" : "no",
                    "");
        }
        line("");
    }

    private static String cpu(Result result, Result.Verdict verdict) {
        return result.fid()
                .flatMap(
                        fid -> result.named(verdict.against()).map(other -> fid.ratio(other, Sample::cpuSecondsPerGib)))
                .map(Page::ratio)
                .orElse("");
    }

    private void losses() {
        List<String[]> lost = new ArrayList<>();
        for (Result result : report.results()) {
            Optional<Result.Series> fid = result.fid();
            for (Result.Series other : result.series()) {
                boolean ours = other.kind() == Contender.Kind.FID || other.kind() == Contender.Kind.AGAIN;
                if (fid.isPresent() && !ours) {
                    Statistics.Ratio speed = fid.get().ratio(other, Sample::gibPerSecond);
                    Statistics.Ratio cpu = fid.get().ratio(other, Sample::cpuSecondsPerGib);
                    if (speed.high() < 1 || cpu.low() > 1) {
                        lost.add(new String[] {
                            result.title(),
                            other.name(),
                            ratio(speed),
                            ratio(cpu),
                            speed.high() < 1 ? "slower" : "more CPU"
                        });
                    }
                }
            }
        }
        line("## Where Fid loses");
        line("");
        if (lost.isEmpty()) {
            line("Nowhere beyond the noise.");
        } else {
            line("All contenders that are faster than Fid, or need less CPU, beyond the noise.");
            line("");
            row("race", "against", "speed", "CPU", "Fid is");
            row("---", "---", "---:", "---:", "---");
            lost.forEach(this::row);
        }
        line("");
    }

    private static String ratio(Statistics.Ratio ratio) {
        return Human.digits(ratio.value()) + " (" + Human.digits(ratio.low()) + " to " + Human.digits(ratio.high())
                + ")";
    }

    // ---- a race ----

    private void race(Result result) {
        Optional<Result.Series> fid = result.fid();
        if (fid.isEmpty()) {
            return;
        }
        boolean counted = fid.get().samples().stream().anyMatch(sample -> sample.instructions() >= 0);
        boolean brief = result.targets().stream().anyMatch(t -> t.measure() == Target.Measure.MICROS);
        line("## " + result.title());
        line("");
        Result.Series own = fid.get();
        line(Human.bytes(result.bytes()) + " a run, " + own.samples().size() + " rounds. Fid went by `" + own.method()
                + "`: " + copies(own.copies()) + ", " + Human.bytes(Math.max(0, own.userBytes()))
                + " through user space, " + own.calls() + " system calls a run. Strangers had "
                + Human.digits(100 * result.strangers()) + " % of the processors.");
        line("");
        List<String> heads = new ArrayList<>(List.of("contender"));
        if (counted) {
            heads.add("10^9 instructions/GiB");
        }
        heads.addAll(
                brief
                        ? List.of("CPU us", "us", "p10 to p90", "Fid's speed to its", "Fid's CPU to its")
                        : List.of(
                                "CPU s/GiB",
                                "switches/GiB",
                                "GiB/s",
                                "p10 to p90",
                                "Fid's speed to its",
                                "Fid's CPU to its"));
        row(heads.toArray(String[]::new));
        row(heads.stream().map(h -> h.equals("contender") ? "---" : "---:").toArray(String[]::new));
        for (Result.Series series : result.series()) {
            List<String> cells = new ArrayList<>(List.of(series.name()));
            if (counted) {
                cells.add(Human.digits(series.median(Sample::instructionsPerGib) / 1e9));
            }
            if (brief) {
                cells.add(spread(series, s -> s.cpuNanos() / 1e3));
                cells.add(spread(series, Sample::micros));
                cells.add(range(series, Sample::micros));
            } else {
                cells.add(spread(series, Sample::cpuSecondsPerGib));
                cells.add(Human.digits(series.median(Sample::switchesPerGib)));
                cells.add(spread(series, Sample::gibPerSecond));
                cells.add(range(series, Sample::gibPerSecond));
            }
            boolean self = series.kind() == Contender.Kind.FID;
            cells.add(self ? "" : ratio(own.ratio(series, Sample::gibPerSecond)));
            cells.add(self ? "" : ratio(own.ratio(series, Sample::cpuSecondsPerGib)));
            row(cells.toArray(String[]::new));
        }
        line("");
        for (String skipped : result.skipped()) {
            line("Did not take part: " + skipped);
            line("");
        }
    }

    private static String copies(int copies) {
        return switch (copies) {
            case 0 -> "no CPU copy";
            case 1 -> "one CPU copy of each byte";
            default -> copies + " CPU copies of each byte";
        };
    }

    private static String spread(Result.Series series, ToDoubleFunction<Sample> measure) {
        Statistics.Summary summary = Statistics.Summary.of(series.values(measure));
        return Human.digits(summary.median()) + " ± " + Human.digits(summary.mad());
    }

    private static String range(Result.Series series, ToDoubleFunction<Sample> measure) {
        Statistics.Summary summary = Statistics.Summary.of(series.values(measure));
        return Human.digits(summary.p10()) + " to " + Human.digits(summary.p90());
    }

    private void skipped() {
        if (!report.skipped().isEmpty()) {
            line("## Not measured here");
            line("");
            report.skipped().forEach(what -> line("- " + what));
            line("");
        }
    }

    // ---- lines ----

    private void row(String... cells) {
        List<String> clean = new ArrayList<>();
        for (String cell : cells) {
            clean.add(cell.replace("|", "\\|"));
        }
        line(String.format(Locale.ROOT, "| %s |", String.join(" | ", clean)));
    }

    private void line(String line) {
        page.append(line.stripTrailing()).append('\n');
    }
}
