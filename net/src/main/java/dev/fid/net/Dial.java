package dev.fid.net;

import dev.fid.Deadline;
import dev.fid.ErrnoException;
import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One attempt to reach the upstream: its name is looked up, then its addresses are tried in turn, within one
/// time-out for all of that. Runs on its branch's loop.
final class Dial implements Peer.Reader {
    /// Before the next try where descriptors ran out, or a unix listener had no room.
    private static final long AGAIN_MILLIS = 20;

    /// Learns how it went, once.
    interface Outcome {
        /// The socket, on the loop already, is the outcome's from here on. `events` are the edges that came so far:
        /// an end that came with them is not told again.
        void connected(Fd socket, Peer peer, SocketAddress address, int events);

        /// No address took it.
        ///
        /// @param why what the last one said
        void unreachable(String why);
    }

    private final Branch branch;
    private final Terms terms;
    private final Outcome outcome;
    private final long since;
    private SocketAddress @Nullable [] addresses;
    private int next;
    private @Nullable Fd socket;
    private @Nullable Peer peer;
    private boolean over;
    private String why = "";

    Dial(Branch branch, Terms terms, Outcome outcome) {
        this.branch = branch;
        this.terms = terms;
        this.outcome = outcome;
        this.since = branch.relay.kernel().nanoTime();
    }

    void start() {
        branch.relay.upstream(terms).find(branch.loop, found -> {
            try {
                found(found);
            } catch (RuntimeException e) {
                broken(e);
            }
        });
    }

    private void found(SocketAddress[] found) {
        if (over) {
            return;
        }
        addresses = found;
        if (found.length == 0) {
            branch.tally.connectErrors.merge("EAI_NONAME", 1L, Long::sum);
            fail("the host is unknown");
        } else {
            connect();
        }
    }

    /// Whether the upstream's name is still being looked up.
    boolean isFinding() {
        return addresses == null;
    }

    /// Tries the next address.
    private void connect() {
        SocketAddress[] all = Objects.requireNonNull(addresses);
        while (next < all.length) {
            try {
                Fd fresh = Fd.connectSoon(branch.relay.kernel(), all[next], terms.bind(), terms.upstream()::apply);
                if (fresh == null) {
                    again();
                    return;
                }
                socket = fresh;
                Peer joining = new Peer(fresh, this, true);
                peer = joining;
                joining.join(branch.loop);
                return;
            } catch (ErrnoException e) {
                failed(e.errno());
                if (isShortage(e.errno())) {
                    again();
                    return;
                }
                next++;
            }
        }
        fail(why);
    }

    private static boolean isShortage(int errno) {
        return errno == Errno.EMFILE || errno == Errno.ENFILE || errno == Errno.ENOBUFS || errno == Errno.ENOMEM;
    }

    /// The time-out bounds how often.
    private void again() {
        branch.later(AGAIN_MILLIS, () -> {
            try {
                if (!over && socket == null) {
                    connect();
                }
            } catch (RuntimeException e) {
                broken(e);
            }
        });
    }

    @Override
    public void ready(Peer from, int events) {
        Fd tried = socket;
        Peer joined = peer;
        if (over
                || tried == null
                || joined == null
                || (events & (Uapi.EPOLLOUT | Uapi.EPOLLERR | Uapi.EPOLLHUP)) == 0) {
            return;
        }
        Kernel kernel = branch.relay.kernel();
        boolean failed = (events & (Uapi.EPOLLERR | Uapi.EPOLLHUP)) != 0;
        int errno = failed ? kernel.getsockopt(tried.number(), Uapi.SOL_SOCKET, Uapi.SO_ERROR) : 0;
        if (errno != 0) {
            failed(Math.abs(errno));
            hangUp();
            next++;
            connect();
            return;
        }
        over = true;
        branch.tally.connecting.add(kernel.nanoTime() - since);
        outcome.connected(tried, joined, Objects.requireNonNull(addresses)[next], events);
    }

    @Override
    public void broken(Throwable bug) {
        branch.report(bug);
        if (!over) {
            try {
                fail("a bug: " + bug);
            } catch (RuntimeException e) {
                branch.report(e);
            }
        }
    }

    /// Looks at the time-out.
    void tick(long now) {
        if (!over && now - since > Deadline.nanos(terms.connectTimeout())) {
            failed(Errno.ETIMEDOUT);
            fail(why);
        }
    }

    private void failed(int errno) {
        branch.tally.connectErrors.merge(Errno.name(errno), 1L, Long::sum);
        why = Errno.text(errno);
    }

    private void fail(String reason) {
        cancel();
        outcome.unreachable(AddressText.of(terms.to()) + ": " + reason);
    }

    /// Gives up; the outcome learns nothing more.
    void cancel() {
        if (!over) {
            over = true;
            hangUp();
        }
    }

    private void hangUp() {
        Peer joined = peer;
        Fd tried = socket;
        if (joined != null && tried != null) {
            joined.leave();
            branch.relay.kernel().setLinger(tried.number(), true, 0);
            branch.closeSoon(tried::close);
        }
        peer = null;
        socket = null;
    }
}
