package dev.fid;

import static dev.fid.kernel.Uapi.AF_INET;
import static dev.fid.kernel.Uapi.AF_INET6;
import static dev.fid.kernel.Uapi.AF_UNIX;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.Arrays;

/// `struct sockaddr` and java.net addresses. A unix address whose path starts with `@` is abstract.
/// Source: ip(7), ipv6(7), unix(7).
final class Addresses {
    private Addresses() {}

    static int family(SocketAddress address) {
        return switch (address) {
            case UnixDomainSocketAddress unix -> AF_UNIX;
            case UnixName unix -> AF_UNIX;
            case InetSocketAddress inet when inet.getAddress() instanceof Inet6Address -> AF_INET6;
            default -> AF_INET;
        };
    }

    /// @throws IllegalArgumentException for a host name that was not resolved, or a path of more than 107 bytes, an
    /// abstract name of more than 108 with its `@`
    static byte[] encode(SocketAddress address) {
        return switch (address) {
            case UnixDomainSocketAddress unix -> encodeUnix(unix.getPath().toString());
            case UnixName unix -> unix.sockaddr();
            case InetSocketAddress inet when inet.getAddress() != null -> encodeInet(inet.getAddress(), inet.getPort());
            case InetSocketAddress inet ->
                throw new IllegalArgumentException(inet.getHostString() + ":" + inet.getPort()
                        + " is not resolved: new InetSocketAddress(\"" + inet.getHostString() + "\", " + inet.getPort()
                        + ") asks the resolver, and stays unresolved where the name is not known");
            default -> throw new IllegalArgumentException("not an address that can be used here: " + address);
        };
    }

    private static byte[] encodeUnix(String path) {
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        boolean isAbstract = name.length > 0 && name[0] == '@';
        // 108 with the NUL, which a path has at its end and an abstract name, instead of the `@`, at its start.
        int most = isAbstract ? 108 : 107;
        if (name.length > most) {
            throw new IllegalArgumentException(
                    "a unix socket's name has at most " + most + " bytes, this one " + name.length + ": " + path);
        }
        // The length of an abstract address counts, a path ends with NUL.
        byte[] raw = new byte[2 + name.length + (isAbstract ? 0 : 1)];
        ByteBuffer sockaddr = nativeOrder(raw);
        sockaddr.putShort((short) AF_UNIX).put(name);
        if (isAbstract) {
            sockaddr.put(2, (byte) 0);
        }
        return raw;
    }

    private static byte[] encodeInet(InetAddress address, int port) {
        boolean six = address instanceof Inet6Address;
        byte[] raw = new byte[six ? 28 : 16];
        ByteBuffer sockaddr = nativeOrder(raw);
        sockaddr.putShort((short) (six ? AF_INET6 : AF_INET));
        sockaddr.put((byte) (port >> 8)).put((byte) port);
        if (six) {
            sockaddr.putInt(0).put(address.getAddress()).putInt(((Inet6Address) address).getScopeId());
        } else {
            sockaddr.put(address.getAddress());
        }
        return raw;
    }

    /// The address in the first `length` bytes of `sockaddr`; an unnamed unix socket has the empty path.
    static SocketAddress decode(byte[] sockaddr, int length) {
        ByteBuffer in =
                ByteBuffer.wrap(sockaddr, 0, Math.min(length, sockaddr.length)).order(ByteOrder.nativeOrder());
        int family = Short.toUnsignedInt(in.getShort());
        if (family == AF_UNIX) {
            byte[] name = new byte[in.remaining()];
            in.get(name);
            return decodeUnix(name);
        }
        int port = Byte.toUnsignedInt(in.get()) << 8 | Byte.toUnsignedInt(in.get());
        byte[] raw = family == AF_INET6 ? Arrays.copyOfRange(sockaddr, 8, 24) : Arrays.copyOfRange(sockaddr, 4, 8);
        try {
            InetAddress plain = InetAddress.getByAddress(raw);
            int zone = plain instanceof Inet6Address ? in.getInt(24) : 0; // which link, for fe80::/10
            return new InetSocketAddress(zone == 0 ? plain : Inet6Address.getByAddress(null, raw, zone), port);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are addresses", e);
        }
    }

    /// A peer chooses its name: what a path of java.nio would refuse (bytes that the locale cannot say), or say
    /// otherwise (`a//b`, bytes that are not UTF-8, NULs in an abstract name), is a {@link UnixName}.
    private static SocketAddress decodeUnix(byte[] name) {
        boolean isAbstract = name.length > 1 && name[0] == 0;
        int end = isAbstract ? name.length : 0;
        while (!isAbstract && end < name.length && name[end] != 0) {
            end++;
        }
        byte[] kept = Arrays.copyOf(name, end);
        byte[] shown = kept.clone();
        if (isAbstract) {
            shown[0] = '@';
        }
        String text = new String(shown, StandardCharsets.UTF_8);
        if (text.indexOf(0) < 0 && Arrays.equals(text.getBytes(StandardCharsets.UTF_8), shown)) {
            try {
                UnixDomainSocketAddress address = UnixDomainSocketAddress.of(text);
                if (address.getPath().toString().equals(text)) {
                    return address;
                }
            } catch (InvalidPathException e) {
                // Below.
            }
        }
        return new UnixName(kept);
    }

    private static ByteBuffer nativeOrder(byte[] raw) {
        return ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
    }
}
