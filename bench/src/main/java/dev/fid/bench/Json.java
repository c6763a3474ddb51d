package dev.fid.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// As much JSON as a saved report needs: maps, lists, strings, numbers and booleans. Numbers are read as Long
/// where they have no fraction, else as Double.
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    // ---- writing ----

    static String write(Object value) {
        StringBuilder json = new StringBuilder();
        write(value, json, "\n");
        return json.append('\n').toString();
    }

    private static void write(@Nullable Object value, StringBuilder json, String newline) {
        switch (value) {
            case Map<?, ?> map -> {
                String separator = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    json.append(separator).append(newline).append("  ");
                    quote(entry.getKey().toString(), json);
                    write(entry.getValue(), json.append(": "), newline + "  ");
                    separator = ",";
                }
                json.append(map.isEmpty() ? "{}" : newline + "}");
            }
            case List<?> list -> {
                boolean inLines = list.stream().anyMatch(e -> e instanceof Map || e instanceof List);
                String separator = "[";
                for (Object element : list) {
                    json.append(separator).append(inLines ? newline + "  " : separator.equals(",") ? " " : "");
                    write(element, json, newline + "  ");
                    separator = ",";
                }
                json.append(list.isEmpty() ? "[]" : inLines ? newline + "]" : "]");
            }
            case String string -> quote(string, json);
            case null -> json.append("null");
            default -> json.append(value);
        }
    }

    private static void quote(String string, StringBuilder json) {
        json.append('"');
        string.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                json.append('\\').append((char) c);
            } else if (c < ' ') {
                json.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                json.append((char) c);
            }
        });
        json.append('"');
    }

    // ---- reading ----

    /// The value that `text` holds.
    ///
    /// @throws IllegalArgumentException where it is no JSON, with the place
    static Object read(String text) {
        Json json = new Json(text);
        Object value = json.value();
        if (json.peek() != 0) {
            throw json.error("something behind the end");
        }
        return value;
    }

    private Object value() {
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
                default -> word.matches("-?\\d+") ? (Object) Long.valueOf(word) : (Object) Double.valueOf(word);
            };
        } catch (NumberFormatException e) {
            at = start;
            throw error("no value: '" + word + "'");
        }
    }

    private Map<String, Object> map() {
        Map<String, Object> map = new LinkedHashMap<>();
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

    private List<Object> list() {
        List<Object> list = new ArrayList<>();
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
