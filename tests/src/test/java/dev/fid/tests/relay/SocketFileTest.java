package dev.fid.tests.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.SocketFile;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.net.Loops;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import dev.fid.net.relay.Service;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The file of a unix listener, in a directory where others may put theirs at any moment.
class SocketFileTest extends Fixture {
    private Path victim() throws IOException {
        Path victim = Files.writeString(dir.resolve("victim"), "secret");
        Files.setPosixFilePermissions(victim, PosixFilePermissions.fromString("rw-------"));
        return victim;
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private RelayBuilder relay(int mode) throws IOException {
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(dir.resolve("relay.sock"));
        return Relay.builder().listen(path).mode(mode).to(loopback(9));
    }

    private static List<Path> inside(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aReloadGivesItsModeToNoFileThatTookThePlaceOfTheSocket() throws Exception {
        Path victim = victim();
        Service service = keep(new Service(new Loops(1), null));
        service.apply(List.of(relay(0600)));
        Path name = dir.resolve("relay.sock");
        Files.delete(name);
        Files.createSymbolicLink(name, victim);
        service.apply(List.of(relay(0666)));
        assertThat(mode(victim)).isEqualTo("rw-------");
        Files.delete(name);
        Files.createLink(name, victim);
        service.apply(List.of(relay(0660)));
        assertThat(mode(victim)).isEqualTo("rw-------");
        service.close();
        assertThat(name).as("it is another's").exists();
    }

    /// Whoever owns the directory can rename what stands there, our hidden names, too.
    @Test
    void theModeOfAListenerGoesToItsOwnFileWhoeverOwnsTheDirectory() throws Exception {
        Path victim = victim();
        Path aside = Files.createDirectory(dir.resolve("aside"));
        List<String> modes = new ArrayList<>();
        Kernel swapping = FaultyKernel.over(Kernel.linux())
                .on("listen")
                .every()
                .runs(call -> {
                    for (Path each : inside(dir)) {
                        if (each.getFileName().toString().startsWith(".")) {
                            try {
                                Path socket =
                                        Files.isDirectory(each) ? inside(each).getFirst() : each;
                                modes.add(mode(socket));
                                Files.move(each, aside.resolve("it"));
                                Files.createSymbolicLink(each, victim);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        }
                    }
                })
                .kernel();
        SocketFile file =
                new SocketFile(swapping, UnixDomainSocketAddress.of(dir.resolve("relay.sock")), 0666, 1, socket -> {});
        assertThat(modes).as("set before it listened").containsExactly("rw-rw-rw-");
        file.mode(0606);
        assertThat(mode(victim)).isEqualTo("rw-------");
        assertThat(mode(dir.resolve("relay.sock"))).isEqualTo("rw----rw-");
        file.socket().close();
        file.remove();
        assertThat(dir.resolve("relay.sock")).doesNotExist();
    }

    @Test
    void aListenerThatStopsLeavesTheFileOfItsSuccessor() throws Exception {
        ServerSocketChannel server = server();
        Relay before = start(relay(-1).loops(loops()));
        Files.delete(dir.resolve("relay.sock"));
        Relay after = start(relay(-1).to(address(server)).loops(loops()));
        before.close();
        assertThat(dir.resolve("relay.sock")).exists();
        put(connect(after), "alive");
        assertThat(text(accept(server), 5)).isEqualTo("alive");
        after.close();
        assertThat(inside(dir)).isEmpty();
    }

    @Test
    void ofTwoThatFindADeadSocketFileOneListens() throws Exception {
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(dir.resolve("relay.sock"));
        for (int round = 0; round < 100; round++) {
            ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(path).close();
            CyclicBarrier together = new CyclicBarrier(2);
            List<CompletableFuture<SocketFile>> both = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                both.add(beside(() -> {
                    together.await();
                    return new SocketFile(Kernel.linux(), path, 0600, 5, socket -> {});
                }));
            }
            List<SocketFile> listening = new ArrayList<>();
            for (CompletableFuture<SocketFile> each : both) {
                try {
                    listening.add(get(each));
                } catch (java.util.concurrent.ExecutionException e) {
                    assertThat(e.getCause()).isInstanceOf(ErrnoException.class).hasMessageContaining("EADDRINUSE");
                }
            }
            assertThat(listening).as("round " + round).hasSize(1);
            SocketChannel.open(path).close(); // it is the one that has the name
            listening.getFirst().socket().close();
            listening.getFirst().remove();
            assertThat(inside(dir)).isEmpty();
        }
    }

    @Test
    void whatFailsLeavesNoFile() throws Exception {
        for (String call : List.of("bind", "fchmodat", "listen", "renameat2")) {
            Kernel failing = FaultyKernel.over(Kernel.linux())
                    .on(call)
                    .every()
                    .fails(Errno.EIO)
                    .kernel();
            assertThatThrownBy(() -> new SocketFile(
                            failing, UnixDomainSocketAddress.of(dir.resolve("a.sock")), 0600, 1, socket -> {}))
                    .as(call)
                    .isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("a.sock")
                    .hasMessageContaining("EIO");
            assertThat(inside(dir)).as(call).isEmpty();
        }
    }

    /// NFS has none of renameat2(2)'s flags.
    @Test
    void whereARenameCannotSpareAFileALinkDoes() throws Exception {
        Kernel without = FaultyKernel.over(Kernel.linux())
                .on("renameat2")
                .every()
                .fails(Errno.EINVAL)
                .kernel();
        UnixDomainSocketAddress path = UnixDomainSocketAddress.of(dir.resolve("a.sock"));
        SocketFile file = new SocketFile(without, path, 0600, 1, socket -> {});
        assertThat(inside(dir)).containsExactly(path.getPath());
        SocketChannel.open(path).close();
        assertThatThrownBy(() -> new SocketFile(without, path, 0600, 1, socket -> {}))
                .hasMessageContaining("EADDRINUSE");
        file.socket().close();
        file.remove();
        assertThat(inside(dir)).isEmpty();
    }
}
