package dev.fid.net.relay;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.Rate;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.link.Lane;
import dev.fid.link.Link;
import dev.fid.net.AddressText;
import dev.fid.net.Cidr;
import dev.fid.net.ConnectionStatus;
import dev.fid.net.Ending;
import dev.fid.net.ProxyIn;
import dev.fid.net.ProxyOut;
import dev.fid.net.loop.LoopCounters;
import dev.fid.net.loop.LoopSocket;
import dev.fid.net.proxy.ProxyHeader;
import dev.fid.net.proxy.ProxyPreface;
import dev.fid.net.proxy.Tlvs;
import dev.fid.net.terms.RelayTerms;
import dev.fid.net.upstream.Dial;
import dev.fid.net.upstream.PreconnectPool;
import dev.fid.wait.Deadline;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One client and its upstream: read its {@link ProxyPreface}, {@link Dial} the upstream, then join both by a {@link
/// Link} and let it run at every event. It ends in one place, {@link #end}. Runs on its branch's loop.
final class Connection implements LoopSocket.Reader, Dial.Outcome, Runnable {

    private enum Phase {
        GREETING,
        DIALING,
        JOINED,
        ENDED
    }

    final long id;

    @Nullable
    Connection next;

    @Nullable
    Connection previous;

    boolean isSwept;
    boolean isPaced;

    private final RelayLoop branch;
    private final RelayTerms terms;
    private final Fd client;
    private final LoopSocket left;
    private final RelayPipes pipes;
    private final long accepted;
    private Phase phase = Phase.GREETING;
    private @Nullable ProxyPreface greeting;
    private @Nullable ProxyHeader header;
    private @Nullable Dial dial;
    private @Nullable LoopSocket right;
    private @Nullable Link link;
    private @Nullable IdleTimeouts silence;
    /// For the log: a peer that is gone has no address any more.
    private @Nullable SocketAddress from;

    private @Nullable SocketAddress target;
    private int leftEvents;
    private int rightEvents;
    private @Nullable Fd reserved;
    private boolean queued;
    /// What an upstream said, or what was wrong with a header.
    private String why = "";

    // Why each direction copies bulk, as counted last; 0 while it does not.
    private int declinedThere;
    private int declinedBack;
    private boolean answered;

    /// @param reserved a descriptor that is open for the upstream's sake; null where the branch's own will do
    Connection(RelayLoop branch, Fd client, @Nullable Fd reserved) {
        this.branch = branch;
        this.reserved = reserved;
        this.terms = branch.relay.terms();
        this.client = client;
        this.left = new LoopSocket(client, this, false);
        this.accepted = branch.now;
        this.id = branch.relay.nextId();
        this.pipes = branch.pipes();
        pipes.enter();
    }

    private Kernel kernel() {
        return client.kernel();
    }

    void start() {
        try {
            if (branch.relay.logs()) {
                from = client.remoteAddress();
            }
            if (isDenied()) {
                end(Ending.DENIED);
                return;
            }
        } catch (ErrnoException e) {
            end(Ending.RESET); // it has gone already
            return;
        }
        left.join(branch.home.loop);
        if (reserved == null
                && (terms.proxyIn() != ProxyIn.NONE
                        || !branch.relay.upstream(terms).isKnown())) {
            reserved = branch.home.reserve.take(); // others will be accepted before we dial
        }
        if (terms.proxyIn() == ProxyIn.NONE) {
            dial();
        } else {
            greeting = new ProxyPreface(client, terms.proxyIn() == ProxyIn.REQUIRE);
        }
    }

    private boolean isDenied() throws ErrnoException {
        List<Cidr> allowed = terms.allow();
        if (allowed == null && terms.deny().isEmpty()) {
            return false;
        }
        SocketAddress from = client.remoteAddress();
        if (!(from instanceof java.net.InetSocketAddress)) {
            return false; // who may use a unix socket is said by its mode
        }
        return terms.deny().stream().anyMatch(block -> block.contains(from))
                || (allowed != null && allowed.stream().noneMatch(block -> block.contains(from)));
    }

    // ---- events ----

    @Override
    public void ready(LoopSocket peer, int events) {
        if (peer.isUpstream()) {
            rightEvents |= events;
        } else {
            leftEvents |= events;
        }
        switch (phase) {
            case GREETING -> greet();
            case DIALING -> {
                if ((leftEvents & Uapi.EPOLLERR) != 0) {
                    end(Ending.RESET); // a client that reset its connection needs no upstream any more
                }
            }
            case JOINED -> {
                if (!isPaced || branch.relay.total() == null) { // else it would go before its turn
                    go();
                }
            }
            case ENDED -> {}
        }
    }

    private void greet() {
        ProxyPreface said = greeting;
        if (said == null || (leftEvents & (Uapi.EPOLLIN | Uapi.EPOLLRDHUP | Uapi.EPOLLERR | Uapi.EPOLLHUP)) == 0) {
            return;
        }
        switch (said.read(branch.home.scratch, (leftEvents & Uapi.EPOLLRDHUP) != 0)) {
            case WAIT -> {}
            case PASS -> {
                header = said.header();
                dial();
            }
            case REFUSE -> refuse(said);
            case GONE -> end(Ending.RESET);
        }
    }

    private void refuse(ProxyPreface said) {
        why = said.why();
        branch.home.tally.headerErrors.merge(said.fault().toString(), 1L, Long::sum);
        end(Ending.NO_HEADER);
    }

    private void dial() {
        phase = Phase.DIALING;
        greeting = null;
        PreconnectPool.Spare spare = terms.preconnect() > 0 ? branch.spares.take(terms) : null;
        if (spare != null) {
            branch.home.tally.preconnected++;
            connected(spare.socket, spare.peer, spare.address, spare.events);
            return;
        }
        Dial fresh = new Dial(branch.home, branch.relay.upstream(terms), terms, terms.connectRetries(), this);
        dial = fresh;
        fresh.start();
    }

    @Override
    public boolean release() {
        if (reserved == null) {
            return branch.home.reserve.release();
        }
        dropReserved();
        return true;
    }

    private void dropReserved() {
        if (reserved != null) {
            reserved.close();
            reserved = null;
        }
    }

    @Override
    public void unreachable(String reason) {
        why = reason;
        end(Ending.UNREACHABLE);
    }

    @Override
    public void connected(Fd socket, LoopSocket peer, SocketAddress address, int events) {
        dial = null;
        dropReserved();
        rightEvents = events;
        target = address;
        right = peer;
        peer.reader(this);
        try {
            join(socket);
        } catch (ErrnoException | RuntimeException e) {
            kernel().setLinger(socket.number(), true, 0);
            branch.home.closeSoon(socket::close);
            if (e instanceof ErrnoException) {
                end(Ending.RESET);
            } else {
                broken(e);
            }
            return;
        }
        run();
    }

    private void join(Fd socket) throws ErrnoException {
        if (terms.proxyOut() != ProxyOut.NONE) {
            introduce(socket);
        }
        Link joined = new Link(client, socket, pipes.pool);
        if (terms.limit() > 0 || branch.relay.total() != null) {
            long now = kernel().nanoTime();
            Rate total = branch.relay.total();
            joined.there().limit(terms.limit() > 0 ? new Rate(terms.limit(), now) : null, total);
            joined.back().limit(terms.limit() > 0 ? new Rate(terms.limit(), now) : null, total);
        }
        link = joined;
        silence = new IdleTimeouts(terms, joined, branch.now);
        phase = Phase.JOINED;
        branch.home.tally.joined++;
    }

    /// A fresh socket has room for a header: anything else than all of it is a failure.
    private void introduce(Fd socket) throws ErrnoException {
        SocketAddress source = header == null ? null : header.source();
        SocketAddress destination = header == null ? null : header.destination();
        Tlvs tlvs = header == null ? Tlvs.NONE : header.tlvs();
        byte[] bytes = source != null && destination != null
                ? ProxyHeader.write(terms.proxyOut(), source, destination, tlvs)
                : ProxyHeader.write(terms.proxyOut(), client.remoteAddress(), client.localAddress(), tlvs);
        branch.home.scratch.put(0, bytes, 0, bytes.length);
        long sent = kernel().send(
                        socket.number(), branch.home.scratch, 0, bytes.length, Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL);
        if (sent != bytes.length) {
            throw new ErrnoException("send", socket.toString(), sent < 0 ? (int) -sent : Errno.EIO);
        }
    }

    // ---- joined ----

    /// Its turn, in the loop's queue.
    @Override
    public void run() {
        queued = false;
        branch.safely(this, Connection::go);
    }

    /// Moves what can be moved now.
    void go() {
        Link joined = link;
        if (phase != Phase.JOINED || joined == null) {
            return;
        }
        int leftNow = leftEvents;
        int rightNow = rightEvents;
        leftEvents = 0;
        rightEvents = 0;
        Lane.Wait wait;
        try {
            wait = joined.run(leftNow, rightNow);
        } catch (ErrnoException e) {
            end(Ending.RESET);
            return;
        }
        if (!answered && joined.back().moved() > 0) {
            answered = true;
            branch.home.tally.firstByte.add(kernel().nanoTime() - accepted);
        }
        declinedThere = decline(joined.there(), declinedThere);
        declinedBack = decline(joined.back(), declinedBack);
        switch (wait) {
            case DONE -> end(Ending.DONE);
            case TURN -> {
                if (!queued) {
                    queued = true;
                    branch.home.loop.execute(this);
                }
            }
            case TIME -> branch.pause(this, joined.pauseNanos());
            case IN, OUT -> {}
        }
        if (!isSwept
                && phase == Phase.JOINED
                && (joined.there().isMarked() || joined.back().isMarked())) {
            branch.sweep(this);
        }
    }

    /// Counts once that a direction copies bulk, and again when it has spliced meanwhile.
    private int decline(Lane lane, int before) {
        Declined declined = lane.declined();
        int now = declined == null ? 0 : declined.errno();
        if (now != before && now != 0) {
            branch.home.tally.fallbacks.merge(Errno.name(now), 1L, Long::sum);
        }
        return now;
    }

    /// Whether an input is still marked.
    boolean sweep() {
        Link joined = link;
        if (phase != Phase.JOINED || joined == null) {
            return false;
        }
        boolean there = joined.there().sweep();
        return joined.back().sweep() || there;
    }

    // ---- time-outs ----

    void tick(long now) {
        IdleTimeouts quiet = silence;
        Dial dialing = dial;
        ProxyPreface said = greeting;
        if (quiet != null) {
            Ending how = quiet.look(now, isPaced);
            if (how != null) {
                end(how);
            }
        } else if (dialing != null) {
            dialing.tick(now);
        } else if (said != null && now - accepted > Deadline.nanos(terms.connectTimeout())) {
            if (terms.proxyIn() == ProxyIn.ACCEPT && (leftEvents & Uapi.EPOLLIN) == 0) {
                dial(); // a client that waits for the server to speak
            } else {
                said.late(terms.connectTimeout());
                refuse(said);
            }
        }
    }

    // ---- the end ----

    /// Everything ends here, once. Only a clean end, and a silence with nothing in flight, close without a reset.
    void end(Ending how) {
        if (phase == Phase.ENDED) {
            return;
        }
        phase = Phase.ENDED;
        dropReserved();
        branch.home.tally.endings.merge(how, 1L, Long::sum);
        Link joined = link;
        count(branch.home.tally);
        left.leave();
        if (right != null) {
            right.leave();
        }
        if (dial != null) {
            dial.cancel();
        }
        boolean isSilent = how == Ending.IDLE || how == Ending.HALF_CLOSED;
        if (joined == null) {
            branch.home.closeSoon(() -> {
                kernel().setLinger(client.number(), true, 0);
                client.close();
                left();
            });
        } else if (how == Ending.DONE || (isSilent && joined.isQuiet())) {
            branch.home.closeSoon(() -> {
                joined.close();
                left();
            });
        } else {
            joined.cut();
            branch.resetSoon(joined, this::left);
        }
        branch.remove(this);
        try {
            branch.relay.log(this, how, why); // last: it runs a program's code
        } catch (RuntimeException e) {
            branch.home.report(e);
        }
    }

    /// Its sockets are closed.
    private void left() {
        pipes.leave();
        branch.relay.leave();
    }

    /// A bug ends this connection alone.
    @Override
    public void broken(Throwable bug) {
        branch.home.report(bug);
        why = "a bug: " + bug;
        end(Ending.FAILED);
    }

    void count(LoopCounters tally) {
        Link joined = link;
        if (joined != null) {
            tally.lane(joined.there(), LoopCounters.THERE);
            tally.lane(joined.back(), LoopCounters.BACK);
        }
    }

    ConnectionStatus status() {
        Link joined = link;
        return new ConnectionStatus(
                id,
                peer(),
                to(),
                stage(),
                joined == null ? 0 : joined.there().moved(),
                joined == null ? 0 : joined.back().moved(),
                joined == null ? 0 : joined.there().spliced() + joined.back().spliced(),
                joined == null ? 0 : joined.there().pending() + joined.back().pending(),
                (kernel().nanoTime() - accepted) / 1e9);
    }

    private String stage() {
        Dial dialing = dial;
        if (phase == Phase.DIALING && dialing != null) {
            return dialing.isFinding() ? "finding" : "connecting";
        }
        return phase.name().toLowerCase(java.util.Locale.ROOT);
    }

    private String peer() {
        if (header != null && header.source() != null) {
            return AddressText.of(header.source());
        }
        SocketAddress known = from;
        try {
            return known != null
                    ? AddressText.of(known)
                    : client.isClosed() ? "" : AddressText.of(client.remoteAddress());
        } catch (ErrnoException e) {
            return ""; // gone already
        }
    }

    private String to() {
        SocketAddress known = target;
        return known == null ? "" : AddressText.of(known);
    }
}
