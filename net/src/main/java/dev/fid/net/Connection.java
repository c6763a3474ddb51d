package dev.fid.net;

import dev.fid.ErrnoException;
import dev.fid.Fd;
import dev.fid.Lane;
import dev.fid.Link;
import dev.fid.Rate;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One client and its upstream: read the PROXY header where there is one, connect, then join both by a {@link
/// Link} and let it run at every event. It ends in one place, {@link #end}. Runs on its branch's loop.
final class Connection implements Peer.Reader, Runnable {
    /// Before the next try where descriptors ran out, or a unix listener had no room.
    private static final long AGAIN_MILLIS = 20;

    private enum Phase {
        GREETING,
        FINDING,
        CONNECTING,
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

    private final Branch branch;
    private final Terms terms;
    private final Fd client;
    private final Peer left;
    private final long accepted;
    private Phase phase = Phase.GREETING;
    private @Nullable Fd upstream;
    private @Nullable Peer right;
    private @Nullable Link link;
    private @Nullable ProxyHeader header;
    private SocketAddress @Nullable [] addresses;
    /// For the log: a peer that is gone has no address any more.
    private @Nullable SocketAddress from;

    private @Nullable SocketAddress target;
    private int address;
    private long connectingSince;
    private int leftEvents;
    private int rightEvents;
    private boolean queued;
    private boolean answered;

    // What the last tick saw.
    private long movedThere;
    private long movedBack;
    private long quietSince;
    private long stalledThereSince;
    private long stalledBackSince;

    Connection(Branch branch, Fd client) {
        this.branch = branch;
        this.terms = branch.relay.terms();
        this.client = client;
        this.left = new Peer(client, this, false);
        this.accepted = branch.now;
        this.quietSince = accepted;
        this.stalledThereSince = accepted;
        this.stalledBackSince = accepted;
        this.id = branch.relay.nextId();
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
        left.join(branch.loop);
        if (terms.proxyIn() == ProxyIn.NONE) {
            find();
        }
    }

    private boolean isDenied() throws ErrnoException {
        if (terms.allow().isEmpty() && terms.deny().isEmpty()) {
            return false;
        }
        SocketAddress from = client.remoteAddress();
        if (!(from instanceof java.net.InetSocketAddress)) {
            return false; // who may use a unix socket is said by its mode
        }
        return terms.deny().stream().anyMatch(block -> block.contains(from))
                || (!terms.allow().isEmpty() && terms.allow().stream().noneMatch(block -> block.contains(from)));
    }

    // ---- events ----

    @Override
    public void ready(Peer peer, int events) {
        if (peer.isUpstream()) {
            rightEvents |= events;
        } else {
            leftEvents |= events;
        }
        switch (phase) {
            case GREETING -> greet();
            case FINDING -> giveUp();
            case CONNECTING -> {
                if (peer.isUpstream() && (events & (Uapi.EPOLLOUT | Uapi.EPOLLERR | Uapi.EPOLLHUP)) != 0) {
                    connected();
                } else {
                    giveUp();
                }
            }
            case JOINED -> go();
            case ENDED -> {}
        }
    }

    /// A client that reset its connection needs no upstream any more.
    private void giveUp() {
        if ((leftEvents & Uapi.EPOLLERR) != 0) {
            end(Ending.RESET);
        }
    }

    // ---- the client's header ----

    private void greet() {
        if ((leftEvents & (Uapi.EPOLLIN | Uapi.EPOLLRDHUP | Uapi.EPOLLERR | Uapi.EPOLLHUP)) == 0) {
            return;
        }
        long peeked =
                kernel().recv(client.number(), branch.scratch, 0, ProxyHeader.MOST, Uapi.MSG_PEEK | Uapi.MSG_DONTWAIT);
        if (peeked == -Errno.EAGAIN || peeked == -Errno.EINTR) {
            return;
        }
        if (peeked < 0) {
            end(Ending.RESET);
            return;
        }
        try {
            ProxyHeader read = ProxyHeader.read(branch.scratch.bytes(0, (int) peeked), (int) peeked);
            boolean ended = peeked == 0 || (leftEvents & Uapi.EPOLLRDHUP) != 0;
            boolean unfinished = peeked == 0 || read.equals(ProxyHeader.UNFINISHED);
            if (unfinished && !ended) {
                return;
            }
            if (!unfinished && read.length() > 0) {
                kernel().recv(client.number(), branch.scratch, 0, read.length(), Uapi.MSG_DONTWAIT);
                header = read;
            } else if (terms.proxyIn() == ProxyIn.REQUIRE || (unfinished && peeked > 0)) {
                end(Ending.NO_HEADER);
                return;
            }
        } catch (IllegalArgumentException e) {
            end(Ending.NO_HEADER);
            return;
        }
        find();
    }

    // ---- the upstream ----

    private void find() {
        phase = Phase.FINDING;
        connectingSince = kernel().nanoTime();
        branch.relay.upstream(terms).find(branch.loop, found -> {
            if (phase == Phase.FINDING) {
                addresses = found;
                if (found.length == 0) {
                    branch.tally.connectErrors.merge("EAI_NONAME", 1L, Long::sum);
                    end(Ending.UNREACHABLE);
                } else {
                    connect();
                }
            }
        });
    }

    /// Tries the next address.
    private void connect() {
        SocketAddress[] all = java.util.Objects.requireNonNull(addresses);
        phase = Phase.CONNECTING;
        while (address < all.length) {
            try {
                Fd socket = Fd.connectSoon(kernel(), all[address], terms.bind(), this::prepare);
                if (socket == null) {
                    again();
                    return;
                }
                upstream = socket;
                target = all[address];
                rightEvents = 0;
                Peer peer = new Peer(socket, this, true);
                right = peer;
                peer.join(branch.loop);
                return;
            } catch (ErrnoException e) {
                branch.connectFailed(e);
                if (isShortage(e.errno())) {
                    again();
                    return;
                }
                address++;
            }
        }
        end(Ending.UNREACHABLE);
    }

    private static boolean isShortage(int errno) {
        return errno == Errno.EMFILE || errno == Errno.ENFILE || errno == Errno.ENOBUFS || errno == Errno.ENOMEM;
    }

    /// The time-out of the connection bounds how often.
    private void again() {
        branch.later(AGAIN_MILLIS, () -> {
            if (phase == Phase.CONNECTING && upstream == null) {
                connect();
            }
        });
    }

    private void prepare(Fd socket) {
        branch.relay.prepare(socket, terms);
    }

    private void connected() {
        Fd socket = java.util.Objects.requireNonNull(upstream);
        boolean failed = (rightEvents & (Uapi.EPOLLERR | Uapi.EPOLLHUP)) != 0;
        int errno = failed ? kernel().getsockopt(socket.number(), Uapi.SOL_SOCKET, Uapi.SO_ERROR) : 0;
        if (errno != 0) {
            branch.connectFailed(new ErrnoException("connect", socket.toString(), Math.abs(errno)));
            dropUpstream();
            address++;
            connect();
            return;
        }
        branch.tally.connecting.add(kernel().nanoTime() - connectingSince);
        try {
            join(socket);
        } catch (ErrnoException e) {
            end(Ending.RESET);
            return;
        }
        run();
    }

    private void join(Fd socket) throws ErrnoException {
        if (terms.proxyOut() != ProxyOut.NONE) {
            introduce(socket);
        }
        Link joined = new Link(client, socket, branch.pool);
        if (terms.limit() > 0 || branch.relay.total() != null) {
            long now = kernel().nanoTime();
            Rate total = branch.relay.total();
            joined.there().limit(terms.limit() > 0 ? new Rate(terms.limit(), now) : null, total);
            joined.back().limit(terms.limit() > 0 ? new Rate(terms.limit(), now) : null, total);
        }
        link = joined;
        addresses = null;
        phase = Phase.JOINED;
        branch.tally.joined++;
        quietSince = branch.now;
    }

    /// A fresh socket has room for a header: anything else than all of it is a failure.
    private void introduce(Fd socket) throws ErrnoException {
        SocketAddress source = header == null ? null : header.source();
        SocketAddress destination = header == null ? null : header.destination();
        byte[] bytes = source != null && destination != null
                ? ProxyHeader.write(terms.proxyOut(), source, destination)
                : ProxyHeader.write(terms.proxyOut(), client.remoteAddress(), client.localAddress());
        branch.scratch.put(0, bytes, 0, bytes.length);
        long sent =
                kernel().send(socket.number(), branch.scratch, 0, bytes.length, Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL);
        if (sent != bytes.length) {
            throw new ErrnoException("send", socket.toString(), sent < 0 ? (int) -sent : Errno.EIO);
        }
    }

    private void dropUpstream() {
        if (right != null) {
            right.leave();
            right = null;
        }
        if (upstream != null) {
            upstream.close();
            upstream = null;
        }
    }

    // ---- joined ----

    /// Its turn, in the loop's queue.
    @Override
    public void run() {
        queued = false;
        go();
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
            branch.tally.firstByte.add(kernel().nanoTime() - accepted);
        }
        switch (wait) {
            case DONE -> end(Ending.DONE);
            case TURN -> {
                if (!queued) {
                    queued = true;
                    branch.loop.execute(this);
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
        if (phase != Phase.JOINED || link == null) {
            long since = phase == Phase.GREETING ? accepted : connectingSince;
            if (now - since > terms.connectTimeout().toNanos()) {
                late();
            }
            return;
        }
        Link joined = link;
        long there = joined.there().moved();
        long back = joined.back().moved();
        if (there != movedThere || back != movedBack) {
            quietSince = now;
        }
        if (there != movedThere || joined.there().pending() == 0) {
            stalledThereSince = now;
        }
        if (back != movedBack || joined.back().pending() == 0) {
            stalledBackSince = now;
        }
        movedThere = there;
        movedBack = back;
        if (isOver(terms.stallTimeout(), now - Math.min(stalledThereSince, stalledBackSince))) {
            end(Ending.STALLED);
        } else if (joined.isHalfClosed() && isOver(terms.halfCloseTimeout(), now - quietSince)) {
            end(Ending.HALF_CLOSED);
        } else if (isOver(terms.idleTimeout(), now - quietSince)) {
            end(Ending.IDLE);
        }
    }

    private static boolean isOver(@Nullable Duration time, long nanos) {
        return time != null && nanos > time.toNanos();
    }

    private void late() {
        if (phase == Phase.GREETING) {
            if (terms.proxyIn() == ProxyIn.ACCEPT && (leftEvents & Uapi.EPOLLIN) == 0) {
                find(); // a client that waits for the server to speak
            } else {
                end(Ending.NO_HEADER);
            }
            return;
        }
        branch.connectFailed(new ErrnoException("connect", "", Errno.ETIMEDOUT));
        end(Ending.UNREACHABLE);
    }

    // ---- the end ----

    /// Everything ends here, once. Only a clean end, and a silence with nothing in flight, close without a reset.
    void end(Ending how) {
        if (phase == Phase.ENDED) {
            return;
        }
        phase = Phase.ENDED;
        branch.tally.endings.merge(how, 1L, Long::sum);
        Link joined = link;
        count(branch.tally);
        branch.relay.log(this, how);
        left.leave();
        if (right != null) {
            right.leave();
        }
        boolean quiet = (how == Ending.IDLE || how == Ending.HALF_CLOSED)
                && joined != null
                && joined.there().pending() + joined.back().pending() == 0;
        if (joined == null) {
            kernel().setLinger(client.number(), true, 0);
            client.close();
            if (upstream != null) {
                kernel().setLinger(upstream.number(), true, 0);
                upstream.close();
            }
        } else if (how == Ending.DONE || quiet) {
            joined.close();
        } else {
            joined.reset();
        }
        branch.remove(this);
    }

    void count(Tally tally) {
        Link joined = link;
        if (joined != null) {
            tally.lane(joined.there(), Tally.THERE);
            tally.lane(joined.back(), Tally.BACK);
        }
    }

    Relay.Status status() {
        Link joined = link;
        return new Relay.Status(
                id,
                peer(),
                to(),
                phase.name().toLowerCase(java.util.Locale.ROOT),
                joined == null ? 0 : joined.there().moved(),
                joined == null ? 0 : joined.back().moved(),
                joined == null ? 0 : joined.there().spliced() + joined.back().spliced(),
                joined == null ? 0 : joined.there().pending() + joined.back().pending(),
                (kernel().nanoTime() - accepted) / 1e9);
    }

    private String peer() {
        if (header != null && header.source() != null) {
            return Relay.text(header.source());
        }
        SocketAddress known = from;
        try {
            return known != null ? Relay.text(known) : client.isClosed() ? "" : Relay.text(client.remoteAddress());
        } catch (ErrnoException e) {
            return ""; // gone already
        }
    }

    private String to() {
        SocketAddress known = target;
        return known == null ? "" : Relay.text(known);
    }
}
