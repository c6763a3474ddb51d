package dev.fid.tests.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// Makes a script that fails as short as it gets: steps go, then numbers become round.
final class Shrinker {
    private final Predicate<Script> fails;
    private int tries = 4000;

    Shrinker(Predicate<Script> fails) {
        this.fails = fails;
    }

    Script shrink(Script script) {
        Script best = script;
        boolean smaller = true;
        while (smaller && tries > 0) {
            Script next = numbers(dropped(best));
            smaller = !next.equals(best);
            best = next;
        }
        return best;
    }

    private boolean fails(List<Step> steps) {
        return --tries > 0 && fails.test(new Script(List.copyOf(steps)));
    }

    private Script dropped(Script script) {
        List<Step> steps = new ArrayList<>(script.steps());
        for (int size = Math.max(1, steps.size() / 2); size > 0; size /= 2) {
            for (int from = steps.size() - size; from >= 0; from -= size) {
                List<Step> fewer = new ArrayList<>(steps);
                fewer.subList(from, from + size).clear();
                if (fails(fewer)) {
                    steps = fewer;
                }
            }
        }
        return new Script(List.copyOf(steps));
    }

    private Script numbers(Script script) {
        List<Step> steps = new ArrayList<>(script.steps());
        for (int i = 0; i < steps.size(); i++) {
            for (Step simpler : simpler(steps.get(i))) {
                Step before = steps.set(i, simpler);
                if (simpler.equals(before) || !fails(steps)) {
                    steps.set(i, before);
                }
            }
        }
        return new Script(List.copyOf(steps));
    }

    private static List<Step> simpler(Step s) {
        List<Step> simpler = new ArrayList<>();
        if (s.f() != 0 && s.op() != Op.FILE && s.op() != Op.VMSPLICE) {
            simpler.add(new Step(s.op(), s.a(), s.b(), s.x(), s.y(), s.n(), 0));
        }
        for (long n : new long[] {0, 1, 10, 4096, s.n() / 2, s.n() & -4096L}) {
            if (Math.abs(n) < Math.abs(s.n())) {
                simpler.add(s.withLen(n));
            }
        }
        if (s.x() != Step.NONE && s.x() != 0) {
            simpler.add(new Step(s.op(), s.a(), s.b(), 0, s.y(), s.n(), s.f()));
            simpler.add(new Step(s.op(), s.a(), s.b(), s.x() & -4096L, s.y(), s.n(), s.f()));
        }
        if (s.y() != Step.NONE && s.y() != 0) {
            simpler.add(new Step(s.op(), s.a(), s.b(), s.x(), 0, s.n(), s.f()));
        }
        return simpler;
    }
}
