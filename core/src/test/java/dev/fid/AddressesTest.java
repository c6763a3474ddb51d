package dev.fid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressesTest {
    private static SocketAddress again(SocketAddress address) {
        byte[] raw = Addresses.encode(address);
        return Addresses.decode(raw, raw.length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "255.254.253.252", "::1", "2001:db8::ff"})
    void inetAddressesComeBack(String host) {
        for (int port : new int[] {0, 1, 80, 255, 256, 65535}) {
            SocketAddress address = new InetSocketAddress(host, port);
            assertThat(again(address)).isEqualTo(address);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/run/socket", "relative", "@abstract", "/run/ü"})
    void unixAddressesComeBack(String path) {
        SocketAddress address = UnixDomainSocketAddress.of(path);
        assertThat(again(address)).isEqualTo(address);
    }

    @Test
    void anAbstractNameHasNoTrailingZero() {
        assertThat(Addresses.encode(UnixDomainSocketAddress.of("@ab"))).containsExactly(1, 0, 0, 'a', 'b');
        assertThat(Addresses.encode(UnixDomainSocketAddress.of("/a"))).containsExactly(1, 0, '/', 'a', 0);
    }

    @Test
    void anUnnamedSocketHasTheEmptyPath() {
        assertThat(Addresses.decode(new byte[] {1, 0}, 2)).isEqualTo(UnixDomainSocketAddress.of(""));
    }

    @Test
    void whatCannotBeEncodedIsTold() {
        assertThatThrownBy(() -> Addresses.encode(UnixDomainSocketAddress.of("/" + "x".repeat(107))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Addresses.encode(InetSocketAddress.createUnresolved("host", 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
