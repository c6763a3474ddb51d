package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Stat;
import dev.fid.kernel.StatFs;
import dev.fid.kernel.Uapi;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A Linux kernel in plain Java, as far as moving bytes goes: the page cache, pipes, sockets, and the calls that join
/// them, with the results, errors and side effects of the real one. Use it as an oracle, under your own code in
/// tests, or to see what a call does:
///
/// ```java
/// ModelKernel kernel = new ModelKernel(Profile.LINUX_6_18);
/// int file = kernel.openat(Uapi.AT_FDCWD, "/data".getBytes(), Uapi.O_RDWR | Uapi.O_CREAT, 0600);
/// int[] pipe = new int[2];
/// kernel.pipe2(pipe, Uapi.O_NONBLOCK);
/// kernel.splice(file, new Offset(0), pipe[1], null, 65536, 0);
/// kernel.pipe(pipe[0]).buffers();           // slots that refer to the file's pages
/// kernel.ledger().last().copied();          // 0: splice copied nothing
/// kernel.ledger().functions();              // do_splice, splice_file_to_pipe, do_splice_read, ...
/// ```
///
/// It starts with an empty file system `/` (ext4) with `/tmp`, `/dev/shm` (tmpfs) and `/dev/null`, `zero`, `full`;
/// `/proc/self/fd/N` opens own descriptors again. One process, no users: root without CAP_SYS_RESOURCE.
///
/// Blocking calls block, deaf to interrupts as system calls are to Thread.interrupt. Time is the machine's, or
/// {@link ModelClock#virtual}. Safe for use by many threads: it has one lock. With one thread everything is
/// deterministic; what TCP may choose is asked from a {@link Freedom}.
///
/// Not modelled: users and permissions, signals (EPIPE comes without SIGPIPE), readahead, of O_DIRECT the
/// alignment of memory, the zeros it reads behind the end, and the way around the page cache,
/// out-of-band data of unix sockets, control messages, seqpacket and raw sockets, partial munmap, segments and timers
/// of TCP. These calls answer ENOSYS: openat2, getdents64, all of extended attributes, fchmodat,
/// perfEventOpen, ioUringSetup and those of terminals; ficlone
/// and ficlonerange answer EOPNOTSUPP as on ext4.
public final class ModelKernel implements Kernel {
    private final Machine machine;
    private final Task task;
    private final FileCalls files;
    private final NameCalls names;
    private final MoveCalls moves;
    private final SocketCalls sockets;
    private final WaitCalls waits;

    /// A kernel with the usual limits, real time and no freedom.
    public ModelKernel(Profile profile) {
        this(profile, Limits.USUAL, Freedom.USUAL, ModelClock.real());
    }

    /// A kernel of which all is chosen.
    public ModelKernel(Profile profile, Limits limits, Freedom freedom, ModelClock clock) {
        machine = new Machine(profile, limits, freedom, clock);
        task = new Task(machine);
        files = new FileCalls(task);
        names = new NameCalls(task, files);
        moves = new MoveCalls(task);
        sockets = new SocketCalls(task, files);
        waits = new WaitCalls(task, files);
    }

    // ---- what a real kernel does not show ----

    /// What the calls cost.
    public Ledger ledger() {
        return machine.ledger;
    }

    /// Which kernel this is.
    public Profile profile() {
        return machine.profile;
    }

    /// The ring behind a descriptor of a pipe.
    ///
    /// @throws IllegalArgumentException where `fd` is none
    public PipeRing pipe(int fd) {
        machine.lock.lock();
        try {
            OpenFile file = task.fds.get(fd);
            PipeRing ring = file == null ? null : Pipe.of(file);
            if (ring == null) {
                throw new IllegalArgumentException(fd + " is no pipe");
            }
            return ring;
        } finally {
            machine.lock.unlock();
        }
    }

    /// The page cache of the regular file behind a descriptor.
    ///
    /// @throws IllegalArgumentException where `fd` is none
    public PageCache pageCache(int fd) {
        machine.lock.lock();
        try {
            OpenFile file = task.fds.get(fd);
            if (file == null || !(file.inode instanceof RegularFile regular)) {
                throw new IllegalArgumentException(fd + " is no regular file");
            }
            return regular.cache;
        } finally {
            machine.lock.unlock();
        }
    }

    /// What the socket behind a descriptor has received and not read.
    ///
    /// @throws IllegalArgumentException where `fd` is no stream socket
    public SocketQueue received(int fd) {
        machine.lock.lock();
        try {
            OpenFile file = task.fds.get(fd);
            return switch (file == null ? null : file.inode) {
                case UnixSocket unix -> unix.queue();
                case TcpSocket tcp -> tcp.queue();
                case null, default -> throw new IllegalArgumentException(fd + " is no stream socket");
            };
        } finally {
            machine.lock.unlock();
        }
    }

    /// Descriptors that are open.
    public List<Integer> descriptors() {
        machine.lock.lock();
        try {
            return task.fds.numbers();
        } finally {
            machine.lock.unlock();
        }
    }

    /// Says that nothing was lost: no descriptor is open, and every page that lives belongs to a file with a name, to
    /// memory still mapped, or to the kernel itself.
    ///
    /// @throws IllegalStateException with the counts where that is not so
    public void assertNoLeaks() {
        machine.lock.lock();
        try {
            List<Integer> open = task.fds.numbers();
            long cached = 0;
            for (RegularFile file : task.files) {
                cached += file.cache.size();
            }
            long known = cached + task.space.ownPages() + machine.fragment.idlePages() + 1;
            if (!open.isEmpty() || machine.livePages() != known) {
                throw new IllegalStateException("descriptors open: " + open + "; pages without an owner: "
                        + (machine.livePages() - known) + " of " + machine.livePages());
            }
        } finally {
            machine.lock.unlock();
        }
    }

    // ---- how a call is made ----

    private long call(String name, LongSupplier body) {
        machine.lock.lock();
        try {
            machine.ledger.begin(name);
            return machine.ledger.end(name, body.getAsLong());
        } finally {
            machine.lock.unlock();
        }
    }

    private int callInt(String name, IntSupplier body) {
        return (int) call(name, body::getAsInt);
    }

    private static int notModelled() {
        return -Errno.ENOSYS;
    }

    @Override
    public int fchmodat(int dir, byte[] path, int mode) {
        return callInt("fchmodat", ModelKernel::notModelled);
    }

    @Override
    public int fremovexattr(int fd, byte[] name) {
        return callInt("fremovexattr", ModelKernel::notModelled);
    }

    @Override
    public long listxattr(byte[] path, Memory m, long at, long len) {
        return call("listxattr", ModelKernel::notModelled);
    }

    @Override
    public long getxattr(byte[] path, byte[] name, Memory m, long at, long len) {
        return call("getxattr", ModelKernel::notModelled);
    }

    @Override
    public int setxattr(byte[] path, byte[] name, Memory m, long at, long len, int flags) {
        return callInt("setxattr", ModelKernel::notModelled);
    }

    @Override
    public int tiocsptlck(int fd, int locked) {
        return callInt("tiocsptlck", ModelKernel::notModelled);
    }

    @Override
    public int tiocgptpeer(int fd, int flags) {
        return callInt("tiocgptpeer", ModelKernel::notModelled);
    }

    @Override
    public int ioUringSetup(int entries, Memory params) {
        return callInt("ioUringSetup", ModelKernel::notModelled);
    }

    // ---- memory ----

    @Override
    public Memory allocate(long size) {
        machine.lock.lock();
        try {
            long len = Math.max(1, size);
            AddressSpace.Area area = task.space.map(len, Uapi.PROT_READ | Uapi.PROT_WRITE, false, null, 0);
            return new ModelMemory(machine, task.space, area.start, (long) area.pages << Page.SHIFT, true);
        } finally {
            machine.lock.unlock();
        }
    }

    @Override
    public Memory memory(long address, long len) {
        return new ModelMemory(machine, task.space, address, len, false);
    }

    @Override
    public long mmap(long len, int prot, int flags, int fd, long off) {
        return call("mmap", () -> files.mmap(len, prot, flags, fd, off));
    }

    @Override
    public int munmap(long address, long len) {
        return callInt("munmap", () -> task.space.unmap(address, len));
    }

    @Override
    public int madvise(long address, long len, int advice) {
        return callInt("madvise", () -> advice == Uapi.MADV_DONTNEED ? task.space.discard(address, len) : 0);
    }

    @Override
    public int pageSize() {
        return Page.SIZE;
    }

    // ---- files ----

    @Override
    public int openat(int dir, byte[] path, int flags, int mode) {
        return callInt("openat", () -> names.openat(dir, path, flags, mode));
    }

    @Override
    public int openat2(int dir, byte[] path, int flags, int mode, long resolve) {
        return callInt("openat2", ModelKernel::notModelled);
    }

    @Override
    public int close(int fd) {
        return callInt("close", () -> task.fds.close(fd));
    }

    @Override
    public long read(int fd, Memory m, long at, long len) {
        return call("read", () -> moves.read(fd, m, at, len));
    }

    @Override
    public long write(int fd, Memory m, long at, long len) {
        return call("write", () -> moves.write(fd, m, at, len));
    }

    @Override
    public long pread(int fd, Memory m, long at, long len, long off) {
        return call("pread", () -> moves.pread(fd, m, at, len, off));
    }

    @Override
    public long pwrite(int fd, Memory m, long at, long len, long off) {
        return call("pwrite", () -> moves.pwrite(fd, m, at, len, off));
    }

    @Override
    public long preadv2(int fd, Memory m, long at, long len, long off, int flags) {
        return call("preadv2", () -> flags == 0 ? moves.pread(fd, m, at, len, off) : -Errno.EOPNOTSUPP);
    }

    @Override
    public long pwritev2(int fd, Memory m, long at, long len, long off, int flags) {
        return call("pwritev2", () -> flags == 0 ? moves.pwrite(fd, m, at, len, off) : -Errno.EOPNOTSUPP);
    }

    @Override
    public long lseek(int fd, long off, int whence) {
        return call("lseek", () -> files.lseek(fd, off, whence));
    }

    @Override
    public int ftruncate(int fd, long length) {
        return callInt("ftruncate", () -> files.ftruncate(fd, length));
    }

    @Override
    public int fallocate(int fd, int mode, long off, long len) {
        return callInt("fallocate", () -> files.fallocate(fd, mode, off, len));
    }

    @Override
    public int fsync(int fd) {
        return callInt("fsync", () -> files.fsync(fd));
    }

    @Override
    public int fdatasync(int fd) {
        return callInt("fdatasync", () -> files.fsync(fd));
    }

    @Override
    public int syncfs(int fd) {
        return callInt("syncfs", () -> files.syncfs(fd));
    }

    @Override
    public int fadvise(int fd, long off, long len, int advice) {
        return callInt("fadvise64", () -> files.fadvise(fd, off, len, advice));
    }

    @Override
    public int statx(int dir, byte[] path, int flags, int mask, Stat out) {
        return callInt("statx", () -> names.statx(dir, path, flags, out));
    }

    @Override
    public int fstatfs(int fd, StatFs out) {
        return callInt("fstatfs", () -> files.fstatfs(fd, out));
    }

    // ---- names ----

    @Override
    public int renameat2(int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags) {
        return callInt("renameat2", () -> names.renameat2(oldDir, oldPath, newDir, newPath, flags));
    }

    @Override
    public int linkat(int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags) {
        return callInt("linkat", () -> names.linkat(oldDir, oldPath, newDir, newPath, flags));
    }

    @Override
    public int unlinkat(int dir, byte[] path, int flags) {
        return callInt("unlinkat", () -> names.unlinkat(dir, path, flags));
    }

    @Override
    public int mkdirat(int dir, byte[] path, int mode) {
        return callInt("mkdirat", () -> names.mkdirat(dir, path, mode));
    }

    @Override
    public int mknodat(int dir, byte[] path, int mode, long device) {
        return callInt("mknodat", () -> names.mknodat(dir, path, mode));
    }

    @Override
    public int symlinkat(byte[] target, int dir, byte[] path) {
        return callInt("symlinkat", () -> names.symlinkat(target, dir, path));
    }

    @Override
    public long readlinkat(int dir, byte[] path, Memory m, long at, long len) {
        return call("readlinkat", () -> names.readlinkat(dir, path, m, at, len));
    }

    @Override
    public long getdents64(int fd, Memory m, long at, long len) {
        return callInt("getdents64", ModelKernel::notModelled);
    }

    @Override
    public int fchmod(int fd, int mode) {
        return callInt("fchmod", () -> {
            OpenFile file = files.file(fd);
            if (file == null) {
                return -Errno.EBADF;
            }
            file.inode.mode = file.inode.type() | (mode & 07777);
            file.inode.changed();
            return 0;
        });
    }

    @Override
    public int fchownat(int dir, byte[] path, int uid, int gid, int flags) {
        Stat stat = new Stat();
        return callInt("fchownat", () -> names.statx(dir, path, flags, stat));
    }

    @Override
    public int utimensat(
            int dir, byte[] path, long atimeSeconds, long atimeNanos, long mtimeSeconds, long mtimeNanos, int flags) {
        return callInt(
                "utimensat",
                () -> names.setTimes(dir, path, flags, atimeSeconds, atimeNanos, mtimeSeconds, mtimeNanos));
    }

    @Override
    public long flistxattr(int fd, Memory m, long at, long len) {
        return callInt("flistxattr", ModelKernel::notModelled);
    }

    @Override
    public long fgetxattr(int fd, byte[] name, Memory m, long at, long len) {
        return callInt("fgetxattr", ModelKernel::notModelled);
    }

    @Override
    public int fsetxattr(int fd, byte[] name, Memory m, long at, long len, int flags) {
        return callInt("fsetxattr", ModelKernel::notModelled);
    }

    @Override
    public int ficlone(int in, int out) {
        return callInt("ficlone", () -> cannotShare(in, out));
    }

    @Override
    public int ficlonerange(int in, long offIn, long len, int out, long offOut) {
        return callInt("ficlonerange", () -> cannotShare(in, out));
    }

    /// `ioctl_file_clone` on a file system without `remap_file_range`.
    private int cannotShare(int in, int out) {
        OpenFile from = files.file(in);
        OpenFile to = files.file(out);
        if (from == null || to == null) {
            return -Errno.EBADF;
        }
        if (!(to.inode instanceof RegularFile) && !(to.inode instanceof Directory)) {
            return -Errno.ENOTTY;
        }
        return from.inode.fileSystem == to.inode.fileSystem ? -Errno.EOPNOTSUPP : -Errno.EXDEV;
    }

    @Override
    public long blkgetsize64(int fd) {
        return callInt("ioctl", () -> files.file(fd) == null ? -Errno.EBADF : -Errno.ENOTTY);
    }

    // ---- descriptors ----

    @Override
    public int pipe2(int[] fds, int flags) {
        return callInt("pipe2", () -> files.pipe2(fds, flags));
    }

    @Override
    public int fcntl(int fd, int command, long argument) {
        return callInt("fcntl", () -> files.fcntl(fd, command, argument));
    }

    @Override
    public int flock(int fd, int operation) {
        return callInt("flock", () -> files.flock(fd, operation));
    }

    @Override
    public int dup3(int fd, int newFd, int flags) {
        return callInt("dup3", () -> files.dup3(fd, newFd, flags));
    }

    @Override
    public int fionread(int fd) {
        return callInt("ioctl", () -> files.fionread(fd));
    }

    @Override
    public int siocoutq(int fd) {
        return callInt("ioctl", () -> files.siocoutq(fd));
    }

    @Override
    public int memfdCreate(byte[] name, int flags) {
        return callInt("memfd_create", () -> files.memfdCreate(name, flags));
    }

    @Override
    public int eventfd(int initial, int flags) {
        return callInt("eventfd2", () -> files.eventfd(initial, flags));
    }

    @Override
    public int eventfdWrite(int fd, long value) {
        return callInt("write", () -> {
            OpenFile file = files.file(fd);
            if (file == null) {
                return -Errno.EBADF;
            }
            if (!(file.inode instanceof EventFd event)) {
                return -Errno.EINVAL;
            }
            return (int) Math.min(0, event.add(file, value));
        });
    }

    // ---- moving bytes ----

    @Override
    public long splice(int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len, int flags) {
        return call("splice", () -> moves.splice(in, offIn, out, offOut, len, flags));
    }

    @Override
    public long tee(int in, int out, long len, int flags) {
        return call("tee", () -> moves.tee(in, out, len, flags));
    }

    @Override
    public long vmsplice(int fd, Span[] spans, int flags) {
        return call("vmsplice", () -> moves.vmsplice(fd, spans, flags));
    }

    @Override
    public long sendfile(int in, @Nullable Offset offIn, int out, long len) {
        return call("sendfile64", () -> moves.sendfile(in, offIn, out, len));
    }

    @Override
    public long copyFileRange(int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len, int flags) {
        return call("copy_file_range", () -> moves.copyFileRange(in, offIn, out, offOut, len, flags));
    }

    // ---- waiting ----

    @Override
    public int poll(int[] fds, short[] events, short[] revents, int count, int millis) {
        return callInt("poll", () -> waits.poll(fds, events, revents, count, millis));
    }

    @Override
    public int epollCreate(int flags) {
        return callInt("epoll_create1", () -> waits.epollCreate(flags));
    }

    @Override
    public int epollCtl(int epoll, int operation, int fd, int events, long data) {
        return callInt("epoll_ctl", () -> waits.epollCtl(epoll, operation, fd, events, data));
    }

    @Override
    public int epollWait(int epoll, int[] events, long[] data, int millis) {
        return callInt("epoll_wait", () -> waits.epollWait(epoll, events, data, millis));
    }

    // ---- sockets ----

    @Override
    public int socket(int domain, int type, int protocol) {
        return callInt("socket", () -> sockets.socket(domain, type, protocol));
    }

    @Override
    public int socketpair(int domain, int type, int protocol, int[] fds) {
        return callInt("socketpair", () -> sockets.socketpair(domain, type, protocol, fds));
    }

    @Override
    public int bind(int fd, byte[] address) {
        return callInt("bind", () -> sockets.bind(fd, address));
    }

    @Override
    public int listen(int fd, int backlog) {
        return callInt("listen", () -> sockets.listen(fd, backlog));
    }

    @Override
    public int accept4(int fd, int flags) {
        return callInt("accept4", () -> sockets.accept4(fd, flags));
    }

    @Override
    public int connect(int fd, byte[] address) {
        return callInt("connect", () -> sockets.connect(fd, address));
    }

    @Override
    public int shutdown(int fd, int how) {
        return callInt("shutdown", () -> sockets.shutdown(fd, how));
    }

    @Override
    public long recv(int fd, Memory m, long at, long len, int flags) {
        return call("recvfrom", () -> sockets.recv(fd, m, at, len, flags));
    }

    @Override
    public long send(int fd, Memory m, long at, long len, int flags) {
        return call("sendto", () -> sockets.send(fd, m, at, len, flags));
    }

    @Override
    public int getsockname(int fd, byte[] address) {
        return callInt("getsockname", () -> sockets.name(fd, address, true));
    }

    @Override
    public int getpeername(int fd, byte[] address) {
        return callInt("getpeername", () -> sockets.name(fd, address, false));
    }

    @Override
    public int setsockopt(int fd, int level, int option, int value) {
        return callInt("setsockopt", () -> sockets.setsockopt(fd, level, option, value));
    }

    @Override
    public int setLinger(int fd, boolean on, int seconds) {
        return callInt("setsockopt", () -> sockets.setLinger(fd, on, seconds));
    }

    @Override
    public int getsockopt(int fd, int level, int option) {
        return callInt("getsockopt", () -> sockets.getsockopt(fd, level, option));
    }

    // ---- process, time, terminal ----

    @Override
    public long nanoTime() {
        return machine.clock.nanos();
    }

    @Override
    public long cpuNanos(int clock) {
        return machine.clock.cpuNanos();
    }

    @Override
    public int schedSetaffinity(int tid, long[] mask) {
        return 0;
    }

    @Override
    public int schedGetaffinity(int tid, long[] mask) {
        Arrays.fill(mask, 0);
        mask[0] = 1;
        return Long.BYTES;
    }

    @Override
    public int prlimit(int resource, long @Nullable [] change, long[] limit) {
        return callInt("prlimit64", () -> {
            Limits limits = machine.limits;
            long now = resource == Uapi.RLIMIT_NOFILE
                    ? limits.files()
                    : resource == Uapi.RLIMIT_FSIZE && limits.fileSize() != Long.MAX_VALUE ? limits.fileSize() : -1;
            limit[0] = now;
            limit[1] = now;
            return change == null ? 0 : -Errno.EPERM;
        });
    }

    @Override
    public int winsize(int fd) {
        return callInt("ioctl", () -> files.file(fd) == null ? -Errno.EBADF : -Errno.ENOTTY);
    }

    /// The limits of pipes; ENOENT for all others.
    @Override
    public long sysctl(String name) {
        Limits limits = machine.limits;
        boolean accounts = machine.profile.accountsPipes();
        return switch (name) {
            case "fs/pipe-max-size" -> machine.profile.resizesPipes() ? limits.pipeMaxSize() : -Errno.ENOENT;
            case "fs/pipe-user-pages-soft" -> accounts ? limits.pipeUserPagesSoft() : -Errno.ENOENT;
            case "fs/pipe-user-pages-hard" -> accounts ? limits.pipeUserPagesHard() : -Errno.ENOENT;
            default -> -Errno.ENOENT;
        };
    }

    @Override
    public int geteuid() {
        return 0;
    }

    @Override
    public int gettid() {
        return 1;
    }

    @Override
    public int perfEventOpen(Memory attr, int pid, int cpu, int group, long flags) {
        return callInt("perf_event_open", ModelKernel::notModelled);
    }
}
