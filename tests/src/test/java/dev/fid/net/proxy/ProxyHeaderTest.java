package dev.fid.net.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.net.ProxyOut;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// PROXY headers, byte by byte. Source: HAProxy, doc/proxy-protocol.txt.
@NullMarked
class ProxyHeaderTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final String FOUR = "c0000201 c6336401 1234 01bb";

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    /// A version 2 header whose length is right.
    private static byte[] block(String commandAndKind, String rest) {
        byte[] body = hex(rest);
        byte[] header = java.util.Arrays.copyOf(hex(SIGNATURE + commandAndKind + "0000"), 16 + body.length);
        header[14] = (byte) (body.length >> 8);
        header[15] = (byte) body.length;
        System.arraycopy(body, 0, header, 16, body.length);
        return header;
    }

    private static ProxyHeader read(byte[] bytes) {
        return ProxyHeader.read(bytes, bytes.length);
    }

    private static ProxyHeader line(String text) {
        return read(text.getBytes(ISO_8859_1));
    }

    // ---- version 1 ----

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PROXY TCP4 256.1.1.1 1.1.1.1 1 2\r\n",
                "PROXY TCP4 010.1.1.1 1.1.1.1 1 2\r\n",
                "PROXY TCP4 1.1.1 1.1.1.1 1 2\r\n",
                "PROXY TCP4 1.1.1.1.1 1.1.1.1 1 2\r\n",
                "PROXY TCP4 1.1.1.1 1.1.1.1 01 2\r\n",
                "PROXY TCP4 1.1.1.1 1.1.1.1 +1 2\r\n",
                "PROXY TCP4  1.1.1.1 1.1.1.1 1 2\r\n",
                "PROXY TCP4 1.1.1.1 1.1.1.1 1 2 \r\n",
                "PROXY TCP4 ::ffff:1.1.1.1 ::1 1 2\r\n",
                "PROXY TCP6 1.1.1.1 1.1.1.1 1 2\r\n",
                "PROXY TCP6 ::1%lo ::1 1 2\r\n",
                "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n",
                "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n",
                "PROXY TCP6 1::2::3 ::1 1 2\r\n",
                "PROXY TCP6 ::: ::1 1 2\r\n",
                "PROXY TCP6 :1:2:3:4:5:6:7 ::1 1 2\r\n",
                "PROXY TCP6 1:2:3:4:5:6:7:8:: ::1 1 2\r\n",
                "PROXY TCP6 12345::1 ::1 1 2\r\n",
                "PROXY TCP6 ::1.2.3.256 ::1 1 2\r\n",
                "PROXY TCP6 ::1.2.3.4:5 ::1 1 2\r\n",
                "PROXY TCP6 1.2.3.4::1 ::1 1 2\r\n",
                "PROXY tcp4 1.1.1.1 1.1.1.1 1 2\r\n",
                "PROXY TCP4 1.1.1.1 1.1.1.1 1 2\n\r\n",
                "PROXY \r\n"
            })
    void aLineThatIsNotExactlyAHeaderIsRefusedAndNothingIsLookedUp(String text) {
        assertThatThrownBy(() -> line(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "::1, ::1",
        "::, ::",
        "2001:DB8::, 2001:db8::",
        "2001:0db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "1:0:0:2:0:0:0:3, 1:0:0:2::3",
        "1:0:2:3:4:5:6:7, 1:0:2:3:4:5:6:7",
        "0:0:1:2:3:4:5:6, ::1:2:3:4:5:6",
        "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        "64:ff9b::1.2.3.4, 64:ff9b::102:304",
        "::ffff:1.2.3.4, ::ffff:1.2.3.4"
    })
    void anAddressIsWrittenInItsOneForm(String came, String goes) {
        ProxyHeader header = line("PROXY TCP6 " + came + " ::1 1 2\r\n");
        byte[] written = ProxyHeader.write(
                ProxyOut.V1,
                java.util.Objects.requireNonNull(header.source()),
                java.util.Objects.requireNonNull(header.destination()),
                header.tlvs());
        assertThat(new String(written, ISO_8859_1)).isEqualTo("PROXY TCP6 " + goes + " ::1 1 2\r\n");
    }

    // ---- version 2 ----

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2141", "21f1", "2113", "212f", "2133", "2122", "2131", "2132", "2111", "2112", "2121", "1111", "2211",
                "3111"
            })
    void whatIsReservedOrTooShortIsRefused(String commandAndKind) {
        String rest = commandAndKind.equals("2111") || commandAndKind.equals("2112") ? "00".repeat(11) : FOUR;
        assertThatThrownBy(() -> read(block(commandAndKind, rest))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aUnixSocketNeedsBothOfItsPaths() {
        assertThatThrownBy(() -> read(block("2131", "00".repeat(215)))).hasMessageContaining("cut short");
        ProxyHeader whole = read(block("2131", "00".repeat(216) + "040000"));
        assertThat(whole.source()).isNull();
        assertThat(whole.length()).isEqualTo(16 + 219);
    }

    /// The proxy's own connection is one, whatever else its header says.
    @ParameterizedTest
    @CsvSource({"2000, ''", "20ff, ''", "2011, 00", "2000, ffffff", "2111, c0000201c6336401123401bb"})
    void aLocalHeaderIsTakenWhatever(String commandAndKind, String rest) {
        ProxyHeader header = read(block(commandAndKind, rest));
        assertThat(header.length()).isEqualTo(16 + rest.length() / 2);
        assertThat(header.source() == null).isEqualTo(commandAndKind.startsWith("20"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"04", "0400", "040001", "040002ff", "04000000 050001", "ea0100 00", "030003 000000"})
    void aTlvThatIsCutShortIsRefused(String tlvs) {
        assertThatThrownBy(() -> read(block("2111", FOUR + tlvs))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aUniqueIdHasAtMost128Bytes() {
        assertThat(read(block("2111", FOUR + "050080" + "ab".repeat(128))).source())
                .isNotNull();
        assertThatThrownBy(() -> read(block("2111", FOUR + "050081" + "ab".repeat(129))))
                .hasMessageContaining("unique id");
    }

    @Test
    void theChecksumIsChecked() {
        byte[] header = block("2111", FOUR + "030004 00000000 ea0002 abcd");
        CRC32C sum = new CRC32C();
        sum.update(header);
        for (int i = 0; i < 4; i++) {
            header[31 + i] = (byte) (sum.getValue() >> (24 - 8 * i));
        }
        assertThat(read(header).source()).isEqualTo(new InetSocketAddress("192.0.2.1", 0x1234));
        header[34] ^= 1;
        assertThatThrownBy(() -> read(header)).hasMessageContaining("checksum");
    }

    @Test
    void whatIsKnownOfTheClientIsPassedOnAndWhatIsOfTheHeaderIsNot() {
        String passedOn = "010002 6832" + "02000b 6578616d706c652e6f7267" + "050003 616263" + "ea0001 07";
        ProxyHeader header = read(block("2111", FOUR + "040001 00" + passedOn + "300001 61"));
        byte[] written = ProxyHeader.write(
                ProxyOut.V2,
                java.util.Objects.requireNonNull(header.source()),
                java.util.Objects.requireNonNull(header.destination()),
                header.tlvs());
        assertThat(written).isEqualTo(block("2111", FOUR + passedOn));
    }

    @Test
    void aClientWithoutAnAddressIsLocal() {
        UnixDomainSocketAddress unix = UnixDomainSocketAddress.of("");
        assertThat(ProxyHeader.write(ProxyOut.V2, unix, unix, Tlvs.NONE)).isEqualTo(block("2000", ""));
        assertThat(ProxyHeader.write(ProxyOut.V1, unix, unix, Tlvs.NONE))
                .asString(ISO_8859_1)
                .isEqualTo("PROXY UNKNOWN\r\n");
    }

    @Test
    void aHeaderIsUnfinishedUntilItsLastByte() {
        for (byte[] whole : new byte[][] {
            block("2111", FOUR + "050003 616263"), "PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n".getBytes(ISO_8859_1)
        }) {
            for (int count = 1; count < whole.length; count++) {
                assertThat(ProxyHeader.read(whole, count)).as("%d bytes", count).isSameAs(ProxyHeader.UNFINISHED);
            }
            assertThat(read(whole).length()).isEqualTo(whole.length);
        }
    }
}
