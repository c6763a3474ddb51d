package dev.fid.tests.behaviour;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Contents;
import dev.fid.tests.Ground;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/// Descriptors for a test of the library; what was kept is closed after the test.
abstract class Fixture {
    /// Which kernel the class runs on: the machine's, unless it is parameterised.
    @Parameter
    Ground ground = Ground.LINUX;

    Kernel kernel = Kernel.linux();

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

    <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    /// Two ends of one direction: what is written to `out` is read from `in`.
    record Ends(Fd in, Fd out) {}

    // ---- bytes ----

    /// The byte `i` is `(7 * i + i / 256) % 251`, so that no two pages of a test are equal.
    static byte[] pattern(int len) {
        byte[] bytes = new byte[len];
        for (int i = 0; i < len; i++) {
            bytes[i] = (byte) ((7 * i + i / 256) % 251);
        }
        return bytes;
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    static byte[] part(byte[] all, int from, int to) {
        return Arrays.copyOfRange(all, from, Math.min(to, all.length));
    }

    /// Fails with the first difference instead of millions of bytes.
    static void assertSame(byte[] got, byte[] expected, String what) {
        int at = Arrays.mismatch(got, expected);
        assertThat(at)
                .as("%s: first difference of %d and %d bytes", what, got.length, expected.length)
                .isEqualTo(-1);
    }

    // ---- files ----

    /// A new file with this content, its position 0.
    Fd file(String name, byte[] content) throws IOException {
        return file(kernel, name, content);
    }

    /// A file on the kernel's choice of this test.
    Fd file(Kernel on, String name, byte[] content) throws IOException {
        Contents.write(kernel, dir.resolve(name), content);
        return keep(Fd.open(on, dir.resolve(name), READ, WRITE));
    }

    Fd create(Kernel on, String name) throws IOException {
        return keep(Fd.open(on, dir.resolve(name), READ, WRITE, CREATE));
    }

    Fd create(String name) throws IOException {
        return create(kernel, name);
    }

    byte[] content(String name) {
        return Contents.read(kernel, dir.resolve(name));
    }

    long position(Fd fd) {
        return kernel.lseek(fd.number(), 0, Uapi.SEEK_CUR);
    }

    void seek(Fd fd, long to) {
        assertThat(kernel.lseek(fd.number(), to, Uapi.SEEK_SET)).isEqualTo(to);
    }

    // ---- what this kernel has ----

    /// What serves where `method` is asked for: Linux 2.6 had no copy_file_range(2).
    Method served(Method method) {
        return ground == Ground.MODEL_2_6 && method == Method.COPY_FILE_RANGE ? Method.READ_WRITE : method;
    }

    /// A pair that can be spliced from: Linux 2.6 could not do so with unix sockets.
    Fd[] streamPair() throws IOException {
        return ground == Ground.MODEL_2_6 ? tcpPair() : unixPair();
    }

    // ---- streams ----

    /// A non-blocking pipe of about `capacity` bytes; 0 leaves the default.
    Ends pipe(Kernel on, long capacity) {
        assumeTrue(capacity == 0 || ground != Ground.MODEL_2_6, "the pipes of Linux 2.6 have 16 slots");
        Ends ends = pipe(on, capacity, Uapi.O_NONBLOCK);
        keep(ends.in);
        keep(ends.out);
        return ends;
    }

    Ends pipe() {
        return pipe(kernel, 0);
    }

    /// Bytes that a pipe holds, -EINVAL where the kernel does not tell (Linux 2.6).
    static long capacity(Fd pipe) {
        return pipe.kernel().fcntl(pipe.number(), Uapi.F_GETPIPE_SZ, 0);
    }

    /// What {@link #capacity} tells of a pipe with so many bytes.
    final long expected(long capacity) {
        return ground == Ground.MODEL_2_6 ? -Errno.EINVAL : capacity;
    }

    /// A pipe whose ends nobody closes but the test.
    static Ends pipe(Kernel on, long capacity, int flags) {
        int[] fds = new int[2];
        assertThat(on.pipe2(fds, flags | Uapi.O_CLOEXEC)).isZero();
        if (capacity > 0) {
            assertThat(on.fcntl(fds[0], Uapi.F_SETPIPE_SZ, capacity)).isPositive();
        }
        return new Ends(Fd.own(on, fds[0], "pipe"), Fd.own(on, fds[1], "pipe"));
    }

    /// Two connected sockets, kept.
    Fd[] unixPair(Kernel on) throws IOException {
        Fd[] pair = Fd.pair(on);
        keep(pair[0]);
        keep(pair[1]);
        return pair;
    }

    Fd[] unixPair() throws IOException {
        return unixPair(kernel);
    }

    /// A TCP connection over loopback, kept; `buffer` bytes of socket buffers on both sides, 0 for the default.
    Fd[] tcpPair(Kernel on, int buffer) throws IOException {
        try (Fd listener = Fd.listen(on, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4)) {
            if (buffer > 0) {
                assertThat(on.setsockopt(listener.number(), Uapi.SOL_SOCKET, Uapi.SO_RCVBUF, buffer))
                        .isZero();
            }
            Fd client = keep(Fd.connect(on, listener.localAddress(), null));
            Fd server = keep(listener.accept());
            if (buffer > 0) {
                on.setsockopt(client.number(), Uapi.SOL_SOCKET, Uapi.SO_SNDBUF, buffer);
            }
            return new Fd[] {client, server};
        }
    }

    Fd[] tcpPair() throws IOException {
        return tcpPair(kernel, 0);
    }

    /// Writes all, waiting; by raw calls, not by what is tested.
    static void put(Fd fd, byte[] bytes) {
        Kernel on = fd.kernel();
        try (Memory memory = on.allocate(Math.max(1, bytes.length))) {
            memory.put(0, bytes, 0, bytes.length);
            for (int done = 0; done < bytes.length; ) {
                long written = on.write(fd.number(), memory, done, bytes.length - done);
                if (written == -Errno.EAGAIN) {
                    await(fd, Uapi.POLLOUT);
                } else {
                    assertThat(written).as("written to %s", fd).isPositive();
                    done += (int) written;
                }
            }
        }
    }

    static void put(Fd fd, String text) {
        put(fd, bytes(text));
    }

    /// One read of at most `len` bytes that does not wait: the bytes, or none.
    byte[] take(Fd fd, int len) {
        try (Memory memory = kernel.allocate(Math.max(1, len))) {
            long read = kernel.read(fd.number(), memory, 0, len);
            return memory.bytes(0, (int) Math.max(0, read));
        }
    }

    /// Reads to the end, waiting.
    static byte[] drain(Fd fd) {
        return takeAll(fd, Integer.MAX_VALUE);
    }

    /// Reads `len` bytes, or fewer to the end, waiting.
    static byte[] takeAll(Fd fd, int len) {
        Kernel on = fd.kernel();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (Memory memory = on.allocate(1 << 16)) {
            while (all.size() < len) {
                long read = on.read(fd.number(), memory, 0, Math.min(len - all.size(), 1 << 16));
                if (read == -Errno.EAGAIN) {
                    await(fd, Uapi.POLLIN);
                } else if (read == 0) {
                    break;
                } else {
                    assertThat(read).as("read from %s", fd).isPositive();
                    all.writeBytes(memory.bytes(0, (int) read));
                }
            }
        }
        return all.toByteArray();
    }

    /// Waits until `fd` is ready, at most half a minute.
    static void await(Fd fd, int event) {
        assertThat(fd.kernel().poll(new int[] {fd.number()}, new short[] {(short) event}, new short[1], 1, 30_000))
                .as("%s ready", fd)
                .isEqualTo(1);
    }

    /// Writes until `fd` takes no more; returns the bytes.
    long fillUp(Fd fd) {
        long sum = 0;
        try (Memory memory = kernel.allocate(4096)) {
            for (long n = 4096; n > 0; ) {
                n = kernel.write(fd.number(), memory, 0, n);
                sum += Math.max(0, n);
            }
        }
        return sum;
    }
}
