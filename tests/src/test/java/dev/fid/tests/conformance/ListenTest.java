package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnBothKernels;
import org.junit.jupiter.api.Test;

/// Listeners that stop, as a relay does that drains.
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
}
