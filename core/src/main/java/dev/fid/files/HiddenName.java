package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.Entries;
import dev.fid.path.PathCalls;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// The name that something has before it gets its own: `.NAME.fid-` and 16 digits, beside it.
///
/// It never meets a name of somebody else: it is made only where it is free, eight of its digits are random, and the
/// other eight are a sum over the rest and the directory's inode. By that sum an orphan of a killed run is known, and
/// so it is none any more where it was copied or moved. A file is locked (flock(2)) as long as it has such a name,
/// until after its rename: an orphan is what nobody has locked. What cannot be locked (a link, a node, a file with
/// another name; any file where the file system has no locks) has to be old. Nothing else is ever removed.
///
/// The first try is not random but of NAME, so that the next copy to that name finds what a killed one left
/// without reading the directory.
final class HiddenName {
    private static final int TRIES = 100;
    private static final int DIGITS = 16;
    private static final byte[] MARK = ".fid-".getBytes(StandardCharsets.US_ASCII);

    /// Bytes of NAME in it: some file systems take less than 255 bytes, some count characters.
    private static final int SHOWN = 100;

    private static final int MOST_READ = 64; // times 32 KiB of names, when orphans are looked for
    private static final long OLD_NODE = 60; // seconds; it is there for microseconds
    private static final long OLD_FILE = 24 * 60 * 60; // seconds; of one that is still written the times move

    /// Makes something by a name; a result, or `-errno`.
    interface Making {
        int make(byte[] path);
    }

    private final Kernel kernel;
    private final int dir;
    private final byte[] name;
    private byte @Nullable [] path;
    private boolean link;

    HiddenName(Kernel kernel, int dir, byte[] name) {
        this.kernel = kernel;
        this.dir = dir;
        this.name = name;
    }

    /// Whether a refusal of a nameless file (O_TMPFILE) asks for a hidden name: EOPNOTSUPP of the file system; EISDIR,
    /// ENOENT and EINVAL of kernels that do not know the flag. Source: open(2)
    static boolean isNeeded(int result) {
        return result == -Errno.EOPNOTSUPP
                || result == -Errno.EISDIR
                || result == -Errno.ENOENT
                || result == -Errno.EINVAL;
    }

    /// The name, once something has it.
    byte[] path() {
        return java.util.Objects.requireNonNull(path);
    }

    /// Goes on with what has such a name already, and stays where it comes to no end.
    void take(byte[] taken) {
        path = taken;
    }

    /// Whether something has it.
    boolean isTaken() {
        return path != null;
    }

    // ---- making ----

    /// A new file, open for reading and writing, and locked; a descriptor, or `-errno`.
    int create(int mode) {
        int flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC;
        return make(
                path -> {
                    int fd = kernel.openat(dir, path, flags, mode);
                    if (fd < 0) {
                        return fd;
                    }
                    // Before the lock another run may have taken it for an orphan.
                    boolean judged = kernel.flock(fd, LOCK_EX | LOCK_NB) == -Errno.EAGAIN
                            || kernel.statx(dir, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, new Stat())
                                    == -Errno.ENOENT;
                    if (judged) {
                        kernel.close(fd);
                        return -Errno.EEXIST;
                    }
                    return fd;
                },
                true);
    }

    /// A name for an open file without one, which is locked first.
    int link(int fd, Making making) {
        kernel.flock(fd, LOCK_EX | LOCK_NB);
        return make(making, true);
    }

    /// A name for what is made by its name and cannot be locked.
    int make(Making making) {
        return make(making, false);
    }

    /// Another name of a file that has one.
    int makeLink(Making making) {
        link = true;
        return make(making, false);
    }

    private int make(Making making, boolean locked) {
        Stat folder = new Stat();
        int result = PathCalls.fstat(kernel, dir, folder);
        if (result < 0) {
            return result;
        }
        if ((folder.attributes & STATX_ATTR_APPEND) != 0) {
            return -Errno.EPERM; // what is in there can neither be renamed nor removed
        }
        for (int i = 0; i < TRIES; i++) {
            boolean first = i == 0 && locked;
            byte[] candidate = candidate(
                    name, first ? sum(name, 0) : ThreadLocalRandom.current().nextInt(), folder.inode);
            result = PathCalls.retrying(() -> making.make(candidate));
            if (result != -Errno.EEXIST) {
                path = result < 0 ? null : candidate;
                return result;
            }
            if (first) {
                removeOrphans(kernel, dir);
            }
        }
        return result;
    }

    private static byte[] candidate(byte[] name, int number, long folder) {
        byte[] start = marked(name, MARK, DIGITS);
        digits(number, start, start.length - DIGITS);
        digits(sum(Arrays.copyOf(start, start.length - DIGITS / 2), folder), start, start.length - DIGITS / 2);
        return start;
    }

    private static void digits(int number, byte[] into, int at) {
        byte[] text = HexFormat.of().toHexDigits(number).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, into, at, text.length);
    }

    private static int sum(byte[] bytes, long folder) {
        CRC32 sum = new CRC32();
        sum.update(bytes);
        for (int i = 0; i < Long.BYTES; i++) {
            sum.update((int) (folder >>> (8 * i)));
        }
        return (int) sum.getValue();
    }

    /// `.NAME` and `suffix`, with `room` for more. Of a long NAME the beginning, cut between characters (a file system
    /// that
    /// stores UTF-16 takes no half ones), and a sum of all of it.
    static byte[] marked(byte[] name, byte[] suffix, int room) {
        int shown = name.length;
        byte[] sum = {};
        if (shown > SHOWN) {
            shown = SHOWN;
            for (int i = 0; i < 3 && (name[shown] & 0xc0) == 0x80; i++) {
                shown--;
            }
            sum = ("~" + HexFormat.of().toHexDigits(sum(name, 0))).getBytes(StandardCharsets.US_ASCII);
        }
        byte[] path = new byte[1 + shown + sum.length + suffix.length + room];
        path[0] = '.';
        System.arraycopy(name, 0, path, 1, shown);
        System.arraycopy(sum, 0, path, 1 + shown, sum.length);
        System.arraycopy(suffix, 0, path, 1 + shown + sum.length, suffix.length);
        return path;
    }

    // ---- its end ----

    /// Closes the file and gives it its name.
    ///
    /// Close comes first, because NFS and FUSE may tell of failed writes only then. A duplicate keeps the lock
    /// meanwhile, or another run would take the file for an orphan.
    ///
    /// @param close closes `fd`, whatever it throws
    void rename(int fd, int flags, Closing close) throws ErrnoException {
        int lock = PathCalls.retrying(() -> kernel.fcntl(fd, F_DUPFD_CLOEXEC, 0));
        try {
            close.close();
            TreeWorker.check(lock, "fcntl", Side.OUT);
            TreeWorker.check(rename(flags), "rename", Side.OUT);
        } finally {
            if (lock >= 0) {
                kernel.close(lock);
            }
        }
    }

    /// Closes a file and tells of what failed.
    interface Closing {
        void close() throws ErrnoException;
    }

    /// Gives it its name. With RENAME_NOREPLACE what has that keeps it (EEXIST).
    int rename(int flags) {
        byte[] from = path();
        int result = PathCalls.retrying(() -> kernel.renameat2(dir, from, dir, name, flags));
        if (result == -Errno.EINVAL && flags != 0) { // a file system without flags: a link replaces nothing either
            result = kernel.linkat(dir, from, dir, name, 0);
            if (result == 0) {
                kernel.unlinkat(dir, from, 0);
            }
        }
        if (result == 0) {
            // A rename between two names of one file does nothing. Source: rename(2)
            if (link) {
                kernel.unlinkat(dir, from, 0);
            }
            path = null;
        }
        return result;
    }

    /// Removes it, if it is still there.
    void remove() {
        byte[] old = path;
        if (old != null) {
            path = null;
            kernel.unlinkat(dir, old, 0);
        }
    }

    // ---- orphans ----

    /// Removes what killed runs left in a directory; of a very large one only its beginning is looked at.
    static void removeOrphans(Kernel kernel, int dir) {
        int fd = kernel.openat(dir, PathCalls.HERE, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (fd < 0) {
            return;
        }
        try (Entries entries = new Entries(kernel)) {
            Stat folder = new Stat();
            int known = kernel.fstat(fd, folder);
            List<Entries.Entry> some;
            for (int i = 0; known == 0 && i < MOST_READ && (some = entries.next(fd)) != null; i++) {
                for (Entries.Entry entry : some) {
                    if (isMarked(entry.name(), folder.inode)) {
                        removeOrphan(kernel, fd, entry.name());
                    }
                }
            }
        } catch (ErrnoException e) {
            return; // only litter
        } finally {
            kernel.close(fd);
        }
    }

    private static boolean isMarked(byte[] path, long folder) {
        int mark = path.length - DIGITS - MARK.length;
        if (mark < 2 || path[0] != '.' || !Arrays.equals(path, mark, mark + MARK.length, MARK, 0, MARK.length)) {
            return false;
        }
        int half = path.length - DIGITS / 2;
        byte[] expected = path.clone();
        digits(sum(Arrays.copyOf(path, half), folder), expected, half);
        return Arrays.equals(path, expected);
    }

    private static void removeOrphan(Kernel kernel, int dir, byte[] path) {
        Stat stat = new Stat();
        if (kernel.statx(dir, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, stat) < 0 || stat.type() == S_IFDIR) {
            return;
        }
        if (stat.type() != S_IFREG || stat.nlink > 1) {
            removeOld(kernel, dir, path, stat, OLD_NODE);
            return;
        }
        int fd = kernel.openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
        int lock = fd < 0 ? fd : kernel.flock(fd, LOCK_EX | LOCK_NB);
        Stat now = new Stat();
        if (lock < 0 && lock != -Errno.EAGAIN) {
            removeOld(kernel, dir, path, stat, OLD_FILE);
        } else if (lock == 0
                && kernel.statx(dir, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, now) == 0
                && TreeRun.same(now, stat)
                && now.nlink <= 1) {
            kernel.unlinkat(dir, path, 0);
        }
        if (fd >= 0) {
            kernel.close(fd);
        }
    }

    private static void removeOld(Kernel kernel, int dir, byte[] path, Stat stat, long seconds) {
        if (stat.ctimeSeconds < System.currentTimeMillis() / 1000 - seconds) {
            kernel.unlinkat(dir, path, 0);
        }
    }
}
