package dev.fid.tests.model;

/// One call of a script. What the numbers mean is told by {@link Op}.
record Step(Op op, int a, int b, long x, long y, long n, int f) {
    /// No offset: the current position.
    static final long NONE = Long.MIN_VALUE;

    Step withLen(long len) {
        return new Step(op, a, b, x, y, len, f);
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
