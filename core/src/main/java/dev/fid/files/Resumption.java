package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.PathCalls;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Copies a large file so that it can go on where it ended: into `.NAME.fid-part`, which stays when the copy does
/// not come to its end.
///
/// The part says of which source it is, by size, time and inode, in the attribute `user.fid.source`. If those
/// agree the last 4 MiB are compared with the source before it goes on behind them. If they do not agree, it begins
/// anew. Without the attribute (some file systems keep none) it is a part only if all of it is what the source begins
/// with.
///
/// A file of that name may be somebody else's. It is gone on with only if it is the user's own, nobody else may write
/// to it, and no other copy has it locked; and never where the source has such a name, too. Else it is left alone, and
/// the file is copied without a part.
final class Resumption {
    /// From this size on: less is copied before it is found where it ended.
    static final long LEAST = 1 << 20; // 1 MiB

    private static final long TAIL = 4 << 20; // 4 MiB
    private static final byte[] SOURCE = "user.fid.source".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SUFFIX = ".fid-part".getBytes(StandardCharsets.US_ASCII);

    interface Way {
        Transfer from(int in, int out);
    }

    private final TreeRun walk;
    private final Kernel kernel;
    private final OpenDirectory folder;
    private final int dir;
    private final byte[] part;
    private final AtomicName placing;
    private final Equality equality;
    private boolean isNew;

    Resumption(TreeRun walk, OpenDirectory folder, byte[] name, AtomicName placing, Equality equality) {
        this.walk = walk;
        this.equality = equality;
        this.kernel = walk.kernel;
        this.folder = folder;
        this.dir = folder.out();
        this.placing = placing;
        this.part = HiddenName.marked(name, SUFFIX, 0);
    }

    /// Goes on, or begins.
    ///
    /// @return null where there can be no part
    FileCopy.@Nullable Moving run(int in, Stat source, Attributes attributes, Way way, Stat old) throws ErrnoException {
        if ((folder.outStat().attributes & STATX_ATTR_APPEND) != 0 || walk.isInSource(folder, part)) {
            return null;
        }
        int out = open();
        if (out < 0) {
            return null;
        }
        boolean open = true;
        try {
            long start = start(in, out, source);
            if (start < 0) {
                return null;
            }
            Moved moved = way.from(in, out).offIn(start).offOut(start).run();
            kernel.fremovexattr(out, SOURCE);
            boolean replaces = placing.replaces(source, old);
            boolean keepsMode = walk.wish.keeps(Tree.Kept.MODE) || walk.wish.backs();
            attributes.keep(
                    in,
                    out,
                    source,
                    replaces && old.type() == S_IFREG && !keepsMode
                            ? old.mode & 0777
                            : source.mode & 0777 & ~walk.umask());
            if (walk.wish.durable) {
                TreeWorker.check(PathCalls.retrying(() -> kernel.fsync(out)), "fsync", Side.OUT);
            }
            equality.check(in, out);
            walk.created(out);
            if (!hasName(out)) {
                throw new ErrnoException("rename", "", Errno.EEXIST, Side.OUT, 0, "its part was replaced meanwhile");
            }
            placing.hidden.take(part);
            open = false;
            placing.rename(out);
            return FileCopy.Moving.of(moved);
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ESTALE && open && hasName(out)) {
                kernel.unlinkat(dir, part, 0); // of a source that is no more, or never was
            }
            throw e;
        } finally {
            if (open) {
                kernel.close(out);
            }
        }
    }

    /// A new part, or one of ours that nobody has locked.
    ///
    /// @return a descriptor, or below 0 where the name is somebody else's
    private int open() throws ErrnoException {
        int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
        int made = PathCalls.retrying(() -> kernel.openat(dir, part, flags | O_CREAT | O_EXCL, 0600));
        if (made != -Errno.EEXIST) {
            TreeWorker.check(made, "open", Side.OUT);
            isNew = true;
            return isLocked(made) && hasName(made) ? made : closed(made);
        }
        int found = PathCalls.retrying(() -> kernel.openat(dir, part, flags | O_NONBLOCK, 0));
        return found < 0 || (isLocked(found) && isOurs(found) && hasName(found)) ? found : closed(found);
    }

    private int closed(int fd) {
        kernel.close(fd);
        return -Errno.EEXIST;
    }

    private boolean isLocked(int out) {
        return kernel.flock(out, LOCK_EX | LOCK_NB) != -Errno.EAGAIN; // other errors: a file system without locks
    }

    /// Whether the part is still what has its name: a copy that was faster has renamed it.
    private boolean hasName(int out) {
        Stat one = new Stat();
        Stat two = new Stat();
        return kernel.fstat(out, one) == 0
                && kernel.statx(dir, part, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, two) == 0
                && TreeRun.same(one, two);
    }

    /// Whether it is as a file would be that we make: of the same owner, and no more open to writers. Some file systems
    /// have one owner and one mode for all.
    private boolean isOurs(int out) throws ErrnoException {
        Stat stat = new Stat();
        if (kernel.fstat(out, stat) < 0 || stat.type() != S_IFREG || stat.nlink > 1) {
            return false;
        }
        HiddenName sample = new HiddenName(kernel, dir, part);
        int fd = sample.create(0600);
        TreeWorker.check(fd, "open", Side.OUT);
        Stat usual = new Stat();
        int result = kernel.fstat(fd, usual);
        kernel.close(fd);
        sample.remove();
        return result == 0 && stat.uid == usual.uid && (stat.mode & 022 & ~usual.mode) == 0;
    }

    /// Where to go on: behind what is there, if it is of this source; below 0 where it may be no part at all.
    private long start(int in, int out, Stat source) throws ErrnoException {
        byte[] stamp = (source.size + " " + source.mtimeSeconds + "." + source.mtimeNanos + " " + source.device + ":"
                        + source.inode)
                .getBytes(StandardCharsets.US_ASCII);
        Stat there = new Stat();
        TreeWorker.check(kernel.fstat(out, there), "fstat", Side.OUT);
        try (Memory value = kernel.allocate(256)) {
            long length = kernel.fgetxattr(out, SOURCE, value, 0, 256);
            boolean unknown = length < 0;
            boolean same = unknown || Arrays.equals(stamp, value.bytes(0, (int) length));
            long from = unknown ? 0 : Math.max(0, there.size - TAIL);
            if (there.size > 0 && there.size <= source.size && same && equality.of(in, out, from, there.size)) {
                return there.size;
            }
            if (unknown && (there.size > 0 || !isNew)) {
                return -1;
            }
            TreeWorker.check(PathCalls.retrying(() -> kernel.ftruncate(out, 0)), "ftruncate", Side.OUT);
            value.put(0, stamp, 0, stamp.length);
            kernel.fsetxattr(out, SOURCE, value, 0, stamp.length, 0); // without it all is compared
            return 0;
        }
    }
}
