package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Kernel;

/// Two streams joined by two lanes: what one side sends, the other receives, until both have ended.
///
/// The end of one direction becomes a half-close of the other side's output, after everything before it was
/// delivered; the opposite direction goes on. An error of either lane ends the link. The link owns both
/// descriptors and closes them. Knows nothing of any event loop: {@link #run} moves what can be moved and
/// returns. For one thread.
public final class Link implements AutoCloseable {
    private final Fd left;
    private final Fd right;
    private final Lane there;
    private final Lane back;
    private Lane.Wait toRight = Lane.Wait.TURN;
    private Lane.Wait toLeft = Lane.Wait.TURN;

    public Link(Fd left, Fd right, PipePool pool) throws ErrnoException {
        this.left = left;
        this.right = right;
        this.there = new Lane(left, right, pool);
        this.back = new Lane(right, left, pool);
    }

    /// Moves both directions, one turn each. To be called when either side became ready; an edge does not say
    /// what for, so both lanes are asked.
    ///
    /// @return DONE when both directions have ended, TURN to be called again soon, else IN: something has to
    ///     become ready
    /// @throws ErrnoException the first error; the link is of no use then but to be closed
    public Lane.Wait run() throws ErrnoException {
        there.wake(true, true, true);
        back.wake(true, true, true);
        return step(false);
    }

    /// As {@link #run()} for a loop with edges: sides that said "not now" are asked again only after an event. An
    /// error of a socket ends the link even where no lane looks at that side just now.
    ///
    /// At DONE the caller closes the link: that tells the second peer of its end, so no other call does.
    ///
    /// @param leftEvents EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR as epoll_wait(2) gave them
    ///     since the last call, or since the sockets were added to the loop; or 0. Without EPOLLPRI in the
    ///     interest a lane may stand still at urgent data (MSG_OOB) until more comes
    /// @return as {@link #run()}; also TIME where a lane waits for its rate, see {@link #pauseNanos}
    public Lane.Wait run(int leftEvents, int rightEvents) throws ErrnoException {
        wake(there, leftEvents, rightEvents);
        wake(back, rightEvents, leftEvents);
        Lane.Wait wait = step(true);
        if (((leftEvents | rightEvents) & EPOLLERR) != 0 && wait != Lane.Wait.DONE) {
            failed(left, Side.IN);
            failed(right, Side.OUT);
        }
        return wait;
    }

    private static void wake(Lane lane, int inEvents, int outEvents) {
        lane.wake(
                (inEvents & EPOLLIN) != 0,
                (outEvents & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0,
                (inEvents & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0);
    }

    private void failed(Fd socket, Side side) throws ErrnoException {
        int errno = socket.kernel().getsockopt(socket.number(), SOL_SOCKET, SO_ERROR);
        if (errno > 0) {
            throw new ErrnoException("epoll", socket.toString(), errno, side, there.moved() + back.moved(), "");
        }
    }

    private Lane.Wait step(boolean isClosedAtEnd) throws ErrnoException {
        toRight = step(there, right, toRight, isClosedAtEnd && toLeft == Lane.Wait.DONE);
        toLeft = step(back, left, toLeft, isClosedAtEnd && toRight == Lane.Wait.DONE);
        if (toRight == Lane.Wait.DONE && toLeft == Lane.Wait.DONE) {
            return Lane.Wait.DONE;
        }
        if (toRight == Lane.Wait.TURN || toLeft == Lane.Wait.TURN) {
            return Lane.Wait.TURN;
        }
        return toRight == Lane.Wait.TIME || toLeft == Lane.Wait.TIME ? Lane.Wait.TIME : Lane.Wait.IN;
    }

    /// Nanoseconds until the lanes that wait for their rates may go on.
    public long pauseNanos() {
        long pause = Long.MAX_VALUE;
        if (toRight == Lane.Wait.TIME) {
            pause = there.pauseNanos();
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

    private static Lane.Wait step(Lane lane, Fd out, Lane.Wait before, boolean isLast) throws ErrnoException {
        if (before == Lane.Wait.DONE) {
            return before;
        }
        Lane.Wait now = lane.resume();
        if (now == Lane.Wait.DONE && !isLast) {
            out.shutdownOutput();
        }
        return now;
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
    /// @throws ErrnoException as {@link #run}; ECANCELED when interrupted
    public void join() throws ErrnoException {
        Kernel kernel = left.kernel();
        Readiness.Set set = new Readiness.Set();
        try (Readiness readiness = new Readiness(kernel)) {
            for (Lane.Wait state = run(); state != Lane.Wait.DONE; state = run()) {
                if (Thread.currentThread().isInterrupted()) {
                    throw Readiness.givenUp("link", left + ", " + right, there.moved() + back.moved());
                }
                if (state != Lane.Wait.TURN) {
                    set.clear();
                    await(set, toRight, left, right);
                    await(set, toLeft, right, left);
                    readiness.await(set, Readiness.NEVER);
                }
            }
        }
    }

    private static void await(Readiness.Set set, Lane.Wait wait, Fd in, Fd out) {
        if (wait == Lane.Wait.IN) {
            set.add(in, POLLIN);
        } else if (wait == Lane.Wait.OUT) {
            set.add(out, POLLOUT);
        }
    }

    /// Closes with a reset of both connections, so that neither peer takes what it got for the whole. A unix
    /// socket knows no reset: its peer sees an end.
    public void reset() {
        left.kernel().setLinger(left.number(), true, 0);
        right.kernel().setLinger(right.number(), true, 0);
        close();
    }

    @Override
    public void close() {
        there.close();
        back.close();
        left.close();
        right.close();
    }
}
