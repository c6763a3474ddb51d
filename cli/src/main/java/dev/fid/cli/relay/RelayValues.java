package dev.fid.cli.relay;

import dev.fid.cli.base.Suggest;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.value.Durations;
import dev.fid.cli.value.Size;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Values of the keys of relays, from their text; what is wrong with one is an IllegalArgumentException that says so.
final class RelayValues {
    private RelayValues() {}

    /// Checks a value by the code that will read it.
    static void check(String key, String value) {
        switch (key) {
            case "listen" -> listening(value);
            case "to" -> upstream(value);
            case "splice" -> splice(value);
            case "pipe-size" -> pipeSize(value);
            case "wake-size" -> Size.parse(value);
            case "preconnect" -> count(value, 0, 1000);
            case "connect-retries" -> count(value, 0, 100);
            case "max-conns" -> count(value, 1, 1_000_000);
            case "connect-timeout", "drain-timeout" -> Durations.parse(value);
            case "idle-timeout", "half-close-timeout", "stall-timeout", "keepalive", "user-timeout" -> time(value);
            case "limit", "limit-total" -> rate(value);
            case "proxy-protocol" -> proxy(value);
            case "allow" -> {
                if (blocks(value).isEmpty()) {
                    throw new IllegalArgumentException("an empty list would let nobody in; leave the key out for all");
                }
            }
            case "deny" -> blocks(value);
            case "backlog" -> count(value, 1, 65535);
            case "reuse-port" -> truth(value);
            case "workers" -> workers(value);
            case "admin" -> admin(value);
            default -> {}
        }
    }

    static Endpoint listening(String text) {
        Endpoint endpoint = text.contains("://") ? Endpoint.parse(text) : shortForm("tcp-listen", text);
        if (endpoint instanceof Endpoint.TcpListen
                || endpoint instanceof Endpoint.UnixListen
                || endpoint instanceof Endpoint.Inherited) {
            return endpoint;
        }
        throw new IllegalArgumentException(text + ": cannot be listened on (use HOST:PORT, tcp-listen://HOST:PORT,"
                + " unix-listen://PATH or fd://N)");
    }

    static Endpoint upstream(String text) {
        Endpoint endpoint = text.contains("://") ? Endpoint.parse(text) : shortForm("tcp", text);
        if (endpoint instanceof Endpoint.Tcp || endpoint instanceof Endpoint.Unix) {
            return endpoint;
        }
        throw new IllegalArgumentException(
                text + ": cannot be connected to (use HOST:PORT, tcp://HOST:PORT or unix://PATH)");
    }

    /// `host:port`: here no path can stand.
    private static Endpoint shortForm(String scheme, String text) {
        if (!text.matches("[^/]*:[0-9]+(\\?.*)?")) {
            throw new IllegalArgumentException("'" + text + "' is not HOST:PORT");
        }
        return Endpoint.parse(scheme + "://" + text);
    }

    static @Nullable Duration time(String text) {
        return text.equals("none") ? null : Durations.parse(text);
    }

    static long rate(String text) {
        return text.equals("none") ? 0 : Size.parseRate(text);
    }

    static String splice(String text) {
        return oneOf(text, "auto", "always", "never");
    }

    static long pipeSize(String text) {
        long size = Size.parse(text);
        if (size < 64 << 10 || size > 1 << 30) {
            throw new IllegalArgumentException("a pipe has 64KiB to 1GiB, not '" + text + "'");
        }
        return size;
    }

    static int count(String text, int least, int most) {
        if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
            throw new IllegalArgumentException("'" + text + "' is not a number from " + least + " to " + most);
        }
        return Integer.parseInt(text);
    }

    static int workers(String text) {
        return text.equals("auto") ? Runtime.getRuntime().availableProcessors() : count(text, 1, 256);
    }

    static boolean truth(String text) {
        return oneOf(text, "true", "false").equals("true");
    }

    /// What clients send, and what the upstream gets.
    static List<String> proxy(String text) {
        List<String> in = new ArrayList<>();
        List<String> out = new ArrayList<>();
        for (String word : text.split(",", -1)) {
            switch (oneOf(word.strip(), "none", "accept", "require", "send-v1", "send-v2")) {
                case "accept", "require" -> in.add(word.strip());
                case "send-v1", "send-v2" -> out.add(word.strip());
                default -> {}
            }
        }
        if (in.size() > 1 || out.size() > 1) {
            throw new IllegalArgumentException("'" + text + "' says two things of one side");
        }
        in.addAll(out);
        return in;
    }

    static List<String> blocks(String text) {
        List<String> blocks = new ArrayList<>();
        for (String block : text.split(",", -1)) {
            if (!block.isBlank()) {
                RelayBuilding.block(block.strip());
                blocks.add(block.strip());
            }
        }
        return blocks;
    }

    /// Null for off.
    static @Nullable Endpoint admin(String text) {
        if (text.equals("off")) {
            return null;
        }
        Endpoint endpoint = upstreamOrPortZero(text);
        if (endpoint instanceof Endpoint.TcpListen tcp && !tcp.host().matches("localhost|127(\\.[0-9]{1,3}){3}|::1|")) {
            throw new IllegalArgumentException(
                    text + ": the admin page is for this machine: 127.0.0.1:PORT, [::1]:PORT or unix://PATH");
        }
        return endpoint;
    }

    private static Endpoint upstreamOrPortZero(String text) {
        if (text.startsWith("unix://")) {
            return Endpoint.parse(text);
        }
        return shortForm("tcp-listen", text.replaceFirst("^(tcp|http)://", "").replaceFirst("/$", ""));
    }

    private static String oneOf(String text, String... words) {
        if (List.of(words).contains(text)) {
            return text;
        }
        String near = Suggest.nearest(text, List.of(words));
        throw new IllegalArgumentException("'" + text + "' is none of " + String.join(", ", words)
                + (near == null ? "" : "; did you mean '" + near + "'?"));
    }
}
