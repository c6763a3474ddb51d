package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import org.jspecify.annotations.Nullable;

/// A UDP socket over loopback, as far as splice sees it. Source: net/ipv4/udp.c of Linux 6.18.
final class UdpSocket extends Socket {
    private static final int LONGEST = 65507;

    private final Loopback loopback;
    private final SocketQueue queue = new SocketQueue();
    private byte @Nullable [] ownName;
    private byte @Nullable [] otherName;

    UdpSocket(Machine machine, FileSystem fileSystem, int domain, Loopback loopback) {
        super(machine, fileSystem, domain, Uapi.SOCK_DGRAM);
        this.loopback = loopback;
    }

    @Override
    long send(Iter from, int flags) {
        machine.ledger.pass("udp_sendmsg");
        byte[] to = otherName;
        if (from.count() > 65535) {
            return -Errno.EMSGSIZE;
        }
        if ((flags & Uapi.MSG_OOB) != 0) {
            return -Errno.EOPNOTSUPP;
        }
        if (to == null) {
            return -Errno.EDESTADDRREQ;
        }
        if (from.count() > LONGEST) {
            return -Errno.EMSGSIZE;
        }
        if (error != 0) {
            return takeError();
        }
        int len = (int) from.count();
        int paged = Math.max(0, len - SocketBuffer.MOST_LINEAR);
        SocketBuffer buffer = SocketBuffer.allocate(machine, len - paged, paged);
        if (!buffer.fill(from)) {
            buffer.free();
            return -Errno.EFAULT;
        }
        UdpSocket receiver = loopback.receiver(to);
        if (receiver == null) {
            buffer.free();
            error = Errno.ECONNREFUSED;
        } else if (receiver.queue.bytes() + len > receiver.receiveBuffer) {
            buffer.free();
        } else {
            receiver.queue.add(buffer);
            receiver.arrivals++;
        }
        machine.wake();
        return len;
    }

    @Override
    long sendPages(PageIter from, int flags) {
        return send(from, flags);
    }

    @Override
    long receive(Iter to, int flags) {
        machine.ledger.pass("udp_recvmsg");
        while (queue.isEmpty()) {
            if (error != 0) {
                return takeError();
            }
            if ((shutdown & RECEIVE) != 0) {
                return 0;
            }
            if ((flags & Uapi.MSG_DONTWAIT) != 0) {
                return -Errno.EAGAIN;
            }
            machine.sleep();
        }
        SocketBuffer buffer = queue.remove();
        int part = (int) Math.min(to.count(), buffer.len());
        int copied = buffer.copyTo(to, 0, part);
        int whole = buffer.len();
        buffer.free();
        return copied < part ? -Errno.EFAULT : (flags & Uapi.MSG_TRUNC) != 0 ? whole : copied;
    }

    @Override
    long spliceRead(OpenFile file, PipeRing pipe, long len, int flags) {
        return -Errno.EINVAL;
    }

    @Override
    int poll(OpenFile file) {
        int mask = Uapi.POLLOUT;
        if (!queue.isEmpty()) {
            mask |= Uapi.POLLIN;
        }
        if (error != 0) {
            mask |= Uapi.POLLERR;
        }
        if ((shutdown & RECEIVE) != 0) {
            mask |= Uapi.POLLIN | Uapi.POLLRDHUP;
        }
        return shutdown == BOTH ? mask | Uapi.POLLHUP : mask;
    }

    @Override
    int fionread(OpenFile file) {
        SocketBuffer first = queue.first();
        return first == null ? 0 : first.left();
    }

    @Override
    void release(OpenFile file) {
        loopback.forget(this);
        while (!queue.isEmpty()) {
            queue.remove().free();
        }
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
    int listen(int backlog) {
        return -Errno.EOPNOTSUPP;
    }

    @Override
    boolean listening() {
        return false;
    }

    @Override
    boolean acceptable() {
        return false;
    }

    @Override
    @Nullable
    Socket accept() {
        return null;
    }

    @Override
    int connect(byte[] address, boolean nonblocking) {
        if (ownName == null) {
            int result = bind(loopback.any(domain));
            if (result < 0) {
                return result;
            }
        }
        otherName = address.clone();
        return 0;
    }

    @Override
    int shutDown(int how) {
        if (how < Uapi.SHUT_RD || how > Uapi.SHUT_RDWR) {
            return -Errno.EINVAL;
        }
        if (otherName == null) {
            return -Errno.ENOTCONN;
        }
        shutdown |= how + 1;
        arrivals++;
        machine.wake();
        return 0;
    }

    @Override
    byte @Nullable [] name() {
        return ownName;
    }

    @Override
    byte @Nullable [] peerName() {
        return otherName;
    }
}
