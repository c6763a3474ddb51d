package dev.fid.net;

import dev.fid.kernel.Name;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/// IP addresses as text: what messages, logs and metrics show, and what peers say. Nothing here is looked up.
public final class AddressText {
    private static final int GROUPS = 8;

    private AddressText() {}

    // ---- writing ----

    /// An address as messages show it, in one line whatever a peer called itself ({@link Name#shown}): `127.0.0.1:80`,
    /// `[::1]:80`, `[fe80::1%eth0]:80`, `db.example.org:5432`, `/run/app.sock`.
    public static String of(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            InetAddress ip = inet.getAddress();
            String host = ip == null ? inet.getHostString() : digits(ip) + zone(ip);
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : Name.shown(host)) + ":" + inet.getPort();
        }
        return Name.shown(address.toString());
    }

    private static String zone(InetAddress ip) {
        if (!(ip instanceof Inet6Address six) || six.getScopeId() == 0) {
            return "";
        }
        try {
            NetworkInterface link = NetworkInterface.getByIndex(six.getScopeId());
            return "%" + (link == null ? String.valueOf(six.getScopeId()) : link.getName());
        } catch (SocketException e) {
            return "%" + six.getScopeId();
        }
    }

    /// An address without its zone. Of IPv6 in the one form that everybody should write: lower case, no leading
    /// zeros, the longest run of two or more zero groups, the first of equals, is `::`. Source:
    /// RFC 5952, section 4.
    public static String digits(InetAddress ip) {
        byte[] raw = ip.getAddress();
        if (raw.length == 4) {
            return ip.getHostAddress();
        }
        int from = GROUPS;
        int longest = 1;
        for (int i = 0; i < GROUPS; i++) {
            int end = i;
            while (end < GROUPS && group(raw, end) == 0) {
                end++;
            }
            if (end - i > longest) {
                from = i;
                longest = end - i;
            }
            i = Math.max(i, end - 1);
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < GROUPS; i++) {
            if (i == from) {
                text.append("::");
                i += longest - 1;
            } else {
                text.append(i == 0 || text.charAt(text.length() - 1) == ':' ? "" : ":");
                text.append(Integer.toHexString(group(raw, i)));
            }
        }
        return text.toString();
    }

    private static int group(byte[] raw, int index) {
        return (raw[2 * index] & 0xff) << 8 | (raw[2 * index + 1] & 0xff);
    }

    // ---- reading ----

    /// The address that is written in digits, or null: of IPv4 four decimal numbers without leading zeros, which are
    /// octal elsewhere; of IPv6 as RFC 4291 section 2.2 has it, without a zone. `::ffff:10.0.0.1` is of
    /// IPv4.
    public static @Nullable InetAddress parse(String text) {
        byte[] raw = text.indexOf(':') < 0 ? four(text) : six(text);
        try {
            return raw == null ? null : InetAddress.getByAddress(raw);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are addresses", e);
        }
    }

    private static byte @Nullable [] four(String text) {
        String[] numbers = text.split("\\.", -1);
        byte[] raw = new byte[4];
        if (numbers.length != raw.length) {
            return null;
        }
        for (int i = 0; i < raw.length; i++) {
            if (!numbers[i].matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(numbers[i]) > 255) {
                return null;
            }
            raw[i] = (byte) Integer.parseInt(numbers[i]);
        }
        return raw;
    }

    private static byte @Nullable [] six(String text) {
        if (text.length() > 45 || text.indexOf("::") != text.lastIndexOf("::") || text.contains(":::")) {
            return null;
        }
        int gap = text.indexOf("::");
        byte[] raw = new byte[2 * GROUPS];
        if (gap < 0) {
            return put(text, raw) == raw.length ? raw : null;
        }
        byte[] tail = new byte[2 * GROUPS];
        int head = put(text.substring(0, gap), raw);
        int end = put(text.substring(gap + 2), tail);
        boolean dotsInFront = text.substring(0, gap).indexOf('.') >= 0;
        if (head < 0 || end < 0 || head + end > raw.length - 2 || dotsInFront) {
            return null; // `::` stands for one group at least
        }
        System.arraycopy(tail, 0, raw, raw.length - end, end);
        return raw;
    }

    /// Groups between colons; the last two may be written as of IPv4. Returns how many bytes they are, -1 where they
    /// are none.
    private static int put(String text, byte[] raw) {
        if (text.isEmpty()) {
            return 0;
        }
        String[] groups = text.split(":", -1);
        int end = 0;
        for (int i = 0; i < groups.length; i++) {
            byte[] dotted = i == groups.length - 1 ? four(groups[i]) : null;
            int len = dotted == null ? 2 : 4;
            if (end + len > raw.length || (dotted == null && !groups[i].matches("[0-9a-fA-F]{1,4}"))) {
                return -1;
            }
            if (dotted == null) {
                int group = Integer.parseInt(groups[i], 16);
                raw[end] = (byte) (group >> 8);
                raw[end + 1] = (byte) group;
            } else {
                System.arraycopy(dotted, 0, raw, end, len);
            }
            end += len;
        }
        return end;
    }
}
