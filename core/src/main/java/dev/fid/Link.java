package dev.fid;

import static dev.fid.kernel.Uapi.POLLIN;
import static dev.fid.kernel.Uapi.POLLOUT;

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
        toRight = step(there, right, toRight);
        toLeft = step(back, left, toLeft);
        if (toRight == Lane.Wait.DONE && toLeft == Lane.Wait.DONE) {
            return Lane.Wait.DONE;
        }
        return toRight == Lane.Wait.TURN || toLeft == Lane.Wait.TURN ? Lane.Wait.TURN : Lane.Wait.IN;
    }

    private static Lane.Wait step(Lane lane, Fd out, Lane.Wait before) throws ErrnoException {
        if (before == Lane.Wait.DONE) {
            return before;
        }
        Lane.Wait now = lane.move();
        if (now == Lane.Wait.DONE) {
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

    @Override
    public void close() {
        there.close();
        back.close();
        left.close();
        right.close();
    }
}
