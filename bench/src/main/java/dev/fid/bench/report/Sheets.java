package dev.fid.bench.report;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Latency;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Statistics;
import dev.fid.bench.measure.Target;
import dev.fid.bench.measure.Unit;
import dev.fid.bench.result.Articles;
import dev.fid.bench.result.Comparison;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Contender;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// The tables of a report and the sentences about them; {@link Contents} puts them in order.
public final class Sheets {
    /// How the figures were taken.
    static final String METHOD = """
            All contenders of a race take turns, in random order, in one run of the benchmark: what the machine does
            meanwhile is done to all of them. Each is warm, has its ends opened before the clock starts, and has the
            same threads at the other ends of its pipes and sockets. Its first output was compared with the source.
            CPU time is that of the moving thread, user and kernel (of a tool, of its process). Figures are medians ±
            the median distance from it, with the tenth and ninetieth percentile. A ratio is that of Fid's median to
            the other's; its interval holds 95 of 100 resamplings of the rounds. *Fid again* is Fid under another
            name: what lies between the two is noise. Look at CPU (and instructions, where they are counted) first:
            they stay within a few percent when the clock does not. The loopback flatters whoever does not copy.
            """;

    private static final double MIB = 1 << 20;

    private Sheets() {}

    // ---- of all races ----

    static Sheet targets(Report report) {
        Sheet sheet = Sheet.of("race", "target", "Fid>", "interval>", "met", "Fid's CPU to its>");
        for (Result result : report.results()) {
            for (Result.Verdict verdict : result.verdicts()) {
                boolean micros = verdict.target().measure() == Target.Measure.MICROS;
                boolean best = verdict.target().against().equals(Target.BEST_C);
                sheet.add(
                        result.title(),
                        verdict.target() + (best ? ", " + verdict.against() : ""),
                        Human.digits(verdict.value()) + (micros ? " us" : ""),
                        Human.digits(verdict.low()) + " to " + Human.digits(verdict.high()),
                        verdict.met(),
                        cpu(result, verdict));
            }
        }
        for (Report.Fact fact : report.facts()) {
            sheet.add(
                    fact.what(),
                    fact.isBounded() ? "at most " + Human.bytes(fact.most()) : "",
                    Human.bytes(fact.bytes()),
                    "",
                    fact.isBounded() ? fact.isMet() ? "yes" : "no" : "",
                    "");
        }
        return sheet;
    }

    private static String cpu(Result result, Result.Verdict verdict) {
        return result.fid()
                .flatMap(
                        fid -> result.named(verdict.against()).map(other -> fid.ratio(other, Sample::cpuSecondsPerGib)))
                .map(Sheets::ratio)
                .orElse("");
    }

    /// All contenders that are faster than Fid, or need less CPU, beyond the noise.
    static Sheet losses(Report report) {
        Sheet sheet = Sheet.of("race", "against", "speed>", "CPU>", "Fid is");
        for (Result result : report.results()) {
            Optional<Result.Series> fid = result.fid();
            for (Result.Series other : result.series()) {
                boolean ours = switch (other.kind()) {
                    case FID, AGAIN, BLOCK ->
                        true; // a sweep of block sizes is no rival: its best was chosen afterwards
                    case METHOD, C, JDK, TOOL -> false;
                };
                if (fid.isPresent() && !ours) {
                    Statistics.Ratio speed = fid.get().ratio(other, Sample::gibPerSecond);
                    Statistics.Ratio cpu = fid.get().ratio(other, Sample::cpuSecondsPerGib);
                    if (speed.high() < 1 || cpu.low() > 1) {
                        sheet.add(
                                result.title(),
                                other.name(),
                                ratio(speed),
                                ratio(cpu),
                                speed.high() < 1 ? "slower" : "more CPU");
                    }
                }
            }
        }
        return sheet;
    }

    static Sheet comparison(Comparison comparison) {
        Sheet sheet = Sheet.of("race", "measure", "Fid, now to then>", "the others>", "cost without theirs>", "Fid is");
        for (Comparison.Change change : comparison.changes()) {
            sheet.add(
                    change.id(),
                    change.measure().unit,
                    Human.digits(change.ratio()),
                    Human.digits(change.against()),
                    ratio(change.cost()),
                    change.verdict());
        }
        return sheet;
    }

    // ---- the second article ----

    public static Sheet articles(Articles articles) {
        Sheet sheet =
                Sheet.of("program", "work time>", "real>", "user>", "sys>", "the article: work time>", "user>", "sys>");
        for (Articles.Program program : Articles.Program.values()) {
            Articles.Run then = program.then();
            sheet.add(
                    program.label,
                    seconds(articles.summary(program, Articles.Run::work)),
                    seconds(articles.summary(program, Articles.Run::real)),
                    seconds(articles.summary(program, Articles.Run::user)),
                    seconds(articles.summary(program, Articles.Run::system)),
                    then == null ? "" : Human.digits(then.work()),
                    then == null ? "" : Human.digits(then.user()),
                    then == null ? "" : Human.digits(then.system()));
        }
        return sheet;
    }

    private static String seconds(Statistics.Summary summary) {
        return Human.digits(summary.median()) + " ± " + Human.digits(summary.mad());
    }

    static Sheet claims(Articles articles) {
        Sheet sheet = Sheet.of("the article says", "here", "why");
        articles.claims().forEach(claim -> sheet.add(claim.text(), claim.verdict(), claim.reason()));
        return sheet;
    }

    // ---- a race ----

    static String sentence(Result result, Result.Series own) {
        String strangers = " Strangers had " + Human.digits(100 * result.strangers()) + " % of the processors.";
        String rounds = own.samples().size() + " rounds.";
        if (own.method().equals(Report.RELAY)) {
            return rounds + " Every relay is a process of its own with two threads, and has the same load; CPU time and"
                    + " switches are those of all its threads, calls were counted in a run of their own. A turn in which other"
                    + " virtual machines took more than " + Math.round(100 * Report.MOST_STOLEN)
                    + " % of the processors was made again, " + (Report.TRIES - 1) + " times at most."
                    + strangers;
        }
        String run = Human.bytes(result.bytes()) + " a run, " + rounds;
        if (own.method().isEmpty()) {
            return run + " Each is a command: its start counts, and its CPU time is that of the process." + strangers;
        }
        return run + " Fid went by `" + own.method() + "`: " + copies(own.copies()) + ", "
                + Human.bytes(Math.max(0, own.userBytes())) + " through user space, " + own.calls()
                + " system calls a run." + strangers;
    }

    private static String copies(int copies) {
        return switch (copies) {
            case 0 -> "no CPU copy";
            case 1 -> "one CPU copy of each byte";
            default -> copies + " CPU copies of each byte";
        };
    }

    /// A measure of a race.
    private record Measure(String head, ToDoubleFunction<Sample> of) {}

    static Sheet race(Result result, Result.Series own) {
        boolean counted = own.samples().stream().anyMatch(sample -> sample.instructions() >= 0);
        boolean brief = result.targets().stream().anyMatch(t -> t.measure() == Target.Measure.MICROS);
        boolean late =
                own.samples().stream().anyMatch(sample -> !sample.latency().equals(Latency.NONE));
        Unit unit = result.unit();
        Measure cpu = brief ? new Measure("CPU us", s -> s.cpuNanos() / 1e3) : new Measure(unit.cpu(), unit::cpu);
        Measure speed = brief ? new Measure("us", Sample::micros) : new Measure(unit.perSecond(), unit::perSecond);
        String per = unit == Unit.BYTES ? "MiB" : unit.name;
        List<String> heads = new ArrayList<>(List.of("contender"));
        if (counted) {
            heads.add(unit.instructions() + ">");
        }
        heads.add(cpu.head() + ">");
        if (!brief) {
            heads.add("calls/" + per + ">");
            heads.add("switches/" + unit.name + ">");
        }
        heads.addAll(List.of(speed.head() + ">", "p10 to p90>"));
        if (late) {
            heads.addAll(List.of("p50 us>", "p99 us>"));
        }
        heads.addAll(List.of("Fid's speed to its>", "Fid's CPU to its>"));
        if (late) {
            heads.add("Fid's p99 to its>");
        }
        Sheet sheet = Sheet.of(heads.toArray(String[]::new));
        double longestCpu = longest(result, cpu);
        double longestSpeed = longest(result, speed);
        for (Result.Series series : result.series()) {
            List<Sheet.Cell> cells = new ArrayList<>(List.of(Sheet.Cell.of(series.name())));
            if (counted) {
                double instructions = series.median(unit::instructions);
                cells.add(Sheet.Cell.of(Human.digits(instructions), instructions));
            }
            cells.add(spread(series, cpu, longestCpu));
            if (!brief) {
                double calls = series.calls() < 0
                        ? Double.NaN
                        : series.calls() / (result.bytes() / (unit == Unit.BYTES ? MIB : 1));
                cells.add(Sheet.Cell.of(Human.digits(calls), calls));
                double switches = series.median(unit::switches);
                cells.add(Sheet.Cell.of(Human.digits(switches), switches));
            }
            cells.add(spread(series, speed, longestSpeed));
            Statistics.Summary summary = Statistics.Summary.of(series.values(speed.of()));
            cells.add(Sheet.Cell.of(Human.digits(summary.p10()) + " to " + Human.digits(summary.p90())));
            boolean self = series.kind() == Contender.Kind.FID;
            if (late) {
                for (ToDoubleFunction<Sample> latency :
                        List.<ToDoubleFunction<Sample>>of(Sample::medianMicros, Sample::p99Micros)) {
                    double micros = series.median(latency);
                    cells.add(Sheet.Cell.of(Human.digits(micros), micros));
                }
            }
            cells.add(self ? Sheet.Cell.of("") : ratioCell(own.ratio(series, Sample::gibPerSecond)));
            cells.add(self ? Sheet.Cell.of("") : ratioCell(own.ratio(series, Sample::cpuSecondsPerGib)));
            if (late) {
                cells.add(self ? Sheet.Cell.of("") : ratioCell(own.ratio(series, Sample::p99Micros)));
            }
            sheet.add(series.kind(), cells);
        }
        return sheet;
    }

    private static double longest(Result result, Measure measure) {
        return result.series().stream()
                .mapToDouble(s -> Statistics.Summary.of(s.values(measure.of())).p90())
                .max()
                .orElse(1);
    }

    private static Sheet.Cell spread(Result.Series series, Measure measure, double longest) {
        Statistics.Summary summary = Statistics.Summary.of(series.values(measure.of()));
        return new Sheet.Cell(
                Human.digits(summary.median()) + " ± " + Human.digits(summary.mad()),
                summary.median(),
                bar(summary, longest));
    }

    private static Sheet.@Nullable Bar bar(Statistics.Summary summary, double longest) {
        return longest > 0 && Double.isFinite(summary.median())
                ? new Sheet.Bar(summary.median() / longest, summary.p10() / longest, summary.p90() / longest)
                : null;
    }

    private static Sheet.Cell ratioCell(Statistics.Ratio ratio) {
        return Sheet.Cell.of(ratio(ratio), ratio.value());
    }

    static String ratio(Statistics.Ratio ratio) {
        return Human.digits(ratio.value()) + " (" + Human.digits(ratio.low()) + " to " + Human.digits(ratio.high())
                + ")";
    }
}
