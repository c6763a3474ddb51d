package dev.fid.tests.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Contents;
import dev.fid.tests.Ground;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/// Files, pipes and sockets for a test of raw calls; everything that it opened is closed after the test.
abstract class Fixture {
    static final int NONBLOCK = Uapi.SPLICE_F_NONBLOCK;

    /// Which kernel the class runs on: the machine's, unless it is parameterised.
    @Parameter
    Ground ground = Ground.LINUX;

    Kernel kernel = Kernel.linux();

    /// A page of memory, in bytes.
    final int page = kernel.pageSize();

    @TempDir
    Path dir;

    @BeforeEach
    void chooseKernel() {
        kernel = ground.kernel();
        if (ground.isModel()) {
            Ground.createFolder(kernel, dir);
        }
    }

    /// Goes on only on the kernel of this machine.
    ///
    /// @param what the model has not
    final void needsLinux(String what) {
        assumeTrue(!ground.isModel(), "SKIPPED: the model has no " + what);
    }

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    @AfterEach
    void closeAll() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    /// Two ends of a pipe; `r` is -1 once it was closed by {@link #closeReader}, likewise `w`.
    final class Pipe {
        int r;
        int w;

        /// The bytes that can be read.
        int buffered() {
            return kernel.fionread(r);
        }

        int capacity() {
            return kernel.fcntl(r, Uapi.F_GETPIPE_SZ, 0);
        }

        int resize(long bytes) {
            return kernel.fcntl(r, Uapi.F_SETPIPE_SZ, bytes);
        }

        void closeReader() {
            kernel.close(r);
            r = -1;
        }

        void closeWriter() {
            kernel.close(w);
            w = -1;
        }

        /// Writes all of `text` at once.
        Pipe put(String text) {
            write(w, text);
            return this;
        }

        /// Reads what is there, at most `len` bytes.
        String take(int len) {
            return read(r, len);
        }

        /// Writes until the pipe takes no more; returns the bytes.
        long fillUp() {
            Memory memory = memory(page);
            long sum = 0;
            for (long n = page; n > 0; sum += n) {
                n = kernel.write(w, memory, 0, page);
                if (n < 0) {
                    break;
                }
            }
            return sum;
        }
    }

    /// A pipe of the default size, non-blocking.
    Pipe pipe() {
        return pipe(Uapi.O_NONBLOCK);
    }

    /// A pipe of the default size.
    Pipe pipe(int flags) {
        int[] fds = new int[2];
        assertThat(kernel.pipe2(fds, flags | Uapi.O_CLOEXEC)).isZero();
        Pipe pipe = new Pipe();
        pipe.r = fds[0];
        pipe.w = fds[1];
        opened.push(() -> {
            kernel.close(pipe.r);
            kernel.close(pipe.w);
        });
        return pipe;
    }

    /// Closes `fd` after the test.
    int keep(int fd) {
        assertThat(fd).as("descriptor").isNotNegative();
        opened.push(() -> kernel.close(fd));
        return fd;
    }

    Memory memory(long size) {
        Memory memory = kernel.allocate(size);
        opened.push(memory);
        return memory;
    }

    int open(Path path, int flags) {
        return keep(kernel.openat(Uapi.AT_FDCWD, bytes(path.toString()), flags | Uapi.O_CLOEXEC, 0600));
    }

    int open(String path, int flags) {
        return open(Path.of(path), flags);
    }

    /// A new file with this content, opened for reading and writing, its position 0.
    int file(String name, String content) {
        Contents.write(kernel, dir.resolve(name), content.getBytes(ISO_8859_1));
        return open(dir.resolve(name), Uapi.O_RDWR);
    }

    String content(String name) {
        return new String(Contents.read(kernel, dir.resolve(name)), ISO_8859_1);
    }

    long position(int fd) {
        return kernel.lseek(fd, 0, Uapi.SEEK_CUR);
    }

    /// The byte `i` is `(7 * i + i / 256) % 251`, so that no two pages of a test are equal.
    static String pattern(int len) {
        byte[] bytes = new byte[len];
        for (int i = 0; i < len; i++) {
            bytes[i] = (byte) ((7 * i + i / 256) % 251);
        }
        return new String(bytes, ISO_8859_1);
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    void write(int fd, String text) {
        byte[] bytes = text.getBytes(ISO_8859_1);
        Memory memory = memory(bytes.length);
        memory.put(0, bytes, 0, bytes.length);
        assertThat(kernel.write(fd, memory, 0, bytes.length)).isEqualTo(bytes.length);
    }

    /// One read of at most `len` bytes.
    String read(int fd, int len) {
        Memory memory = memory(len);
        long got = kernel.read(fd, memory, 0, len);
        assertThat(got).as("bytes read").isNotNegative();
        return new String(memory.bytes(0, (int) got), ISO_8859_1);
    }

    /// Reads until the end, or until nothing is ready.
    String readAll(int fd) {
        Memory memory = memory(1 << 16);
        StringBuilder text = new StringBuilder();
        for (long got = 1; got > 0; ) {
            got = kernel.read(fd, memory, 0, 1 << 16);
            text.append(got > 0 ? new String(memory.bytes(0, (int) got), ISO_8859_1) : "");
        }
        return text.toString();
    }

    // ---- sockets ----

    /// A connected pair: `[0]` and `[1]`.
    int[] unixPair(int type) {
        int[] fds = new int[2];
        assertThat(kernel.socketpair(Uapi.AF_UNIX, type | Uapi.SOCK_CLOEXEC, 0, fds))
                .isZero();
        keep(fds[0]);
        keep(fds[1]);
        return fds;
    }

    /// A TCP connection over loopback: `[0]` called, `[1]` accepted with a receive buffer of `rcvbuf` bytes (0:
    /// default).
    int[] tcpPair(int rcvbuf) {
        int listener = kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC, 0);
        try {
            if (rcvbuf > 0) {
                kernel.setsockopt(listener, Uapi.SOL_SOCKET, Uapi.SO_RCVBUF, rcvbuf);
            }
            byte[] address = loopback();
            assertThat(kernel.bind(listener, address)).isZero();
            assertThat(kernel.listen(listener, 1)).isZero();
            kernel.getsockname(listener, address);
            int client = keep(kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC, 0));
            assertThat(kernel.connect(client, address)).isZero();
            return new int[] {client, keep(kernel.accept4(listener, Uapi.SOCK_CLOEXEC))};
        } finally {
            kernel.close(listener);
        }
    }

    /// `struct sockaddr_in` of 127.0.0.1 with port 0.
    static byte[] loopback() {
        ByteBuffer address = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
        address.putShort((short) Uapi.AF_INET).putShort((short) 0);
        return address.order(ByteOrder.BIG_ENDIAN).putInt(0x7f000001).array();
    }

    void setNonblock(int fd) {
        int flags = kernel.fcntl(fd, Uapi.F_GETFL, 0);
        assertThat(kernel.fcntl(fd, Uapi.F_SETFL, flags | Uapi.O_NONBLOCK)).isZero();
    }

    /// Waits until `fd` is ready, at most ten seconds.
    void await(int fd, int event) {
        assertThat(kernel.poll(new int[] {fd}, new short[] {(short) event}, new short[1], 1, 10_000))
                .as("ready")
                .isEqualTo(1);
    }
}
