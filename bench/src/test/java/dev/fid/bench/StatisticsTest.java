package dev.fid.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Statistics;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    @Test
    void medianOfAnEvenNumberLiesBetweenTheTwoInTheMiddle() {
        assertThat(Statistics.median(new double[] {4, 1, 3, 2})).isEqualTo(2.5);
    }

    @Test
    void quantilesAreOnTheStraightLineBetweenSamples() {
        double[] samples = {10, 20, 30, 40, 50};
        assertThat(Statistics.quantile(samples, 0)).isEqualTo(10);
        assertThat(Statistics.quantile(samples, 0.1)).isEqualTo(14);
        assertThat(Statistics.quantile(samples, 1)).isEqualTo(50);
    }

    @Test
    void oneOutlierMovesNeitherMedianNorSpread() {
        double[] calm = {9, 10, 11, 10, 9, 11, 10};
        double[] wild = {9, 10, 11, 10, 9, 11, 1000};
        assertThat(Statistics.median(wild)).isEqualTo(Statistics.median(calm));
        assertThat(Statistics.mad(wild)).isEqualTo(Statistics.mad(calm)).isEqualTo(1);
    }

    @Test
    void equalSamplesShowNoDifference() {
        double[] samples = {1, 2, 3, 2, 1};
        Statistics.Ratio ratio = Statistics.ratio(samples, samples);
        assertThat(ratio).isEqualTo(new Statistics.Ratio(1, 1, 1));
        assertThat(ratio.isEven()).isTrue();
    }

    @Test
    void aRatioOfTwoIsTold() {
        double[] fast = {2.0, 2.1, 1.9, 2.0, 2.05};
        double[] slow = {1.0, 1.05, 0.95, 1.0, 1.0};
        Statistics.Ratio ratio = Statistics.ratio(fast, slow);
        assertThat(ratio.value()).isCloseTo(2, within(0.01));
        assertThat(ratio.low()).isGreaterThan(1.5);
        assertThat(ratio.isEven()).isFalse();
    }

    @Test
    void aSlowMinuteThatHitsBothWeighsOnNeither() {
        double[] a = {2, 2, 2, 1, 1, 1, 1};
        double[] b = {1, 1, 1, 0.5, 0.5, 0.5, 0.5};
        assertThat(Statistics.ratio(a, b).low()).isEqualTo(2);
    }

    @Test
    void nothingMeasuredIsNoNumber() {
        assertThat(Statistics.median(new double[0])).isNaN();
        assertThat(Statistics.ratio(new double[0], new double[] {1}).value()).isNaN();
    }

    @Test
    void figuresHaveThreeSignificantDigitsInEveryLocale() {
        assertThat(Human.digits(1234.4)).isEqualTo("1234");
        assertThat(Human.digits(11.64)).isEqualTo("11.6");
        assertThat(Human.digits(0.031249)).isEqualTo("0.0312");
        assertThat(Human.digits(0)).isEqualTo("0");
        assertThat(Human.digits(Double.NaN)).isEqualTo("-");
        assertThat(Human.digits(9.996)).isEqualTo("10.0");
        assertThat(Human.digits(-0.5)).isEqualTo("-0.500");
        assertThat(Human.bytes(0)).isEqualTo("0 B");
        assertThat(Human.bytes(1023)).isEqualTo("1023 B");
        assertThat(Human.bytes(128 << 10)).isEqualTo("128 KiB");
        assertThat(Human.bytes((1 << 20) - 1)).isEqualTo("1.00 MiB");
        assertThat(Human.seconds(2_550_000_000L)).isEqualTo("2.55 s");
        assertThat(Human.seconds(200_000_000L)).isEqualTo("0.20 s");
    }
}
