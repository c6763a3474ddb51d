package dev.fid.bench.trace;

import java.util.ArrayList;
import java.util.List;

/// Finds what is repeated, so that it is told once.
final class Repeats {
    private static final int LONGEST = 64;

    private Repeats() {}

    /// A stretch of a list.
    ///
    /// @param from where it begins
    /// @param size elements of one round
    /// @param times rounds, 1 or more
    record Stretch(int from, int size, int times) {}

    /// The whole list as stretches: `size` elements that come at least `least` times in a row are one, anything
    /// else is a stretch of one element and one round.
    static List<Stretch> of(List<String> keys, int least) {
        List<Stretch> stretches = new ArrayList<>();
        for (int at = 0; at < keys.size(); ) {
            Stretch best = new Stretch(at, 1, 1);
            for (int size = 1; size <= LONGEST && at + size * least <= keys.size(); size++) {
                int times = times(keys, at, size);
                if (times >= least && times * size > best.times * best.size) {
                    best = new Stretch(at, size, times);
                }
            }
            stretches.add(best);
            at += best.size * best.times;
        }
        return stretches;
    }

    private static int times(List<String> keys, int from, int size) {
        int times = 1;
        for (int at = from + size; at + size <= keys.size(); at += size) {
            for (int i = 0; i < size; i++) {
                if (!keys.get(at + i).equals(keys.get(from + i))) {
                    return times;
                }
            }
            times++;
        }
        return times;
    }

    /// The words with repetitions folded, short ones first: `a, (b, c) x3`.
    static List<String> folded(List<String> words) {
        List<String> now = words;
        for (int size = 1; size <= LONGEST && 2 * size <= now.size(); size++) {
            List<String> next = new ArrayList<>();
            for (int at = 0; at < now.size(); ) {
                int times = at + 2 * size <= now.size() ? times(now, at, size) : 1;
                if (times > 1) {
                    String round = String.join(", ", now.subList(at, at + size));
                    next.add((size > 1 ? "(" + round + ")" : round) + " x" + times);
                    at += size * times;
                } else {
                    next.add(now.get(at));
                    at++;
                }
            }
            if (next.size() < now.size()) {
                size = 0; // what was folded may be repeated itself
            }
            now = next;
        }
        return now;
    }
}
