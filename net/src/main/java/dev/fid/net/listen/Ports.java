package dev.fid.net.listen;

import static dev.fid.kernel.Uapi.*;

import dev.fid.Fd;
import dev.fid.SocketFile;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.net.terms.SocketTerms;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The sockets that a relay listens on: for each TCP address one a loop, a single one for each unix path and for
/// each socket that was passed to us.
public final class Ports {
    private final Kernel kernel;
    private final ListenKey place;
    private final SocketTerms options;
    private final int backlog;
    private final int mode;
    private final boolean isShared;
    private final int loops;
    private final List<SocketAddress> addresses = new ArrayList<>();
    private final List<List<Fd>> sockets = new ArrayList<>();
    private final List<SocketFile> files = new ArrayList<>();
    /// Of those that were handed to us, the ones that were blocking. Listeners on several loops give back.
    private final Set<Fd> blocking = ConcurrentHashMap.newKeySet();

    private Ports(ListenTerms terms, int loops) {
        this.kernel = terms.kernel();
        this.place = terms.place();
        this.options = terms.options();
        this.backlog = terms.backlog();
        this.mode = terms.mode();
        this.isShared = terms.isShared();
        this.loops = loops;
    }

    /// Binds all of them, or none.
    ///
    /// @throws ErrnoException EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE; then nothing is left open
    public static Ports open(ListenTerms terms, int loops) throws ErrnoException {
        Ports ports = new Ports(terms, loops);
        try {
            ports.bind();
            return ports;
        } catch (ErrnoException | RuntimeException e) {
            Set.copyOf(ports.blocking).forEach(ports::giveBack);
            ports.sockets.forEach(each -> each.forEach(Fd::close));
            ports.removeFiles();
            throw e;
        }
    }

    /// Where it listens, with the ports that were chosen for port 0.
    public List<SocketAddress> addresses() {
        return addresses;
    }

    /// The sockets of each address.
    public List<List<Fd>> sockets() {
        return sockets;
    }

    /// What can change without binding anew.
    public void change(ListenTerms now) {
        for (List<Fd> each : sockets) {
            for (Fd socket : each) {
                if (!socket.isClosed()) {
                    now.options().change(socket);
                    if (isOurs(socket)) {
                        kernel.listen(socket.number(), now.backlog()); // once more: only its backlog changes
                    }
                }
            }
        }
        for (SocketFile file : files) {
            file.mode(now.mode());
        }
    }

    /// Whether a listener is not one that was handed to us.
    public boolean isOurs(Fd socket) {
        return !place.inherited().contains(socket);
    }

    /// accept4(2) must not hold up a loop. The flag is of the open file description, which whoever handed it to us, and
    /// other processes, have too: it is theirs again at the end.
    private void waitNever(Fd socket) throws ErrnoException {
        int flags = kernel.fcntl(socket.number(), F_GETFL, 0);
        if (flags >= 0 && (flags & O_NONBLOCK) != 0) {
            return;
        }
        int result = flags < 0 ? flags : kernel.fcntl(socket.number(), F_SETFL, flags | O_NONBLOCK);
        if (result < 0) {
            throw new ErrnoException("fcntl", socket + ", O_NONBLOCK", -result);
        }
        blocking.add(socket);
    }

    /// Makes it block again where it did; just before it is closed.
    public void giveBack(Fd socket) {
        if (blocking.remove(socket)) {
            int flags = kernel.fcntl(socket.number(), F_GETFL, 0);
            kernel.fcntl(socket.number(), F_SETFL, flags & ~O_NONBLOCK);
        }
    }

    public void removeFiles() {
        files.forEach(SocketFile::remove);
    }

    private void bind() throws ErrnoException {
        for (Fd inherited : place.inherited()) {
            addresses.add(inherited.localAddress());
            waitNever(inherited);
            options.apply(inherited);
            sockets.add(List.of(inherited));
        }
        if (place.listen().isEmpty()) {
            if (place.inherited().isEmpty()) {
                throw new IllegalStateException("a relay needs an address to listen on");
            }
            return;
        }
        for (int attempt = 0; ; attempt++) {
            List<List<Fd>> bound = new ArrayList<>();
            List<SocketAddress> now = new ArrayList<>();
            try {
                for (SocketAddress address : place.listen()) {
                    bindOne(address, bound, now);
                }
                sockets.addAll(bound);
                addresses.addAll(now);
                return;
            } catch (ErrnoException e) {
                bound.forEach(each -> each.forEach(Fd::close));
                files.forEach(SocketFile::remove);
                files.clear();
                boolean chosen = place.listen().stream()
                        .anyMatch(each -> each instanceof InetSocketAddress inet && inet.getPort() == 0);
                // A port that was free for the first address is taken for the second: another one.
                if (e.errno() != Errno.EADDRINUSE || !chosen || attempt == 9) {
                    throw e;
                }
            }
        }
    }

    private void bindOne(SocketAddress address, List<List<Fd>> bound, List<SocketAddress> now) throws ErrnoException {
        if (address instanceof UnixDomainSocketAddress unix) {
            SocketFile file = new SocketFile(kernel, unix, mode, backlog, options::apply);
            files.add(file);
            bound.add(List.of(file.socket()));
            now.add(address);
            return;
        }
        InetSocketAddress inet = (InetSocketAddress) address;
        if (inet.getPort() == 0 && !now.isEmpty() && now.getFirst() instanceof InetSocketAddress first) {
            inet = new InetSocketAddress(inet.getAddress(), first.getPort());
        }
        try {
            List<Fd> each = bindInet(inet);
            bound.add(each);
            now.add(each.getFirst().localAddress());
        } catch (ErrnoException e) {
            boolean noSix = e.errno() == Errno.EADDRNOTAVAIL || e.errno() == Errno.EAFNOSUPPORT;
            if (!noSix || now.isEmpty() || !inet.getAddress().isLoopbackAddress()) {
                throw e; // but a machine without IPv6 has no ::1 beside 127.0.0.1
            }
        }
    }

    /// A socket for each loop, all with SO_REUSEPORT. That option would let another process of this user share the
    /// port unnoticed, and us share theirs, so the port is tried without it first.
    private List<Fd> bindInet(InetSocketAddress wanted) throws ErrnoException {
        InetSocketAddress inet = wanted;
        List<Fd> each = new ArrayList<>();
        if (!isShared) {
            try (Fd probe = Fd.listen(kernel, inet, 1)) {
                inet = new InetSocketAddress(inet.getAddress(), ((InetSocketAddress) probe.localAddress()).getPort());
            }
        }
        try {
            for (int i = 0; i < loops; i++) {
                each.add(Fd.listen(kernel, inet, backlog, socket -> {
                    set(socket, SOL_SOCKET, SO_REUSEPORT, 1);
                    if (wanted.getAddress() instanceof Inet6Address) {
                        set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
                    }
                    options.apply(socket);
                }));
                inet = new InetSocketAddress(
                        inet.getAddress(), ((InetSocketAddress) each.getFirst().localAddress()).getPort());
            }
            return each;
        } catch (ErrnoException | RuntimeException e) {
            each.forEach(Fd::close);
            throw e;
        }
    }

    private static void set(Fd socket, int level, int option, int value) throws ErrnoException {
        int result = socket.kernel().setsockopt(socket.number(), level, option, value);
        if (result < 0) {
            throw new ErrnoException("setsockopt", socket + ", option " + option, -result);
        }
    }
}
