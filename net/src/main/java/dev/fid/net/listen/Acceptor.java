package dev.fid.net.listen;

import dev.fid.Fd;
import dev.fid.net.loop.LoopHome;
import org.jspecify.annotations.Nullable;

/// Takes the clients that a {@link Listener} accepts.
public interface Acceptor {
    LoopHome home();

    /// On the loop's thread.
    ///
    /// @param reserved a descriptor for what the client will need; null where one is at hand on this loop
    void adopt(Fd client, @Nullable Fd reserved);
}
