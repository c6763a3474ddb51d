package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.PathCalls;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Gives a copy what it keeps of its source: owner, attributes, access lists, mode, times, in the order in which none
/// undoes another. A change of owner clears set-user-ID and capabilities, an access list moves the mode's group bits,
/// and
/// all of them move the change time.
///
/// Everything is set by descriptor, so that no other file can take the copy's place meanwhile. What cannot be set is
/// noted as {@link #lost}, and the copy stands without it, as cp(1) has it.
final class Attributes implements AutoCloseable {
    private static final int MOST = 64 << 10; // a list of names and a value have at most 64 KiB. Source: xattr(7)
    private static final int SET_IDS = 06000;
    private static final byte[] NO_NAME = {};
    private static final byte[] ACCESS = ascii("system.posix_acl_access");
    private static final byte[] DEFAULT = ascii("system.posix_acl_default");

    /// A list without entries, which removes the one that is there. Source: linux/posix_acl_xattr.h; fs/posix_acl.c,
    /// posix_acl_from_xattr
    private static final byte[] NO_LIST = {2, 0, 0, 0};

    private final Kernel kernel;
    private final Set<Tree.Kept> kept;
    private final Set<Tree.Kept> ifPossible;
    private final Set<Tree.Kept> all;
    private final boolean lists;
    private final boolean root;
    private @Nullable Memory names;
    private @Nullable Memory value;
    private List<Tree.Loss> lost = new ArrayList<>();

    Attributes(Tree wish) {
        this(wish.kernel(), wish.kept, wish.ifPossible);
    }

    /// @param kept what must come along
    /// @param ifPossible what comes along where the file system of the copy can hold it
    Attributes(Kernel kernel, Set<Tree.Kept> kept, Set<Tree.Kept> ifPossible) {
        this.kernel = kernel;
        this.kept = kept;
        this.ifPossible = ifPossible;
        this.all = EnumSet.noneOf(Tree.Kept.class);
        all.addAll(kept);
        all.addAll(ifPossible);
        // The group bits of a mode are the mask of an access list, and mean no more than that without it.
        this.lists = all.contains(Tree.Kept.ACL) || all.contains(Tree.Kept.MODE);
        this.root = kernel.geteuid() == 0;
    }

    /// Whether a new file must not be open to others before its owner is set.
    boolean closedAtFirst() {
        return all.contains(Tree.Kept.OWNER);
    }

    /// What a copy did not get, since this was asked last.
    List<Tree.Loss> lost() {
        if (lost.isEmpty()) {
            return List.of();
        }
        List<Tree.Loss> some = lost;
        lost = new ArrayList<>();
        return some;
    }

    /// For an open file or directory.
    ///
    /// @param stat of the source, from before it was read
    /// @param usual the mode where it is not kept, -1 to leave it as it is
    void keep(int in, int out, Stat stat, int usual) {
        boolean owned = !all.contains(Tree.Kept.OWNER) || own(out, stat);
        if (all.contains(Tree.Kept.XATTR)) {
            attributes(in, out);
        }
        int rights = 0777;
        if (lists && stat.type() != S_IFLNK) {
            rights = access(in, out, stat);
        }
        int mode = all.contains(Tree.Kept.MODE)
                ? stat.mode & 07777
                : all.contains(Tree.Kept.ACL) ? stat.mode & 0777 : usual;
        if (mode >= 0 && stat.type() != S_IFLNK) {
            mode(out, mode & (owned ? ~0 : ~SET_IDS) & (rights | ~0777));
        }
        if (all.contains(Tree.Kept.TIME)) {
            times(out, stat);
        }
    }

    /// For a link, a FIFO, a socket or a device that was just made by this name.
    ///
    /// @throws ErrnoException ESTALE where another file has taken its name, or the source's
    void keep(int dirIn, byte[] nameIn, int dirOut, byte[] nameOut, Stat stat, int usual) throws ErrnoException {
        int out = opened(dirOut, nameOut, Side.OUT);
        int in = -1;
        try {
            Stat there = new Stat();
            check(PathCalls.fstat(kernel, out, there), "fstat");
            // A file of somebody else that is linked here instead has another name.
            if (there.type() != stat.type() || there.nlink > 1 || there.rdev != stat.rdev) {
                throw replaced(Side.OUT);
            }
            if (lists || all.contains(Tree.Kept.XATTR)) {
                in = opened(dirIn, nameIn, Side.IN);
                Stat source = new Stat();
                check(PathCalls.fstat(kernel, in, source), "fstat");
                if (!TreeRun.same(source, stat)) {
                    throw replaced(Side.IN);
                }
            }
            keep(in, out, stat, usual);
            Stat now = new Stat();
            int result = PathCalls.retrying(
                    () -> kernel.statx(dirOut, nameOut, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, now));
            if (result < 0 || !TreeRun.same(now, there)) {
                throw replaced(Side.OUT);
            }
        } finally {
            kernel.close(out);
            if (in >= 0) {
                kernel.close(in);
            }
        }
    }

    private int opened(int dir, byte[] name, Side side) throws ErrnoException {
        int fd = PathCalls.retrying(() -> kernel.openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0));
        return (int) TreeWorker.check(fd, "open", side);
    }

    private static ErrnoException replaced(Side side) {
        return new ErrnoException("open", "", Errno.ESTALE, side, 0, "another file has taken its name meanwhile");
    }

    static byte[] path(int fd) {
        return ascii("/proc/self/fd/" + fd);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    // ---- what cannot be kept ----

    /// Notes that a copy lacks something. Where that was asked for only as far as possible, and the file system or the
    /// kernel will not have it, it is no failure.
    private void lose(Tree.Kept what, String name, String call, long result) {
        int errno = (int) -result;
        boolean asked = !ifPossible.contains(what) || kept.contains(what) || !isForbidden(result);
        String detail = name + " was not kept: " + Errno.text(errno);
        lost.add(new Tree.Loss(what, asked, new ErrnoException(call, name, errno, Side.OUT, 0, detail)));
    }

    private static boolean isForbidden(long result) {
        return result == -Errno.EPERM
                || result == -Errno.EACCES
                || result == -Errno.EOPNOTSUPP
                || result == -Errno.ENOSYS
                || result == -Errno.EINVAL; // an id that the user namespace lacks
    }

    // ---- one thing each ----

    void mode(int out, int mode) {
        int result = mode(kernel, out, mode);
        if (result < 0) {
            lose(Tree.Kept.MODE, "mode", "fchmod", result);
        }
    }

    /// Sets a mode; where the file system refuses, what it shows has to be the same.
    ///
    /// @return 0 or `-errno`
    static int mode(Kernel kernel, int out, int mode) {
        int result = PathCalls.retrying(() -> kernel.fchmod(out, mode));
        if (result == -Errno.EBADF) { // O_PATH
            result = PathCalls.retrying(() -> kernel.fchmodat(AT_FDCWD, path(out), mode));
        }
        Stat stat = new Stat();
        boolean same = result < 0 && PathCalls.fstat(kernel, out, stat) == 0 && (stat.mode & 07777) == mode;
        return same ? 0 : result;
    }

    private void times(int out, Stat stat) {
        int result = times(out, NO_NAME, stat);
        if (result == -Errno.EBADF) { // O_PATH
            result = times(AT_FDCWD, path(out), stat);
        }
        if (result < 0) {
            lose(Tree.Kept.TIME, "time", "utimensat", result);
        }
    }

    private int times(int dir, byte[] name, Stat stat) {
        return PathCalls.retrying(() ->
                kernel.utimensat(dir, name, stat.atimeSeconds, stat.atimeNanos, stat.mtimeSeconds, stat.mtimeNanos, 0));
    }

    /// Who may not give files away keeps his own, and that is no loss; root may, so then it is the file system that
    /// cannot. As cp(1) has it.
    ///
    /// @return whether user and group are the source's now
    private boolean own(int out, Stat stat) {
        int result = PathCalls.retrying(() -> kernel.fchownat(out, NO_NAME, stat.uid, stat.gid, AT_EMPTY_PATH));
        if (result >= 0) {
            return true;
        }
        boolean forbidden = result == -Errno.EPERM || result == -Errno.EINVAL;
        if (forbidden) {
            kernel.fchownat(out, NO_NAME, -1, stat.gid, AT_EMPTY_PATH);
        }
        if (root || !forbidden) {
            lose(Tree.Kept.OWNER, "owner", "fchown", result);
        }
        return false;
    }

    // ---- access lists ----

    /// Gives `out` exactly the lists of `in`, also none where its directory had it inherit one.
    ///
    /// @return bits that the mode may have: where a list is lost, its mask is no right of the group
    private int access(int in, int out, Stat stat) {
        int rights = list(in, out, ACCESS) ? 0777 : 0707 | groupRights(in);
        if (stat.type() == S_IFDIR) {
            list(in, out, DEFAULT);
        }
        return rights;
    }

    /// @return whether the lists are the same now
    private boolean list(int in, int out, byte[] name) {
        Memory bytes = value();
        long size = get(in, name, bytes);
        if (size >= 0) {
            return told(set(out, name, bytes, size));
        }
        if (!isNone(size)) {
            lose(listed(), "acl", "getxattr", size);
            return false;
        }
        if (get(out, name, bytes) < 0) {
            return true;
        }
        bytes.put(0, NO_LIST, 0, NO_LIST.length);
        return told(set(out, name, bytes, NO_LIST.length));
    }

    private boolean told(int result) {
        if (result < 0) {
            lose(listed(), "acl", "setxattr", result);
        }
        return result >= 0;
    }

    private Tree.Kept listed() {
        return all.contains(Tree.Kept.ACL) ? Tree.Kept.ACL : Tree.Kept.MODE;
    }

    /// What the list of `in` gives the owning group, as bits of a mode; nothing where it cannot be read. Source:
    /// linux/posix_acl_xattr.h
    private int groupRights(int in) {
        Memory list = value();
        long size = get(in, ACCESS, list);
        int group = 0;
        int mask = 7;
        for (int at = 4; at + 8 <= size; at += 8) {
            int tag = list.getByte(at) & 0xff;
            int rights = list.getByte(at + 2) & 7;
            group = tag == 4 ? rights : group; // ACL_GROUP_OBJ
            mask = tag == 0x10 ? rights : mask; // ACL_MASK
        }
        return (group & mask) << 3;
    }

    private static boolean isNone(long result) {
        return result == -Errno.ENODATA || result == -Errno.EOPNOTSUPP || result == -Errno.ENOSYS;
    }

    // ---- extended attributes ----

    private void attributes(int in, int out) {
        Memory list = names;
        if (list == null) {
            list = names = kernel.allocate(MOST);
        }
        long length = kernel.flistxattr(in, list, 0, MOST);
        if (length == -Errno.EBADF) { // O_PATH
            length = kernel.listxattr(path(in), list, 0, MOST);
        }
        if (length < 0) {
            if (!isNone(length)) {
                lose(Tree.Kept.XATTR, "xattr", "listxattr", length);
            }
            return;
        }
        int start = 0;
        for (int i = 0; i < length; i++) {
            if (list.getByte(i) == 0) {
                attribute(in, out, list.bytes(start, i - start));
                start = i + 1;
            }
        }
    }

    private void attribute(int in, int out, byte[] name) {
        String text = new String(name, StandardCharsets.ISO_8859_1);
        boolean privileged = text.startsWith("security.") || text.startsWith("trusted.");
        if (!privileged && !text.startsWith("user.")) {
            return;
        }
        Memory bytes = value();
        long size = get(in, name, bytes);
        if (size == -Errno.ENODATA) {
            return; // removed meanwhile
        }
        long result = size < 0 ? size : set(out, name, bytes, size);
        // What only root may set is left out by others; and by root where a security module keeps it.
        boolean spared = privileged && isForbidden(result) && !(root && result == -Errno.EOPNOTSUPP);
        if (result < 0 && !spared) {
            lose(Tree.Kept.XATTR, text, "setxattr", result);
        }
    }

    private Memory value() {
        Memory bytes = value;
        if (bytes == null) {
            bytes = value = kernel.allocate(MOST);
        }
        return bytes;
    }

    private long get(int fd, byte[] name, Memory bytes) {
        long size = kernel.fgetxattr(fd, name, bytes, 0, MOST);
        return size == -Errno.EBADF ? kernel.getxattr(path(fd), name, bytes, 0, MOST) : size; // O_PATH
    }

    private int set(int fd, byte[] name, Memory bytes, long size) {
        int result = kernel.fsetxattr(fd, name, bytes, 0, size, 0);
        return result == -Errno.EBADF ? kernel.setxattr(path(fd), name, bytes, 0, size, 0) : result; // O_PATH
    }

    private static void check(long result, String call) throws ErrnoException {
        TreeWorker.check(result, call, Side.OUT);
    }

    @Override
    public void close() {
        Memory one = names;
        Memory two = value;
        if (one != null) {
            one.close();
        }
        if (two != null) {
            two.close();
        }
    }
}
