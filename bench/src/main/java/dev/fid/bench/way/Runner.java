package dev.fid.bench.way;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.Plan;
import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Stopwatch;
import dev.fid.fanout.Fanout;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A way to move the bytes of a {@link Bed}, in this process. Both ends are opened before the clock starts, and
/// closed after; where the output is a socket the clock stops when the peer has it all.
public interface Runner {
    /// What came of it.
    ///
    /// @param told null where it was not Fid that moved
    /// @param counted null where nobody counted
    record Outcome(
            Sample sample, @Nullable Told told, @Nullable Counted counted) {
        Outcome(Sample sample, @Nullable Told told) {
            this(sample, told, null);
        }
    }

    /// What a plain loop counted in a run.
    ///
    /// @param calls that move bytes
    /// @param userBytes bytes that passed through user space
    record Counted(long calls, long userBytes) {}

    /// What Fid tells of a run.
    ///
    /// @param method what moved the most bytes
    /// @param declined the methods that were not used, and why
    /// @param calls system calls made, by name
    /// @param userBytes bytes that passed through user space
    /// @param copies how often the CPU copied each byte between the two ends
    record Told(Method method, List<Declined> declined, Map<String, Long> calls, long userBytes, int copies) {
        /// All system calls.
        public long sum() {
            return calls.values().stream().mapToLong(Long::longValue).sum();
        }

        static Told of(Moved moved, int copies) {
            return new Told(moved.method(), moved.declined(), moved.calls(), moved.userBytes(), copies);
        }
    }

    Outcome move(Bed bed, Stopwatch watch) throws IOException;

    /// There will be no more runs: what was held for them is let go.
    default void end() {}

    // ---- Fid ----

    /// Fid as its users call it, or by one method alone.
    static Runner fid(@Nullable Method only) {
        return (bed, watch) -> {
            Kernel kernel = bed.kernel();
            try (Fd in = bed.in().openIn(kernel);
                    Fd out = bed.outs().getFirst().openOut(kernel)) {
                watch.start();
                Transfer transfer = Transfer.from(in).to(out).method(only).fallback(only == null);
                Moved moved = transfer.run();
                awaitPeer(bed.outs().getFirst(), out);
                Sample sample = watch.stop(moved.bytes());
                int copies = transfer.plan().ladder().stream()
                        .filter(rung -> rung.method() == moved.method())
                        .mapToInt(Plan.Rung::copies)
                        .findFirst()
                        .orElse(2);
                return new Outcome(sample, Told.of(moved, copies));
            }
        };
    }

    /// One input to all outputs.
    static Runner fidFanout() {
        return (bed, watch) -> {
            Kernel kernel = bed.kernel();
            List<Fd> outs = new ArrayList<>();
            try (Fd in = bed.in().openIn(kernel)) {
                for (BedEnd out : bed.outs()) {
                    outs.add(out.openOut(kernel));
                }
                watch.start();
                Fanout.Result result = Fanout.from(in).to(outs).run();
                for (int i = 0; i < outs.size(); i++) {
                    awaitPeer(bed.outs().get(i), outs.get(i));
                }
                Sample sample = watch.stop(result.bytes());
                for (Fanout.Branch branch : result.branches()) {
                    if (branch.failure() != null) {
                        throw branch.failure();
                    }
                }
                int copies = result.method() == Method.READ_WRITE ? 1 + outs.size() : 0;
                return new Outcome(
                        sample,
                        new Told(result.method(), result.declined(), result.calls(), result.userBytes(), copies));
            } finally {
                outs.forEach(Fd::close);
            }
        };
    }

    /// Memory that holds the content's period, lent to a pipe as often as it takes.
    ///
    /// @param advice {@link Uapi#MADV_HUGEPAGE}, or MADV_NOHUGEPAGE for pages of 4 KiB
    static Runner fidLend(int advice) {
        return (bed, watch) -> {
            Kernel kernel = bed.kernel();
            Content content = bed.content();
            try (Memory memory = filled(kernel, content, advice);
                    Fd out = bed.outs().getFirst().openOut(kernel)) {
                watch.start();
                long given = 0;
                long userBytes = 0;
                Map<String, Long> calls = new TreeMap<>();
                Moved last = null;
                while (given < content.length()) {
                    last = Transfer.lend(memory, 0, Math.min(content.period(), content.length() - given), out);
                    given += last.bytes();
                    userBytes += last.userBytes();
                    last.calls().forEach((call, times) -> calls.merge(call, times, Long::sum));
                }
                Sample sample = watch.stop(given);
                if (last == null) {
                    throw new IOException("there is nothing to lend");
                }
                int copies = last.method() == Method.VMSPLICE ? 0 : 1;
                return new Outcome(sample, new Told(last.method(), last.declined(), calls, userBytes, copies));
            }
        };
    }

    private static Memory filled(Kernel kernel, Content content, int advice) throws IOException {
        Memory memory = kernel.allocate(content.period());
        kernel.madvise(memory.address(), content.period(), advice);
        try (Fd in = Fd.open(kernel, content.file())) {
            for (long at = 0; at < content.period(); ) {
                long read = kernel.read(in.number(), memory, at, content.period() - at);
                if (read <= 0) {
                    throw new IOException(content.file() + ": read at " + at + " gave " + read);
                }
                at += read;
            }
        } catch (IOException e) {
            memory.close();
            throw e;
        }
        return memory;
    }

    /// Waits until a socket's peer has it all.
    static void awaitPeer(BedEnd end, Fd out) throws IOException {
        if (end.kind() == BedEnd.Kind.SOCKET) {
            out.shutdownOutput();
            Kernel kernel = out.kernel();
            try (Memory ack = kernel.allocate(1)) {
                int ready = kernel.poll(new int[] {out.number()}, new short[] {Uapi.POLLIN}, new short[1], 1, 60_000);
                if (ready <= 0 || kernel.recv(out.number(), ack, 0, 1, Uapi.MSG_DONTWAIT) != 1) {
                    throw new IOException("the peer did not acknowledge");
                }
            }
        }
    }

    // ---- java.io ----

    /// `InputStream.transferTo`, the way that most programs go.
    static Runner streams() {
        return overStreams(InputStream::transferTo);
    }

    /// The loop of the textbooks, 8 KiB at a time.
    static Runner streamLoop() {
        return overStreams((in, out) -> copy(in, List.of(out)));
    }

    /// One array, written to each of the outputs.
    static Runner streamsToAll() {
        return (bed, watch) -> {
            List<Stream> outs = new ArrayList<>();
            try (Stream in = Stream.in(bed.in())) {
                for (BedEnd out : bed.outs()) {
                    outs.add(Stream.out(out));
                }
                watch.start();
                long moved = copy(in.in(), outs.stream().map(Stream::out).toList());
                return new Outcome(watch.stop(moved), null);
            } finally {
                for (Stream out : outs) {
                    out.close();
                }
            }
        };
    }

    /// An array of the content's period, written as often as it takes.
    static Runner streamsFromMemory() {
        return (bed, watch) -> {
            Content content = bed.content();
            byte[] array = new byte[(int) content.period()];
            try (InputStream file = Files.newInputStream(content.file());
                    Stream out = Stream.out(bed.outs().getFirst())) {
                if (file.readNBytes(array, 0, array.length) < array.length) {
                    throw new IOException(content.file() + " is too short");
                }
                watch.start();
                for (long given = 0; given < content.length(); given += array.length) {
                    out.out().write(array, 0, (int) Math.min(array.length, content.length() - given));
                }
                return new Outcome(watch.stop(content.length()), null);
            }
        };
    }

    /// Moves all bytes from one stream to another.
    interface Copying {
        long copy(InputStream in, OutputStream out) throws IOException;
    }

    private static Runner overStreams(Copying copying) {
        return (bed, watch) -> {
            BedEnd end = bed.outs().getFirst();
            try (Stream in = Stream.in(bed.in());
                    Stream out = Stream.out(end)) {
                watch.start();
                long moved = copying.copy(in.in(), out.out());
                out.awaitPeer();
                return new Outcome(watch.stop(moved), null);
            }
        };
    }

    private static long copy(InputStream in, List<OutputStream> outs) throws IOException {
        byte[] buffer = new byte[8 << 10];
        long moved = 0;
        int read;
        while ((read = in.read(buffer)) >= 0) {
            for (OutputStream out : outs) {
                out.write(buffer, 0, read);
            }
            moved += read;
        }
        return moved;
    }

    /// The JDK's plain streams of an end.
    record Stream(
            InputStream in, OutputStream out, @Nullable Socket socket) implements AutoCloseable {
        static Stream in(BedEnd end) throws IOException {
            if (end.kind() == BedEnd.Kind.SOCKET) {
                return ofSocket(end);
            }
            return new Stream(new FileInputStream(end.path().toFile()), OutputStream.nullOutputStream(), null);
        }

        static Stream out(BedEnd end) throws IOException {
            if (end.kind() == BedEnd.Kind.SOCKET) {
                return ofSocket(end);
            }
            return new Stream(
                    InputStream.nullInputStream(),
                    new FileOutputStream(end.path().toFile()),
                    null);
        }

        private static Stream ofSocket(BedEnd end) throws IOException {
            Socket socket = new Socket();
            socket.connect(end.address());
            return new Stream(socket.getInputStream(), socket.getOutputStream(), socket);
        }

        void awaitPeer() throws IOException {
            if (socket != null) {
                socket.shutdownOutput();
                if (in.read() < 0) {
                    throw new IOException("the peer did not acknowledge");
                }
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
            out.close();
        }
    }

    // ---- java.nio ----

    /// Channels and one direct buffer of 128 KiB.
    static Runner directBuffer() {
        return overChannels((in, out, length) -> {
            ByteBuffer buffer = ByteBuffer.allocateDirect(128 << 10);
            long moved = 0;
            while (((ReadableByteChannel) in).read(buffer) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    moved += ((WritableByteChannel) out).write(buffer);
                }
                buffer.clear();
            }
            return moved;
        });
    }

    /// `FileChannel.transferTo`: the input is a file.
    static Runner transferTo() {
        return overChannels((in, out, length) -> {
            long moved = 0;
            while (moved < length) {
                moved += ((FileChannel) in).transferTo(moved, length - moved, (WritableByteChannel) out);
            }
            return moved;
        });
    }

    /// `FileChannel.transferFrom`: the output is a file.
    static Runner transferFrom() {
        return overChannels((in, out, length) -> {
            long moved = 0;
            long now;
            do {
                now = ((FileChannel) out).transferFrom((ReadableByteChannel) in, moved, length - moved);
                moved += now;
            } while (now > 0 && moved < length);
            return moved;
        });
    }

    /// `Files.copy`, which opens and closes inside the clock.
    static Runner filesCopy() {
        return (bed, watch) -> {
            watch.start();
            Files.copy(bed.in().path(), bed.outs().getFirst().path());
            return new Outcome(watch.stop(bed.content().length()), null);
        };
    }

    /// Moves all bytes from one channel to another; `length` of them are to come.
    interface Channeling {
        long copy(Channel in, Channel out, long length) throws IOException;
    }

    private static Runner overChannels(Channeling channeling) {
        return (bed, watch) -> {
            BedEnd end = bed.outs().getFirst();
            try (Channel in = channel(bed.in(), false);
                    Channel out = channel(end, true)) {
                watch.start();
                long moved = channeling.copy(in, out, bed.content().length());
                if (out instanceof SocketChannel socket) {
                    socket.shutdownOutput();
                    if (Channels.newInputStream(socket).read() < 0) {
                        throw new IOException("the peer did not acknowledge");
                    }
                }
                return new Outcome(watch.stop(moved), null);
            }
        };
    }

    private static Channel channel(BedEnd end, boolean output) throws IOException {
        if (end.kind() == BedEnd.Kind.SOCKET) {
            return SocketChannel.open(end.address());
        }
        if (!output) {
            return FileChannel.open(end.path(), StandardOpenOption.READ);
        }
        return end.kind() == BedEnd.Kind.FILE
                ? FileChannel.open(end.path(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)
                : FileChannel.open(end.path(), StandardOpenOption.WRITE);
    }
}
