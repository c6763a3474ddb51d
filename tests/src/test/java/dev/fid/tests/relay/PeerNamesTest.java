package dev.fid.tests.relay;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.bench.measure.LauncherFlags;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.net.ConnectionStatus;
import dev.fid.net.Loops;
import dev.fid.net.admin.Admin;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.Service;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A unix client may call itself anything: no name forges a line, moves a cursor or stops a loop.
class PeerNamesTest extends Fixture {
    private static final Kernel LINUX = Kernel.linux();

    /// A client that is bound to an abstract name of these bytes, each a char.
    static Fd client(String name, UnixDomainSocketAddress to) {
        Fd socket = Fd.own(LINUX, LINUX.socket(Uapi.AF_UNIX, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC, 0), "client");
        assertThat(LINUX.bind(socket.number(), sockaddr("\0" + name))).isZero();
        assertThat(LINUX.connect(socket.number(), sockaddr(to.getPath() + "\0")))
                .isZero();
        return socket;
    }

    private static byte[] sockaddr(String name) {
        byte[] bytes = name.getBytes(ISO_8859_1);
        ByteBuffer raw = ByteBuffer.allocate(2 + bytes.length).order(ByteOrder.nativeOrder());
        return raw.putShort((short) Uapi.AF_UNIX).put(bytes).array();
    }

    static void put(Fd to, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        try (Memory memory = LINUX.allocate(bytes.length)) {
            memory.put(0, bytes, 0, bytes.length);
            assertThat(LINUX.write(to.number(), memory, 0, bytes.length)).isEqualTo(bytes.length);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "plain                  | @plain",
                "two\\nlines            | @two\\nlines",
                "\\e[2J\\e]0;mine\\a    | @\\x1b[2J\\x1b]0;mine\\x07",
                "\\xff\\xfe             | @\\xff\\xfe",
                "a\\0b                  | @a@b",
                "a//b                   | @a//b",
                "\\xe2\\x80\\xae        | @\\u202e",
            })
    void aNameIsShownInOneLine(String written, String shown) throws Exception {
        String name = written.replace("\\n", "\n").replace("\\e", "\u001b").replace("\\a", "\u0007");
        name = name.replace("\\0", "\0").replace("\\xff", "ÿ").replace("\\xfe", "þ");
        name = name.replace("\\xe2", "â").replace("\\x80", "\u0080").replace("\\xae", "®");
        ServerSocketChannel server = server();
        Queue<String> logged = new ConcurrentLinkedQueue<>();
        Service service = keep(
                new Service(new Loops(1), entry -> logged.add(entry.connection().client())));
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(dir.resolve("relay.sock"));
        service.apply(List.of(Relay.builder().listen(path).to(address(server))));
        try (Admin admin = new Admin(loopback(0), service, new NoControl())) {
            try (Fd client = client(name, path)) {
                put(client, "hello");
                SocketChannel inside = accept(server);
                assertThat(text(inside, 5)).isEqualTo("hello");
                assertThat(service.relays().getFirst().list())
                        .extracting(ConnectionStatus::client)
                        .containsExactly(shown);
                String page = get(((InetSocketAddress) admin.address()).getPort(), "/connections");
                assertThat(page.substring(page.indexOf("\r\n\r\n") + 4))
                        .contains("\"client\":\"" + shown.replace("\\", "\\\\") + "\"")
                        .matches("[^\\p{Cntrl}]*\n");
                inside.close();
            }
            await("its end", () -> !logged.isEmpty());
            assertThat(logged).containsExactly(shown);
        }
    }

    /// There a path of java.nio can say ASCII alone.
    @Test
    void inTheCLocaleEveryNameIsServed() throws Exception {
        ServerSocketChannel server = unixServer();
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(dir.resolve("relay.sock"));
        List<String> words = new ArrayList<>(LauncherFlags.RELAY_JVM);
        words.addFirst(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
        words.addAll(List.of("dev.fid.cli.Main", "relay", "--access-log", "-"));
        words.addAll(List.of("unix-listen://" + path.getPath(), "unix://" + dir.resolve("server.sock")));
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        Path said = dir.resolve("said");
        Process relay = builder.redirectOutput(said.toFile()).start();
        try {
            await("a relay", () -> Files.exists(path.getPath()));
            for (String name : List.of("Ã¼", "ÿ", "plain")) { // UTF-8, and not
                try (Fd client = client(name, path);
                        SocketChannel inside = server.accept()) {
                    put(client, "hello");
                    assertThat(text(inside, 5)).isEqualTo("hello");
                }
            }
            relay.destroy();
            assertThat(relay.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(Files.readString(said, UTF_8))
                    .contains("\"client\":\"@ü\"", "\"client\":\"@\\\\xff\"", "\"client\":\"@plain\"")
                    .doesNotContain("Exception");
        } finally {
            relay.destroyForcibly();
            relay.getOutputStream().close();
        }
    }

    private static String get(int port, String page) throws Exception {
        try (SocketChannel client = SocketChannel.open(loopback(port))) {
            put(client, "GET " + page + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            return new String(drain(client), UTF_8);
        }
    }

    private static final class NoControl implements Admin.Control {
        @Override
        public String reload() {
            return "";
        }

        @Override
        public void drain() {}

        @Override
        public void stop() {}
    }
}
