package dev.fid.tests.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import examples.articles.Client;
import examples.articles.FileInPipeFileOut;
import examples.articles.MmapCopy;
import examples.articles.MoreThanAPipe;
import examples.articles.ReadWriteCopy;
import examples.articles.SpliceCopy;
import examples.articles.TeeTwoFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The articles' programs give the right bytes for every size, also where the articles' own hang or stop early.
class ArticleProgramsTest {
    @TempDir
    Path dir;

    /// Each way to copy one file to another.
    enum Copy {
        READ_WRITE,
        MMAP,
        MMAP_IN_PAGES,
        MMAP_IN_SEGMENTS,
        SPLICE_4_KIB,
        SPLICE_A_PIPE,
        SPLICE_1_MIB,
        CLIENT,
        CLIENT_READ_WRITE,
        MORE_THAN_A_PIPE,
        FILE_IN_PIPE_FILE_OUT;

        void run(Path from, Path to) throws IOException {
            String in = from.toString();
            String out = to.toString();
            switch (this) {
                case READ_WRITE -> ReadWriteCopy.main(in, out);
                case MMAP -> MmapCopy.main(in, out);
                case MMAP_IN_PAGES -> MmapCopy.main(in, out, "1");
                case MMAP_IN_SEGMENTS -> MmapCopy.main(in, out, "65536");
                case SPLICE_4_KIB -> SpliceCopy.main(in, out);
                case SPLICE_A_PIPE -> SpliceCopy.main(in, out, "pipe");
                case SPLICE_1_MIB -> SpliceCopy.main(in, out, "1048576");
                case CLIENT -> Client.main(in, out);
                case CLIENT_READ_WRITE -> Client.main(in, out, "readwrite");
                case MORE_THAN_A_PIPE -> MoreThanAPipe.main(in, out);
                case FILE_IN_PIPE_FILE_OUT -> FileInPipeFileOut.main(in, out);
            }
        }
    }

    private Path file(String name, int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return Files.write(dir.resolve(name), bytes);
    }

    static List<Arguments> copiesOfEverySize() {
        List<Arguments> all = new ArrayList<>();
        for (Copy copy : Copy.values()) {
            for (int size : new int[] {0, 1, 4095, 4096, 4097, 65535, 65536, 65537, (1 << 20) + 1}) {
                all.add(Arguments.of(copy, size));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("copiesOfEverySize")
    void aCopyHasTheBytesOfItsSource(Copy copy, int size) throws IOException {
        Path in = file("in", size);
        Path out = file("out", 100_000); // something longer may be there before
        copy.run(in, out);
        assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    }

    @ParameterizedTest
    @EnumSource
    void aMissingSourceIsEnoent(Copy copy) {
        assertThatExceptionOfType(ErrnoException.class)
                .isThrownBy(() -> copy.run(dir.resolve("none"), dir.resolve("out")))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @ParameterizedTest
    @EnumSource
    void aFullDeviceIsAnErrorAndNoSuccess(Copy copy) throws IOException {
        Path in = file("in", 70_000);
        assertThatExceptionOfType(ErrnoException.class)
                .isThrownBy(() -> copy.run(in, Path.of("/dev/full")))
                .satisfies(e -> assertThat(e.errno()).isIn(Errno.ENOSPC, Errno.EINVAL)); // splice and ftruncate: EINVAL
    }

    @ParameterizedTest
    @ValueSource(longs = {(1L << 31) - 5, 1L << 32})
    void offsetsReachBehindWhatAnIntHolds(long offset) throws IOException {
        Path in = dir.resolve("in");
        byte[] bytes = new byte[10_000];
        new Random(1).nextBytes(bytes);
        try (RandomAccessFile sparse = new RandomAccessFile(in.toFile(), "rw")) {
            sparse.seek(offset);
            sparse.write(bytes);
        }
        Path out = dir.resolve("out");
        FileInPipeFileOut.main(in.toString(), out.toString(), Long.toString(offset));
        assertThat(Files.size(out)).isEqualTo(offset + bytes.length);
        try (RandomAccessFile copy = new RandomAccessFile(out.toFile(), "r")) {
            byte[] arrived = new byte[bytes.length];
            copy.seek(offset);
            copy.readFully(arrived);
            assertThat(arrived).isEqualTo(bytes);
        }
    }

    /// More than one call can move (2 GiB - 4 KiB), and than an int can count. Long, since every byte is written.
    @ParameterizedTest
    @EnumSource(names = {"READ_WRITE", "SPLICE_1_MIB", "CLIENT", "MORE_THAN_A_PIPE", "MMAP_IN_SEGMENTS"})
    void aFileOfMoreThan2GiBIsCopied(Copy copy) throws IOException {
        org.junit.jupiter.api.Assumptions.assumeTrue("long".equals(System.getProperty("fid.campaign")), "long");
        Path in = dir.resolve("in");
        try (RandomAccessFile sparse = new RandomAccessFile(in.toFile(), "rw")) {
            sparse.setLength((1L << 31) + 4097);
            sparse.seek((1L << 31) - 3);
            sparse.write("behind the border".getBytes(UTF_8));
        }
        Path out = dir.resolve("out");
        copy.run(in, out);
        assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 10085, 10086, 10087, 1 << 20})
    void oneFileBecomesTwoByTee(int size) throws IOException {
        Path in = file("1.txt", size);
        TeeTwoFiles.main(
                in.toString(),
                dir.resolve("2.txt").toString(),
                dir.resolve("3.txt").toString());
        assertThat(Files.mismatch(in, dir.resolve("2.txt"))).isEqualTo(-1);
        assertThat(Files.mismatch(in, dir.resolve("3.txt"))).isEqualTo(-1);
    }

    /// A program of the package as a process, the usage line and the exit code included.
    @Test
    void theClientIsUsedAsInTheArticle() throws IOException {
        Path in = file("infile", 3 << 20);
        Running.Ran ran = Running.run(dir, "articles.Client", "infile", "outfile");
        assertThat(ran).isEqualTo(new Running.Ran(0, "3145728 bytes", ""));
        assertThat(Files.mismatch(in, dir.resolve("outfile"))).isEqualTo(-1);
        Running.Ran wrong = Running.run(dir, "articles.Client", "infile");
        assertThat(wrong.status()).isEqualTo(2);
        assertThat(wrong.err()).startsWith("usage: Client infile outfile");
    }

    // ---- sockets ----

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65537, 5_000_001})
    void aFileReachesASocketByTwoSplices(int size) throws Exception {
        aFileReachesASocket(size);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65537, 5_000_001})
    void aFileReachesASocketBySendfile(int size) throws Exception {
        aFileReachesASocket(size, "sendfile");
    }

    private void aFileReachesASocket(int size, String... options) throws Exception {
        Path in = file("in", size);
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<String> words = new ArrayList<>(List.of(in.toString(), "127.0.0.1", "" + listener.getLocalPort()));
            words.addAll(List.of(options));
            Thread sender = Thread.ofPlatform().daemon().start(() -> {
                try {
                    examples.articles.FileToSocket.main(words.toArray(String[]::new));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            try (Socket socket = listener.accept();
                    InputStream bytes = socket.getInputStream()) {
                assertThat(bytes.readAllBytes()).isEqualTo(Files.readAllBytes(in));
            }
            sender.join();
        }
    }

    @Test
    void threeProgramsPassAFileFromSocketToSocketToFile() throws IOException {
        Path in = file("in", 5_000_001);
        try (Running last = Running.start(dir, "articles.SocketToFile", 0, "out");
                Running middle = Running.start(dir, "articles.SocketToSocket", 0, "127.0.0.1", last.port());
                Running first = Running.start(dir, "articles.FileToSocket", "in", "127.0.0.1", middle.port())) {
            assertThat(first.end()).isEqualTo(new Running.Ran(0, "5000001 bytes sent", ""));
            assertThat(middle.end()).isEqualTo(new Running.Ran(0, "5000001 bytes passed on", ""));
            assertThat(last.end()).isEqualTo(new Running.Ran(0, "5000001 bytes received", ""));
        }
        assertThat(Files.mismatch(in, dir.resolve("out"))).isEqualTo(-1);
    }

    @Test
    void aPeerThatResetsIsAnErrorOfTheReceiver() throws IOException {
        try (Running receiver = Running.start(dir, "articles.SocketToFile", 0, "out")) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), receiver.port())) {
                OutputStream out = socket.getOutputStream();
                out.write(new byte[100]);
                socket.setSoLinger(true, 0); // close resets
            }
            Running.Ran ran = receiver.end();
            assertThat(ran.status()).isEqualTo(1);
            assertThat(ran.err()).contains("ECONNRESET");
        }
    }

    @Test
    void nobodyListeningIsAnErrorOfTheSender() throws IOException {
        file("in", 10);
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        assertThat(Running.run(dir, "articles.FileToSocket", "in", "127.0.0.1", port)
                        .err())
                .contains("ECONNREFUSED");
    }

    // ---- the benchmark ----

    @Test
    void theRaceHasARowForEachWayAndFiveColumns() throws IOException {
        Running.Ran ran = Running.run(dir, "articles.CopyBenchmark", 4, ".");
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(ran.out().lines().skip(1).map(line -> line.replaceFirst(" +[\\d. ]+$", "")))
                .containsExactly("read-write", "mmap", "mmap in segments of 16 MiB", "splice");
        assertThat(ran.out().lines().skip(1)).allMatch(line -> line.matches(".* +(\\d+\\.\\d{3} *){4}"));
        assertThat(ran.out().lines().findFirst().orElseThrow()).matches(" +work +real +user +sys .*4 MiB.*");
        assertThat(dir.toFile().list()).allMatch(name -> name.startsWith("stderr")); // it has cleaned up
    }

    @Test
    void theLoopsProgramsEndWithTheCodeThatTheyDocument() throws IOException {
        Path in = file("in", 200_000);
        for (String loop : List.of("articles.ReadWriteLoop", "articles.SpliceLoop")) {
            assertThat(Running.run(dir, loop, "in", "out").status()).isZero();
            assertThat(Files.mismatch(in, dir.resolve("out"))).isEqualTo(-1);
            assertThat(Running.run(dir, loop, "in", "/dev/full").status()).isEqualTo(5);
            assertThat(Running.run(dir, loop, ".", "out").status()).isEqualTo(3);
        }
    }
}
