package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A socket of any kind: what read, write and splice make of it, and the options that all have. Source: net/socket.c
/// and net/core/sock.c of Linux 6.18.
abstract class Socket extends Inode {
    static final int RECEIVE = 1;
    static final int SEND = 2;
    static final int BOTH = 3;

    /// Memory that a connection needs at least (SOCK_MIN_SNDBUF, SOCK_MIN_RCVBUF), and net.core.wmem_max.
    private static final int LEAST_SEND = 4608;

    private static final int LEAST_RECEIVE = 2304;
    private static final int MOST_ASKED = 4 << 20;

    final int domain;
    final int kind;
    /// RECEIVE and SEND bits of `sk_shutdown`.
    int shutdown;
    /// `sk_err`: an errno for the next call that asks.
    int error;
    int sendBuffer = 212992;
    int receiveBuffer = 212992;
    private int receiveLow = 1;
    private final java.util.Map<Long, Integer> options = new java.util.HashMap<>();

    Socket(Machine machine, FileSystem fileSystem, int domain, int kind) {
        super(machine, fileSystem, Uapi.S_IFSOCK | 0777);
        this.domain = domain;
        this.kind = kind;
    }

    @Override
    FileOperations operations() {
        if (kind == Uapi.SOCK_DGRAM) {
            return machine.profile.operations(FileOperations.Kind.DATAGRAM);
        }
        return machine.profile.operations(
                domain == Uapi.AF_UNIX ? FileOperations.Kind.UNIX_STREAM : FileOperations.Kind.TCP);
    }

    @Override
    long read(OpenFile file, Iter to, Offset pos) {
        if (to.count() == 0) {
            return 0;
        }
        return receive(to, file.nonblocking() ? Uapi.MSG_DONTWAIT : 0);
    }

    @Override
    long write(OpenFile file, Iter from, Offset pos) {
        return send(from, file.nonblocking() ? Uapi.MSG_DONTWAIT : 0);
    }

    /// `sock_recvmsg`.
    abstract long receive(Iter to, int flags);

    /// `sock_sendmsg` with bytes of user memory or of kernel pages, which are copied.
    abstract long send(Iter from, int flags);

    /// `sock_sendmsg` with MSG_SPLICE_PAGES: references instead of bytes.
    abstract long sendPages(PageIter from, int flags);

    /// The protocol's `splice_read`.
    abstract long spliceRead(OpenFile file, PipeRing pipe, long len, int flags);

    abstract int bind(byte[] address);

    abstract int listen(int backlog);

    /// The next new connection; null where none waits.
    abstract @Nullable Socket accept();

    /// Whether a connection waits to be accepted.
    abstract boolean acceptable();

    abstract boolean listening();

    abstract int connect(byte[] address, boolean nonblocking);

    abstract int shutDown(int how);

    abstract byte @Nullable [] name();

    abstract byte @Nullable [] peerName();

    /// `sock_error`: takes the pending error away.
    int takeError() {
        int pending = error;
        error = 0;
        return -pending;
    }

    /// SIOCOUTQ: bytes on their way; a datagram is there at once.
    int unacknowledged() {
        return 0;
    }

    int receiveLow() {
        return receiveLow;
    }

    /// `sock_splice_read`.
    static long sockSpliceRead(OpenFile in, Offset pos, PipeRing pipe, long len, int flags) {
        in.inode.machine.ledger.pass("sock_splice_read");
        return ((Socket) in.inode).spliceRead(in, pipe, len, flags);
    }

    /// `splice_to_socket`: up to 16 slots at a time become references in the socket's queue.
    static long spliceToSocket(PipeRing pipe, OpenFile out, Offset pos, long len, int flags) {
        Machine machine = pipe.machine;
        machine.ledger.pass("splice_to_socket");
        long moved = 0;
        while (moved < len) {
            long ready = Splice.next(pipe, moved, flags);
            if (ready <= 0) {
                return moved > 0 ? moved : ready;
            }
            long left = len - moved;
            List<PipeBuffer> slots = Splice.peek(pipe, 16, left);
            PageIter from = new PageIter(machine.ledger);
            for (PipeBuffer slot : slots) {
                int part = (int) Math.min(left, slot.len);
                from.add(slot.page, slot.offset, part);
                left -= part;
            }
            int message = out.nonblocking() ? Uapi.MSG_DONTWAIT : 0;
            if ((flags & Uapi.SPLICE_F_MORE) != 0 || (left > 0 && pipe.occupancy() > slots.size())) {
                message |= Uapi.MSG_MORE;
            }
            machine.ledger.pass("sock_sendmsg");
            long sent = ((Socket) out.inode).sendPages(from, message);
            if (sent <= 0) {
                return moved > 0 ? moved : sent;
            }
            pipe.consume(sent);
            moved += sent;
        }
        return moved;
    }

    /// `generic_splice_sendpage` of Linux 2.6: one slot at a time by the actor `pipe_to_sendpage`.
    static long genericSpliceSendpage(PipeRing pipe, OpenFile out, Offset pos, long len, int flags) {
        Machine machine = pipe.machine;
        machine.ledger.pass("generic_splice_sendpage");
        return Splice.fromPipe(pipe, len, flags, (buffer, part) -> {
            machine.ledger.pass("pipe_to_sendpage");
            PageIter from = new PageIter(machine.ledger);
            from.add(buffer.page, buffer.offset, part);
            int message = out.nonblocking() ? Uapi.MSG_DONTWAIT : 0;
            return machine.ledger.inside("sock_sendpage", () -> ((Socket) out.inode).sendPages(from, message));
        });
    }

    /// `bytes` that lie in `usual` slots, in those that {@link Freedom#slots} says.
    static List<PipeBuffer> asChosen(PipeRing pipe, long bytes, List<PipeBuffer> usual) {
        int free = pipe.slots() - pipe.occupancy();
        long[] lens = new long[Math.min(free, usual.size())];
        for (int i = 0; i < lens.length; i++) {
            lens[i] = usual.get(i).len;
        }
        long[] chosen = pipe.machine.freedom.slots(bytes, free, lens);
        return Arrays.equals(chosen, lens) ? usual : laidOut(pipe.machine, usual, chosen);
    }

    /// The same bytes in slots of other lengths. A slot that lies within one of the old ones refers to the same page;
    /// one that does not gets a copy.
    private static List<PipeBuffer> laidOut(Machine machine, List<PipeBuffer> old, long[] lens) {
        List<PipeBuffer> slots = new ArrayList<>();
        int at = 0;
        int within = 0;
        for (long len : lens) {
            while (at < old.size() && within == old.get(at).len) {
                at++;
                within = 0;
            }
            PipeBuffer now = old.get(at);
            if (within + len <= now.len) {
                now.page.get();
                slots.add(new PipeBuffer(now.page, now.offset + within, (int) len, now.ops, 0));
                within += (int) len;
                continue;
            }
            Folio folio = new Folio(machine, (int) Page.ceiling(len));
            folio.upToDate = true;
            int done = 0;
            while (done < len) {
                now = old.get(at);
                int part = (int) Math.min(len - done, now.len - within);
                PageIter from = new PageIter(machine.ledger);
                from.add(now.page, now.offset + within, part);
                Iter.copyAllFrom(from, folio.pages[0], done, part);
                done += part;
                within += part;
                if (within == now.len) {
                    at++;
                    within = 0;
                }
            }
            slots.add(new PipeBuffer(folio.pages[0], 0, (int) len, PipeBuffer.Ops.SOCK, 0));
        }
        for (PipeBuffer slot : old) {
            slot.release();
        }
        return slots;
    }

    /// `skb_splice_bits` and `splice_to_pipe`: as many slots as are free; bytes, or -EAGAIN, or -EPIPE.
    static long toPipe(PipeRing pipe, List<PipeBuffer> slots) {
        pipe.machine.ledger.pass("splice_to_pipe");
        long moved = 0;
        for (PipeBuffer slot : slots) {
            if (pipe.readers > 0 && !pipe.full()) {
                pipe.push(slot);
                moved += slot.len;
            } else {
                slot.release();
            }
        }
        return moved > 0 || slots.isEmpty() ? moved : pipe.readers == 0 ? -Errno.EPIPE : -Errno.EAGAIN;
    }

    int setOption(int level, int option, int value) {
        if (level == Uapi.SOL_SOCKET) {
            switch (option) {
                case Uapi.SO_SNDBUF -> {
                    sendBuffer = Math.max(Math.min(value, MOST_ASKED) * 2, LEAST_SEND);
                    machine.wake();
                }
                case Uapi.SO_RCVBUF -> receiveBuffer = Math.max(Math.min(value, MOST_ASKED) * 2, LEAST_RECEIVE);
                case Uapi.SO_RCVLOWAT -> {
                    receiveLow = value < 0 ? Integer.MAX_VALUE : Math.max(value, 1);
                    arrivals++; // tcp_set_rcvlowat: bytes that were below the mark may not be now
                    machine.wake();
                }
                case Uapi.SO_REUSEADDR, Uapi.SO_REUSEPORT, Uapi.SO_KEEPALIVE, Uapi.SO_OOBINLINE ->
                    options.put(key(level, option), value == 0 ? 0 : 1);
                case Uapi.SO_BINDTOIFINDEX -> {
                    if (value < 0) {
                        return -Errno.EINVAL;
                    }
                    options.put(key(level, option), value); // sock_bindtoindex asks for no such interface
                }
                default -> {
                    return -Errno.ENOPROTOOPT;
                }
            }
            return 0;
        }
        boolean known = switch (level) {
            case Uapi.IPPROTO_TCP -> domain != Uapi.AF_UNIX && kind == Uapi.SOCK_STREAM;
            case Uapi.IPPROTO_IPV6 -> domain == Uapi.AF_INET6;
            case Uapi.IPPROTO_IP -> domain == Uapi.AF_INET;
            default -> false;
        };
        if (known) {
            options.put(key(level, option), value);
            return 0;
        }
        return domain == Uapi.AF_UNIX ? -Errno.EOPNOTSUPP : -Errno.ENOPROTOOPT;
    }

    int option(int level, int option) {
        if (level == Uapi.SOL_SOCKET) {
            return switch (option) {
                case Uapi.SO_TYPE -> kind;
                case Uapi.SO_DOMAIN -> domain;
                case Uapi.SO_PROTOCOL -> domain == Uapi.AF_UNIX ? 0 : kind == Uapi.SOCK_STREAM ? 6 : 17;
                case Uapi.SO_ERROR -> -takeError();
                case Uapi.SO_SNDBUF -> sendBuffer;
                case Uapi.SO_RCVBUF -> receiveBuffer;
                case Uapi.SO_RCVLOWAT -> receiveLow;
                case Uapi.SO_ACCEPTCONN -> listening() ? 1 : 0;
                case Uapi.SO_REUSEADDR,
                        Uapi.SO_REUSEPORT,
                        Uapi.SO_KEEPALIVE,
                        Uapi.SO_OOBINLINE,
                        Uapi.SO_BINDTOIFINDEX -> options.getOrDefault(key(level, option), 0);
                default -> -Errno.ENOPROTOOPT;
            };
        }
        if (domain == Uapi.AF_UNIX) {
            return -Errno.EOPNOTSUPP;
        }
        return options.getOrDefault(key(level, option), 0);
    }

    /// SO_LINGER with time 0: close resets.
    int setLinger(boolean on, int seconds) {
        return 0;
    }

    private static long key(int level, int option) {
        return ((long) level << 32) | option;
    }
}
