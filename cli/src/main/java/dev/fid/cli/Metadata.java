package dev.fid.cli;

import dev.fid.ErrnoException;
import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/// What `--preserve` gives the destination of the source: mode, times, and extended attributes of users
/// (`user.*`).
final class Metadata {
    private static final int MOST = 64 << 10; // a list of names and a value have at most 64 KiB. Source: xattr(7)

    private final Kernel kernel;
    private final int in;
    private final int out;

    private Metadata(Fd in, Fd out) {
        this.kernel = in.kernel();
        this.in = in.number();
        this.out = out.number();
    }

    static void keep(Set<CopyOptions.Kept> kept, Fd in, Fd out) throws ErrnoException {
        if (!kept.isEmpty()) {
            new Metadata(in, out).keep(kept);
        }
    }

    private void keep(Set<CopyOptions.Kept> kept) throws ErrnoException {
        Stat stat = new Stat();
        check(kernel.fstat(in, stat), "fstat");
        if (kept.contains(CopyOptions.Kept.xattr)) {
            attributes();
        }
        if (kept.contains(CopyOptions.Kept.mode)) {
            check(kernel.fchmod(out, stat.mode & 07777), "fchmod");
        }
        if (kept.contains(CopyOptions.Kept.time)) {
            byte[] self = ("/proc/self/fd/" + out).getBytes(StandardCharsets.US_ASCII);
            int result = kernel.utimensat(
                    Uapi.AT_FDCWD, self, stat.atimeSeconds, stat.atimeNanos, stat.mtimeSeconds, stat.mtimeNanos, 0);
            check(result, "utimensat");
        }
    }

    private void attributes() throws ErrnoException {
        try (Memory names = kernel.allocate(MOST);
                Memory value = kernel.allocate(MOST)) {
            long length = kernel.flistxattr(in, names, 0, MOST);
            if (length == -Errno.EOPNOTSUPP) {
                return; // a file system without them
            }
            check(length, "flistxattr");
            String all = new String(names.bytes(0, (int) length), StandardCharsets.ISO_8859_1);
            for (String name : all.split("\0", 0)) {
                if (name.startsWith("user.")) {
                    byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
                    long size = kernel.fgetxattr(in, bytes, value, 0, MOST);
                    check(size, "fgetxattr");
                    check(kernel.fsetxattr(out, bytes, value, 0, size, 0), "fsetxattr");
                }
            }
        }
    }

    private static void check(long result, String call) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, "", (int) -result);
        }
    }
}
