package dev.fid.tests.model;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// One thing that is done to the files of a {@link FileWorld}: from file `a` to file `b` where it takes two, at offsets
/// `x` and `y`, `n` bytes, flags `f`.
record FileStep(Act act, int a, int b, long x, long y, long n, int f) {
    static final int FILES = 3;

    /// What is done.
    enum Act {
        /// pwrite.
        WRITE,
        /// To the end, by a descriptor of its own with O_APPEND.
        APPEND,
        /// By O_DIRECT, whole blocks.
        DIRECT,
        TRUNCATE,
        /// fallocate; `f` is an index of {@link FileWorld#MODES}.
        ALLOCATE,
        /// Through a shared mapping.
        STORE,
        /// Reads through a shared mapping.
        LOAD,
        /// fsync, and its clean pages go.
        SYNC,
        REOPEN,
        READ_WRITE,
        SENDFILE,
        /// Through a pipe.
        SPLICE,
        COPY_RANGE,
        /// ficlonerange.
        CLONE,
        /// FileChannel.transferTo.
        JAVA,
        /// `f`: an index of {@link FileWorld#METHODS}, and {@link #SPARSE}, {@link #POSITIONS}, {@link #TO_END}.
        TRANSFER,
        /// To both other files.
        FANOUT,
        /// `b` becomes a piece of `a`; without {@link #COMMIT} it stays.
        REPLACE,
        /// `b` becomes `a` as the command copies: holes by {@link FileWorld#HOLES}, {@link #IN_PLACE}, {@link #APART},
        /// {@link #UNCACHED}, {@link #METHOD}.
        TREE;

        boolean isCopy() {
            return compareTo(READ_WRITE) >= 0;
        }
    }

    static final int SPARSE = 16;
    static final int POSITIONS = 32;
    static final int TO_END = 64;
    static final int COMMIT = 128;

    static final int IN_PLACE = 16;
    /// Shares no extents.
    static final int APART = 32;
    static final int UNCACHED = 64;
    /// By a method of {@link FileWorld#METHODS}.
    static final int METHOD = 128;

    private static final int BLOCK = 4096;

    /// 20 to 60 steps, always the same of one seed.
    static List<FileStep> script(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<FileStep> steps = new ArrayList<>();
        int count = 20 + random.nextInt(41);
        while (steps.size() < count) {
            steps.add(random(random));
        }
        return List.copyOf(steps);
    }

    private static FileStep random(SplittableRandom random) {
        Act act = Act.values()[random.nextInt(Act.values().length)];
        if (random.nextInt(3) == 0) {
            act = random.nextBoolean() ? Act.TRANSFER : Act.WRITE;
        }
        int a = random.nextInt(FILES);
        boolean same = (act == Act.COPY_RANGE || act == Act.CLONE) && random.nextInt(3) == 0;
        int b = same ? a : (a + 1 + random.nextInt(FILES - 1)) % FILES;
        long x = offset(random);
        long y = offset(random);
        long n = length(random);
        if (act == Act.DIRECT || (act == Act.CLONE && random.nextInt(4) != 0)) {
            x &= -BLOCK;
            y &= -BLOCK;
            n = (n + BLOCK - 1) & -BLOCK;
        }
        int f = switch (act) {
            case ALLOCATE -> random.nextInt(FileWorld.MODES.length);
            case TRANSFER, FANOUT, REPLACE, TREE ->
                random.nextInt(FileWorld.METHODS.size()) | (random.nextInt(16) << 4);
            default -> 0;
        };
        return new FileStep(act, a, b, x, y, n, f);
    }

    private static long offset(SplittableRandom random) {
        return switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1, 2 -> (long) BLOCK * random.nextInt(24);
            case 3 -> (long) BLOCK * random.nextInt(1, 24) + random.nextInt(5) - 2;
            default -> random.nextInt(100_000);
        };
    }

    private static long length(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> 1 + random.nextInt(10);
            case 1 -> (long) BLOCK * random.nextInt(1, 16);
            case 2 -> (long) BLOCK * random.nextInt(1, 16) + random.nextInt(3) - 1;
            case 3 -> 1 + random.nextInt(BLOCK);
            case 4 -> 65_536L + random.nextInt(40_000);
            default -> 1 + random.nextInt(60_000);
        };
    }

    boolean has(int flag) {
        return (f & flag) != 0;
    }

    /// Steps that do less, for {@link Shrinker}.
    List<FileStep> simpler() {
        List<FileStep> simpler = new ArrayList<>();
        for (int bit = 1; bit <= COMMIT; bit *= 2) {
            if (has(bit) && (bit >= SPARSE || act == Act.TRANSFER || act == Act.TREE)) {
                simpler.add(new FileStep(act, a, b, x, y, n, f & ~bit));
            }
        }
        for (long less : new long[] {1, 10, BLOCK, n / 2, n & -BLOCK}) {
            if (less > 0 && less < n) {
                simpler.add(new FileStep(act, a, b, x, y, less, f));
            }
        }
        for (long less : new long[] {0, BLOCK, x & -BLOCK}) {
            if (less < x) {
                simpler.add(new FileStep(act, a, b, less, y, n, f));
            }
        }
        for (long less : new long[] {0, BLOCK, y & -BLOCK}) {
            if (less < y) {
                simpler.add(new FileStep(act, a, b, x, less, n, f));
            }
        }
        return simpler;
    }

    /// As Java, to be pasted into a test.
    @Override
    public String toString() {
        return "new FileStep(Act." + act + ", " + a + ", " + b + ", " + x + ", " + y + ", " + n + ", " + f + ")";
    }
}
