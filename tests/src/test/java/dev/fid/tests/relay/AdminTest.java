package dev.fid.tests.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.net.Loops;
import dev.fid.net.admin.Admin;
import dev.fid.net.relay.Service;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The page for operators, asked by whoever comes.
@Timeout(9) // before the ten seconds after which a silent peer is sent away anyway
class AdminTest extends Fixture {
    private Admin admin;

    /// Takes what is ordered, and does nothing.
    static final class Orders implements Admin.Control {
        @Override
        public String reload() {
            return "";
        }

        @Override
        public void drain() {}

        @Override
        public void stop() {}
    }

    @BeforeEach
    void open() throws IOException {
        admin = keep(new Admin(loopback(0), keep(new Service(new Loops(1), null)), new Orders()));
    }

    static String ask(Admin admin, String request) throws IOException {
        try (SocketChannel client = SocketChannel.open(admin.address())) {
            put(client, request);
            return new String(drain(client), UTF_8);
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "40"})
    void whoOpensConnectionsAndSaysNothingShutsNobodyOut(int begun) throws Exception {
        List<SocketChannel> idle = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            idle.add(keep(SocketChannel.open(admin.address())));
            if (i % begun == 0) {
                put(idle.getLast(), "GET /");
            }
        }
        assertThat(ask(admin, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .endsWith("ok\n");
        assertThat(idle.getFirst().read(java.nio.ByteBuffer.allocate(100)))
                .as("the idlest was sent away")
                .isNotEqualTo(0);
    }

    @Test
    void headIsGetWithoutABody() throws Exception {
        String got = ask(admin, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        String head = ask(admin, "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(got).isEqualTo(head + "ok\n");
        assertThat(ask(admin, "HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .startsWith("HTTP/1.1 404 Not Found\r\n")
                .endsWith("\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\n",
                "GET / HTTP/1.1\r\nHost: localhost\n",
                "\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\n\n",
                "GET / HTTP/2.0\r\n\r\n",
                "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
                "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"
            })
    void whatIsNoRequestIsRefusedAtOnce(String request) throws Exception {
        assertThat(ask(admin, request)).startsWith("HTTP/1.1 400 Bad Request\r\n");
    }

    @Test
    void aProbeOfHttp10NeedsNoHost() throws Exception {
        assertThat(ask(admin, "GET /healthz HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200 OK");
        assertThat(ask(admin, "GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n"))
                .startsWith("HTTP/1.1 403 Forbidden");
        assertThat(ask(admin, "GET /healthz HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 40");
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, 200",
        "LOCALHOST:80, 200",
        "127.0.0.1, 200",
        "127.255.3.4:65535, 200",
        "[::1], 200",
        "[::1]:9191, 200",
        "127.999.0.1, 403",
        "127.0.0.1:65536, 403",
        "127.0.0.01, 403",
        "127.1, 403",
        "::1, 403",
        "[127.0.0.1], 403",
        "[::2], 403",
        "128.0.0.1, 403",
        "localhost., 403"
    })
    void theHostIsThisMachine(String host, int status) throws Exception {
        assertThat(ask(admin, "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
                .startsWith("HTTP/1.1 " + status);
    }

    @Test
    void everyAnswerHasItsReason() throws Exception {
        assertThat(ask(admin, "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .startsWith("HTTP/1.1 404 Not Found\r\n");
        assertThat(ask(admin, "PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .startsWith("HTTP/1.1 405 Method Not Allowed\r\n")
                .contains("\r\nAllow: GET, HEAD, POST\r\n");
    }

    /// To close with a body unread would reset the connection before the answer is read.
    @Test
    void whoSendsABodyGetsTheAnswer() throws Exception {
        Admin unix = keep(new Admin(
                UnixDomainSocketAddress.of(dir.resolve("a.sock")),
                keep(new Service(new Loops(1), null)),
                new Orders()));
        for (Admin each : List.of(admin, unix)) {
            try (SocketChannel client = SocketChannel.open(each.address())) {
                put(
                        client,
                        "POST /reload HTTP/1.1\r\nHost: localhost\r\nFid-Admin: 1\r\nContent-Length: 20000\r\n\r\n"
                                + "x".repeat(20_000));
                client.shutdownOutput();
                assertThat(new String(drain(client), UTF_8)).endsWith("reloaded\n");
            }
        }
    }
}
