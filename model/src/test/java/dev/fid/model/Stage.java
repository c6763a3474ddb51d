package dev.fid.model;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;

/// A model kernel with what most tests need: user memory, files, pipes, sockets.
final class Stage implements AutoCloseable {
    final ModelKernel kernel;
    final Memory memory;

    Stage() {
        this(Profile.LINUX_6_18);
    }

    Stage(Profile profile) {
        this(profile, Limits.USUAL);
    }

    Stage(Profile profile, Limits limits) {
        this(new ModelKernel(profile, limits, Freedom.USUAL, ModelClock.virtual()));
    }

    Stage(ModelKernel kernel) {
        this.kernel = kernel;
        memory = kernel.allocate(1 << 20);
    }

    /// A nameless ext4 file with `content`, at position 0.
    int file(String content) {
        return file("/tmp", content);
    }

    int file(String directory, String content) {
        int fd = ok(kernel.openat(Uapi.AT_FDCWD, directory.getBytes(US_ASCII), Uapi.O_RDWR | Uapi.O_TMPFILE, 0600));
        write(fd, content);
        kernel.lseek(fd, 0, Uapi.SEEK_SET);
        return fd;
    }

    int[] pipe() {
        int[] ends = new int[2];
        ok(kernel.pipe2(ends, Uapi.O_NONBLOCK));
        return ends;
    }

    int[] unixPair() {
        int[] ends = new int[2];
        ok(kernel.socketpair(Uapi.AF_UNIX, Uapi.SOCK_STREAM | Uapi.SOCK_NONBLOCK, 0, ends));
        return ends;
    }

    /// A TCP connection over loopback, both ends non-blocking.
    int[] tcpPair() {
        int server = ok(kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM, 0));
        byte[] address = {2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
        ok(kernel.bind(server, address));
        ok(kernel.listen(server, 1));
        kernel.getsockname(server, address);
        int client = ok(kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM, 0));
        ok(kernel.connect(client, address));
        ok(kernel.fcntl(client, Uapi.F_SETFL, Uapi.O_NONBLOCK));
        int accepted = ok(kernel.accept4(server, Uapi.SOCK_NONBLOCK));
        ok(kernel.close(server));
        return new int[] {client, accepted};
    }

    int device(String name) {
        return ok(kernel.openat(Uapi.AT_FDCWD, ("/dev/" + name).getBytes(US_ASCII), Uapi.O_RDWR, 0));
    }

    long write(int fd, String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        memory.put(0, bytes, 0, bytes.length);
        return kernel.write(fd, memory, 0, bytes.length);
    }

    /// What one read of at most `len` bytes gives, as text.
    String read(int fd, int len) {
        long got = kernel.read(fd, memory, 500_000, len);
        assertThat(got).as("result of read").isNotNegative();
        return new String(memory.bytes(500_000, (int) got), US_ASCII);
    }

    static int ok(int result) {
        assertThat(result).as("result of a call").isNotNegative();
        return result;
    }

    /// Closes all and looks for leaks.
    @Override
    public void close() {
        for (int fd : kernel.descriptors()) {
            kernel.close(fd);
        }
        memory.close();
        kernel.assertNoLeaks();
    }
}
