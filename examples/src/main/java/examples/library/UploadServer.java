package examples.library;

import dev.fid.Fd;
import dev.fid.bridge.Streams;
import dev.fid.files.Replacement;
import dev.fid.kernel.ErrnoException;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/// Takes files by HTTP PUT and puts them straight on the disk: the head is read here, the body goes from socket to
/// file by splice.
///
///     bin/example UploadServer PORT DIRECTORY        # then: curl -T big.iso http://localhost:PORT/
///
/// A file appears under its name when it is whole; an upload that breaks off leaves nothing.
public final class UploadServer {
    private UploadServer() {}

    public static void main(String... arguments) throws IOException {
        Path directory = Path.of(arguments[1]);
        try (Fd listener =
                Fd.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0])))) {
            System.out.println("listening on " + ((InetSocketAddress) listener.localAddress()).getPort());
            while (true) {
                Fd socket = Accepting.next(listener);
                Thread.ofVirtual().start(() -> {
                    try (socket) {
                        serve(socket, directory);
                    } catch (IOException e) {
                        System.err.println("upload: " + e.getMessage());
                    }
                });
            }
        }
    }

    static void serve(Fd socket, Path directory) throws IOException {
        Http request = Http.read(socket);
        Optional<Path> path = request.file(directory);
        if (path.isEmpty()) {
            Http.end(socket, "403 Forbidden");
        } else if (!request.method().equals("PUT")) {
            Http.end(socket, "405 Method Not Allowed\r\nAllow: PUT");
        } else if (request.contentLength() < 0 || request.headers().containsKey("transfer-encoding")) {
            Http.end(socket, "411 Length Required"); // a chunked body has its lengths between the bytes
        } else {
            store(socket, request, path.get());
        }
    }

    private static void store(Fd socket, Http request, Path path) throws IOException {
        // tag::store[]
        if ("100-continue".equalsIgnoreCase(request.headers().get("expect"))) {
            Http.send(socket, "HTTP/1.1 100 Continue"); // or curl waits a second before it sends the body
        }
        long length = request.contentLength();
        try (Replacement file = Replacement.of(path)) {
            // What came along with the head is in memory; the rest never is.
            int here = (int) Math.min(request.early().remaining(), length);
            Streams.channel(file.fd())
                    .write(request.early().limit(request.early().position() + here));
            Moved rest =
                    Transfer.from(socket).to(file.fd()).length(length - here).run();
            if (here + rest.bytes() < length) {
                return; // the client is gone, and without a commit so is the file
            }
            file.commit(true);
            System.out.println(path.getFileName() + ": " + rest);
            Http.end(socket, "201 Created");
        } catch (ErrnoException e) {
            Http.end(socket, "500 Internal Server Error");
            throw e;
        }
        // end::store[]
    }
}
