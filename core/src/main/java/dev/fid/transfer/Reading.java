package dev.fid.transfer;

import static dev.fid.kernel.Uapi.MSG_DONTWAIT;

import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;

/// One read of a transfer's input, by the call that suits it.
final class Reading {
    private Reading() {}

    /// Reads up to `len` bytes to the start of `buffer`; the result is read(2)'s. An offset moves on.
    static long once(MoveContext course, Memory buffer, long len) {
        int in = course.in().number();
        Offset at = course.offIn();
        if (at != null) {
            long read = course.kernel().pread(in, buffer, 0, len, at.value);
            at.value += Math.max(0, read);
            return read;
        }
        return course.in().kindOrOther().isSocket()
                ? course.kernel().recv(in, buffer, 0, len, MSG_DONTWAIT)
                : course.kernel().read(in, buffer, 0, len);
    }
}
