package dev.fid;

import dev.fid.kernel.Errno;

/// Makes a call of a regular file again that was interrupted, or that says "not ready" although there is nothing to
/// wait for: some file systems in user space do, for a moment.
final class Patience {
    private static final int TIMES = 1000;

    private Patience() {}

    static long retrying(Opening.LongCall call) {
        long result = call.make();
        for (int i = 0; i < TIMES && (result == -Errno.EINTR || result == -Errno.EAGAIN); i++) {
            result = call.make();
        }
        return result;
    }
}
