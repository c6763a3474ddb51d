package dev.fid;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// System calls made, by name, and bytes that were read in user space. Owned by one transfer, so not
/// synchronized.
final class Tally {
    enum Call {
        READ,
        WRITE,
        SPLICE,
        TEE,
        VMSPLICE,
        SENDFILE,
        COPY_FILE_RANGE,
        FICLONE,
        MMAP,
        POLL;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final class Count {
        long made;
    }

    private final EnumMap<Call, Count> counts = new EnumMap<>(Call.class);
    long userBytes;

    void count(Call call) {
        counts.computeIfAbsent(call, c -> new Count()).made++;
    }

    /// The calls that were made at least once.
    Map<String, Long> calls() {
        Map<String, Long> calls = new TreeMap<>();
        counts.forEach((call, count) -> calls.put(call.toString(), count.made));
        return calls;
    }
}
