package dev.fid.path;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;

/// Makes a call of a regular file again that was interrupted, or that says "not ready" although there is nothing to
/// wait for: some file systems in user space do, for a moment.
public final class Retry {
    private static final int TIMES = 1000;

    private Retry() {}

    public static long retrying(PathCalls.LongCall call) {
        long result = call.make();
        for (int i = 0; i < TIMES && isPassing(result); i++) {
            result = call.make();
        }
        return result;
    }

    private static boolean isPassing(long result) {
        return result == -Errno.EINTR || result == -Errno.EAGAIN;
    }

    // By name, as those in PathCalls.

    public static long pread(Kernel kernel, int fd, Memory memory, long at, long len, long off) {
        long result = kernel.pread(fd, memory, at, len, off);
        return isPassing(result) ? retrying(() -> kernel.pread(fd, memory, at, len, off)) : result;
    }

    public static long write(Kernel kernel, int fd, Memory memory, long at, long len) {
        long result = kernel.write(fd, memory, at, len);
        return isPassing(result) ? retrying(() -> kernel.write(fd, memory, at, len)) : result;
    }
}
