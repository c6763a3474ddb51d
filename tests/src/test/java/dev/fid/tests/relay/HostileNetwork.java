package dev.fid.tests.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.link.PipePool.Splicing;
import dev.fid.net.Ending;
import dev.fid.net.Loops;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/// A client, a relay and a server in a network namespace of their own, where the network may be broken: the process
/// that {@link NetworkTest} starts. For each scenario in its arguments it prints a line: `NAME ok`, or what was wrong.
final class HostileNetwork {
    private static final int MEGABYTE = 1_000_000;
    private static long baseline;

    private HostileNetwork() {}

    public static void main(String[] names) throws Exception {
        sh("ip link set lo up");
        // A packet of the wire's size each: what is lost is then a segment, not 64 KiB.
        sh("ip link set lo mtu 1500 gso_max_segs 1");
        try (Scene first = new Scene(builder -> builder)) {
            first.echo(1000, 100); // what the JVM opens once is open now
        }
        // A loop's thread ends a moment before its descriptors are closed.
        long start = System.nanoTime();
        Fixture.await("time passes", () -> System.nanoTime() - start > 200_000_000);
        baseline = LoadTest.descriptors();
        for (String name : names) {
            try {
                String said = run(name);
                System.out.println(name + " " + said);
            } catch (Throwable t) {
                System.out.println(name + " " + t.toString().replace('\n', ' '));
                t.printStackTrace();
            }
            sh("nft flush ruleset");
        }
        System.exit(0); // threads of a scenario that failed may still wait
    }

    private static String run(String name) throws Exception {
        return switch (name) {
            case "loss" -> loss();
            case "tiny-auto" -> tiny(Splicing.AUTO);
            case "tiny-always" -> tiny(Splicing.ALWAYS);
            case "reset" -> resetAfterBytes();
            case "blackhole-stall" -> blackhole(true);
            case "blackhole-user-timeout" -> blackhole(false);
            case "blackhole-idle" -> silence();
            case "killed-socket" -> killedSocket();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /// Two in a hundred packets are lost, both ways, on both legs.
    private static String loss() throws Exception {
        try (Scene scene = new Scene(builder -> builder)) {
            rule("numgen random mod 100 < 2 counter drop");
            scene.echo(3 * MEGABYTE, 64 << 10);
            scene.ended(Ending.DONE);
            String dropped = sh("nft list ruleset");
            assertThat(dropped).containsPattern("counter packets [1-9][0-9]");
        }
        return "ok";
    }

    /// Packets of 576 bytes, socket buffers of 4 to 8 KiB, segments of 1 to 1,448 bytes: each takes a slot of a pipe.
    private static String tiny(Splicing splicing) throws Exception {
        for (String setting : List.of("tcp_rmem", "tcp_wmem")) {
            Files.writeString(Path.of("/proc/sys/net/ipv4", setting), "4096 4096 8192");
        }
        sh("ip link set lo mtu 576");
        try (Scene scene = new Scene(builder -> builder.splicing(splicing).mark(0))) {
            scene.echo(MEGABYTE / 2, 1448);
            scene.ended(Ending.DONE);
            if (splicing == Splicing.ALWAYS) {
                assertThat(scene.relay.totals().spliced()).isEqualTo(MEGABYTE);
            }
        } finally {
            for (String setting : List.of("tcp_rmem", "tcp_wmem")) {
                Files.writeString(Path.of("/proc/sys/net/ipv4", setting), "4096 131072 6291456");
            }
            sh("ip link set lo mtu 1500");
        }
        return "ok";
    }

    // RL-025
    private static String resetAfterBytes() throws Exception {
        try (Scene scene = new Scene(builder -> builder)) {
            afterBytes(scene, "reject with tcp reset");
            long[] got = new long[1];
            CompletableFuture<Integer> server = scene.readAll(got);
            assertThatThrownBy(() -> Fixture.put(scene.client, Fixture.pattern(16 * MEGABYTE)))
                    .isInstanceOf(IOException.class);
            scene.ended(Ending.RESET);
            scene.server.close(); // its peer is gone without a word
            assertThat(server).isNotNull();
            assertThat(got[0]).isBetween(MEGABYTE / 2L, 3L * MEGABYTE);
        }
        return "ok";
    }

    // RL-025
    private static String blackhole(boolean byStall) throws Exception {
        try (Scene scene = new Scene(builder ->
                byStall ? builder.stallTimeout(Duration.ofMillis(800)) : builder.userTimeout(Duration.ofMillis(800)))) {
            afterBytes(scene, "drop");
            CompletableFuture<Integer> server = scene.readAll(new long[1]);
            assertThatThrownBy(() -> Fixture.put(scene.client, Fixture.pattern(32 * MEGABYTE)))
                    .isInstanceOf(IOException.class);
            scene.ended(byStall ? Ending.STALLED : Ending.RESET);
            assertThat(server).isNotNull();
        }
        return "ok";
    }

    /// The server's answers do not arrive, and nobody has anything to send.
    private static String silence() throws Exception {
        try (Scene scene = new Scene(builder -> builder.idleTimeout(Duration.ofSeconds(1)))) {
            Fixture.put(scene.client, "question");
            Fixture.text(scene.server, 8);
            rule("tcp sport " + scene.port + " drop");
            Fixture.put(scene.server, "answer");
            assertThat(Fixture.drain(scene.client)).isEmpty();
            scene.ended(Ending.IDLE);
        }
        return "ok";
    }

    private static String killedSocket() throws Exception {
        try (Scene scene = new Scene(builder -> builder)) {
            Fixture.put(scene.client, "before");
            Fixture.text(scene.server, 6);
            String killed = sh("ss -KHtn state established dport = " + scene.port + " 2>&1 || true");
            if (killed.isBlank() || killed.contains("not supported")) {
                return "SKIPPED: needs a kernel that kills sockets (CONFIG_INET_DIAG_DESTROY)";
            }
            assertThatThrownBy(() -> Fixture.drain(scene.client)).isInstanceOf(IOException.class);
            scene.ended(Ending.RESET);
        }
        return "ok";
    }

    // ---- the network ----

    private static void rule(String rule) throws Exception {
        sh("nft add table inet t");
        sh("nft 'add chain inet t c { type filter hook input priority 0 ; }'");
        sh("nft 'add rule inet t c " + rule + "'");
    }

    /// What happens to packets to the server once a megabyte has gone there.
    private static void afterBytes(Scene scene, String verdict) throws Exception {
        Files.writeString(Path.of("/proc/sys/net/netfilter/nf_conntrack_acct"), "1");
        sh("nft add table inet t");
        sh("nft 'add chain inet t c { type filter hook input priority 0 ; }'");
        sh("nft 'add rule inet t c tcp dport " + scene.port + " ct original bytes > " + MEGABYTE + " " + verdict + "'");
    }

    private static String sh(String line) throws Exception {
        Process process =
                new ProcessBuilder("sh", "-c", line).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(line + ": " + said);
        }
        return said;
    }

    // ---- who is there ----

    private interface Setting {
        RelayBuilder of(RelayBuilder builder);
    }

    /// A server, a relay before it, a client that is joined to the server.
    private static final class Scene implements AutoCloseable {
        private final ServerSocketChannel listener;
        private final int port;
        private final Loops loops = new Loops(1);
        private final Relay relay;
        private final SocketChannel client;
        private final SocketChannel server;

        Scene(Setting setting) throws IOException {
            listener = ServerSocketChannel.open().bind(Fixture.loopback(0));
            port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
            relay = setting.of(Relay.builder()
                            .listen(Fixture.loopback(0))
                            .to(listener.getLocalAddress())
                            .loops(loops))
                    .start();
            client = SocketChannel.open(relay.addresses().getFirst());
            client.setOption(StandardSocketOptions.TCP_NODELAY, true);
            server = listener.accept();
        }

        /// Sends in random pieces and compares what comes back.
        void echo(int length, int mostPiece) throws Exception {
            byte[] content = Fixture.pattern(length);
            CompletableFuture<Integer> back = Fixture.beside(() -> {
                ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
                while (server.read(buffer) >= 0) {
                    Fixture.put(server, Arrays.copyOf(buffer.array(), buffer.position()));
                    buffer.clear();
                }
                server.shutdownOutput();
                return 0;
            });
            CompletableFuture<byte[]> got = Fixture.beside(() -> Fixture.drain(client));
            Random random = new Random(Fixture.SEED);
            for (int at = 0; at < length; ) {
                int len = Math.min(length - at, 1 + random.nextInt(mostPiece));
                Fixture.put(client, Arrays.copyOfRange(content, at, at + len));
                at += len;
            }
            client.shutdownOutput();
            Fixture.assertSame(Fixture.get(got), content, "echo");
            Fixture.get(back);
        }

        CompletableFuture<Integer> readAll(long[] got) {
            return Fixture.beside(() -> {
                ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
                while (server.read(buffer) >= 0) {
                    got[0] += buffer.position();
                    buffer.clear();
                }
                return 0;
            });
        }

        void ended(Ending how) {
            Fixture.await("the connection ends", () -> relay.connections() == 0);
            assertThat(relay.totals().ended(how)).as(relay.totals().toString()).isEqualTo(1);
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.close();
            relay.close();
            listener.close();
            loops.close();
            if (baseline > 0) {
                Fixture.await("no descriptor is left", () -> LoadTest.descriptors() == baseline);
            }
        }
    }
}
