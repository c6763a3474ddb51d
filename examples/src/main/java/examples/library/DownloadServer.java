package examples.library;

import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.kernel.ErrnoException;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/// Serves the files of a directory by HTTP GET, each connection on a virtual thread.
///
///     bin/example DownloadServer PORT DIRECTORY      # then: curl http://localhost:PORT/big.iso
///
/// Thousands of slow readers hold no carrier thread: a transfer that waits is parked, which
/// `FileChannel.transferTo`
/// on a blocking socket is not.
public final class DownloadServer {
    private DownloadServer() {}

    public static void main(String... arguments) throws IOException {
        Path directory = Path.of(arguments[1]);
        try (Fd listener =
                Fd.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0])))) {
            System.out.println("listening on " + ((InetSocketAddress) listener.localAddress()).getPort());
            // tag::accept[]
            while (true) {
                Fd socket = Accepting.next(listener);
                Thread.ofVirtual().start(() -> {
                    try (socket) {
                        serve(socket, directory);
                    } catch (IOException e) {
                        System.err.println("download: " + e.getMessage());
                    }
                });
            }
            // end::accept[]
        }
    }

    static void serve(Fd socket, Path directory) throws IOException {
        Http request = Http.read(socket);
        Optional<Path> path = request.file(directory);
        if (path.isEmpty() || !request.method().equals("GET")) {
            Http.end(socket, "403 Forbidden");
            return;
        }
        try (Fd in = Fd.open(path.get())) {
            if (in.kind() != FdKind.FILE) {
                Http.end(socket, "404 Not Found");
                return;
            }
            long length = in.facts().size();
            Http.send(socket, "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\nConnection: close");
            System.out.println(path.get().getFileName() + ": "
                    + Transfer.from(in).to(socket).length(length).run());
        } catch (ErrnoException e) {
            if (!e.call().startsWith("open")) {
                throw e; // the head is sent: all that is left is to break off
            }
            Http.end(socket, "404 Not Found");
        }
    }
}
