package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.Consistency;
import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.NoMethodException;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.Extents;
import dev.fid.path.PathCalls;
import dev.fid.path.Retry;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import dev.fid.wait.Readiness;
import java.util.Map;

/// Copies the regular files of a tree: small ones by one read and one write, large ones by a {@link Transfer}.
///
/// A file is written without a name and linked to its own when it is complete. That costs 1 us more than to
/// create it by its name (13.3 us against 12.4 on ext4, in C), and a rename from a hidden name 6.5 us more.
final class FileCopy implements AutoCloseable {
    /// Up to here one read and one write.
    static final int SMALL = 64 << 10;

    private static final byte[] NO_NAME = {};

    private static final int LINK_TRIES = 100;

    private final TreeRun walk;
    private final Tree wish;
    private final Kernel kernel;
    private final Attributes attributes;
    private final Memory buffer;
    private final Readiness readiness;
    private final Equality equality;
    private final Stat before = new Stat();
    private final Stat after = new Stat();
    private final Stat old = new Stat();
    private long inFlight;

    FileCopy(TreeRun walk, Attributes attributes) {
        this.walk = walk;
        this.wish = walk.wish;
        this.kernel = walk.kernel;
        this.attributes = attributes;
        this.buffer = kernel.allocate(SMALL + kernel.pageSize());
        this.readiness = new Readiness(kernel);
        this.equality = new Equality(walk);
    }

    /// One file; false where what has the name was left as it was.
    boolean copy(OpenDirectory folder, byte[] name, byte[] nameOut) throws ErrnoException {
        int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
        int follow = wish.follows(folder.holdsNamed()) ? 0 : O_NOFOLLOW;
        int in = PathCalls.openat(kernel, folder.in(), name, flags | follow, 0);
        TreeWorker.check(in, "open", Side.IN);
        try {
            TreeWorker.check(PathCalls.fstat(kernel, in, before), "fstat", Side.IN);
            if (before.type() != S_IFREG) {
                throw new ErrnoException("open", "", Errno.ESTALE, Side.IN, 0, "it became something else");
            }
            if (isLinked(before)) {
                // When it was born, too: an inode may be used again, for another file.
                TreeWorker.check(
                        kernel.statx(in, NO_NAME, AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, before),
                        "fstat",
                        Side.IN);
                return linked(folder, nameOut, before, () -> copy(folder, in, nameOut));
            }
            return copy(folder, in, nameOut);
        } finally {
            kernel.close(in);
        }
    }

    // ---- hard links ----

    interface Copy {
        /// Makes it; false where what has the name was left as it was.
        boolean make() throws ErrnoException;
    }

    /// Whether it has other names, which are to be names of one copy.
    boolean isLinked(Stat stat) {
        return stat.nlink > 1 && wish.links && wish.recursive && !wish.attributesOnly;
    }

    /// A file with several names: copied by `copy` if it is the first of them, else linked to that.
    ///
    /// @param stat of the source, with the time of its birth
    boolean linked(OpenDirectory folder, byte[] nameOut, Stat stat, Copy copy) throws ErrnoException {
        HardLinks.Linked linked = walk.links.of(stat);
        synchronized (linked) {
            walk.links.seen(stat, linked);
            try {
                return linked(linked, folder, nameOut, stat, copy);
            } catch (ErrnoException e) {
                walk.links.unseen(stat, linked);
                throw e;
            }
        }
    }

    private boolean linked(HardLinks.Linked linked, OpenDirectory folder, byte[] nameOut, Stat stat, Copy copy)
            throws ErrnoException {
        if (linked.isOf(stat)) {
            return link(linked, folder, nameOut, stat);
        }
        if (copy.make()) {
            linked.first(folder, nameOut, stat);
            return true;
        }
        if (new AtomicName(walk, folder, nameOut).isCopy(stat)) {
            linked.first(folder, nameOut, stat);
            linked.stays(folder, nameOut);
        }
        return false;
    }

    /// Another name for a source, instead of a copy of it; false where it was one already.
    boolean linkToSource(OpenDirectory folder, byte[] name, byte[] nameOut) throws ErrnoException {
        int flags = wish.follows(folder.holdsNamed()) ? AT_SYMLINK_FOLLOW : 0;
        int result = PathCalls.retrying(() -> kernel.linkat(folder.in(), name, folder.out(), nameOut, flags));
        if (result == -Errno.EEXIST) {
            int look = flags == 0 ? AT_SYMLINK_NOFOLLOW : 0;
            kernel.statx(folder.in(), name, look, STATX_BASIC_STATS, before);
            AtomicName placing = new AtomicName(walk, folder, nameOut);
            if (placing.stays(before, old)) {
                walk.counters.skipped.incrementAndGet();
                return false;
            }
            boolean there = kernel.statx(folder.out(), nameOut, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, old) == 0;
            if (there && TreeRun.same(before, old)) {
                return false;
            }
            if (wish.backs() && placing.replaces(before, old)) {
                try {
                    HiddenName.Making making = path -> kernel.linkat(folder.in(), name, folder.out(), path, flags);
                    result = placing.hidden.makeLink(making);
                    TreeWorker.check(result, "link", Side.OUT);
                    placing.rename();
                } finally {
                    placing.hidden.remove();
                }
            }
        }
        TreeWorker.check(result, "link", Side.OUT);
        walk.counters.links.incrementAndGet();
        return true;
    }

    private boolean link(HardLinks.Linked linked, OpenDirectory folder, byte[] nameOut, Stat stat)
            throws ErrnoException {
        AtomicName placing = new AtomicName(walk, folder, nameOut);
        HardLinks.Made first = linked.first();
        if (placing.stays(stat, old)) {
            walk.counters.skipped.incrementAndGet();
            if (AtomicName.isComplete(stat, old) && linked.areAllNew()) {
                for (HardLinks.Made name : linked.names()) {
                    name.folder.enter();
                    try {
                        link(folder, nameOut, name.folder, name.name, stat, false);
                    } finally {
                        name.folder.leave();
                    }
                }
                linked.stays(folder, nameOut);
            }
            return false;
        }
        if (link(first.folder, first.name, folder, nameOut, stat, true)) {
            walk.counters.links.incrementAndGet();
            linked.named(folder, nameOut);
            return true;
        }
        walk.counters.skipped.incrementAndGet();
        return false;
    }

    /// Makes `nameOut` another name of `firstName`.
    ///
    /// @param guarded whether what has the name may be the source, or something that came meanwhile and stays
    private boolean link(
            OpenDirectory first, byte[] firstName, OpenDirectory folder, byte[] nameOut, Stat stat, boolean guarded)
            throws ErrnoException {
        AtomicName placing = new AtomicName(walk, folder, nameOut);
        first.enter();
        try {
            HiddenName.Making making = path -> hardLink(first, firstName, folder, path);
            int result = PathCalls.retrying(() -> making.make(nameOut));
            if (result != -Errno.EEXIST) {
                TreeWorker.check(result, "link", Side.OUT);
                return true;
            }
            if (guarded && placing.stays(stat, old)) {
                return false;
            }
            Stat there = new Stat();
            TreeWorker.check(
                    kernel.statx(first.out(), firstName, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, there),
                    "stat",
                    Side.OUT);
            boolean taken = guarded ? placing.replaces(stat, old) : placing.exists(old);
            if (taken && TreeRun.same(old, there)) {
                return true;
            }
            try {
                TreeWorker.check(placing.hidden.makeLink(making), "link", Side.OUT);
                if (!guarded) {
                    TreeWorker.check(placing.hidden.rename(0), "rename", Side.OUT);
                    return true;
                }
                return placing.rename();
            } finally {
                placing.hidden.remove();
            }
        } finally {
            first.leave();
        }
    }

    /// linkat(2), made again where another run replaces `firstName` at this very moment: the name was looked up,
    /// and the file that had it has none any more, for which Linux says ENOENT. Source: vfs_link in fs/namei.c,
    /// Linux 6.18.
    private int hardLink(OpenDirectory first, byte[] firstName, OpenDirectory folder, byte[] path) {
        int result = -Errno.ENOENT;
        for (int i = 0; i < LINK_TRIES && result == -Errno.ENOENT; i++) {
            result = kernel.linkat(first.out(), firstName, folder.out(), path, 0);
            if (result == -Errno.ENOENT
                    && kernel.statx(first.out(), firstName, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, old) < 0) {
                return result;
            }
        }
        return result;
    }

    // ---- content ----

    private boolean copy(OpenDirectory folder, int in, byte[] nameOut) throws ErrnoException {
        AtomicName placing = new AtomicName(walk, folder, nameOut);
        if (placing.stays(before, old)) {
            walk.counters.skipped.incrementAndGet();
            return false;
        }
        inFlight = 0;
        try {
            if (wish.attributesOnly) {
                attributesOnly(folder, in, nameOut, placing);
                return true;
            }
            if (wish.inPlace) {
                inPlace(folder, in, nameOut, placing);
                return true;
            }
            if (wish.existing == Tree.Existing.RESUME && before.size >= Resumption.LEAST) {
                Moving moving = new Resumption(walk, folder, nameOut, placing, equality)
                        .run(in, before, attributes, this::sharing, old);
                if (moving != null) {
                    count(moving);
                    return true;
                }
            }
            boolean copied = whole(in, nameOut, placing);
            if (!copied) {
                walk.counters.moving.addAndGet(-inFlight);
                walk.counters.skipped.incrementAndGet();
            }
            return copied;
        } catch (NoMethodException e) {
            throw e.asErrno();
        } catch (ErrnoException | RuntimeException | Error e) {
            walk.counters.moving.addAndGet(-inFlight); // it did not arrive
            throw e;
        }
    }

    /// What moved.
    record Moving(Map<Method, Long> byMethod, long bytes, long userBytes) {
        static Moving of(Moved moved) {
            return new Moving(moved.byMethod(), moved.bytes(), moved.userBytes());
        }
    }

    private void count(Moving moving) {
        walk.counters.moving.addAndGet(moving.bytes - inFlight);
        walk.counters.userBytes.addAndGet(moving.userBytes);
        walk.counters.file(moving.byMethod);
    }

    /// The usual way: a new file, named when it is whole.
    ///
    /// @return false where something came meanwhile that stays
    private boolean whole(int in, byte[] nameOut, AtomicName placing) throws ErrnoException {
        int mode = before.mode & (attributes.closedAtFirst() ? 0700 : 0777);
        int read = isSmall() ? readWhole(in) : -1;
        HiddenName hidden = placing.hidden;
        boolean closed = false;
        int out = placing.nameless(mode);
        if (HiddenName.isNeeded(out)) {
            // Others see it by its name, so it is not more open to them than the one that it replaces.
            closed = placing.replaces(before, old) && keepsOldMode();
            out = hidden.create(closed ? 0600 : mode);
        }
        TreeWorker.check(out, "open", Side.OUT);
        boolean open = true;
        try {
            Moving moving = read >= 0 ? write(out, read) : move(in, out);
            recheck(in);
            int usual = before.mode & 0777 & ~(closed || attributes.closedAtFirst() ? walk.umask() : 0);
            finish(in, out, attributes.closedAtFirst() && !closed ? usual : -1);
            walk.created(out);
            if (!name(placing, out, nameOut, closed ? usual : -1)) {
                return false;
            }
            open = false;
            if (!hidden.isTaken()) {
                placing.close(out);
            } else if (!placing.rename(out)) {
                return false;
            }
            count(moving);
            return true;
        } finally {
            if (open) {
                kernel.close(out);
            }
            hidden.remove();
        }
    }

    /// Gives it the name, unless that is taken: then a hidden one, to be renamed.
    ///
    /// @param usual the mode, where what it was to replace is gone; -1 where it has it
    /// @return false where something came meanwhile that stays
    private boolean name(AtomicName placing, int out, byte[] nameOut, int usual) throws ErrnoException {
        HiddenName hidden = placing.hidden;
        if (hidden.isTaken()) {
            if (placing.replaces(before, old)) {
                keepOldMode(out);
            } else if (usual >= 0) {
                attributes.mode(out, usual);
            }
            return true;
        }
        int result = placing.link(out, nameOut);
        if (result == -Errno.EEXIST) {
            if (placing.stays(before, old)) {
                return false;
            }
            if (placing.replaces(before, old)) {
                keepOldMode(out);
            }
            result = hidden.link(out, path -> placing.link(out, path));
        }
        TreeWorker.check(result, "link", Side.OUT);
        return true;
    }

    private boolean keepsOldMode() {
        return !wish.keeps(Tree.Kept.MODE) && !wish.backs() && old.type() == S_IFREG;
    }

    private void keepOldMode(int out) {
        if (keepsOldMode()) {
            attributes.mode(out, old.mode & 0777);
        }
    }

    private void finish(int in, int out, int usual) throws ErrnoException {
        if (wish.keepsAny()) {
            attributes.keep(in, out, before, usual);
        }
        if (wish.durable) {
            TreeWorker.check(PathCalls.retrying(() -> kernel.fsync(out)), "fsync", Side.OUT);
        }
        equality.check(in, out);
    }

    /// What is kept of the file, for the one that has the name, or for a new one that stays empty.
    private void attributesOnly(OpenDirectory folder, int in, byte[] nameOut, AtomicName placing)
            throws ErrnoException {
        boolean existed = placing.replaces(before, old);
        if (existed && old.type() != S_IFREG) {
            throw new ErrnoException("open", "", Errno.EINVAL, Side.OUT, 0, "it is no regular file");
        }
        int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        int out = PathCalls.retrying(() -> kernel.openat(folder.out(), nameOut, flags, before.mode & 0777));
        TreeWorker.check(out, "open", Side.OUT);
        try {
            if (!wish.kept.isEmpty()) {
                attributes.keep(in, out, before, -1);
            }
        } finally {
            kernel.close(out);
        }
        count(new Moving(Map.of(), 0, 0));
    }

    /// Into the file that has the name.
    private void inPlace(OpenDirectory folder, int in, byte[] nameOut, AtomicName placing) throws ErrnoException {
        boolean existed = placing.replaces(before, old);
        if (existed && old.type() != S_IFREG) {
            throw new ErrnoException("open", "", Errno.EINVAL, Side.OUT, 0, "it is no regular file to write into");
        }
        int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        int out = PathCalls.retrying(() -> kernel.openat(folder.out(), nameOut, flags, before.mode & 0777));
        TreeWorker.check(out, "open", Side.OUT);
        boolean closed = false;
        try {
            cutOff(out);
            int read = isSmall() ? readWhole(in) : -1;
            Moving moving = read >= 0 ? write(out, read) : move(in, out);
            recheck(in);
            finish(in, out, -1);
            closed = true;
            TreeWorker.check(kernel.close(out), "close", Side.OUT);
            count(moving);
        } finally {
            if (!closed) {
                kernel.close(out);
            }
        }
    }

    /// Empties what was opened, once it is known what that is: the name may be another file's by now.
    private void cutOff(int out) throws ErrnoException {
        TreeWorker.check(PathCalls.fstat(kernel, out, after), "fstat", Side.OUT);
        if (after.type() != S_IFREG || TreeRun.same(after, before)) {
            throw new ErrnoException("open", "", Errno.ESTALE, Side.OUT, 0, "it became something else");
        }
        if (after.size > 0) {
            TreeWorker.check(PathCalls.retrying(() -> kernel.ftruncate(out, 0)), "ftruncate", Side.OUT);
        }
    }

    // ---- small files ----

    private boolean isSmall() {
        boolean holes = Extents.hasHoles(before.size, before.blocks) && wish.holes != Tree.Holes.FILLED;
        return before.size <= SMALL
                && wish.method == null
                && !wish.shareOnly
                && wish.cached
                && wish.holes != Tree.Holes.MADE
                && !holes;
    }

    /// Reads all of a small file.
    ///
    /// @return its bytes, or -1 where it is not as small as it said, or shorter
    private int readWhole(int in) throws ErrnoException {
        long most = buffer.size();
        long at = 0;
        while (true) {
            long read = Retry.pread(kernel, in, buffer, at, most - at, at);
            if (read < 0) {
                throw new ErrnoException("read", "", (int) -read, Side.IN, at, "");
            }
            at += read;
            if (at == before.size && at > 0) {
                return (int) at;
            }
            if (read == 0) {
                return at < before.size ? -1 : (int) at;
            }
            if (at == most) {
                return -1;
            }
        }
    }

    private Moving write(int out, int length) throws ErrnoException {
        walk.spend(length, readiness);
        long at = 0;
        boolean madeRoom = false;
        while (at < length) {
            long written = Retry.write(kernel, out, buffer, at, length - at);
            if (written == -Errno.ENOSPC && !madeRoom) {
                madeRoom = true; // as PathCalls.makesRoom
                kernel.syncfs(out);
                continue;
            }
            if (written <= 0) {
                throw new ErrnoException("write", "", written == 0 ? Errno.EIO : (int) -written, Side.OUT, at, "");
            }
            at += written;
        }
        return new Moving(Map.of(Method.READ_WRITE, (long) length), length, length);
    }

    /// Whether the source is what it was. Files that are made up as they are read have no times to go by.
    private void recheck(int in) throws ErrnoException {
        TreeWorker.check(PathCalls.fstat(kernel, in, after), "fstat", Side.IN);
        boolean same = after.size == before.size
                && after.mtimeSeconds == before.mtimeSeconds
                && after.mtimeNanos == before.mtimeNanos
                && after.ctimeSeconds == before.ctimeSeconds
                && after.ctimeNanos == before.ctimeNanos;
        if (!same && !Fd.borrow(kernel, in).facts().isPseudo()) {
            throw new ErrnoException("transfer", "", Errno.ESTALE, Side.IN, 0, "the source changed while it was read");
        }
    }

    // ---- large files ----

    private Moving move(int in, int out) throws ErrnoException {
        if (wish.holes == Tree.Holes.MADE || !wish.cached) {
            return new BlockCopy(walk, readiness, this::tell).copy(in, out, before, sharing(in, out));
        }
        return Moving.of(sharing(in, out).run());
    }

    /// A transfer as the tree's terms have it.
    private Transfer sharing(int in, int out) {
        Method method = wish.method;
        if (method == null && (!wish.share || wish.holes == Tree.Holes.FILLED)) {
            method = Method.SPLICE_THROUGH_PIPE; // copy_file_range may share extents, too
        }
        Transfer transfer = Transfer.from(Fd.borrow(kernel, in))
                .to(Fd.borrow(kernel, out))
                .offIn(0)
                .offOut(0)
                .method(method)
                .fallback(wish.fallback && !wish.shareOnly)
                .sparse(wish.holes != Tree.Holes.FILLED)
                .progress(wish.interval, progress -> tell(progress.bytes()));
        if (walk.rate != null) {
            transfer.limit(walk.rate);
        }
        return wish.shareOnly ? transfer.consistency(Consistency.REFLINK) : transfer;
    }

    private void tell(long bytes) {
        walk.counters.moving.addAndGet(bytes - inFlight);
        inFlight = bytes;
    }

    @Override
    public void close() {
        equality.close();
        readiness.close();
        buffer.close();
    }
}
