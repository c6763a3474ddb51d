package dev.fid;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// A unix listener and its file: it has its mode before anybody can connect, and takes the place of a dead socket
/// file only.
///
/// The directory may be another user's, who can put any file of his in the place of one of ours at any time. So the
/// socket is bound in a directory inside, which nobody else can enter, and from then on it is held open: its mode
/// changes by that descriptor, and what has its name later is removed only if it is the same inode. The names are
/// those of /proc/self/fd, since a socket is bound to a path alone.
///
/// Safe for use by many threads.
public final class SocketFile {
    private static final int PRIVATE = 0700;
    private static final int MOST_PATH = 107; // of sun_path, before its NUL; unix(7)

    private final Kernel kernel;
    private final String path;
    private final Fd socket;
    /// Our file, whatever its name; null for an abstract socket, and once it was removed.
    private @Nullable Fd file;

    /// Listens at `address`; a path that begins with `@` is an abstract one, which has no file.
    ///
    /// @param mode of the file, such as 0660; -1 leaves what the umask gives
    /// @param backlog connections that may wait to be accepted
    /// @param before may set options that count when it is bound
    /// @throws ErrnoException EADDRINUSE where somebody listens there, or the file is no socket
    public SocketFile(Kernel kernel, UnixDomainSocketAddress address, int mode, int backlog, Fd.Preparation before)
            throws ErrnoException {
        this.kernel = kernel;
        this.path = address.getPath().toString();
        if (path.startsWith("@")) {
            socket = Fd.listen(kernel, address, backlog, before);
            return;
        }
        if (bytes(path).length > MOST_PATH) {
            throw refused("bind", Errno.ENAMETOOLONG); // nobody could connect by it
        }
        int slash = path.lastIndexOf('/');
        String name = path.substring(slash + 1);
        String folder = slash < 0 ? "." : path.substring(0, slash + 1);
        try (Fd parent = open(Uapi.AT_FDCWD, folder, Uapi.O_PATH | Uapi.O_DIRECTORY)) {
            socket = bind(parent, name, mode, backlog, before);
        }
    }

    private Fd bind(Fd parent, String last, int mode, int backlog, Fd.Preparation before) throws ErrnoException {
        String hidden = hidden(parent);
        try (Fd inside = open(parent.number(), hidden, Uapi.O_DIRECTORY | Uapi.O_NOFOLLOW)) {
            Stat stat = stat(inside);
            if (stat.uid != kernel.geteuid() || (stat.mode & 077) != 0) {
                throw refused("bind", Errno.EACCES); // not the one that we made
            }
            // ss(8) shows the name that it was bound to.
            String name = bytes(inProc(inside) + "/" + last).length > MOST_PATH ? "s" : last;
            try {
                return bind(inside, name, parent, last, mode, backlog, before);
            } finally {
                kernel.unlinkat(inside.number(), bytes(name), 0); // where it did not go away by a rename
            }
        } finally {
            kernel.unlinkat(parent.number(), bytes(hidden), Uapi.AT_REMOVEDIR);
        }
    }

    private Fd bind(Fd inside, String name, Fd parent, String last, int mode, int backlog, Fd.Preparation before)
            throws ErrnoException {
        int type = Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC | Uapi.SOCK_NONBLOCK;
        Fd fresh = Fd.own(kernel, check("socket", kernel.socket(Uapi.AF_UNIX, type, 0)), path);
        try {
            before.prepare(fresh);
            check("bind", kernel.bind(fresh.number(), sockaddr(inProc(inside) + "/" + name)));
            Fd ours = open(inside.number(), name, Uapi.O_PATH | Uapi.O_NOFOLLOW);
            file = ours;
            if (mode >= 0) {
                check("chmod", chmod(ours, mode));
            }
            check("listen", kernel.listen(fresh.number(), backlog));
            place(inside, name, parent, last);
            return fresh;
        } catch (ErrnoException | RuntimeException e) {
            fresh.close();
            forget();
            throw e;
        }
    }

    /// A directory that only we can enter.
    private String hidden(Fd parent) throws ErrnoException {
        for (int attempt = 0; ; attempt++) {
            String name = ".fid-"
                    + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
            int result = kernel.mkdirat(parent.number(), bytes(name), PRIVATE);
            if (result == 0) {
                return name;
            }
            if (result != -Errno.EEXIST || attempt == 9) {
                throw refused("bind", -result);
            }
        }
    }

    /// Gives the socket its name, that of a dead one too. Where both change places nobody comes in between: who finds
    /// in
    /// its hands another one than it had asked gives that one its name back.
    private void place(Fd inside, String name, Fd parent, String last) throws ErrnoException {
        try (Fd dead = dead(parent, last)) {
            if (dead != null) {
                if (rename(inside, name, parent, last, Uapi.RENAME_EXCHANGE) == 0) {
                    if (isNamed(inside.number(), name, dead)) {
                        return;
                    }
                    rename(inside, name, parent, last, Uapi.RENAME_EXCHANGE);
                    throw refused("bind", Errno.EADDRINUSE);
                }
                if (isNamed(parent.number(), last, dead)) { // a file system that knows no exchange
                    kernel.unlinkat(parent.number(), bytes(last), 0);
                }
            }
            int result = rename(inside, name, parent, last, Uapi.RENAME_NOREPLACE);
            if (result == -Errno.EINVAL || result == -Errno.ENOSYS) { // NFS and some of FUSE; renameat2(2)
                result = kernel.linkat(inside.number(), bytes(name), parent.number(), bytes(last), 0);
            }
            if (result < 0) {
                throw refused("bind", result == -Errno.EEXIST ? Errno.EADDRINUSE : -result);
            }
        }
    }

    private int rename(Fd inside, String name, Fd parent, String last, int flags) {
        return kernel.renameat2(inside.number(), bytes(name), parent.number(), bytes(last), flags);
    }

    /// The file that has the name, held open, if it is a socket without a listener; null otherwise.
    private @Nullable Fd dead(Fd parent, String last) throws ErrnoException {
        int number = kernel.openat(parent.number(), bytes(last), Uapi.O_PATH | Uapi.O_NOFOLLOW | Uapi.O_CLOEXEC, 0);
        if (number < 0) {
            return null;
        }
        Fd old = Fd.own(kernel, number, path);
        boolean isDead = false;
        try {
            isDead = stat(old).type() == Uapi.S_IFSOCK && isDead(old);
        } finally {
            if (!isDead) {
                old.close();
            }
        }
        return isDead ? old : null;
    }

    private boolean isDead(Fd old) {
        try {
            Fd.connect(kernel, UnixDomainSocketAddress.of(inProc(old)), Duration.ofSeconds(1))
                    .close();
            return false;
        } catch (ErrnoException e) {
            return e.errno() == Errno.ECONNREFUSED;
        }
    }

    /// Another mode; -1 leaves it.
    public synchronized void mode(int mode) {
        if (mode >= 0 && file != null) {
            chmod(file, mode); // refused only by a file system that has become read-only, and then the old one stays
        }
    }

    /// The listener, the caller's from the start.
    public Fd socket() {
        return socket;
    }

    /// Removes the file, once, unless another one has its name now.
    public synchronized void remove() {
        Fd ours = file;
        if (ours == null) {
            return;
        }
        try {
            if (isNamed(Uapi.AT_FDCWD, path, ours)) {
                kernel.unlinkat(Uapi.AT_FDCWD, bytes(path), 0);
            }
        } catch (ErrnoException e) {
            // Whose the file is cannot be said, so it stays.
        } finally {
            forget();
        }
    }

    private synchronized void forget() {
        if (file != null) {
            file.close();
            file = null;
        }
    }

    // ---- calls ----

    private Fd open(int dir, String name, int flags) throws ErrnoException {
        return Fd.own(kernel, check("bind", kernel.openat(dir, bytes(name), flags | Uapi.O_CLOEXEC, 0)), path);
    }

    private int chmod(Fd of, int mode) {
        // fchmod(2) refuses a descriptor of O_PATH, and on the socket changes its anonymous inode.
        return kernel.fchmodat(Uapi.AT_FDCWD, bytes(inProc(of)), mode);
    }

    private Stat stat(Fd of) throws ErrnoException {
        Stat stat = new Stat();
        check("statx", kernel.fstat(of.number(), stat));
        return stat;
    }

    /// Whether `name` is the very file of `held`, whose inode is not used again while it is held.
    private boolean isNamed(int dir, String name, Fd held) throws ErrnoException {
        Stat now = new Stat();
        int known = kernel.statx(dir, bytes(name), Uapi.AT_SYMLINK_NOFOLLOW, Uapi.STATX_BASIC_STATS, now);
        Stat ours = stat(held);
        return known == 0 && now.inode == ours.inode && now.device == ours.device;
    }

    /// @throws ErrnoException that names the file as it was asked for
    private int check(String call, int result) throws ErrnoException {
        if (result < 0) {
            throw refused(call, -result);
        }
        return result;
    }

    private ErrnoException refused(String call, int errno) {
        return new ErrnoException(call, path, errno);
    }

    private static String inProc(Fd fd) {
        return "/proc/self/fd/" + fd.number();
    }

    private static byte[] sockaddr(String path) {
        byte[] name = bytes(path);
        ByteBuffer address = ByteBuffer.allocate(2 + name.length + 1).order(ByteOrder.nativeOrder());
        return address.putShort((short) Uapi.AF_UNIX).put(name).array();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
