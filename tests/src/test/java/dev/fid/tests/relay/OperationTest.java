package dev.fid.tests.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.PipeBudget;
import dev.fid.kernel.Kernel;
import dev.fid.net.Ending;
import dev.fid.net.LogEntry;
import dev.fid.net.Loops;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import dev.fid.net.relay.Service;
import dev.fid.tests.Needs;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What an operator sets, changes while it runs, and is told.
class OperationTest extends Fixture {
    // ---- connections made ahead ----

    private Relay preconnected(ServerSocketChannel server, int spares) throws IOException {
        return start(Relay.builder()
                .listen(loopback(0))
                .to(address(server))
                .loops(keep(new Loops(1)))
                .preconnect(spares));
    }

    @Test
    void aClientGetsAConnectionThatWasMadeBeforeItCame() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = preconnected(server, 2);
        SocketChannel first = accept(server);
        SocketChannel second = accept(server);
        put(first, "greeting"); // a server that speaks first has spoken long ago
        await("two are ready", () -> relay.totals().spares() == 2);
        SocketChannel client = connect(relay);
        assertThat(text(client, 8)).isEqualTo("greeting");
        put(client, "hello");
        assertThat(text(first, 5)).isEqualTo("hello");
        SocketChannel third = accept(server);
        await("two are ready again", () -> relay.totals().spares() == 2);
        assertThat(relay.totals().preconnected()).isEqualTo(1);
        relay.stopListening();
        assertThat(drain(second)).as("nobody will come any more").isEmpty();
        assertThat(drain(third)).isEmpty();
        assertThat(relay.totals().spares()).isZero();
    }

    /// Before the half minute after which each is replaced anyway.
    @Test
    @Timeout(25)
    void aConnectionThatEndedWhileItWaitedIsGivenToNobody() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = preconnected(server, 1);
        for (int i = 0; i < 3; i++) {
            SocketChannel spare = accept(server);
            await("it is ready", () -> relay.totals().spares() == 1);
            if (i == 1) {
                reset(spare);
            } else {
                spare.close();
            }
        }
        SocketChannel live = accept(server);
        await("another is ready", () -> relay.totals().spares() == 1);
        SocketChannel client = connect(relay);
        put(client, "hello");
        assertThat(text(live, 5)).isEqualTo("hello");
        assertThat(relay.totals().ended(Ending.RESET)).isZero();
    }

    @Test
    void anUpstreamThatRefusesIsNotAskedWithoutAPause() throws Exception {
        ServerSocketChannel server = server();
        InetSocketAddress gone = (InetSocketAddress) address(server);
        server.close();
        Relay relay = start(Relay.builder()
                .listen(loopback(0))
                .to(gone)
                .loops(keep(new Loops(1)))
                .preconnect(5));
        long start = System.nanoTime();
        await("time passes", () -> System.nanoTime() - start > 500_000_000);
        assertThat(relay.totals().connectErrors().get("ECONNREFUSED")).isBetween(1L, 10L);
    }

    @Test
    void aReloadThrowsAwayConnectionsToTheOldUpstream() throws Exception {
        ServerSocketChannel one = server();
        ServerSocketChannel other = server();
        Service service = keep(new Service(new Loops(1), null));
        InetSocketAddress where = free();
        service.apply(List.of(at(where, one).preconnect(1)));
        SocketChannel spare = accept(one);
        await("it is ready", () -> service.relays().getFirst().totals().spares() == 1);
        service.apply(List.of(at(where, other).preconnect(1)));
        assertThat(drain(spare)).isEmpty();
        SocketChannel live = accept(other);
        await("another is ready", () -> service.relays().getFirst().totals().spares() == 1);
        put(keep(SocketChannel.open(where)), "new");
        assertThat(text(live, 3)).isEqualTo("new");
    }

    // ---- sockets ----

    @Test
    void eachSideHasItsOwnOptions() throws Exception {
        Needs.programs("ss");
        ServerSocketChannel server = server();
        Relay relay = start(to(server)
                .clientKeepAlive(Duration.ofSeconds(3333))
                .upstreamKeepAlive(Duration.ofSeconds(6666))
                .clientBuffers(20_000, 0)
                .upstreamBuffers(0, 30_000)
                .bind(new InetSocketAddress("127.0.0.2", 0)));
        Ends ends = ends(relay, server);
        assertThat(ends.server().getRemoteAddress().toString()).startsWith("/127.0.0.2:");
        int outside = ((InetSocketAddress) relay.addresses().getFirst()).getPort();
        int inside = ((InetSocketAddress) address(server)).getPort();
        // The kernel doubles what it is asked for; the timer has lost a moment.
        assertThat(sockets("sport = :" + outside)).contains("keepalive,55min", "rb40000");
        assertThat(sockets("dport = :" + inside)).contains("keepalive,111min", "tb60000");
    }

    private static String sockets(String filter) throws Exception {
        Process ss = new ProcessBuilder("ss", "-Htnom", "state", "established", filter)
                .redirectErrorStream(true)
                .start();
        try (var out = ss.getInputStream()) {
            return new String(out.readAllBytes(), UTF_8);
        } finally {
            ss.waitFor();
            ss.getOutputStream().close();
            ss.getErrorStream().close();
        }
    }

    // ---- reload ----

    private static InetSocketAddress free() throws IOException {
        try (ServerSocketChannel probe = ServerSocketChannel.open().bind(loopback(0))) {
            return (InetSocketAddress) probe.getLocalAddress();
        }
    }

    private static RelayBuilder at(InetSocketAddress where, ServerSocketChannel server) {
        return Relay.builder().listen(where).to(address(server));
    }

    @Test
    void aUnixListenerTakesAnotherModeAndOtherPipesWhileItListens() throws Exception {
        ServerSocketChannel server = server();
        Service service = keep(new Service(new Loops(1), null));
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(dir.resolve("relay.sock"));
        service.apply(List.of(Relay.builder().listen(path).mode(0600).to(address(server))));
        Relay relay = service.relays().getFirst();
        Ends old = ends(relay, server);
        service.apply(List.of(Relay.builder()
                .listen(path)
                .mode(0660)
                .pipeCapacity(128 << 10)
                .backlog(7)
                .to(address(server))));
        assertThat(service.relays()).containsExactly(relay);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path.getPath())))
                .isEqualTo("rw-rw----");
        Ends fresh = ends(relay, server);
        for (Ends each : List.of(old, fresh)) {
            byte[] content = pattern(2 << 20);
            CompletableFuture<byte[]> got = beside(() -> drain(each.server()));
            put(each.client(), content);
            each.client().shutdownOutput();
            assertSame(get(got), content, "bulk through its own pool");
        }
    }

    @Test
    void reloadsUnderLoadCutNoAnswer() throws Exception {
        ServerSocketChannel one = server();
        ServerSocketChannel other = server();
        Service service = keep(new Service(new Loops(2), null));
        InetSocketAddress where = free();
        service.apply(List.of(at(where, one)));
        List<CompletableFuture<Integer>> echoes = List.of(echo(one), echo(other));
        AtomicBoolean over = new AtomicBoolean();
        byte[] content = pattern(200_000);
        List<CompletableFuture<Integer>> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            clients.add(beside(() -> {
                int whole = 0;
                while (!over.get()) {
                    try (SocketChannel client = SocketChannel.open(where)) {
                        CompletableFuture<byte[]> got = beside(() -> drain(client));
                        put(client, content);
                        client.shutdownOutput();
                        assertSame(get(got), content, "answer");
                        whole++;
                    }
                }
                return whole;
            }));
        }
        Relay relay = service.relays().getFirst();
        for (int i = 0; i < 40; i++) {
            long until = relay.totals().ended(Ending.DONE) + 3;
            await("load", () -> relay.totals().ended(Ending.DONE) >= until);
            service.apply(List.of(at(where, i % 2 == 0 ? other : one)
                    .pipeCapacity((64 << 10) << i % 5)
                    .maxConnections(100 + i)
                    .preconnect(i % 3)
                    .idleTimeout(Duration.ofSeconds(20 + i))));
        }
        over.set(true);
        for (CompletableFuture<Integer> client : clients) {
            assertThat(get(client)).isPositive();
        }
        assertThat(relay.totals().ended(Ending.RESET)).isZero();
        one.close();
        other.close();
        for (CompletableFuture<Integer> echo : echoes) {
            get(echo);
        }
    }

    // ---- what is told ----

    @Test
    void copiedBulkIsCountedOnceForEachDirection() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).budget(new PipeBudget(Kernel.linux(), 64 << 10, 1)));
        Ends ends = ends(relay, server);
        CompletableFuture<byte[]> got = beside(() -> drain(ends.server()));
        put(ends.client(), pattern(4 << 20));
        await("while it runs", () -> relay.totals().fallbacks().getOrDefault("EPERM", 0L) == 1);
        ends.client().shutdownOutput();
        get(got);
        ends.server().close();
        await("the connection ends", () -> relay.connections() == 0);
        assertThat(relay.totals().fallbacks()).containsEntry("EPERM", 1L);
    }

    @Test
    void whoIsTurnedAwayIsToldWithTheReason() throws Exception {
        ServerSocketChannel server = server();
        InetSocketAddress gone = (InetSocketAddress) address(server);
        server.close();
        ConcurrentLinkedQueue<LogEntry> told = new ConcurrentLinkedQueue<>();
        Relay relay = start(Relay.builder()
                .listen(loopback(0))
                .to(gone)
                .connectRetries(0)
                .loops(loops())
                .trouble(told::add));
        SocketChannel client = connect(relay);
        String who = client.getLocalAddress().toString().substring(1);
        assertThatThrownBy(() -> drain(client)).isInstanceOf(IOException.class);
        await("it is told", () -> !told.isEmpty());
        LogEntry entry = told.element();
        assertThat(entry.why()).isEqualTo("127.0.0.1:" + gone.getPort() + ": Connection refused");
        assertThat(entry.connection().client()).isEqualTo(who);
        assertThat(entry.ending()).isEqualTo(Ending.UNREACHABLE);
    }
}
