package dev.fid.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultyKernelTest {
    private final FaultyKernel faulty = FaultyKernel.over(Kernel.linux());
    private final Kernel kernel = faulty.kernel();
    private final Memory memory = Kernel.linux().allocate(4096);
    private final int[] pipe = new int[2];

    @BeforeEach
    void openPipe() {
        assertThat(Kernel.linux().pipe2(pipe, Uapi.O_CLOEXEC | Uapi.O_NONBLOCK)).isZero();
    }

    @AfterEach
    void closePipe() {
        Kernel.linux().close(pipe[0]);
        Kernel.linux().close(pipe[1]);
        memory.close();
    }

    private long write(long len) {
        return kernel.write(pipe[1], memory, 0, len);
    }

    private int buffered() {
        return Kernel.linux().fionread(pipe[0]);
    }

    @Test
    void withoutRulesItOnlyCounts() {
        assertThat(write(5)).isEqualTo(5);
        assertThat(kernel.read(pipe[0], memory, 0, 9)).isEqualTo(5);
        assertThat(faulty.calls("write")).isEqualTo(1);
        assertThat(faulty.calls("read", "write")).isEqualTo(2);
        assertThat(faulty.callsMade()).isEqualTo(2);
        assertThat(faulty.log()).isEmpty();
    }

    @Test
    void theNthCallFailsAndIsNotMade() {
        faulty.on("write").nth(2).fails(Errno.EIO);
        assertThat(List.of(write(1), write(1), write(1))).containsExactly(1L, (long) -Errno.EIO, 1L);
        assertThat(buffered()).isEqualTo(2);
        assertThat(faulty.calls("write")).isEqualTo(3);
    }

    @Test
    void aRangeOfCallsFails() {
        faulty.on("write").range(2, 3).fails(Errno.EINTR);
        assertThat(List.of(write(1), write(1), write(1), write(1))).containsExactly(1L, -4L, -4L, 1L);
    }

    @Test
    void fromAnIndexOnAllCallsFailUntilItIsHealed() {
        faulty.on("write").from(2).fails(Errno.ENOSPC);
        assertThat(List.of(write(1), write(1), write(1))).containsExactly(1L, -28L, -28L);
        faulty.heal();
        assertThat(write(1)).isEqualTo(1);
    }

    @Test
    void onlyCallsWithThatDescriptorAreCountedByTheRule() {
        int other = Kernel.linux().eventfd(0, Uapi.EFD_CLOEXEC);
        faulty.on("write").fd(pipe[1]).nth(1).fails(Errno.EIO);
        memory.putLong(0, 1);
        assertThat(kernel.write(other, memory, 0, 8)).isEqualTo(8);
        assertThat(write(1)).isEqualTo(-Errno.EIO);
        kernel.close(other);
    }

    @Test
    void bothDescriptorsOfASpliceAreRecognised() {
        assertThat(write(3)).isEqualTo(3);
        faulty.on("splice").fd(1_000_002).fails(Errno.EIO);
        assertThat(kernel.splice(pipe[0], null, 1_000_002, null, 3, 0)).isEqualTo(-Errno.EIO);
        assertThat(kernel.splice(pipe[0], null, 1_000_003, null, 3, 0)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void aConditionOnTheArgumentsChoosesTheCalls() {
        faulty.on("write")
                .when(call -> Long.valueOf(3).equals(call.arguments().get(3)))
                .fails(Errno.EDQUOT);
        assertThat(List.of(write(2), write(3), write(4))).containsExactly(2L, -122L, 4L);
    }

    @Test
    void aListOfNamesIsCountedAsOneSequence() {
        faulty.on(FaultyKernel.DATA_CALLS).nth(3).fails(Errno.EIO);
        assertThat(write(1)).isEqualTo(1);
        assertThat(kernel.read(pipe[0], memory, 0, 1)).isEqualTo(1);
        kernel.fionread(pipe[0]);
        assertThat(write(1)).isEqualTo(-Errno.EIO);
        assertThat(faulty.calls(FaultyKernel.DATA_CALLS)).isEqualTo(3);
        assertThat(faulty.callsMade()).isEqualTo(4);
    }

    @Test
    void aShortenedWriteTakesThatManyBytes() {
        faulty.on("write", "splice").shortens(2);
        assertThat(write(5)).isEqualTo(2);
        assertThat(write(1)).isEqualTo(1);
        assertThat(buffered()).isEqualTo(3);
    }

    @Test
    void aShortenedVmspliceTakesThatManyBytesOfItsSpans() {
        faulty.on("vmsplice").shortens(5);
        Span[] spans = {new Span(memory, 0, 3), new Span(memory, 100, 3), new Span(memory, 200, 3)};
        assertThat(kernel.vmsplice(pipe[1], spans, 0)).isEqualTo(5);
    }

    @Test
    void aFalseZeroMovesNothing() {
        assertThat(write(4)).isEqualTo(4);
        faulty.on("read").nth(1).returnsZero();
        assertThat(kernel.read(pipe[0], memory, 0, 4)).isZero();
        assertThat(kernel.read(pipe[0], memory, 0, 4)).isEqualTo(4);
    }

    @Test
    void aForgedResultIsReturnedAndTheOffsetStays() {
        Offset off = new Offset(7);
        faulty.on("sendfile").returns(1000);
        assertThat(kernel.sendfile(-1, off, -1, 5)).isEqualTo(1000);
        assertThat(off.value).isEqualTo(7);
    }

    @Test
    void aHookRunsJustBeforeTheCall() {
        faulty.on("read").nth(1).runs(call -> Kernel.linux().write(pipe[1], memory, 0, 6));
        assertThat(kernel.read(pipe[0], memory, 0, 9)).isEqualTo(6);
    }

    @Test
    void aHookAndAFailureMayHitTheSameCall() {
        List<String> ran = new ArrayList<>();
        faulty.on("write").fails(Errno.EIO).on("write").runs(call -> ran.add(call.toString()));
        assertThat(write(1)).isEqualTo(-Errno.EIO);
        assertThat(ran).hasSize(1);
        assertThat(faulty.log()).hasSize(2);
    }

    @Test
    void theFirstRuleDecidesTheResultAndTheSecondStillCounts() {
        faulty.on("write").nth(1).fails(Errno.EIO).on("write").nth(2).fails(Errno.EINTR);
        faulty.on("write").range(1, 2).shortens(1);
        assertThat(List.of(write(9), write(9), write(9))).containsExactly(-5L, -4L, 9L);
    }

    @Test
    void aDelayLastsAtLeastAsLongAsSaid() {
        faulty.on("write").delays(2_000_000);
        long start = System.nanoTime();
        assertThat(write(1)).isEqualTo(1);
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(2_000_000);
    }

    @Test
    void aCloseThatFailsHasClosed() {
        int fd = Kernel.linux().eventfd(0, Uapi.EFD_CLOEXEC);
        faulty.on("close").fails(Errno.EIO);
        assertThat(kernel.close(fd)).isEqualTo(-Errno.EIO);
        assertThat(Kernel.linux().close(fd)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void aCallThatFailsOpensNothing() throws IOException {
        faulty.on(FaultyKernel.DATA_CALLS).fails(Errno.EMFILE);
        int[] two = {-7, -7};
        long before = open();
        assertThat(kernel.pipe2(two, 0)).isEqualTo(-Errno.EMFILE);
        assertThat(kernel.eventfd(0, 0)).isEqualTo(-Errno.EMFILE);
        assertThat(kernel.socketpair(Uapi.AF_UNIX, Uapi.SOCK_STREAM, 0, two)).isEqualTo(-Errno.EMFILE);
        assertThat(kernel.openat(Uapi.AT_FDCWD, "/".getBytes(UTF_8), 0, 0)).isEqualTo(-Errno.EMFILE);
        assertThat(open()).isEqualTo(before);
        assertThat(two).containsExactly(-7, -7);
    }

    private static long open() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @Test
    void afterAnInventedEagainPollSaysReady() {
        assertThat(write(3)).isEqualTo(3);
        faulty.on("read").nth(1).fails(Errno.EAGAIN);
        assertThat(kernel.read(pipe[0], memory, 0, 3)).isEqualTo(-Errno.EAGAIN);
        short[] revents = new short[1];
        assertThat(kernel.poll(new int[] {pipe[0]}, new short[] {Uapi.POLLIN}, revents, 1, 10_000))
                .isEqualTo(1);
        assertThat(kernel.read(pipe[0], memory, 0, 3)).isEqualTo(3);
    }

    @Test
    void afterAnInventedEagainAnEdgeTriggeredEpollReportsAgain() {
        int epoll = kernel.epollCreate(Uapi.EPOLL_CLOEXEC);
        int edge = Uapi.EPOLLIN | Uapi.EPOLLET;
        assertThat(kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, pipe[0], edge, 77))
                .isZero();
        assertThat(write(3)).isEqualTo(3);
        int[] events = new int[4];
        long[] data = new long[4];
        assertThat(kernel.epollWait(epoll, events, data, 10_000)).isEqualTo(1);
        assertThat(kernel.epollWait(epoll, events, data, 0)).isZero();
        faulty.on("read").nth(1).fails(Errno.EAGAIN);
        assertThat(kernel.read(pipe[0], memory, 0, 3)).isEqualTo(-Errno.EAGAIN);
        assertThat(kernel.epollWait(epoll, events, data, 0)).isEqualTo(1);
        assertThat(data[0]).isEqualTo(77);
        kernel.close(epoll);
    }

    @Test
    void anAllocateThatFailsIsAnOutOfMemoryError() {
        faulty.on("allocate").fails(Errno.ENOMEM);
        assertThatThrownBy(() -> kernel.allocate(1))
                .isInstanceOf(OutOfMemoryError.class)
                .hasMessageContaining("ENOMEM");
    }

    @Test
    void defaultMethodsWorkAndCountAsTheCallThatTheyMake(@TempDir Path dir) throws IOException {
        Path file = Files.writeString(dir.resolve("f"), "hello");
        int fd = kernel.openat(Uapi.AT_FDCWD, file.toString().getBytes(UTF_8), 0, 0);
        Stat stat = new Stat();
        assertThat(kernel.fstat(fd, stat)).isZero();
        assertThat(stat.size).isEqualTo(5);
        assertThat(faulty.calls("statx")).isEqualTo(1);
        faulty.on("statx").fails(Errno.EIO);
        assertThat(kernel.fstat(fd, stat)).isEqualTo(-Errno.EIO);
        kernel.close(fd);
    }

    @Test
    void theLogNamesTheCallAndWhatWasDone() {
        faulty.on("splice").fails(Errno.EPIPE);
        kernel.splice(5, new Offset(3), 8, null, 65536, 2);
        assertThat(faulty.log())
                .map(Object::toString)
                .containsExactly("splice(5, &3, 8, null, 65536, 2): returned -EPIPE");
    }

    @Test
    void exceptionsOfTheKernelArriveAsTheyAre() {
        assertThatThrownBy(() -> write(1 << 20)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void twoThreadsShareOneCount() throws InterruptedException {
        faulty.on("eventfd").range(501, 1000).fails(Errno.EMFILE);
        List<Integer> opened = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = IntStream.range(0, 2)
                .mapToObj(i -> Thread.ofPlatform().start(() -> {
                    for (int call = 0; call < 500; call++) {
                        int fd = kernel.eventfd(0, Uapi.EFD_CLOEXEC);
                        opened.add(fd);
                        kernel.close(fd);
                    }
                }))
                .toList();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(faulty.calls("eventfd")).isEqualTo(1000);
        assertThat(opened.stream().filter(fd -> fd == -Errno.EMFILE)).hasSize(500);
    }

    @Test
    void wrongWordsAreRefusedAtOnce() {
        assertThatThrownBy(() -> faulty.on("splise")).hasMessageContaining("splise");
        assertThatThrownBy(() -> faulty.on("fstat")).hasMessageContaining("statx");
        assertThatThrownBy(() -> faulty.on("pageSize")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faulty.on(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faulty.calls("nothing")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faulty.on("read").nth(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faulty.on("read").fails(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faulty.on("read").shortens(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faulty.on("close").shortens(1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faulty.on("allocate").returnsZero()).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyNameOfDataCallsIsACall() {
        assertThat(faulty.calls(FaultyKernel.DATA_CALLS)).isZero();
    }

    @Test
    void theProxyIsAnObjectLikeAnyOther() {
        assertThat(Set.of(kernel)).contains(kernel).doesNotContain(Kernel.linux());
        assertThat(kernel.toString()).startsWith("faulty ");
        assertThat(kernel.pageSize()).isEqualTo(Kernel.linux().pageSize());
    }
}
