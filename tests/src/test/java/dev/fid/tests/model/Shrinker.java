package dev.fid.tests.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/// Makes a list of steps that fails as short as it gets: steps go, then numbers become round.
final class Shrinker<S> {
    private final Function<S, List<S>> simpler;
    private final Predicate<List<S>> fails;
    private int tries = 4000;

    /// @param simpler steps to try in the place of one
    Shrinker(Function<S, List<S>> simpler, Predicate<List<S>> fails) {
        this.simpler = simpler;
        this.fails = fails;
    }

    List<S> shrink(List<S> steps) {
        List<S> best = steps;
        boolean smaller = true;
        while (smaller && tries > 0) {
            List<S> next = numbers(dropped(best));
            smaller = !next.equals(best);
            best = next;
        }
        return best;
    }

    private boolean fails(List<S> steps) {
        return --tries > 0 && fails.test(List.copyOf(steps));
    }

    private List<S> dropped(List<S> from) {
        List<S> steps = new ArrayList<>(from);
        for (int size = Math.max(1, steps.size() / 2); size > 0; size /= 2) {
            for (int at = steps.size() - size; at >= 0; at -= size) {
                List<S> fewer = new ArrayList<>(steps);
                fewer.subList(at, at + size).clear();
                if (fails(fewer)) {
                    steps = fewer;
                }
            }
        }
        return List.copyOf(steps);
    }

    private List<S> numbers(List<S> from) {
        List<S> steps = new ArrayList<>(from);
        for (int i = 0; i < steps.size(); i++) {
            for (S simple : simpler.apply(steps.get(i))) {
                S before = steps.set(i, simple);
                if (simple.equals(before) || !fails(steps)) {
                    steps.set(i, before);
                }
            }
        }
        return List.copyOf(steps);
    }
}
