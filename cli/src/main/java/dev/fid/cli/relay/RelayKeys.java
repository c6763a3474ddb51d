package dev.fid.cli.relay;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The keys of relays and of the process that runs them. They are listed here alone: options, the configuration file,
/// its sample and what `fid config show` prints are made from this list.
final class RelayKeys {
    private RelayKeys() {}

    /// A key.
    ///
    /// @param label what stands for its value in a help text: empty for a switch, with `,` at its end for a list
    /// @param usual its default as text; empty where there is none
    record Key(String name, String label, String usual, String meaning) {
        boolean isSwitch() {
            return label.isEmpty();
        }

        boolean isList() {
            return label.endsWith(",");
        }

        /// What its option's help says.
        String help() {
            String sentence = meaning.substring(0, 1).toUpperCase(Locale.ROOT) + meaning.substring(1) + ".";
            return usual.isEmpty() || isSwitch() ? sentence : sentence + " Default: " + usual + ".";
        }
    }

    /// What a relay has on the command line as LISTEN and TO, or not at all.
    private static final List<Key> NO_OPTIONS = List.of(
            new Key("name", "NAME", "", "what logs and metrics call it"),
            new Key("listen", "LISTEN", "", "where clients come"),
            new Key("to", "TO", "", "where they are joined to"));

    /// What can be said of a relay by an option, too.
    static final List<Key> RELAY_OPTIONS = List.of(
            new Key("splice", "WHEN", "auto", "when to splice: auto (where it costs less), always or never"),
            new Key("pipe-size", "SIZE", "1MiB", "bytes that a pipe holds"),
            new Key("wake-size", "SIZE", "1MiB", "in bulk, bytes that wake us (SO_RCVLOWAT); 0 for each segment"),
            new Key("preconnect", "N", "0", "upstream connections that each worker keeps ready"),
            new Key("max-conns", "N", "10000", "above it clients wait"),
            new Key("connect-timeout", "DURATION", "5s", "for all addresses together"),
            new Key("connect-retries", "N", "3", "of an upstream that refuses, after 0.25, 0.75, 2.25 s ..."),
            new Key("idle-timeout", "DURATION", "5m", "without a byte; or none"),
            new Key("half-close-timeout", "DURATION", "1m", "without a byte after one side has ended; or none"),
            new Key("stall-timeout", "DURATION", "none", "while bytes wait for a peer that takes none; or none"),
            new Key("limit", "RATE", "none", "of each direction of each connection"),
            new Key("limit-total", "RATE", "none", "of all together, both directions"),
            new Key("keepalive", "DURATION", "none", "TCP keep-alive on both sides"),
            new Key("user-timeout", "DURATION", "none", "TCP_USER_TIMEOUT on both sides"),
            new Key(
                    "proxy-protocol",
                    "WHAT,",
                    "none",
                    "of clients: accept or require; to TO: send-v1 or send-v2; both: require,send-v2"),
            new Key("allow", "CIDR,", "", "clients that may connect"),
            new Key("deny", "CIDR,", "", "clients that may not"),
            new Key("backlog", "N", "1024", "connections that may wait"),
            new Key("reuse-port", "", "false", "shares the port with others that do so"));

    /// What belongs to the process.
    static final List<Key> SERVER_OPTIONS = List.of(
            new Key("workers", "N", "auto", "threads; auto is one a processor"),
            new Key("drain-timeout", "DURATION", "30s", "for connections to finish"),
            new Key("admin", "WHERE", "off", "127.0.0.1:PORT, unix://PATH or off: /metrics, /status, fid ctl, fid top"),
            new Key("access-log", "FILE", "", "a JSON line a connection; - is stdout"));

    static final Map<String, Key> RELAY = byName(NO_OPTIONS, RELAY_OPTIONS);
    static final Map<String, Key> SERVER = byName(List.of(), SERVER_OPTIONS);

    private static Map<String, Key> byName(List<Key> first, List<Key> second) {
        Map<String, Key> keys = new LinkedHashMap<>();
        for (Key key : first) {
            keys.put(key.name(), key);
        }
        for (Key key : second) {
            keys.put(key.name(), key);
        }
        return keys;
    }

    /// The default; empty where there is none.
    static String usual(String name) {
        @Nullable Key key = RELAY.containsKey(name) ? RELAY.get(name) : SERVER.get(name);
        return key == null ? "" : key.usual();
    }
}
