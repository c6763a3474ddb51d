package dev.fid.cli.relay;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.Fd;
import dev.fid.bridge.Streams;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Failures;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Asks the admin page of a running relay. What answers may be anything: it must not be silent for five seconds, and
/// has to say how much it will say.
final class AdminClient {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int LONGEST_HEAD = 8192;
    /// What is kept in memory: the metrics of thousands of relays.
    private static final int LONGEST_KEPT = 8 << 20; // 8 MiB
    /// What is passed on: some millions of connections.
    private static final int LONGEST = 1 << 30; // 1 GiB
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2})( [^\r\n]*)?\r\n");
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *([0-9]{1,9}) *\r\n");

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

    /// Gets the answer, piece by piece.
    interface Sink {
        void take(byte[] bytes, int len) throws Failure;
    }

    /// What the page says.
    void get(String path, Sink sink) throws Failure {
        ask(question(path), LONGEST, sink);
    }

    String get(String path) throws Failure {
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        ask(question(path), LONGEST_KEPT, (bytes, len) -> kept.write(bytes, 0, len));
        return kept.toString(UTF_8);
    }

    private static String question(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }

    /// What came of an order.
    void post(String path, Sink sink) throws Failure {
        String order = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nFid-Admin: 1\r\nContent-Length: 0\r\n\r\n";
        ask(order, LONGEST_KEPT, sink);
    }

    private void ask(String request, int most, Sink sink) throws Failure {
        try (Fd fd = Fd.connect(Kernel.linux(), address, PATIENCE);
                OutputStream out = Streams.output(fd);
                InputStream in = Streams.input(fd);
                Guard guard = new Guard(fd)) {
            try {
                out.write(request.getBytes(ISO_8859_1));
                answer(in, guard, most, sink);
            } catch (IOException e) {
                if (guard.isOver) {
                    String text = where + ": was silent for " + PATIENCE.toSeconds() + " s";
                    throw new Failure(Exit.NETWORK, text, "", e);
                }
                throw e;
            }
        } catch (ErrnoException e) {
            throw new Failure(Exit.NETWORK, where + ": " + Failures.reason(e, 0), "", e);
        } catch (EOFException e) {
            throw new Failure(Exit.IO, where + ": the answer was cut short", "", e);
        } catch (IOException e) {
            throw new Failure(Exit.IO, where + ": " + e.getMessage(), "", e);
        }
    }

    private void answer(InputStream in, Guard guard, int most, Sink sink) throws IOException, Failure {
        StringBuilder head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.toString().endsWith("\r\n\r\n")) {
            int read = guard.read(in, one, 1);
            if (read < 0) {
                throw new EOFException();
            }
            head.append((char) (one[0] & 0xff));
            boolean isHttp = "HTTP/1.".startsWith(head.substring(0, Math.min(head.length(), 7)));
            if (!isHttp || head.length() > LONGEST_HEAD) {
                throw new Failure(Exit.IO, where + ": is no admin page of fid");
            }
        }
        Matcher status = STATUS.matcher(head);
        Matcher length = LENGTH.matcher(head);
        if (!status.lookingAt() || !length.find()) {
            throw new Failure(Exit.IO, where + ": is no admin page of fid");
        }
        boolean isGood = status.group(1).equals("200");
        int bytes = Integer.parseInt(length.group(1));
        if (bytes > (isGood ? most : LONGEST_KEPT)) {
            throw new Failure(Exit.IO, where + ": an answer of " + bytes + " bytes is too long");
        }
        ByteArrayOutputStream why = new ByteArrayOutputStream();
        Sink reader = isGood ? sink : (piece, len) -> why.write(piece, 0, len);
        byte[] piece = new byte[1 << 16];
        for (int left = bytes; left > 0; ) {
            int read = guard.read(in, piece, Math.min(left, piece.length));
            if (read < 0) {
                throw new EOFException();
            }
            reader.take(piece, read);
            left -= read;
        }
        if (!isGood) {
            String said = status.group(1) + (status.group(2) == null ? "" : status.group(2));
            String text = why.toString(UTF_8);
            throw new Failure(Exit.CHECK, where + ": " + said + (text.isBlank() ? "" : ": " + firstLine(text)));
        }
    }

    private static String firstLine(String text) {
        return text.strip().lines().findFirst().orElse("");
    }

    /// Shuts the socket down when a read takes too long, which ends it.
    private static final class Guard implements AutoCloseable {
        private final Thread thread;
        private volatile long end;
        private volatile boolean isReading;
        private volatile boolean isOver;

        Guard(Fd fd) {
            thread = Thread.ofPlatform().daemon().name("fid-ctl-timeout").start(() -> {
                try {
                    while (!isReading || end - System.nanoTime() > 0) {
                        Thread.sleep(100);
                    }
                    isOver = true;
                    fd.kernel().shutdown(fd.number(), Uapi.SHUT_RDWR);
                } catch (InterruptedException e) {
                    // It was done in time.
                }
            });
        }

        int read(InputStream in, byte[] target, int len) throws IOException {
            end = System.nanoTime() + PATIENCE.toNanos();
            isReading = true;
            int read = in.read(target, 0, len);
            if (isOver) {
                throw new IOException("the time was up");
            }
            isReading = false;
            return read;
        }

        /// Before the socket is.
        @Override
        public void close() {
            thread.interrupt();
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
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
