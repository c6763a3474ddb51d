package dev.fid.net.listen;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Uapi;
import dev.fid.net.loop.LoopHome;
import dev.fid.net.loop.LoopSocket;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One listening socket on one loop. Edge-triggered: it accepts until the kernel says "none", so a pause is simply
/// not to accept, and the backlog waits.
public final class Listener implements LoopSocket.Reader {
    /// Connections in a turn, so that a storm of them does not starve those that are there.
    private static final int TURN = 64;
    /// Before the next try where descriptors or memory ran out.
    private static final long PATIENCE_MILLIS = 50;
    /// For a handshake that is under way when newcomers are refused: a round trip across an ocean.
    private static final long GRACE_MILLIS = 200;
    /// No interface has that number.
    private static final int NOWHERE = Integer.MAX_VALUE;

    /// Without descriptors no class can be loaded from a folder any more: what that case needs is loaded before.
    private static final List<Object> PREPARED = List.of(
            Errno.name(Errno.EMFILE),
            new ErrnoException("accept4", "", Errno.EMFILE),
            new Declined(Method.SPLICE_THROUGH_PIPE, "pipe2", Errno.EMFILE, ""));

    private final AcceptGate gate;
    private final Fd socket;
    private final LoopHome home;
    /// Who gets the connections, in turn: one where every loop has a listener of its own.
    private final List<? extends Acceptor> acceptors;
    private final LoopSocket peer;
    private int turn;
    private boolean queued;
    private boolean leaving;
    private boolean exhausted;
    /// Read by other threads.
    private volatile boolean closed;
    /// Waits for room below the relay's bound. Read by other threads.
    private volatile boolean paused;

    public Listener(AcceptGate gate, Fd socket, LoopHome home, List<? extends Acceptor> acceptors) {
        this.gate = gate;
        this.socket = socket;
        this.home = home;
        this.acceptors = acceptors;
        this.peer = new LoopSocket(socket, this, false);
        assert !PREPARED.isEmpty();
    }

    public Fd socket() {
        return socket;
    }

    public LoopHome home() {
        return home;
    }

    /// On the loop's thread, as all below.
    public void start() {
        peer.join(home.loop);
    }

    @Override
    public void ready(LoopSocket from, int events) {
        accept();
    }

    /// Clients wait still, and no edge will tell of them: look again later.
    @Override
    public void broken(Throwable bug) {
        home.report(bug);
        home.later(PATIENCE_MILLIS, () -> {
            try {
                accept();
            } catch (RuntimeException e) {
                broken(e);
            }
        });
    }

    private void accept() {
        if (leaving) {
            acceptAll();
            return;
        }
        for (int i = 0; i < TURN; i++) {
            if (closed || exhausted || !acceptOne()) {
                return;
            }
        }
        if (!queued) {
            queued = true;
            home.loop.execute(() -> {
                queued = false;
                accept();
            });
        }
    }

    private boolean acceptOne() {
        if (!gate.enter()) {
            if (!paused) {
                paused = true;
                home.tally.pauses++;
            }
            if (!gate.enter()) { // somebody may have left before it was seen that we wait
                return false;
            }
        }
        paused = false;
        Fd client = next();
        if (client == null) {
            gate.leave();
            return false;
        }
        hand(client);
        return true;
    }

    private void hand(Fd client) {
        Acceptor next = acceptors.get(turn++ % acceptors.size());
        if (next.home() == home) {
            next.adopt(client, null);
        } else {
            Fd reserved = home.reserve.take();
            next.home().loop.execute(() -> next.adopt(client, reserved));
        }
    }

    /// A client is taken only where there is a descriptor for its upstream, too: else it waits in the backlog.
    private @Nullable Fd next() {
        int missing = home.reserve.fill();
        if (missing != 0) {
            rest(missing);
            return null;
        }
        try {
            return socket.acceptNow();
        } catch (ErrnoException e) {
            rest(e.errno());
            return null;
        }
    }

    /// No descriptors (EMFILE, ENFILE) or memory: the edge is gone, so look again later, and do not spin.
    private void rest(int errno) {
        home.tally.acceptErrors.merge(Errno.name(errno), 1L, Long::sum);
        exhausted = true;
        home.later(PATIENCE_MILLIS, () -> {
            exhausted = false;
            accept();
        });
    }

    /// There is room again; from any thread.
    public void resume() {
        if (paused) {
            home.loop.execute(this::accept);
        }
    }

    /// Refuses newcomers; those whose handshake is under way, or done, are still taken. Whoever was told that he is
    /// connected must not be reset, as close(2) does with a backlog that fills once more after the last accept4(2).
    ///
    /// A listener bound to an interface that does not exist is found by no SYN any more, and keeps its
    /// backlog. Source: Linux 6.18, net/core/sock.c, sock_bindtoindex_locked; net/ipv4/inet_hashtables.c,
    /// compute_score. SO_BINDTOIFINDEX is there since 5.0, refused (EPERM) where an operator has bound the
    /// socket to an interface: then only what waits is taken. The file of a unix socket is gone already.
    ///
    /// @param isOurs whether the listener ends with our descriptor; another's goes on for whoever comes after us
    public void leave(boolean isOurs) {
        if (leaving) {
            return;
        }
        leaving = true;
        if (isOurs) {
            socket.kernel().setsockopt(socket.number(), Uapi.SOL_SOCKET, Uapi.SO_BINDTOIFINDEX, NOWHERE);
            acceptAll();
            home.later(GRACE_MILLIS, this::closeWhenEmpty);
        } else {
            close();
        }
    }

    private void closeWhenEmpty() {
        acceptAll();
        if (exhausted) {
            home.later(PATIENCE_MILLIS, this::closeWhenEmpty); // those who end give descriptors to those who wait
        } else {
            close();
        }
    }

    private void acceptAll() {
        for (Fd client = closed ? null : next(); client != null; client = next()) {
            gate.enterAnyway();
            hand(client);
        }
    }

    /// Listens no more, whoever waits.
    public void close() {
        if (!closed) {
            leaving = true;
            acceptAll();
            closed = true;
            peer.leave();
            gate.giveBack(socket);
            socket.close(); // an event for it at most makes the next socket of its number look once in vain
        }
    }

    /// From any thread.
    public boolean isClosed() {
        return closed;
    }
}
