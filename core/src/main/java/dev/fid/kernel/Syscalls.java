package dev.fid.kernel;

/// The numbers of the system calls that {@link LinuxKernel} makes, for x86-64 and aarch64. A test compares them
/// with the headers of the machine. Source: asm/unistd_64.h and asm-generic/unistd.h of Linux 6.1.
final class Syscalls {
    private static final boolean X86 = System.getProperty("os.arch").equals("amd64");

    static final long ACCEPT4 = number(288, 242);
    static final long BIND = number(49, 200);
    static final long CLOCK_GETTIME = number(228, 113);
    static final long CLOSE = number(3, 57);
    static final long CONNECT = number(42, 203);
    static final long COPY_FILE_RANGE = number(326, 285);
    static final long DUP3 = number(292, 24);
    static final long EPOLL_CREATE1 = number(291, 20);
    static final long EPOLL_CTL = number(233, 21);
    static final long EPOLL_PWAIT = number(281, 22);
    static final long EVENTFD2 = number(290, 19);
    static final long FADVISE64 = number(221, 223);
    static final long FALLOCATE = number(285, 47);
    static final long FCHMOD = number(91, 52);
    static final long FCHMODAT = number(268, 53);
    static final long FCHOWNAT = number(260, 54);
    static final long FCNTL = number(72, 25);
    static final long FDATASYNC = number(75, 83);
    static final long SYNCFS = number(306, 267);
    static final long FGETXATTR = number(193, 10);
    static final long FLISTXATTR = number(196, 13);
    static final long FLOCK = number(73, 32);
    static final long FREMOVEXATTR = number(199, 16);
    static final long FSETXATTR = number(190, 7);
    static final long FSTATFS = number(138, 44);
    static final long FSYNC = number(74, 82);
    static final long FTRUNCATE = number(77, 46);
    static final long GETDENTS64 = number(217, 61);
    static final long GETEUID = number(107, 175);
    static final long GETPEERNAME = number(52, 205);
    static final long GETSOCKNAME = number(51, 204);
    static final long GETSOCKOPT = number(55, 209);
    static final long GETTID = number(186, 178);
    static final long GETXATTR = number(191, 8);
    static final long IOCTL = number(16, 29);
    static final long IO_URING_SETUP = number(425, 425);
    static final long LINKAT = number(265, 37);
    static final long LISTEN = number(50, 201);
    static final long LISTXATTR = number(194, 11);
    static final long LSEEK = number(8, 62);
    static final long MADVISE = number(28, 233);
    static final long MEMFD_CREATE = number(319, 279);
    static final long MKDIRAT = number(258, 34);
    static final long MKNODAT = number(259, 33);
    static final long MMAP = number(9, 222);
    static final long MUNMAP = number(11, 215);
    static final long OPENAT = number(257, 56);
    static final long OPENAT2 = number(437, 437);
    static final long PERF_EVENT_OPEN = number(298, 241);
    static final long PIPE2 = number(293, 59);
    static final long PPOLL = number(271, 73);
    static final long PREAD64 = number(17, 67);
    static final long PREADV2 = number(327, 286);
    static final long PRLIMIT64 = number(302, 261);
    static final long PWRITE64 = number(18, 68);
    static final long PWRITEV2 = number(328, 287);
    static final long READ = number(0, 63);
    static final long READLINKAT = number(267, 78);
    static final long RECVFROM = number(45, 207);
    static final long RENAMEAT2 = number(316, 276);
    static final long SCHED_GETAFFINITY = number(204, 123);
    static final long SCHED_SETAFFINITY = number(203, 122);
    static final long SENDFILE = number(40, 71);
    static final long SENDTO = number(44, 206);
    static final long SETSOCKOPT = number(54, 208);
    static final long SETXATTR = number(188, 5);
    static final long SHUTDOWN = number(48, 210);
    static final long SOCKET = number(41, 198);
    static final long SOCKETPAIR = number(53, 199);
    static final long SPLICE = number(275, 76);
    static final long STATX = number(332, 291);
    static final long SYMLINKAT = number(266, 36);
    static final long TEE = number(276, 77);
    static final long UNLINKAT = number(263, 35);
    static final long UTIMENSAT = number(280, 88);
    static final long VMSPLICE = number(278, 75);
    static final long WRITE = number(1, 64);

    private Syscalls() {}

    private static long number(long x86, long aarch64) {
        return X86 ? x86 : aarch64;
    }
}
