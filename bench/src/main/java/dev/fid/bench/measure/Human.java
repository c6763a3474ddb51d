package dev.fid.bench.measure;

/// Numbers for people, the same in every locale: `1.42 GiB`, `2.55 s`. Three significant digits.
public final class Human {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Human() {}

    /// In the largest binary unit that needs no fourth digit before the point.
    public static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = 0;
        while (value >= 999.5 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return digits(value) + " " + UNITS[unit];
    }

    /// A number of things, in groups of three: `100 000`.
    public static String files(long count) {
        String digits = Long.toString(count);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < digits.length(); i++) {
            boolean border = i > 0 && (digits.length() - i) % 3 == 0 && digits.length() > 4;
            text.append(border ? " " : "").append(digits.charAt(i));
        }
        return text.toString();
    }

    /// Bytes per second.
    public static String rate(long bytes, long nanos) {
        return bytes((long) (bytes / (Math.max(1, nanos) / 1e9))) + "/s";
    }

    /// Hundredths are the finest.
    public static String seconds(long nanos) {
        return digits(nanos / 1e9, 2) + " s";
    }

    /// A time to come: `45s`, `3m 05s`, `2h 10m`.
    public static String eta(long seconds) {
        if (seconds < 60) {
            return seconds + "s";
        }
        long big = seconds < 3600 ? seconds / 60 : seconds / 3600;
        long small = seconds < 3600 ? seconds % 60 : seconds / 60 % 60;
        return big + (seconds < 3600 ? "m " : "h ") + (small < 10 ? "0" : "") + small + (seconds < 3600 ? "s" : "m");
    }

    /// Three significant digits without an exponent, at most five of them behind the point; a dash where there is no
    /// number. Without String.format: it is slow to start and knows locales.
    public static String digits(double value) {
        return !Double.isFinite(value) ? "-" : value == 0 ? "0" : digits(value, 5);
    }

    private static String digits(double value, int mostDecimals) {
        double size = Math.abs(value);
        int decimals = 0;
        long scale = 1;
        while (decimals < mostDecimals && Math.round(size * scale) < 100) {
            decimals++;
            scale *= 10;
        }
        long scaled = Math.round(size * scale);
        String fraction = Long.toString(scaled % scale);
        return (value < 0 ? "-" : "")
                + scaled / scale
                + (decimals == 0 ? "" : "." + "0".repeat(decimals - fraction.length()) + fraction);
    }
}
