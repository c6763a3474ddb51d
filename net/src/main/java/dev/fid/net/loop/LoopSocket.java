package dev.fid.net.loop;

import dev.fid.Fd;
import dev.fid.kernel.Uapi;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import org.jspecify.annotations.Nullable;

/// One socket on its event loop: edge-triggered, its interest set once, so that after the first `epoll_ctl` there
/// is no other.
///
/// It is Netty's name for the number, and says "closed" when it leaves the loop: the kernel takes a closed
/// descriptor out of epoll by itself, which saves a call per socket. The socket itself is closed by its owner.
public final class LoopSocket extends FileDescriptor implements EpollIoHandle {
    private static final EpollIoOps EDGES = EpollIoOps.EPOLLIN
            .with(EpollIoOps.valueOf(Uapi.EPOLLPRI))
            .with(EpollIoOps.EPOLLOUT)
            .with(EpollIoOps.EPOLLRDHUP)
            .with(EpollIoOps.EPOLLET);

    /// Gets the events.
    public interface Reader {
        void ready(LoopSocket peer, int events);

        /// Handling them failed by a bug, ours or of a program that listens to us; the edge is gone. Throws nothing:
        /// Netty would let the whole loop wait for a second (4.2, SingleThreadIoEventLoop.handleLoopException).
        void broken(Throwable why);
    }

    private Reader reader;
    private @Nullable IoRegistration registration;
    private final boolean isUpstream;
    private boolean left;

    public LoopSocket(Fd socket, Reader reader, boolean isUpstream) {
        super(socket.number());
        this.reader = reader;
        this.isUpstream = isUpstream;
    }

    /// From the loop's thread.
    public void reader(Reader other) {
        reader = other;
    }

    public boolean isUpstream() {
        return isUpstream;
    }

    /// From the loop's thread.
    public void join(io.netty.channel.IoEventLoop loop) {
        IoRegistration bond = loop.register(this).syncUninterruptibly().getNow();
        registration = bond;
        bond.submit(EDGES);
    }

    /// From the loop's thread; the descriptor of a connection is closed by {@link LoopHome#closeSoon}.
    public void leave() {
        left = true;
        if (registration != null) {
            registration.cancel();
        }
    }

    @Override
    public FileDescriptor fd() {
        return this;
    }

    @Override
    public boolean isOpen() {
        return !left;
    }

    @Override
    public void handle(IoRegistration bond, IoEvent event) {
        if (!left) {
            try {
                reader.ready(this, ((EpollIoEvent) event).ops().value());
            } catch (Throwable t) {
                reader.broken(t);
            }
        }
    }

    /// The loop ends: what is left on it is closed by its owner.
    @Override
    public void close() {
        left = true;
    }
}
