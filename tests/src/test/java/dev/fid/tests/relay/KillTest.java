package dev.fid.tests.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.net.Ending;
import dev.fid.net.relay.Relay;
import dev.fid.tests.Needs;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/// Either end is killed in the middle (`kill -9`): its kernel ends or resets the connection, and the relay passes on
/// which.
class KillTest extends Fixture {
    private Process socat(String... arguments) throws IOException {
        Needs.programs("socat");
        java.util.List<String> command = new java.util.ArrayList<>(java.util.List.of("socat"));
        command.addAll(java.util.List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        process.getInputStream().close();
        process.getErrorStream().close();
        process.getOutputStream().close();
        keep(() -> process.destroyForcibly().waitFor());
        return process;
    }

    @Test
    void aKilledSendersBytesArriveUpToTheEndThatItsKernelMade() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server));
        int port = ((InetSocketAddress) relay.addresses().getFirst()).getPort();
        Process client = socat("-u", "/dev/zero", "TCP:127.0.0.1:" + port);
        SocketChannel inside = accept(server);
        take(inside, 20 << 20);
        client.destroyForcibly().waitFor();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        while (inside.read(buffer.clear()) >= 0) {
            assertThat(buffer.get(0)).isZero();
        }
        inside.close();
        await("the connection ends", () -> relay.connections() == 0);
        assertThat(relay.totals().ended(Ending.DONE)).isEqualTo(1);
    }

    @Test
    void theSenderLearnsThatItsReaderWasKilled() throws Exception {
        int port = freePort();
        Process server = socat("-u", "TCP-LISTEN:" + port + ",bind=127.0.0.1", "OPEN:/dev/null,wronly");
        String listening = String.format(Locale.ROOT, ":%04X 00000000:0000 0A", port);
        await("socat listens", () -> {
            try {
                return Files.readString(Path.of("/proc/net/tcp")).contains(listening);
            } catch (IOException e) {
                return false;
            }
        });
        Relay relay =
                start(Relay.builder().listen(loopback(0)).to(loopback(port)).loops(loops()));
        SocketChannel sender = connect(relay);
        put(sender, pattern(20 << 20));
        server.destroyForcibly().waitFor();
        assertThatThrownBy(() -> put(sender, pattern(64 << 20))).isInstanceOf(IOException.class);
        await("the connection ends", () -> relay.connections() == 0);
        assertThat(relay.totals().ended(Ending.RESET)).isEqualTo(1);
    }

    private static int freePort() throws IOException {
        try (ServerSocketChannel probe = ServerSocketChannel.open().bind(loopback(0))) {
            return ((InetSocketAddress) probe.getLocalAddress()).getPort();
        }
    }
}
