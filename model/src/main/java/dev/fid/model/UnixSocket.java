package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A unix socket: what is sent goes straight into the peer's receive queue, and counts against the sender until it is
/// read. Source: net/unix/af_unix.c of Linux 6.18.
final class UnixSocket extends Socket {
    /// Data of one buffer beyond its linear part (UNIX_SKB_FRAGS_SZ).
    private static final int PAGED = 32768;

    /// net.unix.max_dgram_qlen
    private static final int MOST_MESSAGES = 512;

    private static final byte[] UNNAMED = {1, 0};

    private final UnixNames names;
    private final SocketQueue queue = new SocketQueue();
    /// Who sent each buffer of the queue, in the same order: it has the memory on its account until it is read.
    private final Deque<UnixSocket> senders = new ArrayDeque<>();

    private final Deque<UnixSocket> waiting = new ArrayDeque<>();
    private @Nullable UnixSocket peer;
    private boolean connected;
    private boolean listens;
    private boolean dead;
    private int backlog;
    private byte[] ownName = UNNAMED;
    /// `sk_wmem_alloc` without the socket's own 1.
    private long sent;

    UnixSocket(Machine machine, FileSystem fileSystem, int kind, UnixNames names) {
        super(machine, fileSystem, Uapi.AF_UNIX, kind);
        this.names = names;
    }

    /// socketpair(2).
    static void connect(UnixSocket a, UnixSocket b) {
        a.peer = b;
        b.peer = a;
        a.connected = true;
        b.connected = true;
    }

    SocketQueue queue() {
        return queue;
    }

    @Override
    long send(Iter from, int flags) {
        if ((flags & Uapi.MSG_OOB) != 0) {
            return -Errno.EOPNOTSUPP; // as where CONFIG_AF_UNIX_OOB is not set
        }
        return kind == Uapi.SOCK_DGRAM ? sendMessage(from, flags) : sendStream(from, null, flags);
    }

    @Override
    long sendPages(PageIter from, int flags) {
        // datagrams know no MSG_SPLICE_PAGES and copy
        return kind == Uapi.SOCK_DGRAM ? sendMessage(from, flags) : sendStream(from, from, flags);
    }

    /// `unix_stream_sendmsg`; with `pages` by reference.
    private long sendStream(Iter from, @Nullable PageIter pages, int flags) {
        machine.ledger.pass("unix_stream_sendmsg");
        UnixSocket other = peer;
        if (other == null) {
            return -Errno.ENOTCONN;
        }
        if ((shutdown & SEND) != 0) {
            return -Errno.EPIPE;
        }
        long done = 0;
        while (from.count() > 0) {
            int room = waitForRoom(flags);
            if (room < 0) {
                return done > 0 ? done : room;
            }
            SocketBuffer buffer;
            if (pages != null) {
                buffer = SocketBuffer.allocate(machine, 0, 0);
                buffer.splice(pages, from.count());
            } else {
                int size = (int)
                        Math.min(from.count(), Math.min((sendBuffer >> 1) - 64, SocketBuffer.MOST_LINEAR + PAGED));
                int paged = Math.max(0, size - SocketBuffer.MOST_LINEAR);
                paged = Math.min(size, paged + Page.SIZE - 1 & -Page.SIZE);
                buffer = SocketBuffer.allocate(machine, size - paged, paged);
                if (!buffer.fill(from)) {
                    buffer.free();
                    return done > 0 ? done : -Errno.EFAULT;
                }
            }
            if (other.dead || (other.shutdown & RECEIVE) != 0) {
                buffer.free();
                return done > 0 ? done : -Errno.EPIPE;
            }
            other.enqueue(buffer, this);
            done += buffer.len();
        }
        return done;
    }

    /// `sock_alloc_send_pskb`: waits until less than the send buffer is on its way.
    private int waitForRoom(int flags) {
        while (true) {
            if (error != 0) {
                return takeError();
            }
            if ((shutdown & SEND) != 0) {
                return -Errno.EPIPE;
            }
            if (sent < sendBuffer) {
                return 0;
            }
            if ((flags & Uapi.MSG_DONTWAIT) != 0) {
                return -Errno.EAGAIN;
            }
            machine.sleep();
        }
    }

    private void enqueue(SocketBuffer buffer, UnixSocket from) {
        from.sent += buffer.truesize;
        queue.add(buffer);
        senders.addLast(from);
        arrivals++;
        machine.wake();
    }

    private void dequeue() {
        SocketBuffer buffer = queue.remove();
        UnixSocket from = senders.removeFirst();
        from.sent -= buffer.truesize;
        if (from.roomy()) {
            from.departures++;
        }
        buffer.free();
        machine.wake();
    }

    /// `unix_dgram_sendmsg`, to the connected peer.
    private long sendMessage(Iter from, int flags) {
        machine.ledger.pass("unix_dgram_sendmsg");
        UnixSocket other = peer;
        if (other == null) {
            return -Errno.ENOTCONN;
        }
        long len = from.count();
        if (len > sendBuffer - 32) {
            return -Errno.EMSGSIZE;
        }
        int room = waitForRoom(flags);
        if (room < 0) {
            return room;
        }
        int paged = len > SocketBuffer.MOST_LINEAR
                ? (int) Math.min(len, len - SocketBuffer.MOST_LINEAR + Page.SIZE - 1 & -Page.SIZE)
                : 0;
        SocketBuffer buffer = SocketBuffer.allocate(machine, (int) len - paged, paged);
        if (!buffer.fill(from)) {
            buffer.free();
            return -Errno.EFAULT;
        }
        while (true) {
            int refused = other.dead ? Errno.ECONNREFUSED : (other.shutdown & RECEIVE) != 0 ? Errno.EPIPE : 0;
            if (refused == 0 && other.queue.size() > MOST_MESSAGES && (flags & Uapi.MSG_DONTWAIT) != 0) {
                refused = Errno.EAGAIN;
            }
            if (refused != 0) {
                buffer.free();
                return -refused;
            }
            if (other.queue.size() <= MOST_MESSAGES) {
                break;
            }
            machine.sleep();
        }
        other.enqueue(buffer, this);
        return len;
    }

    @Override
    long receive(Iter to, int flags) {
        if ((flags & Uapi.MSG_OOB) != 0) {
            return -Errno.EOPNOTSUPP;
        }
        if (kind == Uapi.SOCK_DGRAM) {
            return receiveMessage(to, flags);
        }
        machine.ledger.pass("unix_stream_recvmsg");
        return readStream(to.count(), flags, (buffer, skip, bytes) -> {
            int copied = buffer.copyTo(to, skip, bytes);
            return copied == bytes ? copied : -Errno.EFAULT;
        });
    }

    @Override
    long spliceRead(OpenFile file, PipeRing pipe, long len, int flags) {
        machine.ledger.pass("unix_stream_splice_read");
        int wait = file.nonblocking() || (flags & Uapi.SPLICE_F_NONBLOCK) != 0 ? Uapi.MSG_DONTWAIT : 0;
        return readStream(len, wait, (buffer, _, bytes) -> {
            machine.ledger.pass("skb_splice_bits");
            return (int) toPipe(pipe, asChosen(pipe, bytes, buffer.slots(bytes)));
        });
    }

    /// What happens to each buffer: bytes taken or -errno.
    private interface Actor {
        int take(SocketBuffer buffer, int skip, int bytes);
    }

    /// `unix_stream_read_generic`.
    private long readStream(long len, int flags, Actor actor) {
        if (!connected) {
            return -Errno.EINVAL;
        }
        boolean peek = (flags & Uapi.MSG_PEEK) != 0;
        long target = Math.max(1, Math.min(receiveLow(), len));
        long left = len;
        long done = 0;
        while (true) {
            SocketBuffer buffer = queue.first();
            if (buffer == null) {
                if (done >= target) {
                    return done;
                }
                int failed = takeError();
                if (failed != 0) {
                    return done > 0 ? done : failed;
                }
                if ((shutdown & RECEIVE) != 0) {
                    return done;
                }
                if ((flags & Uapi.MSG_DONTWAIT) != 0) {
                    return done > 0 ? done : -Errno.EAGAIN;
                }
                machine.sleep();
                continue;
            }
            if (peek) {
                return peek(left, actor);
            }
            int taken = actor.take(buffer, 0, (int) Math.min(buffer.left(), left));
            if (taken < 0) {
                return done > 0 ? done : -Errno.EFAULT;
            }
            done += taken;
            left -= taken;
            buffer.consumed += taken;
            if (buffer.left() > 0) {
                return done;
            }
            dequeue();
            if (left == 0) {
                return done;
            }
        }
    }

    /// MSG_PEEK: as far as the queue goes, never waiting once it has something.
    private long peek(long len, Actor actor) {
        long done = 0;
        for (Iterator<SocketBuffer> i = queue.iterator(); i.hasNext() && done < len; ) {
            SocketBuffer buffer = i.next();
            int taken = actor.take(buffer, 0, (int) Math.min(buffer.left(), len - done));
            if (taken < 0) {
                return done > 0 ? done : -Errno.EFAULT;
            }
            done += taken;
        }
        return done;
    }

    /// `unix_dgram_recvmsg`: one message, its rest is dropped.
    private long receiveMessage(Iter to, int flags) {
        machine.ledger.pass("unix_dgram_recvmsg");
        while (true) {
            SocketBuffer buffer = queue.first();
            if (buffer != null) {
                int part = (int) Math.min(to.count(), buffer.len());
                int copied = buffer.copyTo(to, 0, part);
                int whole = buffer.len();
                if ((flags & Uapi.MSG_PEEK) == 0) {
                    dequeue();
                }
                return copied < part ? -Errno.EFAULT : (flags & Uapi.MSG_TRUNC) != 0 ? whole : copied;
            }
            int failed = takeError();
            if (failed != 0) {
                return failed;
            }
            if ((shutdown & RECEIVE) != 0) {
                return 0;
            }
            if ((flags & Uapi.MSG_DONTWAIT) != 0) {
                return -Errno.EAGAIN;
            }
            machine.sleep();
        }
    }

    @Override
    int shutDown(int how) {
        if (how < Uapi.SHUT_RD || how > Uapi.SHUT_RDWR) {
            return -Errno.EINVAL;
        }
        int bits = how + 1;
        shutdown |= bits;
        UnixSocket other = peer;
        if (other != null && kind != Uapi.SOCK_DGRAM) {
            other.shutdown |= ((bits & RECEIVE) != 0 ? SEND : 0) | ((bits & SEND) != 0 ? RECEIVE : 0);
            other.arrivals++;
            other.departures++;
        }
        arrivals++;
        departures++;
        machine.wake();
        return 0;
    }

    /// `unix_poll`.
    @Override
    int poll(OpenFile file) {
        int mask = error != 0 ? Uapi.POLLERR : 0;
        if (shutdown == BOTH) {
            mask |= Uapi.POLLHUP;
        }
        if ((shutdown & RECEIVE) != 0) {
            mask |= Uapi.POLLRDHUP | Uapi.POLLIN;
        }
        if (!queue.isEmpty() || !waiting.isEmpty()) {
            mask |= Uapi.POLLIN;
        }
        if (kind != Uapi.SOCK_DGRAM && !connected && !listens) {
            mask |= Uapi.POLLHUP;
        }
        if (!listens && roomy() && !(kind == Uapi.SOCK_DGRAM && peer != null && peer.queue.size() > MOST_MESSAGES)) {
            mask |= Uapi.POLLOUT;
        }
        return mask;
    }

    /// `unix_writable`: at most a quarter of the send buffer is on its way.
    private boolean roomy() {
        return (sent + 1) << 2 <= sendBuffer;
    }

    @Override
    int fionread(OpenFile file) {
        if (listens) {
            return -Errno.EINVAL;
        }
        if (kind == Uapi.SOCK_DGRAM) {
            SocketBuffer first = queue.first();
            return first == null ? 0 : first.left();
        }
        return (int) queue.bytes();
    }

    /// `unix_release_sock`.
    @Override
    void release(OpenFile file) {
        dead = true;
        boolean unread = !queue.isEmpty();
        shutdown = BOTH;
        UnixSocket other = peer;
        if (other != null && kind != Uapi.SOCK_DGRAM) {
            other.shutdown = BOTH;
            if (unread) {
                other.error = Errno.ECONNRESET;
            }
            other.arrivals++;
            other.departures++;
        }
        while (!queue.isEmpty()) {
            dequeue();
        }
        for (UnixSocket embryo : List.copyOf(waiting)) {
            UnixSocket client = embryo.peer;
            if (client != null) {
                client.shutdown = BOTH;
                client.error = Errno.ECONNRESET;
            }
            embryo.release(file);
        }
        waiting.clear();
        names.forget(this);
        machine.wake();
    }

    @Override
    int bind(byte[] address) {
        if (address.length < 2 || ((address[0] & 0xff) | (address[1] << 8)) != Uapi.AF_UNIX) {
            return -Errno.EINVAL;
        }
        if (ownName.length > 2) {
            return -Errno.EINVAL;
        }
        int result = names.bind(address, this);
        if (result == 0) {
            ownName = address.clone();
        }
        return result;
    }

    @Override
    int listen(int length) {
        if (kind == Uapi.SOCK_DGRAM) {
            return -Errno.EOPNOTSUPP;
        }
        if (ownName.length <= 2 || connected) {
            return -Errno.EINVAL;
        }
        listens = true;
        backlog = Math.max(0, Math.min(length, 4096));
        return 0;
    }

    @Override
    boolean listening() {
        return listens;
    }

    @Override
    boolean acceptable() {
        return !waiting.isEmpty();
    }

    @Override
    @Nullable
    Socket accept() {
        UnixSocket first = waiting.pollFirst();
        machine.wake();
        return first;
    }

    @Override
    int connect(byte[] address, boolean nonblocking) {
        if (address.length < 2) {
            return -Errno.EINVAL;
        }
        if (connected) {
            return -Errno.EISCONN;
        }
        if (listens) {
            return -Errno.EINVAL;
        }
        UnixSocket[] found = new UnixSocket[1];
        int result = names.find(address, found);
        if (result < 0) {
            return result;
        }
        UnixSocket server = found[0];
        if (kind == Uapi.SOCK_DGRAM) {
            peer = server;
            return 0;
        }
        while (true) {
            if (server.dead || !server.listens || (server.shutdown & RECEIVE) != 0) {
                return -Errno.ECONNREFUSED;
            }
            if (server.kind != kind) {
                return -Errno.EPROTOTYPE;
            }
            if (server.waiting.size() <= server.backlog) {
                break;
            }
            if (nonblocking) {
                return -Errno.EAGAIN;
            }
            machine.sleep();
        }
        UnixSocket embryo = new UnixSocket(machine, fileSystem, kind, names);
        embryo.ownName = server.ownName;
        connect(this, embryo);
        server.waiting.addLast(embryo);
        server.arrivals++;
        machine.wake();
        return 0;
    }

    @Override
    byte[] name() {
        return ownName;
    }

    @Override
    byte @Nullable [] peerName() {
        UnixSocket other = peer;
        return other == null ? null : Arrays.copyOf(other.ownName, other.ownName.length);
    }
}
