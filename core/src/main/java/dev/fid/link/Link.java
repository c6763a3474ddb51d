package dev.fid.link;

import static dev.fid.kernel.Uapi.*;

import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Side;
import dev.fid.run.Meter;
import dev.fid.wait.Deadline;
import dev.fid.wait.OpenFd;
import dev.fid.wait.Readiness;
import dev.fid.wait.Users;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Two streams joined by two lanes: what one side sends, the other receives, until both have ended.
///
/// The end of one direction becomes a half-close of the other side's output, after everything before it was
/// delivered; the opposite direction goes on. An error of either lane ends the link, once what the side that
/// failed had sent before is delivered and acknowledged. The link owns both descriptors and closes them. Knows
/// nothing of any event loop: {@link #run} moves what can be moved and returns. For one thread; {@link #close}
/// and {@link #reset} may come from any, and end {@link #join}.
public final class Link implements AutoCloseable {
    /// How often marks are looked after while {@link #join} waits: 1 ms.
    private static final long SWEEP_NANOS = 1_000_000;

    /// So long nothing may happen before what cannot be delivered is given up: three retransmissions, 3 s.
    public static final long PATIENCE = 3_000_000_000L;

    private final Fd left;
    private final Fd right;
    /// Of the link and its lanes. Both descriptors are in use until it is free, so that a turn need not count.
    private final Users users = new Users();
    private final Lane there;
    private final Lane back;
    private Lane.Wait toRight = Lane.Wait.TURN;
    private Lane.Wait toLeft = Lane.Wait.TURN;
    private @Nullable Ebb ebb;

    public Link(Fd left, Fd right, PipePool pool) throws ErrnoException {
        this.left = left;
        this.right = right;
        OpenFd.enter(left.use(), right.use());
        Lane first = null;
        try {
            first = new Lane(left, right, pool, users);
            this.there = first;
            this.back = new Lane(right, left, pool, users);
        } catch (ErrnoException | RuntimeException | Error e) {
            if (first != null) {
                first.free();
            }
            right.use().leave();
            left.use().leave();
            throw e;
        }
    }

    /// Moves both directions, one turn each. To be called when either side became ready; an edge does not say
    /// what for, so both lanes are asked.
    ///
    /// @return DONE when both directions have ended, TURN to be called again soon, TIME after {@link #pauseNanos},
    ///     else IN: something has to become ready
    /// @throws ErrnoException the first error, once what still could be delivered is; the link is of no use then
    /// but
    ///     to be closed
    public Lane.Wait run() throws ErrnoException {
        enter();
        try {
            return runAll();
        } finally {
            leave();
        }
    }

    private Lane.Wait runAll() throws ErrnoException {
        there.wake(true, true, true);
        back.wake(true, true, true);
        return step(false);
    }

    private void enter() {
        if (!users.enter()) {
            throw new IllegalStateException("the link of " + left + " and " + right + " is closed");
        }
    }

    private void leave() {
        if (users.leave()) {
            free();
        }
    }

    /// As {@link #run()} for a loop with edges: sides that said "not now" are asked again only after an event. An
    /// error of a socket ends the link even where no lane looks at that side just now.
    ///
    /// At DONE the caller closes the link: that tells the second peer of its end, so no other call does.
    ///
    /// @param leftEvents EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR as epoll_wait(2) gave them
    ///     since the last call, or since the sockets were added to the loop; or 0. Without EPOLLPRI in the
    ///     interest a lane may stand still at urgent data (MSG_OOB) until more comes
    /// @return as {@link #run()}
    public Lane.Wait run(int leftEvents, int rightEvents) throws ErrnoException {
        enter();
        try {
            return runWoken(leftEvents, rightEvents);
        } finally {
            leave();
        }
    }

    private Lane.Wait runWoken(int leftEvents, int rightEvents) throws ErrnoException {
        wake(there, leftEvents, rightEvents);
        wake(back, rightEvents, leftEvents);
        Lane.Wait wait = step(true);
        if (wait != Lane.Wait.DONE && ebb == null) {
            if ((leftEvents & EPOLLERR) != 0) {
                lookForError(left, Side.IN);
            }
            if ((rightEvents & EPOLLERR) != 0) {
                lookForError(right, Side.OUT);
            }
            return ebb == null ? wait : Lane.Wait.TURN;
        }
        return wait;
    }

    private static void wake(Lane lane, int inEvents, int outEvents) {
        lane.wake(
                (inEvents & EPOLLIN) != 0,
                (outEvents & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0,
                (inEvents & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0);
    }

    private void lookForError(Fd socket, Side side) {
        int errno = socket.kernel().getsockopt(socket.number(), SOL_SOCKET, SO_ERROR);
        if (errno > 0 && ebb == null) {
            lose(socket, false, new ErrnoException("epoll", socket.toString(), errno, side, moved(), ""));
        }
    }

    private Lane.Wait step(boolean isClosedAtEnd) throws ErrnoException {
        checkOpen();
        toRight = step(there, right, toRight, isClosedAtEnd && toLeft == Lane.Wait.DONE);
        toLeft = step(back, left, toLeft, isClosedAtEnd && toRight == Lane.Wait.DONE);
        Ebb failed = ebb;
        if (failed != null) {
            return failed.next(waits());
        }
        return waits();
    }

    private Lane.Wait waits() {
        if (toRight == Lane.Wait.DONE && toLeft == Lane.Wait.DONE) {
            return Lane.Wait.DONE;
        }
        if (toRight == Lane.Wait.TURN || toLeft == Lane.Wait.TURN) {
            return Lane.Wait.TURN;
        }
        return toRight == Lane.Wait.TIME || toLeft == Lane.Wait.TIME ? Lane.Wait.TIME : Lane.Wait.IN;
    }

    private void checkOpen() throws ErrnoException {
        Fd closed = left.isClosed() ? left : right.isClosed() ? right : null;
        if (closed != null || users.isClosed()) {
            throw Readiness.closed("link", closed != null ? closed : left, there.moved() + back.moved());
        }
    }

    /// Nanoseconds until the lanes that wait for their rates may go on.
    public long pauseNanos() {
        long pause = ebb == null ? Long.MAX_VALUE : ebb.pauseNanos();
        if (toRight == Lane.Wait.TIME) {
            pause = Math.min(pause, there.pauseNanos());
        }
        if (toLeft == Lane.Wait.TIME) {
            pause = Math.min(pause, back.pauseNanos());
        }
        return pause == Long.MAX_VALUE ? 0 : pause;
    }

    /// Whether one direction has ended and the other has not.
    public boolean isHalfClosed() {
        return (toRight == Lane.Wait.DONE) != (toLeft == Lane.Wait.DONE);
    }

    /// Moves nothing more. From now on {@link #run} says TIME until the peers have acknowledged what was written
    /// to them, at most {@link #PATIENCE} after the last of it, and then throws ECANCELED: time for a {@link
    /// #reset}.
    public void cut() {
        if (ebb == null) {
            String sides = left + ", " + right;
            ebb = new Ebb(null, new ErrnoException("link", sides, Errno.ECANCELED, Side.NONE, moved(), "it was cut"));
        }
        toRight = Lane.Wait.DONE;
        toLeft = Lane.Wait.DONE;
    }

    /// Why it will end, while it still delivers what had come before that; null where nothing has failed.
    public @Nullable ErrnoException failure() {
        return ebb == null ? null : ebb.failure;
    }

    /// Whether nothing has failed, and no byte is inside or waits to be taken: whoever closes such a link tells no
    /// peer that a stream is whole which is not.
    public boolean isQuiet() {
        enter();
        try {
            return isAtRest();
        } finally {
            leave();
        }
    }

    private boolean isAtRest() {
        return ebb == null
                && there.pending() + back.pending() == 0
                && left.kernel().fionread(left.number()) <= 0
                && right.kernel().fionread(right.number()) <= 0;
    }

    /// Bytes that were written to the sides and their peers have not acknowledged: {@link #reset} would throw them
    /// away. 0 for what is no TCP socket, and for a side that has failed.
    private long unacknowledged() {
        Fd dead = ebb == null ? null : ebb.dead;
        return (dead == left ? 0 : unacknowledged(left)) + (dead == right ? 0 : unacknowledged(right));
    }

    private static long unacknowledged(Fd side) {
        return side.kindOrOther() == FdKind.TCP
                ? Math.max(0, side.kernel().siocoutq(side.number()))
                : 0; // what a unix socket has sent lies with its peer
    }

    private Lane.Wait step(Lane lane, Fd out, Lane.Wait before, boolean isLast) throws ErrnoException {
        if (before == Lane.Wait.DONE) {
            return before;
        }
        Lane.Wait now;
        try {
            now = lane.resume();
        } catch (ErrnoException e) {
            Fd in = lane == there ? left : right;
            if (e.errno() == Errno.ECANCELED) {
                throw e; // closed by another thread
            }
            lose(e.side() == Side.OUT ? out : in, e.side() != Side.OUT, e);
            return Lane.Wait.DONE;
        }
        if (now == Lane.Wait.DONE && (ebb == null ? !isLast : ebb.isAfterEnd())) {
            try {
                out.shutdownOutput();
            } catch (ErrnoException e) {
                lose(out, false, e);
            }
        }
        return now;
    }

    /// A side has failed. Nothing can be written to it any more; but what it had sent before can still be read,
    /// and is delivered: an answer such as "413 too large" often comes from a server that then closes with bytes
    /// unread, which is a reset.
    ///
    /// @param isRead whether it has nothing to read either
    private void lose(Fd side, boolean isRead, ErrnoException failure) {
        if (ebb != null) {
            return; // it was said why
        }
        ebb = new Ebb(side, failure);
        Lane writes = side == left ? back : there;
        Lane reads = side == left ? there : back;
        boolean over = isRead || !isBroken(failure.errno());
        finish(writes);
        if (over) {
            finish(reads);
        } else {
            reads.wake(true, false, true);
            resumed(reads);
        }
    }

    /// Errors after which a connection's bytes can still be read, and no others come.
    private static boolean isBroken(int errno) {
        return errno == Errno.EPIPE || errno == Errno.ECONNRESET || errno == Errno.ENOTCONN;
    }

    private void finish(Lane lane) {
        if (lane == there) {
            toRight = Lane.Wait.DONE;
        } else {
            toLeft = Lane.Wait.DONE;
        }
    }

    private void resumed(Lane lane) {
        if (lane == there && toRight != Lane.Wait.DONE) {
            toRight = Lane.Wait.TURN;
        } else if (lane == back && toLeft != Lane.Wait.DONE) {
            toLeft = Lane.Wait.TURN;
        }
    }

    /// What goes on after a failure: what the dead side had sent before is delivered, and then the other peer
    /// acknowledges it, since the reset that follows would throw away what it has not. Bounded: without any
    /// progress it lasts {@link #PATIENCE}.
    private final class Ebb {
        /// The side that has failed; null where the link was cut.
        final @Nullable Fd dead;
        final ErrnoException failure;
        private boolean isOver;
        private long since;
        private long movedThen;
        private long unacknowledgedThen;

        Ebb(@Nullable Fd dead, ErrnoException failure) {
            this.dead = dead;
            this.failure = failure;
            this.since = left.kernel().nanoTime();
        }

        /// Whether the dead side's end had come before its reset: what is read to the end is whole then. Source:
        /// tcp_reset in net/ipv4/tcp_input.c, Linux 6.18: EPIPE in CLOSE_WAIT, else ECONNRESET.
        boolean isAfterEnd() {
            return failure.errno() == Errno.EPIPE;
        }

        /// @param lanes what they wait for
        Lane.Wait next(Lane.Wait lanes) throws ErrnoException {
            long now = left.kernel().nanoTime();
            long moved = moved();
            long unacknowledged = unacknowledged();
            if (moved != movedThen || unacknowledged != unacknowledgedThen) {
                since = now;
                movedThen = moved;
                unacknowledgedThen = unacknowledged;
            }
            isOver |= (lanes == Lane.Wait.DONE && unacknowledged == 0) || now - since >= PATIENCE;
            if (isOver) {
                throw failure;
            }
            return lanes == Lane.Wait.TURN ? lanes : Lane.Wait.TIME;
        }

        /// A quarter of what it has waited already, 1 to 20 ms: nobody tells of an acknowledgement.
        long pauseNanos() {
            return Math.clamp((left.kernel().nanoTime() - since) / 4, 1_000_000L, 20_000_000L);
        }
    }

    /// From the first stream to the second.
    public Lane there() {
        return there;
    }

    /// From the second stream to the first.
    public Lane back() {
        return back;
    }

    /// Runs until both directions have ended, waiting as suits the thread: for a program without an event loop.
    ///
    /// @throws ErrnoException as {@link #run}; ECANCELED when interrupted, or closed by another thread
    public void join() throws ErrnoException {
        join(null, null);
    }

    /// As {@link #join()}, but not for ever. What was taken from either side and not delivered stays in the link:
    /// another `join` goes on with it.
    ///
    /// @param timeout ends with ETIMEDOUT when not both directions have ended by then; null for as long as it takes
    /// @param idle ends with ETIMEDOUT when no byte moved in either direction for so long; null likewise
    /// @throws ErrnoException as {@link #join()}; ETIMEDOUT
    public void join(@Nullable Duration timeout, @Nullable Duration idle) throws ErrnoException {
        enter();
        LinkEvent event = new LinkEvent();
        event.begin();
        try (Readiness readiness = new Readiness(left.kernel(), left.use(), right.use())) {
            List<Fd> ends = List.of(left, right);
            String names = left + ", " + right;
            joinUntil(readiness, new Meter(left.kernel(), ends, "link", names, timeout, idle, 0, null, null, 0, -1));
            event.bytes = moved();
        } catch (ErrnoException | RuntimeException | Error e) {
            event.failed(e, moved());
            throw e;
        } finally {
            event.left = left.toString();
            event.right = right.toString();
            event.toRight = there.moved();
            event.toLeft = back.moved();
            event.commit();
            leave();
        }
    }

    private void joinUntil(Readiness readiness, Meter meter) throws ErrnoException {
        Readiness.Set set = new Readiness.Set();
        long before = moved();
        for (Lane.Wait state = runAll(); state != Lane.Wait.DONE; state = runAll()) {
            long now = moved();
            if (now > before) {
                meter.add(now - before);
                before = now;
            }
            if (state != Lane.Wait.TURN) {
                set.clear();
                await(set, toRight, left, right);
                await(set, toLeft, right, left);
                if (state != Lane.Wait.TIME) {
                    meter.waitsFor(toRight == Lane.Wait.OUT || toLeft == Lane.Wait.OUT ? Side.OUT : Side.IN);
                }
                readiness.await(set, Math.min(nextLook(), meter.wake()));
                there.sweep();
                back.sweep();
            }
            meter.tick(Method.SPLICE);
            meter.waitsFor(Side.NONE);
        }
    }

    private long moved() {
        return there.moved() + back.moved();
    }

    /// When a lane has to be looked after although neither side is ready: its rate allows more, or it has a mark.
    private long nextLook() {
        boolean paced = ebb != null || toRight == Lane.Wait.TIME || toLeft == Lane.Wait.TIME;
        boolean marked = there.isMarked() || back.isMarked();
        if (!paced && !marked) {
            return Deadline.NEVER;
        }
        long pause = paced ? pauseNanos() : Long.MAX_VALUE;
        return Deadline.after(left.kernel().nanoTime(), marked ? Math.min(pause, SWEEP_NANOS) : pause);
    }

    private static void await(Readiness.Set set, Lane.Wait wait, Fd in, Fd out) {
        if (wait == Lane.Wait.IN) {
            set.add(in.number(), POLLIN);
        } else if (wait == Lane.Wait.OUT) {
            set.add(out.number(), POLLOUT);
        }
    }

    /// Closes with a reset of both connections, so that neither peer takes what it got for the whole. What is not
    /// acknowledged is thrown away, unless it was {@link #cut} before. A unix socket knows no reset: its peer
    /// sees an end.
    public void reset() {
        if (users.enter()) {
            left.kernel().setLinger(left.number(), true, 0);
            right.kernel().setLinger(right.number(), true, 0);
            leave();
        }
        close();
    }

    /// Ends it, from any thread. What it does just now ends with ECANCELED, and the descriptors are closed after
    /// that.
    @Override
    public void close() {
        if (users.close()) {
            free();
        }
        left.close();
        right.close();
    }

    private void free() {
        there.free();
        back.free();
        left.close();
        right.close();
        right.use().leave();
        left.use().leave();
    }
}
