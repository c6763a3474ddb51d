package dev.fid.kernel;

import static dev.fid.kernel.NativeMemory.address;
import static dev.fid.kernel.Scratch.OFF_IN;
import static dev.fid.kernel.Scratch.OFF_OUT;
import static dev.fid.kernel.Scratch.ROOM;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The system calls of Linux, made through syscall(2): the only class of Fid that links native code, and it links
/// that one function. Every call of Fid takes at most six integers and returns one, so a single downcall shape
/// serves all; each further shape would cost about 5 ms of start-up. errno is captured for this thread and this
/// call. A downcall never uses `Linker.Option.critical`: these calls may sleep, and the collector would wait with
/// them.
///
/// Nothing is decided here. The C prototype stands above each method that hides more than its arguments. No call
/// on the path of the bytes allocates.
public final class LinuxKernel implements Kernel {
    private static final boolean AARCH64 = System.getProperty("os.arch").equals("aarch64");

    /// `struct epoll_event` is packed on x86-64 only. Source: linux/eventpoll.h, EPOLL_PACKED.
    private static final int EPOLL_EVENT_BYTES = AARCH64 ? 16 : 12;

    private static final int EPOLL_DATA = AARCH64 ? 8 : 4;

    private static final boolean POISON = Boolean.getBoolean("fid.poison");

    private static final int MAP_FIXED = 0x10;

    /// The kernel adds it to every open of a 64-bit process, and F_GETFL shows it. Source: fs/open.c,
    /// force_o_largefile.
    private static final int O_LARGEFILE = 0100000;

    private static final long FICLONE = 0x40049409L;
    private static final long FICLONERANGE = 0x4020940DL;
    private static final long BLKGETSIZE64 = 0x80081272L;
    private static final long FIONREAD = 0x541BL;
    private static final long SIOCOUTQ = 0x5411L; // TIOCOUTQ
    private static final long TIOCGWINSZ = 0x5413L;
    private static final long TIOCSPTLCK = 0x40045431L;
    private static final long TIOCGPTPEER = 0x5441L;

    /// The two restricted operations of Fid, in one place: one function, and one view of all memory to slice.
    @SuppressWarnings("restricted")
    private static final class Native {
        // long syscall(long number, ...)
        static final MethodHandle SYSCALL = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                        FunctionDescriptor.of(
                                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                        Linker.Option.firstVariadicArg(1),
                        Linker.Option.captureCallState("errno"));
        static final MemorySegment EVERYTHING = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    private static final class Holder {
        static final LinuxKernel KERNEL = new LinuxKernel();
    }

    private final int pageSize = pageSizeFromAuxv();

    private LinuxKernel() {
        java.util.Objects.requireNonNull(Native.SYSCALL); // linked now: denied access is told before the first call
    }

    /// The one instance; see {@link Kernel#linux}.
    static LinuxKernel instance() {
        String os = System.getProperty("os.name");
        String arch = System.getProperty("os.arch");
        if (!os.equals("Linux") || !(arch.equals("amd64") || AARCH64)) {
            throw new UnsupportedOperationException(
                    "Fid moves bytes with system calls of Linux on x86-64 and aarch64; this is " + os + " on " + arch);
        }
        try {
            return Holder.KERNEL;
        } catch (ExceptionInInitializerError | NoClassDefFoundError e) {
            String module = LinuxKernel.class.getModule().isNamed() ? "dev.fid" : "ALL-UNNAMED";
            throw new UnsupportedOperationException(
                    "Fid needs native access: start java with --enable-native-access=" + module, e);
        }
    }

    /// AT_PAGESZ of the auxiliary vector: the only way to the page size that is no function of libc. Source:
    /// getauxval(3).
    private static int pageSizeFromAuxv() {
        try {
            ByteBuffer auxv = ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/auxv")))
                    .order(ByteOrder.nativeOrder());
            while (auxv.remaining() >= 16) {
                long key = auxv.getLong();
                long value = auxv.getLong();
                if (key == 6) {
                    return (int) value;
                }
            }
        } catch (IOException e) {
            // No /proc: fall through to the size that every x86-64 and most aarch64 kernels have.
        }
        return 4096;
    }

    // ---- one call ----

    private static long call(Scratch s, long number, long a, long b, long c, long d, long e, long f) {
        try {
            long result = (long) Native.SYSCALL.invokeExact(s.memory, number, a, b, c, d, e, f);
            return result == -1 ? -s.errno() : result;
        } catch (Throwable t) {
            throw new AssertionError("syscall " + number + ": the downcall itself failed", t);
        }
    }

    private static long call(long number, long a, long b, long c, long d, long e, long f) {
        Scratch s = Scratch.take();
        try {
            return call(s, number, a, b, c, d, e, f);
        } finally {
            s.give();
        }
    }

    private static int callInt(long number, long a, long b, long c, long d) {
        return (int) call(number, a, b, c, d, 0, 0);
    }

    /// Copies `path` and a NUL to the scratch memory from `at`. Returns its address, or -ENAMETOOLONG where it
    /// does not fit, or -EINVAL where it holds a NUL, behind which the kernel would not look: it would open
    /// another file.
    private static long path(Scratch s, long at, byte[] path) {
        if (path.length > 4095) {
            return -Errno.ENAMETOOLONG;
        }
        for (byte b : path) {
            if (b == 0) {
                return -Errno.EINVAL;
            }
        }
        s.put(at, path);
        s.putByte(at + path.length, (byte) 0);
        return s.address + at;
    }

    /// Calls with a descriptor and one path first.
    private static long pathCall(long number, int dir, byte[] path, long c, long d, long e) {
        Scratch s = Scratch.take();
        try {
            long address = path(s, ROOM, path);
            return address < 0 ? address : call(s, number, dir, address, c, d, e, 0);
        } finally {
            s.give();
        }
    }

    /// Open flags of x86-64 to those of this machine. Source: arch/arm64/include/uapi/asm/fcntl.h of Linux 6.18.
    static int openFlags(int flags, boolean aarch64) {
        if (!aarch64) {
            return flags;
        }
        int moved = Uapi.O_DIRECTORY | Uapi.O_NOFOLLOW | Uapi.O_DIRECT | O_LARGEFILE;
        int own = flags & ~moved;
        // O_TMPFILE contains O_DIRECTORY: its own bit stays, the other moves.
        own |= (flags & Uapi.O_DIRECTORY) == 0 ? 0 : 040000;
        own |= (flags & Uapi.O_NOFOLLOW) == 0 ? 0 : 0100000;
        own |= (flags & Uapi.O_DIRECT) == 0 ? 0 : 0200000;
        own |= (flags & O_LARGEFILE) == 0 ? 0 : 0400000;
        return own;
    }

    /// The inverse of {@link #openFlags}, for F_GETFL.
    static int openFlagsBack(int flags, boolean aarch64) {
        if (!aarch64) {
            return flags;
        }
        int own = flags & ~(040000 | 0100000 | 0200000 | 0400000);
        own |= (flags & 040000) == 0 ? 0 : Uapi.O_DIRECTORY;
        own |= (flags & 0100000) == 0 ? 0 : Uapi.O_NOFOLLOW;
        own |= (flags & 0200000) == 0 ? 0 : Uapi.O_DIRECT;
        own |= (flags & 0400000) == 0 ? 0 : O_LARGEFILE;
        return own;
    }

    // ---- memory ----

    @Override
    public Memory allocate(long size) {
        long length = size <= 0 ? pageSize : size + pageSize - 1 & -pageSize;
        // A size that overflows makes a negative length, which mmap refuses with ENOMEM.
        long address = mmap(length, Uapi.PROT_READ | Uapi.PROT_WRITE, Uapi.MAP_PRIVATE | Uapi.MAP_ANONYMOUS, -1, 0);
        if (address < 0) {
            throw new OutOfMemoryError(
                    "mmap of " + length + " bytes: " + Errno.name((int) -address) + ", " + Errno.text((int) -address));
        }
        return new NativeMemory(Native.EVERYTHING.asSlice(address, length), () -> free(address, length));
    }

    /// With `-Dfid.poison=true`, for tests: its pages go, but its addresses stay taken, so that whoever still
    /// uses it is killed, or gets EFAULT of the kernel, instead of meeting what came there next.
    private void free(long address, long length) {
        if (POISON) {
            int flags = Uapi.MAP_PRIVATE | Uapi.MAP_ANONYMOUS | MAP_FIXED;
            call(Syscalls.MMAP, address, length, 0, flags, -1, 0);
        } else {
            munmap(address, length);
        }
    }

    @Override
    public Memory memory(long address, long len) {
        return new NativeMemory(Native.EVERYTHING.asSlice(address, len), null);
    }

    @Override
    public long mmap(long len, int prot, int flags, int fd, long off) {
        return call(Syscalls.MMAP, 0, len, prot, flags, fd, off);
    }

    @Override
    public int munmap(long address, long len) {
        return callInt(Syscalls.MUNMAP, address, len, 0, 0);
    }

    @Override
    public int madvise(long address, long len, int advice) {
        return callInt(Syscalls.MADVISE, address, len, advice, 0);
    }

    @Override
    public int pageSize() {
        return pageSize;
    }

    // ---- files ----

    @Override
    public int openat(int dir, byte[] path, int flags, int mode) {
        return (int) pathCall(Syscalls.OPENAT, dir, path, openFlags(flags, AARCH64), mode, 0);
    }

    // int openat2(int dirfd, const char *path, struct open_how { u64 flags, mode, resolve } *how, size_t size)
    @Override
    public int openat2(int dir, byte[] path, int flags, int mode, long resolve) {
        Scratch s = Scratch.take();
        try {
            long address = path(s, ROOM + 24, path);
            if (address < 0) {
                return (int) address;
            }
            s.putLong(ROOM, Integer.toUnsignedLong(openFlags(flags, AARCH64)));
            s.putLong(ROOM + 8, mode);
            s.putLong(ROOM + 16, resolve);
            return (int) call(s, Syscalls.OPENAT2, dir, address, s.address + ROOM, 24, 0, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public int close(int fd) {
        return callInt(Syscalls.CLOSE, fd, 0, 0, 0);
    }

    @Override
    public long read(int fd, Memory m, long at, long len) {
        return call(Syscalls.READ, fd, address(m, at, len), len, 0, 0, 0);
    }

    @Override
    public long write(int fd, Memory m, long at, long len) {
        return call(Syscalls.WRITE, fd, address(m, at, len), len, 0, 0, 0);
    }

    @Override
    public long pread(int fd, Memory m, long at, long len, long off) {
        return call(Syscalls.PREAD64, fd, address(m, at, len), len, off, 0, 0);
    }

    @Override
    public long pwrite(int fd, Memory m, long at, long len, long off) {
        return call(Syscalls.PWRITE64, fd, address(m, at, len), len, off, 0, 0);
    }

    @Override
    public long preadv2(int fd, Memory m, long at, long len, long off, int flags) {
        return vector(Syscalls.PREADV2, fd, address(m, at, len), len, off, flags);
    }

    @Override
    public long pwritev2(int fd, Memory m, long at, long len, long off, int flags) {
        return vector(Syscalls.PWRITEV2, fd, address(m, at, len), len, off, flags);
    }

    // ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t low, off_t high, int flags): on 64-bit
    // machines the low half holds the whole offset
    private static long vector(long number, int fd, long address, long len, long off, int flags) {
        Scratch s = Scratch.take();
        try {
            s.putLong(ROOM, address);
            s.putLong(ROOM + 8, len);
            return call(s, number, fd, s.address + ROOM, 1, off, 0, flags);
        } finally {
            s.give();
        }
    }

    @Override
    public long lseek(int fd, long off, int whence) {
        return call(Syscalls.LSEEK, fd, off, whence, 0, 0, 0);
    }

    @Override
    public int ftruncate(int fd, long length) {
        return callInt(Syscalls.FTRUNCATE, fd, length, 0, 0);
    }

    @Override
    public int fallocate(int fd, int mode, long off, long len) {
        return callInt(Syscalls.FALLOCATE, fd, mode, off, len);
    }

    @Override
    public int fsync(int fd) {
        return callInt(Syscalls.FSYNC, fd, 0, 0, 0);
    }

    @Override
    public int fdatasync(int fd) {
        return callInt(Syscalls.FDATASYNC, fd, 0, 0, 0);
    }

    @Override
    public int syncfs(int fd) {
        return callInt(Syscalls.SYNCFS, fd, 0, 0, 0);
    }

    @Override
    public int fadvise(int fd, long off, long len, int advice) {
        return callInt(Syscalls.FADVISE64, fd, off, len, advice);
    }

    @Override
    public int statx(int dir, byte[] path, int flags, int mask, Stat out) {
        Scratch s = Scratch.take();
        try {
            long address = path(s, ROOM + 256, path);
            if (address < 0) {
                return (int) address;
            }
            int result = (int) call(s, Syscalls.STATX, dir, address, flags, mask, s.address + ROOM, 0);
            if (result == 0) {
                fill(out, s);
            }
            return result;
        } finally {
            s.give();
        }
    }

    /// Reads `struct statx`. Source: linux/stat.h.
    private static void fill(Stat out, Scratch s) {
        boolean born = (s.getInt(ROOM) & Uapi.STATX_BTIME) != 0;
        out.blockSize = s.getInt(ROOM + 4);
        out.attributes = s.getLong(ROOM + 8);
        out.nlink = s.getInt(ROOM + 16);
        out.uid = s.getInt(ROOM + 20);
        out.gid = s.getInt(ROOM + 24);
        out.mode = Short.toUnsignedInt(s.getShort(ROOM + 28));
        out.inode = s.getLong(ROOM + 32);
        out.size = s.getLong(ROOM + 40);
        out.blocks = s.getLong(ROOM + 48);
        out.atimeSeconds = s.getLong(ROOM + 64);
        out.atimeNanos = s.getInt(ROOM + 72);
        out.birthSeconds = born ? s.getLong(ROOM + 80) : 0;
        out.birthNanos = born ? s.getInt(ROOM + 88) : 0;
        out.ctimeSeconds = s.getLong(ROOM + 96);
        out.ctimeNanos = s.getInt(ROOM + 104);
        out.mtimeSeconds = s.getLong(ROOM + 112);
        out.mtimeNanos = s.getInt(ROOM + 120);
        out.rdev = (long) s.getInt(ROOM + 128) << 32 | Integer.toUnsignedLong(s.getInt(ROOM + 132));
        out.device = (long) s.getInt(ROOM + 136) << 32 | Integer.toUnsignedLong(s.getInt(ROOM + 140));
    }

    // struct statfs { long f_type, f_bsize; u64 f_blocks, f_bfree, f_bavail ... } (64-bit)
    @Override
    public int fstatfs(int fd, StatFs out) {
        Scratch s = Scratch.take();
        try {
            int result = (int) call(s, Syscalls.FSTATFS, fd, s.address + ROOM, 0, 0, 0, 0);
            if (result == 0) {
                out.type = s.getLong(ROOM) & 0xffffffffL;
                out.blockSize = s.getLong(ROOM + 8);
                out.blocks = s.getLong(ROOM + 16);
                out.free = s.getLong(ROOM + 24);
                out.available = s.getLong(ROOM + 32);
            }
            return result;
        } finally {
            s.give();
        }
    }

    // ---- names ----

    /// Calls with two directories and two paths.
    private static int twoPaths(long number, int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags) {
        Scratch s = Scratch.take();
        try {
            long first = path(s, ROOM, oldPath);
            long second = path(s, ROOM + 4096, newPath);
            return first < 0 || second < 0
                    ? (int) Math.min(first, second)
                    : (int) call(s, number, oldDir, first, newDir, second, flags, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public int renameat2(int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags) {
        return twoPaths(Syscalls.RENAMEAT2, oldDir, oldPath, newDir, newPath, flags);
    }

    @Override
    public int linkat(int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags) {
        return twoPaths(Syscalls.LINKAT, oldDir, oldPath, newDir, newPath, flags);
    }

    @Override
    public int unlinkat(int dir, byte[] path, int flags) {
        return (int) pathCall(Syscalls.UNLINKAT, dir, path, flags, 0, 0);
    }

    @Override
    public int mkdirat(int dir, byte[] path, int mode) {
        return (int) pathCall(Syscalls.MKDIRAT, dir, path, mode, 0, 0);
    }

    @Override
    public int mknodat(int dir, byte[] path, int mode, long device) {
        return (int) pathCall(Syscalls.MKNODAT, dir, path, mode, device, 0);
    }

    // int symlinkat(const char *target, int newdirfd, const char *linkpath)
    @Override
    public int symlinkat(byte[] target, int dir, byte[] path) {
        Scratch s = Scratch.take();
        try {
            long first = path(s, ROOM, target);
            long second = path(s, ROOM + 4096, path);
            return first < 0 || second < 0
                    ? (int) Math.min(first, second)
                    : (int) call(s, Syscalls.SYMLINKAT, first, dir, second, 0, 0, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public long readlinkat(int dir, byte[] path, Memory m, long at, long len) {
        return pathCall(Syscalls.READLINKAT, dir, path, address(m, at, len), len, 0);
    }

    @Override
    public long getdents64(int fd, Memory m, long at, long len) {
        return call(Syscalls.GETDENTS64, fd, address(m, at, len), len, 0, 0, 0);
    }

    @Override
    public int fchmod(int fd, int mode) {
        return callInt(Syscalls.FCHMOD, fd, mode, 0, 0);
    }

    @Override
    public int fchmodat(int dir, byte[] path, int mode) {
        return (int) pathCall(Syscalls.FCHMODAT, dir, path, mode, 0, 0);
    }

    @Override
    public int fchownat(int dir, byte[] path, int uid, int gid, int flags) {
        return (int) pathCall(Syscalls.FCHOWNAT, dir, path, uid, gid, flags);
    }

    // int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags); no path: the
    // descriptor
    @Override
    public int utimensat(
            int dir, byte[] path, long atimeSeconds, long atimeNanos, long mtimeSeconds, long mtimeNanos, int flags) {
        Scratch s = Scratch.take();
        try {
            long address = path.length == 0 ? 0 : path(s, ROOM + 32, path);
            if (address < 0) {
                return (int) address;
            }
            s.putLong(ROOM, atimeSeconds);
            s.putLong(ROOM + 8, atimeNanos);
            s.putLong(ROOM + 16, mtimeSeconds);
            s.putLong(ROOM + 24, mtimeNanos);
            return (int) call(s, Syscalls.UTIMENSAT, dir, address, s.address + ROOM, flags, 0, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public long flistxattr(int fd, Memory m, long at, long len) {
        return call(Syscalls.FLISTXATTR, fd, address(m, at, len), len, 0, 0, 0);
    }

    @Override
    public long fgetxattr(int fd, byte[] name, Memory m, long at, long len) {
        return pathCall(Syscalls.FGETXATTR, fd, name, address(m, at, len), len, 0);
    }

    @Override
    public int fsetxattr(int fd, byte[] name, Memory m, long at, long len, int flags) {
        return (int) pathCall(Syscalls.FSETXATTR, fd, name, address(m, at, len), len, flags);
    }

    @Override
    public int fremovexattr(int fd, byte[] name) {
        return (int) pathCall(Syscalls.FREMOVEXATTR, fd, name, 0, 0, 0);
    }

    @Override
    public long listxattr(byte[] path, Memory m, long at, long len) {
        return attribute(Syscalls.LISTXATTR, path, Uapi.NO_PATH, address(m, at, len), len, 0);
    }

    @Override
    public long getxattr(byte[] path, byte[] name, Memory m, long at, long len) {
        return attribute(Syscalls.GETXATTR, path, name, address(m, at, len), len, 0);
    }

    @Override
    public int setxattr(byte[] path, byte[] name, Memory m, long at, long len, int flags) {
        return (int) attribute(Syscalls.SETXATTR, path, name, address(m, at, len), len, flags);
    }

    /// A call with a path and, unless it is empty, the name of an attribute.
    private static long attribute(long number, byte[] path, byte[] name, long address, long len, int flags) {
        Scratch s = Scratch.take();
        try {
            long first = path(s, ROOM, path);
            long second = path(s, ROOM + 4096, name);
            if (first < 0 || second < 0) {
                return Math.min(first, second);
            }
            return name.length == 0
                    ? call(s, number, first, address, len, 0, 0, 0)
                    : call(s, number, first, second, address, len, flags, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public int ficlone(int in, int out) {
        return callInt(Syscalls.IOCTL, out, FICLONE, in, 0);
    }

    // struct file_clone_range { s64 src_fd; u64 src_offset, src_length, dest_offset; }
    @Override
    public int ficlonerange(int in, long offIn, long len, int out, long offOut) {
        Scratch s = Scratch.take();
        try {
            s.putLong(ROOM, in);
            s.putLong(ROOM + 8, offIn);
            s.putLong(ROOM + 16, len);
            s.putLong(ROOM + 24, offOut);
            return (int) call(s, Syscalls.IOCTL, out, FICLONERANGE, s.address + ROOM, 0, 0, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public int tiocsptlck(int fd, int locked) {
        Scratch s = Scratch.take();
        try {
            s.putInt(ROOM, locked);
            return (int) call(s, Syscalls.IOCTL, fd, TIOCSPTLCK, s.address + ROOM, 0, 0, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public int tiocgptpeer(int fd, int flags) {
        return callInt(Syscalls.IOCTL, fd, TIOCGPTPEER, flags, 0);
    }

    @Override
    public long blkgetsize64(int fd) {
        Scratch s = Scratch.take();
        try {
            long result = call(s, Syscalls.IOCTL, fd, BLKGETSIZE64, s.address + ROOM, 0, 0, 0);
            return result < 0 ? result : s.getLong(ROOM);
        } finally {
            s.give();
        }
    }

    // ---- descriptors ----

    /// Calls that fill two ints at their last pointer argument.
    private static int twoInts(long number, long a, long b, long c, boolean pointerFirst, int[] out) {
        Scratch s = Scratch.take();
        try {
            long pointer = s.address + ROOM;
            int result = (int)
                    (pointerFirst ? call(s, number, pointer, a, b, c, 0, 0) : call(s, number, a, b, c, pointer, 0, 0));
            if (result == 0) {
                out[0] = s.getInt(ROOM);
                out[1] = s.getInt(ROOM + 4);
            }
            return result;
        } finally {
            s.give();
        }
    }

    @Override
    public int pipe2(int[] fds, int flags) {
        return twoInts(Syscalls.PIPE2, openFlags(flags, AARCH64), 0, 0, true, fds);
    }

    @Override
    public int fcntl(int fd, int command, long argument) {
        int result = callInt(
                Syscalls.FCNTL,
                fd,
                command,
                command == Uapi.F_SETFL ? openFlags((int) argument, AARCH64) : argument,
                0);
        return command == Uapi.F_GETFL && result >= 0 ? openFlagsBack(result, AARCH64) : result;
    }

    @Override
    public int flock(int fd, int operation) {
        return callInt(Syscalls.FLOCK, fd, operation, 0, 0);
    }

    @Override
    public int dup3(int fd, int newFd, int flags) {
        return callInt(Syscalls.DUP3, fd, newFd, flags, 0);
    }

    @Override
    public int fionread(int fd) {
        Scratch s = Scratch.take();
        try {
            long result = call(s, Syscalls.IOCTL, fd, FIONREAD, s.address + ROOM, 0, 0, 0);
            return result < 0 ? (int) result : s.getInt(ROOM);
        } finally {
            s.give();
        }
    }

    @Override
    public int siocoutq(int fd) {
        Scratch s = Scratch.take();
        try {
            long result = call(s, Syscalls.IOCTL, fd, SIOCOUTQ, s.address + ROOM, 0, 0, 0);
            return result < 0 ? (int) result : s.getInt(ROOM);
        } finally {
            s.give();
        }
    }

    @Override
    public int memfdCreate(byte[] name, int flags) {
        Scratch s = Scratch.take();
        try {
            long address = path(s, ROOM, name);
            return address < 0 ? -Errno.EINVAL : (int) call(s, Syscalls.MEMFD_CREATE, address, flags, 0, 0, 0, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public int eventfd(int initial, int flags) {
        return callInt(Syscalls.EVENTFD2, initial, flags, 0, 0);
    }

    @Override
    public int eventfdWrite(int fd, long value) {
        Scratch s = Scratch.take();
        try {
            s.putLong(ROOM, value);
            return (int) Math.min(0, call(s, Syscalls.WRITE, fd, s.address + ROOM, 8, 0, 0, 0));
        } finally {
            s.give();
        }
    }

    // ---- moving bytes ----

    /// Puts an offset where the kernel can change it; returns its address, 0 for none.
    private static long offset(Scratch s, long at, @Nullable Offset offset) {
        if (offset == null) {
            return 0;
        }
        s.putLong(at, offset.value);
        return s.address + at;
    }

    private static void moveOn(Scratch s, long at, @Nullable Offset offset) {
        if (offset != null) {
            offset.value = s.getLong(at);
        }
    }

    // ssize_t splice(int in, off_t *off_in, int out, off_t *off_out, size_t len, unsigned flags)
    @Override
    public long splice(int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len, int flags) {
        return withOffsets(Syscalls.SPLICE, in, offIn, out, offOut, len, flags);
    }

    // ssize_t copy_file_range(int in, off_t *off_in, int out, off_t *off_out, size_t len, unsigned flags)
    @Override
    public long copyFileRange(int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len, int flags) {
        return withOffsets(Syscalls.COPY_FILE_RANGE, in, offIn, out, offOut, len, flags);
    }

    private static long withOffsets(
            long number, int in, @Nullable Offset offIn, int out, @Nullable Offset offOut, long len, int flags) {
        Scratch s = Scratch.take();
        try {
            long result = call(s, number, in, offset(s, OFF_IN, offIn), out, offset(s, OFF_OUT, offOut), len, flags);
            moveOn(s, OFF_IN, offIn);
            moveOn(s, OFF_OUT, offOut);
            return result;
        } finally {
            s.give();
        }
    }

    @Override
    public long tee(int in, int out, long len, int flags) {
        return call(Syscalls.TEE, in, out, len, flags, 0, 0);
    }

    // ssize_t vmsplice(int fd, const struct iovec *iov, size_t nr_segs, unsigned flags)
    @Override
    public long vmsplice(int fd, Span[] spans, int flags) {
        Scratch s = Scratch.take();
        try {
            // 1024 is IOV_MAX. More is an error of the kernel's to report, so one more entry need not be filled.
            for (int i = 0; i < Math.min(spans.length, 1024); i++) {
                s.putLong(ROOM + 16L * i, address(spans[i].memory(), spans[i].at(), spans[i].len()));
                s.putLong(ROOM + 16L * i + 8, spans[i].len());
            }
            return call(s, Syscalls.VMSPLICE, fd, s.address + ROOM, spans.length, flags, 0, 0);
        } finally {
            s.give();
        }
    }

    // ssize_t sendfile(int out, int in, off_t *off_in, size_t len)
    @Override
    public long sendfile(int in, @Nullable Offset offIn, int out, long len) {
        Scratch s = Scratch.take();
        try {
            long result = call(s, Syscalls.SENDFILE, out, in, offset(s, OFF_IN, offIn), len, 0, 0);
            moveOn(s, OFF_IN, offIn);
            return result;
        } finally {
            s.give();
        }
    }

    // ---- waiting ----

    // int ppoll(struct pollfd { int fd; short events, revents; } *fds, nfds_t, const struct timespec *, sigset_t
    // *, size_t)
    @Override
    public int poll(int[] fds, short[] events, short[] revents, int count, int millis) {
        if (count > (Scratch.ROOM_BYTES - 16) / 8) {
            return -Errno.EINVAL;
        }
        Scratch s = Scratch.take();
        try {
            long table = ROOM + 16;
            for (int i = 0; i < count; i++) {
                s.putInt(table + 8L * i, fds[i]);
                s.putInt(table + 8L * i + 4, Short.toUnsignedInt(events[i]));
            }
            s.putLong(ROOM, millis / 1000);
            s.putLong(ROOM + 8, millis % 1000 * 1_000_000L);
            int ready =
                    (int) call(s, Syscalls.PPOLL, s.address + table, count, millis < 0 ? 0 : s.address + ROOM, 0, 8, 0);
            for (int i = 0; ready >= 0 && i < count; i++) {
                revents[i] = s.getShort(table + 8L * i + 6);
            }
            return ready;
        } finally {
            s.give();
        }
    }

    @Override
    public int epollCreate(int flags) {
        return callInt(Syscalls.EPOLL_CREATE1, flags, 0, 0, 0);
    }

    @Override
    public int epollCtl(int epoll, int operation, int fd, int events, long data) {
        Scratch s = Scratch.take();
        try {
            s.putInt(ROOM, events);
            s.putLong(ROOM + EPOLL_DATA, data);
            return (int) call(s, Syscalls.EPOLL_CTL, epoll, operation, fd, s.address + ROOM, 0, 0);
        } finally {
            s.give();
        }
    }

    // int epoll_pwait(int epoll, struct epoll_event *events, int max, int millis, const sigset_t *, size_t)
    @Override
    public int epollWait(int epoll, int[] events, long[] data, int millis) {
        int max = Math.min(Math.min(events.length, data.length), Scratch.ROOM_BYTES / EPOLL_EVENT_BYTES);
        Scratch s = Scratch.take();
        try {
            int ready = (int) call(s, Syscalls.EPOLL_PWAIT, epoll, s.address + ROOM, max, millis, 0, 8);
            for (int i = 0; i < ready; i++) {
                events[i] = s.getInt(ROOM + (long) i * EPOLL_EVENT_BYTES);
                data[i] = s.getLong(ROOM + (long) i * EPOLL_EVENT_BYTES + EPOLL_DATA);
            }
            return ready;
        } finally {
            s.give();
        }
    }

    // ---- sockets ----

    @Override
    public int socket(int domain, int type, int protocol) {
        return callInt(Syscalls.SOCKET, domain, type, protocol, 0);
    }

    @Override
    public int socketpair(int domain, int type, int protocol, int[] fds) {
        return twoInts(Syscalls.SOCKETPAIR, domain, type, protocol, false, fds);
    }

    /// Calls with a descriptor and a `struct sockaddr`.
    private static int addressCall(long number, int fd, byte[] address) {
        Scratch s = Scratch.take();
        try {
            if (address.length > 128) {
                return -Errno.EINVAL;
            }
            s.put(ROOM, address);
            return (int) call(s, number, fd, s.address + ROOM, address.length, 0, 0, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public int bind(int fd, byte[] address) {
        return addressCall(Syscalls.BIND, fd, address);
    }

    @Override
    public int listen(int fd, int backlog) {
        return callInt(Syscalls.LISTEN, fd, backlog, 0, 0);
    }

    @Override
    public int accept4(int fd, int flags) {
        return callInt(Syscalls.ACCEPT4, fd, 0, 0, flags);
    }

    @Override
    public int connect(int fd, byte[] address) {
        return addressCall(Syscalls.CONNECT, fd, address);
    }

    @Override
    public int shutdown(int fd, int how) {
        return callInt(Syscalls.SHUTDOWN, fd, how, 0, 0);
    }

    @Override
    public long recv(int fd, Memory m, long at, long len, int flags) {
        return call(Syscalls.RECVFROM, fd, address(m, at, len), len, flags, 0, 0);
    }

    @Override
    public long send(int fd, Memory m, long at, long len, int flags) {
        return call(Syscalls.SENDTO, fd, address(m, at, len), len, flags, 0, 0);
    }

    // int getsockname(int fd, struct sockaddr *address, socklen_t *len)
    private static int nameCall(long number, int fd, byte[] address) {
        Scratch s = Scratch.take();
        try {
            s.putInt(ROOM, 128);
            int result = (int) call(s, number, fd, s.address + ROOM + 8, s.address + ROOM, 0, 0, 0);
            if (result < 0) {
                return result;
            }
            int length = s.getInt(ROOM);
            s.get(ROOM + 8, address, Math.min(address.length, length));
            return length;
        } finally {
            s.give();
        }
    }

    @Override
    public int getsockname(int fd, byte[] address) {
        return nameCall(Syscalls.GETSOCKNAME, fd, address);
    }

    @Override
    public int getpeername(int fd, byte[] address) {
        return nameCall(Syscalls.GETPEERNAME, fd, address);
    }

    /// setsockopt with a value of one or two ints: `struct linger` has two.
    private static int option(int fd, int level, int option, int bytes, int first, int second) {
        Scratch s = Scratch.take();
        try {
            s.putInt(ROOM, first);
            s.putInt(ROOM + 4, second);
            return (int) call(s, Syscalls.SETSOCKOPT, fd, level, option, s.address + ROOM, bytes, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public int setsockopt(int fd, int level, int option, int value) {
        return option(fd, level, option, 4, value, 0);
    }

    @Override
    public int setLinger(int fd, boolean on, int seconds) {
        return option(fd, Uapi.SOL_SOCKET, Uapi.SO_LINGER, 8, on ? 1 : 0, seconds);
    }

    @Override
    public int getsockopt(int fd, int level, int option) {
        Scratch s = Scratch.take();
        try {
            s.putInt(ROOM, 0);
            s.putInt(ROOM + 8, 4);
            long result = call(s, Syscalls.GETSOCKOPT, fd, level, option, s.address + ROOM, s.address + ROOM + 8, 0);
            return result < 0 ? (int) result : s.getInt(ROOM);
        } finally {
            s.give();
        }
    }

    // ---- process, time, terminal ----

    @Override
    public boolean isHost() {
        return true;
    }

    @Override
    public long sysctl(String name) {
        int fd = openat(Uapi.AT_FDCWD, ("/proc/sys/" + name).getBytes(US_ASCII), Uapi.O_CLOEXEC, 0);
        if (fd < 0) {
            return fd;
        }
        try (Memory text = allocate(pageSize())) {
            long read = read(fd, text, 0, text.size()); // a sysctl gives all in one read, and then no more
            if (read < 0) {
                return read;
            }
            String number = new String(text.bytes(0, (int) read), US_ASCII).strip();
            return number.matches("\\d{1,18}") ? Long.parseLong(number) : -Errno.EINVAL;
        } finally {
            close(fd);
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long cpuNanos(int clock) {
        Scratch s = Scratch.take();
        try {
            long result = call(s, Syscalls.CLOCK_GETTIME, clock, s.address + ROOM, 0, 0, 0, 0);
            return result < 0 ? result : s.getLong(ROOM) * 1_000_000_000L + s.getLong(ROOM + 8);
        } finally {
            s.give();
        }
    }

    @Override
    public int schedSetaffinity(int tid, long[] mask) {
        Scratch s = Scratch.take();
        try {
            for (int i = 0; i < mask.length; i++) {
                s.putLong(ROOM + 8L * i, mask[i]);
            }
            return (int) call(s, Syscalls.SCHED_SETAFFINITY, tid, 8L * mask.length, s.address + ROOM, 0, 0, 0);
        } finally {
            s.give();
        }
    }

    @Override
    public int schedGetaffinity(int tid, long[] mask) {
        Scratch s = Scratch.take();
        try {
            int result = (int) call(s, Syscalls.SCHED_GETAFFINITY, tid, 8L * mask.length, s.address + ROOM, 0, 0, 0);
            Arrays.fill(mask, 0);
            for (int i = 0; i < result / 8; i++) {
                mask[i] = s.getLong(ROOM + 8L * i);
            }
            return result;
        } finally {
            s.give();
        }
    }

    // int prlimit64(pid_t pid, int resource, const struct rlimit64 { u64 soft, hard; } *change, struct rlimit64
    // *limit)
    @Override
    public int prlimit(int resource, long @Nullable [] change, long[] limit) {
        Scratch s = Scratch.take();
        try {
            if (change != null) {
                s.putLong(ROOM, change[0]);
                s.putLong(ROOM + 8, change[1]);
            }
            long old = s.address + ROOM + 16;
            int result =
                    (int) call(s, Syscalls.PRLIMIT64, 0, resource, change == null ? 0 : s.address + ROOM, old, 0, 0);
            if (result == 0) {
                limit[0] = s.getLong(ROOM + 16);
                limit[1] = s.getLong(ROOM + 24);
            }
            return result;
        } finally {
            s.give();
        }
    }

    // struct winsize { unsigned short ws_row, ws_col ... }
    @Override
    public int winsize(int fd) {
        Scratch s = Scratch.take();
        try {
            long result = call(s, Syscalls.IOCTL, fd, TIOCGWINSZ, s.address + ROOM, 0, 0, 0);
            return result < 0
                    ? (int) result
                    : Short.toUnsignedInt(s.getShort(ROOM)) << 16 | Short.toUnsignedInt(s.getShort(ROOM + 2));
        } finally {
            s.give();
        }
    }

    @Override
    public int ioUringSetup(int entries, Memory params) {
        return callInt(Syscalls.IO_URING_SETUP, entries, address(params, 0, params.size()), 0, 0);
    }

    @Override
    public int geteuid() {
        return callInt(Syscalls.GETEUID, 0, 0, 0, 0);
    }

    @Override
    public int gettid() {
        return callInt(Syscalls.GETTID, 0, 0, 0, 0);
    }

    @Override
    public int perfEventOpen(Memory attr, int pid, int cpu, int group, long flags) {
        return (int) call(Syscalls.PERF_EVENT_OPEN, address(attr, 0, attr.size()), pid, cpu, group, flags, 0);
    }
}
