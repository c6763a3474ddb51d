package examples.library;

import dev.fid.Fd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

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

    /// Reads a head; null where the peer sends none.
    static @Nullable Http read(Fd socket) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        byte[] piece = new byte[4096];
        while (head.size() < LONGEST_HEAD) {
            int got = socket.channel().read(ByteBuffer.wrap(piece));
            if (got < 0) {
                return null;
            }
            head.write(piece, 0, got);
            int end = head.toString(StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n");
            if (end >= 0) {
                byte[] all = head.toByteArray();
                return parse(
                        new String(all, 0, end, StandardCharsets.ISO_8859_1),
                        ByteBuffer.wrap(all, end + 4, all.length - end - 4));
            }
        }
        return null;
    }

    private static @Nullable Http parse(String head, ByteBuffer early) {
        String[] lines = head.split("\r\n", -1);
        String[] words = lines[0].split(" ", -1);
        if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
            return null;
        }
        Map<String, String> headers = new TreeMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0) {
                headers.put(
                        lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                        lines[i].substring(colon + 1).strip());
            }
        }
        return new Http(words[0], words[1], headers, early);
    }

    /// The file in `directory` that the target names: one plain name, so that nothing outside can be meant.
    @Nullable
    Path file(Path directory) {
        Matcher name = NAME.matcher(target);
        return name.matches() ? directory.resolve(name.group(1)) : null;
    }

    /// The length of the body, or -1 where none or no number is said.
    long contentLength() {
        String value = headers.getOrDefault("content-length", "");
        return value.matches("[0-9]{1,18}") ? Long.parseLong(value) : -1;
    }

    static void send(Fd socket, String head) throws IOException {
        socket.channel().write(ByteBuffer.wrap((head + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1)));
    }

    static void end(Fd socket, String status) throws IOException {
        send(socket, "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close");
    }
}
