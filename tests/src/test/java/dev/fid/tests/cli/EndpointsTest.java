package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Each endpoint against a real peer.
class EndpointsTest extends Sandbox {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void aTcpPeerGetsTheBytesAndThenTheEnd(String host) throws Exception {
        byte[] bytes = file("a", 1_000_000);
        try (ServerSocket server = new ServerSocket(0, 1, address(host))) {
            CompletableFuture<byte[]> got = CompletableFuture.supplyAsync(() -> {
                try (Socket peer = server.accept()) {
                    return peer.getInputStream().readAllBytes();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            String shown = host.contains(":") ? "[" + host + "]" : host;
            Ran ran = here(
                    "copy",
                    path("a"),
                    "tcp://" + shown + ":" + server.getLocalPort() + "?keepalive=30s&sndbuf=1MiB&nodelay=no&bind="
                            + host);
            assertThat(ran.err()).contains("by sendfile; 0 B through user space");
            assertThat(ran.status()).isZero();
            assertThat(got.get()).isEqualTo(bytes);
        }
    }

    private static InetAddress address(String host) throws IOException {
        return InetAddress.getAllByName(host)[0];
    }

    @Test
    void aTcpPeerIsRead() throws Exception {
        byte[] bytes = file("a", 1_000_000);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                try (Socket peer = server.accept()) {
                    peer.getOutputStream().write(bytes);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            Ran ran = here("copy", "tcp://localhost:" + server.getLocalPort(), path("b"));
            assertThat(ran.err()).contains("by splice_through_pipe; 0 B through user space");
            assertThat(content("b")).isEqualTo(bytes);
            sent.get();
        }
    }

    @Test
    void nobodyListeningIsExit4() throws IOException {
        file("a", 10);
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Ran ran = here("copy", path("a"), "tcp://127.0.0.1:" + port);
        assertThat(ran.err())
                .matches(
                        "fid: copy: tcp://127.0.0.1:" + port + ": Connection refused after \\S+ s; nothing was sent\n");
        assertThat(ran.status()).isEqualTo(4);
    }

    @Test
    void anUnknownHostIsExit4() throws IOException {
        file("a", 10);
        Ran ran = here("copy", path("a"), "tcp://no-such-host.invalid:1");
        assertThat(ran.err())
                .isEqualTo("fid: copy: tcp://no-such-host.invalid:1: the host 'no-such-host.invalid' is unknown\n");
        assertThat(ran.status()).isEqualTo(4);
    }

    @Test
    void aPortInUseIsExit4() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            Ran ran = here("copy", "tcp-listen://" + address, path("b"));
            assertThat(ran.err()).isEqualTo("fid: copy: cannot listen on " + address + ": Address already in use\n");
            assertThat(ran.status()).isEqualTo(4);
            assertThat(names()).isEmpty();
        }
    }

    @Test
    void aResetIsAnErrorWhicheverSideItIsOn() throws Exception {
        byte[] bytes = file("a", 50_000_000);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> reset = CompletableFuture.runAsync(() -> {
                try (Socket peer = server.accept()) {
                    peer.getInputStream().readNBytes(100_000);
                    peer.setSoLinger(true, 0);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            Ran ran = here("copy", path("a"), "tcp://localhost:" + server.getLocalPort());
            reset.get();
            assertThat(ran.err())
                    .matches("fid: copy: tcp://localhost:\\d+: (Connection reset by peer|Broken pipe) after .*were"
                            + " sent\n");
            assertThat(ran.status()).isEqualTo(1);
            assertThat(bytes).hasSize(50_000_000);
        }
    }

    @Test
    void oneTcpPeerIsAcceptedOnBothLoopbacksAndTheChosenPortIsPrinted() throws Exception {
        byte[] bytes = file("a", 1_000_000);
        for (String host : new String[] {"127.0.0.1", "::1"}) {
            Process process = start(fid("copy", "tcp-listen://:0", "b"));
            int port = port();
            try (Socket peer = new Socket(host, port)) {
                peer.getOutputStream().write(bytes);
            }
            Ran ran = finish(process);
            assertThat(ran.status()).as(ran.err()).isZero();
            assertThat(content("b")).isEqualTo(bytes);
            Files.delete(dir.resolve("b"));
        }
    }

    private int port() throws IOException {
        Pattern line = Pattern.compile("listening on localhost:(\\d+)\n");
        await("the port", () -> {
            try {
                return line.matcher(errorsSoFar()).find();
            } catch (IOException e) {
                return false;
            }
        });
        Matcher matcher = line.matcher(errorsSoFar());
        assertThat(matcher.find()).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    @Test
    void unixSocketsCarryBothWays() throws Exception {
        byte[] bytes = file("a", 1_000_000);
        Process listener = start(fid("copy", "unix-listen://s?mode=0640", "b"));
        awaitError("listening on s\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("s"))))
                .isEqualTo("rw-r-----");
        Ran sent = here("copy", path("a"), "unix://" + path("s"));
        assertThat(sent.status()).as(sent.err()).isZero();
        assertThat(finish(listener).status()).isZero();
        assertThat(content("b")).isEqualTo(bytes);
        assertThat(names()).containsExactly("a", "b");
    }

    @Test
    void onlyADeadSocketFileIsRemoved() throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path("s"));
        try (ServerSocketChannel alive = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            alive.bind(address);
            Ran ran = here("copy", "unix-listen://" + path("s"), path("b"));
            assertThat(ran.err()).isEqualTo("fid: copy: cannot listen on " + path("s") + ": Address already in use\n");
            assertThat(ran.status()).isEqualTo(4);
        }
        CompletableFuture<Ran> ran =
                CompletableFuture.supplyAsync(() -> here("copy", "unix-listen://" + path("s"), path("b")));
        await("a listener", () -> {
            try (SocketChannel peer = SocketChannel.open(address)) {
                return peer.write(ByteBuffer.wrap("hello".getBytes(UTF_8))) == 5;
            } catch (IOException e) {
                return false;
            }
        });
        assertThat(ran.get().status()).isZero();
        assertThat(content("b")).asString(UTF_8).isEqualTo("hello");
        assertThat(names()).containsExactly("b");
    }

    @Test
    void anAbstractNameNeedsNoFile() throws Exception {
        String name = "@fid-test-" + ProcessHandle.current().pid();
        byte[] bytes = file("a", 100_000);
        Process listener = start(fid("copy", "unix-listen://" + name, "b"));
        awaitError("listening on " + name);
        assertThat(here("copy", path("a"), "unix://" + name).status()).isZero();
        assertThat(finish(listener).status()).isZero();
        assertThat(content("b")).isEqualTo(bytes);
    }

    @Test
    void childrenReadAndWrite() throws IOException {
        byte[] bytes = file("a", 1_000_000);
        assertThat(here("copy", path("a"), "exec:sh -c 'cat > \"$0\"' " + path("b"))
                        .status())
                .isZero();
        assertThat(content("b")).isEqualTo(bytes);
        assertThat(here("copy", "exec:cat " + path("a"), path("c")).err()).contains("by splice; 0 B");
        assertThat(content("c")).isEqualTo(bytes);
    }

    @Test
    void aChildThatFailsIsExit9AndNothingIsReplaced() throws IOException {
        byte[] old = file("b", 10);
        Ran ran = here("copy", "exec:sh -c 'echo hello; exit 3'", path("b"));
        assertThat(ran.err())
                .isEqualTo("fid: copy: exec:sh -c 'echo hello; exit 3': the child ended with status 3; " + path("b")
                        + " is untouched\n");
        assertThat(ran.status()).isEqualTo(9);
        assertThat(content("b")).isEqualTo(old);
        file("a", 10_000_000);
        assertThat(here("copy", path("a"), "exec:sh -c 'exit 4'").status()).isEqualTo(9);
        assertThat(here("copy", path("a"), "exec:head -c 5").status()).isEqualTo(1);
        Ran none = here("copy", "exec:no-such-program", path("b"));
        assertThat(none.err()).isEqualTo("fid: copy: exec:no-such-program: No such file or directory\n");
        assertThat(none.status()).isEqualTo(3);
    }

    @Test
    void anInheritedDescriptorIsUsedAsItIs() throws IOException {
        file("a", 100_000);
        Ran ran = sh("fid copy fd://5 fd://6 5<a 6>b && cmp a b && fid copy fd://7 b");
        assertThat(ran.err()).endsWith("fid: copy: fd://7: it is closed\n");
        assertThat(ran.status()).isEqualTo(3);
    }

    @Test
    void closedStreamsAreNotMistakenForWhatTheJvmOpened() throws IOException {
        Ran in = sh("fid copy - b <&-");
        assertThat(in.err()).isEqualTo("fid: copy: stdin: it is closed\n");
        assertThat(in.status()).isEqualTo(3);
        file("a", 10);
        Ran out = sh("fid copy a - >&-");
        assertThat(out.err()).isEqualTo("fid: copy: stdout: it is closed\n");
        assertThat(out.status()).isEqualTo(3);
        assertThat(names()).containsExactly("a");
    }

    /// CP-026: pairs of {file, pipe, fifo, socket, /dev/null}; terminals are in TerminalTest.
    /// All 25 with `-Dfid.campaign=long`, else every kind twice on each side.
    @Test
    void stdinAndStdoutMayBeAnything() throws IOException {
        require(false, "python3");
        Files.writeString(dir.resolve("a"), "hello\n".repeat(20_000));
        Files.writeString(dir.resolve("pairs.py"), PAIRS);
        List<String> command = new java.util.ArrayList<>(List.of("python3", "pairs.py", LONG ? "25" : "10"));
        command.addAll(fid("-q", "copy", "-", "-"));
        Ran ran = run(command);
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo(LONG ? "25 pairs\n" : "10 pairs\n");
    }

    private static final String PAIRS = """
        import os, socket, subprocess, sys, threading
        data = open('a', 'rb').read()
        for name in ('f', 'g'):
            os.mkfifo(name)
        kinds = ('file', 'pipe', 'fifo', 'socket', 'null')
        count = 0
        for given in kinds:
            for taken in kinds:
                step = (kinds.index(taken) - kinds.index(given)) % 5
                if sys.argv[1] == '10' and step not in (0, 2):
                    continue
                def feed(fd):
                    view = memoryview(data)
                    while view:
                        view = view[os.write(fd, view):]
                    os.close(fd)
                feeder = reader = None
                if given == 'file':
                    stdin = os.open('a', os.O_RDONLY)
                elif given == 'null':
                    stdin = os.open('/dev/null', os.O_RDONLY)
                else:
                    if given == 'pipe':
                        stdin, feeder = os.pipe()
                    elif given == 'fifo':
                        both = os.open('f', os.O_RDWR)
                        stdin, feeder = os.open('f', os.O_RDONLY), os.open('f', os.O_WRONLY)
                        os.close(both)
                    else:
                        stdin, feeder = (s.detach() for s in socket.socketpair())
                if taken == 'file':
                    stdout = os.open('out', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                elif taken == 'null':
                    stdout = os.open('/dev/null', os.O_WRONLY)
                elif taken == 'pipe':
                    reader, stdout = os.pipe()
                elif taken == 'fifo':
                    both = os.open('g', os.O_RDWR)
                    reader, stdout = os.open('g', os.O_RDONLY), os.open('g', os.O_WRONLY)
                    os.close(both)
                else:
                    reader, stdout = (s.detach() for s in socket.socketpair())
                child = subprocess.Popen(sys.argv[2:], stdin=stdin, stdout=stdout)
                os.close(stdin)
                os.close(stdout)
                if feeder is not None:
                    threading.Thread(target=feed, args=(feeder,)).start()
                got = b''
                while reader is not None:
                    piece = os.read(reader, 1 << 16)
                    got += piece
                    if not piece:
                        os.close(reader)
                        break
                status = child.wait(60)
                if taken == 'file':
                    got = open('out', 'rb').read()
                want = b'' if given == 'null' or taken == 'null' else data
                if status or got != want:
                    sys.exit(f'{given} to {taken}: status {status}, {len(got)} of {len(want)} bytes')
                count += 1
        print(count, 'pairs')
        """;

    @Test
    void onlyASocketIsSaidToBeOne() throws IOException {
        require(false, "setsid");
        file("a", 10);
        Ran ran = run(List.of("setsid", "-w", dir.resolve(".bin/fid").toString(), "copy", "a", "/dev/tty"));
        assertThat(ran.err()).isEqualTo("fid: copy: /dev/tty: No such device or address\n");
        assertThat(ran.status()).isEqualTo(3);
    }
}
