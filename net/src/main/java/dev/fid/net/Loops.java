package dev.fid.net;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Event loops that relays share: one thread and one epoll descriptor each.
public final class Loops implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup group;
    private final List<IoEventLoop> loops = new ArrayList<>();

    /// @param count threads, above 0
    /// @throws UnsupportedOperationException where Netty's native epoll cannot be loaded
    public Loops(int count) {
        Throwable unavailable = Epoll.unavailabilityCause();
        if (unavailable != null) {
            throw new UnsupportedOperationException("Netty's epoll transport cannot be loaded", unavailable);
        }
        group = new MultiThreadIoEventLoopGroup(
                count, new DefaultThreadFactory("fid-relay", true), EpollIoHandler.newFactory());
        for (EventExecutor loop : group) {
            loops.add((IoEventLoop) loop);
        }
    }

    /// Loops as many as processors.
    public static Loops ofMachine() {
        return new Loops(Runtime.getRuntime().availableProcessors());
    }

    /// How many.
    public int count() {
        return loops.size();
    }

    List<IoEventLoop> all() {
        return loops;
    }

    /// Ends the threads; relays on them must be closed before.
    @Override
    public void close() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
