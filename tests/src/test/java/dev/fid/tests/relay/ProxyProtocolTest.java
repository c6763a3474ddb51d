package dev.fid.tests.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.net.Cidr;
import dev.fid.net.Ending;
import dev.fid.net.Loops;
import dev.fid.net.ProxyIn;
import dev.fid.net.ProxyOut;
import dev.fid.net.admin.Admin;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.Service;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who the client is: the PROXY protocol, both versions and both ways, and lists of addresses.
class ProxyProtocolTest extends Fixture {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    @Test
    void theFirstVersionIsSentBeforeTheFirstByte() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).proxyOut(ProxyOut.V1));
        SocketChannel client = connect(relay);
        put(client, "hello");
        client.shutdownOutput();
        int from = ((InetSocketAddress) client.getLocalAddress()).getPort();
        int to = ((InetSocketAddress) relay.addresses().getFirst()).getPort();
        assertThat(drain(accept(server)))
                .asString()
                .isEqualTo("PROXY TCP4 127.0.0.1 127.0.0.1 " + from + " " + to + "\r\nhello");
    }

    @Test
    void theSecondVersionIsSentBeforeTheFirstByte() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).proxyOut(ProxyOut.V2));
        SocketChannel client = connect(relay);
        put(client, "hello");
        client.shutdownOutput();
        ByteBuffer expected = ByteBuffer.allocate(33);
        expected.put(hex(SIGNATURE + "2111000c 7f000001 7f000001"));
        expected.putShort((short) ((InetSocketAddress) client.getLocalAddress()).getPort());
        expected.putShort((short) ((InetSocketAddress) relay.addresses().getFirst()).getPort());
        expected.put("hello".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(drain(accept(server))).isEqualTo(expected.array());
    }

    @Test
    void whatIsKnownOfTheClientReachesTheUpstream() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).proxyIn(ProxyIn.REQUIRE).proxyOut(ProxyOut.V2));
        SocketChannel client = connect(relay);
        byte[] header = hex(SIGNATURE + "2111001a c0000201 c6336401 1234 01bb 050003 616263 020005 612e6f7267");
        put(client, header);
        client.shutdownOutput();
        assertThat(drain(accept(server))).isEqualTo(header);
    }

    @Test
    void aUnixClientHasNoAddressAndIsLocal() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(Relay.builder()
                .listen(java.net.UnixDomainSocketAddress.of(dir.resolve("r.sock")))
                .to(address(server))
                .loops(loops())
                .proxyOut(ProxyOut.V2));
        connect(relay).shutdownOutput();
        assertThat(drain(accept(server))).isEqualTo(hex(SIGNATURE + "20000000"));
    }

    @Test
    void anEmptyListLetsNobodyIn() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).allow(List.of()));
        assertThatThrownBy(() -> drain(connect(relay))).isInstanceOf(IOException.class);
        assertThat(relay.totals().ended(Ending.DENIED)).isEqualTo(1);
    }

    /// Three ways that a header may arrive: whole with the data, byte by byte, and behind a relay of our own.
    @ParameterizedTest
    @ValueSource(strings = {"whole", "byte by byte"})
    void aHeaderIsTakenOffAndItsClientPassedOn(String how) throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).proxyIn(ProxyIn.REQUIRE).proxyOut(ProxyOut.V1));
        SocketChannel client = connect(relay);
        client.setOption(java.net.StandardSocketOptions.TCP_NODELAY, true);
        byte[] header = hex(SIGNATURE + "21110013 c0000201 c6336401 1234 01bb 040004 abcdef01");
        byte[] all = java.util.Arrays.copyOf(header, header.length + 5);
        System.arraycopy("hello".getBytes(java.nio.charset.StandardCharsets.UTF_8), 0, all, header.length, 5);
        if (how.equals("whole")) {
            put(client, all);
        } else {
            for (byte each : all) {
                put(client, new byte[] {each});
            }
        }
        client.shutdownOutput();
        assertThat(drain(accept(server))).asString().isEqualTo("PROXY TCP4 192.0.2.1 198.51.100.1 4660 443\r\nhello");
    }

    /// A look at what came ends at an urgent byte, so that a header around one never becomes whole: that client is
    /// refused at its time, and nobody else waits for it.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aHeaderWithUrgentDataInsideIsRefusedAndHoldsNobodyUp(boolean ends) throws Exception {
        ServerSocketChannel server = server();
        Relay relay =
                start(to(server).proxyIn(ProxyIn.REQUIRE).proxyOut(ProxyOut.V1).connectTimeout(Duration.ofMillis(300)));
        SocketChannel odd = connect(relay);
        put(odd, "PROXY TCP4 192.0.2.1 ");
        odd.socket().sendUrgentData('!');
        put(odd, "198.51.100.1 4660 443\r\nhello");
        if (ends) {
            odd.shutdownOutput();
        }
        SocketChannel other = connect(relay);
        put(other, "PROXY TCP4 192.0.2.2 198.51.100.1 4660 443\r\nhi");
        other.shutdownOutput();
        assertThat(drain(accept(server))).asString().isEqualTo("PROXY TCP4 192.0.2.2 198.51.100.1 4660 443\r\nhi");
        assertThatThrownBy(() -> drain(odd)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void urgentDataBesideAHeaderIsDroppedAndTheStreamGoesOn(boolean before) throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).proxyIn(ProxyIn.REQUIRE).proxyOut(ProxyOut.V1));
        SocketChannel client = connect(relay);
        String header = "PROXY TCP4 192.0.2.1 198.51.100.1 4660 443\r\n";
        if (before) {
            client.socket().sendUrgentData('!');
        }
        put(client, header);
        if (!before) {
            client.socket().sendUrgentData('!');
        }
        put(client, "hello");
        client.shutdownOutput();
        assertThat(drain(accept(server))).asString().isEqualTo(header + "hello");
    }

    @Test
    void twoRelaysInARowUnderstandEachOther() throws Exception {
        ServerSocketChannel server = server();
        Relay second = start(to(server).proxyIn(ProxyIn.REQUIRE).proxyOut(ProxyOut.V1));
        Relay first = start(Relay.builder()
                .listen(loopback(0))
                .to(second.addresses().getFirst())
                .proxyOut(ProxyOut.V2)
                .loops(loops()));
        SocketChannel client = connect(first);
        client.shutdownOutput();
        int from = ((InetSocketAddress) client.getLocalAddress()).getPort();
        int to = ((InetSocketAddress) first.addresses().getFirst()).getPort();
        assertThat(drain(accept(server)))
                .asString()
                .isEqualTo("PROXY TCP4 127.0.0.1 127.0.0.1 " + from + " " + to + "\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PROXY TCP4 127.0.0.1 127.0.0.1 1 99999\r\n",
                "PROXY TCP4 localhost 127.0.0.1 1 2\r\n",
                "PROXY TCP4 ::1 ::1 1 2\r\n",
                "PROXY TCP4 127.0.0.1 127.0.0.1 1\r\n",
                "PROXY UDP4 127.0.0.1 127.0.0.1 1 2\r\n",
                "PROXY TCP4 127.0.0.1 127.0.0.1 1 2 and so on without an end, longer than any header of this version"
                        + " may ever be, so that nobody waits for its line to end",
                "\r\n\r\n\0\r\nQUIT\n1\u0011\0\0",
                "\r\n\r\n\0\r\nQUIT\n!\u0011\0\4abcd",
                "GET / HTTP/1.1\r\n\r\n"
            })
    void aMalformedHeaderIsRefusedAndNothingReachesTheUpstream(String header) throws Exception {
        ServerSocketChannel server = server();
        server.configureBlocking(false);
        Relay relay = start(to(server).proxyIn(ProxyIn.REQUIRE));
        SocketChannel client = connect(relay);
        put(client, header.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> drain(client)).isInstanceOf(IOException.class);
        assertThat(relay.totals().ended(Ending.NO_HEADER)).isEqualTo(1);
        assertThat(server.accept()).isNull();
    }

    @Test
    void aHeaderThatDoesNotComeIsNotWaitedForForEver() throws Exception {
        ServerSocketChannel server = server();
        ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        Service service = keep(new Service(new Loops(1), null));
        service.apply(List.of(Relay.builder()
                .name("p")
                .listen(loopback(0))
                .to(address(server))
                .proxyIn(ProxyIn.REQUIRE)
                .connectTimeout(Duration.ofMillis(200))
                .trouble(entry -> told.add(entry.why()))));
        Relay relay = service.relays().getFirst();
        for (String begun : List.of("PROXY ", "")) {
            SocketChannel client = connect(relay);
            put(client, begun);
            assertThatThrownBy(() -> drain(client)).isInstanceOf(IOException.class);
        }
        assertThat(relay.totals().ended(Ending.NO_HEADER)).isEqualTo(2);
        assertThat(told)
                .containsExactly("a PROXY header that was not whole after 200 ms", "no PROXY header after 200 ms");
        Admin admin = keep(new Admin(loopback(0), service, new AdminTest.Orders()));
        assertThat(AdminTest.ask(admin, "GET /metrics HTTP/1.0\r\n\r\n"))
                .contains("fid_relay_header_errors_total{relay=\"p\",reason=\"late\"} 2\n");
    }

    @Test
    void whereAHeaderIsOnlyAcceptedPlainClientsPass() throws Exception {
        ServerSocketChannel server = server();
        Relay relay = start(to(server).proxyIn(ProxyIn.ACCEPT).connectTimeout(Duration.ofMillis(300)));
        SocketChannel plain = connect(relay);
        put(plain, "GET /");
        assertThat(text(accept(server), 5)).isEqualTo("GET /");
        SocketChannel told = connect(relay);
        put(told, "PROXY UNKNOWN\r\nGET /");
        assertThat(text(accept(server), 5)).isEqualTo("GET /");
        SocketChannel silent = connect(relay);
        SocketChannel inside = accept(server);
        put(inside, "220 hello");
        assertThat(text(silent, 9)).isEqualTo("220 hello");
    }

    @Test
    void addressesAreAllowedAndDenied() throws Exception {
        ServerSocketChannel server = server();
        Relay others = start(to(server).allow(List.of(Cidr.parse("10.0.0.0/8"))));
        assertThatThrownBy(() -> drain(connect(others))).isInstanceOf(IOException.class);
        assertThat(others.totals().ended(Ending.DENIED)).isEqualTo(1);
        Relay denied =
                start(to(server).allow(List.of(Cidr.parse("127.0.0.0/8"))).deny(List.of(Cidr.parse("127.0.0.1"))));
        assertThatThrownBy(() -> drain(connect(denied))).isInstanceOf(IOException.class);
        Relay allowed = start(to(server).allow(List.of(Cidr.parse("127.0.0.0/8"))));
        put(connect(allowed), "in");
        assertThat(text(accept(server), 2)).isEqualTo("in");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0/33",
                "10.0.0.1/8",
                "localhost",
                "::1/129",
                "1.2.3/8",
                "256.1.1.1",
                "010.0.0.0/8",
                "1:2:3:4:5:6:7:8:9",
                ":::/0",
                ""
            })
    void whatIsNoAddressBlockIsRefused(String text) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
