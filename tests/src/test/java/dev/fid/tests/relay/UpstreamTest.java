package dev.fid.tests.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.Fd;
import dev.fid.HappyEyeballs;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.net.Ending;
import dev.fid.net.Loops;
import dev.fid.net.relay.Relay;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An upstream with several addresses, some of them silent, and one that comes back.
class UpstreamTest extends Fixture {
    private final List<SocketChannel> fillers = new ArrayList<>();

    /// A listener whose backlog is full drops what comes.
    private ServerSocketChannel silent() throws IOException {
        ServerSocketChannel full = keep(ServerSocketChannel.open().bind(loopback(0), 1));
        for (int i = 0; i < 4; i++) {
            SocketChannel filler = keep(SocketChannel.open());
            filler.configureBlocking(false);
            filler.connect(address(full));
            fillers.add(filler);
        }
        return full;
    }

    private SocketAddress gone() throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(loopback(0))) {
            return server.getLocalAddress();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"silent", "refusing"})
    void theNextAddressIsTakenAndRemembered(String first) throws Exception {
        ServerSocketChannel full = silent();
        ServerSocketChannel alive = server();
        Relay relay = start(Relay.builder()
                .listen(loopback(0))
                .to(List.of(first.equals("silent") ? address(full) : gone(), address(alive)))
                .loops(keep(new Loops(1))));
        Ends ends = ends(relay, alive);
        put(ends.client(), "hello");
        assertThat(text(ends.server(), 5)).isEqualTo("hello");
        int refusals =
                relay.totals().connectErrors().getOrDefault("ECONNREFUSED", 0L).intValue();
        Ends next = ends(relay, alive);
        put(next.client(), "again");
        assertThat(text(next.server(), 5)).isEqualTo("again");
        assertThat(relay.totals()
                        .connectErrors()
                        .getOrDefault("ECONNREFUSED", 0L)
                        .intValue())
                .as("the first was not asked again")
                .isEqualTo(refusals);
        assertThat(relay.totals().ended(Ending.UNREACHABLE)).isZero();
    }

    @Test
    void aConnectionMadeAheadGoesToTheAddressThatAnswers() throws Exception {
        ServerSocketChannel full = silent();
        ServerSocketChannel alive = server();
        Relay relay = start(Relay.builder()
                .listen(loopback(0))
                .to(List.of(address(full), address(alive)))
                .preconnect(1)
                .loops(keep(new Loops(1))));
        SocketChannel inside = accept(alive);
        await("it is ready", () -> relay.totals().spares() == 1);
        put(connect(relay), "hello");
        assertThat(text(inside, 5)).isEqualTo("hello");
    }

    @Test
    void whereAllAreSilentTheTimeOutEnds() throws Exception {
        Relay relay = start(Relay.builder()
                .listen(loopback(0))
                .to(List.of(address(silent()), address(silent())))
                .connectTimeout(Duration.ofMillis(600))
                .loops(loops()));
        assertThatThrownBy(() -> drain(connect(relay))).isInstanceOf(IOException.class);
        assertThat(relay.totals().connectErrors()).containsEntry("ETIMEDOUT", 1L);
    }

    @Test
    void anUpstreamThatComesBackIsReached() throws Exception {
        SocketAddress where = gone();
        Relay relay = start(Relay.builder().listen(loopback(0)).to(where).loops(loops()));
        SocketChannel client = connect(relay);
        put(client, "hello");
        await("it refused", () -> relay.totals().connectErrors().getOrDefault("ECONNREFUSED", 0L) > 0);
        ServerSocketChannel back = keep(ServerSocketChannel.open().bind(where));
        assertThat(text(accept(back), 5)).isEqualTo("hello");
        assertThat(relay.totals().ended(Ending.UNREACHABLE)).isZero();
    }

    @Test
    void retriesHaveAnEnd() throws Exception {
        Relay relay = start(
                Relay.builder().listen(loopback(0)).to(gone()).connectRetries(1).loops(loops()));
        assertThatThrownBy(() -> drain(connect(relay))).isInstanceOf(IOException.class);
        assertThat(relay.totals().connectErrors()).containsEntry("ECONNREFUSED", 2L);
        assertThat(relay.totals().ended(Ending.UNREACHABLE)).isEqualTo(1);
    }

    // ---- the library's own, for one connection ----

    private static Fd reach(SocketAddress... addresses) throws ErrnoException {
        return Fd.connect(Kernel.linux(), List.of(addresses), Duration.ofSeconds(30), null, socket -> {});
    }

    @Test
    void theFirstAddressThatAnswersIsConnected() throws Exception {
        ServerSocketChannel alive = server();
        for (boolean virtual : new boolean[] {false, true}) {
            CompletableFuture<SocketAddress> reached = new CompletableFuture<>();
            Thread.Builder thread = virtual ? Thread.ofVirtual() : Thread.ofPlatform();
            SocketAddress silent = address(silent());
            SocketAddress gone = gone();
            thread.start(() -> {
                try (Fd fd = reach(gone, silent, address(alive), gone)) {
                    reached.complete(fd.remoteAddress());
                } catch (ErrnoException e) {
                    reached.completeExceptionally(e);
                }
            });
            assertThat(get(reached)).isEqualTo(address(alive));
        }
        SocketAddress gone = gone();
        assertThatThrownBy(() -> reach(gone, gone))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED));
    }

    @Test
    void bothFamiliesTakeTurns() {
        List<SocketAddress> all = new ArrayList<>();
        for (String each : List.of("::1", "::2", "::3", "1.1.1.1", "1.1.1.2")) {
            all.add(new InetSocketAddress(java.net.InetAddress.ofLiteral(each), 1));
        }
        assertThat(HappyEyeballs.inTurn(all))
                .containsExactly(all.get(0), all.get(3), all.get(1), all.get(4), all.get(2));
    }
}
