package dev.fid.tests.behaviour;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.bridge.Streams;
import dev.fid.fanout.Fanout;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Await;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Where descriptors come from, what they tell of themselves, and who closes them.
class FdTest extends Fixture {

    // ---- open ----

    @Test
    void theOptionsAreThoseOfFileChannel() throws Exception {
        Path path = dir.resolve("file");
        keep(Fd.open(path, WRITE, CREATE_NEW));
        assertThat(errno(() -> Fd.open(path, WRITE, CREATE_NEW))).isEqualTo(Errno.EEXIST);
        Files.writeString(path, "hello");
        keep(Fd.open(path, WRITE, TRUNCATE_EXISTING));
        assertThat(path).isEmptyFile();
        Files.createSymbolicLink(dir.resolve("link"), path);
        assertThat(errno(() -> Fd.open(dir.resolve("link"), READ, LinkOption.NOFOLLOW_LINKS)))
                .isEqualTo(Errno.ELOOP);
        assertThat(errno(() -> Fd.open(dir, WRITE))).isEqualTo(Errno.EISDIR);
        assertThatThrownBy(() -> Fd.open(path, java.nio.file.StandardOpenOption.DELETE_ON_CLOSE))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> Fd.open(dir.resolve("none")))
                .hasMessage("open(" + dir.resolve("none") + "): ENOENT (2) no such file or directory");
    }

    @Test
    void everyKindIsToldApart() throws Exception {
        assertThat(file("f", bytes("x")).kind()).isEqualTo(FdKind.FILE);
        assertThat(pipe().in().kind()).isEqualTo(FdKind.PIPE);
        assertThat(unixPair()[0].kind()).isEqualTo(FdKind.UNIX_STREAM);
        assertThat(tcpPair()[0].kind()).isEqualTo(FdKind.TCP);
        assertThat(keep(Fd.open(Path.of("/dev/null"))).kind()).isEqualTo(FdKind.CHARACTER_DEVICE);
        assertThat(keep(Fd.open(dir)).kind()).isEqualTo(FdKind.DIRECTORY);
        assertThat(keep(Fd.open(Path.of("/dev/ptmx"), READ, WRITE)).kind()).isEqualTo(FdKind.TERMINAL);
        assertThat(own(kernel.eventfd(0, Uapi.EFD_CLOEXEC)).kind()).isEqualTo(FdKind.OTHER);
        int udp = kernel.socket(Uapi.AF_INET, Uapi.SOCK_DGRAM | Uapi.SOCK_CLOEXEC, 0);
        assertThat(own(udp).kind()).isEqualTo(FdKind.DATAGRAM);
    }

    private Fd own(int number) {
        return keep(Fd.own(kernel, number, ""));
    }

    // ---- FIFOs ----

    @ParameterizedTest
    @EnumSource(On.class)
    void openingAFifoWaitsForItsOtherEnd(On on) throws Exception {
        Path fifo = fifo();
        On.Task<Fd> reader = on.start(() -> Fd.open(fifo));
        try (Fd out = Fd.open(fifo, WRITE);
                Fd in = reader.get()) {
            assertThat(kernel.fcntl(in.number(), Uapi.F_GETFL, 0) & Uapi.O_NONBLOCK)
                    .isPositive();
            put(out, "hello");
            assertThat(takeAll(in, 5)).asString().isEqualTo("hello");
        }
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void anInterruptEndsTheWaitForTheOtherEndAndLeavesNoThread(On on) throws Exception {
        Path fifo = fifo();
        for (boolean write : new boolean[] {false, true}) {
            On.Task<Fd> task = on.start(() -> write ? Fd.open(fifo, WRITE) : Fd.open(fifo));
            while (openers() == 0) {
                Thread.onSpinWait();
            }
            task.thread().interrupt();
            assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
            assertThat(task.keptInterrupt()).isTrue();
            assertThat(openers()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aFifoThatIsOpenedAfterTheInterruptIsClosedAtOnce(On on) throws Exception {
        Path fifo = fifo();
        Path elsewhere = dir.resolve("elsewhere");
        for (boolean write : new boolean[] {false, true}) {
            On.Task<Fd> task = on.start(() -> write ? Fd.open(fifo, WRITE) : Fd.open(fifo));
            Await.until("a thread in open(2)", FdTest::isOpening);
            Files.move(fifo, elsewhere); // as where it may not be opened for both: the wait cannot be let go from here
            task.thread().interrupt();
            assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
            try (Fd other = write ? Fd.open(elsewhere) : Fd.open(elsewhere, WRITE);
                    Memory one = kernel.allocate(1)) {
                Await.until("the end of the thread that opened it", () -> openers() == 0);
                long result = write ? kernel.read(other.number(), one, 0, 1) : kernel.write(other.number(), one, 0, 1);
                assertThat(result).isEqualTo(write ? 0 : -Errno.EPIPE);
            }
            Files.move(elsewhere, fifo);
        }
    }

    /// Whether a thread that opens a FIFO is asleep in openat(2).
    private static boolean isOpening() {
        String openat = System.getProperty("os.arch").equals("aarch64") ? "56 " : "257 ";
        File[] tasks = new File("/proc/self/task").listFiles();
        for (File task : tasks == null ? new File[0] : tasks) {
            try {
                if (Files.readString(task.toPath().resolve("comm")).startsWith("fid-open")
                        && Files.readString(task.toPath().resolve("syscall")).startsWith(openat)) {
                    return true;
                }
            } catch (IOException e) {
                // It has ended.
            }
        }
        return false;
    }

    private static long openers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().equals("fid-open"))
                .count();
    }

    private Path fifo() {
        Path path = dir.resolve("fifo");
        assertThat(kernel.mknodat(Uapi.AT_FDCWD, bytes(path.toString()), Uapi.S_IFIFO | 0600, 0))
                .isZero();
        return path;
    }

    // ---- sockets ----

    @Test
    void aRefusedConnectionIsNamed() throws Exception {
        SocketAddress address;
        try (Fd listener = Fd.listen(loopback())) {
            address = listener.localAddress();
        }
        assertThatThrownBy(() -> Fd.connect(address))
                .hasMessage("connect(" + address + "): ECONNREFUSED (111) connection refused");
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void aUnixListenerWhoseBacklogIsFullEndsInTimeout(On on) throws Exception {
        SocketAddress address = UnixDomainSocketAddress.of(dir.resolve("socket"));
        Fd listener = keep(Fd.listen(kernel, address, 0));
        keep(Fd.connect(address));
        ErrnoException failure = on.<Fd>start(() -> Fd.connect(kernel, address, Duration.ofMillis(20)))
                .failure();
        assertThat(failure.errno()).isEqualTo(Errno.ETIMEDOUT);
        keep(listener.accept());
    }

    @Test
    void unixPathsAndAbstractNamesConnect() throws Exception {
        for (String name : new String[] {dir.resolve("s").toString(), "@fid-" + dir.getFileName()}) {
            SocketAddress address = UnixDomainSocketAddress.of(name);
            Fd listener = keep(Fd.listen(address));
            assertThat(listener.localAddress()).isEqualTo(address);
            Fd client = keep(Fd.connect(address));
            Fd server = keep(listener.accept());
            assertThat(client.remoteAddress()).isEqualTo(address);
            put(client, "hello");
            assertThat(takeAll(server, 5)).asString().isEqualTo("hello");
        }
    }

    @Test
    void ipv6Connects() throws Exception {
        Fd listener = keep(Fd.listen(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0)));
        InetSocketAddress address = (InetSocketAddress) listener.localAddress();
        assertThat(address.getAddress()).isInstanceOf(Inet6Address.class);
        assertThat(address.getPort()).isPositive();
        Fd client = keep(Fd.connect(address));
        Fd server = keep(listener.accept());
        assertThat(client.remoteAddress()).isEqualTo(server.localAddress());
        assertThat(client.localAddress()).isEqualTo(server.remoteAddress());
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void acceptHasPatienceAndAnInterruptEndsIt(On on) throws Exception {
        Fd listener = keep(Fd.listen(loopback()));
        assertThat(on.<Fd>start(() -> listener.accept(Duration.ofMillis(20)))
                        .failure()
                        .errno())
                .isEqualTo(Errno.ETIMEDOUT);
        On.Task<Fd> task = on.start(() -> listener.accept());
        task.waits().thread().interrupt();
        assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
    }

    @Test
    void aTimeThatIsTooLongForANumberIsForEver() throws Exception {
        Fd listener = keep(Fd.listen(loopback()));
        for (Duration forEver : new Duration[] {Duration.ofNanos(Long.MAX_VALUE), Duration.ofSeconds(Long.MAX_VALUE)}) {
            keep(Fd.connect(kernel, listener.localAddress(), forEver));
            keep(listener.accept(forEver));
            Ends pipe = pipe();
            Ends to = pipe();
            put(pipe.out(), "hello");
            pipe.out().close();
            assertThat(Transfer.from(pipe.in())
                            .to(to.out())
                            .timeout(forEver)
                            .progress(forEver, progress -> {})
                            .run()
                            .bytes())
                    .isEqualTo(5);
            to.out().close();
            Fd[] more = unixPair();
            assertThat(Fanout.from(to.in())
                            .to(more[0])
                            .timeout(forEver)
                            .patience(forEver)
                            .policy(Fanout.Policy.FAIL)
                            .run()
                            .isComplete())
                    .isTrue();
            assertThat(takeAll(more[1], 5)).asString().isEqualTo("hello");
        }
    }

    @Test
    void smallMessagesGoAtOnce() throws Exception {
        for (Fd socket : tcpPair()) {
            assertThat(kernel.getsockopt(socket.number(), Uapi.IPPROTO_TCP, Uapi.TCP_NODELAY))
                    .isEqualTo(1);
        }
    }

    private static SocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    // ---- close ----

    @Test
    void aBorrowedDescriptorIsNeverClosed() throws Exception {
        Ends pipe = pipe();
        try (Fd borrowed = Fd.borrow(pipe.out().number())) {
            put(borrowed, "x");
            assertThat(borrowed.isOwned()).isFalse();
        }
        put(pipe.out(), "y");
        assertThat(take(pipe.in(), 9)).asString().isEqualTo("xy");
    }

    @Test
    void useAfterCloseIsToldAndNeverAnothersDescriptor() throws Exception {
        Fd fd = file("f", bytes("x"));
        fd.close();
        fd.close();
        assertThat(fd.isClosed()).isTrue();
        assertThatThrownBy(fd::number).isInstanceOf(IllegalStateException.class).hasMessageEndingWith("is closed");
        Ends pipe = pipe();
        assertThatThrownBy(() -> Transfer.from(fd).to(pipe.out()).run()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anErrorOfCloseIsToldOnce() throws Exception {
        FaultyKernel broken = FaultyKernel.over(kernel).on("close").fails(Errno.EIO);
        Fd fd = file(broken.kernel(), "f", bytes("x"));
        ErrnoException failure = catchThrowableOfType(ErrnoException.class, fd::closeChecked);
        assertThat(failure.errno()).isEqualTo(Errno.EIO);
        fd.closeChecked();
        assertThat(broken.calls("close")).isEqualTo(1);
    }

    // ---- java.nio and java.io ----

    @Test
    void aChannelOfTheJdkDoesNotTellItsDescriptorAndTheErrorSaysWhatToDo() throws Exception {
        Path path = Files.writeString(dir.resolve("f"), "hello");
        try (FileChannel channel = FileChannel.open(path);
                SocketChannel socket = SocketChannel.open()) {
            assertThatThrownBy(() -> Fd.of(channel))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessage("the JDK does not tell the descriptor of a FileChannelImpl: open it with Fd.open(path),"
                            + " or start java with --add-opens java.base/java.io=ALL-UNNAMED"
                            + " --add-opens java.base/sun.nio.ch=ALL-UNNAMED");
            assertThatThrownBy(() -> Fd.of(socket)).hasMessageContaining("Fd.connect(address)");
        }
    }

    @Test
    void streamsOfTwoDescriptorsStayInTheKernel() throws Exception {
        FaultyKernel counting = FaultyKernel.over(kernel);
        Fd in = file(counting.kernel(), "in", pattern(300_000));
        Fd out = create(counting.kernel(), "out");
        try (InputStream from = Streams.input(in);
                OutputStream to = Streams.output(out)) {
            assertThat(from.transferTo(to)).isEqualTo(300_000);
        }
        assertThat(counting.calls("write", "pwrite")).isZero();
        assertSame(content("out"), pattern(300_000), "out");
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void streamsAndChannelsCarryTheBytes(On on) throws Exception {
        Fd[] pair = tcpPair();
        On.Task<byte[]> reader = on.start(() -> {
            try (InputStream in = Streams.input(pair[1])) {
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                in.transferTo(all);
                return all.toByteArray();
            }
        });
        on.run(() -> {
            try (OutputStream out = Streams.output(pair[0])) {
                out.write(pattern(500_000));
                out.write('!');
            }
            return 0;
        });
        byte[] all = reader.get();
        assertSame(part(all, 0, 500_000), pattern(500_000), "stream");
        assertThat(all[500_000]).isEqualTo((byte) '!');
    }

    @Test
    void aChannelReadsWritesAndEnds() throws Exception {
        Ends pipe = pipe();
        try (ByteChannel out = Streams.channel(pipe.out());
                ByteChannel in = Streams.channel(pipe.in())) {
            ByteBuffer source = ByteBuffer.wrap(bytes("hello"));
            assertThat(out.write(source)).isEqualTo(5);
            assertThat(source.hasRemaining()).isFalse();
            ByteBuffer target = ByteBuffer.allocateDirect(3);
            assertThat(in.read(target)).isEqualTo(3);
            assertThat(in.read(target)).as("no room").isZero();
            pipe.out().close();
            target.clear();
            assertThat(in.read(target)).isEqualTo(2);
            target.clear();
            assertThat(in.read(target)).isEqualTo(-1);
            assertThatThrownBy(() -> out.write(source)).isInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    void availableIsWhatCanBeReadNow() throws Exception {
        Ends pipe = pipe();
        put(pipe.out(), "hello");
        try (InputStream in = Streams.input(pipe.in())) {
            assertThat(in.available()).isEqualTo(5);
            assertThat(in.read()).isEqualTo('h');
            assertThat(in.available()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @EnumSource(On.class)
    void anInterruptEndsAReadOfABorrowedPipeInBlockingMode(On on) throws Exception {
        Ends pipe = pipe(kernel, 0, 0);
        keep(pipe.in());
        keep(pipe.out());
        On.Task<Integer> task = on.start(() -> {
            try (InputStream in = Streams.input(Fd.borrow(pipe.in().number()))) {
                return in.read();
            }
        });
        task.waits().thread().interrupt();
        assertThat(task.failure().errno()).isEqualTo(Errno.ECANCELED);
        assertThat(task.keptInterrupt()).isTrue();
    }

    @Test
    void aFileIsReopenedAsAChannelWithAPositionOfItsOwn() throws Exception {
        Fd fd = file("f", bytes("hello"));
        seek(fd, 4);
        try (FileChannel channel = fd.reopenAsFileChannel()) {
            ByteBuffer all = ByteBuffer.allocate(9);
            assertThat(channel.read(all)).isEqualTo(5);
        }
        assertThat(position(fd)).isEqualTo(4);
        Fd socket = unixPair()[0];
        assertThatThrownBy(socket::reopenAsFileChannel)
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("No such device or address");
    }

    // ---- lend ----

    @ParameterizedTest
    @EnumSource(On.class)
    void lentMemoryArrivesAlthoughThePipeIsSmaller(On on) throws Exception {
        byte[] content = pattern(1_000_000);
        Ends pipe = pipe();
        try (Memory memory = kernel.allocate(content.length)) {
            memory.put(0, content, 0, content.length);
            On.Task<byte[]> reader = On.PLATFORM.start(() -> takeAll(pipe.in(), content.length));
            Moved moved = on.run(() -> Transfer.lend(memory, 0, content.length, pipe.out()));
            assertSame(reader.get(), content, "pipe");
            assertThat(moved.method()).isEqualTo(Method.VMSPLICE);
            assertThat(moved.userBytes()).isZero();
        }
    }

    @Test
    void whereNothingCanBeLentItIsWrittenAndSaid() throws Exception {
        FaultyKernel faulty = FaultyKernel.over(kernel).on("vmsplice").fails(Errno.EINVAL);
        Ends pipe = pipe(faulty.kernel(), 0);
        Fd[] unix = unixPair();
        try (Memory memory = kernel.allocate(4096)) {
            memory.put(0, bytes("hello"), 0, 5);
            Moved refused = Transfer.lend(memory, 0, 5, pipe.out());
            assertThat(refused.method()).isEqualTo(Method.READ_WRITE);
            assertThat(refused.declined()).singleElement().asString().contains("EINVAL");
            Moved noPipe = Transfer.lend(memory, 0, 5, unix[0]);
            assertThat(noPipe.declined()).singleElement().asString().contains("the output is no pipe");
            assertThat(noPipe.userBytes()).isEqualTo(5);
        }
        assertThat(take(pipe.in(), 9)).asString().isEqualTo("hello");
        assertThat(take(unix[1], 9)).asString().isEqualTo("hello");
    }

    @Test
    void lendingToAPipeThatNobodyReadsIsEpipe() throws Exception {
        Ends pipe = pipe();
        pipe.in().close();
        try (Memory memory = kernel.allocate(4096)) {
            assertThat(errno(() -> Transfer.lend(memory, 0, 4096, pipe.out()))).isEqualTo(Errno.EPIPE);
        }
    }

    // ---- two threads, one descriptor ----

    @Test
    void twoVirtualThreadsWaitForOneSocketInBothDirections() throws Exception {
        Fd[] pair = unixPair();
        fillUp(pair[0]);
        AtomicLong arrived = new AtomicLong();
        On.Task<Long> reading = On.VIRTUAL.start(() -> {
            Fd out = create("out");
            arrived.set(Transfer.from(pair[0]).to(out).length(5).run().bytes());
            return arrived.get();
        });
        On.Task<Long> writing = On.VIRTUAL.start(() -> {
            Fd in = file("in", pattern(50_000));
            return Transfer.from(in).to(pair[0]).run().bytes();
        });
        reading.waits();
        writing.waits();
        put(pair[1], "hello");
        assertThat(reading.get()).isEqualTo(5);
        assertThat(writing.isDone()).isFalse();
        while (!writing.isDone()) {
            take(pair[1], 1 << 20);
        }
        assertThat(writing.get()).isEqualTo(50_000);
    }

    private interface Failing {
        Object call() throws IOException;
    }

    private static int errno(Failing call) {
        ErrnoException failure = catchThrowableOfType(ErrnoException.class, call::call);
        assertThat(failure).isNotNull();
        return failure.errno();
    }

    @Test
    void aChannelWritesAllThatItIsGiven() throws Exception {
        byte[] content = pattern(1 << 20);
        Fd[] pair = unixPair();
        On.Task<byte[]> reader = On.PLATFORM.start(() -> takeAll(pair[1], content.length));
        ByteBuffer source = ByteBuffer.wrap(content);
        assertThat(keep(Streams.channel(pair[0])).write(source)).isEqualTo(content.length);
        assertThat(source.hasRemaining()).isFalse();
        assertSame(reader.get(), content, "through the socket");
    }
}
