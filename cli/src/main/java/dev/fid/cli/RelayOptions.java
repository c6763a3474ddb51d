package dev.fid.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What `fid relay` can be told, as text: the configuration file has the same keys, and one place reads both.
final class RelayOptions {
    @Option(names = "--splice", paramLabel = "WHEN", description = "auto (bulk only), always or never.")
    private @Nullable String splice;

    @Option(names = "--pipe-size", paramLabel = "SIZE", description = "Bytes that a pipe holds. Default: 1MiB.")
    private @Nullable String pipeSize;

    @Option(
            names = "--wake-size",
            paramLabel = "SIZE",
            description = {
                "In bulk, bytes below which a TCP peer does not",
                "wake us (SO_RCVLOWAT); 0: each segment does.",
                "Default: 512KiB."
            })
    private @Nullable String wakeSize;

    @Option(names = "--max-conns", paramLabel = "N", description = "Above it clients wait. Default: 10000.")
    private @Nullable String maxConns;

    @Option(names = "--connect-timeout", paramLabel = "DURATION", description = "Default: 5s.")
    private @Nullable String connectTimeout;

    @Option(names = "--idle-timeout", paramLabel = "DURATION", description = "Without a byte; or none. Default: 5m.")
    private @Nullable String idleTimeout;

    @Option(
            names = "--half-close-timeout",
            paramLabel = "DURATION",
            description = {"Without a byte after one side has ended; or", "none. Default: 1m."})
    private @Nullable String halfCloseTimeout;

    @Option(
            names = "--stall-timeout",
            paramLabel = "DURATION",
            description = {"While bytes wait for a peer that takes none;", "or none. Default: none."})
    private @Nullable String stallTimeout;

    @Option(names = "--limit", paramLabel = "RATE", description = "Of each direction of each connection.")
    private @Nullable String limit;

    @Option(names = "--limit-total", paramLabel = "RATE", description = "Of all together, both directions.")
    private @Nullable String limitTotal;

    @Option(names = "--keepalive", paramLabel = "DURATION", description = "TCP keep-alive on both sides.")
    private @Nullable String keepalive;

    @Option(names = "--user-timeout", paramLabel = "DURATION", description = "TCP_USER_TIMEOUT on both sides.")
    private @Nullable String userTimeout;

    @Option(
            names = "--proxy-protocol",
            paramLabel = "WHAT",
            split = ",",
            description = {"accept or require of clients, send-v1 or", "send-v2 to TO; one of each: require,send-v2."})
    private List<String> proxyProtocol = List.of();

    @Option(names = "--allow", paramLabel = "CIDR", split = ",", description = "Clients that may connect.")
    private List<String> allow = List.of();

    @Option(names = "--deny", paramLabel = "CIDR", split = ",", description = "Clients that may not.")
    private List<String> deny = List.of();

    @Option(names = "--backlog", paramLabel = "N", description = "Connections that may wait. Default: 1024.")
    private @Nullable String backlog;

    @Option(names = "--reuse-port", description = "Shares the port with others that do so.")
    private boolean reusePort;

    @Option(names = "--workers", paramLabel = "N", description = "Threads. Default: auto, one a processor.")
    private @Nullable String workers;

    @Option(names = "--drain-timeout", paramLabel = "DURATION", description = "Default: 30s.")
    private @Nullable String drainTimeout;

    @Option(
            names = "--admin",
            paramLabel = "WHERE",
            description = {"127.0.0.1:PORT, unix://PATH or off: /metrics,", "/status, fid ctl, fid top. Default: off."})
    private @Nullable String admin;

    @Option(names = "--access-log", paramLabel = "FILE", description = "A JSON line a connection; - is stdout.")
    private @Nullable String accessLog;

    RelayConfig.Table relay(String listen, String to) {
        Map<String, @Nullable String> given = new LinkedHashMap<>();
        given.put("listen", listen);
        given.put("to", to);
        given.put("splice", splice);
        given.put("pipe-size", pipeSize);
        given.put("wake-size", wakeSize);
        given.put("max-conns", maxConns);
        given.put("connect-timeout", connectTimeout);
        given.put("idle-timeout", idleTimeout);
        given.put("half-close-timeout", halfCloseTimeout);
        given.put("stall-timeout", stallTimeout);
        given.put("limit", limit);
        given.put("limit-total", limitTotal);
        given.put("keepalive", keepalive);
        given.put("user-timeout", userTimeout);
        given.put("proxy-protocol", joined(proxyProtocol));
        given.put("allow", joined(allow));
        given.put("deny", joined(deny));
        given.put("backlog", backlog);
        given.put("reuse-port", reusePort ? "true" : null);
        return RelayConfig.Table.of(given);
    }

    RelayConfig.Table server() {
        Map<String, @Nullable String> given = new LinkedHashMap<>();
        given.put("workers", workers);
        given.put("drain-timeout", drainTimeout);
        given.put("admin", admin);
        given.put("access-log", accessLog);
        return RelayConfig.Table.of(given);
    }

    private static @Nullable String joined(List<String> values) {
        return values.isEmpty() ? null : String.join(",", values);
    }
}
