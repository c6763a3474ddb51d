package dev.fid.net.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.fid.net.AddressText;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The head of a request to the admin page; a body is not read. Source: RFC 9112, sections 2 to 5.
record AdminRequest(String method, String path, String query, boolean isOld, Map<String, String> headers) {
    private static final int LONGEST_HEAD = 8192;

    /// Null where it is none, or more than {@link #LONGEST_HEAD} bytes: as soon as that is clear.
    ///
    /// @param heard called after each read
    static @Nullable AdminRequest read(InputStream in, Runnable heard) throws IOException {
        byte[] head = new byte[LONGEST_HEAD];
        int length = 0;
        int end = -1;
        while (end < 0) {
            int read = length == head.length ? -1 : in.read(head, length, head.length - length);
            if (read < 0) {
                return null;
            }
            heard.run();
            int from = Math.max(0, length - 3);
            length += read;
            for (int i = from; i < length && end < 0; i++) {
                if (head[i] == '\n' && (i == 0 || head[i - 1] != '\r')) {
                    return null; // who ends lines with a bare LF would wait for an answer for ever
                }
                if (i >= 3 && head[i] == '\n' && head[i - 2] == '\n') {
                    end = i - 3;
                }
            }
        }
        return parse(new String(head, 0, end, ISO_8859_1).split("\r\n", -1));
    }

    private static @Nullable AdminRequest parse(String[] lines) {
        String[] words = lines[0].split(" ", -1);
        if (words.length != 3 || !words[2].matches("HTTP/1\\.[01]") || !words[1].startsWith("/")) {
            return null;
        }
        Map<String, String> headers = new HashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon <= 0 || !lines[i].substring(0, colon).matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+")) {
                return null;
            }
            String key = lines[i].substring(0, colon).toLowerCase(Locale.ROOT);
            if (headers.put(key, lines[i].substring(colon + 1).strip()) != null && key.equals("host")) {
                return null; // two hosts: one of them is a lie
            }
        }
        int question = words[1].indexOf('?');
        return new AdminRequest(
                words[0],
                question < 0 ? words[1] : words[1].substring(0, question),
                question < 0 ? "" : words[1].substring(question + 1),
                words[2].endsWith("0"),
                headers);
    }

    /// Whether it was sent to this machine by its own name, and not by another one's web page. HTTP/1.0, which health
    /// checks speak and no browser does, need not say a host.
    boolean isForThisMachine() {
        String host = headers.get("host");
        String origin = headers.get("origin");
        return (host == null ? isOld : isLoopback(host))
                && (origin == null || origin.equalsIgnoreCase("http://" + host));
    }

    private static boolean isLoopback(String host) {
        String name = host.replaceFirst(":[0-9]{1,5}$", "");
        String port = host.substring(name.length());
        if (!port.isEmpty() && Integer.parseInt(port.substring(1)) > 65535) {
            return false;
        }
        if (name.equalsIgnoreCase("localhost")) {
            return true;
        }
        boolean six = name.startsWith("[") && name.endsWith("]");
        InetAddress ip = AddressText.parse(six ? name.substring(1, name.length() - 1) : name);
        return ip != null && ip.isLoopbackAddress() && six == name.indexOf(':') >= 0;
    }
}
