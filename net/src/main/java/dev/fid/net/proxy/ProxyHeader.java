package dev.fid.net.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.fid.net.AddressText;
import dev.fid.net.ProxyOut;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The PROXY protocol's header, by which a proxy tells who the client is.
/// Source: HAProxy, doc/proxy-protocol.txt, versions 1 and 2.
///
/// @param length bytes that the header takes on the wire
/// @param source the client; null where the header says that it is unknown, or the proxy's own check
/// @param destination where the client connected to
/// @param tlvs what else is known of the client
public record ProxyHeader(
        int length,
        @Nullable InetSocketAddress source,
        @Nullable InetSocketAddress destination,
        Tlvs tlvs) {
    /// Version 2 may say how much it likes, up to 64 KiB of which nobody sends more than some hundred bytes.
    static final int MOST = 4096;
    /// What is written of a header that was read: the addresses may be longer than those that came.
    public static final int MOST_WRITTEN = MOST + 36;

    private static final byte[] SIGNATURE = {0xd, 0xa, 0xd, 0xa, 0, 0xd, 0xa, 0x51, 0x55, 0x49, 0x54, 0xa};
    private static final byte[] WORD = "PROXY ".getBytes(US_ASCII);
    private static final int LONGEST_LINE = 107;
    private static final int FIXED = 16;
    private static final int LOCAL = 0x20;
    private static final int PROXY = 0x21;

    /// More bytes are needed to know.
    static final ProxyHeader UNFINISHED = new ProxyHeader(-1, null, null, Tlvs.NONE);
    /// These bytes begin no header.
    static final ProxyHeader NONE = new ProxyHeader(0, null, null, Tlvs.NONE);

    /// What the first `count` bytes are: a header, {@link #UNFINISHED} or {@link #NONE}.
    ///
    /// @throws IllegalArgumentException for a header that is malformed
    static ProxyHeader read(byte[] bytes, int count) {
        if (begins(bytes, count, SIGNATURE)) {
            return count < FIXED ? UNFINISHED : readBinary(bytes, count);
        }
        if (begins(bytes, count, WORD)) {
            return count < WORD.length ? UNFINISHED : readLine(bytes, count);
        }
        return NONE;
    }

    private static boolean begins(byte[] bytes, int count, byte[] with) {
        int len = Math.min(count, with.length);
        return Arrays.equals(bytes, 0, len, with, 0, len);
    }

    // ---- version 1: one line of text ----

    private static ProxyHeader readLine(byte[] bytes, int count) {
        int most = Math.min(count, LONGEST_LINE);
        int end = 0;
        while (end + 1 < most && !(bytes[end] == '\r' && bytes[end + 1] == '\n')) {
            end++;
        }
        if (end + 1 >= most) {
            if (count >= LONGEST_LINE) {
                throw new IllegalArgumentException("a line of more than " + LONGEST_LINE + " bytes");
            }
            return UNFINISHED;
        }
        String line = new String(bytes, 0, end, US_ASCII);
        String[] words = line.split(" ", -1);
        if (words[1].equals("UNKNOWN")) {
            return new ProxyHeader(end + 2, null, null, Tlvs.NONE);
        }
        boolean six = words[1].equals("TCP6");
        if (words.length != 6 || !(six || words[1].equals("TCP4"))) {
            throw new IllegalArgumentException("not PROXY TCP4|TCP6 SOURCE DESTINATION PORT PORT");
        }
        return new ProxyHeader(end + 2, address(words[2], words[4], six), address(words[3], words[5], six), Tlvs.NONE);
    }

    private static InetSocketAddress address(String host, String port, boolean six) {
        InetAddress ip = host.indexOf(':') >= 0 == six ? AddressText.parse(host) : null;
        if (ip == null || !port.matches("0|[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65535) {
            throw new IllegalArgumentException("not an address and a port");
        }
        return new InetSocketAddress(ip, Integer.parseInt(port));
    }

    // ---- version 2: binary ----

    private static ProxyHeader readBinary(byte[] bytes, int count) {
        int command = bytes[12] & 0xff;
        int kind = bytes[13] & 0xff;
        int len = (bytes[14] & 0xff) << 8 | (bytes[15] & 0xff);
        if (command != LOCAL && command != PROXY) {
            throw new IllegalArgumentException("version and command " + Integer.toHexString(command));
        }
        int end = FIXED + len;
        if (end > MOST) {
            throw new IllegalArgumentException("a header of " + end + " bytes");
        }
        int need = command == LOCAL ? 0 : addressBytes(kind);
        if (len < need) {
            throw new IllegalArgumentException("addresses cut short");
        }
        if (count < end) {
            return UNFINISHED;
        }
        if (command == LOCAL) {
            return new ProxyHeader(end, null, null, Tlvs.NONE); // the proxy's own connection: all else is ignored
        }
        if (need == 0) {
            return new ProxyHeader(end, null, null, tlvsOfUnknown(bytes, end));
        }
        Tlvs tlvs = Tlvs.read(bytes, FIXED + need, end);
        if (kind != 0x11 && kind != 0x21) {
            return new ProxyHeader(end, null, null, tlvs); // datagrams and unix sockets: no client of TCP
        }
        int each = (need - 4) / 2;
        int ports = FIXED + 2 * each;
        return new ProxyHeader(
                end, address(bytes, FIXED, each, ports), address(bytes, FIXED + each, each, ports + 2), tlvs);
    }

    /// How many bytes its two addresses take; none where family or transport is unspecified, as what follows may be
    /// anything then.
    private static int addressBytes(int kind) {
        int family = kind >> 4;
        int transport = kind & 0xf;
        if (family > 3 || transport > 2) {
            throw new IllegalArgumentException("family and transport " + Integer.toHexString(kind));
        }
        return transport == 0 ? 0 : new int[] {0, 12, 36, 216}[family];
    }

    /// Addresses of an unknown kind may stand before them: only what reads as TLVs to the end is believed.
    private static Tlvs tlvsOfUnknown(byte[] bytes, int end) {
        try {
            return Tlvs.read(bytes, FIXED, end);
        } catch (IllegalArgumentException e) {
            return Tlvs.NONE;
        }
    }

    private static InetSocketAddress address(byte[] bytes, int at, int len, int portAt) {
        int port = (bytes[portAt] & 0xff) << 8 | (bytes[portAt + 1] & 0xff);
        try {
            return new InetSocketAddress(InetAddress.getByAddress(Arrays.copyOfRange(bytes, at, at + len)), port);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are addresses", e);
        }
    }

    // ---- writing ----

    /// The header that tells of this client. One without an IP address is unknown in version 1, which has nothing
    /// better, and in version 2 a connection of our own, which every receiver must take.
    ///
    /// @param tlvs for version 2, what a header that came said
    public static byte[] write(ProxyOut version, SocketAddress source, SocketAddress destination, Tlvs tlvs) {
        if (source instanceof InetSocketAddress from && destination instanceof InetSocketAddress to) {
            boolean four = from.getAddress() instanceof Inet4Address && to.getAddress() instanceof Inet4Address;
            return version == ProxyOut.V1 ? line(from, to, four) : binary(from, to, four, tlvs);
        }
        return version == ProxyOut.V1
                ? "PROXY UNKNOWN\r\n".getBytes(US_ASCII)
                : binary(LOCAL, 0, new byte[0], tlvs.passedOn());
    }

    private static byte[] line(InetSocketAddress from, InetSocketAddress to, boolean four) {
        return ("PROXY " + (four ? "TCP4 " : "TCP6 ") + text(from, four) + " " + text(to, four) + " " + from.getPort()
                        + " " + to.getPort() + "\r\n")
                .getBytes(US_ASCII);
    }

    private static byte[] binary(InetSocketAddress from, InetSocketAddress to, boolean four, Tlvs tlvs) {
        int each = four ? 4 : 16;
        byte[] addresses = new byte[2 * each + 4];
        System.arraycopy(raw(from, four), 0, addresses, 0, each);
        System.arraycopy(raw(to, four), 0, addresses, each, each);
        int ports = 2 * each;
        addresses[ports] = (byte) (from.getPort() >> 8);
        addresses[ports + 1] = (byte) from.getPort();
        addresses[ports + 2] = (byte) (to.getPort() >> 8);
        addresses[ports + 3] = (byte) to.getPort();
        return binary(PROXY, four ? 0x11 : 0x21, addresses, tlvs.passedOn());
    }

    private static byte[] binary(int command, int kind, byte[] addresses, byte[] more) {
        int len = addresses.length + more.length;
        byte[] header = Arrays.copyOf(SIGNATURE, FIXED + len);
        header[12] = (byte) command;
        header[13] = (byte) kind;
        header[14] = (byte) (len >> 8);
        header[15] = (byte) len;
        System.arraycopy(addresses, 0, header, FIXED, addresses.length);
        System.arraycopy(more, 0, header, FIXED + addresses.length, more.length);
        return header;
    }

    private static String text(InetSocketAddress address, boolean four) {
        boolean mapped = !four && address.getAddress() instanceof Inet4Address;
        return (mapped ? "::ffff:" : "") + AddressText.digits(address.getAddress());
    }

    private static byte[] raw(InetSocketAddress address, boolean four) {
        byte[] raw = address.getAddress().getAddress();
        if (four || raw.length == 16) {
            return raw;
        }
        byte[] mapped = new byte[16];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        System.arraycopy(raw, 0, mapped, 12, 4);
        return mapped;
    }
}
