package dev.fid.tests.simulation;

import dev.fid.model.Freedom;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Cuts and holds back as the seed says. That segments come late is the sender's delay here: nobody can tell them
/// apart.
final class Choices implements Freedom {
    private static final int FRAGMENT = 32768;

    private final SplittableRandom random;
    private final boolean isGenerous;
    /// Whether a pipe was full by its slots once.
    boolean filledSlots;

    Choices(SplittableRandom random) {
        this.random = random;
        isGenerous = random.nextInt(3) == 0;
    }

    @Override
    public long accepted(long least, long usual, long most) {
        return isGenerous || least >= usual ? usual : least + random.nextLong(usual - least + 1);
    }

    @Override
    public long[] slots(long bytes, int free, long[] usual) {
        if (isGenerous) {
            return usual;
        }
        long[] lens = new long[free];
        int count = 0;
        for (long left = bytes; left > 0 && count < free; left -= lens[count - 1]) {
            long most = Math.min(left, random.nextInt(4) == 0 ? 10 : FRAGMENT);
            lens[count++] = 1 + random.nextLong(most);
        }
        filledSlots |= count == free;
        return Arrays.copyOf(lens, count);
    }
}
