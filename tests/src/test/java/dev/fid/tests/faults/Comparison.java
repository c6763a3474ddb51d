package dev.fid.tests.faults;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Compares what arrived with what was sent.
final class Comparison {
    private Comparison() {}

    /// What is wrong with `arrived`, which must be all of `sent`.
    static @Nullable String whole(byte[] sent, byte[] arrived) {
        String wrong = prefix(sent, arrived);
        return wrong == null && arrived.length < sent.length
                ? "success, and only " + arrived.length + " of " + sent.length + " bytes arrived"
                : wrong;
    }

    /// What is wrong with `arrived`, which must be the first bytes of `sent`.
    static @Nullable String prefix(byte[] sent, byte[] arrived) {
        int wrong = Arrays.mismatch(sent, arrived);
        if (wrong < 0 || wrong == arrived.length) {
            return null;
        }
        return wrong == sent.length
                ? "more arrived than was sent: " + arrived.length + " of " + sent.length + " bytes"
                : "byte " + wrong + " of " + sent.length + " is wrong, " + arrived.length + " arrived";
    }

    /// What is wrong with `arrived`, which must be `sent` without some stretches of it. The bytes are random, so
    /// that eight of them are found at one place only.
    static @Nullable String gapped(byte[] sent, byte[] arrived) {
        int from = 0;
        for (int i = 0; i < arrived.length; i++, from++) {
            if (from < sent.length && sent[from] == arrived[i]) {
                continue;
            }
            int known = Math.min(8, arrived.length - i);
            while (from + known <= sent.length && !Arrays.equals(sent, from, from + known, arrived, i, i + known)) {
                from++;
            }
            if (from + known > sent.length) {
                return "byte " + i + " of the " + arrived.length + " that arrived is wrong or too late";
            }
        }
        return null;
    }
}
