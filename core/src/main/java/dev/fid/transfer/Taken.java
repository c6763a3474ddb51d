package dev.fid.transfer;

import dev.fid.Pipe;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.MoveCall;
import dev.fid.run.Tally;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/// What a transfer that ended early had taken from its input and not delivered: kept on the heap, so that
/// nobody has to close anything and another run can go on without a gap.
///
/// @param bytes in their order; none where they could not be kept
/// @param summed of them the digest has seen so many
/// @param lost bytes that the kernel did not give back
@SuppressWarnings("ArrayRecordComponent") // never compared, and handed out only as a copy
record Taken(byte[] bytes, long summed, long lost) {
    /// Bytes that are missing at the output.
    long size() {
        return bytes.length + lost;
    }

    static final Taken NOTHING = new Taken(new byte[0], 0, 0);

    /// The bytes of `before`, then all that `pipe` holds, read through `buffer`.
    static Taken of(byte[] before, @Nullable Pipe pipe, Memory buffer, Tally tally, long summed) {
        long pending = before.length + (pipe == null ? 0 : pipe.buffered());
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(before);
        while (pipe != null && pipe.buffered() > 0) {
            tally.count(MoveCall.READ);
            long read = pipe.readOnce(buffer, 0, Math.min(buffer.size(), pipe.buffered()));
            if (read == -Errno.EINTR) {
                continue;
            }
            if (read <= 0) {
                return new Taken(new byte[0], 0, pending); // a part of them would leave a gap
            }
            tally.userBytes += read;
            all.writeBytes(buffer.bytes(0, (int) read));
        }
        return new Taken(all.toByteArray(), summed, 0);
    }
}
