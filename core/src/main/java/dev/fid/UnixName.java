package dev.fid;

import dev.fid.kernel.Name;
import dev.fid.kernel.Uapi;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// The name of a unix socket that is no path of java.nio: bytes, of which the first is 0 for an abstract one.
/// Source: unix(7).
final class UnixName extends SocketAddress {
    private static final long serialVersionUID = 1;

    private final byte[] name;

    UnixName(byte[] name) {
        this.name = name;
    }

    /// Its `struct sockaddr_un`. The length of an abstract name counts, a path ends with NUL.
    byte[] sockaddr() {
        boolean isAbstract = name.length > 0 && name[0] == 0;
        ByteBuffer raw =
                ByteBuffer.allocate(2 + name.length + (isAbstract ? 0 : 1)).order(ByteOrder.nativeOrder());
        return raw.putShort((short) Uapi.AF_UNIX).put(name).array();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UnixName that && Arrays.equals(name, that.name);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(name);
    }

    /// For people, in one line ({@link Name}); each NUL is `@`, as in ss(8).
    @Override
    public String toString() {
        byte[] shown = name.clone();
        for (int i = 0; i < shown.length; i++) {
            shown[i] = shown[i] == 0 ? (byte) '@' : shown[i];
        }
        return Name.of(shown).toString();
    }
}
