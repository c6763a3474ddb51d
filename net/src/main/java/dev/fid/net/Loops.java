package dev.fid.net;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Event loops that relays share: one thread and one epoll descriptor each.
public final class Loops implements AutoCloseable {
    /// Null where the loops are another's.
    private final @Nullable MultiThreadIoEventLoopGroup group;

    private final List<IoEventLoop> loops = new ArrayList<>();

    /// @param count threads, above 0
    /// @throws UnsupportedOperationException where Netty's native epoll cannot be loaded; it names the flags
    public Loops(int count) {
        Throwable unavailable = Epoll.unavailabilityCause();
        if (unavailable != null) {
            throw new UnsupportedOperationException(remedy(), unavailable);
        }
        group = new MultiThreadIoEventLoopGroup(
                count, new DefaultThreadFactory("fid-relay", true), EpollIoHandler.newFactory());
        for (EventExecutor loop : group) {
            loops.add((IoEventLoop) loop);
        }
    }

    /// What to add, in full: on the module path nothing requires the module with the native library, so nobody
    /// resolves it.
    private static String remedy() {
        String processor = System.getProperty("os.arch", "").equals("aarch64") ? "aarch_64" : "x86_64";
        String start = "Netty's epoll transport cannot be loaded: ";
        return Loops.class.getModule().isNamed()
                ? start + "start java with --add-modules io.netty.transport.epoll.linux." + processor
                        + " --enable-native-access=dev.fid,io.netty.common"
                : start + "io.netty:netty-transport-native-epoll, classifier linux-" + processor
                        + ", has to be on the class path, and java wants --enable-native-access=ALL-UNNAMED";
    }

    private Loops(List<IoEventLoop> others) {
        group = null;
        for (IoEventLoop loop : others) {
            if (!loop.isCompatible(EpollIoHandle.class)) {
                throw new IllegalArgumentException(loop + " has no epoll; use EpollIoHandler.newFactory()");
            }
            loops.add(loop);
        }
        if (loops.isEmpty()) {
            throw new IllegalArgumentException("relays need one event loop at least");
        }
    }

    /// Event loops that a program has already, for its Netty servers: relays share them with its channels.
    ///
    /// @param loops of a group made with Netty's `EpollIoHandler`; {@link #close} leaves them alone
    /// @throws IllegalArgumentException where one of them does not wait by epoll
    public static Loops of(List<IoEventLoop> loops) {
        return new Loops(loops);
    }

    /// Loops as many as processors.
    public static Loops ofMachine() {
        return new Loops(Runtime.getRuntime().availableProcessors());
    }

    /// How many.
    public int count() {
        return loops.size();
    }

    public List<IoEventLoop> all() {
        return loops;
    }

    /// Ends the threads that are its own; relays on them must be closed before.
    @Override
    public void close() {
        if (group == null) {
            return;
        }
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
