package dev.fid.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The keys of relays and of the process that runs them, from options or from a file; values are text until they
/// are asked for, and every value is checked by the code that will read it.
final class RelayConfig {
    private RelayConfig() {}

    /// A key.
    ///
    /// @param usual its default as text; empty where there is none
    /// @param check throws IllegalArgumentException that names what is wrong
    record Key(String usual, String meaning, Consumer<String> check) {}

    static final Map<String, Key> RELAY = new LinkedHashMap<>();
    static final Map<String, Key> SERVER = new LinkedHashMap<>();

    static {
        RELAY.put("name", new Key("", "what logs and metrics call it", value -> {}));
        RELAY.put("listen", new Key("", "where clients come", RelayConfig::listening));
        RELAY.put("to", new Key("", "where they are joined to", RelayConfig::upstream));
        RELAY.put("splice", new Key("auto", "auto (bulk only), always or never", RelayConfig::splice));
        RELAY.put("pipe-size", new Key("1MiB", "bytes that a pipe holds", RelayConfig::pipeSize));
        RELAY.put("wake-size", new Key("512KiB", "in bulk, bytes that wake us", Size::parse));
        RELAY.put("max-conns", new Key("10000", "above it clients wait", value -> count(value, 1, 1_000_000)));
        RELAY.put("connect-timeout", new Key("5s", "for all addresses together", Durations::parse));
        RELAY.put("idle-timeout", new Key("5m", "without a byte; or none", RelayConfig::time));
        RELAY.put("half-close-timeout", new Key("1m", "after one side has ended; or none", RelayConfig::time));
        RELAY.put("stall-timeout", new Key("none", "bytes wait for a peer; or none", RelayConfig::time));
        RELAY.put("limit", new Key("none", "each direction of each connection", RelayConfig::rate));
        RELAY.put("limit-total", new Key("none", "all together, both directions", RelayConfig::rate));
        RELAY.put("keepalive", new Key("none", "TCP keep-alive on both sides", RelayConfig::time));
        RELAY.put("user-timeout", new Key("none", "TCP_USER_TIMEOUT on both sides", RelayConfig::time));
        RELAY.put("proxy-protocol", new Key("none", "accept or require, send-v1 or send-v2", RelayConfig::proxy));
        RELAY.put("allow", new Key("", "address blocks that may connect", RelayConfig::blocks));
        RELAY.put("deny", new Key("", "address blocks that may not", RelayConfig::blocks));
        RELAY.put("backlog", new Key("1024", "connections that may wait", value -> count(value, 1, 65535)));
        RELAY.put("reuse-port", new Key("false", "shares the port with others that do so", RelayConfig::truth));
        SERVER.put("workers", new Key("auto", "threads", RelayConfig::workers));
        SERVER.put("drain-timeout", new Key("30s", "for connections to finish", Durations::parse));
        SERVER.put("admin", new Key("off", "127.0.0.1:PORT, unix://PATH or off", RelayConfig::admin));
        SERVER.put("access-log", new Key("", "a JSON line a connection; - is stdout", value -> {}));
    }

    /// Where the configuration comes from: options alone, or a file whose top-level keys options override.
    record Source(@Nullable Path file, @Nullable Table relay, Table server) {
        Source(Path file, Table server) {
            this(file, null, server);
        }

        Source(Table relay, Table server) {
            this(null, relay, server);
        }

        /// Reads it, once more each time.
        Whole read() throws Failure {
            Path from = file;
            Table alone = relay;
            if (from == null && alone != null) {
                alone.check(RELAY);
                server.check(SERVER);
                return new Whole(List.of(alone), server);
            }
            Whole whole = RelayFile.read(java.util.Objects.requireNonNull(from));
            server.check(SERVER);
            Map<String, String> merged = new LinkedHashMap<>(whole.server().values());
            merged.putAll(server.values());
            return new Whole(whole.relays(), new Table(merged));
        }
    }

    /// All of it.
    record Whole(List<Table> relays, Table server) {}

    /// Keys with their values.
    record Table(Map<String, String> values) {
        static Table of(Map<String, @Nullable String> given) {
            Map<String, String> values = new LinkedHashMap<>();
            given.forEach((key, value) -> {
                if (value != null) {
                    values.put(key, value);
                }
            });
            return new Table(values);
        }

        boolean onlyEndpoints() {
            return values.keySet().stream().allMatch(key -> key.equals("listen") || key.equals("to"));
        }

        /// The value or the default; empty where there is neither.
        String get(String key) {
            Key known = RELAY.containsKey(key) ? RELAY.get(key) : SERVER.get(key);
            String usual = known == null ? "" : known.usual();
            return values.getOrDefault(key, usual);
        }

        /// Options that a user typed.
        void check(Map<String, Key> keys) throws Failure {
            for (Map.Entry<String, String> each : values.entrySet()) {
                Key key = keys.get(each.getKey());
                try {
                    if (key != null) {
                        key.check().accept(each.getValue());
                    }
                } catch (IllegalArgumentException e) {
                    boolean place =
                            each.getKey().equals("listen") || each.getKey().equals("to");
                    throw Failure.usage((place ? "" : "--" + each.getKey() + ": ") + e.getMessage());
                }
            }
        }
    }

    // ---- values ----

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
