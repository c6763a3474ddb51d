package dev.fid.kernel;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.Arrays;

/// The name of a file as the kernel has it: bytes, which need not be UTF-8, and may hold a line break or an escape
/// sequence. A `Path` cannot say each of them, and forgets a slash at the end.
///
/// As text ({@link #text}) a byte that is no UTF-8 is half a surrogate pair, U+DC80 to U+DCFF, so nothing is lost
/// on the
/// way there and back. For people ({@link #toString}, {@link #shown}) it is `\xe9`, and what would move a
/// terminal's cursor is `\n`, `\x1b` and the like.
public final class Name {
    private static final int BYTE = 0xdc00; // and the byte itself, 0x80 to 0xff. Source: Python's PEP 383
    private static final byte SLASH = '/';
    private static final Path ROOT = Path.of("/");

    private final byte[] bytes;

    private Name(byte[] bytes) {
        this.bytes = bytes;
    }

    /// These bytes, without a NUL.
    public static Name of(byte[] bytes) {
        return new Name(bytes.clone());
    }

    /// The bytes of a text as {@link #text} makes it: UTF-8, whatever the locale.
    public static Name of(String text) {
        return new Name(encode(text));
    }

    /// The bytes of a path, also where its name is not in the locale's encoding.
    public static Name of(Path path) {
        return new Name(encode(path));
    }

    /// The bytes, a copy.
    public byte[] bytes() {
        return bytes.clone();
    }

    /// The name as text from which the same bytes can be made again.
    public String text() {
        return decode(bytes);
    }

    /// The name for people to read, on one line.
    @Override
    public String toString() {
        return shown(text());
    }

    /// A path with these bytes.
    ///
    /// @param directory the working directory, for a relative name that the locale cannot say
    public Path path(Name directory) {
        if (isAscii()) {
            return Path.of(text());
        }
        StringBuilder uri = new StringBuilder("file://");
        if (bytes[0] != SLASH) {
            escape(directory.bytes, uri);
            uri.append('/');
        }
        escape(bytes, uri);
        return Path.of(URI.create(uri.toString()));
    }

    private boolean isAscii() {
        for (byte b : bytes) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }

    private static void escape(byte[] name, StringBuilder uri) {
        for (byte b : name) {
            uri.append(b == SLASH ? "/" : String.format("%%%02X", b & 0xff));
        }
    }

    // ---- parts ----

    /// Whether it ends in a slash, so that it names a directory whatever is there.
    public boolean endsInSlash() {
        return bytes.length > 0 && bytes[bytes.length - 1] == SLASH;
    }

    /// What stands behind the last slash that something stands behind, with the slashes that follow it; nothing of
    /// `/`.
    byte[] last() {
        return Arrays.copyOfRange(bytes, start(), bytes.length);
    }

    /// The same without those slashes.
    public byte[] lastName() {
        byte[] last = last();
        int end = last.length;
        while (end > 0 && last[end - 1] == SLASH) {
            end--;
        }
        return Arrays.copyOf(last, end);
    }

    /// The name of something in this directory.
    public Name resolve(byte[] inside) {
        boolean slash = bytes.length > 0 && !endsInSlash();
        byte[] all = Arrays.copyOf(bytes, bytes.length + (slash ? 1 : 0) + inside.length);
        if (slash) {
            all[bytes.length] = SLASH;
        }
        System.arraycopy(inside, 0, all, all.length - inside.length, inside.length);
        return new Name(all);
    }

    /// Whether a name is `.` or `..`.
    public static boolean isDots(byte[] name) {
        return name.length > 0 && name[0] == '.' && (name.length == 1 || (name.length == 2 && name[1] == '.'));
    }

    /// What stands before that; nothing where there is no slash.
    public byte[] parent() {
        return Arrays.copyOf(bytes, start());
    }

    private int start() {
        int at = bytes.length;
        while (at > 0 && bytes[at - 1] == SLASH) {
            at--;
        }
        while (at > 0 && bytes[at - 1] != SLASH) {
            at--;
        }
        return at;
    }

    // ---- bytes and text ----

    private static String decode(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        while (decoder.decode(in, out, true).isError()) {
            out.put((char) (BYTE | (in.get() & 0xff))); // the first byte of what is malformed
            decoder.reset();
        }
        return out.flip().toString();
    }

    private static byte[] encode(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() + 16);
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            if (isByte(text, i)) {
                bytes.writeBytes(text.substring(from, i).getBytes(StandardCharsets.UTF_8));
                bytes.write(text.charAt(i) - BYTE);
                from = i + 1;
            }
        }
        bytes.writeBytes(text.substring(from).getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    private static boolean isByte(String text, int at) {
        char c = text.charAt(at);
        return c >= BYTE + 0x80 && c <= BYTE + 0xff && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }

    /// Whether a text has bytes in it that are no UTF-8.
    public static boolean hasBytes(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (isByte(text, i)) {
                return true;
            }
        }
        return false;
    }

    // ---- for people ----

    /// A text from elsewhere (the name of a file, the address of a peer) as it may be printed: on one line, and
    /// without anything that a terminal obeys or that turns the letters around. Source: ECMA-48; Unicode UAX 9.
    public static String shown(String text) {
        StringBuilder shown = null;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            String escaped = escaped(c);
            if (escaped != null && shown == null) {
                shown = new StringBuilder(text.length() + 16).append(text, 0, i);
            }
            if (shown != null) {
                if (escaped != null) {
                    shown.append(escaped);
                } else {
                    shown.appendCodePoint(c);
                }
            }
            i += Character.charCount(c);
        }
        return shown == null ? text : shown.toString();
    }

    private static @org.jspecify.annotations.Nullable String escaped(int c) {
        if (c >= ' ' && c < 0x7f) {
            return null;
        }
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> {
                if (c < 0x80 || (c >= BYTE + 0x80 && c <= BYTE + 0xff)) {
                    yield String.format("\\x%02x", c & 0xff);
                }
                if (isHidden(c)) {
                    yield String.format("\\u%04x", c);
                }
                yield null;
            }
        };
    }

    private static boolean isHidden(int c) {
        return Character.isISOControl(c)
                || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)
                || c == 0x2028 // line and paragraph separator
                || c == 0x2029
                || c == 0xfeff
                || turns(c);
    }

    /// The marks that change the direction of what follows.
    private static boolean turns(int c) {
        return c == 0x061c
                || c == 0x200e
                || c == 0x200f
                || (c >= 0x202a && c <= 0x202e)
                || (c >= 0x2066 && c <= 0x2069);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Name name && Arrays.equals(bytes, name.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /// The exact bytes of a path, also where the name is not in the locale's encoding: a URI keeps them as
    /// escapes.
    ///
    /// @throws ProviderMismatchException for a path of another file system, such as one inside a zip file: a
    ///     file of that name here is another file
    private static byte[] encode(Path path) {
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            throw new ProviderMismatchException(
                    path + " is of " + path.getFileSystem() + ", not a file of this machine");
        }
        String text = path.toString();
        if (text.chars().allMatch(c -> c > 0 && c < 128)) {
            return text.getBytes(StandardCharsets.US_ASCII);
        }
        // Of the root instead of the working directory, whose own name the JVM may not be able to say.
        String raw = ROOT.resolve(path).toUri().getRawPath();
        if (!path.isAbsolute()) {
            raw = raw.substring(1);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            if (raw.charAt(i) == '%') {
                bytes.write(Integer.parseInt(raw, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.write(raw.charAt(i));
            }
        }
        // For a directory the URI ends with a slash that the path has not.
        return raw.endsWith("/") && !text.endsWith("/")
                ? Arrays.copyOf(bytes.toByteArray(), bytes.size() - 1)
                : bytes.toByteArray();
    }
}
