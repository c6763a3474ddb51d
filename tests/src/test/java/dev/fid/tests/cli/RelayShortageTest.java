package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A relay whose descriptors are used up, or whose file keeps it waiting.
class RelayShortageTest extends Sandbox {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private int port() throws IOException {
        awaitError("relaying 127.0.0.1:");
        Matcher port = Pattern.compile("relaying 127.0.0.1:(\\d+)").matcher(errorsSoFar());
        assertThat(port.find()).isTrue();
        return Integer.parseInt(port.group(1));
    }

    private static ServerSocket echo() throws IOException {
        ServerSocket server = new ServerSocket(0, 300, LOOPBACK);
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket inside = server.accept();
                    Thread.ofVirtual().start(() -> {
                        try (inside) {
                            inside.getInputStream().transferTo(inside.getOutputStream());
                        } catch (IOException e) {
                            // Its client's affair.
                        }
                    });
                } catch (IOException e) {
                    return;
                }
            }
        });
        return server;
    }

    /// Whether the rest is odd or even, who is taken is served, and nobody else is to blame.
    @ParameterizedTest
    @ValueSource(ints = {128, 129})
    void whoCannotBeServedWaitsAndTheOperatorLearnsWhy(int descriptors) throws Exception {
        try (ServerSocket server = echo()) {
            List<String> command =
                    new ArrayList<>(List.of("sh", "-c", "ulimit -n " + descriptors + "; exec \"$@\"", "sh"));
            command.addAll(fid("relay", "--workers", "1", "--admin", "unix://" + path("a.sock")));
            command.addAll(List.of("127.0.0.1:0", "127.0.0.1:" + server.getLocalPort()));
            Process relay = start(command);
            int port = port();
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < 150; i++) {
                Socket client = new Socket(LOOPBACK, port);
                client.setSoTimeout(20_000);
                client.getOutputStream().write(i);
                clients.add(client);
            }
            Ran ran = here("version");
            for (int i = 0; i < 100 && !ran.out().contains("accept_errors_total{"); i++) {
                ran = here("ctl", "--admin", "unix://" + path("a.sock"), "metrics");
                assertThat(ran.status()).as(ran.err()).isZero();
            }
            String metrics = ran.out();
            assertThat(metrics).contains("errno=\"EMFILE\"").doesNotContain("connect_errors_total{");
            for (int i = 0; i < 150; i++) {
                try (Socket client = clients.get(i)) {
                    assertThat(client.getInputStream().read())
                            .as("client %d", i)
                            .isEqualTo(i);
                } catch (SocketTimeoutException e) {
                    throw new AssertionError("client " + i + ": " + errorsSoFar(), e);
                }
            }
            signal("TERM", relay);
            assertThat(finish(relay).status()).as(errorsSoFar()).isIn(0, 9);
            assertThat(errorsSoFar()).doesNotContain("turned away");
        }
    }

    @Test
    void aFileThatKeepsAReloadWaitingDoesNotHoldUpTheEnd() throws Exception {
        Files.writeString(
                dir.resolve("fid.toml"),
                "admin = \"unix://" + path("a.sock")
                        + "\"\n[[relay]]\nlisten = \"127.0.0.1:0\"\nto = \"127.0.0.1:9\"\n");
        Process relay = start(fid("relay", "--config", path("fid.toml")));
        port();
        Files.delete(dir.resolve("fid.toml"));
        assertThat(sh("mkfifo fid.toml").status()).isZero();
        signal("HUP", relay);
        signal("HUP", relay);
        Ran ran = here("ctl", "--admin", "unix://" + path("a.sock"), "status");
        assertThat(ran.status()).as(ran.err()).isZero();
        signal("TERM", relay);
        assertThat(finish(relay).status()).isZero();
    }
}
