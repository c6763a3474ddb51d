package dev.fid.transfer;

import dev.fid.kernel.Memory;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.zip.Checksum;

/// A running sum over the bytes that a transfer moves, such as CRC32C or SHA-256.
public interface Digest {
    /// Takes the remaining bytes of `bytes`.
    void update(ByteBuffer bytes);

    static Digest of(Checksum sum) {
        return sum::update;
    }

    static Digest of(MessageDigest digest) {
        return digest::update;
    }

    /// Takes `len` bytes of memory.
    default void update(Memory memory, long at, long len) {
        update(memory.window(at, (int) len));
    }
}
