package dev.fid.link;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Whether a lane splices or copies what it takes next: by the size of the pieces at first, by what each way costs
/// once a stream has lasted.
///
/// The sizes are right for TCP (docs/measured-sizes.md) and wrong elsewhere: pieces of 8 KiB from a unix socket cost
/// a third when they are spliced, and a stream of 1 KiB pieces, which fill a pipe with 1 KiB in each slot, costs a
/// sixth more (docs/decisions.md, 62). So after {@value #FIRST} takes both ways are tried by turns, in blocks of a few
/// takes, and the way whose median block had less CPU time for a byte is kept until the next trial, {@value #MOST}
/// takes later in the end. Only the time inside the lane counts, by the thread's own clock.
final class SpliceOrCopy {
    /// A spliced piece of less is small.
    private static final long SMALL = 16 << 10; // 16 KiB
    private static final int SMALL_PIECES = 8;
    /// Takes of less in the mean are not tried: a splice has a page for each, and never was the cheaper way.
    private static final long LEAST = 2 << 10; // 2 KiB

    /// Takes that are looked at together.
    private static final int WINDOW = 64;
    /// Takes before the first trial: shorter streams do not earn it back. Four times as many come before the next,
    /// since a trial has forty, half of them by the dearer way.
    private static final int FIRST = 4 * WINDOW;
    /// Takes between trials at most.
    private static final int MOST = 64 * WINDOW;
    /// Copying that is not this much cheaper may be so by chance.
    private static final double CLEARLY = 0.95;
    /// Splicing has to be so much cheaper: part of its cost is not in the lane, since the pages are freed when the
    /// peer acknowledges them.
    private static final double MUCH = 0.8;
    /// Pieces so many times as large, or as small, as the measured ones are another stream.
    private static final int OTHER = 4;

    private boolean splices;
    private int smallPieces;

    private int takes;
    private long bytes;
    private int distance = FIRST;
    private int untilTrial = FIRST;
    /// Bytes of a take in the window before the last trial; 0 while the sizes decide.
    private long measured;

    private @Nullable Trial trial;
    private int spliceWon;
    private int copyWon;

    SpliceOrCopy(boolean splices) {
        this.splices = splices;
    }

    /// Whether the next take is to be spliced.
    boolean splices() {
        Trial now = trial;
        return (now != null && now.hasBegun) ? now.splices : splices;
    }

    /// Whether the lane is to tell the time: {@link #begin} and {@link #pause} around each turn.
    boolean isTrying() {
        return trial != null;
    }

    /// A turn begins.
    ///
    /// @param isEmpty whether all that was taken is delivered, so that a block may end, and the way change
    void begin(long cpuNanos, boolean isEmpty) {
        Trial now = trial;
        if (now == null) {
            return;
        }
        if (isEmpty && now.endBlock()) {
            splices = now.isSpliceCheaper(splices);
            spliceWon += splices ? 1 : 0;
            copyWon += splices ? 0 : 1;
            smallPieces = 0;
            endTrial();
        } else if (isEmpty || now.hasBegun) {
            now.hasBegun = true;
            now.since = cpuNanos;
        }
    }

    /// A turn is over.
    void pause(long cpuNanos) {
        Trial now = trial;
        if (now != null && now.hasBegun) {
            now.nanos += cpuNanos - now.since;
        }
    }

    /// There is no pipe: a trial would compare copying with copying.
    void cannotSplice() {
        if (trial != null) {
            measured = 0;
            endTrial();
        }
    }

    private void endTrial() {
        trial = null;
        distance = Math.min(4 * distance, MOST);
        untilTrial = distance;
    }

    /// Notes a take.
    ///
    /// @param most bytes that it could have had
    void took(long len, long most) {
        Trial now = trial;
        if (now != null) {
            now.took(len);
            return;
        }
        if (measured == 0) {
            guess(len, most);
        }
        takes++;
        bytes += len;
        if (takes == WINDOW) {
            endWindow();
        }
    }

    /// Splicing begins with a read that fills the buffer, and ends after eight small pieces.
    private void guess(long len, long most) {
        if (!splices) {
            splices = len >= Math.max(SMALL, Math.min(most, PipePool.BUFFER));
        } else {
            smallPieces = len < SMALL ? smallPieces + 1 : 0;
            if (smallPieces == SMALL_PIECES) {
                splices = false;
                smallPieces = 0;
            }
        }
    }

    private void endWindow() {
        long mean = bytes / takes;
        takes = 0;
        bytes = 0;
        untilTrial -= WINDOW;
        if (measured > 0 && (mean >= OTHER * measured || mean <= measured / OTHER)) {
            measured = 0;
            distance = FIRST;
            untilTrial = FIRST;
        } else if (untilTrial <= 0 && mean >= LEAST) {
            measured = mean;
            trial = new Trial(splices);
        }
    }

    /// Trials after which it spliced.
    int spliceWon() {
        return spliceWon;
    }

    int copyWon() {
        return copyWon;
    }

    /// Blocks of takes by both ways in turns.
    private static final class Trial {
        private static final int TAKES = 4;
        /// Of each way. An odd number: a median of them is one of them, so that an interrupt in one does no harm.
        private static final int BLOCKS = 5;

        /// Nanoseconds a byte.
        private final double[] splicing = new double[BLOCKS];
        private final double[] copying = new double[BLOCKS];
        private boolean splices;
        private int block;
        private int takes;
        private long bytes;
        private long nanos;
        private long since;
        private boolean hasBegun;

        Trial(boolean splices) {
            this.splices = splices;
        }

        void took(long len) {
            if (hasBegun) {
                takes++;
                bytes += len;
            }
        }

        /// Whether that was the last block.
        boolean endBlock() {
            if (takes < TAKES) {
                return false;
            }
            (splices ? splicing : copying)[block / 2] = (double) nanos / bytes;
            block++;
            splices = !splices;
            takes = 0;
            bytes = 0;
            nanos = 0;
            return block == 2 * BLOCKS;
        }

        /// Whether to splice from now on.
        boolean isSpliceCheaper(boolean before) {
            double splice = median(splicing);
            double copy = median(copying);
            return before ? splice * CLEARLY <= copy : splice < copy * MUCH;
        }

        private static double median(double[] of) {
            Arrays.sort(of);
            return of[of.length / 2];
        }
    }
}
