package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Stat;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Gives a copy what it keeps of its source: owner, attributes, mode, times, in the order in which none undoes
/// another. A change of owner clears set-user-ID and capabilities, an access list moves the mode's group bits, and
/// all of them move the change time.
final class Attributes implements AutoCloseable {
    private static final int MOST = 64 << 10; // a list of names and a value have at most 64 KiB. Source: xattr(7)
    private static final int SET_IDS = 06000;
    private static final byte[] NO_NAME = {};

    private final Kernel kernel;
    private final Set<Tree.Kept> kept;
    private @Nullable Memory names;
    private @Nullable Memory value;
    private @Nullable ErrnoException lost;

    Attributes(Kernel kernel, Set<Tree.Kept> kept) {
        this.kernel = kernel;
        this.kept = kept;
    }

    /// Whether a new file must not be open to others before its owner is set.
    boolean closedAtFirst() {
        return kept.contains(Tree.Kept.OWNER);
    }

    /// An attribute that the file system of the copy would not take, since this was asked last.
    @Nullable
    ErrnoException lost() {
        ErrnoException e = lost;
        lost = null;
        return e;
    }

    /// For an open file or directory.
    ///
    /// @param stat of the source, from before it was read
    /// @param usual the mode where it is not kept, -1 to leave it as it is
    void keep(int in, int out, Stat stat, int usual) throws ErrnoException {
        int mode = kept.contains(Tree.Kept.MODE) ? stat.mode & 07777 : usual;
        if (kept.contains(Tree.Kept.OWNER)) {
            mode = own(out, NO_NAME, AT_EMPTY_PATH, stat) || mode < 0 ? mode : mode & ~SET_IDS;
        }
        if (kept.contains(Tree.Kept.XATTR) || kept.contains(Tree.Kept.ACL)) {
            attributes(path(in), path(out));
        }
        if (mode >= 0) {
            int wanted = mode;
            check(Opening.retrying(() -> kernel.fchmod(out, wanted)), "fchmod");
        }
        times(out, NO_NAME, 0, stat);
    }

    /// For a link, a FIFO, a socket or a device, by its name.
    void keep(int dirIn, byte[] nameIn, int dirOut, byte[] nameOut, Stat stat) throws ErrnoException {
        boolean link = stat.type() == S_IFLNK;
        boolean owned = !kept.contains(Tree.Kept.OWNER) || own(dirOut, nameOut, AT_SYMLINK_NOFOLLOW, stat);
        boolean lists = kept.contains(Tree.Kept.XATTR) || kept.contains(Tree.Kept.ACL);
        if (!link && (lists || kept.contains(Tree.Kept.MODE))) {
            int out = Opening.retrying(() -> kernel.openat(dirOut, nameOut, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0));
            check(out, "open");
            try {
                if (lists) {
                    attributes(dirIn, nameIn, out);
                }
                if (kept.contains(Tree.Kept.MODE)) {
                    int mode = stat.mode & 07777 & (owned ? ~0 : ~SET_IDS);
                    check(Opening.retrying(() -> kernel.fchmodat(AT_FDCWD, path(out), mode)), "chmod");
                }
            } finally {
                kernel.close(out);
            }
        }
        times(dirOut, nameOut, AT_SYMLINK_NOFOLLOW, stat);
    }

    static byte[] path(int fd) {
        return ("/proc/self/fd/" + fd).getBytes(StandardCharsets.US_ASCII);
    }

    private void times(int dir, byte[] name, int flags, Stat stat) throws ErrnoException {
        if (kept.contains(Tree.Kept.TIME)) {
            check(
                    Opening.retrying(() -> kernel.utimensat(
                            dir, name, stat.atimeSeconds, stat.atimeNanos, stat.mtimeSeconds, stat.mtimeNanos, flags)),
                    "utimensat");
        }
    }

    /// @return whether user and group are the source's now
    private boolean own(int dir, byte[] name, int flags, Stat stat) throws ErrnoException {
        int result = Opening.retrying(() -> kernel.fchownat(dir, name, stat.uid, stat.gid, flags));
        if (result == -Errno.EPERM || result == -Errno.EINVAL) { // EINVAL: an id that the user namespace lacks
            kernel.fchownat(dir, name, -1, stat.gid, flags);
            return false;
        }
        check(result, "fchown");
        return true;
    }

    private void attributes(int dirIn, byte[] nameIn, int out) throws ErrnoException {
        int in = Opening.retrying(() -> kernel.openat(dirIn, nameIn, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0));
        check(in, "open");
        try {
            attributes(path(in), path(out));
        } finally {
            kernel.close(in);
        }
    }

    private void attributes(byte[] in, byte[] out) throws ErrnoException {
        Memory all = names;
        Memory bytes = value;
        if (all == null || bytes == null) {
            all = all == null ? kernel.allocate(MOST) : all;
            names = all;
            bytes = kernel.allocate(MOST);
            value = bytes;
        }
        long length = kernel.listxattr(in, all, 0, MOST);
        if (length == -Errno.EOPNOTSUPP) {
            return; // a file system without them
        }
        check(length, "listxattr");
        int start = 0;
        for (int i = 0; i < length; i++) {
            if (all.getByte(i) == 0) {
                attribute(in, out, all.bytes(start, i - start), bytes);
                start = i + 1;
            }
        }
    }

    private void attribute(byte[] in, byte[] out, byte[] name, Memory bytes) throws ErrnoException {
        String text = new String(name, StandardCharsets.ISO_8859_1);
        boolean list = text.startsWith("system.posix_acl_");
        boolean user = text.startsWith("user.");
        boolean privileged = text.startsWith("security.") || text.startsWith("trusted.");
        if (!(list ? kept.contains(Tree.Kept.ACL) : kept.contains(Tree.Kept.XATTR) && (user || privileged))) {
            return;
        }
        long size = kernel.getxattr(in, name, bytes, 0, MOST);
        if (size == -Errno.ENODATA) {
            return; // removed meanwhile
        }
        int result = size < 0 ? (int) size : kernel.setxattr(out, name, bytes, 0, size, 0);
        boolean forbidden = result == -Errno.EPERM || result == -Errno.EOPNOTSUPP || result == -Errno.EACCES;
        if (result >= 0 || (privileged && forbidden)) {
            return;
        }
        if (!forbidden) {
            throw new ErrnoException("setxattr", text, -result, Side.OUT, 0, "");
        }
        lost = new ErrnoException(
                "setxattr", text, -result, Side.OUT, 0, text + " was not kept: " + Errno.text(-result));
    }

    private static void check(long result, String call) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, "", (int) -result, Side.OUT, 0, "");
        }
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
