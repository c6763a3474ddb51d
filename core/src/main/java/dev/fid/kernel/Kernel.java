package dev.fid.kernel;

import org.jspecify.annotations.Nullable;

/// The system calls that Fid makes: one method per call, in the order of its man page, except that `in` always
/// precedes `out`. This is the one seam of Fid: everything above it runs on the Linux kernel ({@link
/// LinuxKernel}), on the executable model of it, and on a decorator that injects faults.
///
/// Results are as the kernel gives them: a value `>= 0`, or `-errno` (see {@link Errno}). Nothing is retried, so
/// EINTR and EAGAIN arrive here too. Lengths and offsets are bytes. Numbers of descriptors are plain ints; `-1`
/// is accepted and answered with `-EBADF` as the kernel does. Paths are bytes without the trailing NUL, because
/// names on Linux need not be UTF-8. A method is safe to call from any thread unless its arguments say otherwise:
/// a {@link Memory}, an {@link Offset} and an array belong to one call at a time.
///
/// Each method names its man page; where Fid depends on a detail that the page does not state, the kernel source
/// file and version are given.
public interface Kernel {

    /// The kernel of this machine.
    ///
    /// @throws UnsupportedOperationException where it is not Linux on x86-64 or aarch64, or native access is
    ///     denied
    static Kernel linux() {
        return LinuxKernel.instance();
    }

    // ---- memory ----

    /// Fresh zeroed memory of at least `size` bytes that starts on a page border, owned by the caller.
    ///
    /// It is mapped, never taken from a heap, so that its pages may be lent to a pipe (vmsplice) and stay valid
    /// until the last reader is done, even after {@link Memory#close}. Source: mmap(2), MAP_ANONYMOUS.
    ///
    /// @throws OutOfMemoryError where the kernel refuses
    Memory allocate(long size);

    /// A view of `len` bytes at `address`, as returned by {@link #mmap}. Closing it does not unmap.
    Memory memory(long address, long len);

    /// Maps `len` bytes of `fd` from `off` (a multiple of the page size). Returns the address, or `-errno`
    /// (EACCES, EAGAIN, EBADF, EINVAL for `len` 0, ENODEV, ENOMEM). Touching a page behind the end of the file
    /// raises SIGBUS: hand the mapping to a system call, which answers EFAULT. Source: mmap(2).
    long mmap(long len, int prot, int flags, int fd, long off);

    /// Unmaps. Pages that a pipe still refers to live on. Source: munmap(2).
    int munmap(long address, long len);

    /// Advice about mapped memory, e.g. {@link Uapi#MADV_HUGEPAGE}. Source: madvise(2).
    int madvise(long address, long len, int advice);

    /// Bytes of one page of memory.
    int pageSize();

    // ---- files ----

    /// Opens `path` relative to directory `dir` ({@link Uapi#AT_FDCWD} for the working directory); `mode` counts
    /// only with O_CREAT or O_TMPFILE. Returns the descriptor or `-errno` (EACCES, EEXIST, EISDIR, ELOOP, EMFILE,
    /// ENFILE, ENOENT, ENOSPC, ENOTDIR, ENXIO, EROFS, ETXTBSY ...). Opening a FIFO without O_NONBLOCK waits for
    /// the other end. Source: open(2).
    int openat(int dir, byte[] path, int flags, int mode);

    /// As {@link #openat} with `resolve` restrictions (RESOLVE_BENEATH and others). Also EAGAIN (a rename raced),
    /// EXDEV (left the tree), ENOSYS (Linux < 5.6). Source: openat2(2).
    int openat2(int dir, byte[] path, int flags, int mode, long resolve);

    /// Closes `fd`. Never retry it: after EINTR or EIO the descriptor is gone on Linux. Source: close(2), NOTES.
    int close(int fd);

    /// Reads up to `len` bytes into `m` from its byte `at`. Returns bytes, 0 at the end, `-EAGAIN` when not
    /// ready. Source: read(2).
    long read(int fd, Memory m, long at, long len);

    /// Writes up to `len` bytes of `m` from its byte `at`. Returns bytes, possibly fewer; `-EAGAIN`, `-EPIPE`,
    /// `-ENOSPC`, `-EDQUOT`, `-EFBIG`, `-EIO`. Source: write(2).
    long write(int fd, Memory m, long at, long len);

    /// As {@link #read} at offset `off`; the file position does not move. ESPIPE on pipes and sockets. Source:
    /// pread(2).
    long pread(int fd, Memory m, long at, long len, long off);

    /// As {@link #write} at offset `off`. On a file opened with O_APPEND Linux appends and ignores `off` (BUGS).
    /// Source: pwrite(2).
    long pwrite(int fd, Memory m, long at, long len, long off);

    /// As {@link #pread} with `flags`, such as RWF_DONTCACHE: EOPNOTSUPP where the kernel or the file system does
    /// not know one. Source: preadv2(2).
    long preadv2(int fd, Memory m, long at, long len, long off, int flags);

    /// As {@link #pwrite} with `flags`. Source: pwritev2(2).
    long pwritev2(int fd, Memory m, long at, long len, long off, int flags);

    /// Moves the file position, or finds data and holes (SEEK_DATA, SEEK_HOLE: ENXIO behind the last data).
    /// Source: lseek(2).
    long lseek(int fd, long off, int whence);

    /// Source: ftruncate(2). EFBIG, EINVAL, EPERM, ETXTBSY.
    int ftruncate(int fd, long length);

    /// Allocates, punches a hole or zeroes a range. EOPNOTSUPP where the file system cannot. Source:
    /// fallocate(2).
    int fallocate(int fd, int mode, long off, long len);

    /// Source: fsync(2). EIO, ENOSPC, EDQUOT: final, since the pages may be marked clean by the failed attempt.
    int fsync(int fd);

    /// Source: fdatasync(2).
    int fdatasync(int fd);

    /// Writes back all of the file system that `fd` is on, and waits. Source: syncfs(2).
    int syncfs(int fd);

    /// Advice about a range of a file, e.g. {@link Uapi#POSIX_FADV_DONTNEED}. Source: posix_fadvise(2).
    int fadvise(int fd, long off, long len, int advice);

    /// Fills `out` for `path` relative to `dir`, or for descriptor `dir` itself with an empty path and
    /// AT_EMPTY_PATH. Source: statx(2).
    int statx(int dir, byte[] path, int flags, int mask, Stat out);

    /// {@link #statx} of an open descriptor.
    default int fstat(int fd, Stat out) {
        return statx(fd, Uapi.NO_PATH, Uapi.AT_EMPTY_PATH, Uapi.STATX_BASIC_STATS, out);
    }

    /// Fills `out` with the kind and the room of the file system of `fd`. Source: fstatfs(2).
    int fstatfs(int fd, StatFs out);

    // ---- names ----

    /// Source: renameat2(2). `flags`: RENAME_NOREPLACE, RENAME_EXCHANGE; EINVAL where the file system cannot.
    int renameat2(int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags);

    /// Source: linkat(2). With AT_SYMLINK_FOLLOW and `/proc/self/fd/N` it names an O_TMPFILE file; EEXIST, EXDEV.
    int linkat(int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags);

    /// Source: unlinkat(2). AT_REMOVEDIR removes a directory.
    int unlinkat(int dir, byte[] path, int flags);

    /// Source: mkdirat(2).
    int mkdirat(int dir, byte[] path, int mode);

    /// Source: mknodat(2). `mode` carries the type, e.g. {@link Uapi#S_IFIFO}.
    int mknodat(int dir, byte[] path, int mode, long device);

    /// Source: symlinkat(2).
    int symlinkat(byte[] target, int dir, byte[] path);

    /// Reads a link's target into `m`; returns its bytes, cut at `len` without a sign. Source: readlinkat(2).
    long readlinkat(int dir, byte[] path, Memory m, long at, long len);

    /// Reads directory entries (`struct linux_dirent64`) into `m`; 0 at the end. Source: getdents64(2).
    long getdents64(int fd, Memory m, long at, long len);

    /// Source: fchmod(2).
    int fchmod(int fd, int mode);

    /// As {@link #fchmod} for `path` relative to `dir`; follows links. Source: fchmodat(2).
    int fchmodat(int dir, byte[] path, int mode);

    /// Source: fchownat(2). `-1` leaves an id as it is; AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH.
    int fchownat(int dir, byte[] path, int uid, int gid, int flags);

    /// Sets access and modification times in seconds and nanoseconds (UTIME_NOW, UTIME_OMIT). Source:
    /// utimensat(2).
    int utimensat(
            int dir, byte[] path, long atimeSeconds, long atimeNanos, long mtimeSeconds, long mtimeNanos, int flags);

    /// The names of a file's extended attributes, each ended by NUL, into `m`; `len` 0 asks for the size. ERANGE
    /// when too small, EOPNOTSUPP. Source: flistxattr(2).
    long flistxattr(int fd, Memory m, long at, long len);

    /// Source: fgetxattr(2). ENODATA where there is none.
    long fgetxattr(int fd, byte[] name, Memory m, long at, long len);

    /// Source: fsetxattr(2).
    int fsetxattr(int fd, byte[] name, Memory m, long at, long len, int flags);

    /// Source: fremovexattr(2). ENODATA where there is none.
    int fremovexattr(int fd, byte[] name);

    /// As {@link #flistxattr} for a path from the working directory; follows links. With `/proc/self/fd/N` it
    /// serves descriptors that only name a file (O_PATH). Source: listxattr(2).
    long listxattr(byte[] path, Memory m, long at, long len);

    /// As {@link #fgetxattr} for a path. Source: getxattr(2).
    long getxattr(byte[] path, byte[] name, Memory m, long at, long len);

    /// As {@link #fsetxattr} for a path. Source: setxattr(2).
    int setxattr(byte[] path, byte[] name, Memory m, long at, long len, int flags);

    /// Makes `out` share all extents of `in` (reflink). 0, or EOPNOTSUPP, EXDEV, EINVAL, EISDIR, ETXTBSY, EPERM.
    /// Source: ioctl_ficlone(2), FICLONE.
    int ficlone(int in, int out);

    /// Makes a range of `out` share the extents of `in`; offsets and `len` are multiples of the block size, `len`
    /// 0 means to the end. Source: ioctl_ficlonerange(2).
    int ficlonerange(int in, long offIn, long len, int out, long offOut);

    /// Locks (1) or unlocks (0) the slave of the pseudoterminal whose master is `fd`. A new one is locked. Source:
    /// ioctl_tty(2), TIOCSPTLCK.
    int tiocsptlck(int fd, int locked);

    /// Opens the slave of the pseudoterminal whose master is `fd`, without a path: so it works where `/dev/pts` is
    /// another one or none. Source: ioctl_tty(2), TIOCGPTPEER (Linux 4.13).
    int tiocgptpeer(int fd, int flags);

    /// Bytes of a block device, whose `st_size` is 0. ENOTTY elsewhere. Source: linux/fs.h, BLKGETSIZE64.
    long blkgetsize64(int fd);

    // ---- descriptors ----

    /// A pipe: `fds[0]` is its read end, `fds[1]` its write end. EMFILE, ENFILE (also when the user's hard page
    /// limit is reached). Source: pipe2(2).
    int pipe2(int[] fds, int flags);

    /// File status flags, pipe size and duplicates: F_GETFL, F_SETFL, F_GETPIPE_SZ, F_SETPIPE_SZ,
    /// F_DUPFD_CLOEXEC, F_ADD_SEALS, F_GETFD, F_SETFD. F_SETPIPE_SZ: EBUSY (data does not fit), EPERM (over a
    /// limit), EINVAL. Source: fcntl(2), pipe(7).
    int fcntl(int fd, int command, long argument);

    /// Locks the open file, advisory: LOCK_EX, LOCK_SH, LOCK_UN, with LOCK_NB (EWOULDBLOCK is EAGAIN). Gone with
    /// the last descriptor of it, so a killed process holds none. Source: flock(2).
    int flock(int fd, int operation);

    /// Makes `newFd` refer to `fd`'s open file. Source: dup3(2).
    int dup3(int fd, int newFd, int flags);

    /// Bytes ready to read in a pipe, socket or tty. Source: ioctl FIONREAD, tty_ioctl(4).
    int fionread(int fd);

    /// Bytes that were sent to a TCP socket and its peer has not acknowledged; a close by SO_LINGER 0 throws them
    /// away. For a unix socket, what its peer has not read, as the kernel accounts for it. Source: SIOCOUTQ,
    /// tcp(7).
    int siocoutq(int fd);

    /// A file without a name that lives in memory. Source: memfd_create(2).
    int memfdCreate(byte[] name, int flags);

    /// A counter that can be waited for. Reads and writes are 8 bytes. Source: eventfd(2).
    int eventfd(int initial, int flags);

    /// Adds `value` to an eventfd, which makes it readable. Source: eventfd(2), eventfd_write(3).
    int eventfdWrite(int fd, long value);

    // ---- moving bytes ----

    /// Moves up to `len` bytes between a pipe and another descriptor; at least one is a pipe, else EINVAL. A null
    /// offset means the current position, which then moves; an offset on a pipe is ESPIPE. Returns bytes,
    /// possibly fewer; 0 when `len` is 0, or when the input ended, or where a file's recorded size is too small
    /// (confirm by read(2)); `-EAGAIN` when the input is empty or the output is full: the call does not say
    /// which; `-EINVAL` also for an O_APPEND output. SPLICE_F_NONBLOCK covers the pipe, not the other descriptor.
    /// Source: splice(2); fs/splice.c of Linux 6.18.
    long splice(int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len, int flags);

    /// Duplicates up to `len` bytes from the head of pipe `in` into pipe `out` without consuming them. Returns
    /// bytes, fewer when `out` has fewer free slots than `in` has used ones; 0 when `in` is empty and has no
    /// writer; `-EAGAIN`. Source: tee(2).
    long tee(int in, int out, long len, int flags);

    /// Maps user pages into a pipe (write end), or copies from a pipe to user memory (read end). The pages must
    /// not be changed before the last reader is done. EFAULT, EINVAL for more than 1024 spans, EAGAIN. A kernel
    /// may treat it as a plain write. Source: vmsplice(2).
    long vmsplice(int fd, Span[] spans, int flags);

    /// Sends bytes of file `in` to `out`. A null offset means the current position. EINVAL when `in` is a socket
    /// or pipe, or `out` is opened with O_APPEND; `-EAGAIN` is always the output's. At most 0x7ffff000 bytes a
    /// call. Source: sendfile(2).
    long sendfile(int in, @Nullable Offset offIn, int out, long len);

    /// Copies between two files of one file system, sharing extents where it can. EXDEV across file systems
    /// (since 5.19), EBADF for an O_APPEND output, EINVAL for overlapping ranges of one file or where a side is
    /// no regular file, EISDIR, ETXTBSY, EPERM. A 0 for a file whose recorded size is 0 is no end of file.
    /// Source: copy_file_range(2).
    long copyFileRange(int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len, int flags);

    // ---- waiting ----

    /// Waits until one of the first `count` descriptors is ready, at most `millis` (-1 without limit). Fills
    /// `revents`; returns how many are ready, 0 after the time, `-EINTR`. Source: poll(2).
    int poll(int[] fds, short[] events, short[] revents, int count, int millis);

    /// Source: epoll_create1(2).
    int epollCreate(int flags);

    /// Adds, changes or removes `fd`; `data` comes back with its events. EEXIST, ENOENT, EPERM for a regular
    /// file. Source: epoll_ctl(2).
    int epollCtl(int epoll, int operation, int fd, int events, long data);

    /// Fills `events` and `data`, as many as the shorter one holds; returns how many. Source: epoll_wait(2).
    int epollWait(int epoll, int[] events, long[] data, int millis);

    // ---- sockets; an address is a `struct sockaddr` as bytes ----

    /// Source: socket(2).
    int socket(int domain, int type, int protocol);

    /// Source: socketpair(2).
    int socketpair(int domain, int type, int protocol, int[] fds);

    /// Source: bind(2). EADDRINUSE, EADDRNOTAVAIL, EACCES.
    int bind(int fd, byte[] address);

    /// Source: listen(2).
    int listen(int fd, int backlog);

    /// Source: accept4(2). EAGAIN, ECONNABORTED, EMFILE, ENFILE.
    int accept4(int fd, int flags);

    /// Source: connect(2). EINPROGRESS on a non-blocking socket: wait for POLLOUT, then ask SO_ERROR.
    int connect(int fd, byte[] address);

    /// Source: shutdown(2).
    int shutdown(int fd, int how);

    /// Receives with flags: MSG_PEEK leaves the bytes, MSG_DONTWAIT never waits. Source: recv(2).
    long recv(int fd, Memory m, long at, long len, int flags);

    /// Sends with flags: MSG_DONTWAIT, MSG_MORE; pass MSG_NOSIGNAL. Source: send(2).
    long send(int fd, Memory m, long at, long len, int flags);

    /// Fills `address` with the own address; returns its bytes, which may be more than fit. Source:
    /// getsockname(2).
    int getsockname(int fd, byte[] address);

    /// Source: getpeername(2). ENOTCONN.
    int getpeername(int fd, byte[] address);

    /// An option that is an int. Source: setsockopt(2).
    int setsockopt(int fd, int level, int option, int value);

    /// SO_LINGER; `seconds` 0 makes close(2) reset the connection. Source: socket(7).
    int setLinger(int fd, boolean on, int seconds);

    /// An option that is an int, or `-errno`; SO_ERROR gives a positive errno. Source: getsockopt(2).
    int getsockopt(int fd, int level, int option);

    // ---- process, time, terminal ----

    /// Whether its descriptors are this process's, and its time passes by itself, so that threads may wait for both
    /// beside it: false where calls are simulated or changed.
    default boolean isHost() {
        return false;
    }

    /// The number in `/proc/sys/` `name`, e.g. `fs/pipe-max-size`, or `-errno` (ENOENT where there is no such file or
    /// no
    /// /proc, EINVAL where it holds no number >= 0). Source: proc_sys(5).
    long sysctl(String name);

    /// Nanoseconds of a clock that only goes forward; the origin means nothing.
    long nanoTime();

    /// Nanoseconds of CPU time of this thread (CLOCK_THREAD_CPUTIME_ID) or process (CLOCK_PROCESS_CPUTIME_ID).
    /// Source: clock_gettime(2).
    long cpuNanos(int clock);

    /// Pins thread `tid` (0 is the caller) to the CPUs whose bits are set in `mask`. Source:
    /// sched_setaffinity(2).
    int schedSetaffinity(int tid, long[] mask);

    /// Fills `mask` with the CPUs that thread `tid` may run on; returns the bytes written. Source:
    /// sched_getaffinity(2).
    int schedGetaffinity(int tid, long[] mask);

    /// Reads a resource limit of this process into `limit` ({soft, hard}; -1 means unlimited) and, when `change`
    /// is not null, sets it. Source: prlimit(2).
    int prlimit(int resource, long @Nullable [] change, long[] limit);

    /// Columns of the terminal `fd` in the low 16 bits, rows above them; ENOTTY where it is none.
    /// Source: ioctl_tty(2), TIOCGWINSZ.
    int winsize(int fd);

    /// An io_uring of `entries` requests, described in `params` (a `struct io_uring_params`, 120 bytes). EPERM
    /// where the sysctl `kernel.io_uring_disabled` or a seccomp filter forbids it; EINVAL for no entries, which
    /// is how to ask without making one. Source: io_uring_setup(2).
    int ioUringSetup(int entries, Memory params);

    /// Effective user id. Source: geteuid(2).
    int geteuid();

    /// Id of the calling thread, as in `/proc/self/task`. Source: gettid(2).
    int gettid();

    /// A counter of hardware or software events for `pid` (0: the caller) on `cpu` (-1: any); `attr` holds a
    /// `struct perf_event_attr`. EACCES, ENOENT where the machine has no such counter. Source:
    /// perf_event_open(2).
    int perfEventOpen(Memory attr, int pid, int cpu, int group, long flags);
}
