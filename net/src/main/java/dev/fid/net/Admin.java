package dev.fid.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.ErrnoException;
import dev.fid.Fd;
import dev.fid.SocketFile;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// The page for operators, over HTTP on a loopback address or a unix socket: `GET` `/healthz`, `/readyz`,
/// `/metrics`, `/status`, `/connections`; `POST` `/reload`, `/drain`, `/stop`, `/kill?id=N`.
///
/// A web page that the operator looks at must not reach it: over TCP the `Host` has to name this machine (against
/// DNS rebinding), no foreign `Origin` is let in, and `POST` needs the header `Fid-Admin: 1`, which no form can
/// send. One request a connection.
public final class Admin implements AutoCloseable {
    /// What an operator may ask for.
    public interface Control {
        /// Reads the configuration again; returns what is wrong with it, empty where it was taken.
        String reload();

        /// Lets connections finish, then ends the process.
        void drain();

        /// Ends the process at once.
        void stop();
    }

    private static final int MOST_AT_ONCE = 32;
    private static final int LONGEST_HEAD = 8192;
    private static final long PATIENCE_MILLIS = 10_000;

    private final Service service;
    private final Control control;
    private final Kernel kernel = Kernel.linux();
    private final Fd listener;
    private final @Nullable SocketFile file;
    private final SocketAddress address;
    private final Semaphore room = new Semaphore(MOST_AT_ONCE);
    private final Thread acceptor;

    /// @param where a loopback address (port 0 takes a free one) or a unix path, which gets the mode 0600
    /// @throws IllegalArgumentException for an address that other machines can reach
    /// @throws ErrnoException as {@link RelayBuilder#start}
    public Admin(SocketAddress where, Service service, Control control) throws ErrnoException {
        this.service = service;
        this.control = control;
        if (where instanceof UnixDomainSocketAddress unix) {
            file = new SocketFile(kernel, unix, 0600, 64, socket -> {});
            listener = file.socket();
            address = where;
        } else {
            if (!(where instanceof InetSocketAddress inet)
                    || inet.getAddress() == null
                    || !inet.getAddress().isLoopbackAddress()) {
                throw new IllegalArgumentException(
                        "the admin page is for this machine: a loopback address or a unix socket");
            }
            file = null;
            listener = Fd.listen(kernel, where, 64);
            address = listener.localAddress();
        }
        acceptor = Thread.ofPlatform().daemon().name("fid-admin").start(this::accept);
    }

    /// Where it is.
    public SocketAddress address() {
        return address;
    }

    private void accept() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Fd peer = listener.accept();
                if (room.tryAcquire()) {
                    Thread.ofVirtual().name("fid-admin").start(() -> serve(peer));
                } else {
                    peer.close();
                }
            } catch (ErrnoException e) {
                if (e.errno() == dev.fid.kernel.Errno.ECANCELED) {
                    return;
                }
                pause(); // no descriptors left: not the time to spin
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(Fd peer) {
        // A peer that stands still is shut down, not closed: its number stays ours until we are done.
        Thread guard = Thread.ofVirtual().start(() -> {
            try {
                Thread.sleep(PATIENCE_MILLIS);
                kernel.shutdown(peer.number(), Uapi.SHUT_RDWR);
            } catch (InterruptedException e) {
                // It was done in time.
            }
        });
        Runnable afterwards = () -> {};
        InputStream in = peer.inputStream();
        OutputStream out = peer.outputStream();
        try {
            Request request = Request.read(in);
            Answer answer = request == null ? new Answer(400, "text/plain", "bad request\n") : answer(request);
            afterwards = answer.afterwards();
            write(out, answer);
            peer.shutdownOutput();
        } catch (IOException e) {
            // The peer has gone; there is nobody to tell.
        } finally {
            guard.interrupt();
            join(guard);
            close(in);
            close(out);
            peer.close();
            room.release();
        }
        afterwards.run();
    }

    /// What a stream waits with is its own, and closed with it.
    private static void close(AutoCloseable stream) {
        try {
            stream.close();
        } catch (Exception e) {
            // Nothing was left to be written.
        }
    }

    private static void join(Thread guard) {
        try {
            guard.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private record Answer(int status, String type, String body, Runnable afterwards) {
        Answer(int status, String type, String body) {
            this(status, type, body, () -> {});
        }
    }

    private static Answer text(int status, String body) {
        return new Answer(status, "text/plain; charset=utf-8", body + "\n");
    }

    private Answer answer(Request request) {
        if (!isForUs(request)) {
            return text(403, "this page is for this machine alone");
        }
        if (request.method().equals("POST")) {
            return "1".equals(request.headers().get("fid-admin"))
                    ? act(request)
                    : text(403, "POST needs the header Fid-Admin: 1");
        }
        if (!request.method().equals("GET")) {
            return text(405, "GET or POST");
        }
        return switch (request.path()) {
            case "/healthz" -> text(200, "ok");
            case "/readyz" -> service.isDraining() ? text(503, "draining") : text(200, "ready");
            case "/metrics" -> new Answer(200, "text/plain; version=0.0.4; charset=utf-8", Metrics.of(service));
            case "/status", "/api/v1/status" -> new Answer(200, "application/json", State.status(service));
            case "/connections", "/api/v1/connections" ->
                new Answer(200, "application/json", State.connections(service));
            default -> text(404, "not found");
        };
    }

    private Answer act(Request request) {
        return switch (request.path()) {
            case "/reload" -> {
                String wrong = control.reload();
                yield wrong.isEmpty() ? text(200, "reloaded") : text(409, wrong);
            }
            case "/drain" -> new Answer(200, "text/plain", "draining " + service.connections() + "\n", control::drain);
            case "/stop" -> new Answer(200, "text/plain", "stopping\n", control::stop);
            case "/kill" -> {
                String id = request.query().startsWith("id=") ? request.query().substring(3) : "";
                yield id.matches("[0-9]{1,18}") && service.kill(Long.parseLong(id))
                        ? text(200, "killed " + id)
                        : text(404, "no connection " + id);
            }
            default -> text(404, "not found");
        };
    }

    private boolean isForUs(Request request) {
        if (address instanceof UnixDomainSocketAddress) {
            return request.headers().get("origin") == null;
        }
        String host = request.headers().getOrDefault("host", "");
        String origin = request.headers().get("origin");
        return host.toLowerCase(Locale.ROOT).matches("(localhost|127(\\.[0-9]{1,3}){3}|\\[::1])(:[0-9]{1,5})?")
                && (origin == null || origin.equalsIgnoreCase("http://" + host));
    }

    private static void write(OutputStream out, Answer answer) throws IOException {
        byte[] body = answer.body().getBytes(UTF_8);
        String reason = answer.status() == 200 ? "OK" : "Error";
        String head = "HTTP/1.1 " + answer.status() + " " + reason + "\r\nContent-Type: " + answer.type()
                + "\r\nContent-Length: " + body.length
                + "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
        byte[] all = java.util.Arrays.copyOf(head.getBytes(ISO_8859_1), head.length() + body.length);
        System.arraycopy(body, 0, all, head.length(), body.length);
        out.write(all);
        out.flush();
    }

    /// The head of a request; a body is not read.
    private record Request(String method, String path, String query, Map<String, String> headers) {
        /// Null where it is none.
        static @Nullable Request read(InputStream in) throws IOException {
            byte[] head = new byte[LONGEST_HEAD];
            int length = 0;
            while (length < head.length && !ends(head, length)) {
                int read = in.read(head, length, head.length - length);
                if (read < 0) {
                    return null;
                }
                length += read;
            }
            String[] lines = new String(head, 0, length, ISO_8859_1).split("\r\n", -1);
            String[] words = lines[0].split(" ", -1);
            if (!ends(head, length)
                    || words.length != 3
                    || !words[2].startsWith("HTTP/1.")
                    || !words[1].startsWith("/")) {
                return null;
            }
            Map<String, String> headers = new HashMap<>();
            for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
                int colon = lines[i].indexOf(':');
                if (colon <= 0) {
                    return null;
                }
                String key = lines[i].substring(0, colon).toLowerCase(Locale.ROOT);
                String value = lines[i].substring(colon + 1).strip();
                if (headers.put(key, value) != null && key.equals("host")) {
                    return null; // two hosts: one of them is a lie
                }
            }
            int question = words[1].indexOf('?');
            return new Request(
                    words[0],
                    question < 0 ? words[1] : words[1].substring(0, question),
                    question < 0 ? "" : words[1].substring(question + 1),
                    headers);
        }

        private static boolean ends(byte[] head, int length) {
            for (int i = 3; i < length; i++) {
                if (head[i] == '\n' && head[i - 1] == '\r' && head[i - 2] == '\n' && head[i - 3] == '\r') {
                    return true;
                }
            }
            return false;
        }
    }

    @Override
    public void close() {
        acceptor.interrupt();
        join(acceptor);
        listener.close();
        if (file != null) {
            file.remove();
        }
    }
}
