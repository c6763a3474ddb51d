package dev.fid.cli.relay;

import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.value.Durations;
import dev.fid.cli.value.Size;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.link.PipePool.Splicing;
import dev.fid.net.Cidr;
import dev.fid.net.LogEntry;
import dev.fid.net.ProxyIn;
import dev.fid.net.ProxyOut;
import dev.fid.net.admin.Systemd;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// Makes relays of their configuration.
final class RelayBuilding {
    private final Systemd supervisor;
    private final Consumer<LogEntry> trouble;
    /// A socket that was passed to us is taken once, also when the configuration is read again.
    private final Map<Integer, dev.fid.Fd> inherited = new HashMap<>();

    RelayBuilding(Systemd supervisor, Consumer<LogEntry> trouble) {
        this.supervisor = supervisor;
        this.trouble = trouble;
    }

    static Cidr block(String text) {
        return Cidr.parse(text);
    }

    RelayBuilder build(RelayConfig.Table table) throws Failure {
        Endpoint listen = RelayValues.listening(table.get("listen"));
        Endpoint to = RelayValues.upstream(table.get("to"));
        RelayBuilder builder =
                Relay.builder().to(to(to)).trouble(trouble).keepAlive(RelayValues.time(table.get("keepalive")));
        listen(builder, listen);
        sockets(builder, listen, to);
        List<String> proxy = RelayValues.proxy(table.get("proxy-protocol"));
        List<String> allowed = RelayValues.blocks(table.get("allow"));
        if (!allowed.isEmpty()) {
            builder.allow(allowed.stream().map(Cidr::parse).toList());
        }
        return builder.name(table.get("name"))
                .splicing(Splicing.valueOf(table.get("splice").toUpperCase(Locale.ROOT)))
                .pipeCapacity(RelayValues.pipeSize(table.get("pipe-size")))
                .mark(Size.parse(table.get("wake-size")))
                .preconnect(RelayValues.count(table.get("preconnect"), 0, 1000))
                .maxConnections(RelayValues.count(table.get("max-conns"), 1, 1_000_000))
                .connectTimeout(Durations.parse(table.get("connect-timeout")))
                .connectRetries(RelayValues.count(table.get("connect-retries"), 0, 100))
                .idleTimeout(RelayValues.time(table.get("idle-timeout")))
                .halfCloseTimeout(RelayValues.time(table.get("half-close-timeout")))
                .stallTimeout(RelayValues.time(table.get("stall-timeout")))
                .limit(RelayValues.rate(table.get("limit")))
                .limitTotal(RelayValues.rate(table.get("limit-total")))
                .userTimeout(RelayValues.time(table.get("user-timeout")))
                .proxyIn(
                        proxy.contains("require")
                                ? ProxyIn.REQUIRE
                                : proxy.contains("accept") ? ProxyIn.ACCEPT : ProxyIn.NONE)
                .proxyOut(
                        proxy.contains("send-v1")
                                ? ProxyOut.V1
                                : proxy.contains("send-v2") ? ProxyOut.V2 : ProxyOut.NONE)
                .deny(RelayValues.blocks(table.get("deny")).stream()
                        .map(Cidr::parse)
                        .toList())
                .backlog(RelayValues.count(table.get("backlog"), 1, 65535))
                .reusePort(RelayValues.truth(table.get("reuse-port")));
    }

    private void listen(RelayBuilder builder, Endpoint endpoint) throws Failure {
        switch (endpoint) {
            case Endpoint.TcpListen tcp
            when tcp.host().isEmpty() ->
                builder.listen(
                        new InetSocketAddress(resolve(tcp, "127.0.0.1"), tcp.port()),
                        new InetSocketAddress(resolve(tcp, "::1"), tcp.port()));
            case Endpoint.TcpListen tcp -> builder.listen(new InetSocketAddress(resolve(tcp, tcp.host()), tcp.port()));
            case Endpoint.UnixListen unix ->
                builder.listen(UnixDomainSocketAddress.of(unix.path())).mode(unix.mode());
            case Endpoint.Inherited fd -> builder.listen(take(fd));
            default -> throw new IllegalStateException(endpoint.toString());
        }
    }

    private dev.fid.Fd take(Endpoint.Inherited fd) throws Failure {
        dev.fid.Fd known = inherited.get(fd.number());
        if (known != null && !known.isClosed()) {
            return known;
        }
        try {
            dev.fid.Fd taken = supervisor.take(fd.number());
            inherited.put(fd.number(), taken);
            return taken;
        } catch (ErrnoException e) {
            String why = e.errno() == Errno.EINVAL ? "does not listen" : Errno.text(e.errno());
            throw new Failure(Exit.NETWORK, "cannot listen on " + fd.text() + ": " + why, "", e);
        }
    }

    private static InetAddress resolve(Endpoint endpoint, String host) throws Failure {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new Failure(Exit.NETWORK, endpoint.text() + ": the host '" + host + "' is unknown", "", e);
        }
    }

    private static SocketAddress to(Endpoint endpoint) throws Failure {
        if (endpoint instanceof Endpoint.Unix unix) {
            return UnixDomainSocketAddress.of(unix.path());
        }
        Endpoint.Tcp tcp = (Endpoint.Tcp) endpoint;
        boolean digits = tcp.host().matches("[0-9.]+|.*:.*");
        return digits
                ? new InetSocketAddress(resolve(tcp, tcp.host()), tcp.port())
                : InetSocketAddress.createUnresolved(tcp.host(), tcp.port());
    }

    /// What stands behind `?` in LISTEN holds for clients, in TO for the upstream; it goes before what an option says.
    private static void sockets(RelayBuilder builder, Endpoint listen, Endpoint to) throws Failure {
        Endpoint.SocketOptions client = options(listen);
        Endpoint.SocketOptions upstream = options(to);
        builder.noDelay(client.nodelay(), upstream.nodelay())
                .clientBuffers(buffer(client.receiveBuffer()), buffer(client.sendBuffer()))
                .upstreamBuffers(buffer(upstream.receiveBuffer()), buffer(upstream.sendBuffer()));
        if (client.keepalive() != null) {
            builder.clientKeepAlive(client.keepalive());
        }
        if (upstream.keepalive() != null) {
            builder.upstreamKeepAlive(upstream.keepalive());
        }
        String bind = upstream.bind();
        builder.bind(bind == null ? null : new InetSocketAddress(resolve(to, bind), 0));
    }

    private static Endpoint.SocketOptions options(Endpoint endpoint) {
        return switch (endpoint) {
            case Endpoint.TcpListen tcp -> tcp.options();
            case Endpoint.Tcp tcp -> tcp.options();
            case Endpoint.UnixListen unix -> unix.options();
            case Endpoint.Unix unix -> unix.options();
            default -> new Endpoint.SocketOptions(true, null, null, -1, -1);
        };
    }

    private static int buffer(long bytes) {
        return (int) Math.clamp(bytes, 0L, 1L << 30);
    }

    /// Why a relay did not start.
    static Failure cannotListen(ErrnoException e, List<RelayConfig.Table> tables) {
        boolean inet = e.getMessage().matches("(bind|listen)\\([^/]*/[0-9a-fA-F.:%\\[\\]]+:[0-9]+\\): .*");
        boolean unix = !inet && e.getMessage().matches("(bind|chmod)\\([/@].*\\): .*");
        String where = unix
                ? e.getMessage().replaceFirst("^[a-z]+\\((.*?)\\): .*", "$1")
                : inet
                        ? e.getMessage().replaceFirst("^[a-z]+\\(/?(localhost/|[^:]*/)?(.*?)\\): .*", "$2")
                        : tables.size() == 1 ? tables.getFirst().get("listen") : "";
        String by = e.errno() == Errno.EADDRINUSE ? PortHolder.of(where) : "";
        String hint = e.errno() == Errno.EACCES && where.matches(".*:[0-9]{1,3}|.*:10[01][0-9]|.*:102[0-3]")
                ? "ports below 1024 need CAP_NET_BIND_SERVICE: AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit"
                : "";
        return new Failure(Exit.NETWORK, "cannot listen on " + where + ": " + Errno.text(e.errno()) + by, hint, e);
    }
}
