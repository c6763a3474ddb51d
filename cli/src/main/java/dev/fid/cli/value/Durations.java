package dev.fid.cli.value;

import java.time.Duration;

/// Durations as users write them, always with a unit: `500ms 30s 5m 1h`.
public final class Durations {
    private Durations() {}

    /// A duration as people write it.
    ///
    /// @throws IllegalArgumentException that names what is wrong
    public static Duration parse(String text) {
        int digits = Size.digits(text);
        String number = text.substring(0, digits);
        String unit = text.substring(digits);
        if (!number.matches("[0-9]{1,9}(\\.[0-9]{1,9})?")) {
            throw new IllegalArgumentException("'" + text + "' is not a duration, such as 30s");
        }
        long nanos = switch (unit) {
            case "ms" -> 1_000_000L;
            case "s" -> 1_000_000_000L;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            case "" -> throw new IllegalArgumentException("'" + text + "' lacks a unit (use ms, s, m, h)");
            default ->
                throw new IllegalArgumentException(
                        "'" + unit + "' is not a time unit (use ms, s, m, h), in '" + text + "'");
        };
        Duration duration = Duration.ofNanos((long) Math.min(Double.parseDouble(number) * nanos, Long.MAX_VALUE / 4.0));
        if (duration.isZero()) {
            throw new IllegalArgumentException("a duration is above 0, not '" + text + "'");
        }
        return duration;
    }
}
