package dev.fid.tests.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Kernel;
import dev.fid.net.Ending;
import dev.fid.net.Loops;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import dev.fid.net.relay.Service;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Code that throws what nobody expects: it harms one connection, or one reload, and nothing is left of that.
class BrokenTest extends Fixture {
    private final Queue<Throwable> told = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void listen() {
        Thread.setDefaultUncaughtExceptionHandler((thread, bug) -> told.add(bug));
    }

    @AfterEach
    void listenNoMore() {
        Thread.setDefaultUncaughtExceptionHandler(null);
    }

    private static FaultyKernel.Rule on(String call) {
        return FaultyKernel.over(Kernel.linux()).on(call);
    }

    private static void bug() {
        throw new IllegalStateException("a bug");
    }

    @Test
    void aLogThatThrowsHoldsUpNobody() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).loops(keep(new Loops(1))).log(entry -> bug()));
        long before = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            Ends ends = ends(relay, server);
            ends.client().close();
            assertThat(drain(ends.server())).isEmpty();
            ends.server().close();
        }
        await("their ends", () -> relay.totals().ended(Ending.DONE) == 10 && relay.connections() == 0);
        assertThat(told).hasSize(10);
        // Netty lets a loop wait for a second after each handler that threw.
        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - before)).isLessThan(8);
    }

    /// When it is accepted, when the upstream is dialed, when bytes are moved.
    @ParameterizedTest
    @ValueSource(strings = {"getpeername", "connect", "recv"})
    void aHandlerThatThrowsEndsItsConnectionAlone(String call) throws Exception {
        ServerSocketChannel server = server();
        Kernel kernel = on(call).nth(1).runs(it -> bug()).kernel();
        Relay relay = start(to(server).on(kernel).loops(keep(new Loops(1))).log(entry -> {}));
        SocketChannel first = connect(relay);
        assertThatThrownBy(() -> {
                    put(first, "lost");
                    drain(first);
                })
                .as("a reset")
                .isInstanceOf(java.io.IOException.class);
        await("its end", () -> relay.connections() == 0);
        Totals counted = new Totals(relay);
        assertThat(counted.ended()).isEqualTo(1);
        if (call.equals("recv")) {
            accept(server).close();
        }
        Ends second = ends(relay, server);
        put(second.client(), "hello");
        assertThat(text(second.server(), 5)).isEqualTo("hello");
        assertThat(told).isNotEmpty().allMatch(bug -> "a bug".equals(bug.getMessage()));
    }

    private record Totals(Relay relay) {
        /// An upstream that a bug kept from being dialed was not reached.
        long ended() {
            return relay.totals().ended(Ending.FAILED) + relay.totals().ended(Ending.UNREACHABLE);
        }
    }

    @Test
    void aStartThatFailsLeavesNothing() throws Exception {
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(dir.resolve("relay.sock"));
        ServerSocketChannel server = server();
        Loops dead;
        try (MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory())) {
            IoEventLoop loop = group.next();
            dead = Loops.of(List.of(loop));
        }
        RelayBuilder builder = Relay.builder().listen(path).to(address(server)).loops(dead);
        assertThatThrownBy(builder::start).isInstanceOf(RuntimeException.class);
        assertThat(path.getPath()).doesNotExist();
    }

    @Test
    void aReloadThatFailsHalfWayLeavesNoRelayThatNobodyKnows() throws Exception {
        ServerSocketChannel server = server();
        Service service = keep(new Service(new Loops(1), null));
        InetSocketAddress kept = (InetSocketAddress) probe();
        InetSocketAddress dropped = (InetSocketAddress) probe();
        InetSocketAddress fresh = (InetSocketAddress) probe();
        // One loop: 1 and 2 are the probe and the listener at the start, 3 is listen(2) again at the reload.
        Kernel kernel = on("listen").nth(3).runs(it -> bug()).kernel();
        RelayBuilder keeps = Relay.builder().listen(kept).to(address(server)).on(kernel);
        service.apply(List.of(keeps, Relay.builder().listen(dropped).to(address(server))));
        Relay left = service.relays().getLast();
        assertThatThrownBy(() -> service.apply(
                        List.of(keeps, Relay.builder().listen(fresh).to(address(server)))))
                .hasMessage("a bug");
        assertThat(service.relays()).flatExtracting(Relay::addresses).containsExactly(kept, fresh);
        assertThat(left.isDraining()).isTrue();
        for (InetSocketAddress each : List.of(kept, fresh)) {
            try (SocketChannel client = SocketChannel.open(each)) {
                put(client, "hello");
                assertThat(text(accept(server), 5)).isEqualTo("hello");
            }
        }
        service.close();
        for (InetSocketAddress each : List.of(kept, fresh, dropped)) {
            assertThatThrownBy(() -> SocketChannel.open(each)).isInstanceOf(java.net.ConnectException.class);
        }
    }

    private static java.net.SocketAddress probe() throws java.io.IOException {
        try (ServerSocketChannel probe = ServerSocketChannel.open().bind(loopback(0))) {
            return probe.getLocalAddress();
        }
    }
}
