package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnBothKernels;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which kinds of descriptors splice(2) takes from and gives to a pipe that holds 16 bytes.
@OnBothKernels
class SpliceMatrixTest extends Fixture {
    /// A kind, what splicing from it gives, and what splicing to it gives.
    enum Kind {
        EPOLL(-Errno.EINVAL, -Errno.EINVAL), // SP-050
        EVENTFD(-Errno.EINVAL, -Errno.EINVAL), // SP-051
        DIRECTORY(-Errno.EINVAL, -Errno.EBADF), // SP-054
        PATH(-Errno.EBADF, -Errno.EBADF),
        DEV_NULL(-Errno.EINVAL, 16), // SP-056
        DEV_ZERO(100, 16),
        UDP(-Errno.EAGAIN, -Errno.EDESTADDRREQ), // SP-058
        TCP_UNCONNECTED(-Errno.ENOTCONN, -Errno.EPIPE),
        MEMFD(0, 16);

        final long in;
        final long out;

        Kind(long in, long out) {
            this.in = in;
            this.out = out;
        }

        int open(Kernel kernel) {
            int inet = Uapi.SOCK_CLOEXEC | Uapi.SOCK_NONBLOCK;
            return switch (this) {
                case EPOLL -> kernel.epollCreate(Uapi.EPOLL_CLOEXEC);
                case EVENTFD -> kernel.eventfd(0, Uapi.EFD_CLOEXEC | Uapi.EFD_NONBLOCK);
                case DIRECTORY -> open(kernel, "/", Uapi.O_DIRECTORY);
                case PATH -> open(kernel, "/", Uapi.O_PATH);
                case DEV_NULL -> open(kernel, "/dev/null", Uapi.O_RDWR);
                case DEV_ZERO -> open(kernel, "/dev/zero", Uapi.O_RDWR);
                case UDP -> kernel.socket(Uapi.AF_INET, Uapi.SOCK_DGRAM | inet, 0);
                case TCP_UNCONNECTED -> kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | inet, 0);
                case MEMFD -> kernel.memfdCreate(bytes("memfd"), Uapi.MFD_CLOEXEC);
            };
        }

        private static int open(Kernel kernel, String path, int flags) {
            return kernel.openat(Uapi.AT_FDCWD, bytes(path), flags | Uapi.O_CLOEXEC, 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aKindThatRefusesLeavesThePipeAsItWas(Kind kind) {
        int fd = keep(kind.open(kernel));
        check(fd, kind.in, kind.out);
    }

    // SP-053
    @Test
    void anInotifyDescriptorRefuses() throws IOException {
        needsLinux("inotify");
        try (WatchService watch = FileSystems.getDefault().newWatchService()) {
            check(inotify(), -Errno.EINVAL, -Errno.EBADF);
            assertThat(watch.poll()).isNull();
        }
    }

    /// The descriptor that the JDK's watch service has opened: the seam has no inotify_init.
    private static int inotify() throws IOException {
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path fd : open) {
                if (Files.isSymbolicLink(fd)
                        && Files.readSymbolicLink(fd).toString().contains("inotify")) {
                    return Integer.parseInt(fd.getFileName().toString());
                }
            }
        }
        throw new AssertionError("the watch service has no inotify descriptor");
    }

    private void check(int fd, long in, long out) {
        Pipe pipe = pipe().put("0123456789abcdef");
        assertThat(kernel.splice(pipe.r, null, fd, null, 16, NONBLOCK))
                .as("out")
                .isEqualTo(out);
        String kept = out < 0 ? "0123456789abcdef" : "";
        assertThat(pipe.buffered()).isEqualTo(kept.length());
        if (out >= 0) {
            kernel.lseek(fd, 0, Uapi.SEEK_END);
        }
        assertThat(kernel.splice(fd, null, pipe.w, null, 100, NONBLOCK))
                .as("in")
                .isEqualTo(in);
        if (in <= 0) {
            assertThat(pipe.buffered()).isEqualTo(kept.length());
            assertThat(kept.isEmpty() ? "" : pipe.take(100)).isEqualTo(kept);
        }
    }
}
