package dev.fid.tests.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.PipeBudget;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.link.PipePool.Splicing;
import dev.fid.net.ConnectionStatus;
import dev.fid.net.Ending;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import dev.fid.net.relay.Totals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What passes through a relay, and how it ends.
class RelayTest extends Fixture {
    // ---- bytes ----

    // RL-001, RL-013
    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, tcp", "tcp, unix", "unix, unix"})
    void bytesPassBothWaysBetweenAnyTwoKinds(String outside, String inside) throws Exception {
        ServerSocketChannel server = inside.equals("tcp") ? server() : unixServer();
        RelayBuilder builder = Relay.builder().to(address(server)).loops(loops());
        Relay relay = start(
                outside.equals("tcp")
                        ? builder.listen(loopback(0))
                        : builder.listen(UnixDomainSocketAddress.of(dir.resolve("relay.sock"))));
        Ends ends = ends(relay, server);
        byte[] there = pattern(3_000_000);
        byte[] back = pattern(2_000_001);
        CompletableFuture<byte[]> atServer = beside(() -> drain(ends.server()));
        CompletableFuture<byte[]> atClient = beside(() -> drain(ends.client()));
        CompletableFuture<Integer> answer = beside(() -> {
            put(ends.server(), back);
            ends.server().shutdownOutput();
            return 0;
        });
        put(ends.client(), there);
        ends.client().shutdownOutput();
        assertSame(get(atServer), there, "there");
        assertSame(get(atClient), back, "back");
        get(answer);
        await("the connection ends", () -> relay.connections() == 0);
        Totals totals = relay.totals();
        assertThat(totals.splicedThere() + totals.copiedThere()).isEqualTo(there.length);
        assertThat(totals.splicedBack() + totals.copiedBack()).isEqualTo(back.length);
        assertThat(totals.spliced()).as("bulk is spliced").isGreaterThan(2_500_000);
        assertThat(totals.ended(Ending.DONE)).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Splicing.class)
    void segmentsOfAnySizePassInOrder(Splicing splicing) throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).splicing(splicing).buffers(8192, 8192));
        Ends ends = ends(relay, server);
        CompletableFuture<Integer> echo = beside(() -> {
            Random random = new Random(SEED);
            while (true) {
                byte[] piece = new byte[1 + random.nextInt(3000)];
                int read = ends.server().read(java.nio.ByteBuffer.wrap(piece));
                if (read < 0) {
                    ends.server().shutdownOutput();
                    return 0;
                }
                put(ends.server(), java.util.Arrays.copyOf(piece, read));
            }
        });
        byte[] content = pattern(700_000);
        CompletableFuture<byte[]> got = beside(() -> drain(ends.client()));
        ends.client().setOption(StandardSocketOptions.TCP_NODELAY, true);
        Random random = new Random(SEED + 1);
        for (int at = 0; at < content.length; ) {
            int len = Math.min(content.length - at, 1 + random.nextInt(1448));
            put(ends.client(), java.util.Arrays.copyOfRange(content, at, at + len));
            at += len;
        }
        ends.client().shutdownOutput();
        assertSame(get(got), content, splicing.toString());
        get(echo);
    }

    // RL-020
    @Test
    void aThousandRoundTripsHaveNoCork() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        Ends ends = ends(relay, server);
        CompletableFuture<Integer> echo = beside(() -> {
            for (int i = 0; i < 1000; i++) {
                put(ends.server(), take(ends.server(), 100));
            }
            return 0;
        });
        long[] nanos = new long[1000];
        for (int i = 0; i < 1000; i++) {
            long start = System.nanoTime();
            put(ends.client(), pattern(100));
            take(ends.client(), 100);
            nanos[i] = System.nanoTime() - start;
        }
        get(echo);
        java.util.Arrays.sort(nanos);
        // A cork is 40 or 200 ms on every round: the median cannot miss it, and a busy machine does not matter.
        assertThat(nanos[500]).isLessThan(20_000_000);
        Totals totals = relay.totals();
        assertThat(totals.spliced()).as("small messages are copied").isZero();
        assertThat(totals.calls()).as("a message costs one read and one write").isLessThan(4600);
    }

    // ---- ends ----

    // RL-009, RL-010
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void afterOneDirectionHasEndedTheOtherGoesOn(boolean clientFirst) throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        Ends ends = ends(relay, server);
        SocketChannel first = clientFirst ? ends.client() : ends.server();
        SocketChannel second = clientFirst ? ends.server() : ends.client();
        put(first, "bye");
        first.shutdownOutput();
        assertThat(drain(second)).asString().isEqualTo("bye");
        put(second, "SEE");
        assertThat(text(first, 3)).isEqualTo("SEE");
        put(second, "you");
        second.shutdownOutput();
        assertThat(drain(first)).asString().isEqualTo("you");
        await("the connection ends", () -> relay.connections() == 0);
        assertThat(relay.totals().ended(Ending.DONE)).isEqualTo(1);
    }

    // RL-006
    @Test
    void aSideThatHasEndedBeforeItsFirstByteStillReceives() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        SocketChannel client = connect(relay);
        client.shutdownOutput();
        SocketChannel inside = accept(server);
        assertThat(drain(inside)).isEmpty();
        put(inside, "bye");
        inside.close();
        assertThat(drain(client)).asString().isEqualTo("bye");
    }

    // SP-063, RL-023
    @ParameterizedTest
    @CsvSource({"true, false", "false, false", "true, true", "false, true"})
    void aResetIsPassedOnAsAReset(boolean fromClient, boolean afterHalfClose) throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        Ends ends = ends(relay, server);
        SocketChannel resets = fromClient ? ends.client() : ends.server();
        SocketChannel learns = fromClient ? ends.server() : ends.client();
        put(resets, "some");
        assertThat(text(learns, 4)).isEqualTo("some");
        if (afterHalfClose) {
            learns.shutdownOutput();
            assertThat(drain(resets)).isEmpty();
        }
        reset(resets);
        assertThatThrownBy(() -> drain(learns)).isInstanceOf(IOException.class).hasMessageContaining("reset");
        await("the connection ends", () -> relay.connections() == 0);
        assertThat(relay.totals().ended(Ending.RESET)).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Splicing.class)
    void urgentDataHoldsNothingUpInEitherDirection(Splicing splicing) throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).splicing(splicing));
        Ends ends = ends(relay, server);
        byte[] before = pattern(300_000);
        byte[] behind = pattern(3_000_000);
        for (boolean fromClient : new boolean[] {true, false}) {
            SocketChannel sends = fromClient ? ends.client() : ends.server();
            SocketChannel reads = fromClient ? ends.server() : ends.client();
            put(sends, before);
            assertSame(take(reads, before.length), before, "before it");
            sends.socket().sendUrgentData('!');
            CompletableFuture<Integer> sender = beside(() -> {
                put(sends, behind);
                return 0;
            });
            assertSame(take(reads, behind.length), behind, "behind it");
            get(sender);
        }
        ends.client().shutdownOutput();
        assertThat(drain(ends.server())).isEmpty();
    }

    /// A server that answers early: it closes with bytes unread, which is a reset, while the client still sends.
    @ParameterizedTest
    @EnumSource(Splicing.class)
    void anAnswerBeforeAResetArrives(Splicing splicing) throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).splicing(splicing));
        for (int i = 0; i < 20; i++) {
            Ends ends = ends(relay, server);
            CompletableFuture<Integer> sender = beside(() -> {
                byte[] all = pattern(4 << 20);
                try {
                    put(ends.client(), all);
                } catch (IOException e) {
                    return 1;
                }
                return 0;
            });
            take(ends.server(), 1000);
            put(ends.server(), "413 too large");
            ends.server().close();
            assertThat(text(ends.client(), 13)).isEqualTo("413 too large");
            if (get(sender) == 0) { // else its write was told of the reset
                assertThatThrownBy(() -> drain(ends.client())).isInstanceOf(IOException.class);
            }
        }
        await("all have ended", () -> relay.connections() == 0);
        assertThat(relay.totals().ended(Ending.RESET)).isEqualTo(20);
    }

    /// The reset waits until the client has taken what the server had sent, as far as it goes on taking.
    @Test
    void aLongAnswerBeforeAResetArrivesThroughASmallWindow() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        SocketChannel client = keep(SocketChannel.open());
        client.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
        client.connect(relay.addresses().getFirst());
        SocketChannel inside = accept(server);
        put(client, pattern(10_000));
        take(inside, 1000);
        byte[] answer = pattern(200_000);
        put(inside, answer);
        await(
                "it is on its way",
                () -> relay.totals().splicedBack() + relay.totals().copiedBack() > 0);
        inside.close();
        assertSame(take(client, answer.length), answer, "answer");
    }

    /// The same the other way: what a client sent before it reset is the server's.
    @Test
    void whatAClientSentBeforeItsResetArrives() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        Ends ends = ends(relay, server);
        byte[] upload = pattern(100_000);
        put(ends.server(), pattern(500_000));
        put(ends.client(), upload);
        await(
                "it was sent",
                () -> relay.totals().splicedThere() + relay.totals().copiedThere() == upload.length);
        ends.client().close(); // with bytes unread
        assertSame(take(ends.server(), upload.length), upload, "upload");
        assertThatThrownBy(() -> drain(ends.server())).isInstanceOf(IOException.class);
    }

    /// What counts as moved to a client arrives, where it goes on reading, before the reset of a connection that is
    /// cut.
    @ParameterizedTest
    @ValueSource(strings = {"a kill", "a drain"})
    void whatWasWrittenToAClientArrivesBeforeItIsCut(String by) throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        SocketChannel client = keep(SocketChannel.open());
        client.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
        client.connect(relay.addresses().getFirst());
        SocketChannel inside = accept(server);
        byte[] answer = pattern(100_000);
        put(inside, answer);
        await(
                "it was written",
                () -> relay.totals().splicedBack() + relay.totals().copiedBack() == answer.length);
        CompletableFuture<Integer> cut =
                beside(() -> by.equals("a drain") ? relay.drain(Duration.ZERO) : relay.kill(1) ? 1 : 0);
        assertSame(take(client, answer.length), answer, "answer");
        assertThatThrownBy(() -> drain(client)).isInstanceOf(IOException.class).hasMessageContaining("reset");
        assertThat(get(cut)).isEqualTo(1);
    }

    // RL-023
    @Test
    void aResetWithBytesInThePipeGivesAPrefixAndNoEnd() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).splicing(Splicing.ALWAYS));
        Ends ends = ends(relay, server);
        byte[] content = pattern(8 << 20);
        CompletableFuture<Integer> sender = beside(() -> {
            ends.server().configureBlocking(false);
            int sent = 0;
            java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(content);
            for (int idle = 0; idle < 200 && buffer.hasRemaining(); idle++) {
                int n = ends.server().write(buffer);
                sent += n;
                idle = n > 0 ? 0 : idle;
                Thread.onSpinWait();
            }
            reset(ends.server());
            return sent;
        });
        get(sender);
        java.io.ByteArrayOutputStream got = new java.io.ByteArrayOutputStream();
        assertThatThrownBy(() -> {
                    java.nio.ByteBuffer buffer = java.nio.ByteBuffer.allocate(1 << 16);
                    while (ends.client().read(buffer) >= 0) {
                        got.write(buffer.array(), 0, buffer.position());
                        buffer.clear();
                    }
                })
                .isInstanceOf(IOException.class);
        byte[] prefix = got.toByteArray();
        assertSame(prefix, java.util.Arrays.copyOf(content, prefix.length), "prefix");
    }

    @Test
    void aResetIsSeenWhileTheOtherSideTakesNothing() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        Ends ends = ends(relay, server);
        ends.client().configureBlocking(false);
        java.nio.ByteBuffer much = java.nio.ByteBuffer.wrap(pattern(64 << 20));
        await("the server's side is full", () -> {
            try {
                return ends.client().write(much) == 0 && relay.list().stream().anyMatch(each -> each.pending() > 0);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        reset(ends.client());
        await("the connection ends", () -> relay.connections() == 0);
        assertThat(relay.totals().ended(Ending.RESET)).isEqualTo(1);
    }

    // ---- pressure ----

    @Test
    void aReaderThatStandsStillStopsTheSenderWithinTheBound() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        Ends ends = ends(relay, server);
        Ends others = ends(relay, server);
        ends.client().configureBlocking(false);
        java.nio.ByteBuffer much = java.nio.ByteBuffer.wrap(pattern(64 << 20));
        await("the server's side is full", () -> {
            try {
                return ends.client().write(much) == 0 && relay.list().stream().anyMatch(each -> each.pending() > 0);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        long calls = relay.totals().calls();
        for (ConnectionStatus each : relay.list()) {
            assertThat(each.pending()).isLessThanOrEqualTo(1 << 20);
        }
        put(others.client(), "ping");
        assertThat(text(others.server(), 4)).isEqualTo("ping");
        assertThat(relay.totals().calls() - calls)
                .as("nobody spins on the full socket")
                .isLessThan(20);
        int sent = much.position();
        ends.client().configureBlocking(true);
        ends.client().shutdownOutput();
        assertThat(drain(ends.server())).hasSize(sent);
    }

    @Test
    void atTheBoundOfConnectionsClientsWaitInTheBacklog() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).maxConnections(2));
        Ends first = ends(relay, server);
        Ends second = ends(relay, server);
        SocketChannel third = connect(relay);
        put(third, "third");
        await("accepting pauses", () -> relay.totals().pauses() > 0);
        assertThat(relay.connections()).isEqualTo(2);
        put(first.client(), "a");
        assertThat(text(first.server(), 1)).isEqualTo("a");
        second.client().close();
        second.server().close();
        assertThat(text(accept(server), 5)).isEqualTo("third");
    }

    // RL-017
    @Test
    void connectionsOverThePipeBudgetAreCopiedAndCounted() throws Exception {
        ServerSocketChannel server = server();
        PipeBudget few = new PipeBudget(Kernel.linux(), 64 << 10, 64); // four pipes
        Relay relay = start(to(server).budget(few));
        int count = 40;
        byte[] content = pattern(1 << 20);
        CompletableFuture<Integer> servers = beside(() -> {
            for (int i = 0; i < count; i++) {
                SocketChannel inside = accept(server);
                unasked(() -> {
                    put(inside, drain(inside));
                    inside.shutdownOutput();
                    return 0;
                });
            }
            return 0;
        });
        java.util.List<CompletableFuture<byte[]>> clients = new java.util.ArrayList<>();
        for (int i = 0; i < count; i++) {
            SocketChannel client = connect(relay);
            unasked(() -> {
                put(client, content);
                client.shutdownOutput();
                return 0;
            });
            clients.add(beside(() -> drain(client)));
        }
        for (CompletableFuture<byte[]> client : clients) {
            assertSame(get(client), content, "echo");
        }
        get(servers);
        await("all end", () -> relay.connections() == 0);
        assertThat(few.pages()).isLessThanOrEqualTo(64);
        assertThat(relay.totals().ended(Ending.DONE)).isEqualTo(count);
        assertThat(relay.totals().copied()).isPositive();
    }

    @Test
    void withoutPipesBulkIsCopiedAndTheReasonCounted() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).budget(new PipeBudget(Kernel.linux(), 64 << 10, 1)));
        Ends ends = ends(relay, server);
        CompletableFuture<byte[]> got = beside(() -> drain(ends.server()));
        put(ends.client(), pattern(1 << 20));
        ends.client().shutdownOutput();
        assertSame(get(got), pattern(1 << 20), "copied");
        assertThat(relay.totals().spliced()).isZero();
        assertThat(relay.totals().fallbacks()).containsKey("EPERM");
    }

    // ---- the upstream ----

    @Test
    void anUpstreamThatRefusesResetsTheClientAndIsCounted() throws Exception {
        ServerSocketChannel server = server();
        InetSocketAddress gone = (InetSocketAddress) address(server);
        server.close();
        Relay relay = start(
                Relay.builder().listen(loopback(0)).to(gone).connectRetries(0).loops(loops()));
        SocketChannel client = connect(relay);
        assertThatThrownBy(() -> drain(client)).isInstanceOf(IOException.class).hasMessageContaining("reset");
        assertThat(relay.totals().connectErrors()).containsEntry("ECONNREFUSED", 1L);
        assertThat(relay.totals().ended(Ending.UNREACHABLE)).isEqualTo(1);
    }

    @Test
    void aHostThatIsUnknownIsCountedAndTheRelayGoesOn() throws Exception {
        Relay relay = start(Relay.builder()
                .listen(loopback(0))
                .to(InetSocketAddress.createUnresolved("no-such-host.invalid", 80))
                .loops(loops()));
        SocketChannel client = connect(relay);
        assertThatThrownBy(() -> drain(client)).isInstanceOf(IOException.class);
        assertThat(relay.totals().connectErrors()).containsEntry("EAI_NONAME", 1L);
    }

    // RL-011
    @Test
    void anUpstreamThatDoesNotAnswerEndsAtTheTimeOut() throws Exception {
        // A listener whose backlog is full drops what comes.
        ServerSocketChannel full = keep(ServerSocketChannel.open().bind(loopback(0), 1));
        for (int i = 0; i < 4; i++) {
            SocketChannel filler = keep(SocketChannel.open());
            filler.configureBlocking(false);
            filler.connect(address(full));
        }
        Relay relay = start(to(full).connectTimeout(Duration.ofMillis(200)));
        SocketChannel client = connect(relay);
        assertThatThrownBy(() -> drain(client)).isInstanceOf(IOException.class);
        assertThat(relay.totals().connectErrors()).containsEntry("ETIMEDOUT", 1L);
    }

    // ---- time-outs ----

    @Test
    void silenceEndsAConnectionAndBytesPutItOff() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).idleTimeout(Duration.ofMillis(300)));
        Ends ends = ends(relay, server);
        put(ends.client(), "once");
        assertThat(text(ends.server(), 4)).isEqualTo("once");
        assertThat(drain(ends.client())).isEmpty();
        assertThat(drain(ends.server())).isEmpty();
        assertThat(relay.totals().ended(Ending.IDLE)).isEqualTo(1);
    }

    // RL-021
    @Test
    void aServerThatNeverEndsIsLeftAfterTheHalfCloseTimeOut() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).halfCloseTimeout(Duration.ofMillis(300)));
        for (int i = 0; i < 50; i++) {
            Ends ends = ends(relay, server);
            ends.client().close();
        }
        await("all are left", () -> relay.connections() == 0);
        assertThat(relay.totals().ended(Ending.HALF_CLOSED)).isEqualTo(50);
    }

    @Test
    void bytesThatNobodyTakesEndAConnectionAtTheStallTimeOut() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).stallTimeout(Duration.ofMillis(300)).buffers(16 << 10, 16 << 10));
        Ends ends = ends(relay, server);
        CompletableFuture<Integer> sender = beside(() -> {
            put(ends.client(), pattern(64 << 20));
            return 0;
        });
        assertThatThrownBy(() -> get(sender)).hasRootCauseInstanceOf(IOException.class);
        assertThat(relay.totals().ended(Ending.STALLED)).isEqualTo(1);
    }

    // ---- where it listens ----

    @Test
    void aPortInUseIsNotShared() throws Exception {
        ServerSocketChannel server = server();
        Relay first = start(to(server));
        assertThatThrownBy(() -> Relay.builder()
                        .listen(first.addresses().getFirst())
                        .to(address(server))
                        .loops(loops())
                        .start())
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE));
    }

    @Test
    void bothLoopbackAddressesGetOnePort() throws Exception {
        ServerSocketChannel server = server();
        byte[] one = new byte[16];
        one[15] = 1;
        InetSocketAddress six = new InetSocketAddress(InetAddress.getByAddress(one), 0);
        Relay relay = start(Relay.builder()
                .listen(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), six)
                .to(address(server))
                .loops(loops()));
        assertThat(relay.addresses())
                .extracting(each -> ((InetSocketAddress) each).getPort())
                .hasSize(2)
                .containsOnly(((InetSocketAddress) relay.addresses().getFirst()).getPort());
        put(keep(SocketChannel.open(relay.addresses().get(1))), "six");
        assertThat(text(accept(server), 3)).isEqualTo("six");
    }

    @Test
    void aSocketFileHasItsModeTakesADeadOnesPlaceAndIsRemoved() throws Exception {
        ServerSocketChannel server = server();
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(dir.resolve("relay.sock"));
        ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)
                .bind(path)
                .close();
        RelayBuilder builder =
                Relay.builder().listen(path).mode(0660).to(address(server)).loops(loops());
        Relay relay = start(builder);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path.getPath())))
                .isEqualTo("rw-rw----");
        assertThatThrownBy(builder::start).isInstanceOf(ErrnoException.class).hasMessageContaining("EADDRINUSE");
        assertThat(drain(accept(server)))
                .as("the second one asked whether the first one lives")
                .isEmpty();
        put(connect(relay), "alive");
        assertThat(text(accept(server), 5)).isEqualTo("alive");
        relay.close();
        assertThat(path.getPath()).doesNotExist();
    }

    @Test
    void aFileThatIsNoSocketIsNotTouched() throws Exception {
        ServerSocketChannel server = server();
        Files.writeString(dir.resolve("precious"), "data");
        assertThatThrownBy(() -> Relay.builder()
                        .listen(UnixDomainSocketAddress.of(dir.resolve("precious")))
                        .to(address(server))
                        .loops(loops())
                        .start())
                .isInstanceOf(ErrnoException.class);
        assertThat(dir.resolve("precious")).hasContent("data");
    }

    // ---- stopping ----

    // RL-018
    @Test
    void aDrainLetsConnectionsFinishAndCutsTheRest() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        Ends finishes = ends(relay, server);
        Ends stays = ends(relay, server);
        CompletableFuture<Integer> drained = beside(() -> relay.drain(Duration.ofMillis(1500)));
        await("it listens no more", relay::isDraining);
        assertThatThrownBy(() -> {
                    while (true) {
                        SocketChannel.open(relay.addresses().getFirst()).close();
                    }
                })
                .isInstanceOf(IOException.class);
        put(finishes.server(), pattern(300_000));
        finishes.server().close();
        assertSame(drain(finishes.client()), pattern(300_000), "finishes");
        finishes.client().close();
        assertThatThrownBy(() -> drain(stays.client())).isInstanceOf(IOException.class);
        assertThat(get(drained)).as("cut").isGreaterThanOrEqualTo(1);
    }

    @Test
    void aConnectionCanBeKilled() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        Ends ends = ends(relay, server);
        await(
                "joined",
                () -> relay.list().stream().anyMatch(each -> each.phase().equals("joined")));
        long id = relay.list().getFirst().id();
        assertThat(relay.kill(id + 1000)).isFalse();
        assertThat(relay.kill(id)).isTrue();
        assertThatThrownBy(() -> drain(ends.client())).isInstanceOf(IOException.class);
        assertThat(relay.totals().ended(Ending.KILLED)).isEqualTo(1);
    }
}
