package dev.fid.cli;

import dev.fid.Name;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/// Reads a configuration file: top-level keys of the process, and a `[[relay]]` for each relay. All mistakes are
/// told at once, each with its line and column.
final class RelayFile {
    private final Path path;
    private final List<String> mistakes = new ArrayList<>();

    private RelayFile(Path path) {
        this.path = path;
    }

    static RelayConfig.Whole read(Path path) throws Failure {
        RelayFile file = new RelayFile(path);
        TomlParseResult toml;
        try {
            toml = Toml.parse(path);
        } catch (java.nio.file.NoSuchFileException e) {
            throw new Failure(Exit.USAGE, Name.of(path).text() + ": No such file or directory", "", e);
        } catch (IOException e) {
            throw new Failure(Exit.USAGE, Name.of(path).text() + ": cannot be read: " + e.getMessage(), "", e);
        }
        for (TomlParseError error : toml.errors()) {
            file.mistake(error.position(), String.valueOf(error.getMessage()));
        }
        // A line that is no TOML makes nonsense of those below it.
        RelayConfig.Whole whole = toml.hasErrors() ? null : file.whole(toml);
        if (whole == null || !file.mistakes.isEmpty()) {
            throw new Failure(Exit.USAGE, String.join(Failure.NEXT, file.mistakes));
        }
        return whole;
    }

    private void mistake(@Nullable TomlPosition at, String text) {
        mistakes.add(Name.of(path).text() + ":" + (at == null ? "1:1" : at.line() + ":" + at.column()) + ": " + text);
    }

    private RelayConfig.Whole whole(TomlTable toml) {
        Map<String, String> server = new LinkedHashMap<>();
        List<RelayConfig.Table> relays = new ArrayList<>();
        List<String> known = new ArrayList<>(RelayKeys.SERVER.keySet());
        known.add("relay");
        for (String key : toml.keySet()) {
            Object value = toml.get(List.of(key));
            if (key.equals("relay")) {
                if (value instanceof TomlArray array
                        && array.toList().stream().allMatch(each -> each instanceof TomlTable)) {
                    for (int i = 0; i < array.size(); i++) {
                        relays.add(relay(array.getTable(i), array.inputPositionOf(i)));
                    }
                } else {
                    mistake(toml.inputPositionOf(List.of(key)), "relays are tables: [[relay]]");
                }
            } else {
                put(toml, key, RelayKeys.SERVER, known, "the top level", server);
            }
        }
        tellTwins(relays);
        if (!toml.contains("relay")) {
            mistake(null, "there is no [[relay]]");
        }
        return new RelayConfig.Whole(relays, new RelayConfig.Table(server));
    }

    /// The second of two relays at one place could not listen.
    private void tellTwins(List<RelayConfig.Table> relays) {
        Set<String> places = new HashSet<>();
        for (RelayConfig.Table relay : relays) {
            String listen = relay.get("listen").replaceFirst("\\?.*", "");
            if (!listen.isEmpty() && !listen.endsWith(":0") && !places.add(listen)) {
                mistake(null, "two relays listen on " + listen);
            }
        }
    }

    private RelayConfig.Table relay(TomlTable table, @Nullable TomlPosition at) {
        Map<String, String> values = new LinkedHashMap<>();
        List<String> known = new ArrayList<>(RelayKeys.RELAY.keySet());
        for (String key : table.keySet()) {
            put(table, key, RelayKeys.RELAY, known, "[[relay]]", values);
        }
        for (String needed : List.of("listen", "to")) {
            if (!table.contains(List.of(needed))) {
                mistake(at, "'" + needed + "' is missing in [[relay]]");
            }
        }
        return new RelayConfig.Table(values);
    }

    private void put(
            TomlTable table,
            String key,
            Map<String, RelayKeys.Key> keys,
            List<String> known,
            String where,
            Map<String, String> values) {
        TomlPosition at = table.inputPositionOf(List.of(key));
        if (!keys.containsKey(key)) {
            String near = Suggest.nearest(key, known);
            mistake(
                    at,
                    "unknown key '" + key + "' in " + where + (near == null ? "" : "; did you mean '" + near + "'?"));
            return;
        }
        String text = text(table.get(List.of(key)));
        if (text == null) {
            mistake(at, key + ": is no text, number or list of texts");
            return;
        }
        try {
            RelayValues.check(key, text);
            values.put(key, text);
        } catch (IllegalArgumentException e) {
            mistake(at, key + ": " + e.getMessage());
        }
    }

    private static @Nullable String text(@Nullable Object value) {
        return switch (value) {
            case String text -> text;
            case Long number -> number.toString();
            case Boolean truth -> truth.toString();
            case TomlArray array -> {
                List<String> items = new ArrayList<>();
                for (Object item : array.toList()) {
                    if (!(item instanceof String text)) {
                        yield null;
                    }
                    items.add(text);
                }
                yield String.join(",", items);
            }
            case null, default -> null;
        };
    }
}
