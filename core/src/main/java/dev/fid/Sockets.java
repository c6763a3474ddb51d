package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.wait.Deadline;
import dev.fid.wait.Readiness;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Stream sockets for {@link Fd}: connect, listen, accept, pair; all non-blocking and close-on-exec.
final class Sockets {
    private Sockets() {}

    static Fd connect(
            Kernel kernel,
            SocketAddress address,
            @Nullable Duration patience,
            @Nullable SocketAddress local,
            Fd.Preparation before)
            throws ErrnoException {
        long deadline = patience == null ? Deadline.NEVER : Deadline.after(kernel.nanoTime(), patience);
        Fd socket = socket(kernel, address);
        try (Readiness readiness = new Readiness(kernel)) {
            before.prepare(socket);
            if (local != null) {
                ErrnoException.check(kernel.bind(socket.number(), Addresses.encode(local)), "bind", local.toString());
            }
            int result = kernel.connect(socket.number(), Addresses.encode(address));
            // After EINTR the connection goes on being made. EAGAIN is a unix listener's full backlog: nothing goes
            // on.
            while (result == -Errno.EAGAIN && Addresses.family(address) == AF_UNIX) {
                if (kernel.nanoTime() >= deadline || Thread.currentThread().isInterrupted()) {
                    throw Readiness.givenUp("connect", address.toString(), 0);
                }
                readiness.sleep(Math.min(deadline, Deadline.after(kernel.nanoTime(), 1_000_000)));
                result = kernel.connect(socket.number(), Addresses.encode(address));
            }
            if (result == -Errno.EINPROGRESS || result == -Errno.EINTR) {
                if (!readiness.await(socket.number(), (short) POLLOUT, deadline)) {
                    throw Readiness.givenUp("connect", address.toString(), 0);
                }
                result = -Math.abs(kernel.getsockopt(socket.number(), SOL_SOCKET, SO_ERROR));
            }
            if (result < 0) {
                throw failed(address, -result);
            }
            return socket;
        } catch (ErrnoException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static ErrnoException failed(SocketAddress address, int errno) {
        return new ErrnoException("connect", address.toString(), errno);
    }

    static Fd listen(Kernel kernel, SocketAddress address, int backlog, Fd.Preparation before) throws ErrnoException {
        Fd socket = socket(kernel, address);
        try {
            if (Addresses.family(address) != AF_UNIX) {
                ErrnoException.check(
                        kernel.setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, 1), "setsockopt", "SO_REUSEADDR");
            }
            before.prepare(socket);
            ErrnoException.check(kernel.bind(socket.number(), Addresses.encode(address)), "bind", address.toString());
            ErrnoException.check(kernel.listen(socket.number(), backlog), "listen", address.toString());
            return socket;
        } catch (ErrnoException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// The next connection that waits already, or null.
    static @Nullable Fd acceptNow(Fd listener) throws ErrnoException {
        Kernel kernel = listener.kernel();
        while (true) {
            int peer = kernel.accept4(listener.number(), SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (peer >= 0) {
                return Fd.own(kernel, peer, listener.kind()); // TCP_NODELAY is inherited from the listener
            }
            if (peer == -Errno.EAGAIN) {
                return null;
            }
            if (!isOfThePeer(-peer)) {
                throw new ErrnoException("accept4", listener.toString(), -peer);
            }
        }
    }

    /// A socket that connects, or has connected; null where a unix listener has no room now.
    static @Nullable Fd connectSoon(
            Kernel kernel, SocketAddress address, @Nullable SocketAddress local, Fd.Preparation before)
            throws ErrnoException {
        Fd socket = socket(kernel, address);
        try {
            before.prepare(socket);
            if (local != null) {
                // The port is chosen when the peer is known, so that 28,000 connections are no bound.
                kernel.setsockopt(socket.number(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
                ErrnoException.check(kernel.bind(socket.number(), Addresses.encode(local)), "bind", local.toString());
            }
            int result = kernel.connect(socket.number(), Addresses.encode(address));
            if (result == -Errno.EAGAIN && Addresses.family(address) == AF_UNIX) {
                socket.close();
                return null;
            }
            if (result < 0 && result != -Errno.EINPROGRESS && result != -Errno.EINTR) {
                throw failed(address, -result);
            }
            return socket;
        } catch (ErrnoException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    static Fd accept(Fd listener, long deadline) throws ErrnoException {
        Kernel kernel = listener.kernel();
        listener.use().enter();
        try (Readiness readiness = new Readiness(kernel, listener.use())) {
            while (true) {
                if (listener.mayBlock()) {
                    await(listener, readiness, deadline); // borrowed, so in whatever mode
                }
                int peer = kernel.accept4(listener.number(), SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (peer >= 0) {
                    Fd socket = Fd.own(kernel, peer, "");
                    noDelay(socket);
                    return socket;
                }
                if (peer == -Errno.EAGAIN) {
                    await(listener, readiness, deadline);
                } else if (!isOfThePeer(-peer)) {
                    throw new ErrnoException("accept4", listener.toString(), -peer);
                }
            }
        } finally {
            listener.use().leave();
        }
    }

    /// Whether accept4(2) tells of a connection that is gone already, so that the next one may be asked for:
    /// errors of the network that wait on the new socket are handed on, and are to be treated like EAGAIN.
    /// Source: accept(2), Error handling; EOPNOTSUPP, which it names too, is what a socket that does not
    /// listen says, for ever.
    private static boolean isOfThePeer(int errno) {
        return switch (errno) {
            case Errno.EINTR,
                    Errno.ECONNABORTED,
                    Errno.ENETDOWN,
                    Errno.EPROTO,
                    Errno.ENOPROTOOPT,
                    Errno.EHOSTDOWN,
                    Errno.ENONET,
                    Errno.EHOSTUNREACH,
                    Errno.ENETUNREACH -> true;
            default -> false;
        };
    }

    private static void await(Fd listener, Readiness readiness, long deadline) throws ErrnoException {
        if (!readiness.await(listener.number(), (short) POLLIN, deadline)) {
            throw readiness.ended("accept4", listener.toString(), 0);
        }
    }

    static Fd[] pair(Kernel kernel) throws ErrnoException {
        int[] fds = new int[2];
        ErrnoException.check(
                kernel.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), "socketpair", "");
        return new Fd[] {Fd.own(kernel, fds[0], ""), Fd.own(kernel, fds[1], "")};
    }

    private static Fd socket(Kernel kernel, SocketAddress address) throws ErrnoException {
        int number = kernel.socket(Addresses.family(address), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ErrnoException.check(number, "socket", address.toString());
        boolean unix = Addresses.family(address) == AF_UNIX;
        Fd socket = Fd.own(kernel, number, unix ? FdKind.UNIX_STREAM : FdKind.TCP);
        if (!unix) {
            noDelay(socket);
        }
        return socket;
    }

    /// Small messages go at once. A unix socket refuses the option, which is no loss.
    private static void noDelay(Fd socket) {
        socket.kernel().setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, 1);
    }
}
