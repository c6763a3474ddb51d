package dev.fid.cli;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes one JSON value: maps, lists, strings, numbers, booleans and null. Source: RFC 8259.
final class Json {
    private final StringBuilder text = new StringBuilder(256);

    private Json() {}

    static String of(@Nullable Object value) {
        Json json = new Json();
        json.value(value);
        return json.text.toString();
    }

    private void value(@Nullable Object value) {
        switch (value) {
            case null -> text.append("null");
            case Map<?, ?> map -> object(map);
            case List<?> list -> array(list);
            case Boolean truth -> text.append(truth);
            case Double number -> text.append(Double.isFinite(number) ? number.toString() : "null");
            case Number number -> text.append(number);
            default -> string(value.toString());
        }
    }

    private void object(Map<?, ?> map) {
        char before = '{';
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            text.append(before);
            string(String.valueOf(entry.getKey()));
            text.append(':');
            value(entry.getValue());
            before = ',';
        }
        text.append(map.isEmpty() ? "{}" : "}");
    }

    private void array(List<?> list) {
        char before = '[';
        for (Object item : list) {
            text.append(before);
            value(item);
            before = ',';
        }
        text.append(list.isEmpty() ? "[]" : "]");
    }

    private void string(String string) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"', '\\' -> text.append('\\').append(c);
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                case '\r' -> text.append("\\r");
                default -> {
                    if (c < ' ' || c == 0x7f || Character.isSurrogate(c)) {
                        String hex = Integer.toHexString(c);
                        text.append("\\u").append("0".repeat(4 - hex.length())).append(hex);
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}
