package dev.fid.cli.copy;

import dev.fid.transfer.Digest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The sums of one stream of bytes: CRC32C for `--verify`, and what `--checksum` asks for.
final class Sum implements Digest {
    enum Kind {
        crc32c,
        sha256
    }

    private final CRC32C crc = new CRC32C();
    private final @Nullable MessageDigest sha;

    Sum(@Nullable Kind kind) {
        try {
            sha = kind == Kind.sha256 ? MessageDigest.getInstance("SHA-256") : null;
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    @Override
    public void update(ByteBuffer bytes) {
        if (sha != null) {
            sha.update(bytes.duplicate());
        }
        crc.update(bytes);
    }

    long crc() {
        return crc.getValue();
    }

    /// The sum that was asked for, in hexadecimal. Once.
    String hex() {
        return sha == null
                ? HexFormat.of().toHexDigits(crc.getValue(), 8)
                : HexFormat.of().formatHex(sha.digest());
    }

    /// As sha256sum(1) prints it, and `-c` reads it: a name with a line break or a backslash is escaped, and the line
    /// begins with a backslash.
    static String line(String hex, String name) {
        String escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
        return (escaped.equals(name) ? "" : "\\") + hex + "  " + escaped;
    }
}
