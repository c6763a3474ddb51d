package dev.fid.cli.endpoint;

import dev.fid.cli.base.Suggest;
import dev.fid.cli.value.Size;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The options behind an endpoint, `?nodelay=no&keepalive=30s`: taken out one by one, by name.
final class Query {
    private final String where;
    private final Map<String, String> left = new LinkedHashMap<>();
    private final List<String> known = new ArrayList<>();

    private Query(String where) {
        this.where = where;
    }

    static Query parse(String query, String where) {
        Query parsed = new Query(where);
        for (String pair : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            String key = equals < 0 ? pair : pair.substring(0, equals);
            if (!key.isEmpty()) {
                parsed.left.put(key, equals < 0 ? "yes" : pair.substring(equals + 1));
            }
        }
        return parsed;
    }

    <T> @Nullable T take(String key, Function<String, T> parser) {
        known.add(key);
        String value = left.remove(key);
        try {
            return value == null ? null : parser.apply(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(where + ": " + key + ": " + e.getMessage(), e);
        }
    }

    long size(String key) {
        Long size = take(key, Size::parse);
        return size == null ? -1 : size;
    }

    boolean flag(String key, boolean usual) {
        Boolean value = take(key, Query::truth);
        return value == null ? usual : value;
    }

    private static boolean truth(String value) {
        return switch (value) {
            case "yes", "true", "1" -> true;
            case "no", "false", "0" -> false;
            default -> throw new IllegalArgumentException("'" + value + "' is neither yes nor no");
        };
    }

    /// Refuses what was not taken.
    ///
    /// @throws IllegalArgumentException where something was not taken
    void end() {
        for (String key : left.keySet()) {
            String near = Suggest.nearest(key, known);
            throw new IllegalArgumentException(where + ": unknown option '" + key + "'"
                    + (near != null ? "; did you mean '" + near + "'?" : " (use " + String.join(", ", known) + ")"));
        }
    }
}
