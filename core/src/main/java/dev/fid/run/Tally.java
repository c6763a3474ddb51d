package dev.fid.run;

import dev.fid.kernel.MoveCall;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/// System calls made, by name, and bytes that were read in user space. Owned by one transfer, so not
/// synchronized.
public final class Tally {
    private static final class Count {
        long made;
    }

    private final EnumMap<MoveCall, Count> counts = new EnumMap<>(MoveCall.class);
    public long userBytes;

    public void count(MoveCall call) {
        counts.computeIfAbsent(call, c -> new Count()).made++;
    }

    /// The calls that were made at least once.
    public Map<String, Long> calls() {
        Map<String, Long> calls = new TreeMap<>();
        counts.forEach((call, count) -> calls.put(call.toString(), count.made));
        return calls;
    }
}
