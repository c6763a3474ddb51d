package dev.fid.cli.relay;

import dev.fid.net.Ending;
import dev.fid.net.LogEntry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Tells the operator of clients that were turned away: the first of a kind at once, then at most a line each ten
/// seconds with how many there were, so that an upstream that is down does not fill the log.
final class RelayTroubles implements Consumer<LogEntry> {
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Consumer<String> say;
    private final Map<String, Kind> kinds = new ConcurrentHashMap<>();

    RelayTroubles(Consumer<String> say) {
        this.say = say;
    }

    private static final class Kind {
        private long silentUntil = System.nanoTime();
        private long more;
    }

    /// On an event loop, so a thread of its own writes the line: a terminal or a pipe may keep it waiting.
    @Override
    public void accept(LogEntry entry) {
        boolean isUpstream = entry.ending() == Ending.UNREACHABLE;
        Kind kind = kinds.computeIfAbsent(
                entry.relay() + entry.ending() + (isUpstream ? entry.why() : ""), key -> new Kind());
        long now = System.nanoTime();
        long more;
        synchronized (kind) {
            if (now - kind.silentUntil < 0) {
                kind.more++;
                return;
            }
            kind.silentUntil = now + PAUSE_NANOS;
            more = kind.more;
            kind.more = 0;
        }
        String line = text(entry) + (more == 0 ? "" : " (and " + more + " more before)");
        Thread.ofPlatform().daemon().name("fid-troubles").start(() -> say.accept(line));
    }

    private static String text(LogEntry entry) {
        String client = entry.connection().client().isEmpty()
                ? "a client"
                : "client " + entry.connection().client();
        return switch (entry.ending()) {
            case UNREACHABLE -> entry.why() + "; " + client + " was turned away";
            case NO_HEADER -> client + ": " + entry.why() + "; turned away";
            default -> client + ": bytes waited longer than --stall-timeout; cut";
        };
    }
}
