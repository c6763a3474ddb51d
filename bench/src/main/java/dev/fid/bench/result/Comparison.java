package dev.fid.bench.result;

import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Statistics;
import dev.fid.bench.way.Contender;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/// This run against an earlier one, race by race. A machine has slow days and slow minutes, so Fid's change is set
/// against that of the others who took part both times: what became slower with them is the machine's affair.
///
/// @param earlier when the other run was
/// @param changes one for each race and measure that both runs have
public record Comparison(String earlier, List<Change> changes) {
    private static final int RESAMPLES = 2000;

    /// With fewer, the interval of their median says nothing.
    private static final int LEAST_ROUNDS = 5;

    /// Of some forty figures none should be off by chance.
    private static final double SURE = 0.99;

    public enum Measure {
        SPEED("GiB/s", true),
        CPU("CPU s/GiB", false);

        public final String unit;
        final boolean moreIsBetter;

        Measure(String unit, boolean moreIsBetter) {
            this.unit = unit;
            this.moreIsBetter = moreIsBetter;
        }

        /// What each run took for a GiB.
        double[] cost(Result.Series series) {
            return series.values(this == SPEED ? sample -> 1 / sample.gibPerSecond() : Sample::cpuSecondsPerGib);
        }
    }

    /// How Fid changed in a race.
    ///
    /// @param id of the race
    /// @param measure of what
    /// @param ratio now over then, as it was measured
    /// @param against how the others changed meanwhile, their median; 1 where there are none
    /// @param cost now over then of what a GiB takes, without what changed for the others too: above 1 is slower
    /// @param noise how far Fid and Fid again were apart, in the run where that was more: 1.05 is 5 %
    /// @param rounds of the run that has fewer
    public record Change(
            String id, Measure measure, double ratio, double against, Statistics.Ratio cost, double noise, int rounds) {
        /// Slower by more than `share` of what it took, and not by chance: neither by that of the rounds nor by what is
        /// between two contenders that are the same.
        public boolean isSlowerBy(double share) {
            return isDecided() && cost.value() > Math.max(1 + share, noise) && cost.low() > 1;
        }

        public boolean isDecided() {
            return rounds >= LEAST_ROUNDS;
        }

        public String verdict() {
            return !isDecided()
                    ? "not decided by so few rounds"
                    : cost.isEven() ? "no difference beyond the noise" : cost.value() > 1 ? "slower" : "faster";
        }
    }

    public static Comparison of(Report now, Report then) {
        List<Change> changes = new ArrayList<>();
        for (Result result : now.results()) {
            Optional<Result> old = then.results().stream()
                    .filter(o -> o.id().equals(result.id()) && o.bytes() == result.bytes())
                    .findFirst();
            if (old.isPresent() && result.fid().isPresent() && old.get().fid().isPresent()) {
                for (Measure measure : Measure.values()) {
                    changes.add(change(result, old.get(), measure));
                }
            }
        }
        return new Comparison(then.date(), changes);
    }

    private static Change change(Result now, Result then, Measure measure) {
        List<String> own = common(now, then, true);
        List<String> others = common(now, then, false);
        double cost = Statistics.median(relative(now, own, others, measure))
                / Statistics.median(relative(then, own, others, measure));
        double against = others.isEmpty()
                ? 1
                : Statistics.median(rounds(now, others, measure)) / Statistics.median(rounds(then, others, measure));
        double ratio = Statistics.median(rounds(now, own, measure)) / Statistics.median(rounds(then, own, measure));
        double[] costs = resampled(
                relative(now, own, others, measure),
                relative(then, own, others, measure),
                new SplittableRandom(RESAMPLES));
        return new Change(
                now.id(),
                measure,
                measure.moreIsBetter ? 1 / ratio : ratio,
                measure.moreIsBetter ? 1 / against : against,
                new Statistics.Ratio(
                        cost, Statistics.quantile(costs, (1 - SURE) / 2), Statistics.quantile(costs, (1 + SURE) / 2)),
                Math.max(noise(now, measure), noise(then, measure)),
                Math.min(rounds(now, own, measure).length, rounds(then, own, measure).length));
    }

    /// Who took part both times: Fid and Fid again, which are both Fid; or the others, but for Fid's own methods, which
    /// may have become slower with it.
    private static List<String> common(Result now, Result then, boolean own) {
        return now.series().stream()
                .filter(series -> switch (series.kind()) {
                    case FID, AGAIN -> own;
                    case C, JDK, TOOL -> !own;
                    case METHOD, BLOCK -> false;
                })
                .map(Result.Series::name)
                .filter(name -> then.named(name).isPresent())
                .toList();
    }

    /// What the two that are the same differ by; 1 where there is one.
    private static double noise(Result result, Measure measure) {
        double[] medians = result.series().stream()
                .filter(series -> series.kind() == Contender.Kind.FID || series.kind() == Contender.Kind.AGAIN)
                .mapToDouble(series -> Statistics.median(measure.cost(series)))
                .toArray();
        return medians.length < 2 ? 1 : Math.max(medians[0] / medians[1], medians[1] / medians[0]);
    }

    /// What Fid cost in each round beside what the others cost in the same one: a slow second weighs on both.
    private static double[] relative(Result result, List<String> own, List<String> others, Measure measure) {
        double[] costs = rounds(result, own, measure);
        if (!others.isEmpty()) {
            double[] theirs = rounds(result, others, measure);
            for (int i = 0; i < costs.length; i++) {
                costs[i] /= theirs[i];
            }
        }
        return costs;
    }

    /// What each round cost those who are named, their geometric mean.
    private static double[] rounds(Result result, List<String> names, Measure measure) {
        List<double[]> costs = names.stream()
                .flatMap(name -> result.named(name).stream())
                .map(measure::cost)
                .toList();
        int rounds = costs.stream().mapToInt(samples -> samples.length).min().orElse(0);
        double[] means = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            int round = i;
            means[i] = Math.exp(costs.stream()
                    .mapToDouble(samples -> Math.log(samples[round]))
                    .average()
                    .orElse(Double.NaN));
        }
        return means;
    }

    /// The two runs have no rounds in common, so each is drawn by itself.
    private static double[] resampled(double[] now, double[] then, SplittableRandom random) {
        double[] ratios = new double[RESAMPLES];
        if (now.length > 0 && then.length > 0) {
            for (int i = 0; i < RESAMPLES; i++) {
                ratios[i] = Statistics.median(drawn(now, random)) / Statistics.median(drawn(then, random));
            }
        }
        return ratios;
    }

    private static double[] drawn(double[] samples, SplittableRandom random) {
        return random.ints(samples.length, 0, samples.length)
                .mapToDouble(i -> samples[i])
                .toArray();
    }
}
