package dev.fid.tests.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.PipeBudget;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.link.PipePool.Splicing;
import dev.fid.net.ConnectionStatus;
import dev.fid.net.Ending;
import dev.fid.net.relay.Relay;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Many connections, few resources, and limits that hold.
class LoadTest extends Fixture {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    private static final int CHURN = Integer.getInteger("fid.churn", LONG ? 1_000_000 : 50_000);
    private static final int DRAINS = Integer.getInteger("fid.drains", LONG ? 1000 : 5);
    private static final int STALLED = Integer.getInteger("fid.stalled", LONG ? 2000 : 300);
    private static final int IDLE = Integer.getInteger("fid.idle", LONG ? 4500 : 1000);

    static long descriptors() {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // G23, RL-029
    @Test
    void thousandsOfConnectionsLeaveNoDescriptor() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        CompletableFuture<Integer> echo = echo(server);
        long before = 0;
        Random random = new Random(SEED);
        for (int i = 0; i < CHURN; i++) {
            try (SocketChannel client = SocketChannel.open(relay.addresses().getFirst())) {
                byte[] content = pattern(i % 100 == 0 ? 200_000 : 1 + random.nextInt(200));
                switch (random.nextInt(3)) {
                    case 0 -> reset(client);
                    case 1 -> {
                        put(client, content);
                        reset(client);
                    }
                    default -> {
                        CompletableFuture<byte[]> got = content.length > 1000 ? beside(() -> drain(client)) : null;
                        put(client, content);
                        client.shutdownOutput();
                        assertSame(got != null ? get(got) : drain(client), content, "connection " + i);
                    }
                }
            }
            if (i == 2000) {
                await("idle", () -> relay.connections() == 0);
                before = descriptors();
            }
        }
        await("idle", () -> relay.connections() == 0);
        long expected = before;
        // The server's own threads may still be closing theirs.
        await("no descriptor of drift", () -> descriptors() <= expected + 2);
        server.close();
        get(echo);
    }

    // PI-001, G22
    @Test
    void atTheLimitOfDescriptorsClientsWaitAndNobodySpins() throws Exception {
        Kernel kernel = Kernel.linux();
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        CompletableFuture<Integer> echo = echo(server);
        List<SocketChannel> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            SocketChannel client = connect(relay);
            client.setOption(java.net.StandardSocketOptions.TCP_NODELAY, true);
            clients.add(client);
        }
        await("all joined", () -> relay.totals().joined() == 20);
        SocketChannel waits = keep(SocketChannel.open());
        long[] limit = new long[2];
        assertThat(kernel.prlimit(Uapi.RLIMIT_NOFILE, null, limit)).isZero();
        try {
            // No number is free below the limit, whatever is closed meanwhile.
            assertThat(kernel.prlimit(Uapi.RLIMIT_NOFILE, new long[] {3, limit[1]}, new long[2]))
                    .isZero();
            waits.connect(relay.addresses().getFirst());
            await("EMFILE is counted", () -> relay.totals().acceptErrors().getOrDefault("EMFILE", 0L) > 0);
            long calls = relay.totals().acceptErrors().getOrDefault("EMFILE", 0L);
            long start = System.nanoTime();
            for (SocketChannel client : clients) {
                put(client, "still");
            }
            await("time passes", () -> System.nanoTime() - start > 300_000_000);
            assertThat(relay.totals().acceptErrors().getOrDefault("EMFILE", 0L) - calls)
                    .as("tries in 0.3 s")
                    .isLessThan(20);
        } finally {
            kernel.prlimit(Uapi.RLIMIT_NOFILE, limit, new long[2]);
        }
        put(waits, "at last");
        waits.shutdownOutput();
        assertThat(drain(waits)).asString().isEqualTo("at last");
        for (SocketChannel client : clients) {
            client.shutdownOutput();
            assertThat(drain(client)).asString().isEqualTo("still");
        }
        server.close();
        get(echo);
    }

    // RL-005, CF-025
    @ParameterizedTest
    @EnumSource(Splicing.class)
    void aLimitHoldsExactlyHoweverTheBytesGo(Splicing splicing) throws Exception {
        ServerSocketChannel server = server();
        long rate = 8 << 20;
        Relay relay = start(to(server).splicing(splicing).limit(rate));
        Ends ends = ends(relay, server);
        int length = 4 << 20;
        CompletableFuture<Integer> sender = beside(() -> {
            put(ends.client(), pattern(length));
            ends.client().shutdownOutput();
            return 0;
        });
        long start = System.nanoTime();
        java.nio.ByteBuffer buffer = java.nio.ByteBuffer.allocate(1 << 16);
        long got = 0;
        while (ends.server().read(buffer) >= 0) {
            got += buffer.position();
            buffer.clear();
            double seconds = (System.nanoTime() - start) / 1e9;
            // It may have begun a moment before this clock.
            assertThat(got).as("after %s s", seconds).isLessThanOrEqualTo((long) (rate * (seconds + 0.05 + 0.1)));
        }
        assertThat(got).isEqualTo(length);
        assertThat((System.nanoTime() - start) / 1e9).as("seconds").isGreaterThan(0.3);
        get(sender);
        if (splicing == Splicing.ALWAYS) {
            assertThat(relay.totals().spliced()).isEqualTo(length);
        }
    }

    @Test
    void aLimitOfAllIsSharedByAll() throws Exception {
        ServerSocketChannel server = server();
        long rate = 8 << 20;
        Relay relay = start(to(server).limitTotal(rate));
        List<CompletableFuture<byte[]>> readers = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < 8; i++) {
            Ends ends = ends(relay, server);
            unasked(() -> {
                put(ends.client(), pattern(512 << 10));
                ends.client().shutdownOutput();
                return 0;
            });
            readers.add(beside(() -> drain(ends.server())));
        }
        for (CompletableFuture<byte[]> reader : readers) {
            assertSame(get(reader), pattern(512 << 10), "whole");
        }
        // 4 MiB at 8 MiB/s, but for the first twentieth of a second.
        assertThat((System.nanoTime() - start) / 1e9).isGreaterThan(0.44);
    }

    @Test
    void aLimitOfAllLetsASmallMessageThroughBesideBulk() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).limitTotal(4 << 20));
        byte[] bulk = pattern(10 << 20);
        List<CompletableFuture<byte[]>> readers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Ends ends = ends(relay, server);
            unasked(() -> {
                put(ends.client(), bulk);
                ends.client().shutdownOutput();
                return 0;
            });
            readers.add(beside(() -> drain(ends.server())));
        }
        await(
                "bulk fills the rate",
                () -> relay.totals().copied() + relay.totals().spliced() > 1 << 20);
        Ends small = ends(relay, server);
        put(small.client(), "hello");
        assertThat(text(small.server(), 5)).isEqualTo("hello");
        assertThat(readers).as("bulk goes on").noneMatch(CompletableFuture::isDone);
        for (CompletableFuture<byte[]> reader : readers) {
            assertSame(get(reader), bulk, "whole");
        }
    }

    @Test
    void aMarkedInputGivesItsTailAtOnce() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).mark(256 << 10));
        Ends ends = ends(relay, server);
        CompletableFuture<Integer> reader = beside(() -> {
            for (int i = 0; i < 5; i++) {
                take(ends.server(), 16 << 20);
                assertThat(text(ends.server(), 4)).isEqualTo("tail");
                put(ends.server(), "ok");
            }
            return 0;
        });
        byte[] bulk = pattern(16 << 20);
        for (int i = 0; i < 5; i++) {
            put(ends.client(), bulk);
            put(ends.client(), "tail");
            assertThat(text(ends.client(), 2)).isEqualTo("ok");
        }
        get(reader);
        assertThat(relay.totals().spliced()).isGreaterThan(64 << 20);
    }

    // G19
    @Test
    void aDrainUnderLoadCutsNoAnswer() throws Exception {
        for (int round = 0; round < DRAINS; round++) {
            ServerSocketChannel server = server();
            Relay relay = start(to(server));
            CompletableFuture<Integer> echo = echo(server);
            byte[] content = pattern(300_000);
            List<CompletableFuture<Integer>> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                clients.add(beside(() -> {
                    int whole = 0;
                    while (true) {
                        SocketChannel client;
                        try {
                            client = SocketChannel.open(relay.addresses().getFirst());
                        } catch (IOException e) {
                            return whole; // it listens no more
                        }
                        try (client) {
                            CompletableFuture<byte[]> got = beside(() -> drain(client));
                            put(client, content);
                            client.shutdownOutput();
                            assertSame(get(got), content, "answer");
                            whole++;
                        }
                    }
                }));
            }
            await("load", () -> relay.totals().ended(Ending.DONE) > 10);
            int cut = relay.drain(Duration.ofSeconds(30));
            assertThat(cut).isZero();
            for (CompletableFuture<Integer> client : clients) {
                assertThat(get(client)).isNotNegative();
            }
            server.close();
            get(echo);
        }
    }

    // G15
    @Test
    void readersThatStandStillHoldNoMoreThanTheBoundAndKeepNobodyWaiting() throws Exception {
        ServerSocketChannel server = server();
        // What an unprivileged user may have in pipes; those over it are copied.
        PipeBudget budget = new PipeBudget(Kernel.linux(), 1 << 20, 16384);
        Relay relay =
                start(to(server).budget(budget).buffers(16 << 10, 16 << 10).maxConnections(3 * STALLED));
        List<SocketChannel> senders = new ArrayList<>();
        java.nio.ByteBuffer much = java.nio.ByteBuffer.wrap(pattern(1 << 20));
        for (int i = 0; i < STALLED; i++) {
            Ends ends = ends(relay, server);
            ends.client().configureBlocking(false);
            senders.add(ends.client());
        }
        // Each sends until nobody takes any more: the source blasts.
        long quiet = System.nanoTime();
        while (System.nanoTime() - quiet < 300_000_000) {
            for (SocketChannel sender : senders) {
                if (sender.write(much.rewind()) > 0) {
                    quiet = System.nanoTime();
                }
            }
        }
        long pending = 0;
        int stalled = 0;
        for (ConnectionStatus each : relay.list()) {
            assertThat(each.pending()).as("bytes of one direction").isLessThanOrEqualTo(1 << 20);
            pending += each.pending();
            stalled += each.pending() > 0 ? 1 : 0;
        }
        assertThat(stalled).isEqualTo(STALLED);
        assertThat(budget.pages()).isLessThanOrEqualTo(16384);
        Ends others = ends(relay, server);
        CompletableFuture<Integer> echo = beside(() -> {
            for (int i = 0; i < 200; i++) {
                put(others.server(), take(others.server(), 100));
            }
            return 0;
        });
        long[] nanos = new long[200];
        long calls = relay.totals().calls();
        for (int i = 0; i < nanos.length; i++) {
            long start = System.nanoTime();
            put(others.client(), pattern(100));
            take(others.client(), 100);
            nanos[i] = System.nanoTime() - start;
        }
        get(echo);
        java.util.Arrays.sort(nanos);
        System.out.printf(
                java.util.Locale.ROOT,
                "stalled readers: %d, %.1f MiB wait for them, %d pipe pages; a round trip beside them takes %.3f ms%n",
                stalled,
                pending / 1048576.0,
                budget.pages(),
                nanos[nanos.length / 2] / 1e6);
        // A call for each of them a round would be thousands.
        assertThat((relay.totals().calls() - calls) / nanos.length).isLessThan(12);
        assertThat(nanos[nanos.length / 2]).isLessThan(50_000_000);
    }

    @Test
    void anIdleConnectionHasTwoDescriptorsNoPipeAndLittleMemory() throws Exception {
        ServerSocketChannel server = server();
        PipeBudget budget = new PipeBudget(Kernel.linux(), 1 << 20, 0);
        Relay relay = start(to(server).budget(budget).idleTimeout(null));
        connectIdle(relay, server, 200); // what is made once
        long descriptors = descriptors();
        long heap = heap();
        connectIdle(relay, server, IDLE);
        long perConnection = (heap() - heap) / IDLE;
        System.out.println(
                "idle connections: " + IDLE + ", " + perConnection + " bytes of heap each, channels included");
        assertThat(descriptors() - descriptors)
                .as("two of ours, two of the test's")
                .isEqualTo(4L * IDLE);
        assertThat(budget.pipes()).isZero();
        // Two SocketChannels of the test are in it.
        assertThat(perConnection).isLessThan(2048 + 2048);
    }

    private void connectIdle(Relay relay, ServerSocketChannel server, int count) throws Exception {
        long joined = relay.totals().joined() + count;
        for (int i = 0; i < count; i++) {
            Ends ends = ends(relay, server);
            put(ends.client(), "hello"); // it has been used
            text(ends.server(), 5);
        }
        await("all are joined", () -> relay.totals().joined() == joined);
    }

    private static long heap() {
        System.gc();
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
