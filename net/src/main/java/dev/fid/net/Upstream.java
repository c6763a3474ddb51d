package dev.fid.net;

import io.netty.channel.IoEventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Where a relay connects to. A host name is looked up when a connection needs it, off the event loop, at most
/// every five seconds; a look-up that fails leaves the addresses of the last one.
final class Upstream {
    private static final long FRESH = 5_000_000_000L;

    private final SocketAddress to;
    private volatile SocketAddress @Nullable [] addresses;
    private volatile long lookedUp;

    Upstream(SocketAddress to) {
        this.to = to;
        if (!(to instanceof InetSocketAddress inet && inet.isUnresolved())) {
            addresses = new SocketAddress[] {to};
        }
    }

    SocketAddress to() {
        return to;
    }

    /// Gives the addresses to `then` on the loop, at once where they are known; none where the name is unknown.
    void find(IoEventLoop loop, Consumer<SocketAddress[]> then) {
        SocketAddress[] known = addresses;
        if (!(to instanceof InetSocketAddress inet) || !inet.isUnresolved()) {
            then.accept(known == null ? new SocketAddress[0] : known);
        } else if (known != null && System.nanoTime() - lookedUp < FRESH) {
            then.accept(known);
        } else {
            Thread.ofVirtual().name("fid-resolve").start(() -> {
                SocketAddress[] found = lookUp(inet);
                try {
                    loop.execute(() -> then.accept(found));
                } catch (java.util.concurrent.RejectedExecutionException e) {
                    // The loop has ended meanwhile, and its connections with it.
                }
            });
        }
    }

    private SocketAddress[] lookUp(InetSocketAddress inet) {
        try {
            InetAddress[] all = InetAddress.getAllByName(inet.getHostString());
            SocketAddress[] found = new SocketAddress[all.length];
            for (int i = 0; i < all.length; i++) {
                found[i] = new InetSocketAddress(all[i], inet.getPort());
            }
            addresses = found;
            lookedUp = System.nanoTime();
            return found;
        } catch (UnknownHostException e) {
            SocketAddress[] last = addresses;
            return last == null ? new SocketAddress[0] : last;
        }
    }
}
