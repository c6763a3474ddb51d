package dev.fid.cli.endpoint;

import dev.fid.cli.base.Words;
import dev.fid.cli.value.Durations;
import dev.fid.kernel.Name;
import java.net.Inet6Address;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where bytes come from or go to, as a user writes it: `-`, a path, `file:`, `fd://`, `tcp://`, `tcp-listen://`,
/// `unix://`, `unix-listen://`, `exec:`; some with options, as in `tcp://h:80?keepalive=30s`. Parsing opens
/// nothing.
public sealed interface Endpoint {
    /// As the user wrote it.
    String text();

    /// What messages call it.
    default String name(boolean input) {
        return this instanceof Standard ? input ? "stdin" : "stdout" : text();
    }

    default boolean isNetwork() {
        return false;
    }

    /// Stdin as SRC, stdout as DST.
    record Standard(String text) implements Endpoint {}

    /// A descriptor inherited from the parent, by its number or by the name that systemd gave it.
    record Inherited(String text, int number) implements Endpoint {}

    /// A file, FIFO or device.
    ///
    /// @param offset where to start, -1 for the beginning
    /// @param length bytes at most, -1 for all
    record File(String text, Name path, long offset, long length, boolean append, boolean direct) implements Endpoint {}

    /// A peer to connect to.
    record Tcp(String text, String host, int port, SocketOptions options) implements Endpoint {
        @Override
        public boolean isNetwork() {
            return true;
        }
    }

    /// A port where one peer is accepted.
    ///
    /// @param host empty for 127.0.0.1 and ::1
    record TcpListen(String text, String host, int port, SocketOptions options) implements Endpoint {
        @Override
        public boolean isNetwork() {
            return true;
        }
    }

    /// A peer on this machine.
    ///
    /// @param path begins with `@` where it is abstract
    record Unix(String text, String path, SocketOptions options) implements Endpoint {
        @Override
        public boolean isNetwork() {
            return true;
        }
    }

    /// A socket file where one peer is accepted.
    ///
    /// @param mode of the socket file, -1 for the umask's
    record UnixListen(String text, String path, int mode, SocketOptions options) implements Endpoint {
        @Override
        public boolean isNetwork() {
            return true;
        }
    }

    /// A child process, started without a shell.
    record Exec(String text, List<String> command) implements Endpoint {}

    /// What a socket is set to.
    ///
    /// @param keepalive idle time before the first probe, or null for none
    /// @param bind the own address, or null for the kernel's choice
    /// @param receiveBuffer bytes, -1 for the kernel's choice
    record SocketOptions(
            boolean nodelay,
            @Nullable Duration keepalive,
            @Nullable String bind,
            long receiveBuffer,
            long sendBuffer) {}

    /// The endpoint that a user wrote. What a file is named is that file, but for `-`.
    ///
    /// @throws IllegalArgumentException that names what is wrong
    static Endpoint parse(String word) {
        if (word.startsWith(Words.LITERAL)) {
            String name = word.substring(Words.LITERAL.length());
            return new File(name, path(name), -1, -1, false, false);
        }
        return unmarked(word);
    }

    private static Endpoint unmarked(String text) {
        if (text.equals("-")) {
            return new Standard(text);
        }
        if (Words.exists(text)) {
            return new File(text, path(text), -1, -1, false, false); // whatever it looks like
        }
        int colon = text.indexOf(':');
        String scheme = colon < 0 ? "" : text.substring(0, colon);
        String rest = text.substring(colon + 1);
        if (scheme.equals("file")) {
            return new File(text, path(rest), -1, -1, false, false);
        }
        if (scheme.equals("exec")) {
            return new Exec(text, words(rest));
        }
        if (!rest.startsWith("//") || !scheme.matches("[a-z][a-z0-9+.-]*")) {
            return file(text);
        }
        int question = rest.indexOf('?');
        String body = rest.substring(2, question < 0 ? rest.length() : question);
        Query query = Query.parse(question < 0 ? "" : rest.substring(question + 1), text);
        Endpoint endpoint = switch (scheme) {
            case "fd" -> new Inherited(text, PassedOn.number(text, body, System.getenv()));
            case "tcp", "tcp-listen" -> tcp(scheme, text, body, query);
            case "unix" -> new Unix(text, name(text, body), socketOptions(query, false, false));
            case "unix-listen" -> {
                Integer mode = query.take("mode", value -> octal(value));
                yield new UnixListen(
                        text, name(text, body), mode == null ? -1 : mode, socketOptions(query, false, false));
            }
            default ->
                throw new IllegalArgumentException(text + ": unknown scheme '" + scheme
                        + "' (use fd, tcp, tcp-listen, unix, unix-listen, exec:" + " or file:" + text + ")");
        };
        query.end();
        return endpoint;
    }

    private static Endpoint tcp(String scheme, String text, String body, Query query) {
        int colon = body.lastIndexOf(':');
        if (colon < 0 || body.indexOf(']') > colon) {
            throw new IllegalArgumentException(text + ": a port is missing, as in " + scheme + "://HOST:PORT");
        }
        String host = body.substring(0, colon);
        if (host.indexOf(':') >= 0 && !(host.startsWith("[") && host.endsWith("]"))) {
            throw new IllegalArgumentException(
                    text + ": an IPv6 address stands in brackets, as in " + scheme + "://[::1]:80");
        }
        if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        checkHost(text, host);
        int port = number(text, body.substring(colon + 1), 65535);
        boolean listen = scheme.equals("tcp-listen");
        if (!listen && (host.isEmpty() || port == 0)) {
            throw new IllegalArgumentException(text + ": a host and a port above 0 are needed");
        }
        SocketOptions options = socketOptions(query, true, !listen);
        return listen ? new TcpListen(text, host, port, options) : new Tcp(text, host, port, options);
    }

    /// What no resolver should be asked for: its answer would come late, and may be another address than was meant.
    private static void checkHost(String text, String host) {
        if (host.indexOf(':') >= 0) {
            try {
                Inet6Address.ofLiteral(host.replaceFirst("%[\\w.-]+$", ""));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(text + ": '" + host + "' is no IPv6 address", e);
            }
        } else if (host.matches("[0-9.]+") && !host.matches(DECIMAL + "(\\." + DECIMAL + "){3}")) {
            throw new IllegalArgumentException(text + ": '" + host + "' is no IPv4 address");
        } else if (!host.matches("[\\p{L}\\p{M}\\p{N}._-]{0,253}")) {
            throw new IllegalArgumentException(text + ": '" + host + "' is no name of a host");
        }
    }

    /// 0 to 255, without a leading zero, which would mean octal to some.
    String DECIMAL = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    private static SocketOptions socketOptions(Query query, boolean tcp, boolean connecting) {
        return new SocketOptions(
                !tcp || query.flag("nodelay", true),
                tcp ? query.take("keepalive", Durations::parse) : null,
                connecting ? query.<String>take("bind", value -> value) : null,
                query.size("rcvbuf"),
                query.size("sndbuf"));
    }

    /// A `?` belongs to the name where no options follow it.
    private static Endpoint file(String text) {
        int question = text.lastIndexOf('?');
        if (question <= 0 || !text.substring(question + 1).matches("[a-z]+(=[^/]*)?(&[a-z]+(=[^/]*)?)*")) {
            return new File(text, path(text), -1, -1, false, false);
        }
        Query query = Query.parse(text.substring(question + 1), text);
        File file = new File(
                text,
                path(text.substring(0, question)),
                query.size("offset"),
                query.size("length"),
                query.flag("append", false),
                query.flag("direct", false));
        try {
            query.end();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + " (a file of that name is file:" + text + ")", e);
        }
        return file;
    }

    private static Name path(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("an empty path names no file");
        }
        if (text.indexOf(0) >= 0) {
            throw new IllegalArgumentException("a path has no NUL");
        }
        return Words.name(text);
    }

    private static String name(String text, String body) {
        if (body.isEmpty() || body.equals("@")) {
            throw new IllegalArgumentException(text + ": a path is missing, or a name behind @");
        }
        if (Name.hasBytes(body)) {
            throw new IllegalArgumentException(text + ": the name of a socket has to be UTF-8");
        }
        // Behind an abstract name no NUL is needed. Source: unix(7).
        int most = body.startsWith("@") ? 108 : 107;
        int bytes = body.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > most) {
            throw new IllegalArgumentException(
                    text + ": a unix socket's name has at most " + most + " bytes, this one " + bytes);
        }
        return body;
    }

    static int number(String text, String digits, int most) {
        if (digits.matches("[0-9]{1,9}") && Integer.parseInt(digits) <= most) {
            return Integer.parseInt(digits);
        }
        throw new IllegalArgumentException(text + ": '" + digits + "' is not a number from 0 to " + most);
    }

    private static int octal(String mode) {
        if (mode.matches("0?[0-7]{3}")) {
            return Integer.parseInt(mode, 8);
        }
        throw new IllegalArgumentException("'" + mode + "' is not a mode, such as 0660");
    }

    /// Words between blanks; quotes, single or double, keep blanks.
    private static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean inWord = false;
        char quote = 0;
        for (int i = 0; i < command.length(); i++) {
            char c = command.charAt(i);
            if (quote == 0 && Set.of('\'', '"').contains(c)) {
                quote = c;
                inWord = true;
            } else if (c == quote) {
                quote = 0;
            } else if (quote == 0 && (c == ' ' || c == '\t')) {
                if (inWord) {
                    words.add(word.toString());
                    word.setLength(0);
                    inWord = false;
                }
            } else {
                word.append(c);
                inWord = true;
            }
        }
        if (quote != 0) {
            throw new IllegalArgumentException("exec:" + command + ": a quote is not closed");
        }
        if (inWord) {
            words.add(word.toString());
        }
        if (words.isEmpty()) {
            throw new IllegalArgumentException("exec: needs a command, as in exec:'gzip -c'");
        }
        return words;
    }
}
