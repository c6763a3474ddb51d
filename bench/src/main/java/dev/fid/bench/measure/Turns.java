package dev.fid.bench.measure;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongSupplier;

/// Who takes part in a race and how often, so that it ends in time. Each in turn is tried, then run once to warm up,
/// which also tells what a round of all will take; who comes when there is no time for a few rounds with one more is
/// left out, and named. Then come rounds, of one run of each in random order, while there is time for another.
///
/// @param <C> who takes part
public final class Turns<C> {
    /// Rounds for which there has to be time before one more is let in.
    public static final int LEAST_ROUNDS = 5;

    /// What a turn is.
    public interface Course<C> {
        /// Whether it can take part: its first run, which is compared.
        boolean qualifies(C contender) throws IOException;

        /// A run.
        ///
        /// @param counts whether it is kept; else it warms up
        /// @return false where it failed and is out
        boolean run(C contender, boolean counts) throws IOException;
    }

    /// What came of it.
    ///
    /// @param rounds that count
    /// @param leftOut for whom there was no time
    public record Outcome<C>(int rounds, List<C> leftOut) {}

    private final LongSupplier clock;
    private final long deadline;
    private final int most;
    private final Random random;

    /// @param clock nanoseconds
    /// @param deadline when it has to be done, by the clock
    /// @param most rounds that count, at most
    public Turns(LongSupplier clock, long deadline, int most, Random random) {
        this.clock = clock;
        this.deadline = deadline;
        this.most = most;
        this.random = random;
    }

    /// Runs them. The first `musts` take part whatever the time, and one round always counts.
    public Outcome<C> take(List<C> contenders, int musts, Course<C> course) throws IOException {
        Map<C, Long> costs = new LinkedHashMap<>();
        List<C> leftOut = new ArrayList<>();
        long tried = 0;
        long trying = 0;
        for (int i = 0; i < contenders.size(); i++) {
            C contender = contenders.get(i);
            long round = costs.values().stream().mapToLong(Long::longValue).sum();
            long one = costs.isEmpty() ? 0 : round / costs.size();
            long expected = (tried == 0 ? 0 : trying / tried) + one + least() * (round + one);
            if (i >= musts && clock.getAsLong() + expected > deadline) {
                leftOut.add(contender);
                continue;
            }
            long start = clock.getAsLong();
            boolean qualified = course.qualifies(contender);
            long now = clock.getAsLong();
            tried++;
            trying += now - start;
            if (qualified && course.run(contender, false)) {
                costs.put(contender, clock.getAsLong() - now);
            }
        }
        return new Outcome<>(rounds(new ArrayList<>(costs.keySet()), course), leftOut);
    }

    private long least() {
        return Math.min(LEAST_ROUNDS, most);
    }

    private int rounds(List<C> order, Course<C> course) throws IOException {
        long longest = 0;
        int done = 0;
        while (done < most && (done == 0 || clock.getAsLong() + longest <= deadline)) {
            long start = clock.getAsLong();
            Collections.shuffle(order, random);
            for (C contender : List.copyOf(order)) {
                if (!course.run(contender, true)) {
                    order.remove(contender);
                }
            }
            longest = Math.max(longest, clock.getAsLong() - start);
            done++;
        }
        return done;
    }
}
