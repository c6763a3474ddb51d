package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Needs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the articles say of the calls and no other test here shows. docs/articles.md has every statement.
class ArticleStatementsTest extends Fixture {
    private static final int WRITE = System.getProperty("os.arch").equals("aarch64") ? 64 : 1;

    /// Statement 0.5: not the length hangs, but a call into a pipe that is full.
    @Test
    void aCallOfMoreThanThePipeHoldsIsShortAndOnlyTheNextOneBlocks() throws Exception {
        int in = file("in", pattern(1 << 20));
        Pipe pipe = pipe(0);
        assertThat(kernel.splice(in, null, pipe.w, null, 1 << 20, 0)).isEqualTo(65536);
        Blocked second = Blocked.in(Blocked.SPLICE, () -> kernel.splice(in, null, pipe.w, null, 1 << 20, 0));
        assertThat(pipe.take(65536)).isEqualTo(pattern(65536));
        assertThat(second.result()).isPositive();
    }

    /// Statement 0.9: the program's own write end keeps the empty pipe from ending.
    @Test
    void aDrainBehindTheEndOfTheFileBlocksWhileOneHoldsTheWriteEndOneself() throws Exception {
        int in = file("in", pattern(100));
        int out = file("out", "");
        Pipe pipe = pipe(0);
        assertThat(kernel.splice(in, null, pipe.w, null, 65536, 0)).isEqualTo(100);
        assertThat(kernel.splice(pipe.r, null, out, null, 65536, 0)).isEqualTo(100);
        assertThat(kernel.splice(in, null, pipe.w, null, 65536, 0)).isZero();
        Blocked drain = Blocked.in(Blocked.SPLICE, () -> kernel.splice(pipe.r, null, out, null, 65536, 0));
        pipe.closeWriter();
        assertThat(drain.result()).isZero();
    }

    /// Statement 1.14: the loop takes what was moved off the length and off what it asks for.
    @Test
    void theLoopThatCountsTwiceStandsStillAtHalfOfTheFile() throws IOException {
        int in = file("in", pattern(1 << 20));
        int out = file("out", "");
        Pipe pipe = pipe(0);
        Offset offIn = new Offset(0);
        Offset offOut = new Offset(0);
        long filesize = 1 << 20;
        long len = 1;
        for (int turns = 0; filesize > 0 && len > 0 && turns < 1000; turns++) {
            len = kernel.splice(in, offIn, pipe.w, null, filesize - offIn.value, Uapi.SPLICE_F_MOVE);
            if (len > 0) {
                assertThat(kernel.splice(pipe.r, null, out, offOut, len, Uapi.SPLICE_F_MOVE))
                        .isEqualTo(len);
            }
            filesize -= len;
        }
        assertThat(len).as("moves nothing any more").isZero();
        assertThat(filesize).as("and so never ends").isPositive();
        assertThat(offOut.value).isEqualTo(524288);
    }

    /// Statements 1.4 and 3.9: splice behaves the same with them and without.
    @ParameterizedTest
    @ValueSource(ints = {0, Uapi.SPLICE_F_MOVE, Uapi.SPLICE_F_GIFT, Uapi.SPLICE_F_MOVE | Uapi.SPLICE_F_GIFT})
    void moveAndGiftChangeNothingOfASplice(int flags) throws IOException {
        int in = file("in", "A".repeat(2 * page));
        int out = file("out", "");
        Pipe pipe = pipe();
        assertThat(kernel.splice(in, new Offset(0), pipe.w, null, 2L * page, flags))
                .isEqualTo(2L * page);
        assertThat(kernel.splice(pipe.r, null, out, null, page, flags)).isEqualTo(page);
        Files.writeString(dir.resolve("in"), "B".repeat(2 * page));
        // The page was not taken away from its file, the copy has a page of its own, and the pipe holds what it held.
        assertThat(content("in")).isEqualTo("B".repeat(2 * page));
        assertThat(content("out")).isEqualTo("A".repeat(page));
        assertThat(pipe.buffered()).isEqualTo(page);
    }

    /// Statement 1.4: TCP keeps what is marked MORE back for 200 ms, or until something follows.
    @Test
    void moreKeepsAPieceBackUntilTheNextOne() {
        int[] sockets = tcpPair(0);
        for (int attempt = 0; attempt < 20; attempt++) {
            Pipe pipe = pipe().put("first");
            long begin = System.nanoTime();
            assertThat(kernel.splice(pipe.r, null, sockets[0], null, 5, Uapi.SPLICE_F_MORE))
                    .isEqualTo(5);
            int arrived = kernel.fionread(sockets[1]);
            boolean inTime =
                    System.nanoTime() - begin < 50_000_000; // else this thread had no CPU, and it proves nothing
            pipe.put("last");
            assertThat(kernel.splice(pipe.r, null, sockets[0], null, 4, 0)).isEqualTo(4);
            await(sockets[1], Uapi.POLLIN);
            if (inTime) {
                assertThat(arrived).as("bytes at the peer").isZero();
                assertThat(read(sockets[1], 100)).isEqualTo("firstlast");
                return;
            }
            readAllOf(sockets[1], 9);
        }
        throw new AssertionError("no CPU for 50 ms, twenty times");
    }

    private void readAllOf(int fd, int len) {
        for (int left = len; left > 0; ) {
            left -= read(fd, left).length();
        }
    }

    /// Statement 1.11.
    @Test
    void aPipeHas16SlotsOfAPage() {
        assertThat(pipe().capacity()).isEqualTo(16 * page);
    }

    /// Statement 1.12: the reader's half is {@link SpliceTest#aBlockingPipeWaitsForItsWriter}.
    @Test
    void aWriterWaitsWhileThePipeIsFull() throws Exception {
        Pipe pipe = pipe(0);
        try (Memory one = kernel.allocate(1)) {
            write(pipe.w, pattern(pipe.capacity()));
            Blocked writer = Blocked.in(WRITE, () -> kernel.write(pipe.w, one, 0, 1));
            pipe.take(page);
            assertThat(writer.result()).isEqualTo(1);
        }
    }

    /// Statement 0.2: an empty file has nothing to map.
    @Test
    void anEmptyMappingIsEinval() throws IOException {
        int file = file("f", "");
        assertThat(kernel.mmap(0, Uapi.PROT_READ, Uapi.MAP_SHARED, file, 0)).isEqualTo(-Errno.EINVAL);
    }

    /// Statement 0.2: SIGBUS, which the JVM turns into an error.
    @Test
    void aStoreBehindTheEndOfAMappedFileIsAnErrorAndAWriteFromThereIsEfault() throws IOException {
        int file = file("f", "");
        long address = kernel.mmap(page, Uapi.PROT_READ | Uapi.PROT_WRITE, Uapi.MAP_SHARED, file, 0);
        assertThat(address).isPositive();
        try {
            Memory mapped = kernel.memory(address, page);
            assertThatThrownBy(() -> mapped.putByte(0, (byte) 'x')).isInstanceOf(InternalError.class);
            assertThat(kernel.write(file("g", ""), mapped, 0, 1)).isEqualTo(-Errno.EFAULT);
        } finally {
            kernel.munmap(address, page);
        }
        assertThat(content("f")).isEmpty();
    }

    /// Statement 3.6: pages that are not cached are read from the disk on the way.
    @Test
    void aColdFileIsReadFromTheDiskIntoThePipe() throws IOException {
        int in = file("in", pattern(65536));
        assertThat(kernel.fsync(in)).isZero();
        assertThat(kernel.fadvise(in, 0, 0, Uapi.POSIX_FADV_DONTNEED)).isZero();
        Pipe pipe = pipe();
        long before = bytesReadFromDisks();
        assertThat(kernel.splice(in, null, pipe.w, null, 65536, 0)).isEqualTo(65536);
        Needs.that(bytesReadFromDisks() - before >= page, "needs a disk under the temporary folder");
        assertThat(pipe.take(65536)).isEqualTo(pattern(65536));
        long warm = bytesReadFromDisks();
        assertThat(kernel.splice(in, new Offset(0), pipe.w, null, 65536, 0)).isEqualTo(65536);
        assertThat(bytesReadFromDisks()).as("now it is cached").isEqualTo(warm);
        assertThat(pipe.take(65536)).isEqualTo(pattern(65536));
    }

    /// What this thread has caused to be read. Source: proc_pid_io(5), read_bytes.
    private static long bytesReadFromDisks() throws IOException {
        return Files.readAllLines(Path.of("/proc/thread-self/io")).stream()
                .filter(line -> line.startsWith("read_bytes: "))
                .mapToLong(line -> Long.parseLong(line.substring(12)))
                .sum();
    }

    /// Statement 3.5: the send queue, and on loopback the receive queue, refers to the file's pages as a pipe does.
    @Test
    void aWriteToTheFileShowsInASocketAsItShowsInAPipe() throws IOException {
        int in = file("in", "A".repeat(page));
        int[] sockets = tcpPair(0);
        Pipe pipe = pipe();
        Pipe kept = pipe();
        assertThat(kernel.splice(in, new Offset(0), pipe.w, null, page, 0)).isEqualTo(page);
        assertThat(kernel.splice(in, new Offset(0), kept.w, null, page, 0)).isEqualTo(page);
        assertThat(kernel.splice(pipe.r, null, sockets[0], null, page, 0)).isEqualTo(page);
        write(in, "B");
        await(sockets[1], Uapi.POLLIN);
        assertThat(read(sockets[1], 2)).isEqualTo(kept.take(2)).isIn("AA", "BA");
    }

    /// Statement 3.3.
    @Test
    void fromPipeToPipeThePageMovesAndTheFirstPipeIsEmpty() {
        Pipe first = pipe().put("moved");
        Pipe second = pipe();
        assertThat(kernel.splice(first.r, null, second.w, null, 100, 0)).isEqualTo(5);
        assertThat(first.buffered()).isZero();
        assertThat(second.take(9)).isEqualTo("moved");
    }

    // ---- statement 4.6: the matrix of the fifth article, seven kinds in rows and columns ----

    /// A kind of the article: a descriptor with bytes to read, or one that takes bytes.
    private int source(String kind) throws IOException {
        return switch (kind) {
            case "pipe" -> pipe().put("sixteen bytes...").r;
            case "reg" -> file("source-" + System.nanoTime(), "sixteen bytes...");
            case "chr" -> open("/dev/zero", Uapi.O_RDWR);
            case "unix" -> filled(unixPair(Uapi.SOCK_STREAM));
            case "tcp" -> filled(tcpPair(0));
            case "udp" -> datagrams(Uapi.SOCK_DGRAM, 0, true);
            default -> datagrams(Uapi.SOCK_RAW, 253, true);
        };
    }

    private int target(String kind) throws IOException {
        return switch (kind) {
            case "pipe" -> pipe().w;
            case "reg" -> file("target-" + System.nanoTime(), "");
            case "chr" -> open("/dev/zero", Uapi.O_RDWR);
            case "unix" -> unixPair(Uapi.SOCK_STREAM)[0];
            case "tcp" -> tcpPair(0)[0];
            case "udp" -> datagrams(Uapi.SOCK_DGRAM, 0, false);
            default -> datagrams(Uapi.SOCK_RAW, 253, false);
        };
    }

    private int filled(int[] pair) {
        write(pair[0], "sixteen bytes...");
        await(pair[1], Uapi.POLLIN);
        return pair[1];
    }

    /// A datagram socket on loopback that is connected to itself, with a datagram in it where `full`. Raw sockets use
    /// a protocol number for experiments (RFC 3692).
    private int datagrams(int type, int protocol, boolean full) {
        int fd = kernel.socket(Uapi.AF_INET, type | Uapi.SOCK_CLOEXEC | Uapi.SOCK_NONBLOCK, protocol);
        Needs.that(fd != -Errno.EPERM, "needs root");
        keep(fd);
        byte[] address = loopback();
        assertThat(kernel.bind(fd, address)).isZero();
        kernel.getsockname(fd, address);
        assertThat(ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).getShort())
                .isEqualTo((short) Uapi.AF_INET);
        assertThat(kernel.connect(fd, address)).isZero();
        if (full) {
            write(fd, "sixteen bytes...");
            await(fd, Uapi.POLLIN);
        }
        return fd;
    }

    @ParameterizedTest
    @CsvSource({
        "pipe, 'pipe reg chr unix tcp udp raw'",
        "reg, pipe",
        "chr, pipe",
        "unix, pipe", // the article has a no: true until Linux 4.2
        "tcp, pipe",
        "udp, pipe", // the article has a no
        "raw, pipe" // the article has a no
    })
    void whatSpliceJoinsToday(String in, String outs) throws IOException {
        for (String out : new String[] {"pipe", "reg", "chr", "unix", "tcp", "udp", "raw"}) {
            long result = kernel.splice(source(in), null, target(out), null, 16, NONBLOCK);
            if ((" " + outs + " ").contains(" " + out + " ")) {
                assertThat(result).as(in + " to " + out).isPositive();
            } else {
                assertThat(result).as(in + " to " + out).isEqualTo(-Errno.EINVAL);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pipe", "reg", "chr", "unix", "tcp", "udp", "raw"})
    void throughAPipeEveryPairWorks(String in) throws IOException {
        for (String out : new String[] {"pipe", "reg", "chr", "unix", "tcp", "udp", "raw"}) {
            Pipe pipe = pipe();
            assertThat(kernel.splice(source(in), null, pipe.w, null, 16, NONBLOCK))
                    .as("from " + in)
                    .isPositive();
            long buffered = pipe.buffered();
            assertThat(kernel.splice(pipe.r, null, target(out), null, 16, NONBLOCK))
                    .as("to " + out)
                    .isEqualTo(buffered);
        }
    }
}
