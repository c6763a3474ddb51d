package dev.fid.net.upstream;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.net.loop.LoopHome;
import dev.fid.net.loop.LoopSocket;
import dev.fid.net.terms.RelayTerms;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Connections to the upstream that were made before their clients came, so that a client does not wait for one.
///
/// An upstream may end a connection that says nothing, so each is replaced after half a minute, and what ended
/// meanwhile is thrown away; an upstream that refuses is asked again after a pause that grows to five seconds.
/// Runs on its home's loop.
public final class PreconnectPool {
    private static final long MOST_AGE_NANOS = 30_000_000_000L;
    private static final long LOOK_MILLIS = 1000;
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 5000;

    /// One of them, on the loop. Collects the edges that come before there is a client.
    public final class Spare implements LoopSocket.Reader {
        public final Fd socket;
        public final LoopSocket peer;
        public final SocketAddress address;
        public int events;
        private final long since;

        Spare(Fd socket, LoopSocket peer, SocketAddress address, int events) {
            this.socket = socket;
            this.peer = peer;
            this.address = address;
            this.events = events;
            this.since = kernel().nanoTime();
        }

        @Override
        public void ready(LoopSocket from, int more) {
            events |= more;
            if (hasEnded() && ready.remove(this)) {
                drop(this);
                isRefused = true; // it took the connection and ended it: not at once again
                refill();
            }
        }

        @Override
        public void broken(Throwable bug) {
            home.report(bug);
            if (ready.remove(this)) {
                drop(this);
            }
        }

        private boolean hasEnded() {
            return (events & (Uapi.EPOLLRDHUP | Uapi.EPOLLHUP | Uapi.EPOLLERR)) != 0;
        }

        /// What no edge has told yet.
        private boolean isAlive() {
            long peeked = kernel().recv(socket.number(), home.scratch, 0, 1, Uapi.MSG_PEEK | Uapi.MSG_DONTWAIT);
            return !hasEnded() && (peeked > 0 || peeked == -Errno.EAGAIN);
        }
    }

    private final LoopHome home;
    private final Function<RelayTerms, Upstream> upstreams;
    private RelayTerms terms;
    private final ArrayDeque<Spare> ready = new ArrayDeque<>();
    private final List<Dial> dialing = new ArrayList<>();
    private @Nullable ScheduledFuture<?> looking;
    private long pauseMillis;
    private boolean isRefused;
    private boolean isPausing;

    public PreconnectPool(LoopHome home, Function<RelayTerms, Upstream> upstreams, RelayTerms terms) {
        this.upstreams = upstreams;
        this.home = home;
        this.terms = terms;
    }

    private Kernel kernel() {
        return home.kernel;
    }

    public int count() {
        return ready.size();
    }

    /// The oldest one that still lives, for a connection of these terms; null where there is none.
    public @Nullable Spare take(RelayTerms wanted) {
        if (!wanted.equals(terms)) {
            return null;
        }
        Spare spare = ready.pollFirst();
        while (spare != null && !spare.isAlive()) {
            drop(spare);
            spare = ready.pollFirst();
        }
        if (terms.preconnect() > 0) {
            refill();
        }
        return spare;
    }

    /// Begins, or begins anew with other terms.
    public void start(RelayTerms now) {
        clear();
        terms = now;
        pauseMillis = 0;
        isRefused = false;
        if (terms.preconnect() > 0) {
            looking = home.loop.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
            refill();
        }
    }

    /// As many as wanted, those under way included.
    private void refill() {
        if (isRefused && !isPausing) {
            isRefused = false;
            pause();
        }
        while (!isPausing && looking != null && ready.size() + dialing.size() < terms.preconnect()) {
            new Attempt().start();
        }
    }

    private void pause() {
        isPausing = true;
        pauseMillis = Math.clamp(pauseMillis * 2, FIRST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS);
        home.later(pauseMillis, () -> {
            isPausing = false;
            refill();
        });
    }

    private final class Attempt implements Dial.Outcome {
        private final Dial dial = new Dial(home, upstreams.apply(terms), terms, 0, this);

        void start() {
            dialing.add(dial);
            dial.start();
        }

        @Override
        public void connected(Fd socket, LoopSocket peer, SocketAddress address, int events) {
            dialing.remove(dial);
            Spare spare = new Spare(socket, peer, address, 0);
            peer.reader(spare);
            ready.addLast(spare);
            spare.ready(peer, events);
        }

        @Override
        public void unreachable(String why) {
            dialing.remove(dial);
            isRefused = true;
            refill();
        }
    }

    /// Once a second: the time-outs of those under way, and the age of the others.
    private void look() {
        long now = kernel().nanoTime();
        for (Dial dial : List.copyOf(dialing)) {
            dial.tick(now);
        }
        boolean grewOld = false;
        for (Iterator<Spare> each = ready.iterator(); each.hasNext(); ) {
            Spare spare = each.next();
            if (now - spare.since > MOST_AGE_NANOS) {
                each.remove();
                drop(spare);
                grewOld = true;
            }
        }
        if (!ready.isEmpty() && !grewOld) {
            pauseMillis = 0; // the upstream keeps them
        }
        refill();
    }

    private void drop(Spare spare) {
        spare.peer.leave();
        home.closeSoon(spare.socket::close);
    }

    /// Ends all of them.
    public void clear() {
        if (looking != null) {
            looking.cancel(false);
            looking = null;
        }
        ready.forEach(this::drop);
        ready.clear();
        List.copyOf(dialing).forEach(Dial::cancel);
        dialing.clear();
    }
}
