package dev.fid;

import static dev.fid.kernel.Uapi.POLLOUT;
import static dev.fid.kernel.Uapi.SOL_SOCKET;
import static dev.fid.kernel.Uapi.SO_ERROR;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.wait.Deadline;
import dev.fid.wait.Readiness;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Several addresses of one peer: one that is silent for {@link #DELAY} gets the next one beside it, one that refuses
/// at once, and the first that answers is taken. Source: RFC 8305, sections 4 and 5.
public final class HappyEyeballs {
    /// The "Connection Attempt Delay".
    public static final Duration DELAY = Duration.ofMillis(250);

    private final Kernel kernel;
    private final List<SocketAddress> addresses;
    private final @Nullable SocketAddress local;
    private final Fd.Preparation before;
    private final List<Fd> asked = new ArrayList<>();
    private int next;
    private long nextAt;
    private @Nullable ErrnoException refused;

    private HappyEyeballs(
            Kernel kernel, List<SocketAddress> addresses, @Nullable SocketAddress local, Fd.Preparation before) {
        this.kernel = kernel;
        this.addresses = inTurn(addresses);
        this.local = local;
        this.before = before;
        this.nextAt = kernel.nanoTime();
    }

    /// The addresses in their order, but with both families in turn, so that one of them that is broken as a whole
    /// costs a single delay.
    public static List<SocketAddress> inTurn(List<? extends SocketAddress> addresses) {
        List<SocketAddress> left = new ArrayList<>(addresses);
        List<SocketAddress> sorted = new ArrayList<>();
        while (!left.isEmpty()) {
            boolean four = sorted.isEmpty() ? isFour(left.getFirst()) : !isFour(sorted.getLast());
            int index = 0;
            while (index < left.size() && isFour(left.get(index)) != four) {
                index++;
            }
            sorted.add(left.remove(index == left.size() ? 0 : index));
        }
        return sorted;
    }

    private static boolean isFour(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet4Address;
    }

    /// {@link Fd#connect(Kernel, List, Duration, SocketAddress, Fd.Preparation)}.
    static Fd connect(
            Kernel kernel,
            List<SocketAddress> addresses,
            @Nullable Duration patience,
            @Nullable SocketAddress local,
            Fd.Preparation before)
            throws ErrnoException {
        if (addresses.size() == 1) {
            return Sockets.connect(kernel, addresses.getFirst(), patience, local, before);
        }
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("no address");
        }
        HappyEyeballs race = new HappyEyeballs(kernel, addresses, local, before);
        try (Readiness readiness = new Readiness(kernel)) {
            return race.run(readiness, patience == null ? Deadline.NEVER : Deadline.after(kernel.nanoTime(), patience));
        } finally {
            race.asked.forEach(Fd::close);
        }
    }

    private Fd run(Readiness readiness, long deadline) throws ErrnoException {
        Readiness.Set set = new Readiness.Set();
        while (true) {
            while (next < addresses.size() && (asked.isEmpty() || kernel.nanoTime() - nextAt >= 0)) {
                ask(addresses.get(next++));
            }
            if (asked.isEmpty() && refused != null) {
                throw refused;
            }
            set.clear();
            asked.forEach(each -> set.add(each.number(), POLLOUT));
            if (!readiness.await(set, next < addresses.size() ? Math.min(nextAt, deadline) : deadline)
                    && (Thread.currentThread().isInterrupted() || kernel.nanoTime() >= deadline)) {
                throw Readiness.givenUp("connect", addresses.toString(), 0);
            }
            for (Fd each : List.copyOf(asked)) {
                if (readiness.isReady(each.number(), (short) POLLOUT) && answered(each)) {
                    return each;
                }
            }
        }
    }

    private void ask(SocketAddress address) {
        try {
            Fd socket = Sockets.connectSoon(kernel, address, local, before);
            if (socket == null) {
                throw new ErrnoException("connect", address.toString(), Errno.EAGAIN);
            }
            asked.add(socket);
            nextAt = kernel.nanoTime() + DELAY.toNanos();
        } catch (ErrnoException e) {
            refused = e;
        }
    }

    /// Whoever answers is nobody's to close here; whoever refuses gives way to the next one.
    private boolean answered(Fd socket) {
        int errno = Math.abs(kernel.getsockopt(socket.number(), SOL_SOCKET, SO_ERROR));
        asked.remove(socket);
        if (errno == 0) {
            return true;
        }
        socket.close();
        refused = new ErrnoException("connect", addresses.toString(), errno);
        nextAt = kernel.nanoTime();
        return false;
    }
}
