package dev.fid.tests.behaviour;

import dev.fid.Fd;
import dev.fid.PipeBudget;
import dev.fid.bridge.Streams;
import dev.fid.fanout.Fanout;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.link.Lane;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// What {@link StressTest} runs in a JVM of its own: threads that open, read, write, close, interrupt and time out at
/// random. In each round one thread feeds a stream, another moves its bytes on by one of the library's ways, others
/// check each byte, and somebody disturbs them: closes what they use, or interrupts one of them. Rounds of several
/// workers go on at once, so that a number that is closed is another one's a moment later. Empty files lie about as
/// bait for whoever writes by a number that is no longer his.
///
/// Prints a line for each thing that must not be, and at the end what it did.
final class Stress {
    private enum Way {
        DIRECT,
        CHANNEL,
        TRANSFER,
        FANOUT,
        LINK,
        LANE,
        ACCEPT
    }

    private static final List<Way> WAYS = List.of(Way.values());
    private static final List<PipePool.Splicing> SPLICINGS = List.of(PipePool.Splicing.values());
    private static final int WORKERS = 3;
    private static final long PATIENCE_MILLIS = 30_000;
    /// How calls may end that were disturbed.
    private static final Set<Integer> ENDS =
            Set.of(Errno.ECANCELED, Errno.ETIMEDOUT, Errno.EPIPE, Errno.ECONNRESET, Errno.ENOTCONN, Errno.ECONNABORTED);

    private static final Set<String> BROKEN = ConcurrentHashMap.newKeySet();
    private static final Map<String, AtomicLong> DONE = new ConcurrentHashMap<>();

    private Stress() {}

    public static void main(String[] arguments) throws Exception {
        long seed = Long.parseLong(arguments[0]);
        long end = System.nanoTime() + Long.parseLong(arguments[1]) * 1_000_000_000L;
        Path dir = Path.of(arguments[2]);
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            int worker = i;
            workers.add(
                    Thread.ofPlatform().start(() -> work(new Random(seed + worker), end, dir.resolve("w" + worker))));
        }
        for (Thread worker : workers) {
            worker.join();
        }
        BROKEN.forEach(what -> System.out.println("BROKEN " + what));
        System.out.println("seed " + seed + ": " + new TreeMap<>(DONE));
        System.exit(BROKEN.isEmpty() ? 0 : 1);
    }

    private static void work(Random random, long end, Path dir) {
        try {
            Files.createDirectory(dir);
            while (System.nanoTime() < end && BROKEN.isEmpty()) {
                new Round(random, dir).run();
            }
        } catch (Throwable t) {
            broken(t);
        }
    }

    private static void broken(Throwable t) {
        t.printStackTrace(System.out);
        BROKEN.add(t.toString());
    }

    private static void count(String what) {
        DONE.computeIfAbsent(what, w -> new AtomicLong()).incrementAndGet();
    }

    /// Byte `at` of the stream `key`.
    private static byte expected(long key, long at) {
        long mixed = (key + at / 8) * 0x9E3779B97F4A7C15L;
        return (byte) (mixed >>> (8 * (at & 7)));
    }

    private interface Task {
        void run() throws Exception;
    }

    /// One stream, from its feeder to those who check it.
    private static final class Round {
        private final Random random;
        private final Path dir;
        private final Way way;
        private final Kernel kernel;
        private final long key;
        private final int length;
        private final boolean disturbed;
        private final List<Thread> threads = new ArrayList<>();
        private final List<AutoCloseable> open = Collections.synchronizedList(new ArrayList<>());

        Round(Random random, Path dir) {
            this.random = random;
            this.dir = dir;
            this.way = WAYS.get(random.nextInt(WAYS.size()));
            this.kernel = random.nextInt(4) == 0 ? new NumbersWatched(BROKEN).kernel(Kernel.linux()) : Kernel.linux();
            this.key = random.nextLong();
            this.length = random.nextBoolean() ? random.nextInt(2000) : random.nextInt(1 << 20);
            this.disturbed = random.nextInt(5) > 0;
        }

        void run() throws Exception {
            List<Fd> bait = List.of(bait(0), bait(1));
            try {
                begin();
                if (disturbed) {
                    LockSupport.parkNanos(random.nextInt(3_000_000));
                    for (int i = random.nextInt(3); i >= 0; i--) {
                        disturb();
                    }
                }
                for (Thread thread : threads) {
                    thread.join(PATIENCE_MILLIS);
                    if (thread.isAlive()) {
                        throw new AssertionError(this + ": " + thread.getName() + " hangs in "
                                + Arrays.toString(thread.getStackTrace()));
                    }
                }
                count(way.toString());
            } finally {
                for (AutoCloseable each : List.copyOf(open)) {
                    each.close();
                }
                for (Fd each : bait) {
                    if (each.facts().size() != 0) {
                        BROKEN.add(this + ": " + each.facts().size() + " bytes in a file that nobody wrote to");
                    }
                    each.close();
                }
            }
        }

        private Fd bait(int i) throws IOException {
            return Fd.open(
                    dir.resolve("bait" + i),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
        }

        private void disturb() throws Exception {
            int what = random.nextInt(open.size() + threads.size());
            if (what < threads.size()) {
                threads.get(what).interrupt();
            } else {
                open.get(what - threads.size()).close();
            }
        }

        // ---- who takes part ----

        private void begin() throws IOException {
            if (way == Way.ACCEPT) {
                accept();
                return;
            }
            Fd[] in = ends();
            int outputs = way == Way.FANOUT ? 1 + random.nextInt(3) : 1;
            if (way == Way.DIRECT || way == Way.CHANNEL) {
                check(in[0]);
                feed(in[1]);
                return;
            }
            List<Fd> outs = new ArrayList<>();
            for (int i = 0; i < outputs; i++) {
                Fd[] out = ends();
                outs.add(out[1]);
                check(out[0]);
            }
            move(in[0], outs);
            feed(in[1]);
        }

        /// Where bytes come out, and where they go in.
        private Fd[] ends() throws IOException {
            boolean both = way == Way.LINK; // closes for writing
            int kind = random.nextInt(both ? 2 : 3);
            if (kind == 0) {
                return keep(Fd.pair(kernel));
            }
            if (kind == 1) {
                try (Fd listener = Fd.listen(kernel, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1)) {
                    Fd client = Fd.connect(kernel, listener.localAddress(), Duration.ofNanos(Long.MAX_VALUE));
                    return keep(listener.accept(), client);
                }
            }
            int[] fds = new int[2];
            int result = kernel.pipe2(fds, Uapi.O_CLOEXEC | Uapi.O_NONBLOCK);
            if (result < 0) {
                throw new IOException("pipe2: " + Errno.name(-result));
            }
            return keep(Fd.own(kernel, fds[0], "pipe"), Fd.own(kernel, fds[1], "pipe"));
        }

        private Fd[] keep(Fd... fds) {
            open.addAll(List.of(fds));
            return fds;
        }

        private void start(String name, Task task) {
            Runnable body = () -> {
                try {
                    task.run();
                    count(way + " " + name + " ended");
                } catch (AsynchronousCloseException e) {
                    end(name, "closed meanwhile");
                } catch (ClosedChannelException e) {
                    end(name, "closed");
                } catch (ErrnoException e) {
                    end(name, Errno.name(e.errno()));
                    if (!ENDS.contains(e.errno())) {
                        broken(new AssertionError(this + ", " + name, e));
                    }
                } catch (IllegalStateException e) {
                    end(name, "use after close");
                    if (!String.valueOf(e.getMessage()).endsWith("is closed")) {
                        broken(new AssertionError(this + ", " + name, e));
                    }
                } catch (Throwable t) {
                    broken(new AssertionError(this + ", " + name, t));
                }
            };
            boolean virtual = random.nextBoolean();
            Thread thread = (virtual ? Thread.ofVirtual() : Thread.ofPlatform().daemon())
                    .name(name)
                    .unstarted(body);
            threads.add(thread);
            thread.start();
        }

        private void end(String name, String how) {
            count(way + " " + name + " " + how);
            if (!disturbed) {
                BROKEN.add(this + ": " + name + " " + how + ", and nobody disturbed it");
            }
        }

        private void feed(Fd out) {
            byte[] all = new byte[length];
            for (int i = 0; i < length; i++) {
                all[i] = expected(key, i);
            }
            int piece = 1 + random.nextInt(random.nextBoolean() ? 200_000 : 3000);
            if (way == Way.CHANNEL) {
                ByteChannel channel = Streams.channel(out);
                open.add(channel);
                start("feeder", () -> {
                    try (channel) {
                        for (ByteBuffer left = ByteBuffer.wrap(all); left.hasRemaining(); ) {
                            int end = Math.min(left.limit(), left.position() + piece);
                            left.position(left.position()
                                    + channel.write(left.duplicate().limit(end)));
                        }
                    }
                });
                return;
            }
            OutputStream stream = Streams.output(out);
            open.add(stream);
            start("feeder", () -> {
                try (stream) {
                    for (int at = 0; at < length; at += piece) {
                        stream.write(all, at, Math.min(piece, length - at));
                    }
                }
            });
        }

        private void check(Fd in) {
            if (way == Way.CHANNEL) {
                ByteChannel channel = Streams.channel(in);
                open.add(channel);
                start("checker", () -> {
                    try (channel) {
                        ByteBuffer buffer = ByteBuffer.allocate(100_000);
                        long at = 0;
                        for (int read; (read = channel.read(buffer.clear())) >= 0; at += read) {
                            compare(buffer.array(), at, read);
                        }
                        whole(at);
                    }
                });
                return;
            }
            InputStream stream = Streams.input(in);
            open.add(stream);
            start("checker", () -> {
                try (stream) {
                    byte[] buffer = new byte[100_000];
                    long at = 0;
                    for (int read; (read = stream.read(buffer)) >= 0; at += read) {
                        compare(buffer, at, read);
                    }
                    whole(at);
                }
            });
        }

        private void compare(byte[] got, long at, int len) {
            for (int i = 0; i < len; i++) {
                if (got[i] != expected(key, at + i)) {
                    throw new AssertionError("byte " + (at + i) + " is another one's");
                }
            }
        }

        private void whole(long at) {
            if (!disturbed && at != length) {
                throw new AssertionError(at + " bytes of " + length + " arrived");
            }
        }

        // ---- the ways ----

        private void move(Fd in, List<Fd> outs) throws IOException {
            Fd out = outs.getFirst();
            Duration time = random.nextBoolean() || !disturbed
                    ? Duration.ofSeconds(Long.MAX_VALUE)
                    : Duration.ofNanos(1 + random.nextInt(3_000_000));
            switch (way) {
                case TRANSFER ->
                    start("transfer", () -> {
                        try (in;
                                out) {
                            Transfer.from(in).to(out).timeout(time).run();
                        }
                    });
                case FANOUT ->
                    start("fanout", () -> {
                        try {
                            Fanout.from(in).to(outs).timeout(time).run();
                        } finally {
                            in.close();
                            outs.forEach(Fd::close);
                        }
                    });
                case LINK -> {
                    PipePool pool = pool();
                    Link link = new Link(in, out, pool);
                    open.add(link);
                    open.add(link::reset);
                    start("link", () -> {
                        try (pool;
                                link) {
                            in.shutdownOutput(); // nobody writes back
                            link.join();
                        }
                    });
                }
                default -> {
                    PipePool pool = pool();
                    Lane lane = new Lane(in, out, pool);
                    open.add(lane);
                    start("lane", () -> {
                        try (in;
                                out;
                                pool;
                                lane) {
                            move(lane);
                        }
                    });
                }
            }
        }

        private PipePool pool() {
            PipePool.Splicing splicing = SPLICINGS.get(random.nextInt(SPLICINGS.size()));
            PipePool pool = new PipePool(kernel, PipeBudget.of(kernel), 64 << 10, splicing);
            open.add(pool);
            return pool;
        }

        /// As an event loop does, but that it polls.
        private void move(Lane lane) throws IOException {
            for (Lane.Wait wait = lane.move(); wait != Lane.Wait.DONE; wait = lane.move()) {
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                if (wait == Lane.Wait.IN || wait == Lane.Wait.OUT) {
                    LockSupport.parkNanos(20_000);
                }
            }
        }

        private void accept() throws IOException {
            Fd listener = Fd.listen(kernel, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 8);
            open.add(listener);
            var address = listener.localAddress();
            for (int i = 0; i < 2; i++) {
                boolean comes = !disturbed || random.nextBoolean();
                start(
                        "acceptor",
                        () -> listener.accept(Duration.ofSeconds(disturbed ? 1 : 20))
                                .close());
                if (comes) {
                    try (Fd client = Fd.connect(kernel, address, null)) {
                        client.shutdownOutput();
                    }
                }
            }
        }

        @Override
        public String toString() {
            return way + " of " + length + " bytes" + (disturbed ? ", disturbed" : "");
        }
    }
}
