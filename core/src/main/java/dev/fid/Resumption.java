package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Stat;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Copies a large file so that it can go on where it ended: into `.NAME.fid-part`, which stays when the copy does
/// not come to its end.
///
/// The part says of which source it is, by size, time and inode, in the attribute `user.fid.source`. If those
/// agree the last 4 MiB are compared with the source before it goes on behind them; where the file system keeps no
/// attributes all of it is compared. If they do not agree, it begins anew.
final class Resumption {
    /// From this size on: less is copied before it is found where it ended.
    static final long LEAST = 1 << 20; // 1 MiB

    private static final long TAIL = 4 << 20; // 4 MiB
    private static final byte[] SOURCE = "user.fid.source".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SUFFIX = ".fid-part".getBytes(StandardCharsets.US_ASCII);

    interface Way {
        Transfer from(int in, int out);
    }

    private final Walk walk;
    private final Kernel kernel;
    private final int dir;
    private final byte[] part;
    private final Placing placing;
    private final Equality equality;

    Resumption(Walk walk, int dir, byte[] name, Placing placing, Equality equality) {
        this.walk = walk;
        this.equality = equality;
        this.kernel = walk.kernel;
        this.dir = dir;
        this.placing = placing;
        int kept = Math.min(name.length, 255 - 1 - SUFFIX.length);
        part = new byte[1 + kept + SUFFIX.length];
        part[0] = '.';
        System.arraycopy(name, 0, part, 1, kept);
        System.arraycopy(SUFFIX, 0, part, 1 + kept, SUFFIX.length);
    }

    FileCopy.Moving run(int in, Stat source, Attributes attributes, Way way, Stat old) throws ErrnoException {
        int out = open();
        boolean closed = false;
        try {
            long start = start(in, out, source);
            Moved moved = way.from(in, out).offIn(start).offOut(start).run();
            kernel.fremovexattr(out, SOURCE);
            boolean replaces = placing.replaces(source, old);
            boolean keepsMode = walk.wish.keeps(Tree.Kept.MODE);
            attributes.keep(
                    in,
                    out,
                    source,
                    replaces && old.type() == S_IFREG && !keepsMode
                            ? old.mode & 0777
                            : source.mode & 0777 & ~walk.umask());
            if (walk.wish.durable) {
                Worker.check(Opening.retrying(() -> kernel.fsync(out)), "fsync", Side.OUT);
            }
            equality.check(in, out);
            walk.created(out);
            closed = true;
            Worker.check(kernel.close(out), "close", Side.OUT);
            placing.rename(part);
            return FileCopy.Moving.of(moved);
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ESTALE) {
                kernel.unlinkat(dir, part, 0); // of a source that is no more, or never was
            }
            throw e;
        } finally {
            if (!closed) {
                kernel.close(out);
            }
        }
    }

    private int open() throws ErrnoException {
        int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        int out = Opening.retrying(() -> kernel.openat(dir, part, flags, 0600));
        Worker.check(out, "open", Side.OUT);
        Stat stat = new Stat();
        int result = kernel.flock(out, LOCK_EX | LOCK_NB);
        result = result < 0 && result != -Errno.EAGAIN ? 0 : result; // a file system without locks
        if (result == 0) {
            result = kernel.fstat(out, stat);
        }
        boolean ours = result == 0 && stat.type() == S_IFREG && stat.nlink == 1;
        if (!ours) {
            kernel.close(out);
            String detail = result == -Errno.EAGAIN ? "another copy of it is going on" : "its part is no file of fid";
            throw new ErrnoException("open", "", result < 0 ? -result : Errno.EEXIST, Side.OUT, 0, detail);
        }
        return out;
    }

    /// Where to go on: behind what is there, if it is of this source.
    private long start(int in, int out, Stat source) throws ErrnoException {
        byte[] stamp = (source.size + " " + source.mtimeSeconds + "." + source.mtimeNanos + " " + source.device + ":"
                        + source.inode)
                .getBytes(StandardCharsets.US_ASCII);
        Stat there = new Stat();
        Worker.check(kernel.fstat(out, there), "fstat", Side.OUT);
        try (Memory value = kernel.allocate(256)) {
            long length = kernel.fgetxattr(out, SOURCE, value, 0, 256);
            boolean unknown = length < 0;
            boolean same = !unknown && Arrays.equals(stamp, value.bytes(0, (int) length));
            long from = unknown ? 0 : Math.max(0, there.size - TAIL);
            if (there.size > 0
                    && there.size <= source.size
                    && (unknown || same)
                    && equality.of(in, out, from, there.size)) {
                return there.size;
            }
            Worker.check(Opening.retrying(() -> kernel.ftruncate(out, 0)), "ftruncate", Side.OUT);
            value.put(0, stamp, 0, stamp.length);
            kernel.fsetxattr(out, SOURCE, value, 0, stamp.length, 0); // without it all is compared
            return 0;
        }
    }
}
