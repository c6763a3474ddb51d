package dev.fid.cli;

import dev.fid.ErrnoException;
import dev.fid.Fd;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Asks the admin page of a running relay.
final class AdminClient {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final String where;
    private final SocketAddress address;

    /// @throws IllegalArgumentException where it is no admin address
    AdminClient(String where) {
        this.where = where;
        Endpoint endpoint = RelayValues.admin(where);
        this.address = switch (endpoint) {
            case Endpoint.Unix unix -> UnixDomainSocketAddress.of(unix.path());
            case Endpoint.TcpListen tcp ->
                new InetSocketAddress(tcp.host().isEmpty() ? "127.0.0.1" : tcp.host(), tcp.port());
            case null, default -> throw new IllegalArgumentException(where + ": is no admin address");
        };
    }

    /// What the page says.
    record Answer(int status, String body) {}

    Answer get(String path) throws Failure {
        return ask("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }

    Answer post(String path) throws Failure {
        return ask("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nFid-Admin: 1\r\nContent-Length: 0\r\n\r\n");
    }

    private Answer ask(String request) throws Failure {
        try (Fd fd = Fd.connect(Kernel.linux(), address, PATIENCE);
                OutputStream out = fd.outputStream();
                InputStream in = fd.inputStream()) {
            out.write(request.getBytes(StandardCharsets.ISO_8859_1));
            String whole = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            int body = whole.indexOf("\r\n\r\n");
            if (!whole.startsWith("HTTP/1.1 ") || body < 0 || whole.length() < 12) {
                throw new Failure(Exit.IO, where + ": is no admin page of fid");
            }
            return new Answer(Integer.parseInt(whole.substring(9, 12)), whole.substring(body + 4));
        } catch (ErrnoException e) {
            throw new Failure(Exit.NETWORK, where + ": " + Failures.reason(e, 0), "", e);
        } catch (IOException | NumberFormatException e) {
            throw new Failure(Exit.IO, where + ": " + e.getMessage(), "", e);
        }
    }

    /// An option's value.
    static AdminClient of(String where) throws Failure {
        try {
            return new AdminClient(where);
        } catch (IllegalArgumentException e) {
            throw Failure.usage(String.valueOf(e.getMessage()));
        }
    }
}
