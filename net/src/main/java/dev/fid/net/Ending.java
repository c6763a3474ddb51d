package dev.fid.net;

import java.util.Locale;

/// How a connection ended.
public enum Ending {
    /// Both directions, each after its last byte.
    DONE,
    /// A peer reset it, or a call failed on it: passed on as a reset.
    RESET,
    /// Nothing moved for too long.
    IDLE,
    /// One direction had ended and nothing moved in the other for too long.
    HALF_CLOSED,
    /// Bytes waited too long for a peer that took none.
    STALLED,
    /// No upstream took it.
    UNREACHABLE,
    /// An address that may not connect.
    DENIED,
    /// Its PROXY header was malformed, missing or late.
    NO_HEADER,
    /// An operator ended it.
    KILLED,
    /// The deadline of a drain cut it.
    CUT,
    /// A bug, of Fid or of a program that listens to it: the connection is reset, and the others go on.
    FAILED;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
