package dev.fid.net.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.net.AddressText;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Headers with a few bytes changed, read by us and by Netty's codec. Where they differ, proxy-protocol.txt has the
/// word: {@link #JUDGED} says what each kind of difference is, and that it is ours that follows the text.
///
/// As many as five seconds hold; `-Dfid.campaign=long` reads 1,000,000. `-Dfid.seed` begins elsewhere.
@NullMarked
class ProxyHeaderDifferentialTest {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    private static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffffff);
    private static final int MOST = 1_000_000;
    private static final long NANOS = 5_000_000_000L;

    /// The kinds of differences, and why ours is right.
    private static final Map<String, String> JUDGED = Map.ofEntries(
            Map.entry(
                    "we refuse a line that names addresses as hosts or with leading zeros",
                    "2.1: exactly 4 integers without heading zeroes; the total of decoded bits must be 128"),
            Map.entry("we refuse as soon as it is clear", "2.1: it is recommended to abort as soon as possible"),
            Map.entry("we refuse a checksum that is another", "2.2.3: the receiver must treat it as invalid"),
            Map.entry("we refuse a TLV cut short", "2.2: the length of the value follows; it does not"),
            Map.entry("we refuse a long unique id", "2.2.5: up to 128 bytes"),
            Map.entry("we take port 0", "2.1: a decimal integer in the range [0..65535]"),
            Map.entry("we refuse more than 4096 bytes", "a bound of ours: nobody sends that"),
            Map.entry("we take LOCAL whatever its family", "2.2: the receiver must accept and ignore the family"),
            Map.entry(
                    "we take an unspecified family or transport",
                    "2.2: one of both may be unspecified; the receiver is free to use the real endpoints"),
            Map.entry("we take a line of UNKNOWN whatever follows", "2.1: must ignore anything before the CRLF"),
            Map.entry("we take what Netty's TLV reader refuses", "2.2.6: what an SSL TLV has inside is not ours"),
            Map.entry("datagrams and unix sockets are no client of TCP", "2.2: falls back to UNSPEC"));

    private final Random random = new Random(SEED);

    // ---- headers ----

    private String digits(boolean six) {
        byte[] raw = new byte[six ? 16 : 4];
        random.nextBytes(raw);
        for (int i = 0; six && i < 16; i++) {
            raw[i] = random.nextInt(3) == 0 ? raw[i] : 0;
        }
        try {
            return InetAddress.getByAddress(raw).getHostAddress();
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private byte[] line() {
        boolean six = random.nextBoolean();
        String addresses = digits(six) + " " + digits(six);
        if (six && random.nextBoolean()) {
            addresses = "2001:db8::" + random.nextInt(10) + " ::" + random.nextInt(10);
        }
        String text = random.nextInt(10) == 0
                ? "PROXY UNKNOWN" + (random.nextBoolean() ? "" : " " + addresses) + "\r\n"
                : "PROXY TCP" + (six ? 6 : 4) + " " + addresses + " " + random.nextInt(65536) + " "
                        + random.nextInt(65536) + "\r\n";
        return text.getBytes(ISO_8859_1);
    }

    private byte[] block() {
        int[] kinds = {0x11, 0x11, 0x21, 0x21, 0x12, 0x22, 0x31, 0x32, 0x00};
        int kind = kinds[random.nextInt(kinds.length)];
        int addresses = new int[] {0, 12, 36, 216}[kind >> 4];
        List<byte[]> tlvs = new ArrayList<>();
        int len = addresses;
        for (int count = random.nextInt(4); count > 0; count--) {
            int[] types = {1, 2, 3, 4, 5, 0x20, 0x30, 0xea};
            byte[] tlv = new byte[3 + random.nextInt(random.nextInt(20) == 0 ? 300 : 12)];
            tlv[0] = (byte) types[random.nextInt(types.length)];
            if (tlv[0] == 3) {
                tlv = new byte[] {3, 0, 4, 0, 0, 0, 0};
            }
            tlv[1] = (byte) ((tlv.length - 3) >> 8);
            tlv[2] = (byte) (tlv.length - 3);
            tlvs.add(tlv);
            len += tlv.length;
        }
        byte[] header = java.util.Arrays.copyOf(HexFormat.of().parseHex("0d0a0d0a000d0a515549540a"), 16 + len);
        header[12] = (byte) (random.nextInt(8) == 0 ? 0x20 : 0x21);
        header[13] = (byte) kind;
        header[14] = (byte) (len >> 8);
        header[15] = (byte) len;
        for (int i = 16; i < 16 + addresses; i++) {
            header[i] = (byte) random.nextInt(256);
        }
        int at = 16 + addresses;
        int sumAt = -1;
        for (byte[] tlv : tlvs) {
            System.arraycopy(tlv, 0, header, at, tlv.length);
            if (tlv[0] == 3) {
                sumAt = at + 3;
            }
            at += tlv.length;
        }
        if (sumAt >= 0) {
            CRC32C sum = new CRC32C();
            sum.update(header);
            for (int i = 0; i < 4; i++) {
                header[sumAt + i] = (byte) (sum.getValue() >> (24 - 8 * i));
            }
        }
        return header;
    }

    private byte[] mutated(byte[] header) {
        byte[] bytes = header.clone();
        for (int count = random.nextInt(4); count > 0; count--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes[at] = (byte) " 0123456789abcdef.:\r\n%".charAt(random.nextInt(22));
                default -> bytes[Math.min(bytes.length - 1, 12 + random.nextInt(4))] = (byte) random.nextInt(64);
            }
        }
        return bytes;
    }

    // ---- both readers ----

    /// What came of it: `refused`, `unfinished`, or the length and both addresses.
    private static String ours(byte[] bytes) {
        try {
            ProxyHeader header = ProxyHeader.read(bytes, bytes.length);
            if (header.equals(ProxyHeader.UNFINISHED)) {
                return "unfinished";
            }
            return header.equals(ProxyHeader.NONE)
                    ? "refused" // as with --proxy-protocol require
                    : text(header.source()) + " to " + text(header.destination());
        } catch (IllegalArgumentException e) {
            return "refused";
        }
    }

    private static String text(@Nullable InetSocketAddress address) {
        return address == null ? "nobody" : AddressText.of(address);
    }

    private static String theirs(byte[] bytes) {
        EmbeddedChannel channel = new EmbeddedChannel(new HAProxyMessageDecoder());
        ByteBuf buffer = Unpooled.copiedBuffer(bytes);
        try {
            channel.writeInbound(buffer);
            Object read = channel.readInbound();
            if (!(read instanceof HAProxyMessage message)) {
                return "unfinished";
            }
            try {
                HAProxyProxiedProtocol kind = message.proxiedProtocol();
                boolean known = message.command() == HAProxyCommand.PROXY
                        && (kind == HAProxyProxiedProtocol.TCP4 || kind == HAProxyProxiedProtocol.TCP6);
                return known
                        ? canonical(message.sourceAddress(), message.sourcePort()) + " to "
                                + canonical(message.destinationAddress(), message.destinationPort())
                        : message.sourceAddress() != null && message.command() == HAProxyCommand.PROXY
                                ? "a client of " + kind
                                : "nobody to nobody";
            } finally {
                message.release();
            }
        } catch (DecoderException e) {
            return "refused";
        } finally {
            finish(channel);
        }
    }

    /// The decoder complains once more of what it has left.
    private static void finish(EmbeddedChannel channel) {
        try {
            channel.finishAndReleaseAll();
        } catch (DecoderException e) {
            channel.releaseInbound();
        }
    }

    private static String canonical(String host, int port) {
        InetAddress ip = AddressText.parse(host);
        return ip == null ? host + ":" + port : AddressText.of(new InetSocketAddress(ip, port));
    }

    // ---- the judge ----

    private static @Nullable String kind(byte[] bytes, String ours, String theirs) {
        if (ours.equals("refused") && theirs.equals("unfinished")) {
            return "we refuse as soon as it is clear";
        }
        boolean isLine = bytes[0] == 'P';
        int command = isLine ? 0 : bytes[12] & 0xff;
        int family = isLine ? 0 : bytes[13] & 0xff;
        if (isLine) {
            if (ours.equals("refused")) {
                return "we refuse a line that names addresses as hosts or with leading zeros";
            }
            if (ours.contains(":0 to ") || ours.endsWith(":0")) {
                return "we take port 0";
            }
            return new String(bytes, ISO_8859_1).startsWith("PROXY UNKNOWN")
                    ? "we take a line of UNKNOWN whatever follows"
                    : null;
        }
        if (ours.equals("refused")) {
            String why = why(bytes);
            return why.contains("checksum")
                    ? "we refuse a checksum that is another"
                    : why.contains("TLV")
                            ? "we refuse a TLV cut short"
                            : why.contains("unique id")
                                    ? "we refuse a long unique id"
                                    : why.contains("a header of") ? "we refuse more than 4096 bytes" : null;
        }
        if (command == 0x20) {
            return "we take LOCAL whatever its family";
        }
        if (family >> 4 == 0 || (family & 0xf) == 0) {
            return "we take an unspecified family or transport";
        }
        if (theirs.startsWith("a client of")) {
            return "datagrams and unix sockets are no client of TCP";
        }
        return theirs.equals("refused") ? "we take what Netty's TLV reader refuses" : null;
    }

    private static String why(byte[] bytes) {
        try {
            ProxyHeader.read(bytes, bytes.length);
            return "";
        } catch (IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void nettyAndWeDifferOnlyWhereTheTextIsOnOurSide() {
        Map<String, Integer> differences = new TreeMap<>();
        List<String> unjudged = new ArrayList<>();
        long end = System.nanoTime() + NANOS;
        int count = 0;
        for (; count < MOST && (LONG || System.nanoTime() < end); count++) {
            byte[] bytes = mutated(random.nextInt(3) == 0 ? line() : block());
            String ours = ours(bytes);
            String theirs = theirs(bytes);
            if (!ours.equals(theirs)) {
                String kind = kind(bytes, ours, theirs);
                if (kind == null && unjudged.size() < 20) {
                    unjudged.add(HexFormat.of().formatHex(bytes) + ": ours " + ours + ", " + why(bytes) + ", theirs "
                            + theirs);
                }
                differences.merge(String.valueOf(kind), 1, Integer::sum);
            }
        }
        String told = count + " headers, seed " + SEED + ", differences " + differences;
        assertThat(unjudged).as(told).isEmpty();
        assertThat(JUDGED.keySet()).as(told).containsAll(differences.keySet());
        assertThat(count).as(told).isGreaterThan(1000);
        if (LONG) {
            System.out.println(told);
        }
    }
}
