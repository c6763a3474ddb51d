package dev.fid.net.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.Fd;
import dev.fid.SocketFile;
import dev.fid.bridge.Streams;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.net.loop.DescriptorReserve;
import dev.fid.net.relay.RelayBuilder;
import dev.fid.net.relay.Service;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The page for operators, over HTTP on a loopback address or a unix socket: `GET` or `HEAD` `/healthz`, `/readyz`,
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
    private static final long PATIENCE_MILLIS = 10_000;
    private static final int MOST_AFTER = 1 << 16; // of a body that nobody reads
    /// One for each peer that comes while there are no others.
    private static final int DESCRIPTORS = 4;

    private final Service service;
    private final Control control;
    private final Kernel kernel = Kernel.linux();
    private final Fd listener;
    private final @Nullable SocketFile file;
    private final SocketAddress address;
    private final Set<Session> sessions = new HashSet<>();
    private final DescriptorReserve reserve = new DescriptorReserve(kernel, DESCRIPTORS);
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
        refill();
        join(Thread.ofVirtual().name("fid-admin-first").start(this::waitOnce));
        acceptor = Thread.ofPlatform().daemon().name("fid-admin").start(this::accept);
        askOurselves();
    }

    /// Once descriptors have run out no class can be loaded from a folder, and no epoll made: all that an answer needs
    /// is there after the first one.
    private void waitOnce() {
        try {
            serveBeside(listener.accept(Duration.ofMillis(1)));
        } catch (ErrnoException e) {
            // Nobody came so soon; but a virtual thread has waited.
        }
    }

    /// The other half of it: one question, answered.
    private void askOurselves() {
        String question = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
        try (Fd peer = Fd.connect(kernel, address, Duration.ofMillis(PATIENCE_MILLIS));
                OutputStream out = Streams.output(peer);
                InputStream in = Streams.input(peer)) {
            out.write(question.getBytes(ISO_8859_1));
            in.readAllBytes();
        } catch (IOException e) {
            // It is closed already.
        }
    }

    /// Where it is.
    public SocketAddress address() {
        return address;
    }

    /// One peer, and when it was heard last; an answered one before all others.
    private static final class Session {
        private final Fd peer;
        private volatile long heard = System.nanoTime();
        private volatile boolean isAnswered;

        Session(Fd peer) {
            this.peer = peer;
        }

        boolean isIdlerThan(Session other) {
            return isAnswered == other.isAnswered ? heard - other.heard < 0 : isAnswered;
        }
    }

    private void accept() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                refill();
                serveBeside(next());
            } catch (ErrnoException e) {
                if (e.errno() == Errno.ECANCELED) {
                    return;
                }
                pause(); // no descriptors left, not even our own: not the time to spin
            }
        }
    }

    private void serveBeside(Fd peer) {
        Session session = new Session(peer);
        enter(session);
        Thread.ofVirtual().name("fid-admin").start(() -> serve(session));
    }

    /// Out of descriptors, the operator who asks why gets those that were kept for him.
    private Fd next() throws ErrnoException {
        try {
            return listener.accept();
        } catch (ErrnoException e) {
            boolean isShort = e.errno() == Errno.EMFILE || e.errno() == Errno.ENFILE;
            if (!isShort || !releaseOne()) {
                throw e;
            }
            return listener.accept();
        }
    }

    private boolean releaseOne() {
        synchronized (reserve) {
            return reserve.release();
        }
    }

    /// At once where one was used, before a relay of ours takes it for a client; what is missing then may be there at
    /// the next time.
    private void refill() {
        synchronized (reserve) {
            reserve.fill();
        }
    }

    /// Where there is no room the idlest gives way, so that who opens connections and says nothing shuts nobody out.
    private void enter(Session session) {
        synchronized (sessions) {
            if (sessions.size() >= MOST_AT_ONCE) {
                Session idlest = session;
                for (Session each : sessions) {
                    idlest = each.isIdlerThan(idlest) ? each : idlest;
                }
                sessions.remove(idlest);
                kernel.shutdown(idlest.peer.number(), Uapi.SHUT_RDWR); // it ends, and closes its own number
            }
            sessions.add(session);
        }
    }

    /// Before it is closed: whoever is in the set has its number still.
    private void leave(Session session) {
        synchronized (sessions) {
            sessions.remove(session);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(Session session) {
        Fd peer = session.peer;
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
        InputStream in = Streams.input(peer);
        OutputStream out = Streams.output(peer);
        try {
            AdminRequest request = AdminRequest.read(in, () -> session.heard = System.nanoTime());
            Answer answer = request == null ? new Answer(400, "text/plain", "bad request\n") : answer(request);
            afterwards = answer.afterwards();
            write(out, answer, request != null && request.method().equals("HEAD"));
            peer.shutdownOutput();
            session.isAnswered = true;
            for (int left = MOST_AFTER; left > 0; ) {
                // To close with bytes unread would reset the connection, and take the answer away.
                int read = in.read(new byte[4096]);
                left = read < 0 ? 0 : left - read;
            }
        } catch (IOException e) {
            // The peer has gone; there is nobody to tell.
        } finally {
            guard.interrupt();
            join(guard);
            leave(session);
            close(in);
            close(out);
            peer.close();
            refill();
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

    private Answer answer(AdminRequest request) {
        if (!isForUs(request)) {
            return text(403, "this page is for this machine alone");
        }
        if (request.method().equals("POST")) {
            return "1".equals(request.headers().get("fid-admin"))
                    ? act(request)
                    : text(403, "POST needs the header Fid-Admin: 1");
        }
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            return text(405, "GET, HEAD or POST");
        }
        return switch (request.path()) {
            case "/healthz" -> text(200, "ok");
            case "/readyz" -> service.isDraining() ? text(503, "draining") : text(200, "ready");
            case "/metrics" -> new Answer(200, "text/plain; version=0.0.4; charset=utf-8", Metrics.of(service));
            case "/status", "/api/v1/status" -> new Answer(200, "application/json", StatusJson.status(service));
            case "/connections", "/api/v1/connections" ->
                new Answer(200, "application/json", StatusJson.connections(service));
            default -> text(404, "not found");
        };
    }

    private Answer act(AdminRequest request) {
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

    private boolean isForUs(AdminRequest request) {
        return address instanceof UnixDomainSocketAddress
                ? request.headers().get("origin") == null
                : request.isForThisMachine();
    }

    private static String reason(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 400 -> "Bad Request";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 409 -> "Conflict";
            case 503 -> "Service Unavailable";
            default -> throw new IllegalArgumentException(Integer.toString(status));
        };
    }

    private static void write(OutputStream out, Answer answer, boolean isHeadAlone) throws IOException {
        byte[] body = answer.body().getBytes(UTF_8);
        String head =
                "HTTP/1.1 " + answer.status() + " " + reason(answer.status()) + "\r\nContent-Type: " + answer.type()
                        + "\r\nContent-Length: " + body.length
                        + (answer.status() == 405 ? "\r\nAllow: GET, HEAD, POST" : "")
                        + "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
        byte[] all = head.getBytes(ISO_8859_1);
        if (!isHeadAlone) {
            all = java.util.Arrays.copyOf(all, head.length() + body.length);
            System.arraycopy(body, 0, all, head.length(), body.length);
        }
        out.write(all);
        out.flush();
    }

    @Override
    public void close() {
        acceptor.interrupt();
        join(acceptor);
        listener.close();
        synchronized (reserve) {
            reserve.close();
        }
        if (file != null) {
            file.remove();
        }
    }
}
