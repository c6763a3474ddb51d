package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.FdKind;
import dev.fid.Pipe;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Side;
import org.jspecify.annotations.Nullable;

/// read(2) and write(2) through one buffer. Sockets are asked not to wait by the call itself, since a
/// borrowed one may be in blocking mode.
final class ReadWrite extends Mover {
    private final Memory buffer;
    private @Nullable Pipe first;
    private long ahead;
    /// Bytes of one write at most. Of a file a message socket gets as many as it takes, 128 KiB at first, as from
    /// cat(1); what came as a message leaves as one.
    private int most;
    private final boolean splits;
    private int from;
    private int to;
    /// What an earlier run took, to be delivered before anything else is read.
    private byte[] kept = new byte[0];

    private int keptAt;

    /// @param first a pipe to read out before the input, and to close; or null
    /// @param ahead bytes to come that the digest has seen already
    ReadWrite(MoveContext course, @Nullable Pipe first, long ahead) {
        super(course);
        this.first = first;
        this.ahead = ahead;
        this.buffer = kernel.allocate(course.block());
        this.splits =
                course.out().kindOrOther() == FdKind.DATAGRAM && course.in().kindOrOther() != FdKind.DATAGRAM;
        this.most = splits ? Math.min(course.block(), 128 << 10) : course.block();
    }

    /// Delivers what an earlier run took, and then the rest.
    static ReadWrite of(MoveContext course, Taken taken) {
        ReadWrite mover = new ReadWrite(course, null, taken.summed());
        mover.kept = taken.bytes();
        return mover;
    }

    @Override
    long move(long len) {
        if (from == to && keptAt < kept.length) {
            int next = Math.min(kept.length - keptAt, course.block());
            buffer.put(0, kept, keptAt, next);
            keptAt += next;
            from = 0;
            to = next;
        }
        if (from == to) {
            long read = readSome(len);
            if (read <= 0) {
                return read;
            }
            from = 0;
            to = (int) read;
            course.tally().userBytes += read;
        }
        side = Side.OUT;
        call = WRITE;
        course.tally().count(WRITE);
        int piece = Math.min(to - from, most);
        long written = write(piece);
        if (written == -Errno.EMSGSIZE && splits && piece > 1) {
            most = piece / 2; // a datagram of UDP, or a small send buffer
            return -Errno.EINTR;
        }
        if (written == 0) {
            return -Errno.EIO; // write(2) of more than 0 bytes never gives 0
        }
        if (written > 0) {
            sum(written);
            from += (int) written;
        }
        return written;
    }

    private void sum(long written) {
        Digest digest = course.digest();
        long known = Math.min(ahead, written);
        ahead -= known;
        if (digest != null && written > known) {
            digest.update(buffer, from + known, written - known);
        }
    }

    private long readSome(long len) {
        side = Side.IN;
        call = READ;
        course.tally().count(READ);
        long most = Math.min(len, course.block());
        Pipe before = first;
        if (before != null) {
            if (before.buffered() > 0) {
                long read = before.readOnce(buffer, 0, Math.min(course.block(), before.buffered()));
                // It is ours and holds bytes: it has neither ended, nor is there anything to wait for.
                return read == 0 ? -Errno.EIO : read == -Errno.EAGAIN ? -Errno.EINTR : read;
            }
            before.close();
            first = null;
        }
        return Reading.once(course, buffer, most);
    }

    private long write(int len) {
        int out = course.out().number();
        Offset at = course.offOut();
        if (at != null) {
            long written = kernel.pwrite(out, buffer, from, len, at.value);
            at.value += Math.max(0, written);
            return written;
        }
        FdKind kind = course.out().kindOrOther();
        if (kind.isSocket()) {
            return kernel.send(out, buffer, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        // After POLLOUT a pipe takes PIPE_BUF bytes without waiting, whoever set its mode. Source: pipe(7)
        boolean shared = kind == FdKind.PIPE && !course.out().isOwned();
        return kernel.write(out, buffer, from, shared ? Math.min(len, 4096) : len);
    }

    /// Puts bytes that a probing read took from the input first.
    void preload(Memory source, int len) {
        source.copyTo(0, buffer, 0, len);
        from = 0;
        to = len;
    }

    @Override
    long pending() {
        Pipe before = first;
        return to - from + kept.length - keptAt + (before == null ? 0 : before.buffered());
    }

    @Override
    Taken takeBack() {
        byte[] all = new byte[to - from + kept.length - keptAt];
        buffer.get(from, all, 0, to - from);
        System.arraycopy(kept, keptAt, all, to - from, kept.length - keptAt);
        from = to;
        keptAt = kept.length;
        return Taken.of(all, first, buffer, course.tally(), ahead);
    }

    @Override
    public void close() {
        buffer.close();
        Pipe before = first;
        if (before != null) {
            before.close();
        }
    }
}
