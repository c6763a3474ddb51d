package dev.fid.net.relay;

import dev.fid.net.Ending;
import dev.fid.net.loop.LoopCounters;
import java.util.Map;

/// What a relay has done so far; sums since its start, bytes of live connections included.
///
/// @param accepted clients
/// @param joined clients that an upstream took
/// @param preconnected those of them whose connection was made before they came
/// @param spares connections to the upstream that wait for a client now
/// @param open connections now
/// @param splicedThere bytes to the upstream by splice, and so on
/// @param calls system calls to move bytes
/// @param splices those of them that were splice(2)
/// @param pauses how often accepting paused at the bound of connections
public record Totals(
        long accepted,
        long joined,
        long preconnected,
        long spares,
        long open,
        long splicedThere,
        long copiedThere,
        long splicedBack,
        long copiedBack,
        long calls,
        long splices,
        long pauses,
        Map<Ending, Long> endings,
        Map<String, Long> acceptErrors,
        Map<String, Long> connectErrors,
        Map<String, Long> fallbacks) {
    /// How many connections ended so.
    public long ended(Ending how) {
        return endings.getOrDefault(how, 0L);
    }

    /// Bytes that did not pass through the process.
    public long spliced() {
        return splicedThere + splicedBack;
    }

    /// Bytes that did.
    public long copied() {
        return copiedThere + copiedBack;
    }

    static Totals of(LoopCounters sum) {
        return new Totals(
                sum.accepted,
                sum.joined,
                sum.preconnected,
                sum.spares,
                sum.open,
                sum.spliced[LoopCounters.THERE],
                sum.copied[LoopCounters.THERE],
                sum.spliced[LoopCounters.BACK],
                sum.copied[LoopCounters.BACK],
                sum.calls,
                sum.splices,
                sum.pauses,
                Map.copyOf(sum.endings),
                Map.copyOf(sum.acceptErrors),
                Map.copyOf(sum.connectErrors),
                Map.copyOf(sum.fallbacks));
    }
}
