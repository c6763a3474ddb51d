package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The one network there is: 127.0.0.1 and ::1, and which socket has which port.
final class Loopback {
    private static final int FIRST_PORT = 32768;
    private static final int INTERFACE = 1;

    private final Machine machine;
    private final FileSystem sockets;
    private final Map<Integer, Socket> streams = new HashMap<>();
    private final Map<Integer, Socket> datagrams = new HashMap<>();
    private int next = FIRST_PORT;

    Loopback(Machine machine, FileSystem sockets) {
        this.machine = machine;
        this.sockets = sockets;
    }

    Socket socket(int domain, int kind) {
        return kind == Uapi.SOCK_STREAM
                ? new TcpSocket(machine, sockets, domain, this)
                : new UdpSocket(machine, sockets, domain, this);
    }

    /// The address without host and port.
    byte[] any(int domain) {
        byte[] address = new byte[domain == Uapi.AF_INET6 ? 28 : 16];
        address[0] = (byte) domain;
        if (domain == Uapi.AF_INET6) {
            address[23] = 1;
        } else {
            address[4] = 127;
            address[7] = 1;
        }
        return address;
    }

    private Map<Integer, Socket> ports(Socket socket) {
        return socket.kind == Uapi.SOCK_STREAM ? streams : datagrams;
    }

    private static int port(byte[] address) {
        return ((address[2] & 0xff) << 8) | (address[3] & 0xff);
    }

    /// Gives `socket` the address, with a free port for port 0; the whole name goes to `name[0]`.
    int bind(byte[] address, Socket socket, byte[][] name) {
        int needed = socket.domain == Uapi.AF_INET6 ? 28 : 16;
        if (address.length < needed) {
            return -Errno.EINVAL;
        }
        if ((address[0] & 0xff) != socket.domain) {
            return -Errno.EAFNOSUPPORT;
        }
        byte[] own = address.clone();
        int port = port(address);
        Map<Integer, Socket> taken = ports(socket);
        if (port == 0) {
            while (taken.containsKey(next)) {
                next = next == 65535 ? FIRST_PORT : next + 1;
            }
            port = next;
            next = next == 65535 ? FIRST_PORT : next + 1;
            own[2] = (byte) (port >> 8);
            own[3] = (byte) port;
        }
        if (taken.putIfAbsent(port, socket) != null) {
            return -Errno.EADDRINUSE;
        }
        name[0] = own;
        return 0;
    }

    /// `inet_lookup_listener`: `compute_score` passes over a socket that is bound to another interface.
    @Nullable
    TcpSocket listener(byte[] address) {
        TcpSocket socket = address.length >= 4 ? (TcpSocket) streams.get(port(address)) : null;
        int bound = socket == null ? 0 : socket.option(Uapi.SOL_SOCKET, Uapi.SO_BINDTOIFINDEX);
        return bound == 0 || bound == INTERFACE ? socket : null;
    }

    @Nullable
    UdpSocket receiver(byte[] address) {
        return address.length >= 4 ? (UdpSocket) datagrams.get(port(address)) : null;
    }

    void forget(Socket socket) {
        ports(socket).values().remove(socket);
    }
}
