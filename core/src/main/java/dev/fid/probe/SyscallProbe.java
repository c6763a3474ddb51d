package dev.fid.probe;

import static dev.fid.kernel.Uapi.*;

import dev.fid.Facts;
import dev.fid.FdKind;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Span;
import dev.fid.path.Proc;
import dev.fid.probe.Capability.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which system calls and features answer. A call is asked with a descriptor that is none: EBADF comes from the call
/// itself, ENOSYS from a kernel without it, EPERM and others from a filter in front of it.
final class SyscallProbe {
    private static final String BY_BAD_FD = "called with descriptor -1: ";

    private final Kernel kernel;
    private final boolean filtered;

    SyscallProbe(Kernel kernel, boolean filtered) {
        this.kernel = kernel;
        this.filtered = filtered;
    }

    List<Capability> all(List<Matrix.Kind> files) {
        List<Capability> found = new ArrayList<>();
        try (Memory memory = kernel.allocate(kernel.pageSize())) {
            byte[] root = {'/'};
            Span[] spans = {new Span(memory, 0, 1)};
            found.add(call("splice", kernel.splice(-1, null, -1, null, 1, 0), Errno.EBADF, ""));
            found.add(call("tee", kernel.tee(-1, -1, 1, 0), Errno.EBADF, ""));
            found.add(call(
                    "vmsplice",
                    kernel.vmsplice(-1, spans, 0),
                    Errno.EBADF,
                    "memory goes into pipes by write(2) then; some seccomp profiles forbid vmsplice"));
            found.add(call("sendfile", kernel.sendfile(-1, null, -1, 1), Errno.EBADF, ""));
            found.add(call("copy_file_range", kernel.copyFileRange(-1, null, -1, null, 1, 0), Errno.EBADF, ""));
            found.add(call("memfd_create", closed(kernel.memfdCreate(new byte[] {'f'}, MFD_CLOEXEC)), 0, ""));
            found.add(call("statx", kernel.fstat(-1, new dev.fid.kernel.Stat()), Errno.EBADF, ""));
            found.add(call(
                    "openat2",
                    closed(kernel.openat2(AT_FDCWD, root, O_PATH | O_CLOEXEC, 0, 0)),
                    0,
                    "Linux 5.6; without it paths cannot be confined to a directory in one call"));
            found.add(uring());
            found.add(ktls());
            found.add(zeroCopySend());
            for (Matrix.Kind file : files) {
                found.add(reflink(file, memory));
                found.add(uncached(file, memory));
            }
        }
        return found;
    }

    private int closed(int fd) {
        if (fd >= 0) {
            kernel.close(fd);
        }
        return Math.min(fd, 0);
    }

    /// @param result what the call returned
    /// @param expected the errno of a call that is there; 0 where it should succeed
    private Capability call(String name, long result, int expected, String without) {
        int errno = (int) Math.max(0, -result);
        String how = (expected == Errno.EBADF ? BY_BAD_FD : "called: ") + (errno == 0 ? "done" : Errno.name(errno));
        if (errno == expected) {
            return Capability.of(name, State.YES, "", how, "");
        }
        if (Set.of(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM).contains(errno)) {
            return Capability.of(name, State.UNKNOWN, Errno.name(errno), how, "raise ulimit -n");
        }
        return Capability.of(name, State.NO, Errno.name(errno), how, join(refusal(errno), without));
    }

    private static String join(String first, String second) {
        return first.isEmpty() || second.isEmpty() ? first + second : first + "; " + second;
    }

    private String refusal(int errno) {
        if (filtered) {
            return "a seccomp filter is in front of this process: allow the call in the container's profile";
        }
        return errno == Errno.ENOSYS ? "this kernel has no such call, or hides it" : "a security module may forbid it";
    }

    private Capability uring() {
        try (Memory params = kernel.allocate(120)) {
            int result = kernel.ioUringSetup(0, params);
            String how = "io_uring_setup of no entries: " + Errno.name(Math.max(0, -result));
            if (result == -Errno.EINVAL) {
                return Capability.of("uring", State.YES, "", how, "");
            }
            String setting = Proc.readOrNull("/proc/sys/kernel/io_uring_disabled");
            boolean off = setting != null && !setting.equals("0");
            return Capability.of(
                    "uring",
                    State.NO,
                    Errno.name(-result),
                    how,
                    off ? "kernel.io_uring_disabled is " + setting : refusal(-result));
        }
    }

    private Capability ktls() {
        String path = "/proc/sys/net/ipv4/tcp_available_ulp";
        String names = Proc.readOrNull(path);
        if (names == null) {
            return Capability.of("ktls", State.UNKNOWN, "", path + " cannot be read", "");
        }
        boolean there = List.of(names.split("\\s+", -1)).contains("tls");
        return Capability.of(
                "ktls",
                there ? State.YES : State.NO,
                "",
                path + ": " + (names.isEmpty() ? "empty" : names),
                there ? "" : "modprobe tls, where this kernel has the module: TLS records are made by the kernel then");
    }

    private Capability zeroCopySend() {
        int socket = kernel.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (socket < 0) {
            return Capability.of("msg_zerocopy", State.UNKNOWN, Errno.name(-socket), "socket(2) failed", "");
        }
        int result = kernel.setsockopt(socket, SOL_SOCKET, SO_ZEROCOPY, 1);
        kernel.close(socket);
        return Capability.of(
                "msg_zerocopy",
                result == 0 ? State.YES : State.NO,
                result == 0 ? "" : Errno.name(-result),
                "SO_ZEROCOPY set on a TCP socket",
                result == 0 ? "loopback copies all the same" : "");
    }

    private interface Try {
        long with(ProbeDescriptors samples) throws ErrnoException;
    }

    /// A feature of one file system: EOPNOTSUPP and its like are a no, whatever else is not known.
    private Capability feature(String name, Matrix.Kind file, String how, Set<Integer> no, String advice, Try attempt) {
        String place = file.label();
        try (ProbeDescriptors samples = new ProbeDescriptors(kernel)) {
            long result = attempt.with(samples);
            if (result >= 0) {
                return Capability.of(name, State.YES, place, how + ": done", "");
            }
            boolean refused = no.contains((int) -result);
            return Capability.of(
                    name,
                    refused ? State.NO : State.UNKNOWN,
                    place,
                    how + ": " + Errno.name((int) -result),
                    refused ? advice : "");
        } catch (ErrnoException e) {
            return Capability.of(name, State.UNKNOWN, place, Answer.unknown(e).reason(), "");
        }
    }

    private Capability reflink(Matrix.Kind file, Memory memory) {
        Set<Integer> no = Set.of(Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ENOTTY, Errno.EXDEV, Errno.EPERM, Errno.ENOSYS);
        return feature("reflink", file, "ioctl FICLONE", no, "xfs, btrfs and bcachefs share extents", samples -> {
            int in = samples.file(file);
            ErrnoException.check(kernel.pwrite(in, memory, 0, memory.size(), 0), "pwrite", "");
            return kernel.ficlone(in, samples.file(file));
        });
    }

    private Capability uncached(Matrix.Kind file, Memory memory) {
        Set<Integer> no = Set.of(Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.EINVAL, Errno.EPERM);
        String advice = "Linux 6.14 and a file system that joins in; else posix_fadvise(2) afterwards";
        return feature("dontcache", file, "preadv2 with RWF_DONTCACHE", no, advice, samples -> {
            int fd = samples.file(file);
            ErrnoException.check(kernel.pwrite(fd, memory, 0, 1, 0), "pwrite", "");
            return kernel.preadv2(fd, memory, 0, 1, 0, RWF_DONTCACHE);
        });
    }

    /// The name of the file system of a directory, or null where it cannot be opened.
    static @Nullable String fileSystem(Kernel kernel, byte[] directory) {
        int fd = kernel.openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (fd < 0) {
            return null;
        }
        dev.fid.kernel.StatFs fs = new dev.fid.kernel.StatFs();
        int result = kernel.fstatfs(fd, fs);
        kernel.close(fd);
        return result < 0 ? null : new Facts(FdKind.FILE, false, 0, fs.type, 0, 0, 0, -1).fsName();
    }
}
