package dev.fid.tests.simulation;

import dev.fid.ErrnoException;
import dev.fid.Fd;
import dev.fid.Lane;
import dev.fid.Link;
import dev.fid.PipeBudget;
import dev.fid.PipePool;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import dev.fid.model.Freedom;
import dev.fid.model.Limits;
import dev.fid.model.ModelClock;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/// One link between two peers, on a kernel of its own, driven by events in virtual time.
///
/// The seed chooses what the peers send, in which pieces and when, when they stall, half-close, reset or go away, how
/// the kernel cuts and holds back, when descriptors and pipe pages run out, and when the link is told to time out or
/// to drain. The link itself runs only when an edge-triggered epoll says so, as in an event loop: a wake-up that it
/// forgets to wait for is a stall here.
///
/// What must be true: each byte arrives once and in order, or the end is reported as an error; nobody waits for ever;
/// what waits inside is bounded; nothing is left.
final class LinkSimulation {
    private static final long MILLISECOND = 1_000_000;
    private static final long SECOND = 1000 * MILLISECOND;
    private static final long IDLE = 60 * SECOND;
    private static final int MOST_EVENTS = 20_000;
    private static final int SLOTS = 16;
    private static final int MOST_IN_A_SLOT = 64 << 10; // 64 KiB, twice what a fragment of a socket has

    private final SplittableRandom random;
    private final Clock clock = new Clock();
    private final ModelKernel kernel;
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
    private final Peer left;
    private final Peer right;
    private final Fd leftEnd;
    private final Fd rightEnd;
    private final PipeBudget budget;
    private final int epoll;
    private final int[] ready = new int[4];
    private final long[] whose = new long[4];
    private final Deque<Integer> hoarded = new ArrayDeque<>();
    private long order;
    private long lastProgress;
    private boolean done;
    private boolean turn;
    private @Nullable ErrnoException failure;
    private @Nullable String wrong;

    /// How it ended: `done`, an errno, `timeout`.
    String end = "";

    private record Event(long at, long order, Runnable action) {}

    /// Time that only the simulation moves.
    private static final class Clock extends ModelClock {
        private long now;

        @Override
        public long nanos() {
            return now;
        }

        @Override
        protected void await(Condition changed, long deadline) {
            throw new AssertionError("a call waits, and nobody may");
        }
    }

    /// Cuts and delays as the seed says.
    private final class Choices implements Freedom {
        private final boolean generous = random.nextInt(3) == 0;

        @Override
        public long accepted(long least, long usual, long most) {
            return generous || least >= usual ? usual : least + random.nextLong(usual - least + 1);
        }

        @Override
        public long[] slots(long bytes, int free, long[] usual) {
            if (generous) {
                return usual;
            }
            long[] lens = new long[free];
            int count = 0;
            for (long left = bytes; left > 0 && count < free; left -= lens[count - 1]) {
                long most = Math.min(left, random.nextInt(4) == 0 ? 10 : 32768);
                lens[count++] = 1 + random.nextLong(most);
            }
            return java.util.Arrays.copyOf(lens, count);
        }
    }

    LinkSimulation(long seed) {
        random = new SplittableRandom(seed);
        Limits limits = Limits.USUAL.withFiles(64);
        kernel = new ModelKernel(Profile.LINUX_6_18, limits, new Choices(), clock);
        int[] one = pair();
        int[] two = pair();
        left = new Peer(one[1], 1);
        right = new Peer(two[1], 2);
        leftEnd = Fd.own(kernel, one[0], "left");
        rightEnd = Fd.own(kernel, two[0], "right");
        budget = new PipeBudget(kernel, 1 << 20, random.nextInt(4) == 0 ? random.nextInt(64) : 0);
        epoll = kernel.epollCreate(Uapi.EPOLL_CLOEXEC);
    }

    // ---- the world ----

    private int[] pair() {
        int[] fds = new int[2];
        int type = Uapi.SOCK_STREAM | Uapi.SOCK_NONBLOCK | Uapi.SOCK_CLOEXEC;
        if (random.nextBoolean()) {
            check(kernel.socketpair(Uapi.AF_UNIX, type, 0, fds));
        } else {
            fds = connection();
        }
        if (random.nextBoolean()) {
            for (int fd : fds) {
                kernel.setsockopt(fd, Uapi.SOL_SOCKET, Uapi.SO_SNDBUF, 4096 << random.nextInt(4));
            }
        }
        return fds;
    }

    private int[] connection() {
        int listener = check(kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC, 0));
        byte[] address = new byte[16];
        address[0] = Uapi.AF_INET;
        address[4] = 127;
        address[7] = 1;
        check(kernel.bind(listener, address));
        check(kernel.listen(listener, 1));
        check(kernel.getsockname(listener, address));
        int client = check(kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC, 0));
        check(kernel.connect(client, address));
        kernel.fcntl(client, Uapi.F_SETFL, Uapi.O_RDWR | Uapi.O_NONBLOCK);
        int server = check(kernel.accept4(listener, Uapi.SOCK_NONBLOCK | Uapi.SOCK_CLOEXEC));
        kernel.close(listener);
        return random.nextBoolean() ? new int[] {client, server} : new int[] {server, client};
    }

    private static int check(int result) {
        if (result < 0) {
            throw new AssertionError("setup: " + Errno.name(-result));
        }
        return result;
    }

    private void after(long nanos, Runnable action) {
        events.add(new Event(clock.now + nanos, order++, action));
    }

    private long delay() {
        return switch (random.nextInt(10)) {
            case 0 -> random.nextLong(20 * SECOND);
            case 1, 2 -> random.nextLong(100 * MILLISECOND);
            case 3, 4, 5 -> 0;
            default -> random.nextLong(MILLISECOND);
        };
    }

    private void complain(String what) {
        if (wrong == null) {
            wrong = what;
        }
    }

    /// One end of the world: sends bytes that tell their place, and checks those that come.
    private final class Peer {
        final int fd;
        final int stream;
        final long toSend = random.nextInt(6) == 0 ? 0 : random.nextLong(1L << (4 + random.nextInt(14)));
        /// Reads nothing before that time.
        long stalledUntil;

        final boolean answers = random.nextInt(5) == 0;
        long sent;
        long received;
        boolean halfClosed;
        boolean ended;
        boolean gone;
        boolean broken;

        Peer(int fd, int stream) {
            this.fd = fd;
            this.stream = stream;
        }

        private byte byteAt(int of, long at) {
            return (byte) (at * 31 + (at >> 8) + of);
        }

        void send() {
            if (gone || broken || halfClosed) {
                return;
            }
            if (answers && !ended) {
                after(10 * MILLISECOND, this::send);
                return;
            }
            if (sent == toSend) {
                halfClosed = true;
                kernel.shutdown(fd, Uapi.SHUT_WR);
                return;
            }
            int len = (int) Math.min(toSend - sent, 1 + random.nextInt(random.nextBoolean() ? 64 : 40_000));
            try (var memory = kernel.allocate(len)) {
                byte[] bytes = new byte[len];
                for (int i = 0; i < len; i++) {
                    bytes[i] = byteAt(stream, sent + i);
                }
                memory.put(0, bytes, 0, len);
                long n = kernel.send(fd, memory, 0, len, Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL);
                sent += Math.max(0, n);
                broken = n < 0 && n != -Errno.EAGAIN;
            }
            after(delay(), this::send);
        }

        void receive() {
            if (gone || broken || ended) {
                return;
            }
            if (clock.now < stalledUntil) {
                after(stalledUntil - clock.now, this::receive);
                return;
            }
            int len = 1 + random.nextInt(random.nextBoolean() ? 100 : 60_000);
            try (var memory = kernel.allocate(len)) {
                long n = kernel.recv(fd, memory, 0, len, Uapi.MSG_DONTWAIT);
                byte[] bytes = memory.bytes(0, (int) Math.max(0, n));
                for (int i = 0; i < n; i++) {
                    if (bytes[i] != byteAt(3 - stream, received + i)) {
                        complain("byte " + (received + i) + " of stream " + (3 - stream) + " is wrong");
                    }
                }
                received += Math.max(0, n);
                ended = n == 0;
                broken |= n < 0 && n != -Errno.EAGAIN;
            }
            after(delay(), this::receive);
        }

        /// Goes away, by a reset or by a close with bytes unread.
        void leave(boolean reset) {
            if (!gone) {
                gone = true;
                if (reset) {
                    kernel.setLinger(fd, true, 0);
                }
                kernel.close(fd);
            }
        }
    }

    // ---- the run ----

    /// What went wrong, or null.
    @Nullable
    String run() {
        for (Peer peer : new Peer[] {left, right}) {
            after(delay(), peer::send);
            after(delay(), peer::receive);
            if (random.nextInt(6) == 0) {
                peer.stalledUntil = random.nextLong(2 * IDLE);
            }
            if (random.nextInt(8) == 0) {
                boolean reset = random.nextBoolean();
                after(random.nextLong(10 * SECOND), () -> peer.leave(reset));
            }
        }
        if (random.nextInt(4) == 0) {
            after(delay(), this::hoard);
        }
        PipePool.Splicing splicing =
                java.util.List.of(PipePool.Splicing.values()).get(random.nextInt(3));
        long started = kernel.descriptors().size();
        try (PipePool pool = new PipePool(kernel, budget, (long) SLOTS << 12, splicing)) {
            drive(pool);
        } catch (ErrnoException e) {
            complain("setup: " + e);
        }
        verdict(started);
        return wrong;
    }

    /// Takes all descriptors that are left, for a while.
    private void hoard() {
        for (int fd = kernel.eventfd(0, 0); fd >= 0; fd = kernel.eventfd(0, 0)) {
            hoarded.add(fd);
        }
        after(delay() + delay(), () -> {
            hoarded.forEach(kernel::close);
            hoarded.clear();
        });
    }

    private void drive(PipePool pool) throws ErrnoException {
        int interest = Uapi.EPOLLIN | Uapi.EPOLLOUT | Uapi.EPOLLRDHUP | Uapi.EPOLLET;
        check(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, leftEnd.number(), interest, 1));
        check(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, rightEnd.number(), interest, 2));
        try (Link link = new Link(leftEnd, rightEnd, pool)) {
            int count = 0;
            while (!done && failure == null && wrong == null) {
                Event event = events.poll();
                if (event == null || count++ > MOST_EVENTS) {
                    complain("a stall: " + state(link));
                    return;
                }
                clock.now = event.at;
                event.action.run();
                step(link);
                if (clock.now - lastProgress > IDLE && end.isEmpty()) {
                    end = "timeout";
                    return;
                }
            }
        }
    }

    private void step(Link link) {
        if (kernel.epollWait(epoll, ready, whose, 0) == 0 && !turn) {
            return;
        }
        turn = false;
        long before = link.there().moved() + link.back().moved();
        try {
            Lane.Wait wait = link.run();
            if (wait == Lane.Wait.DONE) {
                done = true;
                end = "done";
            } else if (wait == Lane.Wait.TURN) {
                turn = true;
                after(1000, () -> {});
            }
        } catch (ErrnoException e) {
            failure = e;
            end = Errno.name(e.errno());
        }
        if (link.there().moved() + link.back().moved() > before) {
            lastProgress = clock.now;
        }
        long most = (long) SLOTS * MOST_IN_A_SLOT;
        if (link.there().pending() > most || link.back().pending() > most) {
            complain("unbounded: " + state(link));
        }
    }

    private String state(Link link) {
        return "left sent " + left.sent + " of " + left.toSend + ", right received " + right.received + ", right sent "
                + right.sent + " of " + right.toSend + ", left received " + left.received + ", pending "
                + link.there().pending() + " and " + link.back().pending() + ", at " + clock.now;
    }

    private void verdict(long started) {
        // What is on its way still arrives.
        for (int i = 0; i < MOST_EVENTS && wrong == null && !(settled(left) && settled(right)); i++) {
            Event event = events.poll();
            if (event == null) {
                break;
            }
            clock.now = Math.max(clock.now, event.at);
            event.action.run();
        }
        if (done) {
            whole(left, right);
            whole(right, left);
        } else if (failure != null && !left.gone && !right.gone) {
            complain("no reason to fail: " + failure);
        }
        hoarded.forEach(kernel::close);
        left.leave(false);
        right.leave(false);
        kernel.close(epoll);
        if (kernel.descriptors().size() != 0) {
            complain(kernel.descriptors().size() + " descriptors are left of " + started);
        }
        if (budget.pages() != 0) {
            complain(budget.pages() + " pages of pipes are left");
        }
    }

    private static boolean settled(Peer peer) {
        return peer.ended || peer.broken || peer.gone;
    }

    private void whole(Peer from, Peer to) {
        if (to.gone || to.broken) {
            return;
        }
        if (to.received != from.sent || !to.ended) {
            complain("done, and " + to.received + " of " + from.sent + " bytes of stream " + from.stream + " arrived"
                    + (to.ended ? "" : " without an end"));
        }
    }
}
