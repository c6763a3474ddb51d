package dev.fid.tests.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.net.Loops;
import dev.fid.net.admin.Admin;
import dev.fid.net.admin.Systemd;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import dev.fid.net.relay.Service;
import dev.fid.tests.Needs;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Many relays whose configuration changes, and the page for operators.
class ServiceTest extends Fixture {
    private Service service() {
        return keep(new Service(new Loops(2), null));
    }

    private static InetSocketAddress free() throws IOException {
        try (ServerSocketChannel probe = ServerSocketChannel.open().bind(loopback(0))) {
            return (InetSocketAddress) probe.getLocalAddress();
        }
    }

    private static RelayBuilder relay(SocketAddress listen, ServerSocketChannel server) {
        return Relay.builder().listen(listen).to(address(server));
    }

    @Test
    void aRelaySharesTheLoopsOfAProgramAndLeavesThemRunning() throws Exception {
        try (MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory())) {
            IoEventLoop loop = group.next();
            ServerSocketChannel server = server();
            Relay relay = keep(Relay.builder()
                    .listen(loopback(0))
                    .to(address(server))
                    .loops(Loops.of(List.of(loop)))
                    .start());
            Ends ends = ends(relay, server);
            put(ends.client(), "hello");
            assertThat(text(ends.server(), 5)).isEqualTo("hello");
            relay.close();
            assertThat(loop.submit(() -> 7).get()).isEqualTo(7);
        }
        try (MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory())) {
            List<IoEventLoop> loops = List.of(group.next());
            assertThatThrownBy(() -> Loops.of(loops))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("epoll");
        }
    }

    @Test
    void aReloadKeepsConnectionsAndGivesNewOnesTheNewUpstream() throws Exception {
        ServerSocketChannel one = server();
        ServerSocketChannel other = server();
        Service service = service();
        InetSocketAddress where = free();
        service.apply(List.of(relay(where, one)));
        Relay before = service.relays().getFirst();
        Ends old = ends(before, one);
        service.apply(List.of(relay(where, other)));
        assertThat(service.relays()).containsExactly(before);
        put(connect(before), "new");
        assertThat(text(accept(other), 3)).isEqualTo("new");
        put(old.client(), "old");
        assertThat(text(old.server(), 3)).isEqualTo("old");
    }

    @Test
    void aRemovedRelayStopsListeningWhileItsConnectionsGoOn() throws Exception {
        ServerSocketChannel server = server();
        Service service = service();
        InetSocketAddress stays = free();
        InetSocketAddress goes = free();
        service.apply(List.of(relay(stays, server), relay(goes, server)));
        Ends old = ends(service.relays().get(1), server);
        service.apply(List.of(relay(stays, server)));
        assertThatThrownBy(() -> SocketChannel.open(goes)).isInstanceOf(IOException.class);
        put(old.client(), "goes on");
        assertThat(text(old.server(), 7)).isEqualTo("goes on");
        assertThat(service.leaving()).hasSize(1);
        old.client().close();
        old.server().close();
        await("nobody is left", () -> service.leaving().isEmpty());
    }

    @Test
    void twoRelaysOfOneNameAreRefusedAndNothingChanges() throws Exception {
        ServerSocketChannel server = server();
        Service service = service();
        InetSocketAddress where = free();
        service.apply(List.of(relay(where, server).name("db")));
        Relay before = service.relays().getFirst();
        assertThatThrownBy(() -> service.apply(List.of(
                        relay(where, server).name("db"), relay(free(), server).name("db"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("two relays are called 'db'");
        assertThat(service.relays()).containsExactly(before);
        service.apply(
                List.of(relay(where, server).name("x"), relay(free(), server).name("db")));
        assertThat(service.relays()).hasSize(2);
    }

    @Test
    void aReloadThatFailsChangesNothing() throws Exception {
        ServerSocketChannel server = server();
        ServerSocketChannel inTheWay = server();
        Service service = service();
        InetSocketAddress where = free();
        service.apply(List.of(relay(where, server)));
        assertThatThrownBy(() -> service.apply(List.of(relay(address(inTheWay), server))))
                .isInstanceOf(ErrnoException.class);
        put(connect(service.relays().getFirst()), "still");
        assertThat(text(accept(server), 5)).isEqualTo("still");
    }

    @Test
    void aRelayThatMustBeMadeAnewKeepsItsPort() throws Exception {
        ServerSocketChannel server = server();
        Service service = service();
        InetSocketAddress where = free();
        service.apply(List.of(relay(where, server)));
        Ends old = ends(service.relays().getFirst(), server);
        service.apply(List.of(relay(where, server).splicing(dev.fid.link.PipePool.Splicing.NEVER)));
        put(connect(service.relays().getFirst()), "new");
        assertThat(text(accept(server), 3)).isEqualTo("new");
        put(old.client(), "old");
        assertThat(text(old.server(), 3)).isEqualTo("old");
    }

    // ---- the admin page ----

    private static final class Recorder implements Admin.Control {
        private volatile String asked = "";

        @Override
        public String reload() {
            asked = "reload";
            return "";
        }

        @Override
        public void drain() {
            asked = "drain";
        }

        @Override
        public void stop() {
            asked = "stop";
        }
    }

    private String ask(Admin admin, String request) throws IOException {
        try (SocketChannel client = SocketChannel.open(admin.address())) {
            put(client, request);
            return new String(drain(client), UTF_8);
        }
    }

    private String get(Admin admin, String path) throws IOException {
        return ask(admin, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }

    @Test
    void thePageTellsHowTheRelayIs() throws Exception {
        ServerSocketChannel server = server();
        Service service = service();
        service.apply(List.of(relay(free(), server).name("db")));
        Admin admin = keep(new Admin(loopback(0), service, new Recorder()));
        Ends ends = ends(service.relays().getFirst(), server);
        put(ends.client(), "12345");
        text(ends.server(), 5);
        assertThat(get(admin, "/healthz")).startsWith("HTTP/1.1 200 OK").endsWith("ok\n");
        assertThat(get(admin, "/readyz")).startsWith("HTTP/1.1 200 OK");
        assertThat(get(admin, "/metrics"))
                .contains("fid_relay_connections{relay=\"db\"} 1\n")
                .contains("fid_relay_bytes_total{relay=\"db\",direction=\"to_upstream\",method=\"copy\"} 5\n")
                .contains("fid_relay_connect_seconds_bucket{relay=\"db\",le=\"0.00005\"} ")
                .contains("fid_relay_connect_seconds_count{relay=\"db\"} 1\n");
        assertThat(get(admin, "/status")).contains("\"schema\":\"fid.status/1\"", "\"bytes_to_upstream\":5");
        String list = get(admin, "/connections");
        assertThat(list).contains("\"phase\":\"joined\"", "\"relay\":\"db\"");
        String id = list.replaceFirst("(?s).*\"id\":(\\d+).*", "$1");
        String kill = "POST /kill?id=" + id + " HTTP/1.1\r\nHost: localhost\r\nFid-Admin: 1\r\n\r\n";
        assertThat(ask(admin, kill)).startsWith("HTTP/1.1 200");
        assertThatThrownBy(() -> drain(ends.client())).isInstanceOf(IOException.class);
        service.stopListening();
        assertThat(get(admin, "/readyz")).startsWith("HTTP/1.1 503");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n",
                "GET /status HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n",
                "GET /status HTTP/1.1\r\n\r\n",
                "GET /status HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
                "POST /stop HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "POST /stop HTTP/1.1\r\nHost: evil.example\r\nFid-Admin: 1\r\n\r\n",
                "POST /stop HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nFid-Admin: 1\r\n\r\n"
            })
    void aForeignPageGetsNothing(String request) throws Exception {
        Recorder recorder = new Recorder();
        Admin admin = keep(new Admin(loopback(0), service(), recorder));
        assertThat(ask(admin, request)).matches("(?s)HTTP/1.1 40[03] .*");
        assertThat(recorder.asked).isEmpty();
    }

    @Test
    void ordersReachTheProcess() throws Exception {
        Recorder recorder = new Recorder();
        Admin admin = keep(new Admin(UnixDomainSocketAddress.of(dir.resolve("admin.sock")), service(), recorder));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("admin.sock"))))
                .isEqualTo("rw-------");
        for (String order : List.of("reload", "drain", "stop")) {
            assertThat(ask(admin, "POST /" + order + " HTTP/1.1\r\nHost: x\r\nFid-Admin: 1\r\n\r\n"))
                    .startsWith("HTTP/1.1 200");
            await(order, () -> recorder.asked.equals(order));
        }
    }

    @Test
    void thePageIsForThisMachineOnly() {
        assertThatThrownBy(() -> new Admin(new InetSocketAddress(0), service(), new Recorder()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // ---- the service manager ----

    @Test
    void theServiceManagerIsTold() throws Exception {
        Needs.programs("socat");
        var socket = dir.resolve("notify.sock");
        Process socat = new ProcessBuilder("socat", "-u", "UNIX-RECV:" + socket, "CREATE:" + dir.resolve("told"))
                .inheritIO()
                .start();
        try {
            await("socat listens", () -> Files.exists(socket));
            new Systemd(Map.of("NOTIFY_SOCKET", socket.toString())).tell("READY=1\nSTATUS=x");
            await("it was told", () -> {
                try {
                    return Files.exists(dir.resolve("told"))
                            && Files.readString(dir.resolve("told")).equals("READY=1\nSTATUS=x");
                } catch (IOException e) {
                    return false;
                }
            });
        } finally {
            socat.destroyForcibly().waitFor();
        }
        assertThat(new Systemd(Map.of("WATCHDOG_USEC", "2000000")).watchdogNanos())
                .isEqualTo(1_000_000_000L);
        assertThat(new Systemd(Map.of("WATCHDOG_USEC", "2000000", "WATCHDOG_PID", "1")).watchdogNanos())
                .isZero();
    }

    @Test
    void aSocketThatListensAlreadyIsTakenOver() throws Exception {
        ServerSocketChannel server = server();
        dev.fid.Fd listening = dev.fid.Fd.listen(loopback(0));
        SocketAddress where = listening.localAddress();
        Service service = service();
        service.apply(List.of(Relay.builder().listen(listening).to(address(server))));
        for (int i = 0; i < 6; i++) {
            put(keep(SocketChannel.open(where)), "passed on");
            assertThat(text(accept(server), 9)).isEqualTo("passed on");
        }
        service.drain(Duration.ZERO);
    }

    /// The flag is shared with whoever handed the socket to us, and with who gets it next.
    @Test
    void aSocketThatWasHandedToUsIsGivenBackAsItCame() throws Exception {
        ServerSocketChannel server = server();
        dev.fid.Fd handed = dev.fid.Fd.listen(loopback(0));
        Kernel kernel = handed.kernel();
        int flags = kernel.fcntl(handed.number(), Uapi.F_GETFL, 0);
        kernel.fcntl(handed.number(), Uapi.F_SETFL, flags & ~Uapi.O_NONBLOCK);
        dev.fid.Fd theirs = keep(dev.fid.Fd.own(kernel, kernel.fcntl(handed.number(), Uapi.F_DUPFD_CLOEXEC, 3), ""));
        SocketAddress where = handed.localAddress();
        Service service = service();
        service.apply(List.of(Relay.builder().listen(handed).to(address(server))));
        assertThat(kernel.fcntl(theirs.number(), Uapi.F_GETFL, 0) & Uapi.O_NONBLOCK)
                .isNotZero();
        put(keep(SocketChannel.open(where)), "hello");
        assertThat(text(accept(server), 5)).isEqualTo("hello");
        service.close();
        assertThat(kernel.fcntl(theirs.number(), Uapi.F_GETFL, 0) & Uapi.O_NONBLOCK)
                .isZero();
    }
}
