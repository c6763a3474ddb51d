package dev.fid.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pipes, the moving of bytes, waiting, sockets and terminals through the bindings: that each argument arrives
/// and each result comes back. What the calls mean is the matter of the conformance tests.
class LinuxKernelDescriptorsTest {
    private static final short IN = Uapi.POLLIN;

    private final Kernel kernel = Kernel.linux();
    private final Memory memory = kernel.allocate(1 << 16);
    private final List<Integer> opened = new ArrayList<>();

    @TempDir
    private Path dir;

    @AfterEach
    void closeAll() {
        opened.forEach(kernel::close);
        memory.close();
    }

    private int keep(int fd) {
        assertThat(fd).as("descriptor").isNotNegative();
        opened.add(fd);
        return fd;
    }

    private int[] pipe(int flags) {
        int[] fds = {-1, -1};
        assertThat(kernel.pipe2(fds, flags | Uapi.O_CLOEXEC)).isZero();
        keep(fds[0]);
        keep(fds[1]);
        return fds;
    }

    private int file(String name, String content) throws IOException {
        Path path = Files.writeString(dir.resolve(name), content);
        return keep(kernel.openat(Uapi.AT_FDCWD, path.toString().getBytes(UTF_8), Uapi.O_RDWR | Uapi.O_CLOEXEC, 0));
    }

    private void write(int fd, String text) {
        memory.put(0, text.getBytes(UTF_8), 0, text.length());
        assertThat(kernel.write(fd, memory, 0, text.length())).isEqualTo(text.length());
    }

    private String read(int fd) {
        long len = kernel.read(fd, memory, 0, memory.size());
        assertThat(len).isNotNegative();
        return new String(memory.bytes(0, (int) len), UTF_8);
    }

    // ---- descriptors ----

    @Test
    void aPipeHasTwoEndsAndItsFlags() {
        int[] pipe = pipe(Uapi.O_NONBLOCK);
        assertThat(kernel.fcntl(pipe[0], Uapi.F_GETFL, 0)).isEqualTo(Uapi.O_NONBLOCK);
        assertThat(kernel.fcntl(pipe[1], Uapi.F_GETFL, 0)).isEqualTo(Uapi.O_NONBLOCK | Uapi.O_WRONLY);
        assertThat(kernel.fcntl(pipe[0], Uapi.F_GETFD, 0)).isEqualTo(Uapi.FD_CLOEXEC);
        assertThat(kernel.read(pipe[0], memory, 0, 1)).isEqualTo(-Errno.EAGAIN);
        assertThat(kernel.fcntl(pipe[0], Uapi.F_SETFL, 0)).isZero();
        assertThat(kernel.fcntl(pipe[0], Uapi.F_GETFL, 0)).isZero();
        assertThat(kernel.fcntl(pipe[0], Uapi.F_SETPIPE_SZ, 8192)).isEqualTo(8192);
        assertThat(kernel.fcntl(pipe[1], Uapi.F_GETPIPE_SZ, 0)).isEqualTo(8192);
        write(pipe[1], "seven b");
        assertThat(kernel.fionread(pipe[0])).isEqualTo(7);
    }

    @Test
    void aDuplicateIsTheSamePipe() {
        int[] pipe = pipe(0);
        int copy = keep(kernel.fcntl(pipe[1], Uapi.F_DUPFD_CLOEXEC, 100));
        assertThat(copy).isGreaterThanOrEqualTo(100);
        int[] other = pipe(0);
        assertThat(kernel.dup3(pipe[0], other[0], Uapi.O_CLOEXEC)).isEqualTo(other[0]);
        write(copy, "hello");
        assertThat(read(other[0])).isEqualTo("hello");
    }

    @Test
    void anEventfdCounts() {
        int fd = keep(kernel.eventfd(3, Uapi.EFD_CLOEXEC | Uapi.EFD_NONBLOCK));
        memory.putLong(0, 4);
        assertThat(kernel.write(fd, memory, 0, 8)).isEqualTo(8);
        assertThat(kernel.read(fd, memory, 8, 8)).isEqualTo(8);
        assertThat(memory.getLong(8)).isEqualTo(7);
        assertThat(kernel.read(fd, memory, 8, 8)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void anIoUringOfNothingIsRefused() {
        try (Memory params = kernel.allocate(120)) {
            // EPERM where it is switched off, ENOSYS where the kernel has none.
            assertThat(kernel.ioUringSetup(0, params)).isIn(-Errno.EINVAL, -Errno.EPERM, -Errno.ENOSYS);
            int ring = kernel.ioUringSetup(2, params);
            if (ring >= 0) {
                keep(ring);
                assertThat(params.getInt(0)).isEqualTo(2); // sq_entries: the structure was filled
            }
        }
    }

    @Test
    void preadv2ReadsAtAnOffsetAndTakesFlags() throws IOException {
        int fd = file("in", "0123456789");
        assertThat(kernel.preadv2(fd, memory, 8, 4, 3, 0)).isEqualTo(4);
        assertThat(new String(memory.bytes(8, 4), UTF_8)).isEqualTo("3456");
        assertThat(kernel.preadv2(fd, memory, 0, 4, 0, 1 << 30)).isEqualTo(-Errno.EOPNOTSUPP);
        assertThat(kernel.preadv2(pipe(0)[0], memory, 0, 4, 3, 0)).isEqualTo(-Errno.ESPIPE);
    }

    // ---- moving bytes ----

    @Test
    void spliceMovesBothOffsetsOn() throws IOException {
        int[] pipe = pipe(0);
        Offset offIn = new Offset(2);
        Offset offOut = new Offset(100);
        assertThat(kernel.splice(file("in", "0123456789"), offIn, pipe[1], null, 5, 0))
                .isEqualTo(5);
        assertThat(kernel.splice(pipe[0], null, file("out", ""), offOut, 5, 0)).isEqualTo(5);
        assertThat(offIn.value).isEqualTo(7);
        assertThat(offOut.value).isEqualTo(105);
        assertThat(Files.readString(dir.resolve("out"))).hasSize(105).endsWith("23456");
    }

    @Test
    void teeKeepsWhatItCopies() {
        int[] first = pipe(0);
        int[] second = pipe(0);
        write(first[1], "hello");
        assertThat(kernel.tee(first[0], second[1], 3, Uapi.SPLICE_F_NONBLOCK)).isEqualTo(3);
        assertThat(read(second[0])).isEqualTo("hel");
        assertThat(read(first[0])).isEqualTo("hello");
    }

    @Test
    void vmspliceGathersAndScatters() {
        int[] pipe = pipe(0);
        memory.put(0, "abcdef".getBytes(UTF_8), 0, 6);
        Span[] spans = {new Span(memory, 4, 2), new Span(memory, 0, 1)};
        assertThat(kernel.vmsplice(pipe[1], spans, 0)).isEqualTo(3);
        Span[] targets = {new Span(memory, 100, 1), new Span(memory, 200, 9)};
        assertThat(kernel.vmsplice(pipe[0], targets, 0)).isEqualTo(3);
        assertThat(memory.getByte(100)).isEqualTo((byte) 'e');
        assertThat(memory.bytes(200, 2)).isEqualTo("fa".getBytes(UTF_8));
    }

    @Test
    void vmspliceTakes1024SpansAndRefusesMore() {
        int[] pipe = pipe(Uapi.O_NONBLOCK);
        assertThat(kernel.fcntl(pipe[1], Uapi.F_SETPIPE_SZ, 1 << 20)).isEqualTo(1 << 20);
        Span[] spans = new Span[1024];
        Arrays.setAll(spans, i -> new Span(memory, i, 1));
        assertThat(kernel.vmsplice(pipe[1], spans, 0)).isEqualTo(256); // one slot each
        assertThat(kernel.vmsplice(pipe[1], Arrays.copyOf(spans, 1025), 0)).isEqualTo(-Errno.EINVAL);
        assertThat(kernel.vmsplice(pipe[1], Arrays.copyOf(spans, 5000), 0)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void sendfileAndCopyFileRangeMoveTheirOffsetsOn() throws IOException {
        int in = file("in", "0123456789");
        int out = file("out", "");
        Offset offIn = new Offset(3);
        assertThat(kernel.sendfile(in, offIn, out, 4)).isEqualTo(4);
        assertThat(offIn.value).isEqualTo(7);
        Offset offOut = new Offset(4);
        assertThat(kernel.copyFileRange(in, offIn, out, offOut, 100, 0)).isEqualTo(3);
        assertThat(offIn.value).isEqualTo(10);
        assertThat(offOut.value).isEqualTo(7);
        assertThat(dir.resolve("out")).hasContent("3456789");
    }

    // ---- waiting ----

    @Test
    void pollSaysWhichAreReady() {
        int[] quiet = pipe(0);
        int[] ready = pipe(0);
        write(ready[1], "x");
        short[] revents = {9, 9, 9};
        int[] fds = {quiet[0], ready[0], ready[1]};
        short[] events = {IN, IN, Uapi.POLLOUT};
        assertThat(kernel.poll(fds, events, revents, 3, -1)).isEqualTo(2);
        assertThat(revents).containsExactly(0, Uapi.POLLIN, Uapi.POLLOUT);
        assertThat(kernel.poll(fds, events, revents, 1, 0)).isZero();
        assertThat(kernel.poll(new int[] {999_999}, events, revents, 1, -1)).isEqualTo(1);
        assertThat(revents[0]).isEqualTo((short) Uapi.POLLNVAL);
    }

    @Test
    void pollWaitsAsLongAsAsked() {
        long start = System.nanoTime();
        assertThat(kernel.poll(new int[] {pipe(0)[0]}, new short[] {IN}, new short[1], 1, 20))
                .isZero();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(20_000_000);
    }

    @Test
    void epollGivesTheDataBackForEachDescriptor() {
        int epoll = keep(kernel.epollCreate(Uapi.EPOLL_CLOEXEC));
        long[] expected = {0x0123_4567_89ab_cdefL, -1, Long.MIN_VALUE};
        for (long data : expected) {
            int[] pipe = pipe(0);
            write(pipe[1], "x");
            assertThat(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, pipe[0], Uapi.EPOLLIN, data))
                    .isZero();
        }
        int[] events = new int[9];
        long[] data = new long[9];
        assertThat(kernel.epollWait(epoll, events, data, -1)).isEqualTo(3);
        assertThat(Arrays.copyOf(data, 3)).containsExactlyInAnyOrder(expected);
        assertThat(Arrays.copyOf(events, 3)).containsOnly(Uapi.EPOLLIN);
        assertThat(kernel.epollWait(epoll, new int[1], data, -1)).isEqualTo(1);
    }

    @Test
    void epollChangesAndRemoves() throws IOException {
        int epoll = keep(kernel.epollCreate(Uapi.EPOLL_CLOEXEC));
        int out = pipe(0)[1];
        int[] events = new int[1];
        long[] data = new long[1];
        int add = Uapi.EPOLL_CTL_ADD;
        assertThat(kernel.epollCtl(epoll, add, out, Uapi.EPOLLIN | Uapi.EPOLLET, 1))
                .isZero();
        assertThat(kernel.epollCtl(epoll, add, out, 0, 1)).isEqualTo(-Errno.EEXIST);
        assertThat(kernel.epollWait(epoll, events, data, 0)).isZero();
        assertThat(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_MOD, out, Uapi.EPOLLOUT, 2))
                .isZero();
        assertThat(kernel.epollWait(epoll, events, data, -1)).isEqualTo(1);
        assertThat(data[0]).isEqualTo(2);
        assertThat(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_DEL, out, 0, 0)).isZero();
        assertThat(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_DEL, out, 0, 0)).isEqualTo(-Errno.ENOENT);
        assertThat(kernel.epollCtl(epoll, add, file("f", ""), 0, 0)).isEqualTo(-Errno.EPERM);
    }

    // ---- sockets ----

    /// `struct sockaddr_in` of 127.0.0.1.
    private static byte[] loopback(int port) {
        ByteBuffer address = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
        address.putShort((short) Uapi.AF_INET).order(ByteOrder.BIG_ENDIAN).putShort((short) port);
        return address.putInt(0x7f000001).array();
    }

    private static int port(byte[] address) {
        return Short.toUnsignedInt(ByteBuffer.wrap(address).getShort(2));
    }

    private int tcp(int flags) {
        return keep(kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC | flags, 0));
    }

    /// A connected TCP socket and its peer.
    private int[] connection() {
        int listener = tcp(0);
        assertThat(kernel.bind(listener, loopback(0))).isZero();
        assertThat(kernel.listen(listener, 1)).isZero();
        byte[] address = new byte[16];
        assertThat(kernel.getsockname(listener, address)).isEqualTo(16);
        int client = tcp(0);
        assertThat(kernel.connect(client, address)).isZero();
        int server = keep(kernel.accept4(listener, Uapi.SOCK_CLOEXEC | Uapi.SOCK_NONBLOCK));
        byte[] peer = new byte[128];
        assertThat(kernel.getpeername(client, peer)).isEqualTo(16);
        assertThat(port(peer)).isEqualTo(port(address));
        return new int[] {client, server};
    }

    @Test
    void tcpConnectsSendsPeeksAndEnds() {
        int[] pair = connection();
        assertThat(kernel.recv(pair[1], memory, 0, 9, 0)).isEqualTo(-Errno.EAGAIN);
        memory.put(0, "hello".getBytes(UTF_8), 0, 5);
        assertThat(kernel.send(pair[0], memory, 0, 5, Uapi.MSG_NOSIGNAL)).isEqualTo(5);
        assertThat(kernel.poll(new int[] {pair[1]}, new short[] {IN}, new short[1], 1, -1))
                .isEqualTo(1);
        assertThat(kernel.recv(pair[1], memory, 10, 3, Uapi.MSG_PEEK)).isEqualTo(3);
        assertThat(kernel.fionread(pair[1])).isEqualTo(5);
        assertThat(read(pair[1])).isEqualTo("hello");
        assertThat(kernel.shutdown(pair[0], Uapi.SHUT_WR)).isZero();
        assertThat(kernel.poll(new int[] {pair[1]}, new short[] {IN}, new short[1], 1, -1))
                .isEqualTo(1);
        assertThat(kernel.recv(pair[1], memory, 0, 9, 0)).isZero();
        assertThat(kernel.send(pair[0], memory, 0, 1, Uapi.MSG_NOSIGNAL)).isEqualTo(-Errno.EPIPE);
    }

    @Test
    void lingerOfZeroSecondsResets() {
        int[] pair = connection();
        assertThat(kernel.setLinger(pair[0], true, 0)).isZero();
        opened.remove(Integer.valueOf(pair[0]));
        assertThat(kernel.close(pair[0])).isZero();
        short[] revents = new short[1];
        assertThat(kernel.poll(new int[] {pair[1]}, new short[] {IN}, revents, 1, -1))
                .isEqualTo(1);
        assertThat(kernel.getsockopt(pair[1], Uapi.SOL_SOCKET, Uapi.SO_ERROR)).isEqualTo(Errno.ECONNRESET);
    }

    @Test
    void optionsAreSetAndRead() {
        int fd = tcp(0);
        assertThat(kernel.setsockopt(fd, Uapi.IPPROTO_TCP, Uapi.TCP_NODELAY, 1)).isZero();
        assertThat(kernel.getsockopt(fd, Uapi.IPPROTO_TCP, Uapi.TCP_NODELAY)).isEqualTo(1);
        assertThat(kernel.setsockopt(fd, Uapi.IPPROTO_TCP, Uapi.TCP_USER_TIMEOUT, 12345))
                .isZero();
        assertThat(kernel.getsockopt(fd, Uapi.IPPROTO_TCP, Uapi.TCP_USER_TIMEOUT))
                .isEqualTo(12345);
        assertThat(kernel.getsockopt(fd, Uapi.SOL_SOCKET, Uapi.SO_TYPE)).isEqualTo(Uapi.SOCK_STREAM);
        assertThat(kernel.getsockopt(fd, Uapi.SOL_SOCKET, Uapi.SO_DOMAIN)).isEqualTo(Uapi.AF_INET);
        assertThat(kernel.getsockopt(fd, Uapi.SOL_SOCKET, 9999)).isEqualTo(-Errno.ENOPROTOOPT);
    }

    @Test
    void aConnectWithoutListenerIsRefused() {
        int bound = tcp(0);
        assertThat(kernel.bind(bound, loopback(0))).isZero();
        byte[] address = new byte[16];
        kernel.getsockname(bound, address);
        assertThat(kernel.connect(tcp(0), address)).isEqualTo(-Errno.ECONNREFUSED);
        assertThat(kernel.bind(tcp(0), address)).isEqualTo(-Errno.EADDRINUSE);
        assertThat(kernel.getpeername(bound, address)).isEqualTo(-Errno.ENOTCONN);
        assertThat(kernel.connect(bound, new byte[200])).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void anAddressIsCutToTheArrayAndItsLengthIsTold() {
        int bound = tcp(0);
        assertThat(kernel.bind(bound, loopback(0))).isZero();
        byte[] cut = new byte[4];
        assertThat(kernel.getsockname(bound, cut)).isEqualTo(16);
        assertThat(port(cut)).isPositive();
    }

    @Test
    void aSocketpairIsConnected() {
        int[] pair = {-1, -1};
        int type = Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC;
        assertThat(kernel.socketpair(Uapi.AF_UNIX, type, 0, pair)).isZero();
        keep(pair[0]);
        keep(pair[1]);
        write(pair[0], "there");
        assertThat(read(pair[1])).isEqualTo("there");
        write(pair[1], "back");
        assertThat(read(pair[0])).isEqualTo("back");
    }

    // ---- terminal ----

    @Test
    void onlyATerminalHasAWindow() {
        assertThat(kernel.winsize(pipe(0)[0])).isEqualTo(-Errno.ENOTTY);
        byte[] ptmx = "/dev/ptmx".getBytes(UTF_8);
        int fd = keep(kernel.openat(Uapi.AT_FDCWD, ptmx, Uapi.O_RDWR | Uapi.O_NOCTTY | Uapi.O_CLOEXEC, 0));
        assertThat(kernel.winsize(fd)).isZero();
    }

    @Test
    void theSlaveOfAPseudoterminalIsOpenedOnceItIsUnlocked() {
        int flags = Uapi.O_RDWR | Uapi.O_NOCTTY | Uapi.O_CLOEXEC | Uapi.O_NONBLOCK;
        int master = keep(kernel.openat(Uapi.AT_FDCWD, "/dev/ptmx".getBytes(UTF_8), flags, 0));
        assertThat(kernel.tiocgptpeer(master, flags)).isEqualTo(-Errno.EIO); // a new one is locked
        assertThat(kernel.tiocsptlck(master, 0)).isZero();
        int slave = keep(kernel.tiocgptpeer(master, flags));
        write(master, "hello\n");
        assertThat(read(slave)).isEqualTo("hello\n");
        assertThat(kernel.tiocsptlck(pipe(0)[0], 0)).isEqualTo(-Errno.ENOTTY);
    }

    @Test
    void theWindowOfATerminalIsRowsAndColumns() throws IOException, InterruptedException {
        // script(1) makes a terminal; the shell in it says its pid, by which the terminal is opened here, and waits.
        String shell = "stty rows 33 cols 132; echo $$; read wait";
        Process script = new ProcessBuilder("script", "-qc", shell, "/dev/null")
                .redirectErrorStream(true)
                .start();
        try (BufferedReader output = script.inputReader(UTF_8);
                BufferedWriter input = script.outputWriter(UTF_8)) {
            String pid = output.readLine().strip();
            byte[] terminal = ("/proc/" + pid + "/fd/0").getBytes(UTF_8);
            int fd = keep(kernel.openat(Uapi.AT_FDCWD, terminal, Uapi.O_RDWR | Uapi.O_NOCTTY | Uapi.O_CLOEXEC, 0));
            assertThat(kernel.winsize(fd)).isEqualTo(33 << 16 | 132);
            input.write("\n");
            input.flush();
            output.transferTo(Writer.nullWriter()); // to its end, or script dies of SIGPIPE
        } finally {
            script.getErrorStream().close();
        }
        assertThat(script.waitFor()).isZero();
    }
}
