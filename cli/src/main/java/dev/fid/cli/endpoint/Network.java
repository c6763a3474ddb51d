package dev.fid.cli.endpoint;

import dev.fid.Fd;
import dev.fid.SocketFile;
import dev.fid.bench.measure.Human;
import dev.fid.cli.base.Console;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Connects, or waits for one peer.
final class Network {
    private static final Kernel KERNEL = Kernel.linux();

    private Network() {}

    static Fd connect(Endpoint.Tcp tcp) throws Failure {
        InetAddress[] addresses = resolve(tcp, tcp.host());
        String bind = tcp.options().bind();
        SocketAddress local = bind == null ? null : new InetSocketAddress(resolve(tcp, bind)[0], 0);
        long start = System.nanoTime();
        List<SocketAddress> all = new ArrayList<>();
        for (InetAddress each : addresses) {
            all.add(new InetSocketAddress(each, tcp.port()));
        }
        try {
            return Fd.connect(KERNEL, all, null, local, socket -> set(socket, tcp.options()));
        } catch (ErrnoException e) {
            throw refused(tcp, e, start);
        }
    }

    static Fd connect(Endpoint.Unix unix) throws Failure {
        long start = System.nanoTime();
        try {
            SocketAddress address = UnixDomainSocketAddress.of(unix.path());
            return Fd.connect(KERNEL, address, null, null, socket -> set(socket, unix.options()));
        } catch (ErrnoException e) {
            throw refused(unix, e, start);
        }
    }

    private static Failure refused(Endpoint endpoint, ErrnoException cause, long start) {
        String why = Errno.text(cause.errno());
        String after = " after " + Human.seconds(System.nanoTime() - start) + "; nothing was sent";
        return new Failure(Exit.NETWORK, endpoint.text() + ": " + why + after, "", cause);
    }

    private static InetAddress[] resolve(Endpoint endpoint, String host) throws Failure {
        try {
            return InetAddress.getAllByName(host);
        } catch (UnknownHostException e) {
            throw new Failure(Exit.NETWORK, endpoint.text() + ": the host '" + host + "' is unknown", "", e);
        }
    }

    /// Accepts one peer. The listeners are closed then, and a socket file is removed.
    static Fd accept(Endpoint.TcpListen tcp, PrintStream err) throws Failure {
        List<Fd> listeners = new ArrayList<>();
        try {
            listen(tcp, listeners);
            int port = ((InetSocketAddress) listeners.getFirst().localAddress()).getPort();
            String host = tcp.host().isEmpty() ? "localhost" : tcp.host();
            Console.tell(err, "listening on " + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port);
            return accept(listeners, tcp.options());
        } catch (ErrnoException e) {
            throw cannotListen(tcp, e);
        } finally {
            listeners.forEach(Fd::close);
        }
    }

    private static void listen(Endpoint.TcpListen tcp, List<Fd> listeners) throws Failure, ErrnoException {
        if (!tcp.host().isEmpty()) {
            listeners.add(listen(new InetSocketAddress(resolve(tcp, tcp.host())[0], tcp.port()), tcp.options()));
            return;
        }
        for (int attempt = 0; ; attempt++) {
            Fd four = listen(new InetSocketAddress(resolve(tcp, "127.0.0.1")[0], tcp.port()), tcp.options());
            listeners.add(four);
            int port = ((InetSocketAddress) four.localAddress()).getPort();
            try {
                listeners.add(listen(new InetSocketAddress(resolve(tcp, "::1")[0], port), tcp.options()));
                return;
            } catch (ErrnoException e) {
                if (e.errno() == Errno.EADDRNOTAVAIL || e.errno() == Errno.EAFNOSUPPORT) {
                    return; // a machine without IPv6
                }
                if (tcp.port() != 0 || e.errno() != Errno.EADDRINUSE || attempt == 9) {
                    throw e;
                }
                listeners.removeFirst().close(); // the port that was free for IPv4 is taken for IPv6: another one
            }
        }
    }

    private static Fd listen(SocketAddress address, Endpoint.SocketOptions options) throws ErrnoException {
        Fd listener = Fd.listen(KERNEL, address, 1);
        // A peer's window is agreed upon while it connects: the buffers are inherited from the listener.
        set(listener, options);
        return listener;
    }

    static Fd accept(Endpoint.UnixListen unix, PrintStream err) throws Failure {
        SocketFile file;
        try {
            file = new SocketFile(
                    KERNEL,
                    UnixDomainSocketAddress.of(unix.path()),
                    unix.mode(),
                    1,
                    fresh -> set(fresh, unix.options()));
        } catch (ErrnoException e) {
            throw cannotListen(unix, e);
        }
        try {
            Console.tell(err, "listening on " + unix.path());
            return accept(List.of(file.socket()), unix.options());
        } catch (ErrnoException e) {
            throw cannotListen(unix, e);
        } finally {
            file.socket().close();
            file.remove();
        }
    }

    private static Failure cannotListen(Endpoint endpoint, ErrnoException e) {
        String address = endpoint.text().replaceFirst("^[a-z-]+://", "");
        String hint = e.errno() == Errno.EACCES && endpoint instanceof Endpoint.TcpListen
                ? "ports below 1024 need CAP_NET_BIND_SERVICE"
                : "";
        return new Failure(Exit.NETWORK, "cannot listen on " + address + ": " + Errno.text(e.errno()), hint, e);
    }

    private static Fd accept(List<Fd> listeners, Endpoint.SocketOptions options) throws ErrnoException {
        int[] fds = listeners.stream().mapToInt(Fd::number).toArray();
        short[] events = new short[fds.length];
        java.util.Arrays.fill(events, (short) Uapi.POLLIN);
        short[] ready = new short[fds.length];
        while (!Thread.currentThread().isInterrupted()) {
            // In slices, so that an interrupt is seen.
            if (KERNEL.poll(fds, events, ready, fds.length, 50) <= 0) {
                continue;
            }
            for (int i = 0; i < ready.length; i++) {
                if (ready[i] != 0) {
                    Fd peer = listeners.get(i).accept();
                    set(peer, options);
                    return peer;
                }
            }
        }
        throw new ErrnoException("accept4", listeners.toString(), Errno.ECANCELED);
    }

    private static void set(Fd socket, Endpoint.SocketOptions options) throws ErrnoException {
        if (!options.nodelay()) {
            option(socket, Uapi.IPPROTO_TCP, Uapi.TCP_NODELAY, 0);
        }
        Duration keepalive = options.keepalive();
        if (keepalive != null) {
            option(socket, Uapi.SOL_SOCKET, Uapi.SO_KEEPALIVE, 1);
            option(socket, Uapi.IPPROTO_TCP, Uapi.TCP_KEEPIDLE, Math.clamp(keepalive.toSeconds(), 1, 32767));
        }
        if (options.receiveBuffer() >= 0) {
            option(socket, Uapi.SOL_SOCKET, Uapi.SO_RCVBUF, (int) Math.min(options.receiveBuffer(), 1 << 30));
        }
        if (options.sendBuffer() >= 0) {
            option(socket, Uapi.SOL_SOCKET, Uapi.SO_SNDBUF, (int) Math.min(options.sendBuffer(), 1 << 30));
        }
    }

    private static void option(Fd socket, int level, int option, int value) throws ErrnoException {
        int result = KERNEL.setsockopt(socket.number(), level, option, value);
        if (result < 0) {
            throw new ErrnoException("setsockopt", socket + ", option " + option, -result);
        }
    }
}
