package dev.fid.cli;

/// Numbers for people, the same in every locale: `1.42 GiB`, `2.55 s`. Three significant digits.
final class Human {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Human() {}

    static String bytes(long bytes) {
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
    static String files(long count) {
        String digits = Long.toString(count);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < digits.length(); i++) {
            boolean border = i > 0 && (digits.length() - i) % 3 == 0 && digits.length() > 4;
            text.append(border ? " " : "").append(digits.charAt(i));
        }
        return text.toString();
    }

    /// Bytes per second.
    static String rate(long bytes, long nanos) {
        return bytes((long) (bytes / (Math.max(1, nanos) / 1e9))) + "/s";
    }

    static String seconds(long nanos) {
        return digits(nanos / 1e9) + " s";
    }

    /// A time to come: `45s`, `3m 05s`, `2h 10m`.
    static String eta(long seconds) {
        if (seconds < 60) {
            return seconds + "s";
        }
        long big = seconds < 3600 ? seconds / 60 : seconds / 3600;
        long small = seconds < 3600 ? seconds % 60 : seconds / 60 % 60;
        return big + (seconds < 3600 ? "m " : "h ") + (small < 10 ? "0" : "") + small + (seconds < 3600 ? "s" : "m");
    }

    /// Three significant digits, without String.format: it is slow and knows locales.
    static String digits(double value) {
        int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
        long scale = decimals == 0 ? 1 : decimals == 1 ? 10 : 100;
        long scaled = Math.round(value * scale);
        if (decimals == 0) {
            return Long.toString(scaled);
        }
        String fraction = Long.toString(scaled % scale);
        return scaled / scale + "." + (decimals == 2 && fraction.length() < 2 ? "0" : "") + fraction;
    }
}
