package dev.fid.path;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Small files of procfs and sysfs. A sysctl ends after one read, so Files.readString, which begins with one byte,
/// gets only its first digit (JDK 25): here each read asks for many bytes.
public final class Proc {
    private static final int MOST = 256 << 10;

    private Proc() {}

    /// The text of a file without the last line end, at most 256 KiB of it.
    static String read(String path) throws IOException {
        try (InputStream in = new FileInputStream(path)) {
            byte[] text = new byte[MOST];
            int length = 0;
            int read;
            do {
                read = in.read(text, length, text.length - length);
                length += Math.max(0, read);
            } while (read > 0 && length < text.length);
            return new String(text, 0, length, StandardCharsets.ISO_8859_1).stripTrailing();
        }
    }

    /// The same, or null where it cannot be read.
    public static @Nullable String readOrNull(String path) {
        try {
            return read(path);
        } catch (IOException e) {
            return null;
        }
    }

    /// The value behind `name:` in a file such as `/proc/self/status`, or null.
    public static @Nullable String field(@Nullable String text, String name) {
        if (text == null) {
            return null;
        }
        for (String line : text.lines().toList()) {
            if (line.startsWith(name + ":")) {
                return line.substring(name.length() + 1).strip();
            }
        }
        return null;
    }
}
