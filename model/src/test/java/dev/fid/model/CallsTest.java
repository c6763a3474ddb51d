package dev.fid.model;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Limits, waiting, names, devices: what is around the mechanism.
class CallsTest {
    @Test
    void aFullDiskWritesWhatFitsAndThenSaysEnospc() {
        try (Stage stage = new Stage(Profile.LINUX_6_18, Limits.USUAL.withDiskBlocks(2))) {
            int file = stage.file("");
            assertThat(stage.write(file, "x".repeat(10_000))).isEqualTo(8192);
            assertThat(stage.write(file, "x")).isEqualTo(-Errno.ENOSPC);
            stage.kernel.ftruncate(file, 0);
            assertThat(stage.kernel.pwrite(file, stage.memory, 0, 1, 0)).isEqualTo(1);
        }
    }

    @Test
    void aFullDiskLeavesTheRestInThePipe() {
        try (Stage stage = new Stage(Profile.LINUX_6_18, Limits.USUAL.withDiskBlocks(1))) {
            int file = stage.file("");
            int[] pipe = stage.pipe();
            stage.write(pipe[1], "x".repeat(10_000));
            assertThat(stage.kernel.splice(pipe[0], null, file, null, 10_000, 0))
                    .isEqualTo(4096);
            assertThat(stage.kernel.splice(pipe[0], null, file, null, 10_000, 0))
                    .isEqualTo(-Errno.ENOSPC);
            assertThat(stage.kernel.fionread(pipe[0])).isEqualTo(10_000 - 4096);
        }
    }

    /// 16 blocks take one whole piece of sendfile and nothing of the next, 17 a part of it.
    @Test
    void sendfileToAFullDiskLeavesThePositionBehindWhatWent() {
        for (int blocks = 16; blocks <= 17; blocks++) {
            try (Stage stage = new Stage(Profile.LINUX_6_18, Limits.USUAL.withDiskBlocks(blocks))) {
                int in = stage.file("");
                int out = stage.file("");
                stage.kernel.ftruncate(in, 150_000); // a hole needs no block
                assertThat(stage.kernel.sendfile(in, null, out, 150_000)).isEqualTo(blocks * 4096L);
                assertThat(stage.kernel.lseek(in, 0, Uapi.SEEK_CUR)).isEqualTo(blocks * 4096L);
                assertThat(stage.kernel.sendfile(in, null, out, 150_000)).isEqualTo(-Errno.ENOSPC);
                assertThat(stage.kernel.lseek(in, 0, Uapi.SEEK_CUR)).isEqualTo(blocks * 4096L);
            }
        }
    }

    @Test
    void tooManyDescriptorsAreEmfileAndLeakNothing() {
        try (Stage stage = new Stage(Profile.LINUX_6_18, Limits.USUAL.withFiles(3))) {
            stage.pipe();
            assertThat(stage.kernel.pipe2(new int[2], 0)).isEqualTo(-Errno.EMFILE);
            assertThat(stage.kernel.descriptors()).hasSize(2);
            assertThat(stage.kernel.eventfd(0, 0)).isEqualTo(2);
            assertThat(stage.kernel.eventfd(0, 0)).isEqualTo(-Errno.EMFILE);
        }
    }

    /// Source: fs/open.c, `vfs_fallocate`.
    @Test
    void fallocateBehindTheLongestFileIsEfbig() {
        try (Stage stage = new Stage()) {
            int file = stage.file("");
            assertThat(stage.kernel.fallocate(file, 0, 1L << 44, 4096)).isEqualTo(-Errno.EFBIG);
            assertThat(stage.kernel.fallocate(file, 0, Long.MAX_VALUE, 4096)).isEqualTo(-Errno.EFBIG);
        }
    }

    /// Source: fs/open.c, `ksys_ftruncate`.
    @Test
    void aNegativeLengthIsEinvalEvenForNoDescriptor() {
        try (Stage stage = new Stage()) {
            assertThat(stage.kernel.ftruncate(-1, -1)).isEqualTo(-Errno.EINVAL);
            assertThat(stage.kernel.ftruncate(-1, 0)).isEqualTo(-Errno.EBADF);
        }
    }

    @Test
    void theFileSizeLimitShortensAndThenIsEfbig() {
        try (Stage stage = new Stage(Profile.LINUX_6_18, Limits.USUAL.withFileSize(5))) {
            int file = stage.file("");
            assertThat(stage.write(file, "abcdefgh")).isEqualTo(5);
            assertThat(stage.write(file, "x")).isEqualTo(-Errno.EFBIG);
        }
    }

    @Test
    void noMemoryIsEnomem() {
        try (Stage stage = new Stage(Profile.LINUX_6_18, Limits.USUAL.withMemoryPages(10))) {
            int[] pipe = stage.pipe();
            stage.memory.put(0, new byte[1], 0, 1);
            long first = stage.kernel.write(pipe[1], stage.memory, 0, 65536);
            assertThat(first).isPositive().isLessThan(65536);
            assertThat(stage.kernel.write(pipe[1], stage.memory, 0, 8192)).isEqualTo(-Errno.ENOMEM);
        }
    }

    @Test
    void aBlockingReadWaitsForTheWriter() throws Exception {
        ModelKernel kernel = new ModelKernel(Profile.LINUX_6_18);
        int[] pipe = new int[2];
        kernel.pipe2(pipe, 0);
        CompletableFuture<Long> read = new CompletableFuture<>();
        Thread reader = Thread.ofPlatform().start(() -> {
            Memory memory = kernel.allocate(4096);
            read.complete(kernel.read(pipe[0], memory, 0, 100));
            memory.close();
        });
        while (reader.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        // like a system call, it is deaf to an interrupt
        reader.interrupt();
        Memory memory = kernel.allocate(4096);
        assertThat(kernel.write(pipe[1], memory, 0, 7)).isEqualTo(7);
        assertThat(read.get(30, TimeUnit.SECONDS)).isEqualTo(7);
        reader.join();
        memory.close();
        kernel.close(pipe[0]);
        kernel.close(pipe[1]);
        kernel.assertNoLeaks();
    }

    @Test
    void virtualTimePassesOnlyWhileSomebodyWaits() {
        try (Stage stage = new Stage()) {
            int[] pipe = stage.pipe();
            long before = stage.kernel.nanoTime();
            short[] revents = new short[1];
            assertThat(stage.kernel.poll(new int[] {pipe[0]}, new short[] {Uapi.POLLIN}, revents, 1, 250))
                    .isZero();
            assertThat(stage.kernel.nanoTime() - before).isEqualTo(250_000_000);
            int[] blocking = new int[2];
            stage.kernel.pipe2(blocking, 0);
            assertThatThrownBy(() -> stage.kernel.read(blocking[0], stage.memory, 0, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("for ever");
        }
    }

    @Test
    void anEdgeIsReportedOnce() {
        try (Stage stage = new Stage()) {
            int[] pipe = stage.pipe();
            int epoll = stage.kernel.epollCreate(0);
            assertThat(stage.kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, pipe[0], Uapi.EPOLLIN | Uapi.EPOLLET, 42))
                    .isZero();
            int[] events = new int[4];
            long[] data = new long[4];
            assertThat(stage.kernel.epollWait(epoll, events, data, 0)).isZero();
            stage.write(pipe[1], "a");
            assertThat(stage.kernel.epollWait(epoll, events, data, 0)).isEqualTo(1);
            assertThat(data[0]).isEqualTo(42);
            assertThat(events[0]).isEqualTo(Uapi.EPOLLIN);
            assertThat(stage.kernel.epollWait(epoll, events, data, 0)).isZero();
            stage.write(pipe[1], "b");
            assertThat(stage.kernel.epollWait(epoll, events, data, 0)).isEqualTo(1);
            int file = stage.file("x");
            assertThat(stage.kernel.epollCtl(epoll, Uapi.EPOLL_CTL_ADD, file, Uapi.EPOLLIN, 0))
                    .isEqualTo(-Errno.EPERM);
        }
    }

    @Test
    void aNamelessFileGetsItsNameByLinkat() {
        try (Stage stage = new Stage()) {
            int file = stage.file("hello");
            byte[] name = "/tmp/named".getBytes(US_ASCII);
            assertThat(stage.kernel.linkat(
                            Uapi.AT_FDCWD,
                            ("/proc/self/fd/" + file).getBytes(US_ASCII),
                            Uapi.AT_FDCWD,
                            name,
                            Uapi.AT_SYMLINK_FOLLOW))
                    .isZero();
            int again = stage.kernel.openat(Uapi.AT_FDCWD, name, Uapi.O_RDONLY, 0);
            assertThat(stage.read(again, 10)).isEqualTo("hello");
            byte[] other = "/tmp/other".getBytes(US_ASCII);
            assertThat(stage.kernel.renameat2(Uapi.AT_FDCWD, name, Uapi.AT_FDCWD, other, Uapi.RENAME_NOREPLACE))
                    .isZero();
            assertThat(stage.kernel.openat(Uapi.AT_FDCWD, name, Uapi.O_RDONLY, 0))
                    .isEqualTo(-Errno.ENOENT);
            Stat stat = new Stat();
            stage.kernel.fstat(again, stat);
            assertThat(stat.nlink).isEqualTo(1);
            assertThat(stat.size).isEqualTo(5);
            assertThat(stage.kernel.unlinkat(Uapi.AT_FDCWD, other, 0)).isZero();
            assertThat(stage.read(file, 10)).isEqualTo("hello");
        }
    }

    @Test
    void aPipeOpenedAgainHasFlagsOfItsOwn() {
        try (Stage stage = new Stage()) {
            int[] pipe = new int[2];
            stage.kernel.pipe2(pipe, 0);
            int again = stage.kernel.openat(
                    Uapi.AT_FDCWD, ("/proc/self/fd/" + pipe[0]).getBytes(US_ASCII), Uapi.O_RDONLY | Uapi.O_NONBLOCK, 0);
            assertThat(stage.kernel.read(again, stage.memory, 0, 1)).isEqualTo(-Errno.EAGAIN);
            assertThat(stage.kernel.fcntl(pipe[0], Uapi.F_GETFL, 0) & Uapi.O_NONBLOCK)
                    .isZero();
        }
    }

    @Test
    void devicesAnswerAsTheKindMatrixSays() {
        try (Stage stage = new Stage()) {
            int[] pipe = stage.pipe();
            int zero = stage.device("zero");
            int full = stage.device("full");
            int nothing = stage.device("null");
            assertThat(stage.kernel.splice(zero, null, pipe[1], null, 1009, 0)).isEqualTo(1009);
            assertThat(stage.kernel.splice(pipe[0], null, full, null, 1009, 0)).isEqualTo(-Errno.EINVAL);
            assertThat(stage.kernel.fionread(pipe[0])).isEqualTo(1009);
            assertThat(stage.kernel.splice(nothing, null, pipe[1], null, 9, 0)).isEqualTo(-Errno.EINVAL);
            assertThat(stage.kernel.splice(pipe[0], null, nothing, null, 2000, 0))
                    .isEqualTo(1009);
            assertThat(stage.kernel.write(full, stage.memory, 0, 1)).isEqualTo(-Errno.ENOSPC);
        }
    }

    @Test
    void aTruncationZeroesTheRestOfALargeFolioInFlight() {
        try (Stage stage = new Stage()) {
            int disk = stage.file("/tmp", "a".repeat(16384));
            int memory = stage.file("/dev/shm", "a".repeat(16384));
            int[] fromDisk = stage.pipe();
            int[] fromMemory = stage.pipe();
            stage.kernel.splice(disk, null, fromDisk[1], null, 16384, 0);
            stage.kernel.splice(memory, null, fromMemory[1], null, 16384, 0);
            stage.kernel.ftruncate(disk, 100);
            stage.kernel.ftruncate(memory, 100);
            assertThat(stage.read(fromDisk[0], 16384)).isEqualTo("a".repeat(100) + "\0".repeat(16284));
            assertThat(stage.read(fromMemory[0], 16384))
                    .isEqualTo("a".repeat(100) + "\0".repeat(3996) + "a".repeat(12288));
        }
    }

    @Test
    void aStoreThroughAMappingReachesBytesInFlight() {
        try (Stage stage = new Stage()) {
            int file = stage.file("A");
            int[] pipe = stage.pipe();
            stage.kernel.splice(file, new Offset(0), pipe[1], null, 1, 0);
            long address = stage.kernel.mmap(4096, Uapi.PROT_READ | Uapi.PROT_WRITE, Uapi.MAP_SHARED, file, 0);
            stage.kernel.memory(address, 4096).putByte(0, (byte) 'Z');
            assertThat(stage.read(pipe[0], 1)).isEqualTo("Z");
            assertThat(stage.kernel.write(pipe[1], stage.kernel.memory(16, 1), 0, 1))
                    .isEqualTo(-Errno.EFAULT);
            stage.kernel.munmap(address, 4096);
        }
    }

    @Test
    void tcpHalvesCloseOneByOne() {
        try (Stage stage = new Stage()) {
            int[] tcp = stage.tcpPair();
            stage.write(tcp[0], "last words");
            stage.kernel.shutdown(tcp[0], Uapi.SHUT_WR);
            assertThat(stage.read(tcp[1], 100)).isEqualTo("last words");
            assertThat(stage.read(tcp[1], 100)).isEmpty();
            assertThat(stage.write(tcp[1], "answer")).isEqualTo(6);
            assertThat(stage.read(tcp[0], 100)).isEqualTo("answer");
            assertThat(stage.write(tcp[0], "more")).isEqualTo(-Errno.EPIPE);
        }
    }

    @Test
    void bytesForASocketThatIsShutBothWaysResetTheConnection() {
        try (Stage stage = new Stage()) {
            int[] tcp = stage.tcpPair();
            stage.kernel.shutdown(tcp[1], Uapi.SHUT_RDWR);
            assertThat(stage.write(tcp[0], "x")).isEqualTo(1);
            assertThat(stage.write(tcp[0], "x")).isEqualTo(-Errno.EPIPE);
            assertThat(stage.kernel.read(tcp[1], stage.memory, 0, 1)).isEqualTo(-Errno.ECONNRESET);
            assertThat(stage.kernel.read(tcp[1], stage.memory, 0, 1)).isZero();
        }
    }

    @Test
    void shutdownOfAConnectionThatIsOverIsEnotconn() {
        try (Stage stage = new Stage()) {
            int[] tcp = stage.tcpPair();
            stage.kernel.shutdown(tcp[0], Uapi.SHUT_WR);
            stage.kernel.shutdown(tcp[1], Uapi.SHUT_WR);
            assertThat(stage.kernel.shutdown(tcp[0], Uapi.SHUT_RDWR)).isEqualTo(-Errno.ENOTCONN);
        }
    }

    @Test
    void freedomDecidesHowMuchOfATcpConnectionIsThere() {
        Freedom slow = new Freedom() {
            @Override
            public long arrived(long least, long sent) {
                return Math.min(sent, 3);
            }
        };
        ModelKernel kernel = new ModelKernel(Profile.LINUX_6_18, Limits.USUAL, slow, ModelClock.virtual());
        try (Stage stage = new Stage(kernel)) {
            int[] tcp = stage.tcpPair();
            stage.write(tcp[0], "hello");
            assertThat(kernel.fionread(tcp[1])).isEqualTo(3);
            assertThat(stage.read(tcp[1], 10)).isEqualTo("hel");
            assertThat(stage.read(tcp[1], 10)).isEqualTo("lo");
        }
    }
}
