package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.PipeBudget;
import dev.fid.fanout.Fanout;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.link.Lane.Wait;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import dev.fid.link.PipePool.Splicing;
import dev.fid.tests.Ground;
import dev.fid.tests.OnAllKernels;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A TCP stream with an urgent byte (MSG_OOB) in it: splice(2) stops there, and the stream goes on all the same. The
/// urgent byte itself is dropped, as read(2) does.
@OnAllKernels
class UrgentDataTest extends Fixture {
    private static final byte[] BEFORE = pattern(20_000);
    private static final byte[] BEHIND = pattern(60_000);

    private static byte[] stream() {
        byte[] all = Arrays.copyOf(BEFORE, BEFORE.length + BEHIND.length);
        System.arraycopy(BEHIND, 0, all, BEFORE.length, BEHIND.length);
        return all;
    }

    private static void urge(Fd socket) {
        Kernel on = socket.kernel();
        try (Memory one = on.allocate(1)) {
            one.putByte(0, (byte) '!');
            assertThat(on.send(socket.number(), one, 0, 1, Uapi.MSG_OOB | Uapi.MSG_NOSIGNAL))
                    .isEqualTo(1);
        }
    }

    /// All of it is on its way before anybody looks.
    private Fd sent() throws IOException {
        Fd[] pair = tcpPair();
        send(pair[1]);
        pair[1].shutdownOutput();
        await(pair[0], Uapi.POLLRDHUP);
        return pair[0];
    }

    private static void send(Fd to) {
        put(to, BEFORE);
        urge(to);
        put(to, BEHIND);
    }

    // ---- links ----

    @ParameterizedTest
    @CsvSource({"AUTO, true", "ALWAYS, true", "NEVER, true", "AUTO, false", "ALWAYS, false", "NEVER, false"})
    void aLinkGoesOnBothWays(Splicing splicing, boolean byEdges) throws Exception {
        Fd[] left = tcpPair();
        Fd[] right = tcpPair();
        PipePool pool = keep(new PipePool(kernel, PipeBudget.of(kernel), 1 << 20, splicing));
        Link link = keep(new Link(left[0], right[0], pool));
        send(left[1]);
        send(right[1]);
        await(left[0], Uapi.POLLPRI);
        await(right[0], Uapi.POLLPRI);
        long all = stream().length;
        int epoll = kernel.epollCreate(Uapi.EPOLL_CLOEXEC);
        int interest = Uapi.EPOLLIN | Uapi.EPOLLPRI | Uapi.EPOLLOUT | Uapi.EPOLLRDHUP | Uapi.EPOLLET;
        assertThat(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, left[0].number(), interest, 0))
                .isZero();
        assertThat(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, right[0].number(), interest, 1))
                .isZero();
        try {
            int[] events = new int[2];
            long[] whose = new long[2];
            Wait wait = Wait.IN;
            while (link.there().moved() < all || link.back().moved() < all) {
                int count = kernel.epollWait(epoll, events, whose, wait == Wait.TURN ? 0 : 5000);
                assertThat(count > 0 || wait == Wait.TURN)
                        .as(
                                "it goes on after %d and %d",
                                link.there().moved(), link.back().moved())
                        .isTrue();
                int[] told = new int[2];
                for (int i = 0; i < count; i++) {
                    told[(int) whose[i]] = events[i];
                }
                wait = byEdges ? link.run(told[0], told[1]) : link.run();
            }
        } finally {
            kernel.close(epoll);
        }
        assertSame(takeAll(right[1], (int) all), stream(), "to the right");
        assertSame(takeAll(left[1], (int) all), stream(), "to the left");
    }

    @ParameterizedTest
    @ValueSource(strings = {"AUTO", "ALWAYS", "NEVER"})
    void aSmallMessageBehindUrgentDataIsNotForgotten(Splicing splicing) throws Exception {
        Fd[] left = tcpPair();
        Fd[] right = tcpPair();
        Link link =
                keep(new Link(left[0], right[0], keep(new PipePool(kernel, PipeBudget.of(kernel), 1 << 20, splicing))));
        put(left[1], "hello");
        urge(left[1]);
        put(left[1], "world");
        await(left[0], Uapi.POLLPRI);
        for (Wait wait = Wait.TURN; wait == Wait.TURN; ) {
            wait = link.run(Uapi.EPOLLIN | Uapi.EPOLLPRI | Uapi.EPOLLOUT, Uapi.EPOLLOUT);
        }
        assertThat(takeAll(right[1], 10)).asString().isEqualTo("helloworld");
    }

    // ---- transfers ----

    @ParameterizedTest
    @CsvSource({"SPLICE", "READ_WRITE"})
    void aTransferToAPipeGoesOn(Method method) throws Exception {
        Ends pipe = pipe(kernel, ground == Ground.MODEL_2_6 ? 0 : 1 << 20);
        On.Task<byte[]> reader = On.PLATFORM.start(() -> takeAll(pipe.in(), stream().length));
        Moved moved = Transfer.from(sent()).to(pipe.out()).method(method).run();
        assertThat(moved.bytes()).isEqualTo(stream().length);
        assertSame(reader.get(), stream(), "pipe");
        assertThat(moved.byMethod()).containsKey(method);
    }

    @Test
    void aTransferThroughAPipeGoesBackToSplicing() throws Exception {
        Fd out = create("out");
        Moved moved = Transfer.from(sent())
                .to(out)
                .method(Method.SPLICE_THROUGH_PIPE)
                .fallback(false)
                .run();
        assertSame(content("out"), stream(), "file");
        assertThat(moved.byMethod().get(Method.SPLICE_THROUGH_PIPE)).isGreaterThanOrEqualTo(BEFORE.length);
        assertThat(moved.declined()).isEmpty();
        assertThat(moved.byMethod().get(Method.READ_WRITE)).isEqualTo(moved.userBytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"PLATFORM", "VIRTUAL"})
    void aTransferGoesOnFromABorrowedSocketInBlockingMode(On on) throws Exception {
        Fd in = sent();
        kernel.fcntl(in.number(), Uapi.F_SETFL, Uapi.O_RDWR);
        Fd[] out = tcpPair();
        Fd borrowed = Fd.borrow(kernel, in.number());
        On.Task<Moved> transfer =
                on.start(() -> Transfer.from(borrowed).to(out[0]).run());
        assertSame(takeAll(out[1], stream().length), stream(), "socket");
        assertThat(transfer.get().bytes()).isEqualTo(stream().length);
    }

    @Test
    void aFanoutGoesOn() throws Exception {
        Ends one = pipe();
        Ends two = pipe();
        On.Task<byte[]> first = On.PLATFORM.start(() -> takeAll(one.in(), stream().length));
        On.Task<byte[]> second = On.PLATFORM.start(() -> takeAll(two.in(), stream().length));
        Fanout.Result result = Fanout.from(sent()).to(one.out(), two.out()).run();
        assertThat(result.bytes()).isEqualTo(stream().length);
        assertSame(first.get(), stream(), "first pipe");
        assertSame(second.get(), stream(), "second pipe");
    }
}
