package dev.fid.wait;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PaceTest {
    private static final long SECOND = 1_000_000_000L;

    @ParameterizedTest
    @ValueSource(longs = {1, 19, 20, 1000, 1_000_003, 1 << 30, 1L << 40})
    void noMoreGoesThanTheRateAllows(long rate) {
        long seed = Long.getLong("fid.seed", System.nanoTime());
        System.out.println("PaceTest: -Dfid.seed=" + seed);
        Random random = new Random(seed);
        Pace pace = new Pace(rate, 0);
        long moved = 0;
        for (long now = 0; now < 20 * SECOND; now += 1 + random.nextLong(SECOND / 50)) {
            long allowed = pace.allowance(now);
            if (allowed > 0) {
                long went = 1 + random.nextLong(allowed);
                pace.moved(went);
                moved += went;
            }
            assertThat((double) moved).isLessThanOrEqualTo(rate * (now / 1e9) + Math.max(1, rate / 20));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 20, 1000, 1_000_003, 999_999_937, 1L << 40})
    void atTheTimeItNamesThereIsAnAllowance(long rate) {
        Pace pace = new Pace(rate, 0);
        long now = 0;
        for (int i = 0; i < 10_000; i++) {
            long allowed = pace.allowance(now);
            assertThat(allowed).as("round %d at %d", i, now).isPositive();
            pace.moved(allowed);
            now = pace.next();
        }
    }

    @Test
    void nothingIsLostOverTime() {
        Pace pace = new Pace(1000, 0);
        long moved = 0;
        for (long now = 0; now <= 10 * SECOND; now += SECOND / 100) {
            long allowed = pace.allowance(now);
            pace.moved(allowed);
            moved += allowed;
        }
        assertThat(moved).isBetween(10_000L, 10_050L);
    }
}
