package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// New content for a path that appears whole, or not at all.
///
/// The bytes go to a file without a name in the same directory (O_TMPFILE), or where the file system has none of
/// those to `.NAME.fid-0`. {@link #commit} gives it the name by link and rename; {@link #close} before that
/// leaves the old file as it was and nothing else. Killed at any moment, the path holds the old content or the
/// new one, never a mixture; what can be left behind is that hidden file, which the next replacement of the same
/// path removes. A lock (flock(2)) tells it from the file of a replacement that is still going on: beside one of
/// those the next is named `.NAME.fid-1`, and so on.
///
/// A path that is a symbolic link keeps it: the file it points to is replaced, as {@link Destination} finds it; a
/// link to
/// nothing is refused. Unlike writing in place, a
/// replaced file is another inode: other hard links keep the old content, and the owner is whoever replaces. The
/// mode is the old file's, or `mode` for a new one, and never wider on the way there.
///
/// ```java
/// try (Replacement file = Replacement.of(path)) {
///     Transfer.from(in).to(file.fd()).run();
///     file.commit(true);
/// }
/// ```
public final class Replacement implements AutoCloseable {
    private static final int NAMES = 64;

    private final Kernel kernel;
    private final String path;
    private final Fd directory;
    private final byte[] name;
    private byte @Nullable [] temporary;
    private final Fd fd;
    private boolean done;

    private Replacement(Kernel kernel, String path, Fd directory, byte[] name, byte @Nullable [] temporary, Fd fd) {
        this.kernel = kernel;
        this.path = path;
        this.directory = directory;
        this.name = name;
        this.temporary = temporary;
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
        int create = oldMode < 0 ? mode : 0600;
        int flags = O_RDWR | O_CLOEXEC;
        int number = Opening.nameless(kernel, directory.number(), create);
        byte[] hidden = null;
        // Without O_TMPFILE: EOPNOTSUPP of the file system; EISDIR and ENOENT of kernels that do not know the flag.
        for (int i = 0; needsName(number) && i < NAMES; i++) {
            byte[] candidate = hiddenName(name, i);
            hidden = candidate;
            number = Opening.retrying(
                    () -> kernel.openat(directory.number(), candidate, O_CREAT | O_EXCL | O_NOFOLLOW | flags, create));
            if (number == -Errno.EEXIST && removeOrphan(kernel, directory.number(), candidate)) {
                i--;
            }
        }
        if (number < 0) {
            throw new ErrnoException("open", "a temporary file beside " + path, -number, Side.OUT, 0, "");
        }
        kernel.flock(number, LOCK_EX | LOCK_NB);
        if (oldMode >= 0) {
            kernel.fchmod(number, oldMode);
        }
        return new Replacement(
                kernel,
                path,
                directory,
                name,
                hidden,
                Fd.own(kernel, number, Name.of(name).toString()));
    }

    static boolean needsName(int result) {
        return result == -Errno.EOPNOTSUPP
                || result == -Errno.EISDIR
                || result == -Errno.ENOENT
                || result == -Errno.EINVAL
                || result == -Errno.EEXIST;
    }

    /// Removes a hidden file that a killed process left: one that nobody has locked.
    static boolean removeOrphan(Kernel kernel, int directory, byte[] hidden) {
        int fd = kernel.openat(directory, hidden, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
        if (fd < 0) {
            return fd == -Errno.ENOENT; // gone meanwhile
        }
        try {
            return kernel.flock(fd, LOCK_EX | LOCK_NB) == 0 && kernel.unlinkat(directory, hidden, 0) == 0;
        } finally {
            kernel.close(fd);
        }
    }

    /// `.NAME.fid-N`, cut to the 255 bytes that a name may have.
    static byte[] hiddenName(byte[] name, int n) {
        byte[] suffix = (".fid-" + n).getBytes(StandardCharsets.US_ASCII);
        int kept = Math.min(name.length, 255 - 1 - suffix.length);
        byte[] hidden = new byte[1 + kept + suffix.length];
        hidden[0] = '.';
        System.arraycopy(name, 0, hidden, 1, kept);
        System.arraycopy(suffix, 0, hidden, 1 + kept, suffix.length);
        return hidden;
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
            check(Opening.retrying(() -> kernel.fsync(fd.number())), "fsync");
        }
        if (temporary == null) {
            link();
        }
        byte[] hidden = java.util.Objects.requireNonNull(temporary);
        // Close comes before the rename, because NFS and FUSE may tell of failed writes only then. A duplicate
        // keeps the lock meanwhile, or another replacement of this path would take the file for an orphan.
        int lock = kernel.fcntl(fd.number(), F_DUPFD_CLOEXEC, 0);
        try {
            fd.closeChecked();
            int result = Opening.retrying(
                    () -> kernel.renameat2(directory.number(), hidden, directory.number(), name, flags));
            if (result == -Errno.EINVAL
                    && flags != 0) { // a file system without such flags: a link replaces nothing either
                result = kernel.linkat(directory.number(), hidden, directory.number(), name, 0);
                if (result == 0) {
                    kernel.unlinkat(directory.number(), hidden, 0);
                }
            }
            check(result, "rename");
            done = true;
        } finally {
            if (lock >= 0) {
                kernel.close(lock);
            }
        }
        if (durable) {
            try {
                syncDirectory();
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

    /// Names the nameless file, beside its place, since a link replaces nothing. Source: open(2), O_TMPFILE.
    private void link() throws ErrnoException {
        byte[] self = ("/proc/self/fd/" + fd.number()).getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < NAMES; i++) {
            byte[] hidden = hiddenName(name, i);
            int result = Opening.link(kernel, AT_FDCWD, self, directory.number(), hidden, AT_SYMLINK_FOLLOW);
            if (result == -Errno.EEXIST) {
                if (removeOrphan(kernel, directory.number(), hidden)) {
                    i--;
                }
                continue;
            }
            check(result, "link");
            temporary = hidden;
            return;
        }
        check(-Errno.EEXIST, "link");
    }

    private void syncDirectory() throws ErrnoException {
        int number = Opening.retrying(
                () -> kernel.openat(directory.number(), Opening.HERE, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
        check(number, "open");
        int result = Opening.retrying(() -> kernel.fsync(number));
        kernel.close(number);
        if (result != -Errno.EINVAL) { // a file system without a directory to sync
            check(result, "fsync");
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
        byte[] hidden = temporary;
        if (!done && hidden != null) {
            kernel.unlinkat(directory.number(), hidden, 0);
        }
        directory.close();
    }
}
