package dev.fid.tests.simulation;

import static dev.fid.tests.simulation.Timeline.SECOND;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.PipeBudget;
import dev.fid.Rate;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Uapi;
import dev.fid.link.Lane;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One link between two peers, on a kernel of its own, driven by events in virtual time.
///
/// The seed chooses what the peers send, in which pieces and when, when they stall, half-close, reset or go away, how
/// the kernel cuts and holds back, when descriptors and pipe pages run out, how fast the lanes may go, and when the
/// link is told to time out or to drain. The link itself runs only when an edge-triggered epoll says so, as in an
/// event loop, and half of the links are told what the edge said ({@link Link#run(int, int)}). Whenever it rests, both
/// lanes are asked by what the kernel knows whether they could go on: a wake-up that was forgotten is a stall, even
/// where a later one would hide it.
///
/// What must be true: each byte arrives once and in order, or the end is reported as an error; nobody waits for ever;
/// what waits inside is bounded; no descriptor, page or part of the budget is left.
public final class LinkSimulation extends Simulation {
    private static final long SWEEP = Timeline.MILLISECOND;
    private static final int MOST_EVENTS = 200_000;
    /// Runs at one moment, before they are a loop that spins.
    private static final int MOST_RUNS = 1000;

    private static final int SLOTS = 16;
    private static final int MOST_IN_A_SLOT = 64 << 10; // 64 KiB, twice what a fragment of a socket has
    /// More than a lane wants to see before it gives its input a mark.
    private static final int LONG = 6 << 20; // 6 MiB

    private final Peer left;
    private final Peer right;
    private final Fd leftEnd;
    private final Fd rightEnd;
    private final PipeBudget budget;
    private final long idle;
    private final boolean isLong;
    private final boolean believesEdges;
    private final int epoll;
    private final int[] ready = new int[2];
    private final long[] whose = new long[2];
    private final int[] asked = new int[1];
    private final short[] wanted = new short[1];
    private final short[] answered = new short[1];

    private long lastProgress;
    private boolean hasRun;
    private boolean isQueued;
    private boolean isSwept;
    private boolean isOver;
    /// The stream that has arrived whole while the other goes on; 0 for none.
    private int whole;

    private long leftSent;
    private long rightSent;
    private @Nullable String wrong;

    /// How it ended: `done`, an errno, `timeout`, `drained`.
    private String end = "";

    /// A link of this seed.
    public LinkSimulation(long seed) {
        super(seed, 64);
        int[] one = pair();
        int[] two = pair();
        isLong = chance(400, "long streams");
        left = peer(one[1], 1);
        right = peer(two[1], 2);
        leftEnd = Fd.own(kernel, one[0], "left");
        rightEnd = Fd.own(kernel, two[0], "right");
        budget = new PipeBudget(kernel, 1 << 20, chance(4, "few pipe pages") ? random.nextInt(64) : 0);
        idle = chance(6, "short time-out") ? 1 + random.nextLong(20 * SECOND) : 60 * SECOND;
        believesEdges = random.nextBoolean();
        epoll = kernel.epollCreate(Uapi.EPOLL_CLOEXEC);
    }

    // ---- the world ----

    private Peer peer(int fd, int stream) {
        long toSend =
                chance(6, "nothing to send") ? 0 : isLong ? LONG : random.nextLong(1L << (4 + random.nextInt(14)));
        return new Peer(kernel, timeline, random, fd, stream, 3 - stream, toSend, isLong, this::complain);
    }

    private int[] pair() {
        int[] fds = new int[2];
        int type = Uapi.SOCK_STREAM | Uapi.SOCK_NONBLOCK | Uapi.SOCK_CLOEXEC;
        if (random.nextBoolean()) {
            check(kernel.socketpair(Uapi.AF_UNIX, type, 0, fds));
        } else {
            fds = connection();
        }
        if (chance(2, "small send buffers")) {
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

    private void complain(String what) {
        if (wrong == null) {
            wrong = what + "; " + left + "; " + right + "; at " + timeline.nanos();
        }
    }

    // ---- the run ----

    /// Runs it once: what went wrong, or null.
    @Override
    public @Nullable String run() {
        for (Peer peer : new Peer[] {left, right}) {
            peer.start(chance(6, "a stall") ? random.nextLong(120 * SECOND) : 0);
            if (chance(8, "a peer that leaves")) {
                boolean reset = chance(2, "a reset");
                timeline.after(random.nextLong(10 * SECOND), () -> peer.leave(reset));
            }
        }
        if (chance(8, "an early answer")) {
            Peer answers = random.nextBoolean() ? left : right;
            boolean reset = random.nextBoolean();
            timeline.after(Peer.delay(random), () -> {
                (answers == left ? right : left).sendOnce(); // the link learns of all of it at once
                answers.sendOnce();
                answers.leave(reset);
            });
        }
        if (chance(4, "no descriptors")) {
            timeline.after(Peer.delay(random), this::hoard);
        }
        PipePool.Splicing splicing =
                List.of(PipePool.Splicing.values()).get(random.nextInt(PipePool.Splicing.values().length));
        try (PipePool pool = new PipePool(kernel, budget, (long) SLOTS << 12, splicing).mark(16 << 10)) {
            drive(pool);
        } catch (ErrnoException e) {
            complain("setup: " + e);
        }
        verdict();
        return wrong;
    }

    @Override
    List<String> ends() {
        return List.of(end);
    }

    private void drive(PipePool pool) throws ErrnoException {
        int interest = Uapi.EPOLLIN | Uapi.EPOLLPRI | Uapi.EPOLLOUT | Uapi.EPOLLRDHUP | Uapi.EPOLLET;
        check(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, leftEnd.number(), interest, 1));
        check(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, rightEnd.number(), interest, 2));
        try (Link link = new Link(leftEnd, rightEnd, pool)) {
            if (!isLong && chance(8, "a rate")) { // a lane with a rate gives no mark
                Rate shared = new Rate(20_000 + random.nextInt(1_000_000), 0);
                link.there().limit(random.nextBoolean() ? new Rate(20_000 + random.nextInt(100_000), 0) : null, shared);
                link.back().limit(null, shared);
            }
            if (chance(10, "a drain")) {
                timeline.after(random.nextLong(10 * SECOND), () -> over("drained"));
            }
            for (int count = 0; !isOver && wrong == null; count++) {
                Runnable event = timeline.next();
                if (event == null || count > MOST_EVENTS) {
                    complain(event == null ? "nothing happens any more" : "no end after " + count + " events");
                    return;
                }
                event.run();
                for (int runs = 0; !isOver && step(link, false); runs++) {
                    if (runs == MOST_RUNS) {
                        complain("it spins");
                        return;
                    }
                }
                if (timeline.nanos() - lastProgress > idle && !isOver) {
                    rest(link);
                    over("timeout");
                }
            }
            leftSent = left.sent;
            rightSent = right.sent;
            // as an event loop does: only a clean end closes, everything else resets
            if (!end.equals("done")) {
                part(link);
                link.reset();
            }
        }
    }

    /// A reset would throw away what the peers have not acknowledged.
    private void part(Link link) {
        link.cut();
        for (int i = 0; i < MOST_EVENTS && wrong == null; i++) {
            try {
                link.run(0, 0);
            } catch (ErrnoException e) {
                return;
            }
            timeline.after(link.pauseNanos(), () -> {});
            java.util.Objects.requireNonNull(timeline.next()).run();
        }
        complain("a link that was cut has no end");
    }

    private void over(String how) {
        if (!isOver) {
            isOver = true;
            end = how;
            for (Peer peer : new Peer[] {left, right}) {
                peer.isSlow = !peer.gone && kernel.received(peer.fd).bytes() > 0;
            }
        }
    }

    /// Lets the link run where an edge, or something that was `due`, says so; false where it rests.
    private boolean step(Link link, boolean due) {
        if (isOver) {
            return false;
        }
        int count = kernel.epollWait(epoll, ready, whose, 0);
        if (count == 0 && !due) {
            if (hasRun) {
                hasRun = false;
                rest(link);
            }
            return false;
        }
        hasRun = true;
        int leftEvents = 0;
        int rightEvents = 0;
        for (int i = 0; i < count; i++) {
            leftEvents |= whose[i] == 1 ? ready[i] : 0;
            rightEvents |= whose[i] == 2 ? ready[i] : 0;
        }
        long before = link.there().moved() + link.back().moved();
        try {
            Lane.Wait wait = believesEdges ? link.run(leftEvents, rightEvents) : link.run();
            switch (wait) {
                case DONE -> over("done");
                case TURN -> later(1000, link);
                case TIME -> later(link.pauseNanos(), link);
                case IN, OUT -> {}
            }
        } catch (ErrnoException e) {
            over(Errno.name(e.errno()));
            if (!left.gone && !right.gone) {
                complain("no reason to fail: " + e);
            }
        }
        if (link.there().moved() + link.back().moved() > before) {
            lastProgress = timeline.nanos();
        }
        long most = (long) SLOTS * MOST_IN_A_SLOT;
        if (link.there().pending() > most || link.back().pending() > most) {
            complain("unbounded, pending " + pending(link));
        }
        if (link.isHalfClosed()) {
            met.add("a half-close");
        }
        for (Lane lane : new Lane[] {link.there(), link.back()}) {
            note(lane.declined());
            if (lane.spliceTrials() + lane.copyTrials() > 0) {
                met.add("a trial");
            }
        }
        if (!isSwept && (link.there().isMarked() || link.back().isMarked())) {
            isSwept = true;
            met.add("a mark");
            timeline.after(SWEEP, () -> sweep(link));
        }
        return true;
    }

    /// That there was no pipe.
    private void note(@Nullable Declined declined) {
        if (declined != null) {
            met.add(declined.call() + " " + Errno.name(declined.errno()));
        }
    }

    private static String pending(Link link) {
        return link.there().pending() + " and " + link.back().pending();
    }

    /// It asked to be called again, for its turn or its rate.
    private void later(long nanos, Link link) {
        if (!isQueued) {
            isQueued = true;
            timeline.after(nanos, () -> {
                isQueued = false;
                step(link, true);
            });
        }
    }

    private void sweep(Link link) {
        if (!isOver) {
            boolean there = link.there().sweep();
            isSwept = link.back().sweep() || there;
            if (isSwept) {
                timeline.after(SWEEP, () -> sweep(link));
            }
        }
    }

    // ---- what must be true ----

    /// There is no edge and nothing is due: whoever waits now must have a reason.
    private void rest(Link link) {
        if (isQueued) {
            return;
        }
        if (whole == 0 && link.isHalfClosed()) {
            boolean toRight =
                    right.gone ? left.gone || !polls(left.fd, Uapi.POLLRDHUP) : polls(right.fd, Uapi.POLLRDHUP);
            whole = toRight ? 1 : 2;
        }
        if ((whole != 1 && couldGo(link.there(), leftEnd, rightEnd, right))
                || (whole != 2 && couldGo(link.back(), rightEnd, leftEnd, left))) {
            complain("a stall, pending " + pending(link));
        }
    }

    /// Whether the kernel would let this lane move something, or tell it something.
    private boolean couldGo(Lane lane, Fd in, Fd out, Peer to) {
        if (lane.pending() == 0) {
            return polls(in.number(), Uapi.POLLIN);
        }
        // TCP may take less than it said, but not nothing while nothing is on its way
        return to.gone
                || (to.isTcp
                        ? polls(out.number(), 0) || kernel.received(to.fd).bytes() == 0
                        : polls(out.number(), Uapi.POLLOUT));
    }

    private boolean polls(int fd, int events) {
        asked[0] = fd;
        wanted[0] = (short) events;
        return kernel.poll(asked, wanted, answered, 1, 0) != 0;
    }

    private void verdict() {
        if (choices.filledSlots) {
            met.add("full slots");
        }
        // What is on its way still arrives.
        for (int i = 0; i < MOST_EVENTS && wrong == null && !(left.isSettled() && right.isSettled()); i++) {
            Runnable event = timeline.next();
            if (event == null) {
                break;
            }
            event.run();
        }
        arrived(left, leftSent, right);
        arrived(right, rightSent, left);
        release();
        left.close();
        right.close();
        kernel.close(epoll);
        if (wrong == null && budget.pages() != 0) {
            complain(budget.pages() + " pages of pipes are left");
        }
        try {
            kernel.assertNoLeaks();
        } catch (IllegalStateException e) {
            complain(e.toString());
        }
    }

    /// Whoever has read an end has read everything before it. After `done` there must be an end; a unix socket knows
    /// no reset, and its end says nothing otherwise.
    private void arrived(Peer from, long sent, Peer to) {
        boolean isDone = end.equals("done");
        if ((isDone || (to.ended && to.isTcp)) && !from.mayHaveEnded()) {
            complain(end + ", and stream " + from.stream + " had no end");
        }
        boolean isTold = !isDone && !end.equals("drained") && !end.equals("timeout");
        if (isTold && from.hasGoneWhole() && !to.gone && to.isTcp && !to.isSlow && to.received != from.sent) {
            complain(end + ", and " + to.received + " of " + from.sent + " bytes arrived that stream " + from.stream
                    + " had sent before");
        }
        if (to.gone || to.broken || (!isDone && !to.isTcp)) {
            return;
        }
        if (to.ended ? to.received != sent : isDone) {
            complain(end + ", and " + to.received + " of " + sent + " bytes of stream " + from.stream + " arrived"
                    + (to.ended ? "" : " without an end"));
        }
    }
}
