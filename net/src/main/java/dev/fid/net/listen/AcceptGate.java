package dev.fid.net.listen;

import dev.fid.Fd;

/// How many may come in: asked by listeners before they accept. Safe for use by several threads.
public interface AcceptGate {
    /// Comes in, where there is room.
    boolean enter();

    /// Comes in whether or not there is room.
    void enterAnyway();

    void leave();

    /// A listener is closed: one that was handed to us is given back as it came.
    void giveBack(Fd socket);
}
