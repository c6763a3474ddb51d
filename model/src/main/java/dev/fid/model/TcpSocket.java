package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A TCP connection over loopback, as far as both ends can see it: bytes in order, held as references until they are
/// read, FIN, reset, half-close. How bytes are cut into segments and how much fits is left to {@link Freedom}.
/// Source: net/ipv4/tcp.c of Linux 6.18.
final class TcpSocket extends Socket {
    /// What a connection over loopback has.
    private static final int SEND_BUFFER = 2626560;

    private static final int RECEIVE_BUFFER = 131072;
    private static final int SEGMENT = 65483;

    /// What goes out at once, whatever may follow: half of the peer's first window (`tcp_bound_to_half_wnd`).
    private static final int HALF_WINDOW = 32 << 10;

    private enum State {
        CLOSED,
        LISTENING,
        ESTABLISHED
    }

    private final Loopback loopback;
    private final SocketQueue queue = new SocketQueue();
    private final Deque<TcpSocket> waiting = new ArrayDeque<>();
    private State state = State.CLOSED;
    private @Nullable TcpSocket peer;
    private byte @Nullable [] ownName;
    private byte @Nullable [] otherName;
    private boolean dead;
    /// The peer's FIN has come in.
    private boolean finished;

    private boolean ownFin;
    private boolean resetOnClose;
    /// Bytes sent to a peer that is gone, and not on their way yet.
    private long inVain;

    private int backlog;

    /// What `urg_data` says of the urgent byte that came last: none, announced, there, there and read by MSG_OOB.
    private enum Urgent {
        NONE,
        NOT_YET,
        VALID,
        READ
    }

    private Urgent urgent = Urgent.NONE;
    /// Bytes of the queue before the urgent one.
    private long toUrgent;
    private byte urgentByte;

    TcpSocket(Machine machine, FileSystem fileSystem, int domain, Loopback loopback) {
        super(machine, fileSystem, domain, Uapi.SOCK_STREAM);
        this.loopback = loopback;
        sendBuffer = SEND_BUFFER;
        receiveBuffer = RECEIVE_BUFFER;
    }

    SocketQueue queue() {
        return queue;
    }

    @Override
    long send(Iter from, int flags) {
        machine.ledger.pass("tcp_sendmsg");
        return send(from, flags, room -> {
            SocketQueue to = peerQueue();
            long done = 0;
            while (done < room) {
                SocketBuffer buffer = tail(to);
                PageFragment fragment = machine.fragment;
                Page page = fragment.refill();
                int part = (int)
                        Math.min(Math.min(room - done, SEGMENT - buffer.len()), PageFragment.SIZE - fragment.offset);
                int copied = Iter.copyAllFrom(from, page, fragment.offset, part);
                if (copied > 0 && !buffer.append(page, fragment.offset, copied)) {
                    SocketBuffer next = new SocketBuffer(machine);
                    next.append(page, fragment.offset, copied);
                    to.add(next);
                }
                fragment.offset += copied;
                done += copied;
                if (copied < part) {
                    return done > 0 ? done : -Errno.EFAULT;
                }
            }
            return done;
        });
    }

    @Override
    long sendPages(PageIter from, int flags) {
        machine.ledger.pass("tcp_sendmsg");
        return send(from, flags, room -> {
            SocketQueue to = peerQueue();
            long done = 0;
            while (done < room) {
                int spliced = tail(to).splice(from, room - done);
                if (spliced == 0) {
                    to.add(new SocketBuffer(machine));
                }
                done += spliced;
            }
            return done;
        });
    }

    /// The peer's last buffer if there is room in it, else a new one.
    private SocketBuffer tail(SocketQueue to) {
        SocketBuffer last = to.last();
        if (last == null || last.len() >= SEGMENT) {
            last = new SocketBuffer(machine);
            to.add(last);
        }
        return last;
    }

    private SocketQueue peerQueue() {
        TcpSocket other = peer;
        if (other == null) {
            throw new IllegalStateException("not connected");
        }
        return other.queue;
    }

    /// How bytes get into the peer's queue: takes what fits, answers bytes or -errno.
    private interface Sink {
        long take(long room);
    }

    /// `tcp_sendmsg_locked`.
    private long send(Iter from, int flags, Sink sink) {
        if (state != State.ESTABLISHED || (shutdown & SEND) != 0) {
            int failed = takeError();
            return failed != 0 ? failed : -Errno.EPIPE;
        }
        long done = 0;
        while (from.count() > 0) {
            if (error != 0 || (shutdown & SEND) != 0) {
                if (done > 0) {
                    return done;
                }
                int failed = takeError();
                return failed != 0 ? failed : -Errno.EPIPE;
            }
            TcpSocket other = peer;
            // It was closed; or it has sent its FIN and wants no more: FIN_WAIT resets.
            if (other == null || other.dead || (other.shutdown == BOTH && !other.finished)) {
                long all = from.count();
                inVain += all;
                boolean urges = (flags & Uapi.MSG_OOB) != 0;
                if (urges && other != null && !other.dead) {
                    other.passMark();
                    // tcp_rcv_state_process looks for it before it resets: in the first segment, and in no later one
                    other.urgent = inVain <= HALF_WINDOW ? Urgent.VALID : Urgent.NOT_YET;
                    other.toUrgent = other.queue.bytes() + inVain;
                }
                if ((flags & Uapi.MSG_MORE) == 0 || urges || inVain >= HALF_WINDOW) {
                    pushInVain();
                }
                return done + all;
            }
            long queued = other.queue.bytes();
            long room = Math.max(0, (long) sendBuffer + other.receiveBuffer - queued);
            long usual = Math.min(from.count(), room);
            long least = queued == 0 ? 1 : 0;
            long accepted = machine.freedom.accepted(least, usual, from.count());
            if (accepted > 0) {
                long taken = sink.take(accepted);
                if (taken < 0) {
                    return done > 0 ? done : taken;
                }
                done += taken;
                if ((flags & Uapi.MSG_OOB) != 0) {
                    other.urge();
                }
                other.arrivals++;
                machine.wake();
                if (taken < accepted) {
                    return done;
                }
                if ((flags & Uapi.MSG_DONTWAIT) != 0) {
                    return done;
                }
            } else if ((flags & Uapi.MSG_DONTWAIT) != 0) {
                return done > 0 ? done : -Errno.EAGAIN;
            } else {
                machine.sleep();
            }
        }
        return done;
    }

    /// The answer to what nobody wants is a reset, seen by the next call. MSG_MORE keeps less than a segment back until
    /// more comes. Source: net/ipv4/tcp_output.c, `tcp_nagle_test`; net/ipv4/tcp.c, `tcp_splice_eof`.
    void pushInVain() {
        if (inVain > 0) {
            inVain = 0;
            TcpSocket other = peer;
            if (other != null) {
                other.reset();
            }
            reset();
        }
    }

    @Override
    int setOption(int level, int option, int value) {
        int result = super.setOption(level, option, value);
        if (level == Uapi.IPPROTO_TCP && option == Uapi.TCP_NODELAY && value != 0) {
            pushInVain();
        }
        return result;
    }

    /// Bytes in the receive queue as the kernel sees it now.
    private long arrived() {
        long sent = queue.bytes();
        return sent == 0 ? 0 : machine.freedom.arrived(0, sent);
    }

    // ---- urgent data ----

    /// The last byte of the queue is urgent, and the one before it no longer: `tcp_check_urg`.
    private void urge() {
        passMark();
        toUrgent = queue.bytes() - 1;
        urgent = Urgent.VALID;
        urgentByte = queue.lastByte();
    }

    /// An urgent byte that a reader stands at is skipped for good when another is announced: `tcp_check_urg`.
    private void passMark() {
        if (isAtMark()) {
            eat(1);
        }
    }

    private boolean isInline() {
        return option(Uapi.SOL_SOCKET, Uapi.SO_OOBINLINE) != 0;
    }

    /// Whether the urgent byte is the next one, and would be skipped.
    private boolean isAtMark() {
        return urgent != Urgent.NONE && toUrgent == 0 && !isInline();
    }

    /// Of `ready` bytes those before the urgent one.
    private long beforeMark(long ready) {
        return urgent == Urgent.NONE ? ready : Math.min(ready, toUrgent);
    }

    /// `tcp_recv_urg`.
    private long receiveUrgent(Iter to, int flags) {
        if (isInline() || urgent == Urgent.NONE || urgent == Urgent.READ) {
            return -Errno.EINVAL;
        }
        if (state == State.CLOSED && !finished) {
            return -Errno.ENOTCONN;
        }
        if (urgent == Urgent.NOT_YET) {
            return -Errno.EAGAIN;
        }
        if ((flags & Uapi.MSG_PEEK) == 0) {
            urgent = Urgent.READ;
        }
        if (to.count() == 0) {
            return 0;
        }
        Page page = new Folio(machine, 1).pages[0];
        page.bytes()[0] = urgentByte;
        boolean copied = (flags & Uapi.MSG_TRUNC) != 0 || Iter.copyAllTo(to, page, 0, 1) == 1;
        page.put();
        return copied ? 1 : -Errno.EFAULT;
    }

    @Override
    long receive(Iter to, int flags) {
        machine.ledger.pass("tcp_recvmsg");
        boolean peek = (flags & Uapi.MSG_PEEK) != 0;
        boolean drop = (flags & Uapi.MSG_TRUNC) != 0; // a stream's bytes are dropped uncopied: tcp(7), net/ipv4/tcp.c
        if ((flags & Uapi.MSG_OOB) != 0) {
            return receiveUrgent(to, flags);
        }
        long ready = waitForBytes(to.count(), flags);
        if (ready > 0 && isAtMark() && to.count() > 0) {
            if (!peek) {
                eat(1); // the urgent byte is not in the stream, and the mark is passed
                return receive(to, flags);
            }
            if (ready == 1) {
                long answer = nothing((flags & Uapi.MSG_DONTWAIT) == 0);
                if (answer <= 0) {
                    return answer;
                }
                machine.sleep();
                return receive(to, flags);
            }
        }
        if (ready <= 0) {
            return ready;
        }
        int skipped = isAtMark() ? 1 : 0;
        // a read stops at the mark once it has some
        long most = Math.min(to.count(), skipped > 0 || toUrgent == 0 ? ready - skipped : beforeMark(ready));
        long done = 0;
        for (Iterator<SocketBuffer> i = queue.iterator(); i.hasNext() && done < most; ) {
            SocketBuffer buffer = i.next();
            if (buffer.left() <= skipped) {
                skipped -= buffer.left();
                continue;
            }
            int part = (int) Math.min(most - done, buffer.left() - skipped);
            int copied = drop ? part : buffer.copyTo(to, skipped, part);
            skipped = 0;
            done += copied;
            if (copied < part) {
                break;
            }
        }
        if (done == 0 && most > 0) {
            return -Errno.EFAULT;
        }
        if (!peek) {
            eat(done);
        }
        return done;
    }

    /// At least one byte, or the low mark; else 0 at the end, or -errno, in the order of `tcp_recvmsg_locked`.
    private long waitForBytes(long len, int flags) {
        if (state == State.LISTENING) {
            return -Errno.ENOTCONN;
        }
        while (true) {
            long ready = arrived();
            boolean wait = (flags & Uapi.MSG_DONTWAIT) == 0;
            boolean stops = beforeMark(ready) < ready && toUrgent > 0;
            if (ready > 0 && (!wait || stops || ready >= Math.min(receiveLow(), len) || ended())) {
                return ready;
            }
            if (ready == 0) {
                boolean onTheWay = !queue.isEmpty() && error == 0;
                long answer = !onTheWay ? nothing(wait) : wait ? 1 : -Errno.EAGAIN;
                if (answer <= 0) {
                    return answer;
                }
            }
            machine.sleep();
        }
    }

    /// What a call says that finds nothing to read: 0 at the end, -errno, or 1 where it has to wait.
    private long nothing(boolean wait) {
        if (finished) {
            return 0;
        }
        if (error != 0) {
            return takeError();
        }
        if ((shutdown & RECEIVE) != 0) {
            return 0;
        }
        if (state == State.CLOSED) {
            return -Errno.ENOTCONN;
        }
        return wait ? 1 : -Errno.EAGAIN;
    }

    private boolean ended() {
        return finished || error != 0 || (shutdown & RECEIVE) != 0 || state == State.CLOSED;
    }

    private void eat(long bytes) {
        long left = bytes;
        while (left > 0) {
            SocketBuffer buffer = queue.first();
            if (buffer == null) {
                throw new IllegalStateException("more was read than was there");
            }
            int part = (int) Math.min(left, buffer.left());
            buffer.consumed += part;
            left -= part;
            if (buffer.left() == 0) {
                queue.remove().free();
            }
        }
        toUrgent -= bytes;
        if (toUrgent < 0) {
            urgent = Urgent.NONE;
            toUrgent = 0;
        }
        TcpSocket sender = peer;
        if (sender != null && bytes > 0) {
            sender.departures++;
        }
        machine.wake();
    }

    /// `tcp_splice_read`: references to the fragments of the receive queue.
    @Override
    long spliceRead(OpenFile file, PipeRing pipe, long len, int flags) {
        machine.ledger.pass("tcp_splice_read");
        // only the socket's own flag says whether it waits
        long ready = waitForBytes(1, file.nonblocking() ? Uapi.MSG_DONTWAIT : 0);
        if (ready <= 0) {
            return ready;
        }
        machine.ledger.pass("skb_splice_bits");
        long most = Math.min(len, beforeMark(ready));
        if (most == 0) {
            return atMark(file); // the mark stops it, whatever lies behind
        }
        long moved = toPipe(pipe, asChosen(pipe, most, layout(most)));
        if (moved > 0) {
            eat(moved);
        }
        return moved;
    }

    /// What `tcp_splice_read` says where `tcp_read_sock` gave nothing though something is there.
    private long atMark(OpenFile file) {
        return Math.min(0, nothing(!file.nonblocking()));
    }

    private List<PipeBuffer> layout(long most) {
        List<PipeBuffer> slots = new ArrayList<>();
        long left = most;
        for (Iterator<SocketBuffer> i = queue.iterator(); i.hasNext() && left > 0; ) {
            SocketBuffer buffer = i.next();
            int part = (int) Math.min(left, buffer.left());
            slots.addAll(buffer.slots(part));
            left -= part;
        }
        return slots;
    }

    /// `tcp_poll`.
    @Override
    int poll(OpenFile file) {
        if (state == State.LISTENING) {
            return waiting.isEmpty() ? 0 : Uapi.POLLIN;
        }
        int mask = 0;
        if (shutdown == BOTH || state == State.CLOSED) {
            mask |= Uapi.POLLHUP;
        }
        if ((shutdown & RECEIVE) != 0) {
            mask |= Uapi.POLLIN | Uapi.POLLRDHUP;
        }
        long ready = arrived();
        if (ready > 0 && ready >= receiveLow() + (isAtMark() ? 1L : 0)) {
            mask |= Uapi.POLLIN;
        }
        if (urgent == Urgent.VALID) {
            mask |= Uapi.POLLPRI;
        }
        if ((shutdown & SEND) != 0 || writable()) {
            mask |= Uapi.POLLOUT;
        }
        return error != 0 ? mask | Uapi.POLLERR : mask;
    }

    private boolean writable() {
        TcpSocket other = peer;
        if (other == null) {
            return true;
        }
        long queued = other.queue.bytes();
        long room = (long) sendBuffer + other.receiveBuffer - queued;
        return queued == 0 || machine.freedom.writable(queued, room >= queued / 2);
    }

    @Override
    int fionread(OpenFile file) {
        return state == State.LISTENING ? -Errno.EINVAL : (int) (isInline() ? arrived() : beforeMark(arrived()));
    }

    /// What the peer's window holds back lies here still.
    @Override
    int unacknowledged() {
        TcpSocket other = peer;
        if (state == State.LISTENING) {
            return -Errno.EINVAL;
        }
        return other == null ? 0 : (int) Math.max(0, other.queue.bytes() - other.receiveBuffer);
    }

    /// A reset comes in: what was received stays readable, then comes the error, then the end.
    private void reset() {
        if (state != State.ESTABLISHED) {
            return;
        }
        error = finished ? Errno.EPIPE : Errno.ECONNRESET;
        state = State.CLOSED;
        shutdown = BOTH;
        arrivals++;
        departures++;
        machine.wake();
    }

    /// The peer's FIN comes in. When both have sent one and acknowledged it, there is no connection any more.
    private void finish() {
        finished = true;
        shutdown |= RECEIVE;
        TcpSocket other = peer;
        if (ownFin && other != null && other.finished) {
            state = State.CLOSED;
            other.state = State.CLOSED;
        }
        arrivals++;
        machine.wake();
    }

    @Override
    int shutDown(int how) {
        if (how < Uapi.SHUT_RD || how > Uapi.SHUT_RDWR) {
            return -Errno.EINVAL;
        }
        if (state == State.CLOSED) {
            return -Errno.ENOTCONN;
        }
        int bits = how + 1;
        if (state == State.LISTENING) {
            if ((bits & RECEIVE) != 0) {
                state = State.CLOSED;
                loopback.forget(this);
                machine.wake();
            }
            return 0;
        }
        TcpSocket other = peer;
        if ((bits & SEND) != 0 && (shutdown & SEND) == 0 && other != null) {
            ownFin = true;
            other.finish();
        }
        shutdown |= bits;
        arrivals++;
        departures++;
        machine.wake();
        return 0;
    }

    @Override
    void release(OpenFile file) {
        dead = true;
        loopback.forget(this);
        for (TcpSocket embryo : List.copyOf(waiting)) {
            embryo.release(file);
            TcpSocket client = embryo.peer;
            if (client != null) {
                client.reset();
            }
        }
        waiting.clear();
        TcpSocket other = peer;
        if (other != null && state == State.ESTABLISHED) {
            if (!queue.isEmpty() || resetOnClose) {
                long lost = unacknowledged();
                other.queue.cut(lost); // tcp_disconnect and tcp_done purge the write queue
                other.finished &= lost == 0; // our FIN was the last of it
                other.reset();
            } else if ((shutdown & SEND) == 0) {
                ownFin = true;
                other.finish();
            }
        }
        while (!queue.isEmpty()) {
            queue.remove().free();
        }
        state = State.CLOSED;
        shutdown = BOTH;
        machine.wake();
    }

    @Override
    int setLinger(boolean on, int seconds) {
        resetOnClose = on && seconds == 0;
        return 0;
    }

    @Override
    int bind(byte[] address) {
        if (ownName != null) {
            return -Errno.EINVAL;
        }
        byte[][] name = new byte[1][];
        int result = loopback.bind(address, this, name);
        if (result == 0) {
            ownName = name[0];
        }
        return result;
    }

    @Override
    int listen(int length) {
        if (state == State.ESTABLISHED) {
            return -Errno.EINVAL;
        }
        if (ownName == null) {
            int result = bind(loopback.any(domain));
            if (result < 0) {
                return result;
            }
        }
        state = State.LISTENING;
        backlog = Math.max(0, Math.min(length, 4096));
        return 0;
    }

    @Override
    boolean listening() {
        return state == State.LISTENING;
    }

    @Override
    boolean acceptable() {
        return !waiting.isEmpty();
    }

    @Override
    @Nullable
    Socket accept() {
        TcpSocket first = waiting.pollFirst();
        machine.wake();
        return first;
    }

    @Override
    int connect(byte[] address, boolean nonblocking) {
        if (state == State.ESTABLISHED) {
            return -Errno.EISCONN;
        }
        if (state == State.LISTENING) {
            return -Errno.EISCONN;
        }
        if (ownName == null) {
            int result = bind(loopback.any(domain));
            if (result < 0) {
                return result;
            }
        }
        while (true) {
            TcpSocket server = loopback.listener(address);
            if (server == null || server.state != State.LISTENING) {
                if (nonblocking) {
                    error = Errno.ECONNREFUSED;
                    arrivals++;
                    return -Errno.EINPROGRESS;
                }
                return -Errno.ECONNREFUSED;
            }
            if (server.waiting.size() <= server.backlog) {
                TcpSocket embryo = new TcpSocket(machine, fileSystem, domain, loopback);
                join(this, embryo);
                otherName = address.clone();
                embryo.ownName = otherName;
                embryo.otherName = ownName;
                embryo.sendBuffer = server.sendBuffer;
                embryo.receiveBuffer = server.receiveBuffer;
                server.waiting.addLast(embryo);
                server.arrivals++;
                departures++;
                machine.wake();
                return nonblocking ? -Errno.EINPROGRESS : 0;
            }
            if (nonblocking) {
                return -Errno.EAGAIN;
            }
            machine.sleep();
        }
    }

    static void join(TcpSocket a, TcpSocket b) {
        a.peer = b;
        b.peer = a;
        a.state = State.ESTABLISHED;
        b.state = State.ESTABLISHED;
    }

    @Override
    byte @Nullable [] name() {
        return ownName;
    }

    @Override
    byte @Nullable [] peerName() {
        return state == State.ESTABLISHED ? otherName : null;
    }
}
