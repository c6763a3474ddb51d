package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;

/// One call from input to output: splice, sendfile, copy_file_range.
final class Direct extends Mover {
    private final Method method;

    Direct(Method method, MoveContext course) {
        super(course);
        this.method = method;
    }

    @Override
    long move(long len) {
        int in = course.in().number();
        int out = course.out().number();
        long result = switch (method) {
            case COPY_FILE_RANGE -> {
                call = COPY_FILE_RANGE;
                yield kernel.copyFileRange(in, course.offIn(), out, course.offOut(), len, 0);
            }
            case SENDFILE -> {
                call = SENDFILE;
                yield sendfile(in, out, len);
            }
            default -> {
                call = SPLICE;
                yield kernel.splice(in, course.offIn(), out, course.offOut(), len, SPLICE_F_NONBLOCK);
            }
        };
        course.tally().count(call);
        side = result == -Errno.EAGAIN ? method == Method.SPLICE ? blamed() : Side.OUT : Side.NONE;
        return side == Side.OUT && course.out().kindOrOther() == FdKind.PIPE && hasEnded() ? 0 : result;
    }

    /// It writes at the output's position, so that is where an offset must be: between the holes of a sparse file,
    /// whose positions are set at the end.
    private long sendfile(int in, int out, long len) {
        Offset at = course.offOut();
        long stands = at == null ? 0 : kernel.lseek(out, at.value, SEEK_SET);
        long sent = stands < 0 ? stands : kernel.sendfile(in, course.offIn(), out, len);
        if (at != null && sent > 0) {
            at.value += sent;
        }
        return sent;
    }

    /// A full pipe says EAGAIN before the input is looked at. Bytes that fill it to the last slot would then
    /// keep the transfer waiting for a reader, who may come only after it.
    private boolean hasEnded() {
        int in = course.in().number();
        FdKind kind = course.in().kindOrOther();
        if (kind.isStream()) {
            short[] is = new short[1];
            kernel.poll(new int[] {in}, new short[] {POLLIN | POLLRDHUP}, is, 1, 0);
            return kind == FdKind.PIPE
                    ? (is[0] & (POLLIN | POLLHUP)) == POLLHUP
                    : (is[0] & POLLRDHUP) != 0 && kernel.fionread(in) == 0;
        }
        Offset offIn = course.offIn();
        Stat stat = new Stat();
        return kind == FdKind.FILE
                && kernel.fstat(in, stat) == 0
                && stat.size <= (offIn == null ? kernel.lseek(in, 0, SEEK_CUR) : offIn.value);
    }
}
