package dev.fid.net.proxy;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// What a version 2 header says besides addresses: type, length and value, one behind the other. The next proxy gets
/// what is of the client (its unique id, authority, ALPN, TLS and what applications added), not what is of the
/// header itself (checksum, padding) nor the name of a network namespace, which means something on its machine alone.
/// Source: HAProxy, doc/proxy-protocol.txt, section 2.2.
public final class Tlvs {
    public static final Tlvs NONE = new Tlvs(new byte[0]);

    private static final int CRC32C = 0x03;
    private static final int NOOP = 0x04;
    private static final int UNIQUE_ID = 0x05;
    private static final int NETNS = 0x30;
    private static final int LONGEST_UNIQUE_ID = 128;
    private static final int HEAD = 3;

    private final byte[] passedOn;

    private Tlvs(byte[] passedOn) {
        this.passedOn = passedOn;
    }

    /// What the header of `end` bytes has from `from` on.
    ///
    /// @throws IllegalArgumentException where one is cut short or too long, or the checksum is another
    static Tlvs read(byte[] header, int from, int end) {
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        for (int at = from; at < end; ) {
            if (end - at < HEAD) {
                throw new IllegalArgumentException("a TLV cut short");
            }
            int type = header[at] & 0xff;
            int len = (header[at + 1] & 0xff) << 8 | (header[at + 2] & 0xff);
            if (len > end - at - HEAD) {
                throw new IllegalArgumentException("a TLV of " + len + " bytes where " + (end - at - HEAD) + " follow");
            }
            switch (type) {
                case CRC32C -> check(header, at + HEAD, len, end);
                case NOOP, NETNS -> {}
                default -> {
                    if (type == UNIQUE_ID && len > LONGEST_UNIQUE_ID) {
                        throw new IllegalArgumentException("a unique id of " + len + " bytes");
                    }
                    kept.write(header, at, HEAD + len);
                }
            }
            at += HEAD + len;
        }
        return kept.size() == 0 ? NONE : new Tlvs(kept.toByteArray());
    }

    /// The sum is that of the header with zeros in its place.
    private static void check(byte[] header, int at, int len, int end) {
        if (len != 4) {
            throw new IllegalArgumentException("a checksum of " + len + " bytes");
        }
        byte[] zeroed = Arrays.copyOf(header, end);
        Arrays.fill(zeroed, at, at + len, (byte) 0);
        CRC32C sum = new CRC32C();
        sum.update(zeroed);
        long said = 0;
        for (int i = at; i < at + len; i++) {
            said = said << 8 | (header[i] & 0xff);
        }
        if (sum.getValue() != said) {
            throw new IllegalArgumentException("its checksum is another");
        }
    }

    /// Those for the next proxy, as they came.
    byte[] passedOn() {
        return passedOn.clone();
    }
}
