package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.PathCalls;
import org.jspecify.annotations.Nullable;

/// Gives something new its name in a directory, whole: where the name is taken, what has it is replaced by one
/// rename, by way of a {@link HiddenName}.
final class AtomicName {
    /// What is due before the final name.
    interface Finishing {
        void finish(byte[] name) throws ErrnoException;
    }

    private final TreeRun walk;
    private final Tree wish;
    private final Kernel kernel;
    private final int dir;
    private final byte[] name;
    final HiddenName hidden;
    private final BackupName backup;

    AtomicName(TreeRun walk, OpenDirectory folder, byte[] name) {
        this.walk = walk;
        this.wish = walk.wish;
        this.kernel = walk.kernel;
        this.dir = folder.out();
        this.name = name;
        this.hidden = new HiddenName(walk.kernel, dir, name);
        this.backup = new BackupName(walk, folder, name);
    }

    /// Whether what has the name is to stay. Asks only where that is possible.
    ///
    /// @param old gets what has the name
    boolean stays(Stat source, Stat old) throws ErrnoException {
        return wish.existing != Tree.Existing.REPLACE && exists(old) && stays(source, old, wish.existing);
    }

    private static boolean stays(Stat source, Stat old, Tree.Existing existing) {
        return switch (existing) {
            case REPLACE -> false;
            case SKIP -> true;
            case UPDATE -> !isOlder(source, old);
            case RESUME -> isComplete(source, old);
        };
    }

    /// Whether it looks like a copy that came to its end: so large, and not older.
    static boolean isComplete(Stat source, Stat old) {
        return !isOlder(source, old) && old.type() == source.type() && old.size == source.size;
    }

    /// Whether what stays under the name counts as the copy, so that other names of the source become names of it.
    /// A newer file does, as with `cp -u`.
    boolean isCopy(Stat source) throws ErrnoException {
        Stat old = new Stat();
        return exists(old)
                && old.type() == source.type()
                && (wish.existing == Tree.Existing.UPDATE || isComplete(source, old));
    }

    private static boolean isOlder(Stat source, Stat old) {
        return old.mtimeSeconds < source.mtimeSeconds
                || (old.mtimeSeconds == source.mtimeSeconds && old.mtimeNanos < source.mtimeNanos);
    }

    /// Whether something has the name; `old` gets what.
    boolean exists(Stat old) throws ErrnoException {
        int result = PathCalls.retrying(() -> kernel.statx(dir, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, old));
        if (result == -Errno.ENOENT) {
            return false;
        }
        TreeWorker.check(result, "stat", Side.OUT);
        return true;
    }

    /// Whether the name is there, and may be replaced by a copy of `source`.
    boolean replaces(Stat source, Stat old) throws ErrnoException {
        if (!exists(old)) {
            return false;
        }
        if (old.type() == S_IFDIR) {
            throw new ErrnoException("rename", "", Errno.EISDIR, Side.OUT, 0, "");
        }
        if (TreeRun.same(old, source)) {
            throw new ErrnoException("rename", "", Errno.EINVAL, Side.OUT, 0, "it is the source itself");
        }
        if (walk.isJustCreated(old) && wish.backup != Tree.Backup.NUMBERED) {
            throw new ErrnoException("rename", "", Errno.EEXIST, Side.OUT, 0, "another source was just copied there");
        }
        if (source.type() == S_IFREG && old.type() != S_IFREG && !wish.backs()) {
            requireFile(old);
        }
        backup.check(source);
        return true;
    }

    /// A file takes the place of a link only where that leads to a file, and of nothing else: cp(1) would write
    /// there, or refuses.
    private void requireFile(Stat old) throws ErrnoException {
        Stat end = new Stat();
        end.mode = old.mode;
        if (old.type() == S_IFLNK) {
            int result = PathCalls.retrying(() -> kernel.statx(dir, name, 0, STATX_BASIC_STATS, end));
            if (result < 0) {
                String detail = result == -Errno.ENOENT ? "it is a symbolic link to nothing" : "";
                throw new ErrnoException("open", "", -result, Side.OUT, 0, detail);
            }
        }
        if (end.type() != S_IFREG) {
            boolean folder = end.type() == S_IFDIR;
            throw new ErrnoException(
                    "rename",
                    "",
                    folder ? Errno.EISDIR : Errno.EINVAL,
                    Side.OUT,
                    0,
                    folder ? "" : "it is no regular file to replace");
        }
    }

    // ---- nodes: they have a name from the start ----

    /// Makes it, with what is due before its name.
    ///
    /// @param leads what the source leads to, where that is a link to something
    /// @return false where something came meanwhile that stays
    boolean make(Stat source, @Nullable Stat leads, HiddenName.Making making, Finishing finishing, String call)
            throws ErrnoException {
        Stat old = new Stat();
        boolean taken = replaces(source, old);
        if (taken && leads != null && TreeRun.same(old, leads)) {
            // It would be a link to itself, and the file's content gone.
            throw new ErrnoException(
                    "rename", "", Errno.EINVAL, Side.OUT, 0, "it is the file that the source leads to");
        }
        boolean direct = !taken && !wish.keepsAny();
        int result = direct ? PathCalls.retrying(() -> making.make(name)) : hidden.make(making);
        if (result == -Errno.EPERM && !direct && !taken) { // in a directory to append to nothing is renamed
            direct = true;
            result = PathCalls.retrying(() -> making.make(name));
        }
        if (result == -Errno.EEXIST && direct) {
            if (stays(source, old)) {
                return false;
            }
            replaces(source, old);
            direct = false;
            result = hidden.make(making);
        }
        TreeWorker.check(result, call, Side.OUT);
        byte[] path = direct ? name : hidden.path();
        boolean done = false;
        try {
            if (!direct || wish.keepsAny()) {
                finishing.finish(path);
            }
            walk.created(dir, path);
            done = direct || rename();
            return done;
        } finally {
            hidden.remove();
        }
    }

    /// Gives it its name, in place of what has it.
    ///
    /// @return false where something came meanwhile that stays
    boolean rename() throws ErrnoException {
        try {
            backup.give();
            return renamed(hidden.rename(flags()));
        } catch (ErrnoException e) {
            backup.undo();
            throw e;
        }
    }

    /// The same for an open file, which is closed first.
    boolean rename(int fd) throws ErrnoException {
        try {
            hidden.rename(fd, flags(), () -> {
                close(fd);
                backup.give();
            });
            return true;
        } catch (ErrnoException e) {
            backup.undo();
            if (e.call().equals("rename")) {
                return renamed(-e.errno());
            }
            throw e;
        }
    }

    private int flags() {
        return wish.existing == Tree.Existing.SKIP ? RENAME_NOREPLACE : 0;
    }

    private boolean renamed(int result) throws ErrnoException {
        if (result == -Errno.EEXIST && wish.existing == Tree.Existing.SKIP) {
            return false;
        }
        TreeWorker.check(result, "rename", Side.OUT);
        return true;
    }

    void close(int fd) throws ErrnoException {
        int result = kernel.close(fd);
        TreeWorker.check(result == -Errno.EINTR ? 0 : result, "close", Side.OUT);
    }

    // ---- files: they get it when they are whole ----

    /// A new file without a name.
    ///
    /// @return the descriptor, or a refusal
    int nameless(int mode) {
        if (walk.noNameless) {
            return -Errno.EOPNOTSUPP;
        }
        int fd = PathCalls.nameless(kernel, dir, mode);
        if (fd == -Errno.EOPNOTSUPP) {
            walk.noNameless = true; // asked once, not once a file
        }
        return fd;
    }

    /// Names a nameless file: by its descriptor alone where that is allowed (to root, and to everybody since Linux
    /// 6.10), else by its path in /proc, which costs a look-up.
    int link(int fd, byte[] path) {
        if (!walk.noEmptyPath) {
            int result = PathCalls.link(kernel, fd, NO_NAME, dir, path, AT_EMPTY_PATH);
            if (result != -Errno.ENOENT) {
                return result;
            }
            walk.noEmptyPath = true;
        }
        return PathCalls.link(kernel, AT_FDCWD, Attributes.path(fd), dir, path, AT_SYMLINK_FOLLOW);
    }

    private static final byte[] NO_NAME = {};
}
