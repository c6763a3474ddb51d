package dev.fid.tests.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.Await;
import dev.fid.tests.conformance.Command;
import dev.fid.tests.conformance.LoopMount;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The library's examples, each as a process of its own.
class LibraryExamplesTest {
    @TempDir
    Path dir;

    private Path file(String name, int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return Files.write(dir.resolve(name), bytes);
    }

    @Test
    void aCopySaysHowFarItIsAndWhatItDid() throws IOException {
        Path in = file("in", 3_000_000);
        Running.Ran ran = Running.run(dir, "library.CopyWithProgress", "in", "out");
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(ran.out()).startsWith("3000000 bytes by ");
        assertThat(ran.err()).contains("3000000 of 3000000 by ");
        assertThat(Files.mismatch(in, dir.resolve("out"))).isEqualTo(-1);
        assertThat(Running.run(dir, "library.CopyWithProgress", "none", "out").status())
                .isEqualTo(1);
        assertThat(Files.mismatch(in, dir.resolve("out")))
                .as("the old file stays")
                .isEqualTo(-1);
    }

    // ---- upload and download ----

    private Running uploads() throws IOException {
        Files.createDirectories(dir.resolve("up"));
        return Running.start(dir, "library.UploadServer", 0, "up");
    }

    private static String curl(Object... words) throws IOException {
        List<Object> all = new ArrayList<>(List.of("curl", "-sS", "-m", "60", "-w", "%{http_code}"));
        all.addAll(List.of(words));
        return Command.run(all.toArray());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5000, 3_000_000}) // curl asks 100-continue from 1 MiB on
    void whatCurlUploadsIsOnTheDiskWhole(int size) throws IOException {
        LoopMount.require("curl");
        Path in = file("in.iso", size);
        try (Running server = uploads()) {
            String url = "http://127.0.0.1:" + server.port() + "/";
            assertThat(curl("-T", in, url)).isEqualTo("201");
            assertThat(server.line()).startsWith("in.iso: ").endsWith("; 0 through user space");
        }
        assertThat(Files.mismatch(in, dir.resolve("up/in.iso"))).isEqualTo(-1);
        assertThat(dir.resolve("up").toFile().list()).containsExactly("in.iso");
    }

    @Test
    void anUploadThatIsNoneIsRefusedAndLeavesNothing() throws IOException {
        LoopMount.require("curl");
        Path in = file("in", 5000);
        try (Running server = uploads()) {
            String url = "http://127.0.0.1:" + server.port() + "/";
            assertThat(curl(url + "in")).isEqualTo("405");
            assertThat(curl("-T", in, url + "..%2fout")).isEqualTo("403");
            assertThat(curl("--path-as-is", "-T", in, url + "../out")).isEqualTo("403");
            assertThat(curl("-T", in, "-H", "Transfer-Encoding: chunked", url + "in"))
                    .isEqualTo("411");
            assertThat(curl("-T", in, "-H", "Content-Length: many", url + "in")).isEqualTo("411");
            assertThat(spoken(url, "nonsense\r\n\r\n")).startsWith("HTTP/1.1 400 ");
            assertThat(spoken(url, "PUT /half HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf"))
                    .isEmpty();
            assertThat(curl("-T", in, url + "still-there")).isEqualTo("201");
        }
        assertThat(dir.resolve("up").toFile().list()).containsExactly("still-there");
    }

    /// Says `request`, ends its side, and returns the answer.
    private static String spoken(String url, String request) throws IOException {
        int port = java.net.URI.create(url).getPort();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(request.getBytes(UTF_8));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    @Test
    void whatComesWithTheHeadAndWhatComesLaterMakeOneFile() throws IOException {
        byte[] body = Files.readAllBytes(file("in", 300_000));
        try (Running server = uploads();
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 2000);
            out.write(("PUT /out HTTP/1.1\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes(UTF_8));
            out.write(body);
            out.write("more than was said".getBytes(UTF_8));
            out.flush();
            String answer = new String(socket.getInputStream().readNBytes(12), UTF_8);
            assertThat(answer).isEqualTo("HTTP/1.1 201");
        }
        assertThat(Files.readAllBytes(dir.resolve("up/out"))).isEqualTo(body);
    }

    @Test
    void aHundredDownloadsAtOnceAreServedOnVirtualThreads() throws Exception {
        byte[] bytes = Files.readAllBytes(file("big.iso", 200_000));
        try (Running server = Running.start(dir, "library.DownloadServer", 0, ".")) {
            int port = server.port();
            List<Socket> sockets = new ArrayList<>();
            try {
                for (int i = 0; i < 100; i++) { // all ask before one reads
                    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                    sockets.add(socket);
                    socket.getOutputStream().write("GET /big.iso HTTP/1.1\r\n\r\n".getBytes(UTF_8));
                }
                for (Socket socket : sockets) {
                    byte[] answer = socket.getInputStream().readAllBytes();
                    assertThat(new String(answer, 0, 60, UTF_8))
                            .startsWith("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n");
                    assertThat(Arrays.copyOfRange(answer, answer.length - bytes.length, answer.length))
                            .isEqualTo(bytes);
                }
            } finally {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
            assertThat(server.line()).contains("by sendfile").endsWith("; 0 through user space");
            String url = "http://127.0.0.1:" + port + "/";
            assertThat(spoken(url, "GET /none HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 404 ");
            assertThat(spoken(url, "GET /../etc/passwd HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 403 ");
        }
    }

    @Test
    void aServerWithoutDescriptorsGoesOnWhenOthersHaveEnded() throws Exception {
        byte[] bytes = Files.readAllBytes(file("small", 2000));
        String limited = "ulimit -n 48; exec \"$@\""; // the JVM takes some 20 of them
        List<Socket> crowd = new ArrayList<>();
        try (Running server = Running.start(
                dir, Path.of("/dev/null"), List.of("sh", "-c", limited, "sh"), "library.DownloadServer", 0, ".")) {
            int port = server.port();
            assertThat(spoken(
                            "http://127.0.0.1:" + port + "/", "GET /small HTTP/1.1\r\n\r\n")) // its classes are loaded
                    .startsWith("HTTP/1.1 200 ");
            for (int i = 0; i < 60; i++) {
                crowd.add(new Socket(InetAddress.getLoopbackAddress(), port)); // they say nothing, and stay
            }
            Await.until("descriptors to run out", () -> server.descriptors() >= 47);
            assertThat(server.errorsSoFar()).isEmpty();
            for (Socket socket : crowd) {
                socket.close();
            }
            try (Socket last = new Socket(InetAddress.getLoopbackAddress(), port)) {
                last.getOutputStream().write("GET /small HTTP/1.1\r\n\r\n".getBytes(UTF_8));
                byte[] answer = last.getInputStream().readAllBytes();
                assertThat(Arrays.copyOfRange(answer, answer.length - bytes.length, answer.length))
                        .isEqualTo(bytes);
            }
        } finally {
            for (Socket socket : crowd) {
                socket.close();
            }
        }
    }

    @Test
    void aSilentFifoIsWaitedForAndNothingIsLost() throws Exception {
        Command.run("mkfifo", dir.resolve("slow"));
        try (Running patient = Running.start(dir, "library.Patient", "slow", "out", 60)) {
            try (OutputStream slow = Files.newOutputStream(dir.resolve("slow"))) {
                slow.write("hello, ".getBytes(UTF_8));
                String silent = "ETIMEDOUT (110) nothing moved for PT1S while it waited for the input";
                Await.until("a time-out", () -> patient.errorsSoFar().contains(silent));
                slow.write("world".getBytes(UTF_8));
            }
            Running.Ran ran = patient.end();
            assertThat(ran.status()).as(ran.err()).isZero();
            assertThat(ran.out()).isEqualTo("12 bytes");
        }
        assertThat(dir.resolve("out")).hasContent("hello, world");
    }

    // ---- pipes and children ----

    @Test
    void standardInputGoesToFilesAndFifos() throws Exception {
        Path in = file("in", 3_000_000);
        Command.run("mkfifo", dir.resolve("fifo"));
        Process cat = new ProcessBuilder("cat", dir.resolve("fifo").toString())
                .redirectOutput(dir.resolve("from-fifo").toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        cat.getOutputStream().close();
        String script = "cat in | \"$@\"";
        try (Running tee = Running.start(
                dir, Path.of("/dev/null"), List.of("sh", "-c", script, "sh"), "library.TeeToMany", "fifo", "copy")) {
            Running.Ran ran = tee.end();
            assertThat(ran.status()).as(ran.err()).isZero();
            // Beside other work its reader may fall behind, and what it has not taken yet is kept in memory.
            assertThat(ran.err()).containsPattern("by tee, \\d{1,6} bytes through user space");
        }
        assertThat(cat.waitFor(30, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
        assertThat(Files.mismatch(in, dir.resolve("copy"))).isEqualTo(-1);
        assertThat(Files.mismatch(in, dir.resolve("from-fifo"))).isEqualTo(-1);
    }

    @Test
    void anOutputThatIsFullIsLeftOutAndSaid() throws IOException {
        Path in = file("in", 100_000);
        try (Running tee = Running.start(dir, in, List.of(), "library.TeeToMany", "copy", "/dev/full")) {
            Running.Ran ran = tee.end();
            assertThat(ran.status()).isEqualTo(1);
            assertThat(ran.err()).contains("ENOSPC");
        }
        assertThat(Files.mismatch(in, dir.resolve("copy"))).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"3000000", "0"})
    void aChildReadsTheFileFromItsStandardInput(int size) throws IOException {
        Path in = file("in", size);
        Running.Ran ran = Running.run(dir, "library.FeedChild", in, "sha256sum");
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(ran.out())
                .isEqualTo(Command.run("sh", "-c", "sha256sum <" + in).strip());
        assertThat(ran.err()).contains("; 0 through user space");
        if (size > 0) {
            assertThat(ran.err()).contains("by splice");
        }
    }

    @Test
    void aChildThatHasEnoughOrFailsIsToldApart() throws IOException {
        Path in = file("in", 3_000_000);
        Running.Ran enough = Running.run(dir, "library.FeedChild", in, "head", "-c", "1");
        assertThat(enough.status()).isZero();
        assertThat(enough.err()).contains("the child had enough after");
        Running.Ran failed = Running.run(dir, "library.FeedChild", in, "sh", "-c", "cat >/dev/null; exit 3");
        assertThat(failed.status()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3_000_000})
    void theSumIsThatOfWhatWasWritten(int size) throws IOException {
        Path in = file("in", size);
        CRC32C sum = new CRC32C();
        sum.update(Files.readAllBytes(in));
        for (String script : List.of("cat in | \"$@\"", "\"$@\" <in")) {
            try (Running running = Running.start(
                    dir, Path.of("/dev/null"), List.of("sh", "-c", script, "sh"), "library.ChecksumOnTheWay", "out")) {
                Running.Ran ran = running.end();
                assertThat(ran.out()).as(ran.err()).isEqualTo(String.format(Locale.ROOT, "%08x  out", sum.getValue()));
            }
            assertThat(Files.mismatch(in, dir.resolve("out"))).isEqualTo(-1);
        }
    }

    // ---- sockets from elsewhere ----

    @Test
    void aServiceThatSystemdStartsServesItsSocket() throws IOException {
        LoopMount.require("systemd-socket-activate");
        Path in = file("in", 3_000_000);
        Path socket = dir.resolve("socket");
        List<String> activate = List.of("systemd-socket-activate", "-l", socket.toString());
        try (Running service = Running.start(dir, Path.of("/dev/null"), activate, "library.SocketActivated", "in", 2)) {
            Await.until("it listens", () -> Files.exists(socket));
            for (int i = 0; i < 2; i++) {
                Command.run(
                        "sh", "-c", "socat -u UNIX-CONNECT:" + socket + " OPEN:" + dir.resolve("got") + ",creat,trunc");
                assertThat(Files.mismatch(in, dir.resolve("got"))).isEqualTo(-1);
            }
            Running.Ran ran = service.end();
            assertThat(ran.status()).isZero();
            assertThat(ran.err()).contains("3000000 bytes by sendfile");
        }
    }

    @Test
    void withoutASocketTheServiceSaysHowToStartIt() throws IOException {
        Running.Ran ran = Running.run(dir, "library.SocketActivated", "in", 1);
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).startsWith("no sockets passed: start it under systemd-socket-activate");
        List<String> others = List.of("env", "LISTEN_FDS=1", "LISTEN_PID=1");
        try (Running notMeant = Running.start(dir, Path.of("/dev/null"), others, "library.SocketActivated", "in", 1)) {
            assertThat(notMeant.end().status()).isEqualTo(1);
        }
    }

    @Test
    void theRelayPassesBothDirectionsAndEachEnd() throws Exception {
        byte[] bytes = Files.readAllBytes(file("in", 3_000_000));
        try (ServerSocket upstream = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Running relay = Running.start(dir, "library.Relay", 0, "127.0.0.1", upstream.getLocalPort())) {
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), relay.port());
                    Socket server = upstream.accept()) {
                Thread echo = Thread.ofPlatform().daemon().start(() -> {
                    try (InputStream in = server.getInputStream()) {
                        byte[] all = in.readAllBytes(); // to the client's half-close
                        server.getOutputStream().write(all);
                        server.shutdownOutput();
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
                client.getOutputStream().write(bytes);
                client.shutdownOutput();
                assertThat(client.getInputStream().readAllBytes()).isEqualTo(bytes);
                echo.join();
            }
            assertThat(relay.line())
                    .matches("there 3000000 bytes, [1-9]\\d* spliced, back 3000000 bytes, [1-9]\\d* spliced");
        }
    }

    @Test
    void theLauncherListsTheExamplesAndNamesTheOneThatIsNone() throws IOException {
        Path launcher = Path.of("..", "bin", "example").toAbsolutePath().normalize();
        assertThat(Command.refusal(launcher)).contains("  SpliceCopy\n", "  UploadServer\n");
        assertThat(Command.refusal(launcher, "Nonsense")).startsWith("example: no example is named Nonsense\n");
    }
}
