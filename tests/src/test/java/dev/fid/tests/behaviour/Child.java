package dev.fid.tests.behaviour;

import dev.fid.Fd;
import dev.fid.PipeBudget;
import dev.fid.fanout.Fanout;
import dev.fid.files.Replacement;
import dev.fid.files.Tree;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import dev.fid.model.Freedom;
import dev.fid.model.Limits;
import dev.fid.model.ModelClock;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Exchanger;
import java.util.concurrent.TimeUnit;

/// What {@link ChildTest} runs in JVMs of their own: prints results, decides nothing.
final class Child {
    private static final int STALLED = 64;
    private static final int ROUNDS = 1000;

    private Child() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "kernel" -> kernel();
            case "model" -> onTheModel();
            case "channel" -> channel(Path.of(arguments[1]));
            case "budget" -> budget();
            case "descriptors" -> descriptors(Path.of(arguments[1]));
            case "fid" -> stalledInFid(Path.of(arguments[1]));
            case "jdk" -> stalledInTheJdk(Path.of(arguments[1]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.exit(0); // the JDK's stalled threads would keep nothing, but their descriptors
    }

    private static void kernel() {
        try {
            System.out.println("user " + Kernel.linux().geteuid());
        } catch (UnsupportedOperationException e) {
            System.out.println(e.getMessage());
        }
    }

    /// All that moves bytes, on a kernel that needs nothing of this machine.
    private static void onTheModel() throws IOException {
        Kernel kernel = new ModelKernel(
                Profile.LINUX_6_18, Limits.USUAL.withPipes(128 << 10, 64, 0), Freedom.USUAL, ModelClock.real());
        PipeBudget budget = PipeBudget.of(kernel);
        System.out.println("pipes " + budget.maxCapacity());
        move(kernel);
        Path file = Path.of("/f");
        try (Fd out = Fd.open(kernel, file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            Fixture.put(out, new byte[100_000]);
        }
        try (Fd in = Fd.open(kernel, file);
                Replacement copy = Replacement.of(kernel, Path.of("/copy"), 0600)) {
            System.out.println(
                    "transfer " + Transfer.from(in).to(copy.fd()).run().bytes());
            copy.commit(true);
        }
        int[] pipe = new int[2];
        kernel.pipe2(pipe, Uapi.O_CLOEXEC | Uapi.O_NONBLOCK);
        try (Fd in = Fd.own(kernel, pipe[0], "in")) {
            try (Fd end = Fd.own(kernel, pipe[1], "end")) {
                Fixture.put(end, new byte[50_000]);
            }
            Fd left = Fd.open(kernel, Path.of("/left"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            Fd right = Fd.open(kernel, Path.of("/right"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            System.out.println("fanout " + Fanout.from(in).to(left, right).run().bytes());
        }
        Fd[] client = Fd.pair(kernel);
        Fd[] server = Fd.pair(kernel);
        Fixture.put(client[0], new byte[10_000]);
        client[0].close();
        kernel.shutdown(server[1].number(), Uapi.SHUT_WR);
        try (PipePool pool = new PipePool(kernel, budget, 1 << 16, PipePool.Splicing.ALWAYS);
                Link link = new Link(client[1], server[0], pool)) {
            link.join();
            System.out.println("link " + link.there().moved());
        }
        System.out.println(
                "tree " + Tree.from(file).on(kernel).to(Path.of("/tmp")).run().files());
    }

    private static void channel(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file);
                Fd fd = Fd.of(channel)) {
            System.out.println(fd.kind() + " " + fd.isOwned() + " " + fd.facts().size());
        }
        java.nio.channels.Pipe pipe = java.nio.channels.Pipe.open();
        try (java.nio.channels.ServerSocketChannel listener = java.nio.channels.ServerSocketChannel.open();
                var source = pipe.source();
                var sink = pipe.sink();
                Fd socket = Fd.of(listener);
                Fd in = Fd.of(source);
                Fd out = Fd.of(sink)) {
            System.out.println(socket.kind() + ", " + in.kind() + ", " + out.kind());
        }
    }

    // ---- limits ----

    /// Takes pipes until there are none; then still moves bytes.
    private static void budget() throws IOException {
        Kernel kernel = Kernel.linux();
        PipeBudget budget = PipeBudget.of(kernel);
        List<dev.fid.Pipe> pipes = new ArrayList<>();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 600; i++) {
            dev.fid.Pipe pipe = dev.fid.Pipe.open();
            pipes.add(pipe);
            least = Math.min(least, pipe.capacity());
        }
        System.out.println("first " + pipes.getFirst().capacity() + " last "
                + pipes.getLast().capacity());
        System.out.println("limit " + budget.softPages() + " over " + (budget.pages() > budget.softPages() + 1200));
        move(kernel);
        pipes.forEach(dev.fid.Pipe::close);
        System.out.println("after " + budget.pages() + " " + budget.pipes());
    }

    /// No descriptor is left for a pipe.
    private static void descriptors(Path file) throws IOException {
        Kernel kernel = Kernel.linux();
        Fd[] in = Fd.pair(kernel);
        Fd[] out = Fd.pair(kernel);
        try (Memory memory = kernel.allocate(100_000)) {
            kernel.write(in[1].number(), memory, 0, 100_000);
        }
        in[1].close();
        try (Fd probe = Fd.open(file)) {
            System.out.println(probe.kind());
        }
        // The lowest free number alone is left: enough to load a class, too few for a pipe.
        int free = kernel.fcntl(0, Uapi.F_DUPFD_CLOEXEC, 0);
        kernel.close(free);
        long[] before = new long[2];
        kernel.prlimit(Uapi.RLIMIT_NOFILE, null, before);
        kernel.prlimit(Uapi.RLIMIT_NOFILE, new long[] {free + 1, before[1]}, new long[2]);
        Moved moved = Transfer.from(in[0]).to(out[0]).run();
        System.out.println(moved.bytes() + " by " + moved.method());
        moved.declined().forEach(System.out::println);
        kernel.prlimit(Uapi.RLIMIT_NOFILE, before, new long[2]);
    }

    private static void move(Kernel kernel) throws IOException {
        Fd[] in = Fd.pair(kernel);
        Fd[] out = Fd.pair(kernel);
        try (Memory memory = kernel.allocate(100_000)) {
            kernel.write(in[1].number(), memory, 0, 100_000);
        }
        in[1].close();
        Moved moved = Transfer.from(in[0]).to(out[0]).run();
        System.out.println(moved.bytes() + " by " + moved.method());
        moved.declined().forEach(System.out::println);
    }

    // ---- virtual threads ----

    /// 64 threads that wait for bytes, 64 that wait for room, and copies of a file: an unrelated pair of virtual
    /// threads goes on meanwhile.
    private static void stalledInFid(Path file) throws Exception {
        Kernel kernel = Kernel.linux();
        List<Thread> waiting = new ArrayList<>();
        List<Fd> peers = new ArrayList<>();
        CountDownLatch started = new CountDownLatch(3 * STALLED);
        for (int i = 0; i < STALLED; i++) {
            Fd[] silent = Fd.pair(kernel);
            Fd[] full = Fd.pair(kernel);
            Fd[] borrowed = Fd.pair(kernel);
            kernel.fcntl(borrowed[0].number(), Uapi.F_SETFL, Uapi.O_RDWR);
            kernel.fcntl(borrowed[1].number(), Uapi.F_SETFL, Uapi.O_RDWR);
            Fixture.put(borrowed[1], new byte[] {1, 2, 3});
            peers.addAll(List.of(silent[1], full[1], borrowed[1]));
            Fd nowhere = Fd.open(Path.of("/dev/null"), StandardOpenOption.WRITE);
            Fd blocking = Fd.borrow(borrowed[0].number());
            waiting.add(
                    stall(started, () -> Transfer.from(silent[0]).to(nowhere).run()));
            waiting.add(stall(
                    started, () -> Transfer.from(Fd.open(file)).to(full[0]).run()));
            waiting.add(stall(started, () -> Transfer.from(blocking).to(nowhere).run()));
        }
        started.await();
        for (Thread thread : waiting) {
            while (thread.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
        }
        Thread copier = Thread.ofVirtual().start(() -> copy(file));
        System.out.println("handshakes " + handshakes().await(30, TimeUnit.SECONDS));
        System.out.println("copied " + copier.join(java.time.Duration.ofSeconds(30)));
        System.out.println("stalled " + waiting.stream().filter(Thread::isAlive).count());
        waiting.forEach(Thread::interrupt);
        for (Thread thread : waiting) {
            thread.join();
        }
        System.out.println("ended " + waiting.stream().noneMatch(Thread::isAlive));
        peers.forEach(Fd::close);
    }

    private static void copy(Path file) {
        try (Fd in = Fd.open(file);
                Fd out = Fd.open(file.resolveSibling("copy"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            Transfer.from(in).to(out).run();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// The same by the JDK: its transferTo to a socket holds the carrier.
    private static void stalledInTheJdk(Path file) throws Exception {
        CountDownLatch started = new CountDownLatch(STALLED);
        List<SocketChannel> channels = new ArrayList<>();
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            for (int i = 0; i < STALLED; i++) {
                SocketChannel client = SocketChannel.open(listener.getLocalAddress());
                channels.add(listener.accept());
                stall(started, () -> {
                    try (FileChannel in = FileChannel.open(file)) {
                        return in.transferTo(0, in.size(), client);
                    }
                });
            }
        }
        // The first two hold both carriers for good; nothing says so, hence the bounded wait.
        CountDownLatch done = handshakes();
        System.out.println("handshakes " + done.await(2, TimeUnit.SECONDS));
        for (SocketChannel channel : channels) {
            Thread.ofPlatform().daemon().start(() -> swallow(channel));
        }
        System.out.println("released " + done.await(60, TimeUnit.SECONDS));
    }

    private static void swallow(SocketChannel channel) {
        try {
            java.nio.ByteBuffer buffer = java.nio.ByteBuffer.allocateDirect(1 << 20);
            while (channel.read(buffer) >= 0) {
                buffer.clear();
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private interface Stalling {
        Object run() throws IOException;
    }

    private static Thread stall(CountDownLatch started, Stalling call) {
        return Thread.ofVirtual().start(() -> {
            started.countDown();
            try {
                call.run();
            } catch (ErrnoException e) {
                // The interrupt at the end.
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    /// Two virtual threads that hand each other a number, many times.
    private static CountDownLatch handshakes() {
        Exchanger<Integer> exchanger = new Exchanger<>();
        CountDownLatch done = new CountDownLatch(2);
        for (int side = 0; side < 2; side++) {
            Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < ROUNDS; i++) {
                        exchanger.exchange(i);
                    }
                    done.countDown();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        }
        return done;
    }
}
