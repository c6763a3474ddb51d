package dev.fid.net.upstream;

import dev.fid.HappyEyeballs;
import io.netty.channel.IoEventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Where a relay connects to. A host name is looked up when a connection needs it, off the event loop, at most
/// every five seconds; a look-up that fails leaves the addresses of the last one. The address that answered last is
/// the first to be asked; the others follow with both families in turn (RFC 8305, section 4).
public final class Upstream {
    private static final long FRESH = 5_000_000_000L;

    private final List<SocketAddress> to;
    private volatile SocketAddress @Nullable [] addresses;
    private volatile long lookedUp;
    private volatile @Nullable SocketAddress answered;

    /// @param to its name, or its addresses
    public Upstream(List<SocketAddress> to) {
        this.to = to;
        if (name() == null) {
            addresses = inTurn(to);
        }
    }

    private @Nullable InetSocketAddress name() {
        return to.size() == 1 && to.getFirst() instanceof InetSocketAddress inet && inet.isUnresolved() ? inet : null;
    }

    public List<SocketAddress> to() {
        return to;
    }

    /// From any branch's loop.
    void remember(SocketAddress address) {
        answered = address;
    }

    /// Whether its addresses are known, so that {@link #find} gives them at once.
    public boolean isKnown() {
        return addresses != null && (name() == null || System.nanoTime() - lookedUp < FRESH);
    }

    /// Gives the addresses to `then` on the loop, at once where they are known; none where the name is unknown.
    void find(IoEventLoop loop, Consumer<SocketAddress[]> then) {
        SocketAddress[] known = addresses;
        InetSocketAddress name = name();
        if (known != null && isKnown()) {
            then.accept(bestFirst(known));
        } else if (name != null) {
            Thread.ofVirtual().name("fid-resolve").start(() -> {
                SocketAddress[] found = bestFirst(lookUp(name));
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
            List<SocketAddress> found = new ArrayList<>();
            for (InetAddress each : InetAddress.getAllByName(inet.getHostString())) {
                found.add(new InetSocketAddress(each, inet.getPort()));
            }
            SocketAddress[] all = inTurn(found);
            addresses = all;
            lookedUp = System.nanoTime();
            return all;
        } catch (UnknownHostException e) {
            SocketAddress[] last = addresses;
            return last == null ? new SocketAddress[0] : last;
        }
    }

    private static SocketAddress[] inTurn(List<SocketAddress> all) {
        return HappyEyeballs.inTurn(all).toArray(SocketAddress[]::new);
    }

    private SocketAddress[] bestFirst(SocketAddress[] all) {
        SocketAddress best = answered;
        for (int i = 1; best != null && i < all.length; i++) {
            if (all[i].equals(best)) {
                SocketAddress[] sorted = all.clone();
                System.arraycopy(all, 0, sorted, 1, i);
                sorted[0] = best;
                return sorted;
            }
        }
        return all;
    }
}
