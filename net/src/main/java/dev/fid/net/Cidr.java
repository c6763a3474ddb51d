package dev.fid.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/// A block of IP addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
///
/// An IPv4 client of an IPv6 listener (`::ffff:10.0.0.1`) is an IPv4 address here.
public final class Cidr {
    private final byte[] prefix;
    private final int bits;
    private final String text;

    private Cidr(byte[] prefix, int bits, String text) {
        this.prefix = prefix;
        this.bits = bits;
        this.text = text;
    }

    /// The block that somebody wrote.
    ///
    /// @throws IllegalArgumentException that names what is wrong
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        InetAddress ip = AddressText.parse(host);
        if (ip == null) {
            throw new IllegalArgumentException("'" + text + "' is no address block, such as 10.0.0.0/8");
        }
        byte[] address = ip.getAddress();
        int most = address.length * 8;
        String digits = slash < 0 ? Integer.toString(most) : text.substring(slash + 1);
        if (!digits.matches("[0-9]{1,3}") || Integer.parseInt(digits) > most) {
            throw new IllegalArgumentException("'" + text + "': a prefix has 0 to " + most + " bits");
        }
        int bits = Integer.parseInt(digits);
        for (int bit = bits; bit < most; bit++) {
            if ((address[bit / 8] & 0x80 >> bit % 8) != 0) {
                throw new IllegalArgumentException("'" + text + "' has bits behind its prefix");
            }
        }
        return new Cidr(address, bits, text);
    }

    /// Whether the block has this address; a unix peer is in no block.
    public boolean contains(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return false;
        }
        byte[] raw = inet.getAddress().getAddress(); // ::ffff:a.b.c.d is an Inet4Address already
        if (raw.length != prefix.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> bit % 8;
            if ((raw[bit / 8] & mask) != (prefix[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Cidr cidr && cidr.bits == bits && java.util.Arrays.equals(cidr.prefix, prefix);
    }

    @Override
    public int hashCode() {
        return 31 * java.util.Arrays.hashCode(prefix) + bits;
    }

    @Override
    public String toString() {
        return text;
    }
}
