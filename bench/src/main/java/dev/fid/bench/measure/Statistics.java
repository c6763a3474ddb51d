package dev.fid.bench.measure;

import java.util.Arrays;
import java.util.SplittableRandom;

/// Figures that say something about few and skewed samples: medians and quantiles, no means.
public final class Statistics {
    private static final int RESAMPLES = 2000;

    private Statistics() {}

    /// The value below which a share `q` of the sorted samples lies, between samples by straight line; NaN of
    /// nothing.
    public static double quantile(double[] samples, double q) {
        if (samples.length == 0) {
            return Double.NaN;
        }
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        double at = q * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = (int) Math.ceil(at);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    public static double median(double[] samples) {
        return quantile(samples, 0.5);
    }

    /// The median distance from the median.
    public static double mad(double[] samples) {
        double median = median(samples);
        return median(Arrays.stream(samples).map(x -> Math.abs(x - median)).toArray());
    }

    /// Median, its spread, and the tenth and ninetieth percentile.
    public record Summary(double median, double mad, double p10, double p90) {
        public static Summary of(double[] samples) {
            return new Summary(
                    Statistics.median(samples),
                    Statistics.mad(samples),
                    quantile(samples, 0.1),
                    quantile(samples, 0.9));
        }
    }

    /// A ratio, and between what it lies in 95 of 100 resamplings.
    public record Ratio(double value, double low, double high) {
        /// No difference can be told from 1.
        public boolean isEven() {
            return low <= 1 && 1 <= high;
        }
    }

    /// The median of `a` over the median of `b`, with a bootstrap interval. Samples of one index were taken one
    /// after the other, so they are drawn together: a slow minute of the machine then weighs on both alike.
    public static Ratio ratio(double[] a, double[] b) {
        int rounds = Math.min(a.length, b.length);
        if (rounds == 0) {
            return new Ratio(Double.NaN, Double.NaN, Double.NaN);
        }
        SplittableRandom random = new SplittableRandom(rounds); // the same figures from the same samples
        double[] ratios = new double[RESAMPLES];
        double[] drawnA = new double[rounds];
        double[] drawnB = new double[rounds];
        for (int i = 0; i < RESAMPLES; i++) {
            for (int j = 0; j < rounds; j++) {
                int round = random.nextInt(rounds);
                drawnA[j] = a[round];
                drawnB[j] = b[round];
            }
            ratios[i] = median(drawnA) / median(drawnB);
        }
        return new Ratio(median(a) / median(b), quantile(ratios, 0.025), quantile(ratios, 0.975));
    }
}
