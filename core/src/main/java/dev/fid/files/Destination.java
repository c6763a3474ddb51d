package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.Facts;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.FileOpening;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Name;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.kernel.StatFs;
import dev.fid.path.PathCalls;
import java.nio.charset.StandardCharsets;
import java.nio.file.OpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Where bytes go: a directory that is held open, and a name in it that is no symbolic link, found once. Whatever
/// follows (open, create, replace) is about that very place, and no path is resolved again.
///
/// A link at the end of the path is followed as far as the kernel follows it: its own open(2) decides, so it may
/// say EACCES (the sysctl `fs.protected_symlinks`) or ELOOP, and then the walk over the links, which is needed for
/// the name, has to end at the inode that it opened. A link to nothing is refused (ENOENT), as by cp(1): what it
/// would make lies where whoever made the link wants it. A slash at the end asks for a directory. Source:
/// path_resolution(7).
public final class Destination implements AutoCloseable {
    private static final int MOST_LINKS = 40; // Source: path_resolution(7)
    private static final int PATH_MAX = 4096;
    private static final long PROC_SUPER_MAGIC = 0x9fa0; // Source: statfs(2)

    private final Kernel kernel;
    private final Name path;
    private Fd directory;
    private byte[] name;

    /// What links led to; null where there were none.
    private @Nullable Fd there;

    private boolean nameable = true;
    private final Stat old = new Stat();
    private boolean exists;

    private Destination(Kernel kernel, Name path, Fd directory, byte[] name) {
        this.kernel = kernel;
        this.path = path;
        this.directory = directory;
        this.name = name;
    }

    /// The place that `path` leads to, which need not exist.
    ///
    /// @throws ErrnoException what the kernel says of the path: EACCES, ELOOP, ENOTDIR; ENOENT where its directory
    ///     is not there, or where it is a link to nothing; ESTALE where it changed meanwhile
    public static Destination of(Kernel kernel, Name path) throws ErrnoException {
        byte[] parent = path.parent();
        byte[] name = path.lastName();
        int dir = openPath(kernel, AT_FDCWD, parent.length == 0 ? PathCalls.HERE : parent, O_DIRECTORY);
        Destination found =
                new Destination(kernel, path, held(kernel, dir, path), name.length == 0 ? PathCalls.HERE : name);
        return found.walked(path.endsInSlash());
    }

    /// As {@link #of}, but where `path` is a directory it is the place of the last name of `source` in there.
    public static Destination of(Kernel kernel, Name path, Name source) throws ErrnoException {
        int dir = openPath(kernel, AT_FDCWD, path.bytes(), O_DIRECTORY);
        if (dir < 0) {
            return of(kernel, path); // says why
        }
        Fd directory = held(kernel, dir, path);
        byte[] last = source.lastName();
        if (last.length == 0 || Name.isDots(last)) {
            directory.close();
            throw failed(path, Errno.EISDIR, "");
        }
        return new Destination(kernel, path.resolve(last), directory, last).walked(false);
    }

    private static int openPath(Kernel kernel, int dir, byte[] path, int flags) {
        return PathCalls.retrying(() -> kernel.openat(dir, path, O_PATH | O_CLOEXEC | flags, 0));
    }

    private static Fd held(Kernel kernel, int dir, Name path) throws ErrnoException {
        if (dir < 0) {
            throw failed(path, -dir, "");
        }
        return Fd.own(kernel, dir, "");
    }

    private static ErrnoException failed(Name path, int errno, String detail) {
        return new ErrnoException("open", path.text(), errno, Side.OUT, 0, detail);
    }

    // ---- the walk ----

    private Destination walked(boolean asDirectory) throws ErrnoException {
        try {
            walk();
            if (exists && old.type() == S_IFDIR) {
                throw failed(path, Errno.EISDIR, "");
            }
            if (asDirectory) {
                throw failed(path, Errno.ENOTDIR, "");
            }
            return this;
        } catch (ErrnoException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void walk() throws ErrnoException {
        Stat now = new Stat();
        for (int links = 0; ; links++) {
            int known = PathCalls.retrying(
                    () -> kernel.statx(directory.number(), name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, now));
            boolean gone = known == -Errno.ENOENT;
            if (known < 0 && !gone) {
                throw failed(path, -known, "");
            }
            boolean link = !gone && now.type() == S_IFLNK;
            if (!link && there == null) {
                exists = !gone;
                copy(now);
                return;
            }
            if (!link) {
                require(!gone && TreeRun.same(now, old));
                return;
            }
            if (links == MOST_LINKS) {
                throw failed(path, Errno.ELOOP, "");
            }
            follow();
            if (old.type() != S_IFREG || isInProc()) {
                nameable = false; // a FIFO or a device needs none; what /proc links to may have none
                return;
            }
            down();
        }
    }

    /// Lets the kernel follow the link that the name is.
    private void follow() throws ErrnoException {
        int fd = openPath(kernel, directory.number(), name, 0);
        if (fd == -Errno.ENOENT) {
            throw failed(path, Errno.ENOENT, "it is a symbolic link to nothing");
        }
        Fd end = held(kernel, fd, path);
        Stat now = new Stat();
        int result = kernel.fstat(fd, now);
        boolean first = there == null;
        if (result < 0 || !first) {
            end.close();
        }
        ErrnoException.check(result, "fstat", path.text());
        if (first) {
            there = end;
            exists = true;
            copy(now);
        } else {
            require(TreeRun.same(now, old));
        }
    }

    /// To the directory and the name that the link says.
    private void down() throws ErrnoException {
        Name target;
        try (Memory memory = kernel.allocate(PATH_MAX)) {
            long length =
                    PathCalls.retryingLong(() -> kernel.readlinkat(directory.number(), name, memory, 0, PATH_MAX));
            require(length > 0);
            target = Name.of(memory.bytes(0, (int) length));
        }
        byte[] parent = target.parent();
        if (parent.length > 0) {
            Fd next = held(kernel, openPath(kernel, directory.number(), parent, O_DIRECTORY), path);
            directory.close();
            directory = next;
        }
        name = target.lastName();
        require(name.length > 0);
    }

    private boolean isInProc() {
        StatFs fs = new StatFs();
        return kernel.fstatfs(directory.number(), fs) == 0 && fs.type == PROC_SUPER_MAGIC;
    }

    private void require(boolean same) throws ErrnoException {
        if (!same) {
            throw failed(path, Errno.ESTALE, "it changed while its links were followed");
        }
    }

    private void copy(Stat now) {
        old.mode = exists ? now.mode : 0;
        old.inode = now.inode;
        old.device = now.device;
        old.size = now.size;
    }

    // ---- what is there ----

    /// What messages call it: the path, and the name in it where that is a directory.
    public Name path() {
        return path;
    }

    /// Whether something was there.
    public boolean exists() {
        return exists;
    }

    /// Whether a regular file was there, or nothing, so that a file can be put in place.
    public boolean isReplaceable() {
        return nameable && (!exists || old.type() == S_IFREG);
    }

    /// Whether a regular file was there.
    public boolean isFile() {
        return exists && old.type() == S_IFREG;
    }

    /// Whether what was there is the file that `in` is.
    public boolean is(Fd in) throws ErrnoException {
        return exists && TreeRun.same(in.stat(), old);
    }

    /// The facts of a file that is made there: those of its directory's file system.
    public Facts newFile() {
        Stat stat = new Stat();
        StatFs fs = new StatFs();
        kernel.fstat(directory.number(), stat);
        kernel.fstatfs(directory.number(), fs);
        return new Facts(FdKind.FILE, false, 0, fs.type, stat.device, 0, 0, -1);
    }

    /// What was there, mode and inode among it.
    Stat old() {
        return old;
    }

    /// The directory, to use as long as this is not closed.
    Fd directory() {
        return directory;
    }

    byte[] name() {
        return name;
    }

    /// Leaves the directory to whoever calls.
    Fd takeDirectory() {
        Fd taken = directory;
        directory = Fd.borrow(kernel, -1);
        return taken;
    }

    // ---- what follows ----

    /// Opens what is there to write into it, that very inode; makes a file where nothing was, which fails (EEXIST)
    /// where something is by now. Options as for {@link Fd#open}.
    public Fd open(OpenOption... options) throws ErrnoException {
        int flags = FileOpening.flags(options);
        String text = path.text();
        if (!exists) {
            int fd = PathCalls.retrying(() -> kernel.openat(
                    directory.number(), name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666));
            return named(fd);
        }
        Fd end = there;
        if (end == null) {
            end = held(kernel, openPath(kernel, directory.number(), name, O_NOFOLLOW), path);
            there = end;
            Stat now = new Stat();
            ErrnoException.check(kernel.fstat(end.number(), now), "fstat", text);
            require(TreeRun.same(now, old));
        }
        byte[] self = ("/proc/self/fd/" + end.number()).getBytes(StandardCharsets.US_ASCII);
        return FileOpening.open(kernel, self, text, flags, 0);
    }

    private Fd named(int fd) throws ErrnoException {
        if (fd < 0) {
            throw failed(path, -fd, "");
        }
        return Fd.own(kernel, fd, Name.of(Arrays.copyOf(name, name.length)).toString());
    }

    /// Begins to replace it.
    ///
    /// @param mode of a new file
    /// @throws ErrnoException as {@link Replacement#of}; EINVAL where no file can be put there
    public Replacement replace(int mode) throws ErrnoException {
        if (!nameable) {
            throw failed(path, Errno.EINVAL, "only what has a name can be replaced");
        }
        Replacement begun =
                Replacement.begin(kernel, path.text(), directory, name, exists ? old.mode & 0777 : -1, mode);
        takeDirectory(); // its own now
        return begun;
    }

    @Override
    public void close() {
        directory.close();
        Fd end = there;
        if (end != null) {
            end.close();
        }
    }
}
