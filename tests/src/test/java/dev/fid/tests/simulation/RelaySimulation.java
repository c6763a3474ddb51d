package dev.fid.tests.simulation;

import static dev.fid.tests.simulation.Timeline.MILLISECOND;
import static dev.fid.tests.simulation.Timeline.SECOND;

import dev.fid.PipeBudget;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Uapi;
import dev.fid.link.PipePool;
import dev.fid.net.ConnectionStatus;
import dev.fid.net.Ending;
import dev.fid.net.LogEntry;
import dev.fid.net.Loops;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import dev.fid.net.relay.Totals;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A whole relay on Netty's event loop, over a kernel of its own and in virtual time, between clients and an upstream
/// that the seed makes.
///
/// {@link LinkSimulation} tries what one connection does with its bytes; this one tries the relay's own
/// rules: time-outs, bounds and rates, refused and late upstreams, kills, drains, and descriptors that run out
/// or are used again.
///
/// What must be true: what {@link LinkSimulation} says, and no byte shows up in another connection; each ends for a
/// reason that there was, neither before its time-out nor long after it; never more are open than allowed, and
/// no more moves than the rates allow.
final class RelaySimulation extends Simulation {
    private static final int MOST_CLIENTS = 8; // their streams are 1 to 8
    private static final int MOST_EVENTS = 400_000;
    private static final int MOST_TURNS = 10_000;
    private static final int SLOTS = 16;
    private static final int MOST_IN_A_SLOT = 64 << 10; // 64 KiB, twice what a fragment of a socket has
    private static final byte[] LOOPBACK = {Uapi.AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};

    private final ModelLoop loop;
    private final PipeBudget budget;
    private final List<Client> clients = new ArrayList<>();
    private final List<Peer> servers = new ArrayList<>();

    private final Duration connectTimeout;
    private final Duration idleTimeout;
    private final Duration halfCloseTimeout;
    private final @Nullable Duration stallTimeout;
    private final int mostConnections;
    private final long limit;
    private final long limitTotal;
    private final int preconnect;

    /// Whether the first address of the upstream refuses.
    private final boolean isLost;

    private final int retries;
    private byte[] upstream = LOOPBACK;
    private byte[] entrance = LOOPBACK;
    private int listener = -1;
    private @Nullable Relay relay;
    private final boolean isBusy;
    /// When many come and go at once, after some others; 0 for never.
    private final long storm;
    private boolean isDraining;
    private boolean isClosed;
    private boolean hasKilled;
    /// Whether there were no descriptors for those who waited at the end.
    private boolean wasShort;
    private boolean isOver;
    private long armed = -1;
    private @Nullable String wrong;

    /// How its connections ended.
    private final Set<Ending> endings = EnumSet.noneOf(Ending.class);

    RelaySimulation(long seed) {
        super(seed, 96);
        loop = new ModelLoop(kernel, timeline);
        budget = new PipeBudget(kernel, 1 << 20, chance(4, "few pipe pages") ? random.nextInt(64) : 0);
        connectTimeout = millis(100, 5000);
        idleTimeout = millis(5000, 80_000);
        halfCloseTimeout = millis(2000, 40_000);
        stallTimeout = chance(3, "a stall time-out") ? millis(2000, 40_000) : null;
        mostConnections = chance(3, "few connections") ? 1 + random.nextInt(3) : 1000;
        limit = chance(6, "a rate each") ? 20_000 + random.nextInt(100_000) : 0;
        limitTotal = chance(6, "a rate for all") ? 20_000 + random.nextInt(100_000) : 0;
        preconnect = chance(6, "spares") ? 1 + random.nextInt(2) : 0;
        isLost = chance(4, "an address that refuses");
        retries = random.nextInt(4);
        isBusy = chance(2, "a busy loop");
        storm = chance(4, "a storm") ? 1 + random.nextLong(5 * SECOND) : 0;
        int count = 1 + random.nextInt(MOST_CLIENTS);
        for (int i = 1; i <= count; i++) {
            clients.add(new Client(i));
        }
    }

    private final class Client {
        final int stream;

        @Nullable
        Peer peer;

        String address = "";
        boolean isRefused;

        @Nullable
        Ending ending;
        /// When that was, and what had been sent by then: later bytes go nowhere.
        long endedAt;
        long sentThen;
        long[] serversSentThen = {};

        Client(int stream) {
            this.stream = stream;
        }

        void connect() {
            int fd = kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC | Uapi.SOCK_NONBLOCK, 0);
            if (fd < 0) {
                timeline.after(SECOND, this::connect);
                return;
            }
            int result = kernel.connect(fd, entrance);
            if (result == -Errno.EINPROGRESS) {
                result = kernel.getsockopt(fd, Uapi.SOL_SOCKET, Uapi.SO_ERROR);
            }
            if (result == -Errno.EAGAIN) {
                kernel.close(fd);
                timeline.after(SECOND, this::connect);
                return;
            }
            if (result != 0) {
                kernel.close(fd);
                isRefused = true;
                if (!isDraining) {
                    complain("client " + stream + " was refused");
                }
                return;
            }
            byte[] own = new byte[16];
            check(kernel.getsockname(fd, own));
            address = "127.0.0.1:" + port(own);
            peer = begin(fd, stream);
        }

        @Nullable
        Peer server() {
            Peer own = peer;
            for (Peer server : servers) {
                if (server.expected == stream || (own != null && own.expected == server.stream)) {
                    return server;
                }
            }
            return null;
        }

        boolean isFinished() {
            Peer own = peer;
            // one that left before it was accepted has no name in the log
            return isRefused || ending != null || (own != null && own.gone && relay().connections() == 0);
        }
    }

    // ---- the world ----

    private Duration millis(int least, int most) {
        return Duration.ofMillis(least + random.nextInt(most - least));
    }

    private static int port(byte[] address) {
        return (address[2] & 0xff) << 8 | (address[3] & 0xff);
    }

    private static InetSocketAddress inet(byte[] address) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port(address));
    }

    private Relay relay() {
        return Objects.requireNonNull(relay);
    }

    private void complain(String what) {
        if (wrong == null) {
            StringBuilder all = new StringBuilder(what + "; at " + timeline.nanos());
            all.append(", idle " + idleTimeout + ", half-closed " + halfCloseTimeout + ", connect " + connectTimeout);
            clients.forEach(each -> all.append("; ")
                    .append(each.peer == null ? "client " + each.stream : each.peer)
                    .append(" ended ")
                    .append(each.ending)
                    .append(" at ")
                    .append(each.endedAt));
            servers.forEach(each -> all.append("; ").append(each));
            wrong = all.toString();
        }
    }

    private Peer begin(int fd, int stream) {
        if (chance(2, "small send buffers")) {
            kernel.setsockopt(fd, Uapi.SOL_SOCKET, Uapi.SO_SNDBUF, 4096 << random.nextInt(4));
        }
        long toSend = chance(6, "nothing to send") ? 0 : random.nextLong(1L << (4 + random.nextInt(14)));
        Peer peer = new Peer(kernel, timeline, random, fd, stream, 0, toSend, false, this::complain);
        peer.start(chance(6, "a stall") ? random.nextLong(120 * SECOND) : 0);
        if (chance(8, "a peer that leaves")) {
            boolean reset = chance(2, "a reset");
            timeline.after(soon(10 * SECOND), () -> peer.leave(reset));
        }
        if (timeline.nanos() < storm && random.nextBoolean()) {
            timeline.after(storm + random.nextLong(MILLISECOND) - timeline.nanos(), () -> peer.leave(true));
        }
        return peer;
    }

    /// At once as often as somewhere in that time: what happens together goes wrong together.
    private long soon(long most) {
        return random.nextBoolean() ? Peer.delay(random) : random.nextLong(most);
    }

    private void listen() {
        if (isOver) {
            return;
        }
        int fd = kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC | Uapi.SOCK_NONBLOCK, 0);
        if (fd < 0) {
            timeline.after(SECOND, this::listen);
            return;
        }
        check(kernel.bind(fd, upstream));
        listener = fd;
        if (port(upstream) == 0) {
            upstream = LOOPBACK.clone();
            check(kernel.getsockname(fd, upstream));
            if (chance(6, "an upstream that comes late")) {
                kernel.close(fd);
                listener = -1;
                timeline.after(random.nextLong(10 * SECOND), this::listen);
                return;
            }
        }
        check(kernel.listen(fd, chance(4, "a short backlog") ? 0 : 100));
        serve();
    }

    /// The upstream takes who waits.
    private void serve() {
        if (isOver) {
            return;
        }
        while (true) {
            int fd = kernel.accept4(listener, Uapi.SOCK_NONBLOCK | Uapi.SOCK_CLOEXEC);
            if (fd < 0) {
                break;
            }
            if (MOST_CLIENTS + servers.size() == Peer.MOST_STREAMS) {
                kernel.close(fd); // spares that come again and again
            } else {
                servers.add(begin(fd, MOST_CLIENTS + servers.size() + 1));
            }
        }
        timeline.after(Math.max(MILLISECOND, Peer.delay(random)), this::serve);
    }

    // ---- the run ----

    /// Runs it once: what went wrong, or null.
    @Override
    @Nullable
    String run() {
        try {
            listen();
            start();
        } catch (ErrnoException e) {
            throw new AssertionError("setup", e);
        }
        for (Client client : clients) {
            timeline.after(
                    storm > 0 && random.nextBoolean() ? storm + random.nextLong(MILLISECOND) : Peer.delay(random),
                    client::connect);
        }
        if (chance(4, "no descriptors")) {
            timeline.after(Peer.delay(random), () -> {
                if (!isOver) {
                    hoard();
                }
            });
        }
        if (chance(6, "a kill")) {
            timeline.after(soon(5 * SECOND), this::kill);
        }
        if (chance(4, "a drain")) {
            timeline.after(soon(20 * SECOND), this::drain);
        }
        drive();
        finish();
        return wrong;
    }

    @Override
    List<String> ends() {
        return endings.stream().map(Ending::toString).toList();
    }

    private void start() throws ErrnoException {
        PipePool.Splicing splicing =
                List.of(PipePool.Splicing.values()).get(random.nextInt(PipePool.Splicing.values().length));
        InetSocketAddress good = inet(upstream);
        InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        RelayBuilder builder = Relay.builder()
                .on(kernel)
                .loops(Loops.of(List.of(loop.loop)))
                .listen(inet(LOOPBACK))
                .to(isLost ? List.of(nobody, good) : List.of(good))
                .connectRetries(retries)
                .splicing(splicing)
                .pipeCapacity((long) SLOTS << 12)
                .mark(16 << 10)
                .budget(budget)
                .maxConnections(mostConnections)
                .connectTimeout(connectTimeout)
                .idleTimeout(idleTimeout)
                .halfCloseTimeout(halfCloseTimeout)
                .stallTimeout(stallTimeout)
                .limit(limit)
                .limitTotal(limitTotal)
                .preconnect(preconnect)
                .log(this::ended);
        Relay started = builder.start();
        relay = started;
        int port = ((InetSocketAddress) started.addresses().getFirst()).getPort();
        entrance = LOOPBACK.clone();
        entrance[2] = (byte) (port >> 8);
        entrance[3] = (byte) port;
    }

    private void drive() {
        for (int count = 0; wrong == null; count++) {
            if (isBusy && timeline.rest() < MILLISECOND && random.nextInt(4) > 0) {
                Objects.requireNonNull(timeline.next()).run(); // the loop learns of several things at once
                continue;
            }
            settle();
            if (isClosed || clients.stream().allMatch(Client::isFinished)) {
                return;
            }
            Runnable event = timeline.next();
            if (event == null || count > MOST_EVENTS) {
                complain(event == null ? "nothing happens any more" : "no end after " + count + " events");
                return;
            }
            event.run();
        }
    }

    /// Lets the loop run until it rests, and wakes it when its next task is due.
    private void settle() {
        if (!loop.settle(MOST_TURNS)) {
            complain("it spins");
        }
        long delay = loop.loop.delay();
        if (delay >= 0 && timeline.nanos() + delay != armed) {
            armed = timeline.nanos() + delay;
            timeline.after(delay, () -> {});
        }
        if (!isClosed) {
            bounds();
        }
    }

    private void bounds() {
        if (!isDraining && relay().connections() > mostConnections) {
            complain(relay().connections() + " connections, and " + mostConnections + " are allowed");
        }
        if (random.nextInt(8) == 0) {
            for (ConnectionStatus each : relay().list()) {
                if (each.pending() > 2L * SLOTS * MOST_IN_A_SLOT) {
                    complain("unbounded, pending " + each);
                }
            }
        }
    }

    private void kill() {
        for (ConnectionStatus each : isClosed ? List.<ConnectionStatus>of() : relay().list()) {
            hasKilled = true;
            if (!relay().kill(each.id())) {
                complain("nobody was killed");
            }
            return;
        }
    }

    /// As an operator's drain, in virtual time.
    private void drain() {
        if (!isClosed) {
            isDraining = true;
            relay().stopListening();
            timeline.after(random.nextLong(20 * SECOND), this::close);
        }
    }

    private void close() {
        if (!isClosed) {
            isDraining = true;
            isClosed = true;
            wasShort = isHoarding();
            Totals totals = relay().totals();
            relay().close();
            long most = limitTotal / 20 + limitTotal * (timeline.nanos() / MILLISECOND + 1) / 1000;
            if (limitTotal > 0 && totals.spliced() + totals.copied() > most) {
                complain(totals + ", and " + most + " bytes were allowed");
            }
        }
    }

    // ---- what must be true ----

    /// The relay's log.
    private void ended(LogEntry entry) {
        endings.add(entry.ending());
        ConnectionStatus status = entry.connection();
        long most = limit / 20 + limit * (long) (status.seconds() * 1000 + 1) / 1000;
        if (limit > 0 && (status.bytesThere() > most || status.bytesBack() > most)) {
            complain(status + " moved more than its rate");
        }
        boolean isAllowed = switch (entry.ending()) {
            case CUT -> isClosed;
            case KILLED -> hasKilled;
            case UNREACHABLE ->
                met.contains("an upstream that comes late")
                        || met.contains("a short backlog")
                        || met.contains("no descriptors")
                        || servers.stream().anyMatch(each -> each.gone);
            case DENIED, NO_HEADER, FAILED -> false;
            case DONE, RESET, IDLE, HALF_CLOSED, STALLED -> true;
        };
        if (!isAllowed) {
            complain("no reason to end " + entry);
        }
        for (Client client : clients) {
            if (client.peer != null && client.address.equals(status.client())) {
                client.ending = entry.ending();
                client.endedAt = timeline.nanos();
                client.sentThen = client.peer.sent;
                client.serversSentThen =
                        servers.stream().mapToLong(server -> server.sent).toArray();
                Peer server = client.server();
                if (server != null) {
                    inTime(entry, client.peer, server);
                } else if (entry.ending() == Ending.RESET
                        && !client.peer.gone
                        && !client.peer.broken
                        && servers.stream().noneMatch(each -> each.gone || each.broken)) {
                    complain("no reason to reset, " + entry);
                }
            }
        }
    }

    private void inTime(LogEntry entry, Peer client, Peer server) {
        long now = timeline.nanos();
        long inFlight = client.sent - server.received + server.sent - client.received;
        boolean isQuiet = inFlight == 0 && limit + limitTotal == 0;
        switch (entry.ending()) {
            case IDLE, HALF_CLOSED -> {
                Duration timeout = entry.ending() == Ending.IDLE ? idleTimeout : halfCloseTimeout;
                long firstEnd = Math.min(client.quitAt, server.quitAt);
                long halfClosed = firstEnd <= now ? firstEnd : 0;
                long lastSent = Math.max(halfClosed, Math.max(client.sentAt, server.sentAt));
                long lastReceived = Math.max(halfClosed, Math.max(client.receivedAt, server.receivedAt));
                if (isQuiet && now - lastSent < timeout.toNanos()) {
                    complain("too early, " + entry);
                }
                if (isQuiet && now - lastReceived > timeout.toNanos() + 3 * SECOND) {
                    complain("too late, " + entry);
                }
                if (isForgotten(client, server) || isForgotten(server, client)) {
                    complain("bytes were forgotten, " + entry);
                }
            }
            case STALLED -> {
                if (inFlight == 0) {
                    complain("nothing waited, " + entry);
                }
            }
            case RESET -> {
                if (!client.gone && !client.broken && !server.gone && !server.broken) {
                    complain("no reason to reset, " + entry);
                }
            }
            default -> {}
        }
    }

    /// Whether the relay holds bytes for a peer that has read all it got.
    private boolean isForgotten(Peer from, Peer to) {
        return !to.gone
                && !to.broken
                && from.sent > to.received
                && kernel.received(to.fd).bytes() == 0;
    }

    private void finish() {
        isOver = true;
        close();
        release();
        // What is on its way still arrives.
        for (int i = 0; i < MOST_EVENTS && wrong == null && !isSettled(); i++) {
            settle();
            Runnable event = timeline.next();
            if (event == null) {
                break;
            }
            event.run();
        }
        settle();
        clients.forEach(this::verdict);
        if (choices.filledSlots) {
            met.add("full slots");
        }
        clients.stream().filter(each -> each.peer != null).forEach(each -> each.peer.close());
        servers.forEach(Peer::close);
        if (listener >= 0) {
            kernel.close(listener);
        }
        if (wrong == null && !loop.isEmpty()) {
            complain("somebody is on the event loop still");
        }
        if (wrong == null && budget.pages() != 0) {
            complain(budget.pages() + " pages of pipes are left");
        }
        loop.close();
        try {
            kernel.assertNoLeaks();
        } catch (IllegalStateException e) {
            complain(e.toString());
        }
    }

    private boolean isSettled() {
        return clients.stream().allMatch(each -> each.peer == null || each.peer.isSettled())
                && servers.stream().allMatch(Peer::isSettled);
    }

    private void verdict(Client client) {
        Peer own = client.peer;
        if (own == null) {
            return;
        }
        if (client.ending == null && !own.gone && !wasShort) {
            complain("client " + client.stream + " was connected, and the relay has not seen it");
        }
        Peer server = client.server();
        if (server == null) {
            if (client.ending == Ending.UNREACHABLE && own.ended) {
                complain("client " + client.stream + " read a clean end, and nobody took it");
            }
            return;
        }
        boolean isPair = (server.expected == 0 || server.expected == client.stream)
                && (own.expected == 0 || own.expected == server.stream);
        if (!isPair) {
            complain("client " + client.stream + " reads " + own.expected + ", which reads " + server.expected);
        }
        Ending ending = client.ending;
        if (ending != null) {
            int index = servers.indexOf(server);
            arrived(ending, own, client.sentThen, server);
            arrived(ending, server, index < client.serversSentThen.length ? client.serversSentThen[index] : 0, own);
        }
    }

    /// Whoever has read an end has read everything before it. After {@link Ending#DONE} there must be an end.
    private void arrived(Ending ending, Peer from, long sent, Peer to) {
        boolean isDone = ending == Ending.DONE;
        boolean isQuiet = ending == Ending.IDLE || ending == Ending.HALF_CLOSED;
        if ((isDone || to.ended) && !isQuiet && !from.mayHaveEnded()) {
            complain(ending + ", and stream " + from.stream + " had no end");
        }
        if (to.gone || to.broken) {
            return;
        }
        if (to.ended ? to.received != sent : isDone) {
            complain(ending + ", and " + to.received + " of " + sent + " bytes of stream " + from.stream + " arrived"
                    + (to.ended ? "" : " without an end"));
        }
    }
}
