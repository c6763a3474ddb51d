package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Stat;
import org.jspecify.annotations.Nullable;

/// Gives something new its name in a directory, whole: where the name is taken, what has it is replaced by one
/// rename, by way of a hidden name `.NAME.fid-N`.
final class Placing {
    private static final int NAMES = 64;

    /// Makes something by a name; a result, or `-errno`.
    interface Making {
        int make(byte[] name);
    }

    /// What is due before the final name.
    interface Finishing {
        void finish(byte[] name) throws ErrnoException;
    }

    private final Walk walk;
    private final Tree wish;
    private final Kernel kernel;
    private final int dir;
    private final byte[] name;

    Placing(Walk walk, int dir, byte[] name) {
        this.walk = walk;
        this.wish = walk.wish;
        this.kernel = walk.kernel;
        this.dir = dir;
        this.name = name;
    }

    /// Whether what has the name is to stay. Asks only where that is possible.
    ///
    /// @param old gets what has the name
    boolean stays(Stat source, Stat old) throws ErrnoException {
        return wish.existing != Tree.Existing.REPLACE && existing(old) && stays(source, old, wish.existing);
    }

    private static boolean stays(Stat source, Stat old, Tree.Existing existing) {
        boolean older = old.mtimeSeconds < source.mtimeSeconds
                || (old.mtimeSeconds == source.mtimeSeconds && old.mtimeNanos < source.mtimeNanos);
        return switch (existing) {
            case REPLACE -> false;
            case SKIP -> true;
            case UPDATE -> !older;
            case RESUME -> !older && old.type() == source.type() && old.size == source.size;
        };
    }

    private boolean existing(Stat old) throws ErrnoException {
        int result = Opening.retrying(() -> kernel.statx(dir, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, old));
        if (result == -Errno.ENOENT) {
            return false;
        }
        Worker.check(result, "stat", Side.OUT);
        return true;
    }

    /// Whether the name is there, and may be replaced by a copy of `source`.
    boolean replaces(Stat source, Stat old) throws ErrnoException {
        if (!existing(old)) {
            return false;
        }
        if (old.type() == S_IFDIR) {
            throw new ErrnoException("rename", "", Errno.EISDIR, Side.OUT, 0, "");
        }
        if (Walk.same(old, source)) {
            throw new ErrnoException("rename", "", Errno.EINVAL, Side.OUT, 0, "it is the source itself");
        }
        if (walk.isJustCreated(old)) {
            throw new ErrnoException("rename", "", Errno.EEXIST, Side.OUT, 0, "another source was just copied there");
        }
        if (wish.existing == Tree.Existing.SKIP) {
            throw new ErrnoException("link", "", Errno.EEXIST, Side.OUT, 0, "it exists by now");
        }
        return true;
    }

    // ---- nodes: they have a name from the start ----

    /// @param leads what the source leads to, where that is a link to something
    void make(Stat source, @Nullable Stat leads, Making making, Finishing finishing, String call)
            throws ErrnoException {
        Stat old = new Stat();
        boolean replaces = replaces(source, old);
        if (replaces && leads != null && Walk.same(old, leads)) {
            // It would be a link to itself, and the file's content gone.
            throw new ErrnoException(
                    "rename", "", Errno.EINVAL, Side.OUT, 0, "it is the file that the source leads to");
        }
        if (!replaces && !wish.keepsAny()) {
            int result = Opening.retrying(() -> making.make(name));
            if (result != -Errno.EEXIST) {
                Worker.check(result, call, Side.OUT);
                created(name);
                return;
            }
            replaces(source, old);
        }
        byte[] hidden = hidden(making, call);
        try {
            finishing.finish(hidden);
            created(hidden);
            rename(hidden);
        } catch (ErrnoException | RuntimeException | Error e) {
            kernel.unlinkat(dir, hidden, 0);
            throw e;
        }
    }

    private void created(byte[] path) {
        walk.created(dir, path);
    }

    /// A hidden name that it was made by.
    byte[] hidden(Making making, String call) throws ErrnoException {
        int result = -Errno.EEXIST;
        for (int i = 0; i < NAMES; i++) {
            byte[] hidden = Replacement.hiddenName(name, i);
            result = Opening.retrying(() -> making.make(hidden));
            if (result == -Errno.EEXIST && Replacement.removeOrphan(kernel, dir, hidden)) {
                result = Opening.retrying(() -> making.make(hidden));
            }
            if (result != -Errno.EEXIST) {
                Worker.check(result, call, Side.OUT);
                return hidden;
            }
        }
        throw new ErrnoException(call, "", -result, Side.OUT, 0, "");
    }

    void rename(byte[] hidden) throws ErrnoException {
        Worker.check(Opening.retrying(() -> kernel.renameat2(dir, hidden, dir, name, 0)), "rename", Side.OUT);
    }

    // ---- files: they get it when they are whole ----

    /// A new file without a name.
    ///
    /// @return the descriptor, or a refusal
    int nameless(int mode) {
        if (walk.noNameless) {
            return -Errno.EOPNOTSUPP;
        }
        int fd = Opening.nameless(kernel, dir, mode);
        if (fd == -Errno.EOPNOTSUPP) {
            walk.noNameless = true; // asked once, not once a file
        }
        return fd;
    }

    /// Names a nameless file: by its descriptor alone where that is allowed (to root, and to everybody since Linux
    /// 6.10), else by its path in /proc, which costs a look-up.
    int link(int fd, byte[] path) {
        if (!walk.noEmptyPath) {
            int result = Opening.link(kernel, fd, NO_NAME, dir, path, AT_EMPTY_PATH);
            if (result != -Errno.ENOENT) {
                return result;
            }
            walk.noEmptyPath = true;
        }
        return Opening.link(kernel, AT_FDCWD, Attributes.path(fd), dir, path, AT_SYMLINK_FOLLOW);
    }

    private static final byte[] NO_NAME = {};
}
