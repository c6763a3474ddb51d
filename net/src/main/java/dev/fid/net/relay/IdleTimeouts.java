package dev.fid.net.relay;

import dev.fid.link.Lane;
import dev.fid.link.Link;
import dev.fid.net.Ending;
import dev.fid.net.terms.RelayTerms;
import dev.fid.wait.Deadline;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Since when a joined connection has moved neither a byte nor an end, and which of its time-outs that is too long for.
final class IdleTimeouts {
    private final RelayTerms terms;
    private final Link link;
    private long since;
    private boolean wasHalfClosed;
    private long movedThere;
    private long movedBack;
    private long stalledThereSince;
    private long stalledBackSince;

    IdleTimeouts(RelayTerms terms, Link link, long now) {
        this.terms = terms;
        this.link = link;
        this.since = now;
        this.stalledThereSince = now;
        this.stalledBackSince = now;
    }

    /// How it ends for what it did not do since the last look; null while it may go on.
    ///
    /// @param isPaced whether it waits for its turn at a rate, which is no silence of its peers
    @Nullable
    Ending look(long now, boolean isPaced) {
        Lane there = link.there();
        Lane back = link.back();
        boolean movedOn = there.moved() != movedThere;
        boolean movedOff = back.moved() != movedBack;
        boolean isHalfClosed = link.isHalfClosed();
        if (movedOn || movedOff || isPaced || isHalfClosed != wasHalfClosed) { // an end that arrives is news, too
            since = now;
        }
        wasHalfClosed = isHalfClosed;
        if (movedOn || there.pending() == 0) {
            stalledThereSince = now;
        }
        if (movedOff || back.pending() == 0) {
            stalledBackSince = now;
        }
        movedThere = there.moved();
        movedBack = back.moved();
        if (isOver(terms.stallTimeout(), now - Math.min(stalledThereSince, stalledBackSince))) {
            return Ending.STALLED;
        }
        if (isHalfClosed && isOver(terms.halfCloseTimeout(), now - since)) {
            return Ending.HALF_CLOSED;
        }
        return isOver(terms.idleTimeout(), now - since) ? Ending.IDLE : null;
    }

    private static boolean isOver(@Nullable Duration time, long nanos) {
        return time != null && nanos > Deadline.nanos(time);
    }
}
