package dev.fid.tests.model;

import java.util.ArrayList;
import java.util.List;

/// One call of a script. What the numbers mean is told by {@link Op}.
record Step(Op op, int a, int b, long x, long y, long n, int f) {
    /// No offset: the current position.
    static final long NONE = Long.MIN_VALUE;

    Step withLen(long len) {
        return new Step(op, a, b, x, y, len, f);
    }

    /// Steps that do less, for {@link Shrinker}.
    List<Step> simpler() {
        List<Step> simpler = new ArrayList<>();
        if (f != 0 && op != Op.FILE && op != Op.VMSPLICE) {
            simpler.add(new Step(op, a, b, x, y, n, 0));
        }
        for (long fewer : new long[] {0, 1, 10, 4096, n / 2, n & -4096L}) {
            if (Math.abs(fewer) < Math.abs(n)) {
                simpler.add(withLen(fewer));
            }
        }
        if (x != NONE && x != 0) {
            simpler.add(new Step(op, a, b, 0, y, n, f));
            simpler.add(new Step(op, a, b, x & -4096L, y, n, f));
        }
        if (y != NONE && y != 0) {
            simpler.add(new Step(op, a, b, x, 0, n, f));
        }
        return simpler;
    }

    /// As Java, to be pasted into a test.
    @Override
    public String toString() {
        return "new Step(Op." + op + ", " + a + ", " + b + ", " + number(x) + ", " + number(y) + ", " + number(n) + ", "
                + f + ")";
    }

    private static String number(long n) {
        if (n == NONE) {
            return "Step.NONE";
        }
        return n == (int) n ? Long.toString(n) : n + "L";
    }
}
