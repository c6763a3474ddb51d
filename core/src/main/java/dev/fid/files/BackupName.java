package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.Entries;
import dev.fid.path.PathCalls;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The name that what is replaced keeps, beside its old one: `NAME~` or `NAME.~1~`, as with cp(1). It is given by
/// link(2), so that NAME is never without a file; by rename(2) where there are no hard links.
final class BackupName {
    private static final int TRIES = 100;

    private final TreeRun walk;
    private final Kernel kernel;
    private final OpenDirectory folder;
    private final int dir;
    private final byte[] name;
    private byte @Nullable [] given;
    private boolean moved;

    BackupName(TreeRun walk, OpenDirectory folder, byte[] name) {
        this.walk = walk;
        this.kernel = walk.kernel;
        this.folder = folder;
        this.dir = folder.out();
        this.name = name;
    }

    /// Refuses where the backup would take the name of the source, or of another one: its only file might be gone.
    void check(Stat source) throws ErrnoException {
        if (!walk.wish.backs() || highest() > 0) {
            return;
        }
        byte[] path = simple();
        Stat there = new Stat();
        int result = PathCalls.retrying(() -> kernel.statx(dir, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, there));
        if (result == 0 && TreeRun.same(there, source)) {
            throw refused("its backup would take the name of the source; --backup=numbered takes a free one");
        }
        if (walk.isInSource(folder, path)) {
            throw refused("its backup would take the name of another source; --backup=numbered takes a free one");
        }
    }

    private static ErrnoException refused(String why) {
        return new ErrnoException("link", "", Errno.EEXIST, Side.OUT, 0, why);
    }

    /// Gives what has the name its second one.
    void give() throws ErrnoException {
        if (!walk.wish.backs()) {
            return;
        }
        Stat there = new Stat();
        int result = PathCalls.retrying(() -> kernel.statx(dir, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, there));
        if (result == -Errno.ENOENT) {
            return; // gone by now
        }
        long highest = highest();
        if (highest == 0) {
            byte[] path = simple();
            result = link(path);
            TreeWorker.check(result == -Errno.EEXIST ? linkOver(path) : result, "link", Side.OUT);
            return;
        }
        result = -Errno.EEXIST;
        for (int i = 0; i < TRIES && result == -Errno.EEXIST; i++) {
            result = link(numbered(highest + i));
        }
        TreeWorker.check(result, "link", Side.OUT);
    }

    /// Takes it away again, as the old name stays.
    void undo() {
        byte[] path = given;
        if (path != null) {
            given = null;
            if (moved) {
                kernel.renameat2(dir, path, dir, name, 0);
            } else {
                kernel.unlinkat(dir, path, 0);
            }
        }
    }

    private int link(byte[] path) {
        int result = PathCalls.link(kernel, dir, name, dir, path, 0);
        return made(path, hasNoLinks(result) ? rename(path, RENAME_NOREPLACE) : result);
    }

    /// In place of an older backup, whole.
    private int linkOver(byte[] path) {
        HiddenName hidden = new HiddenName(kernel, dir, path);
        try {
            int result = hidden.makeLink(beside -> kernel.linkat(dir, name, dir, beside, 0));
            return made(path, result == 0 ? hidden.rename(0) : hasNoLinks(result) ? rename(path, 0) : result);
        } finally {
            hidden.remove();
        }
    }

    private int rename(byte[] path, int flags) {
        int result = PathCalls.retrying(() -> kernel.renameat2(dir, name, dir, path, flags));
        if (result == -Errno.EINVAL && flags != 0) { // a file system without flags: the name was free
            result = PathCalls.retrying(() -> kernel.renameat2(dir, name, dir, path, 0));
        }
        moved = result == 0;
        return result;
    }

    private int made(byte[] path, int result) {
        given = result == 0 ? path : null;
        return result;
    }

    /// EPERM is also what fs.protected_hardlinks says of another user's file. Source: link(2), proc_sys_fs(5)
    private static boolean hasNoLinks(int result) {
        return switch (-result) {
            case Errno.EPERM, Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.EMLINK -> true;
            default -> false;
        };
    }

    // ---- which ----

    private byte[] simple() {
        byte[] suffix = walk.wish.suffix.bytes();
        byte[] path = Arrays.copyOf(name, name.length + suffix.length);
        System.arraycopy(suffix, 0, path, name.length, suffix.length);
        return path;
    }

    private byte[] numbered(long number) {
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        path.writeBytes(name);
        path.writeBytes((".~" + number + "~").getBytes(StandardCharsets.US_ASCII));
        return path.toByteArray();
    }

    /// The first number that is not taken, nor below one that is; 0 where the backup has none.
    private long highest() throws ErrnoException {
        if (walk.wish.backup == Tree.Backup.SIMPLE) {
            return 0;
        }
        long highest = 0;
        int fd = PathCalls.openat(kernel, dir, PathCalls.HERE, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        TreeWorker.check(fd, "open", Side.OUT);
        try (Entries entries = new Entries(kernel)) {
            List<Entries.Entry> some;
            while ((some = entries.next(fd)) != null) {
                for (Entries.Entry entry : some) {
                    highest = Math.max(highest, number(entry.name()));
                }
            }
        } finally {
            kernel.close(fd);
        }
        return highest > 0 || walk.wish.backup == Tree.Backup.NUMBERED ? highest + 1 : 0;
    }

    /// Of a numbered backup of the name; 0 where it is none.
    private long number(byte[] path) {
        int start = name.length + 2;
        int digits = path.length - 1 - start;
        boolean mine = digits >= 1
                && digits <= 17
                && Arrays.equals(path, 0, name.length, name, 0, name.length)
                && path[start - 2] == '.'
                && path[start - 1] == '~'
                && path[path.length - 1] == '~';
        if (!mine || path[start] == '0') {
            return 0;
        }
        long number = 0;
        for (int i = start; i < path.length - 1; i++) {
            if (path[i] < '0' || path[i] > '9') {
                return 0;
            }
            number = 10 * number + path[i] - '0';
        }
        return number;
    }
}
