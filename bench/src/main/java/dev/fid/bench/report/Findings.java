package dev.fid.bench.report;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Statistics;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What is to be said about a report as a whole.
final class Findings {
    private Findings() {}

    /// In one sentence, what the run showed: the race in which Fid saves the most CPU time beside plain streams,
    /// and how it stands beside C.
    static String verdict(Report report) {
        record Lead(Result result, Statistics.Ratio speed, Statistics.Ratio cpu) {}
        Lead best = null;
        int even = 0;
        int behind = 0;
        for (Result result : report.results()) {
            Optional<Result.Series> fid = result.fid();
            Optional<Result.Series> streams = result.named("JDK streams");
            if (fid.isPresent() && streams.isPresent()) {
                Statistics.Ratio cpu = fid.get().ratio(streams.get(), Sample::cpuSecondsPerGib);
                boolean moved = !result.id().startsWith("memory"); // what lay in memory came from nowhere
                if (moved
                        && cpu.high() < 1
                        && (best == null || cpu.value() < best.cpu().value())) {
                    best = new Lead(result, fid.get().ratio(streams.get(), Sample::gibPerSecond), cpu);
                }
            }
            for (Result.Verdict verdict : result.verdicts()) {
                if (verdict.against().startsWith("C ")) {
                    behind += verdict.high() < 1 ? 1 : 0;
                    even += verdict.high() < 1 ? 0 : 1;
                }
            }
        }
        List<String> said = new ArrayList<>();
        if (best != null) {
            said.add(capitalized(best.result().title()) + ": Fid moved "
                    + Human.digits(best.speed().value())
                    + " times the bytes per second of JDK streams with "
                    + Human.digits(best.cpu().value())
                    + " of their CPU time");
        }
        if (even + behind > 0) {
            said.add("in " + even + " of " + (even + behind)
                    + " races no C program was faster beyond the noise"
                    + (behind > 0 ? ", in " + behind + " one was" : ""));
        }
        return said.isEmpty() ? "Nothing that was measured can be told from noise." : String.join("; ", said) + ".";
    }

    private static String capitalized(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    /// What makes the figures doubtful.
    static List<String> warnings(Report report) {
        List<String> warnings = new ArrayList<>();
        for (Result result : report.results()) {
            if (result.strangers() > 0.1) {
                warnings.add(result.title() + ": others had " + Human.digits(100 * result.strangers())
                        + " % of the processors.");
            }
            Optional<Result.Series> fid = result.fid();
            Optional<Result.Series> again = result.named("Fid again");
            if (fid.isPresent() && again.isPresent()) {
                Statistics.Ratio ratio = fid.get().ratio(again.get(), Sample::cpuSecondsPerGib);
                if (!ratio.isEven() && Math.abs(Math.log(ratio.value())) > Math.log(1.1)) {
                    warnings.add(result.title() + ": Fid and Fid again differ by " + Sheets.ratio(ratio)
                            + " in CPU time: believe no smaller difference here.");
                }
            }
            fid.map(series -> Statistics.Summary.of(series.values(result.unit()::perSecond)))
                    .filter(speed -> speed.p90() - speed.p10() > 0.5 * speed.median())
                    .ifPresent(speed -> warnings.add(result.title() + ": Fid's speed went from "
                            + Human.digits(speed.p10()) + " to " + Human.digits(speed.p90()) + " "
                            + result.unit().perSecond() + " meanwhile."));
        }
        return warnings;
    }
}
