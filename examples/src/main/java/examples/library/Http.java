package examples.library;

import dev.fid.Fd;
import dev.fid.bridge.Streams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The head of an HTTP/1.1 request, and what of the body was read with it: enough for the two servers here, and no
/// more.
///
/// @param method GET, PUT ...
/// @param target as sent, e.g. `/big.iso`
/// @param headers by name in lower case
/// @param early the first bytes of the body, which came with the head
record Http(String method, String target, Map<String, String> headers, ByteBuffer early) {
    private static final int LONGEST_HEAD = 16 << 10; // 16 KiB
    private static final Pattern NAME = Pattern.compile("/([A-Za-z0-9_][A-Za-z0-9._-]{0,200})");

    /// Reads a head; what is none is answered with 400.
    ///
    /// @throws ProtocolException for that
    static Http read(Fd socket) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        byte[] piece = new byte[4096];
        while (head.size() < LONGEST_HEAD) {
            int got = Streams.channel(socket).read(ByteBuffer.wrap(piece));
            if (got < 0) {
                throw bad(socket);
            }
            head.write(piece, 0, got);
            int end = head.toString(StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n");
            if (end >= 0) {
                byte[] all = head.toByteArray();
                String[] lines = new String(all, 0, end, StandardCharsets.ISO_8859_1).split("\r\n", -1);
                String[] words = lines[0].split(" ", -1);
                if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
                    throw bad(socket);
                }
                ByteBuffer early = ByteBuffer.wrap(all, end + 4, all.length - end - 4);
                return new Http(words[0], words[1], headers(lines), early);
            }
        }
        throw bad(socket);
    }

    private static Map<String, String> headers(String... lines) {
        Map<String, String> headers = new TreeMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0) {
                headers.put(
                        lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                        lines[i].substring(colon + 1).strip());
            }
        }
        return headers;
    }

    /// The file in `directory` that the target names: one plain name, so that nothing outside can be meant.
    Optional<Path> file(Path directory) {
        Matcher name = NAME.matcher(target);
        return name.matches() ? Optional.of(directory.resolve(name.group(1))) : Optional.empty();
    }

    /// The length of the body, or -1 where none or no number is said.
    long contentLength() {
        String value = headers.getOrDefault("content-length", "");
        return value.matches("[0-9]{1,18}") ? Long.parseLong(value) : -1;
    }

    private static ProtocolException bad(Fd socket) throws IOException {
        end(socket, "400 Bad Request");
        return new ProtocolException("not an HTTP/1.1 request");
    }

    static void send(Fd socket, String head) throws IOException {
        Streams.channel(socket).write(ByteBuffer.wrap((head + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1)));
    }

    static void end(Fd socket, String status) throws IOException {
        send(socket, "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close");
    }
}
