package dev.fid.tests.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.net.Loops;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import dev.fid.tests.Await;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/// A relay between a client and a server of this test; what was kept is closed after it.
abstract class Fixture {
    static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffffff);

    @TempDir
    Path dir;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    @AfterEach
    void closeAll() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    <T extends AutoCloseable> T keep(T resource) {
        opened.push(resource);
        return resource;
    }

    /// What a test does beside its own thread.
    interface Task<T> {
        T call() throws Exception;
    }

    static <T> CompletableFuture<T> beside(Task<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("test-peer").start(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        });
        return result;
    }

    /// As {@link #beside} where nobody asks how it went: what arrives elsewhere tells.
    static void unasked(Task<Integer> task) {
        CompletableFuture<Integer> result = beside(task);
        assertThat(result).isNotNull();
    }

    static <T> T get(CompletableFuture<T> task) throws Exception {
        return task.get(60, TimeUnit.SECONDS);
    }

    static void await(String what, BooleanSupplier condition) {
        Await.until(what, condition);
    }

    // ---- the server behind the relay ----

    static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    ServerSocketChannel server() throws IOException {
        return keep(ServerSocketChannel.open().bind(loopback(0), 1000));
    }

    ServerSocketChannel unixServer() throws IOException {
        return keep(ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(dir.resolve("server.sock"))));
    }

    /// Answers every connection with what it sends, until the listener is closed.
    static CompletableFuture<Integer> echo(ServerSocketChannel server) {
        return beside(() -> {
            while (true) {
                SocketChannel inside;
                try {
                    inside = server.accept();
                } catch (java.nio.channels.ClosedChannelException e) {
                    return 0;
                } catch (IOException e) {
                    Thread.onSpinWait(); // no descriptor, while a test has lowered the limit of all of us
                    continue;
                }
                Thread.ofVirtual().start(() -> {
                    try (inside) {
                        put(inside, drain(inside));
                    } catch (IOException e) {
                        // The client reset it: its own affair.
                    }
                });
            }
        });
    }

    static SocketAddress address(ServerSocketChannel server) {
        try {
            return server.getLocalAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- the relay ----

    RelayBuilder to(ServerSocketChannel server) {
        return Relay.builder().listen(loopback(0)).to(address(server)).loops(loops());
    }

    Loops loops() {
        return keep(new Loops(2));
    }

    Relay start(RelayBuilder builder) throws IOException {
        return keep(builder.start());
    }

    // ---- its client ----

    SocketChannel connect(Relay relay) throws IOException {
        SocketAddress where = relay.addresses().getFirst();
        return keep(SocketChannel.open(where));
    }

    SocketChannel accept(ServerSocketChannel server) throws IOException {
        return keep(server.accept());
    }

    /// Two ends with the relay between them.
    record Ends(SocketChannel client, SocketChannel server) {}

    Ends ends(Relay relay, ServerSocketChannel server) throws IOException {
        SocketChannel client = connect(relay);
        return new Ends(client, accept(server));
    }

    // ---- bytes ----

    static byte[] pattern(int len) {
        byte[] bytes = new byte[len];
        for (int i = 0; i < len; i++) {
            bytes[i] = (byte) ((7 * i + i / 256) % 251);
        }
        return bytes;
    }

    static void put(SocketChannel to, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            to.write(buffer);
        }
    }

    static void put(SocketChannel to, String text) throws IOException {
        put(to, text.getBytes(UTF_8));
    }

    static byte[] take(SocketChannel from, int len) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(len);
        while (buffer.hasRemaining()) {
            if (from.read(buffer) < 0) {
                throw new EOFException("after " + buffer.position() + " of " + len + " bytes");
            }
        }
        return buffer.array();
    }

    static String text(SocketChannel from, int len) throws IOException {
        return new String(take(from, len), UTF_8);
    }

    static byte[] drain(SocketChannel from) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        while (from.read(buffer) >= 0) {
            all.write(buffer.array(), 0, buffer.position());
            buffer.clear();
        }
        return all.toByteArray();
    }

    static void assertSame(byte[] got, byte[] expected, String what) {
        assertThat(Arrays.mismatch(got, expected))
                .as("%s: first difference of %d and %d bytes, seed %d", what, got.length, expected.length, SEED)
                .isEqualTo(-1);
    }

    /// Closes by a reset.
    static void reset(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }
}
