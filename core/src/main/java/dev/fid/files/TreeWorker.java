package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.Entries;
import dev.fid.path.PathCalls;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One of the threads that copy a tree: takes directories apart and makes everything that is no regular file.
final class TreeWorker implements AutoCloseable {
    private static final int BATCH = 32; // files of one task: enough that the stack's lock does not count
    private static final int PATH_MAX = 4096;

    /// A directory that waits for its mode has the sticky bit, which is of no use where only the owner may write.
    private static final int UNFINISHED = 01000;

    private final TreeRun walk;
    private final Tree wish;
    private final Kernel kernel;
    private final WorkQueue tasks;
    private final int number;
    private final Entries entries;
    private final Attributes attributes;
    private final FileCopy files;

    TreeWorker(TreeRun walk, WorkQueue tasks, int number) {
        this.walk = walk;
        this.wish = walk.wish;
        this.kernel = walk.kernel;
        this.tasks = tasks;
        this.number = number;
        this.attributes = new Attributes(wish);
        this.files = new FileCopy(walk, attributes);
        try {
            this.entries = new Entries(kernel);
        } catch (Error e) {
            files.close();
            throw e;
        }
    }

    /// A source as it was named.
    void top(OpenDirectory root, byte[] name, byte[] nameOut, Stat stat) {
        if (stat.type() == S_IFDIR) {
            directory(root, name, nameOut);
        } else {
            int type = stat.type() == S_IFREG ? Entries.REGULAR : Entries.UNKNOWN;
            single(root, name, nameOut, type, false);
        }
    }

    private void single(OpenDirectory folder, byte[] name, byte[] nameOut, int type, boolean again) {
        try {
            folder.enter();
            try {
                entry(folder, name, nameOut, type);
            } finally {
                folder.leave();
            }
        } catch (ErrnoException e) {
            if (!again && isShort(e)) {
                walk.alone(() -> single(folder, name, nameOut, type, true));
                return;
            }
            walk.fail(folder, name, nameOut, e);
        }
        done(folder);
    }

    // ---- directories ----

    /// A subdirectory of `parent`: opened, made, and read.
    private void directory(OpenDirectory parent, byte[] name, byte[] nameOut) {
        directory(parent, name, nameOut, false);
    }

    private void directory(OpenDirectory parent, byte[] name, byte[] nameOut, boolean again) {
        OpenDirectory folder = null;
        try {
            if (!walk.stopped()) {
                parent.enter();
                try {
                    folder = open(parent, name, nameOut, false);
                } finally {
                    parent.leave();
                }
            }
        } catch (ErrnoException e) {
            if (!again && isShort(e)) {
                walk.alone(() -> directory(parent, name, nameOut, true));
                return;
            }
            walk.fail(parent, name, nameOut, e);
        }
        if (folder == null) {
            done(parent);
            return;
        }
        walk.tell(parent, name, nameOut);
        if (wish.oneFileSystem && !parent.holdsNamed() && folder.stat.device != parent.stat.device) {
            done(folder); // it is there, as where something could be mounted
            return;
        }
        parkAbove(folder);
        scan(folder);
    }

    /// A directory on the way to sources, to be {@link #done} with.
    OpenDirectory lead(OpenDirectory parent, byte[] name, byte[] nameOut) throws ErrnoException {
        parent.enter();
        try {
            OpenDirectory folder = open(parent, name, nameOut, true);
            parent.pending.incrementAndGet();
            return folder;
        } finally {
            parent.leave();
        }
    }

    private OpenDirectory open(OpenDirectory parent, byte[] name, byte[] nameOut, boolean leads) throws ErrnoException {
        int follow = wish.follow || leads || (parent.holdsNamed() && wish.follows(true)) ? 0 : O_NOFOLLOW;
        int in = PathCalls.retrying(
                () -> kernel.openat(parent.in(), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow, 0));
        if (in < 0) {
            throw new ErrnoException("open", "", -in, Side.IN, 0, "");
        }
        int out = -1;
        try {
            Stat stat = new Stat();
            check(PathCalls.retrying(() -> kernel.fstat(in, stat)), "fstat", Side.IN);
            if (!leads) {
                refuseLoop(parent, stat);
            }
            // Ours to write in until it is done, and not more open to others than it will be.
            int wanted = stat.mode & 0777;
            int mode = attributes.closedAtFirst()
                    ? UNFINISHED | 0700
                    : (wanted & 0700) != 0700 ? UNFINISHED | wanted | 0700 : wanted;
            int result = PathCalls.retrying(() -> kernel.mkdirat(parent.out(), nameOut, mode));
            if (result < 0 && result != -Errno.EEXIST) {
                throw new ErrnoException("mkdir", "", -result, Side.OUT, 0, "");
            }
            boolean made = result == 0;
            out = openOut(parent.out(), nameOut);
            OpenDirectory folder = new OpenDirectory(walk, parent, name, nameOut, in, out, stat, made);
            folder.leads = leads;
            folder.identify();
            if (!made) {
                folder.made = isUnfinished(folder);
                HiddenName.removeOrphans(kernel, out);
            }
            walk.opened(folder);
            if (parent.holdsNamed() && !leads) {
                walk.top(folder);
            }
            walk.counters.directories.incrementAndGet();
            return folder;
        } catch (ErrnoException | RuntimeException | Error e) {
            kernel.close(in);
            if (out >= 0) {
                kernel.close(out);
            }
            throw e;
        }
    }

    /// Whether a run that was killed made the directory, so that it does not have its mode yet: only such a one has the
    /// mark, owner and bits that {@link #open} and {@link #complete} leave on the way.
    private boolean isUnfinished(OpenDirectory folder) throws ErrnoException {
        Stat there = folder.outStat();
        int wanted = folder.stat.mode & 0777;
        int mode = there.mode & 01777;
        return (there.uid == kernel.geteuid() || there.uid == folder.stat.uid)
                && (mode == (UNFINISHED | 0700)
                        || ((wanted & 0700) != 0700 && mode == (UNFINISHED | (wanted & ~walk.umask()) | 0700)));
    }

    /// Not through a link. Where it may not be read it can still be used to reach what is in it.
    private int openOut(int dir, byte[] name) throws ErrnoException {
        int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        int out = PathCalls.retrying(() -> kernel.openat(dir, name, O_RDONLY | flags, 0));
        if (out == -Errno.EACCES) {
            out = PathCalls.retrying(() -> kernel.openat(dir, name, O_PATH | flags, 0));
        }
        if (out == -Errno.ENOTDIR || out == -Errno.ELOOP) {
            throw new ErrnoException("mkdir", "", Errno.EEXIST, Side.OUT, 0, "it is no directory");
        }
        return (int) check(out, "open", Side.OUT);
    }

    private void refuseLoop(OpenDirectory parent, Stat stat) throws ErrnoException {
        if (walk.isOwn(stat)) {
            throw new ErrnoException("open", "", Errno.EINVAL, Side.IN, 0, "it is the copy itself");
        }
        for (OpenDirectory above = parent;
                wish.follow && !above.holdsNamed();
                above = Objects.requireNonNull(above.parent)) {
            if (TreeRun.same(above.stat, stat)) {
                throw new ErrnoException("open", "", Errno.ELOOP, Side.IN, 0, "");
            }
        }
    }

    /// A deep tree must not run out of descriptors.
    private void parkAbove(OpenDirectory folder) {
        OpenDirectory above = folder;
        for (int i = 0; i < walk.room.levels() && above.parent != null; i++) {
            above = above.parent;
        }
        above.park();
    }

    /// Reads some names, and leaves them to whoever is free: files first, then directories, then the rest.
    private void scan(OpenDirectory folder) {
        scan(folder, false);
    }

    private void scan(OpenDirectory folder, boolean again) {
        List<Entries.Entry> some = null;
        try {
            if (!walk.stopped()) {
                folder.enter();
                try {
                    some = entries.next(folder.in());
                } finally {
                    folder.leave();
                }
            }
        } catch (ErrnoException e) {
            if (!again && isShort(e)) {
                walk.alone(() -> scan(folder, true));
                return;
            }
            walk.fail(folder, PathCalls.HERE, PathCalls.HERE, e);
        }
        if (some == null) {
            done(folder);
            return;
        }
        List<WorkQueue.Task> found = new ArrayList<>();
        List<Entries.Entry> rest = new ArrayList<>(some.size());
        for (Entries.Entry entry : some) {
            if (entry.type() == Entries.DIRECTORY) {
                found.add(worker -> worker.directory(folder, entry.name(), entry.name()));
            } else {
                rest.add(entry);
            }
        }
        for (int i = 0; i < rest.size(); i += BATCH) {
            List<Entries.Entry> batch = rest.subList(i, Math.min(rest.size(), i + BATCH));
            found.add(worker -> worker.batch(folder, batch));
        }
        folder.pending.addAndGet(found.size()); // before anybody can be done with one
        tasks.push(number, worker -> worker.scan(folder)); // in place of this scan
        found.forEach(task -> tasks.push(number, task));
    }

    /// One thing in the folder is done. The last one gives the directory what belongs on it at the end: a mode that
    /// may be read-only, and times, which its content moved.
    void done(OpenDirectory folder) {
        OpenDirectory at = folder;
        while (at.parent != null && at.pending.decrementAndGet() == 0) {
            OpenDirectory parent = at.parent;
            try {
                at.enter();
                try {
                    if (!walk.stopped()) {
                        complete(at);
                    }
                    parent.reopenAbove(at.in(), at.out());
                } finally {
                    at.leave();
                }
            } catch (ErrnoException e) {
                walk.fail(at, PathCalls.HERE, PathCalls.HERE, e);
            }
            walk.ended(at);
            at = parent;
        }
    }

    private void complete(OpenDirectory folder) throws ErrnoException {
        int usual = -1;
        int wanted = folder.stat.mode & 0777;
        int there = folder.outStat().mode;
        if (folder.made && (attributes.closedAtFirst() || (there & 01777) == (UNFINISHED | 0700))) {
            usual = (there & 06000) | (wanted & ~walk.umask());
        } else if (folder.made && (wanted & 0700) != 0700) {
            usual = there & 06777 & (wanted | ~0777);
        }
        if (folder.made || wish.keepsAny()) {
            attributes.keep(folder.in(), folder.out(), folder.stat, usual);
        }
        tellLost(folder, PathCalls.HERE);
        if (wish.durable) {
            int result = PathCalls.retrying(() -> kernel.fsync(folder.out()));
            check(result == -Errno.EINVAL || result == -Errno.EBADF ? 0 : result, "fsync", Side.OUT);
        }
    }

    // ---- what is in them ----

    private void batch(OpenDirectory folder, List<Entries.Entry> batch) {
        batch(folder, batch, false);
    }

    private void batch(OpenDirectory folder, List<Entries.Entry> batch, boolean again) {
        try {
            if (!walk.stopped()) {
                folder.enter();
                try {
                    for (Entries.Entry entry : batch) {
                        entry(folder, entry.name(), entry.name(), entry.type());
                    }
                } finally {
                    folder.leave();
                }
            }
        } catch (ErrnoException e) {
            if (!again && isShort(e)) {
                walk.alone(() -> batch(folder, batch, true));
                return;
            }
            walk.fail(folder, PathCalls.HERE, PathCalls.HERE, e);
        }
        done(folder);
    }

    /// Whether there was no descriptor left: others may be closed meanwhile.
    private static boolean isShort(ErrnoException e) {
        return e.errno() == Errno.EMFILE || e.errno() == Errno.ENFILE;
    }

    /// Tells of an attribute that did not come along; the copy stands all the same.
    private void tellLost(OpenDirectory folder, byte[] nameOut) {
        for (Tree.Loss loss : attributes.lost()) {
            if (loss.asked()) {
                walk.fail(folder, nameOut, nameOut, loss.cause());
            } else {
                walk.counters.lost(loss);
            }
        }
    }

    /// Anything. A directory among them was not told as such by its file system, or is behind a link.
    private void entry(OpenDirectory folder, byte[] name, byte[] nameOut, int type) {
        entry(folder, name, nameOut, type, false);
    }

    private void entry(OpenDirectory folder, byte[] name, byte[] nameOut, int type, boolean again) {
        if (walk.stopped()) {
            return;
        }
        try {
            if (type == Entries.REGULAR) {
                file(folder, name, nameOut);
                tellLost(folder, nameOut);
                return;
            }
            Stat stat = new Stat();
            int flags = wish.follows(folder.holdsNamed()) ? 0 : AT_SYMLINK_NOFOLLOW;
            check(
                    PathCalls.retrying(
                            () -> kernel.statx(folder.in(), name, flags, STATX_BASIC_STATS | STATX_BTIME, stat)),
                    "stat",
                    Side.IN);
            switch (stat.type()) {
                case S_IFREG -> file(folder, name, nameOut);
                case S_IFDIR -> {
                    folder.pending.incrementAndGet();
                    tasks.push(number, worker -> worker.directory(folder, name, nameOut));
                }
                default -> {
                    if (wish.linked ? files.linkToSource(folder, name, nameOut) : node(folder, name, nameOut, stat)) {
                        walk.tell(folder, name, nameOut);
                    }
                }
            }
            tellLost(folder, nameOut);
        } catch (ErrnoException e) {
            attributes.lost();
            if (!again && isShort(e)) {
                walk.alone(() -> entry(folder, name, nameOut, type, true));
                return;
            }
            walk.fail(folder, name, nameOut, e);
        }
    }

    private void file(OpenDirectory folder, byte[] name, byte[] nameOut) throws ErrnoException {
        if (wish.linked ? files.linkToSource(folder, name, nameOut) : files.copy(folder, name, nameOut)) {
            walk.tell(folder, name, nameOut);
        }
    }

    /// A link, FIFO, socket or device.
    private boolean node(OpenDirectory folder, byte[] name, byte[] nameOut, Stat stat) throws ErrnoException {
        if (!wish.recursive) {
            throw new ErrnoException("open", "", Errno.EINVAL, Side.IN, 0, "it is no regular file");
        }
        return files.isLinked(stat)
                ? files.linked(folder, nameOut, stat, () -> node(folder, name, nameOut, stat, new Stat()))
                : node(folder, name, nameOut, stat, new Stat());
    }

    private boolean node(OpenDirectory folder, byte[] name, byte[] nameOut, Stat stat, Stat old) throws ErrnoException {
        AtomicName placing = new AtomicName(walk, folder, nameOut);
        if (placing.stays(stat, old)) {
            walk.counters.skipped.incrementAndGet();
            return false;
        }
        byte[] target = stat.type() == S_IFLNK ? target(folder.in(), name, stat) : null;
        boolean named = folder.holdsNamed();
        boolean stays = (wish.follow || wish.attributesOnly || (wish.followNamed && named)) && !wish.backs();
        if (stays && placing.exists(old)) {
            boolean same = old.type() == stat.type()
                    && (target != null
                            ? Arrays.equals(target, target(folder.out(), nameOut, old))
                            : old.rdev == stat.rdev);
            if (!same || named) { // as with cp(1), which replaces it by such a one with -r alone
                throw new ErrnoException("open", "", Errno.EEXIST, Side.OUT, 0, "");
            }
            walk.counters.skipped.incrementAndGet();
            return false;
        }
        boolean closed = attributes.closedAtFirst();
        int mode = stat.mode & (S_IFMT | (closed ? 0700 : 0777));
        int usual = closed ? stat.mode & 0777 & ~walk.umask() : -1;
        HiddenName.Making making = path -> target != null
                ? kernel.symlinkat(target, folder.out(), path)
                : kernel.mknodat(folder.out(), path, mode, device(stat.rdev));
        boolean made = placing.make(
                stat,
                target != null ? leads(folder.in(), name) : null,
                making,
                path -> attributes.keep(folder.in(), name, folder.out(), path, stat, usual),
                target != null ? "symlink" : "mknod");
        if (!made) {
            walk.counters.skipped.incrementAndGet();
            return false;
        }
        (target != null ? walk.counters.symlinks : walk.counters.special).incrementAndGet();
        return true;
    }

    /// What a link leads to; null where that is nothing.
    private @Nullable Stat leads(int dir, byte[] link) {
        Stat end = new Stat();
        int result = PathCalls.retrying(() -> kernel.statx(dir, link, 0, STATX_BASIC_STATS, end));
        return result == 0 ? end : null;
    }

    /// The number as mknod(2) takes it. Source: linux/kdev_t.h, new_encode_dev.
    private static long device(long rdev) {
        long major = rdev >>> 32;
        long minor = rdev & 0xffffffffL;
        return (minor & 0xff) | (major << 8) | ((minor & ~0xffL) << 12);
    }

    private byte[] target(int dir, byte[] name, Stat stat) throws ErrnoException {
        try (Memory memory = kernel.allocate(PATH_MAX)) {
            long length = PathCalls.retryingLong(() -> kernel.readlinkat(dir, name, memory, 0, PATH_MAX));
            check(length, "readlink", Side.IN);
            if (stat.size > 0 && length != stat.size) {
                throw new ErrnoException("readlink", "", Errno.ESTALE, Side.IN, 0, "the link changed");
            }
            return memory.bytes(0, (int) length);
        }
    }

    static long check(long result, String call, Side side) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, "", (int) -result, side, 0, "");
        }
        return result;
    }

    @Override
    public void close() {
        entries.close();
        attributes.close();
        files.close();
    }
}
