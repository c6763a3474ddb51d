package dev.fid.bench.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// JSON from and to maps, lists, strings, numbers, booleans and null. Numbers are read as Long where they have no
/// fraction, else as Double; what JSON has no number for is written as null. Source: RFC 8259.
public final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    // ---- writing ----

    /// The value in one line, without a line break behind it.
    public static String of(@Nullable Object value) {
        StringBuilder json = new StringBuilder(256);
        write(value, json, null);
        return json.toString();
    }

    /// The value in lines, two blanks deeper for each level, with a line break behind the last one.
    public static String indented(@Nullable Object value) {
        StringBuilder json = new StringBuilder(256);
        write(value, json, "\n");
        return json.append('\n').toString();
    }

    /// @param newline a line break and the blanks of this level; null for all in one line
    private static void write(@Nullable Object value, StringBuilder json, @Nullable String newline) {
        String deeper = newline == null ? null : newline + "  ";
        switch (value) {
            case null -> json.append("null");
            case Map<?, ?> map -> {
                char before = '{';
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    json.append(before).append(deeper == null ? "" : deeper);
                    quote(String.valueOf(entry.getKey()), json);
                    write(entry.getValue(), json.append(deeper == null ? ":" : ": "), deeper);
                    before = ',';
                }
                json.append(map.isEmpty() ? "{}" : (newline == null ? "" : newline) + "}");
            }
            case List<?> list -> {
                boolean inLines = deeper != null && list.stream().anyMatch(e -> e instanceof Map || e instanceof List);
                String before = "[";
                for (Object element : list) {
                    json.append(before).append(inLines ? deeper : "");
                    write(element, json, deeper);
                    before = deeper == null || inLines ? "," : ", ";
                }
                json.append(list.isEmpty() ? "[]" : (inLines ? newline : "") + "]");
            }
            case Double number when !Double.isFinite(number) -> json.append("null");
            case Number number -> json.append(number);
            case Boolean truth -> json.append(truth);
            default -> quote(value.toString(), json);
        }
    }

    /// What is no character (half a surrogate pair: a file's name need not be text) or does not show is escaped.
    private static void quote(String string, StringBuilder json) {
        json.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"', '\\' -> json.append('\\').append(c);
                case '\n' -> json.append("\\n");
                case '\t' -> json.append("\\t");
                case '\r' -> json.append("\\r");
                default -> {
                    if (c < ' ' || c == 0x7f || Character.isSurrogate(c)) {
                        String hex = Integer.toHexString(c);
                        json.append("\\u").append("0".repeat(4 - hex.length())).append(hex);
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }

    // ---- reading ----

    /// The value that `text` holds.
    ///
    /// @throws IllegalArgumentException where it is no JSON, with the place
    public static @Nullable Object read(String text) {
        Json json = new Json(text);
        Object value = json.value();
        if (json.peek() != 0) {
            throw json.error("something behind the end");
        }
        return value;
    }

    private @Nullable Object value() {
        char c = peek();
        if (c == '{') {
            return map();
        }
        if (c == '[') {
            return list();
        }
        if (c == '"') {
            return string();
        }
        int start = at;
        while (at < text.length() && "{}[],:\" \t\r\n".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(start, at);
        try {
            return switch (word) {
                case "true" -> true;
                case "false" -> false;
                case "null" -> null;
                default -> word.matches("-?\\d+") ? (Object) Long.valueOf(word) : (Object) Double.valueOf(word);
            };
        } catch (NumberFormatException e) {
            at = start;
            throw error("no value: '" + word + "'");
        }
    }

    private Map<String, @Nullable Object> map() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        expect('{');
        while (peek() != '}') {
            String key = string();
            expect(':');
            map.put(key, value());
            if (peek() != '}') {
                expect(',');
            }
        }
        expect('}');
        return map;
    }

    private List<@Nullable Object> list() {
        List<@Nullable Object> list = new ArrayList<>();
        expect('[');
        while (peek() != ']') {
            list.add(value());
            if (peek() != ']') {
                expect(',');
            }
        }
        expect(']');
        return list;
    }

    private String string() {
        expect('"');
        StringBuilder string = new StringBuilder();
        while (at < text.length() && text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c == '\\' && at < text.length()) {
                char escaped = text.charAt(at++);
                if (escaped == 'u' && at + 4 <= text.length()) {
                    string.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                } else {
                    int known = "nrtbf".indexOf(escaped);
                    string.append(known < 0 ? escaped : "\n\r\t\b\f".charAt(known));
                }
            } else {
                string.append(c);
            }
        }
        expect('"');
        return string.toString();
    }

    /// The next character that is no blank; 0 at the end.
    private char peek() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return at < text.length() ? text.charAt(at) : 0;
    }

    private void expect(char c) {
        if (peek() != c) {
            throw error("expected '" + c + "'");
        }
        at++;
    }

    private IllegalArgumentException error(String what) {
        return new IllegalArgumentException("JSON: " + what + " at character " + at);
    }
}
