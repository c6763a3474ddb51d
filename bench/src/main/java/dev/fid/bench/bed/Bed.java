package dev.fid.bench.bed;

import dev.fid.Fd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Processors;
import dev.fid.bench.measure.Workplace;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// One route, ready to be run again and again by any contender: its files, FIFOs and listeners, and for each run
/// the threads at the other ends. They are the same for all contenders, cost as little as the kernel allows, and
/// stay on another processor than the mover.
///
/// A run goes from {@link #begin} to {@link #end}; the mover opens {@link #in} and {@link #outs} in between, and
/// closes them.
public final class Bed implements AutoCloseable {
    /// What becomes of the bytes that arrive at a pipe or socket.
    public enum Sink {
        /// They are dropped inside the kernel.
        DISCARD,
        /// They are read into memory, as a program does that wants them.
        READ,
        /// They are compared with the source. Slow, so such a run is not timed.
        COMPARE
    }

    private static final int READ_BYTES = 256 << 10;
    private static final int DISCARD_BYTES = 1 << 20;
    private static final int MSG_TRUNC = Uapi.MSG_TRUNC;
    private static final long PATIENCE_SECONDS = 60;

    private final Kernel kernel;
    private final Path directory;
    private final Content content;
    private final int cpu;
    private final BedEnd in;
    private final List<BedEnd> outs = new ArrayList<>();
    private final List<Fd> listeners = new ArrayList<>();
    private final List<Peer> peers = new ArrayList<>();
    private boolean cold;
    private boolean small;

    /// @param directory where the outputs and FIFOs are made; it must be there
    /// @param content what the input gives
    /// @param cpu processor of the other ends, -1 for any
    public Bed(Kernel kernel, Path directory, Content content, int cpu, BedEnd.Kind in, BedEnd.Kind... outs)
            throws IOException {
        this.kernel = kernel;
        this.directory = directory;
        this.content = content;
        this.cpu = cpu;
        try {
            boolean given = in == BedEnd.Kind.FILE || in == BedEnd.Kind.MEMORY || in == BedEnd.Kind.TREE;
            this.in = given ? new BedEnd(in, content.file(), 0) : end(in, "in");
            for (BedEnd.Kind out : outs) {
                this.outs.add(end(out, "out" + this.outs.size()));
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /// Each run finds the input's pages gone from the cache, as far as the kernel lets go of them.
    public Bed cold() {
        this.cold = true;
        return this;
    }

    /// Its pipes are left as mkfifo(3) makes them, which is what commands find between them.
    public Bed asMade() {
        this.small = true;
        return this;
    }

    private Fd sized(Fd pipe) {
        return small ? pipe : BedEnd.enlarged(pipe);
    }

    private BedEnd end(BedEnd.Kind kind, String name) throws IOException {
        if (kind == BedEnd.Kind.NULL) {
            return new BedEnd(kind, Path.of("/dev/null"), 0);
        }
        Path path = directory.resolve(name);
        remove(path);
        int port = 0;
        if (kind == BedEnd.Kind.PIPE) {
            byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
            int result = kernel.mknodat(Uapi.AT_FDCWD, bytes, Uapi.S_IFIFO | 0600, 0);
            if (result < 0) {
                throw new IOException("mkfifo " + path + ": " + Errno.text(-result));
            }
        } else if (kind == BedEnd.Kind.SOCKET) {
            Fd listener = Fd.listen(kernel, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
            listeners.add(listener);
            port = ((InetSocketAddress) listener.localAddress()).getPort();
        }
        return new BedEnd(kind, path, port);
    }

    public BedEnd in() {
        return in;
    }

    public List<BedEnd> outs() {
        return outs;
    }

    public Content content() {
        return content;
    }

    public Kernel kernel() {
        return kernel;
    }

    // ---- a run ----

    public void begin(Sink sink) throws IOException {
        peers.clear();
        if (cold) {
            evict();
        }
        int listener = 0;
        if (in.kind() == BedEnd.Kind.SOCKET) {
            Fd waiting = listeners.get(listener++);
            peers.add(new Peer("feed", () -> feedSocket(waiting)));
        } else if (in.kind() == BedEnd.Kind.PIPE) {
            peers.add(new Peer("feed", this::feedPipe));
        }
        for (BedEnd out : outs) {
            switch (out.kind()) {
                case FILE -> remove(out.path());
                case NULL -> {}
                case TREE -> Workplace.delete(out.path());
                case PIPE -> peers.add(new Peer("drain", () -> drainPipe(out.path(), sink)));
                case SOCKET -> {
                    Fd waiting = listeners.get(listener++);
                    peers.add(new Peer("drain", () -> drainSocket(waiting, sink)));
                }
                case MEMORY -> throw new IllegalArgumentException("memory is no output here");
            }
        }
        peers.forEach(Peer::start);
    }

    /// Waits until the other ends are done.
    ///
    /// @throws IOException what went wrong there, a difference for example
    public void end() throws IOException {
        IOException failure = null;
        for (Peer peer : peers) {
            try {
                peer.done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
                failure = new IOException("at the other end, " + peer.thread.getName() + ": " + cause, cause);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /// Ends a run that failed: wakes whoever still waits for the mover. Who waits inside the kernel for longer
    /// than that is left behind: the threads are daemons.
    public void abort() {
        for (Peer peer : peers) {
            for (int i = 0; i < 50 && peer.thread.isAlive(); i++) {
                peer.thread.interrupt();
                try {
                    peer.thread.join(100);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    /// Compares the outputs that are files with the source; the others are compared on arrival, {@link
    /// Sink#COMPARE}.
    public void compareFiles() throws IOException {
        for (BedEnd out : outs) {
            if (out.kind() == BedEnd.Kind.FILE) {
                try (Fd fd = Fd.open(kernel, out.path())) {
                    content.compare(kernel, fd.number());
                }
            } else if (out.kind() == BedEnd.Kind.TREE) {
                SmallFiles.compare(content.file(), out.path());
            }
        }
    }

    @Override
    public void close() {
        abort();
        listeners.forEach(Fd::close);
        for (int i = 0; i < outs.size(); i++) {
            remove(directory.resolve("out" + i));
        }
        remove(directory.resolve("in"));
    }

    /// Through the kernel of this bed, which need not be that of the JDK. What is not there is no failure.
    private void remove(Path path) {
        if (Files.isDirectory(path)) {
            try {
                Workplace.delete(path);
            } catch (IOException e) {
                warn(path, e.toString());
            }
            return;
        }
        int result = kernel.unlinkat(Uapi.AT_FDCWD, path.toString().getBytes(StandardCharsets.UTF_8), 0);
        if (result < 0 && result != -Errno.ENOENT) {
            warn(path, Errno.text(-result));
        }
    }

    private static void warn(Path path, String reason) {
        System.getLogger("dev.fid.bench").log(System.Logger.Level.WARNING, "cannot remove " + path + ": " + reason);
    }

    private void evict() throws IOException {
        try (Fd fd = Fd.open(kernel, in.path())) {
            int result = kernel.fadvise(fd.number(), 0, 0, Uapi.POSIX_FADV_DONTNEED);
            if (result < 0) {
                throw new IOException("posix_fadvise " + in.path() + ": " + Errno.text(-result));
            }
        }
    }

    // ---- the other ends ----

    private interface Work {
        void run() throws IOException;
    }

    private final class Peer {
        final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        final Thread thread;

        Peer(String name, Work work) {
            thread = new Thread(
                    () -> {
                        Processors.pin(kernel, cpu);
                        try {
                            work.run();
                            done.complete(null);
                        } catch (IOException | RuntimeException e) {
                            done.completeExceptionally(e);
                        }
                    },
                    "fid-bench-" + name);
            thread.setDaemon(true);
        }

        void start() {
            thread.start();
        }
    }

    private void feedPipe() throws IOException {
        try (Fd pipe = blocking(sized(Fd.open(kernel, in.path(), java.nio.file.StandardOpenOption.WRITE)))) {
            content.feed(kernel, (file, at, len) -> kernel.splice(file, at, pipe.number(), null, len, 0));
        }
    }

    private void feedSocket(Fd listener) throws IOException {
        try (Fd socket = blocking(listener.accept())) {
            content.feed(kernel, (file, at, len) -> kernel.sendfile(file, at, socket.number(), len));
        }
    }

    private void drainPipe(Path path, Sink sink) throws IOException {
        try (Fd pipe = blocking(sized(Fd.open(kernel, path)))) {
            switch (sink) {
                case COMPARE -> content.compare(kernel, pipe.number());
                case READ -> readAll(pipe.number());
                case DISCARD -> {
                    try (Fd nowhere = Fd.open(kernel, Path.of("/dev/null"), java.nio.file.StandardOpenOption.WRITE)) {
                        untilEnd(() -> kernel.splice(pipe.number(), null, nowhere.number(), null, DISCARD_BYTES, 0));
                    }
                }
            }
        }
    }

    /// The byte that it sends at the end tells the mover that all has arrived.
    private void drainSocket(Fd listener, Sink sink) throws IOException {
        try (Fd socket = blocking(listener.accept());
                Memory memory = kernel.allocate(DISCARD_BYTES)) {
            switch (sink) {
                case COMPARE -> content.compare(kernel, socket.number());
                case READ -> readAll(socket.number());
                case DISCARD -> untilEnd(() -> kernel.recv(socket.number(), memory, 0, DISCARD_BYTES, MSG_TRUNC));
            }
            kernel.send(socket.number(), memory, 0, 1, Uapi.MSG_NOSIGNAL);
        }
    }

    private void readAll(int fd) throws IOException {
        try (Memory memory = kernel.allocate(READ_BYTES)) {
            untilEnd(() -> kernel.read(fd, memory, 0, READ_BYTES));
        }
    }

    private static void untilEnd(java.util.function.LongSupplier call) throws IOException {
        while (true) {
            long result = call.getAsLong();
            if (result == 0) {
                return;
            }
            if (result < 0 && result != -Errno.EINTR) {
                throw new IOException("drain: " + Errno.text((int) -result));
            }
        }
    }

    /// These threads have nothing else to do, so they may wait inside the kernel.
    private Fd blocking(Fd fd) {
        int flags = kernel.fcntl(fd.number(), Uapi.F_GETFL, 0);
        kernel.fcntl(fd.number(), Uapi.F_SETFL, flags & ~Uapi.O_NONBLOCK);
        return fd;
    }
}
