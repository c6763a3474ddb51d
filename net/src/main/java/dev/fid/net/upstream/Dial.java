package dev.fid.net.upstream;

import dev.fid.Fd;
import dev.fid.HappyEyeballs;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.net.AddressText;
import dev.fid.net.loop.LoopHome;
import dev.fid.net.loop.LoopSocket;
import dev.fid.net.terms.RelayTerms;
import dev.fid.wait.Deadline;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One attempt to reach the upstream: its name is looked up, then its addresses are tried, within one time-out for all
/// of that. An address that is silent for a quarter of a second gets the next one beside it, and the first that
/// answers is taken and remembered; where all have refused they are asked again after a pause, a few times. Not a
/// byte was sent until then, so no upstream sees anything twice. Runs on its home's loop.
/// Source: RFC 8305, section 5.
public final class Dial {
    /// Before the next try where descriptors ran out, or a unix listener had no room.
    private static final long AGAIN_MILLIS = 20;
    /// Before the first retry; each pause after it is three times as long.
    private static final long FIRST_PAUSE_MILLIS = 250;

    /// Learns how it went, once.
    public interface Outcome {
        /// The socket, on the loop already, is the outcome's from here on. `events` are the edges that came so far:
        /// an end that came with them is not told again.
        void connected(Fd socket, LoopSocket peer, SocketAddress address, int events);

        /// No address took it.
        ///
        /// @param why what the last one said
        void unreachable(String why);

        /// There is no descriptor for the socket.
        ///
        /// @return whether one was kept for it, and is free now
        default boolean release() {
            return false;
        }
    }

    private final LoopHome home;
    private final RelayTerms terms;
    private final Upstream upstream;
    private final Outcome outcome;
    private final long since;
    private SocketAddress @Nullable [] addresses;
    private int next;
    private int retriesLeft;
    private long pauseMillis = FIRST_PAUSE_MILLIS;
    private final List<Attempt> attempts = new ArrayList<>();
    private boolean over;
    private boolean isShort;
    private String why = "";

    public Dial(LoopHome home, Upstream upstream, RelayTerms terms, int retries, Outcome outcome) {
        this.home = home;
        this.terms = terms;
        this.upstream = upstream;
        this.outcome = outcome;
        this.retriesLeft = retries;
        this.since = home.kernel.nanoTime();
    }

    /// One address, asked.
    private final class Attempt implements LoopSocket.Reader {
        private final SocketAddress address;
        private final Fd socket;
        private final LoopSocket peer;

        Attempt(SocketAddress address, Fd socket) {
            this.address = address;
            this.socket = socket;
            this.peer = new LoopSocket(socket, this, true);
        }

        @Override
        public void ready(LoopSocket from, int events) {
            if (over || (events & (Uapi.EPOLLOUT | Uapi.EPOLLERR | Uapi.EPOLLHUP)) == 0) {
                return;
            }
            Kernel kernel = home.kernel;
            boolean failed = (events & (Uapi.EPOLLERR | Uapi.EPOLLHUP)) != 0;
            int errno = failed ? kernel.getsockopt(socket.number(), Uapi.SOL_SOCKET, Uapi.SO_ERROR) : 0;
            attempts.remove(this);
            if (errno != 0) {
                failed(Math.abs(errno));
                hangUp();
                connect();
                return;
            }
            over = true;
            hangUpAll();
            upstream.remember(address);
            home.tally.connecting.add(kernel.nanoTime() - since);
            outcome.connected(socket, peer, address, events);
        }

        @Override
        public void broken(Throwable bug) {
            Dial.this.broken(bug);
        }

        private void hangUp() {
            peer.leave();
            home.kernel.setLinger(socket.number(), true, 0);
            home.closeSoon(socket::close);
        }
    }

    public void start() {
        upstream.find(home.loop, found -> {
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
            home.tally.connectErrors.merge("EAI_NONAME", 1L, Long::sum);
            fail("the host is unknown");
        } else {
            connect();
        }
    }

    /// Whether the upstream's name is still being looked up.
    public boolean isFinding() {
        return addresses == null;
    }

    /// Asks the next address that can be asked at all.
    private void connect() {
        SocketAddress[] all = Objects.requireNonNull(addresses);
        while (next < all.length) {
            try {
                Fd fresh = Fd.connectSoon(home.kernel, all[next], terms.bind(), terms.upstream()::apply);
                if (fresh == null) {
                    later(AGAIN_MILLIS);
                    return;
                }
                isShort = false;
                Attempt attempt = new Attempt(all[next], fresh);
                attempts.add(attempt);
                attempt.peer.join(home.loop);
                next++;
                if (next < all.length) {
                    later(HappyEyeballs.DELAY.toMillis());
                }
                return;
            } catch (ErrnoException e) {
                boolean isShortage = isShortage(e.errno());
                if (isShortage && outcome.release()) {
                    continue;
                }
                failed(e.errno());
                if (isShortage) {
                    isShort = true;
                    later(AGAIN_MILLIS);
                    return;
                }
                next++;
            }
        }
        if (attempts.isEmpty()) {
            retry();
        }
    }

    /// All have refused: perhaps the upstream is just being restarted.
    private void retry() {
        if (retriesLeft == 0) {
            fail(why);
            return;
        }
        retriesLeft--;
        home.tally.connectRetries++;
        next = 0;
        later(pauseMillis);
        pauseMillis *= 3;
    }

    private static boolean isShortage(int errno) {
        return errno == Errno.EMFILE || errno == Errno.ENFILE || errno == Errno.ENOBUFS || errno == Errno.ENOMEM;
    }

    /// Goes on after some time, unless it has gone on before by an address that refused. The time-out bounds how often.
    private void later(long millis) {
        int expected = next;
        int round = retriesLeft;
        home.later(millis, () -> {
            try {
                if (!over && next == expected && round == retriesLeft) {
                    connect();
                }
            } catch (RuntimeException e) {
                broken(e);
            }
        });
    }

    private void broken(Throwable bug) {
        home.report(bug);
        if (!over) {
            try {
                fail("a bug: " + bug);
            } catch (RuntimeException e) {
                home.report(e);
            }
        }
    }

    /// Looks at the time-out.
    public void tick(long now) {
        if (!over && now - since > Deadline.nanos(terms.connectTimeout())) {
            if (!attempts.isEmpty()) {
                failed(Errno.ETIMEDOUT); // not where it is our own descriptors that we wait for, nor between two tries
            }
            fail(why.isEmpty() ? Errno.text(Errno.ETIMEDOUT) : why);
        }
    }

    private void failed(int errno) {
        home.tally.connectErrors.merge(Errno.name(errno), 1L, Long::sum);
        why = Errno.text(errno);
    }

    private void fail(String reason) {
        boolean ours = isShort && attempts.isEmpty();
        cancel();
        String to = AddressText.of(terms.to());
        outcome.unreachable(ours ? "no descriptor to connect to " + to + ": " + reason : to + ": " + reason);
    }

    /// Gives up; the outcome learns nothing more.
    public void cancel() {
        if (!over) {
            over = true;
            hangUpAll();
        }
    }

    private void hangUpAll() {
        attempts.forEach(Attempt::hangUp);
        attempts.clear();
    }
}
