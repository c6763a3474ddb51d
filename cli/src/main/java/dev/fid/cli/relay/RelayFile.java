package dev.fid.cli.relay;

import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Failures;
import dev.fid.cli.base.Suggest;
import dev.fid.kernel.Name;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
    private static final int LARGEST = 1 << 20; // 1 MiB

    private final Path path;
    private final List<String> mistakes = new ArrayList<>();

    private RelayFile(Path path) {
        this.path = path;
    }

    static RelayConfig.Whole read(Path path) throws Failure {
        RelayFile file = new RelayFile(path);
        TomlParseResult toml;
        String text = file.text();
        try {
            toml = Toml.parse(text);
        } catch (StackOverflowError e) {
            file.mistake(null, "is nested too deeply");
            throw file.failure();
        }
        for (TomlParseError error : toml.errors()) {
            file.mistake(error.position(), String.valueOf(error.getMessage()));
        }
        // A line that is no TOML makes nonsense of those below it.
        RelayConfig.Whole whole = toml.hasErrors() ? null : file.whole(toml);
        if (whole == null || !file.mistakes.isEmpty()) {
            throw file.failure();
        }
        return whole;
    }

    private Failure failure() {
        return new Failure(Exit.USAGE, String.join(Failure.NEXT, mistakes));
    }

    /// The file as text: UTF-8, as TOML is, and no more of it than anybody writes.
    private String text() throws Failure {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(path)) {
            bytes = in.readNBytes(LARGEST + 1);
        } catch (IOException e) {
            throw new Failure(Exit.USAGE, Name.of(path).text() + ": cannot be read: " + Failures.reason(e), "", e);
        }
        if (bytes.length > LARGEST) {
            mistake(null, "has more than " + (LARGEST >> 20) + " MiB, which is no configuration");
            throw failure();
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        boolean isText =
                !StandardCharsets.UTF_8.newDecoder().decode(in, out, true).isError();
        String text = out.flip().toString();
        if (!isText) {
            int line = 1 + (int) text.chars().filter(each -> each == '\n').count();
            int column = text.length() - text.lastIndexOf('\n');
            mistake(
                    TomlPosition.positionAt(line, column),
                    String.format(Locale.ROOT, "is not UTF-8: byte 0x%02x", bytes[in.position()] & 0xff));
            throw failure();
        }
        if (text.startsWith("\ufeff")) {
            mistake(null, "begins with a byte order mark; save it as UTF-8 without one");
            throw failure();
        }
        return text;
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
                        && !array.isEmpty()
                        && array.toList().stream().allMatch(each -> each instanceof TomlTable)) {
                    for (int i = 0; i < array.size(); i++) {
                        relays.add(relay(array.getTable(i), array.inputPositionOf(i)));
                        tellTwin(relays, array.inputPositionOf(i));
                    }
                } else {
                    mistake(toml.inputPositionOf(List.of(key)), "relays are tables: [[relay]]");
                }
            } else {
                put(toml, key, RelayKeys.SERVER, known, "the top level", server);
            }
        }
        if (!toml.contains("relay")) {
            mistake(null, "there is no [[relay]]");
        }
        return new RelayConfig.Whole(relays, new RelayConfig.Table(server));
    }

    /// The second of two relays at one place could not listen, and of one name the numbers would be one.
    private void tellTwin(List<RelayConfig.Table> relays, @Nullable TomlPosition at) {
        String place = place(relays.getLast());
        String name = relays.getLast().get("name");
        for (RelayConfig.Table other : relays.subList(0, relays.size() - 1)) {
            if (!place.isEmpty() && !place.endsWith(":0") && place.equals(place(other))) {
                mistake(at, "two relays listen on " + place);
            }
            if (!name.isEmpty() && name.equals(other.get("name"))) {
                mistake(at, "two relays are called '" + name + "'");
            }
        }
    }

    private static String place(RelayConfig.Table relay) {
        return relay.get("listen").replaceFirst("\\?.*", "");
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
