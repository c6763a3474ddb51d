package dev.fid.bench;

import java.util.Locale;

/// Numbers as people read them: three significant digits, the same everywhere.
final class Figures {
    private Figures() {}

    /// Three significant digits without an exponent; a dash where there is no number.
    static String of(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return "-";
        }
        int magnitude = value == 0 ? 0 : (int) Math.floor(Math.log10(Math.abs(value)));
        int decimals = value == 0 ? 0 : Math.clamp(2 - magnitude, 0, 5);
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    /// Bytes in the largest binary unit that leaves at least 1.
    static String bytes(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return bytes == 0 ? "0" : (unit == 0 ? Long.toString(bytes) : of(value)) + " " + units[unit];
    }
}
