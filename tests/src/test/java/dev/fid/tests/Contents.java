package dev.fid.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.nio.file.Path;
import java.util.Arrays;

/// Whole files by raw calls, on whichever kernel a test runs.
public final class Contents {
    private Contents() {}

    private static int check(Path path, long result) {
        if (result < 0) {
            throw new AssertionError(path + ": " + Errno.name((int) -result));
        }
        return (int) result;
    }

    private static byte[] bytes(Path path) {
        return path.toString().getBytes(UTF_8);
    }

    /// Makes a file with these bytes, or gives an old one these.
    public static void write(Kernel kernel, Path path, byte[] content) {
        write(kernel, path, content, new boolean[0]);
    }

    /// Makes a file with these bytes whose blocks of 4096 bytes lie in holes where `holes` says so.
    public static void write(Kernel kernel, Path path, byte[] content, boolean[] holes) {
        int flags = Uapi.O_WRONLY | Uapi.O_CREAT | Uapi.O_TRUNC | Uapi.O_CLOEXEC;
        int fd = check(path, kernel.openat(Uapi.AT_FDCWD, bytes(path), flags, 0666));
        try (Memory memory = kernel.allocate(Math.max(1, content.length))) {
            memory.put(0, content, 0, content.length);
            if (holes.length == 0) {
                for (int at = 0; at < content.length; ) {
                    at += check(path, kernel.pwrite(fd, memory, at, content.length - at, at));
                }
            }
            for (int i = 0; i < holes.length; i++) {
                int len = Math.min(4096, content.length - i * 4096);
                if (!holes[i] && len > 0) {
                    check(path, kernel.pwrite(fd, memory, i * 4096L, len, i * 4096L));
                }
            }
            check(path, kernel.ftruncate(fd, content.length));
        } finally {
            kernel.close(fd);
        }
    }

    /// All bytes of a file.
    public static byte[] read(Kernel kernel, Path path) {
        int fd = check(path, kernel.openat(Uapi.AT_FDCWD, bytes(path), Uapi.O_RDONLY | Uapi.O_CLOEXEC, 0));
        try {
            Stat stat = new Stat();
            check(path, kernel.fstat(fd, stat));
            byte[] content = new byte[Math.toIntExact(stat.size)];
            int at = 0;
            try (Memory memory = kernel.allocate(Math.max(1, content.length))) {
                for (int got = 1; got > 0 && at < content.length; at += got) {
                    got = check(path, kernel.pread(fd, memory, at, content.length - at, at));
                }
                memory.get(0, content, 0, at);
            }
            return at == content.length ? content : Arrays.copyOf(content, at);
        } finally {
            kernel.close(fd);
        }
    }
}
