package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.PathCalls;
import java.nio.file.Path;

/// New content for a path that appears whole, or not at all.
///
/// The bytes go to a file without a name in the same directory (O_TMPFILE), or where the file system has none of
/// those to a hidden one, `.NAME.fid-` and 16 digits. {@link #commit} gives it the name by link or rename; {@link
/// #close} before that leaves the old file as it was and nothing else. Killed at any moment, the path holds the old
/// content or the new one, never a mixture; what can be left behind is that hidden file, which the next replacement
/// of the same path removes. A lock (flock(2)) tells it from the file of a replacement that is still going on.
///
/// A path that is a symbolic link keeps it: the file it points to is replaced, as {@link Destination} finds it; a
/// link to nothing is refused. Unlike writing in place, a replaced file is another inode: other hard links keep the old
/// content, and the owner is whoever replaces. The
/// mode is the old file's, or `mode` for a new one, and never wider on the way there.
///
/// ```java
/// try (Replacement file = Replacement.of(path)) {
///     Transfer.from(in).to(file.fd()).run();
///     file.commit(true);
/// }
/// ```
public final class Replacement implements AutoCloseable {
    private final Kernel kernel;
    private final String path;
    private final Fd directory;
    private final byte[] name;
    private final HiddenName hidden;
    private final Fd fd;
    private boolean done;

    private Replacement(Kernel kernel, String path, Fd directory, byte[] name, HiddenName hidden, Fd fd) {
        this.kernel = kernel;
        this.path = path;
        this.directory = directory;
        this.name = name;
        this.hidden = hidden;
        this.fd = fd;
    }

    /// Begins to replace the file at `path`, which need not exist; a new one gets mode 0666 less the umask.
    ///
    /// @throws ErrnoException what opening a file in that directory says: ENOENT, EACCES, EROFS, ENOSPC ...;
    ///     EISDIR; ENOENT also for a link to nothing, ELOOP, ESTALE
    public static Replacement of(Path path) throws ErrnoException {
        return of(Kernel.linux(), path, 0666);
    }

    /// As {@link #of(Path)} on another kernel, with the mode of a new file.
    public static Replacement of(Kernel kernel, Path path, int mode) throws ErrnoException {
        try (Destination place = Destination.of(kernel, Name.of(path))) {
            return place.replace(mode);
        }
    }

    /// @param path what messages call it
    /// @param directory closed by the result
    /// @param oldMode of the file that is there, -1 where none is
    static Replacement begin(Kernel kernel, String path, Fd directory, byte[] name, int oldMode, int mode)
            throws ErrnoException {
        Stat folder = new Stat();
        if (oldMode >= 0
                && kernel.fstat(directory.number(), folder) == 0
                && (folder.attributes & STATX_ATTR_APPEND) != 0) {
            throw new ErrnoException("open", "a temporary file beside " + path, Errno.EPERM, Side.OUT, 0, "");
        }
        int create = oldMode < 0 ? mode : 0600;
        int number = PathCalls.nameless(kernel, directory.number(), create);
        HiddenName hidden = new HiddenName(kernel, directory.number(), name);
        if (HiddenName.isNeeded(number)) {
            number = hidden.create(create);
        }
        if (number < 0) {
            throw new ErrnoException("open", "a temporary file beside " + path, -number, Side.OUT, 0, "");
        }
        int changed = oldMode < 0 ? 0 : Attributes.mode(kernel, number, oldMode);
        if (changed < 0) {
            kernel.close(number);
            hidden.remove();
            throw new ErrnoException("fchmod", "a temporary file beside " + path, -changed, Side.OUT, 0, "");
        }
        return new Replacement(
                kernel,
                path,
                directory,
                name,
                hidden,
                Fd.own(kernel, number, Name.of(name).toString()));
    }

    /// The new file, open for reading and writing.
    public Fd fd() {
        return fd;
    }

    /// Gives the new file its name. With `durable` its bytes and its name are on the disk when this returns.
    ///
    /// @throws ErrnoException of fsync, close or rename: EIO, ENOSPC, EDQUOT; none is retried, since the kernel
    ///     may have dropped what it could not write. The old file is still there, except where only the last step
    ///     of `durable` failed: then the new one is, and its name may not be on the disk.
    public void commit(boolean durable) throws ErrnoException {
        commit(durable, 0);
    }

    /// As {@link #commit}, but a file that has the name by now keeps it.
    ///
    /// @throws ErrnoException EEXIST for that
    public void commitNew(boolean durable) throws ErrnoException {
        commit(durable, RENAME_NOREPLACE);
    }

    /// One at a time with {@link #close}, which may come from another thread: a directory's number that is another
    /// one's by now would take the new file elsewhere.
    private synchronized void commit(boolean durable, int flags) throws ErrnoException {
        if (done) {
            throw new IllegalStateException(path + " is replaced already");
        }
        if (durable) {
            check(PathCalls.retrying(() -> kernel.fsync(fd.number())), "fsync");
        }
        try {
            place(flags);
        } catch (ErrnoException e) {
            throw new ErrnoException(e.call(), path, e.errno(), Side.OUT, 0, "");
        }
        done = true;
        if (durable) {
            try {
                check(PathCalls.syncDirectory(kernel, directory.number()), "fsync");
            } catch (ErrnoException e) {
                throw new ErrnoException(
                        e.call(),
                        path,
                        e.errno(),
                        Side.OUT,
                        0,
                        Errno.text(e.errno()) + ": the new file is in place, but its name" + " may not be on the disk");
            }
        }
    }

    /// Whether the new file has the name, also where a failure of the last step of {@link #commit} says that this may
    /// not be on the disk.
    public boolean isInPlace() {
        return done;
    }

    private void place(int flags) throws ErrnoException {
        byte[] self = Attributes.path(fd.number());
        if (!hidden.isTaken()) {
            // Beside its place first, since a link replaces nothing. Source: open(2), O_TMPFILE.
            HiddenName.Making link =
                    beside -> PathCalls.link(kernel, AT_FDCWD, self, directory.number(), beside, AT_SYMLINK_FOLLOW);
            int result = hidden.link(fd.number(), link);
            if (result == -Errno.EPERM) { // of a directory to append to: a new name can be had, but not changed
                result = link.make(name);
            }
            TreeWorker.check(result, "link", Side.OUT);
        }
        if (hidden.isTaken()) {
            hidden.rename(fd.number(), flags, fd::closeChecked);
        } else {
            fd.closeChecked();
        }
    }

    private void check(int result, String call) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, path, -result, Side.OUT, 0, "");
        }
    }

    /// Drops the new file unless it was committed. The old one is as it was. From any thread; a commit that goes on is
    /// waited for.
    @Override
    public synchronized void close() {
        fd.close();
        hidden.remove();
        directory.close();
    }
}
