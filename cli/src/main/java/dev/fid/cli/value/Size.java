package dev.fid.cli.value;

import java.math.BigDecimal;
import java.util.Locale;

/// Sizes and rates as users write them: `4096 64K 64KiB 1M 2GiB` are binary, `64KB 1MB` decimal, as with dd(1).
public final class Size {
    private static final String UNITS = "B, KiB, MiB, GiB, TiB, PiB, EiB, KB, MB, GB, TB, PB, EB";
    private static final String PREFIXES = "KMGTPE";

    private Size() {}

    /// Bytes.
    ///
    /// @throws IllegalArgumentException that names what is wrong
    public static long parse(String text) {
        int digits = digits(text);
        String number = text.substring(0, digits);
        String unit = text.substring(digits);
        if (!number.matches("[0-9]+(\\.[0-9]+)?")) {
            throw new IllegalArgumentException("'" + text + "' is not a size, such as 64KiB");
        }
        long factor = factor(unit, text);
        BigDecimal value = new BigDecimal(number).multiply(BigDecimal.valueOf(factor));
        if (value.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException("'" + text + "' is more than a file can have");
        }
        return value.longValue();
    }

    /// Bytes per second: a size, and `/s` where one likes.
    public static long parseRate(String text) {
        long rate = parse(text.endsWith("/s") ? text.substring(0, text.length() - 2) : text);
        if (rate == 0) {
            throw new IllegalArgumentException("a rate is above 0, not '" + text + "'");
        }
        return rate;
    }

    static int digits(String text) {
        int end = 0;
        while (end < text.length() && (Character.digit(text.charAt(end), 10) >= 0 || text.charAt(end) == '.')) {
            end++;
        }
        return end;
    }

    private static long factor(String unit, String text) {
        String upper = unit.toUpperCase(Locale.ROOT);
        if (upper.isEmpty() || upper.equals("B")) {
            return 1;
        }
        int power = PREFIXES.indexOf(upper.charAt(0)) + 1;
        String rest = upper.substring(1);
        if (power == 0 || !rest.matches("(IB|B)?")) {
            throw new IllegalArgumentException(
                    "'" + unit + "' is not a size unit (use " + UNITS + "), in '" + text + "'");
        }
        long step = rest.equals("B") ? 1000 : 1024;
        long factor = 1;
        for (int i = 0; i < power; i++) {
            factor *= step;
        }
        return factor;
    }
}
