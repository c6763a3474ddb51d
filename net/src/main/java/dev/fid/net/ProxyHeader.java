package dev.fid.net;

import static java.nio.charset.StandardCharsets.US_ASCII;

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
record ProxyHeader(
        int length,
        @Nullable InetSocketAddress source,
        @Nullable InetSocketAddress destination) {
    /// Version 2 may say how much it likes, up to 64 KiB of which nobody sends more than some hundred bytes.
    static final int MOST = 4096;

    private static final byte[] SIGNATURE = {0xd, 0xa, 0xd, 0xa, 0, 0xd, 0xa, 0x51, 0x55, 0x49, 0x54, 0xa};
    private static final byte[] WORD = "PROXY ".getBytes(US_ASCII);
    private static final int LONGEST_LINE = 107;

    /// More bytes are needed to know.
    static final ProxyHeader UNFINISHED = new ProxyHeader(-1, null, null);
    /// These bytes begin no header.
    static final ProxyHeader NONE = new ProxyHeader(0, null, null);

    /// What the first `count` bytes are: a header, {@link #UNFINISHED} or {@link #NONE}.
    ///
    /// @throws IllegalArgumentException for a header that is malformed
    static ProxyHeader read(byte[] bytes, int count) {
        if (begins(bytes, count, SIGNATURE)) {
            return count < 16 ? UNFINISHED : readBinary(bytes, count);
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
            return new ProxyHeader(end + 2, null, null);
        }
        boolean six = words[1].equals("TCP6");
        if (words.length != 6 || !(six || words[1].equals("TCP4"))) {
            throw new IllegalArgumentException("not PROXY TCP4|TCP6 SOURCE DESTINATION PORT PORT");
        }
        return new ProxyHeader(end + 2, address(words[2], words[4], six), address(words[3], words[5], six));
    }

    private static InetSocketAddress address(String host, String port, boolean six) {
        boolean looksRight = six
                ? host.matches("[0-9a-fA-F:.]{2,45}") && host.indexOf(':') >= 0
                : host.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
        if (!looksRight || !port.matches("0|[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65535) {
            throw new IllegalArgumentException("not an address and a port");
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(port)); // digits only
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("not an address", e);
        }
    }

    // ---- version 2: binary ----

    private static ProxyHeader readBinary(byte[] bytes, int count) {
        int command = bytes[12] & 0xff;
        int family = bytes[13] & 0xff;
        int len = (bytes[14] & 0xff) << 8 | (bytes[15] & 0xff);
        if (command != 0x20 && command != 0x21) {
            throw new IllegalArgumentException("version and command " + Integer.toHexString(command));
        }
        if (16 + len > MOST) {
            throw new IllegalArgumentException("a header of " + (16 + len) + " bytes");
        }
        int need = family == 0x11 ? 12 : family == 0x21 ? 36 : 0;
        if (command == 0x21 && len < need) {
            throw new IllegalArgumentException("addresses cut short");
        }
        if (count < 16 + len) {
            return UNFINISHED;
        }
        if (command == 0x20 || need == 0) {
            return new ProxyHeader(16 + len, null, null); // the proxy's own connection, or a family without ports
        }
        int each = (need - 4) / 2;
        return new ProxyHeader(
                16 + len, address(bytes, 16, each, 16 + 2 * each), address(bytes, 16 + each, each, 16 + 2 * each + 2));
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

    /// The header that tells of this client; addresses that are not of IP are unknown.
    static byte[] write(ProxyOut version, SocketAddress source, SocketAddress destination) {
        if (source instanceof InetSocketAddress from && destination instanceof InetSocketAddress to) {
            boolean four = from.getAddress() instanceof Inet4Address && to.getAddress() instanceof Inet4Address;
            return version == ProxyOut.V1 ? line(from, to, four) : binary(from, to, four);
        }
        if (version == ProxyOut.V1) {
            return "PROXY UNKNOWN\r\n".getBytes(US_ASCII);
        }
        byte[] header = Arrays.copyOf(SIGNATURE, 16);
        header[12] = 0x21; // a connection of somebody, the family not told
        return header;
    }

    private static byte[] line(InetSocketAddress from, InetSocketAddress to, boolean four) {
        return ("PROXY " + (four ? "TCP4 " : "TCP6 ") + text(from, four) + " " + text(to, four) + " " + from.getPort()
                        + " " + to.getPort() + "\r\n")
                .getBytes(US_ASCII);
    }

    private static byte[] binary(InetSocketAddress from, InetSocketAddress to, boolean four) {
        int each = four ? 4 : 16;
        byte[] header = Arrays.copyOf(SIGNATURE, 16 + 2 * each + 4);
        header[12] = 0x21;
        header[13] = (byte) (four ? 0x11 : 0x21);
        header[15] = (byte) (header.length - 16);
        System.arraycopy(raw(from, four), 0, header, 16, each);
        System.arraycopy(raw(to, four), 0, header, 16 + each, each);
        int ports = 16 + 2 * each;
        header[ports] = (byte) (from.getPort() >> 8);
        header[ports + 1] = (byte) from.getPort();
        header[ports + 2] = (byte) (to.getPort() >> 8);
        header[ports + 3] = (byte) to.getPort();
        return header;
    }

    private static String text(InetSocketAddress address, boolean four) {
        if (four || !(address.getAddress() instanceof Inet4Address)) {
            String text = address.getAddress().getHostAddress();
            int scope = text.indexOf('%');
            return scope < 0 ? text : text.substring(0, scope);
        }
        return "::ffff:" + address.getAddress().getHostAddress();
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
