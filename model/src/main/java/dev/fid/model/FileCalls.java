package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Stat;
import dev.fid.kernel.StatFs;
import dev.fid.kernel.Uapi;
import org.jspecify.annotations.Nullable;

/// The calls about one open file: position, length, flags, what it is. Source: fs/open.c, fs/fcntl.c, fs/stat.c,
/// fs/ioctl.c of Linux 6.18.
final class FileCalls {
    /// The open flags that F_SETFL may change.
    private static final int CHANGEABLE = Uapi.O_APPEND | Uapi.O_NONBLOCK | Uapi.O_DIRECT | Uapi.O_NOATIME;

    private static final long SECOND = 1_000_000_000;

    static final int O_LARGEFILE = 0100000;

    private static final int F_SEAL_SEAL = 1;
    private static final int ALL_SEALS = 0x3f;

    private final Task task;

    FileCalls(Task task) {
        this.task = task;
    }

    int pipe2(int[] ends, int flags) {
        if ((flags & ~(Uapi.O_CLOEXEC | Uapi.O_NONBLOCK | Uapi.O_DIRECT)) != 0) {
            return -Errno.EINVAL;
        }
        if ((flags & Uapi.O_DIRECT) != 0 && !task.machine.profile.hasPackets()) {
            return -Errno.EINVAL;
        }
        Pipe pipe = new Pipe(task.machine, task.pipes, 0600);
        if (!pipe.prepare()) {
            return -Errno.ENFILE;
        }
        OpenFile in = new OpenFile(pipe, Uapi.O_RDONLY | (flags & Uapi.O_NONBLOCK));
        OpenFile out = new OpenFile(pipe, Uapi.O_WRONLY | (flags & (Uapi.O_NONBLOCK | Uapi.O_DIRECT)));
        pipe.attach(in);
        pipe.attach(out);
        boolean cloexec = (flags & Uapi.O_CLOEXEC) != 0;
        int first = task.fds.install(in, 0, cloexec);
        int second = first < 0 ? first : task.fds.install(out, 0, cloexec);
        if (second < 0) {
            if (first < 0) {
                discard(in);
            } else {
                task.fds.close(first);
            }
            discard(out);
            return second;
        }
        ends[0] = first;
        ends[1] = second;
        return 0;
    }

    /// Closes an open file that never got a number.
    static void discard(OpenFile file) {
        file.get();
        file.put();
    }

    long lseek(int fd, long off, int whence) {
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        if (whence < 0 || whence > Uapi.SEEK_HOLE) {
            return -Errno.EINVAL;
        }
        return file.inode.seekable() ? file.inode.seek(file, off, whence) : -Errno.ESPIPE;
    }

    int ftruncate(int fd, long length) {
        if (length < 0) {
            return -Errno.EINVAL;
        }
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        return file.writable && file.inode instanceof RegularFile regular ? regular.truncate(length) : -Errno.EINVAL;
    }

    /// `vfs_fallocate`.
    int fallocate(int fd, int mode, long off, long len) {
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        if (off < 0 || len <= 0) {
            return -Errno.EINVAL;
        }
        int known = Uapi.FALLOC_FL_KEEP_SIZE | Uapi.FALLOC_FL_PUNCH_HOLE | Uapi.FALLOC_FL_ZERO_RANGE;
        boolean punch = (mode & Uapi.FALLOC_FL_PUNCH_HOLE) != 0;
        boolean zero = (mode & Uapi.FALLOC_FL_ZERO_RANGE) != 0;
        if ((mode & ~known) != 0 || (punch && (zero || (mode & Uapi.FALLOC_FL_KEEP_SIZE) == 0))) {
            return -Errno.EOPNOTSUPP;
        }
        if (!file.writable) {
            return -Errno.EBADF;
        }
        if (file.inode instanceof Pipe) {
            return -Errno.ESPIPE;
        }
        if (file.inode instanceof Directory) {
            return -Errno.EISDIR;
        }
        if (!(file.inode instanceof RegularFile regular)) {
            return -Errno.ENODEV;
        }
        if (off + len < 0 || off + len > regular.fileSystem.maxBytes) {
            return -Errno.EFBIG;
        }
        if (zero && regular.fileSystem.inMemory()) {
            return -Errno.EOPNOTSUPP;
        }
        return regular.allocate(mode, off, len);
    }

    /// Files are written back one by one here, so that there is nothing to wait for.
    int syncfs(int fd) {
        return task.fds.get(fd) == null ? -Errno.EBADF : 0;
    }

    int fsync(int fd) {
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        if (file.inode instanceof RegularFile regular) {
            regular.sync();
            return 0;
        }
        return file.inode instanceof Directory ? 0 : -Errno.EINVAL;
    }

    int fadvise(int fd, long off, long len, int advice) {
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        if (file.inode instanceof Pipe) {
            return -Errno.ESPIPE;
        }
        if (len < 0 || advice < 0 || advice > 5) {
            return -Errno.EINVAL;
        }
        if (advice == Uapi.POSIX_FADV_DONTNEED && file.inode instanceof RegularFile regular) {
            long end = len == 0 || off + len < 0 ? Long.MAX_VALUE : off + len;
            regular.cache.forget(Page.ceiling(off), end == Long.MAX_VALUE ? end : end >> Page.SHIFT);
            // After that: what is on its way to the disk cannot be given back yet.
            regular.sync(off >> Page.SHIFT, end == Long.MAX_VALUE ? end : Page.ceiling(end));
        }
        return 0;
    }

    int fcntl(int fd, int command, long argument) {
        OpenFile file = task.fds.raw(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        if (file.pathOnly()
                && command != Uapi.F_DUPFD_CLOEXEC
                && command != Uapi.F_GETFD
                && command != Uapi.F_SETFD
                && command != Uapi.F_GETFL) {
            return -Errno.EBADF;
        }
        return switch (command) {
            case 0, Uapi.F_DUPFD_CLOEXEC ->
                argument < 0 || argument >= task.machine.limits.files()
                        ? -Errno.EINVAL
                        : task.fds.install(file, (int) argument, command != 0);
            case Uapi.F_GETFD -> task.fds.closesOnExec(fd) ? Uapi.FD_CLOEXEC : 0;
            case Uapi.F_SETFD -> {
                task.fds.closeOnExec(fd, (argument & Uapi.FD_CLOEXEC) != 0);
                yield 0;
            }
            case Uapi.F_GETFL -> file.flags;
            case Uapi.F_SETFL -> setFlags(file, (int) argument);
            case Uapi.F_GETPIPE_SZ, Uapi.F_SETPIPE_SZ -> pipeSize(file, command, argument);
            case Uapi.F_ADD_SEALS -> seal(file, argument);
            default -> -Errno.EINVAL;
        };
    }

    /// `pipe_fcntl`.
    private int pipeSize(OpenFile file, int command, long argument) {
        PipeRing pipe = Pipe.of(file);
        if (pipe == null) {
            return -Errno.EBADF;
        }
        if (!task.machine.profile.resizesPipes()) {
            return -Errno.EINVAL;
        }
        return command == Uapi.F_GETPIPE_SZ ? pipe.slots() << Page.SHIFT : pipe.resize((int) argument);
    }

    /// `memfd_add_seals`.
    private static int seal(OpenFile file, long seals) {
        if (!(file.inode instanceof RegularFile regular) || !regular.sealable) {
            return -Errno.EINVAL;
        }
        if (!file.writable || (regular.seals & F_SEAL_SEAL) != 0) {
            return -Errno.EPERM;
        }
        if ((seals & ~ALL_SEALS) != 0) {
            return -Errno.EINVAL;
        }
        if ((seals & Uapi.F_SEAL_WRITE) != 0 && regular.isMapped()) {
            return -Errno.EBUSY;
        }
        regular.seals |= (int) seals;
        return 0;
    }

    /// `setfl`.
    private int setFlags(OpenFile file, int flags) {
        boolean mayBeDirect = (file.inode instanceof RegularFile && !file.neverDirect)
                || (file.inode instanceof Pipe && task.machine.profile.hasPackets());
        if ((flags & Uapi.O_DIRECT) != 0 && !mayBeDirect) {
            return -Errno.EINVAL;
        }
        file.flags = (file.flags & ~CHANGEABLE) | (flags & CHANGEABLE);
        return 0;
    }

    int dup3(int fd, int newFd, int flags) {
        if ((flags & ~Uapi.O_CLOEXEC) != 0 || fd == newFd) {
            return -Errno.EINVAL;
        }
        if (newFd < 0 || newFd >= task.machine.limits.files()) {
            return -Errno.EBADF;
        }
        OpenFile file = task.fds.raw(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        if (task.fds.raw(newFd) != null) {
            task.fds.close(newFd);
        }
        task.fds.set(newFd, file, (flags & Uapi.O_CLOEXEC) != 0);
        return newFd;
    }

    int fionread(int fd) {
        OpenFile file = task.fds.get(fd);
        return file == null ? -Errno.EBADF : file.inode.fionread(file);
    }

    int siocoutq(int fd) {
        OpenFile file = task.fds.get(fd);
        return file == null
                ? -Errno.EBADF
                : file.inode instanceof Socket socket ? socket.unacknowledged() : -Errno.ENOTTY;
    }

    int fstatfs(int fd, StatFs out) {
        OpenFile file = task.fds.raw(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        FileSystem fileSystem = file.inode.fileSystem;
        out.type = fileSystem.magic;
        out.blockSize = Page.SIZE;
        out.blocks = fileSystem.blocks;
        out.free = fileSystem.free();
        out.available = fileSystem.free();
        return 0;
    }

    void stat(Inode inode, Stat out) {
        out.mode = inode.mode;
        // alloc_anon_inode and get_pipe_inode leave the one link that a new inode has
        out.nlink = inode.fileSystem.nameless() ? 1 : inode.links;
        out.uid = 0;
        out.gid = 0;
        out.inode = inode.number;
        out.size = inode.size();
        out.blocks = inode.blocks();
        out.blockSize = Page.SIZE;
        out.device = inode.fileSystem.device;
        out.rdev = inode instanceof Device device ? device.rdev : 0;
        out.atimeSeconds = Math.floorDiv(inode.accessedNanos, SECOND);
        out.atimeNanos = (int) Math.floorMod(inode.accessedNanos, SECOND);
        out.mtimeSeconds = Math.floorDiv(inode.modifiedNanos, SECOND);
        out.mtimeNanos = (int) Math.floorMod(inode.modifiedNanos, SECOND);
        out.ctimeSeconds = Math.floorDiv(inode.changedNanos(), SECOND);
        out.ctimeNanos = (int) Math.floorMod(inode.changedNanos(), SECOND);
    }

    long mmap(long len, int prot, int flags, int fd, long off) {
        if ((off & Page.SIZE - 1) != 0) {
            return -Errno.EINVAL;
        }
        boolean anonymous = (flags & Uapi.MAP_ANONYMOUS) != 0;
        OpenFile file = anonymous ? null : task.fds.get(fd);
        if (!anonymous && file == null) {
            return -Errno.EBADF;
        }
        if (len <= 0) {
            return len == 0 ? -Errno.EINVAL : -Errno.ENOMEM;
        }
        boolean shared = (flags & 3) == Uapi.MAP_SHARED;
        if (!shared && (flags & 3) != Uapi.MAP_PRIVATE) {
            return -Errno.EINVAL;
        }
        if (len > 1L << 40) {
            return -Errno.ENOMEM;
        }
        RegularFile mapped = null;
        if (file != null) {
            int refused = refusal(file, prot, shared);
            if (refused != 0) {
                return -refused;
            }
            mapped = (RegularFile) file.inode;
            mapped.accessed(file);
        }
        return task.space.map(len, prot, shared, mapped, off).start;
    }

    private static int refusal(OpenFile file, int prot, boolean shared) {
        if (!file.readable || (shared && (prot & Uapi.PROT_WRITE) != 0 && !file.writable)) {
            return Errno.EACCES;
        }
        if (file.inode instanceof TcpSocket && (prot & Uapi.PROT_WRITE) != 0) {
            return Errno.EPERM; // a TCP socket may be mapped to receive (`tcp_mmap`)
        }
        if (!(file.inode instanceof RegularFile regular)) {
            return Errno.ENODEV;
        }
        return shared && (prot & Uapi.PROT_WRITE) != 0 && (regular.seals & Uapi.F_SEAL_WRITE) != 0 ? Errno.EPERM : 0;
    }

    int memfdCreate(byte[] name, int flags) {
        if ((flags & ~(Uapi.MFD_CLOEXEC | Uapi.MFD_ALLOW_SEALING | 8 | 16)) != 0 || name.length > 249) {
            return -Errno.EINVAL;
        }
        RegularFile file = task.newFile(task.kernelMemory, 0777);
        file.sealable = (flags & Uapi.MFD_ALLOW_SEALING) != 0;
        OpenFile open = new OpenFile(file, Uapi.O_RDWR | O_LARGEFILE);
        open.neverDirect = true;
        return install(open, (flags & Uapi.MFD_CLOEXEC) != 0);
    }

    int eventfd(int initial, int flags) {
        if ((flags & ~(Uapi.EFD_CLOEXEC | Uapi.EFD_NONBLOCK | 1)) != 0) {
            return -Errno.EINVAL;
        }
        EventFd inode = new EventFd(task.machine, task.anonymous, initial);
        return install(new OpenFile(inode, Uapi.O_RDWR | (flags & Uapi.EFD_NONBLOCK)), (flags & Uapi.EFD_CLOEXEC) != 0);
    }

    /// A number for a new open file; without one it is closed again.
    int install(OpenFile file, boolean cloexec) {
        int fd = task.fds.install(file, 0, cloexec);
        if (fd < 0) {
            discard(file);
        }
        return fd;
    }

    /// flock(2): one open file has it exclusively, or several share it.
    int flock(int fd, int operation) {
        OpenFile file = task.fds.get(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        int how = operation & ~Uapi.LOCK_NB;
        if (how != Uapi.LOCK_EX && how != Uapi.LOCK_SH && how != Uapi.LOCK_UN) {
            return -Errno.EINVAL;
        }
        Inode inode = file.inode;
        inode.unlock(file);
        if (how == Uapi.LOCK_UN) {
            return 0;
        }
        while (!inode.lock(file, how == Uapi.LOCK_EX)) {
            if ((operation & Uapi.LOCK_NB) != 0) {
                return -Errno.EAGAIN;
            }
            task.machine.sleep();
        }
        return 0;
    }

    @Nullable
    OpenFile file(int fd) {
        return task.fds.get(fd);
    }
}
