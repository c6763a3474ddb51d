package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Offset;
import dev.fid.kernel.Stat;
import org.jspecify.annotations.Nullable;

/// Shares the extents of the rest of the input.
final class Reflink extends Mover {
    Reflink(MoveContext course) {
        super(course);
        call = FICLONE;
    }

    @Override
    long move(long len) {
        Stat stat = new Stat();
        int in = course.in().number();
        int out = course.out().number();
        int result = kernel.fstat(in, stat);
        long offIn = position(in, course.offIn());
        long offOut = position(out, course.offOut());
        if (result < 0 || offIn < 0 || offOut < 0) {
            return Math.min(result, Math.min(offIn, offOut));
        }
        long rest = stat.size - offIn;
        if (rest <= 0) {
            return 0;
        }
        course.tally().count(FICLONE);
        // A length of 0 means to the end: the only one that need not be a multiple of the block size.
        result = kernel.ficlonerange(in, offIn, len >= rest ? 0 : len, out, offOut);
        if (result < 0) {
            return result;
        }
        long moved = Math.min(len, rest);
        // A position that did not move alone would give the same bytes once more: both move, or none.
        int refused = advance(in, course.offIn(), moved);
        if (refused == 0) {
            refused = advance(out, course.offOut(), moved);
            if (refused < 0) {
                advance(in, course.offIn(), -moved);
            }
        }
        return refused < 0 ? refused : moved;
    }

    private long position(int fd, @Nullable Offset offset) {
        return offset == null ? kernel.lseek(fd, 0, SEEK_CUR) : offset.value;
    }

    private int advance(int fd, @Nullable Offset offset, long moved) {
        if (offset == null) {
            return (int) Math.min(0, kernel.lseek(fd, moved, SEEK_CUR));
        }
        offset.value += moved;
        return 0;
    }
}
