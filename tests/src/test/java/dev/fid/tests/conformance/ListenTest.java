package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnBothKernels;
import org.junit.jupiter.api.Test;

/// Listeners and connections that stop, as those of a relay that drains.
@OnBothKernels
class ListenTest extends Fixture {
    private int socket() {
        return keep(kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC, 0));
    }

    // net/ipv4/inet_hashtables.c, compute_score
    @Test
    void aListenerBoundToNoInterfaceRefusesNewcomersAndKeepsItsBacklog() {
        int listener = socket();
        byte[] address = loopback();
        assertThat(kernel.bind(listener, address)).isZero();
        assertThat(kernel.listen(listener, 8)).isZero();
        kernel.getsockname(listener, address);
        int early = socket();
        assertThat(kernel.connect(early, address)).isZero();
        assertThat(kernel.setsockopt(listener, Uapi.SOL_SOCKET, Uapi.SO_BINDTOIFINDEX, Integer.MAX_VALUE))
                .isZero();
        assertThat(kernel.connect(socket(), address)).isEqualTo(-Errno.ECONNREFUSED);
        int taken = keep(kernel.accept4(listener, Uapi.SOCK_CLOEXEC));
        assertThat(taken).isPositive();
        write(early, "hello");
        assertThat(kernel.read(taken, memory(100), 0, 100)).isEqualTo(5);
        assertThat(kernel.setsockopt(listener, Uapi.SOL_SOCKET, Uapi.SO_BINDTOIFINDEX, -1))
                .isEqualTo(-Errno.EINVAL);
    }

    // net/ipv4/tcp.c, tcp_disconnect: what was not sent is purged, and the FIN behind it
    @Test
    void aResetWithBytesOnTheirWayIsNoEndAlthoughTheEndWasSaid() {
        int listener = socket();
        byte[] address = loopback();
        assertThat(kernel.bind(listener, address)).isZero();
        assertThat(kernel.listen(listener, 8)).isZero();
        kernel.getsockname(listener, address);
        int client = socket();
        assertThat(kernel.connect(client, address)).isZero();
        int server = kernel.accept4(listener, Uapi.SOCK_CLOEXEC);
        Memory memory = memory(1 << 16);
        long sent = 0;
        for (long n = 1; n > 0; ) {
            n = kernel.send(server, memory, 0, 1 << 16, Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL);
            sent += Math.max(0, n);
        }
        assertThat(kernel.shutdown(server, Uapi.SHUT_WR)).isZero();
        assertThat(kernel.siocoutq(server)).isPositive();
        kernel.setLinger(server, true, 0);
        kernel.close(server);
        long received = 0;
        long n;
        do {
            n = kernel.recv(client, memory, 0, 1 << 16, 0);
            received += Math.max(0, n);
        } while (n > 0);
        assertThat(n).isEqualTo(-Errno.ECONNRESET);
        assertThat(received).isLessThan(sent);
    }
}
