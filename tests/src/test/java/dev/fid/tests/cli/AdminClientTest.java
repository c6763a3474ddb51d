package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `fid ctl` and `fid top` before pages that are not what they should be.
class AdminClientTest extends Sandbox {
    private static final String GOOD = "HTTP/1.1 200 OK\r\nContent-Length: ";

    /// What is said to each client; null says nothing and waits.
    private static ServerSocket page(String answer, boolean endless) throws IOException {
        ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try (Socket client = server.accept()) {
                    InputStream in = client.getInputStream();
                    OutputStream out = client.getOutputStream();
                    out.write(answer.getBytes(ISO_8859_1));
                    byte[] more = "x".repeat(1 << 16).getBytes(ISO_8859_1);
                    while (endless) {
                        out.write(more);
                    }
                    client.shutdownOutput();
                    in.readAllBytes();
                } catch (IOException e) {
                    // The client has gone, or the test has ended.
                }
            }
        });
        return server;
    }

    private static Ran ask(ServerSocket server, String command) {
        String where = "127.0.0.1:" + server.getLocalPort();
        return command.equals("top")
                ? here("top", "--admin", where, "--count", "1")
                : here("ctl", "--admin", where, command);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 xx\r\n\r\n",
                "HTTP/1.1 20\r\nContent-Length: 1\r\n\r\nx",
                "HTTP/1.1 200 OK\r\n\r\nx",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nx",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
                "SSH-2.0-OpenSSH_9.2\r\n",
                "<html>"
            })
    void whatIsNoPageOfOursIsSaidToBeNone(String answer) throws Exception {
        for (String command : new String[] {"status", "top"}) {
            try (ServerSocket server = page(answer, false)) {
                Ran ran = ask(server, command);
                assertThat(ran.err()).contains("is no admin page of fid");
                assertThat(ran.status()).isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"'HTTP/1.1 200 OK\r\nX: '", "'HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n'", "''"})
    void anAnswerWithoutAnEndIsNotKept(String begin) throws Exception {
        try (ServerSocket server = page(begin, true)) {
            assertThat(ask(server, "top").status()).isEqualTo(1);
        }
    }

    @Test
    void anAnswerThatIsCutShortIsNoAnswer() throws Exception {
        for (String cut : new String[] {"", "HTTP/1.1 200", GOOD + "5\r\n\r\nabc"}) {
            try (ServerSocket server = page(cut, false)) {
                Ran ran = ask(server, "status");
                assertThat(ran.err()).contains("the answer was cut short");
                assertThat(ran.status()).isEqualTo(1);
            }
        }
    }

    @Test
    void aPageThatIsSilentIsNotWaitedForForEver() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Ran ran = ask(silent, "status");
            assertThat(ran.err()).isEqualTo("fid: ctl: 127.0.0.1:" + silent.getLocalPort() + ": was silent for 5 s\n");
            assertThat(ran.status()).isEqualTo(4);
        }
    }

    @Test
    void anotherStatusIsSaidAsItIs() throws Exception {
        for (String command : new String[] {"metrics", "top"}) {
            try (ServerSocket server = page("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnope\n", false)) {
                Ran ran = ask(server, command);
                assertThat(ran.err()).endsWith(": 404 Not Found: nope\n");
                assertThat(ran.status()).isEqualTo(7);
            }
        }
    }

    @Test
    void oddMetricsAreLeftOut() throws Exception {
        String metrics = """
                # HELP fid_relay_connections x
                fid_relay_connections{relay="a\\"b\\\\c"} 3
                fid_relay_connections{relay="a} 4
                fid_relay_connections{relay="n"} NaN
                fid_relay_connections{relay="f"} 1.5e3
                fid_relay_connections{relay="t"} 5 1700000000000
                fid_relay_connections{other="x"} 6
                fid_relay_connections
                fid_relay_accepted_total{relay="esc\\n\u001b[31m"} 7
                fid_relay_bytes_total{relay="a\\"b\\\\c",direction="to_client",method="splice"} 2048
                fid_relay_bytes_total{direction="to_client",relay="a\\"b\\\\c"} 99999999999999999999
                nonsense
                """;
        try (ServerSocket server = page(GOOD + metrics.length() + "\r\n\r\n" + metrics, false)) {
            Ran ran = ask(server, "top");
            assertThat(ran.status()).as(ran.err()).isZero();
            assertThat(ran.out())
                    .asString()
                    .contains("a\"b\\c")
                    .contains("2.00 KiB")
                    .doesNotContain("\u001b");
        }
    }
}
