package dev.fid.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/// This run against an earlier one, race by race. A machine has slow days and slow minutes, so Fid's change is set
/// against that of the others who took part both times: what became slower with them is the machine's affair.
///
/// @param earlier when the other run was
/// @param changes one for each race and measure that both runs have
record Comparison(String earlier, List<Change> changes) {
    private static final int RESAMPLES = 1000;

    enum Measure {
        SPEED("GiB/s", true),
        CPU("CPU s/GiB", false);

        final String unit;
        final boolean moreIsBetter;

        Measure(String unit, boolean moreIsBetter) {
            this.unit = unit;
            this.moreIsBetter = moreIsBetter;
        }

        double[] of(Result.Series series) {
            return series.values(this == SPEED ? Sample::gibPerSecond : Sample::cpuSecondsPerGib);
        }
    }

    /// How Fid changed in a race.
    ///
    /// @param id of the race
    /// @param measure of what
    /// @param ratio now over then, as it was measured
    /// @param against how the others changed meanwhile, their median; 1 where there are none
    /// @param cost now over then of what a GiB takes, without what changed for the others too: above 1 is slower
    record Change(String id, Measure measure, double ratio, double against, Statistics.Ratio cost) {
        /// Slower by more than `share` of what it took, and not by chance.
        boolean isSlowerBy(double share) {
            return cost.value() > 1 + share && cost.low() > 1;
        }

        String verdict() {
            return cost.isEven() ? "no difference beyond the noise" : cost.value() > 1 ? "slower" : "faster";
        }
    }

    static Comparison of(Report now, Report then) {
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
        Drift own = new Drift(now.fid().orElseThrow(), then.fid().orElseThrow(), measure);
        List<Drift> others = new ArrayList<>();
        for (Result.Series series : now.series()) {
            // Fid's own methods may have become slower with Fid.
            if (series.kind() == Contender.Kind.C
                    || series.kind() == Contender.Kind.JDK
                    || series.kind() == Contender.Kind.TOOL) {
                then.named(series.name()).ifPresent(old -> others.add(new Drift(series, old, measure)));
            }
        }
        SplittableRandom random = new SplittableRandom(others.size()); // the same figures from the same samples
        double[] costs = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            costs[i] = own.drawn(random)
                    / median(others.stream().mapToDouble(o -> o.drawn(random)).toArray());
        }
        double against = median(others.stream().mapToDouble(Drift::cost).toArray());
        double ratio = measure.moreIsBetter ? 1 / own.cost() : own.cost();
        return new Change(
                now.id(),
                measure,
                ratio,
                measure.moreIsBetter ? 1 / against : against,
                new Statistics.Ratio(
                        own.cost() / against, Statistics.quantile(costs, 0.025), Statistics.quantile(costs, 0.975)));
    }

    private static double median(double[] values) {
        return values.length == 0 ? 1 : Statistics.median(values);
    }

    /// One contender, now and then.
    private static final class Drift {
        private final double[] now;
        private final double[] then;
        private final boolean inverse;

        Drift(Result.Series now, Result.Series then, Measure measure) {
            this.now = measure.of(now);
            this.then = measure.of(then);
            this.inverse = measure.moreIsBetter;
        }

        /// What it costs now over what it cost then.
        double cost() {
            return cost(Statistics.median(now), Statistics.median(then));
        }

        private double cost(double now, double then) {
            return inverse ? then / now : now / then;
        }

        /// The two runs have no rounds in common, so each is drawn by itself.
        double drawn(SplittableRandom random) {
            return cost(Statistics.median(draw(now, random)), Statistics.median(draw(then, random)));
        }

        private static double[] draw(double[] samples, SplittableRandom random) {
            double[] drawn = new double[samples.length];
            for (int i = 0; i < drawn.length; i++) {
                drawn[i] = samples[random.nextInt(samples.length)];
            }
            return drawn;
        }
    }
}
