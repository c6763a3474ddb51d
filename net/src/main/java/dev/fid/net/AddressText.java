package dev.fid.net;

import dev.fid.Name;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Addresses as messages, logs and metrics show them.
public final class AddressText {
    private static final Pattern ZEROS = Pattern.compile("(^|:)0(:0)+(?=:|$)");

    private AddressText() {}

    /// An address as messages show it, in one line whatever a peer called itself ({@link Name#shown}): `127.0.0.1:80`,
    /// `[::1]:80`, `db.example.org:5432`, `/run/app.sock`.
    public static String of(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            InetAddress ip = inet.getAddress();
            String host = ip == null ? inet.getHostString() : shortened(ip.getHostAddress());
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : Name.shown(host)) + ":" + inet.getPort();
        }
        return Name.shown(address.toString());
    }

    /// The longest run of zeros of an IPv6 address is `::`. Source: RFC 5952, section 4.2.
    private static String shortened(String host) {
        if (host.indexOf(':') < 0) {
            return host;
        }
        String longest = "";
        Matcher run = ZEROS.matcher(host);
        while (run.find()) {
            longest = run.group().length() > longest.length() ? run.group() : longest;
        }
        if (longest.isEmpty()) {
            return host;
        }
        String cut = host.replaceFirst(Pattern.quote(longest) + "(?=:|$)", ":");
        return cut.endsWith(":") && !cut.endsWith("::") ? cut + ":" : cut;
    }
}
