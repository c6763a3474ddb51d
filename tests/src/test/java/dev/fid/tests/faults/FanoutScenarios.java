package dev.fid.tests.faults;

import dev.fid.Fd;
import dev.fid.fanout.Fanout;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Contents;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Fan-outs of a file, a pipe and a socket to a pipe, a socket and a file, by every policy.
final class FanoutScenarios {
    enum In {
        FILE,
        PIPE,
        SOCKET
    }

    /// What an output is, in order.
    enum Out {
        PIPE,
        SOCKET,
        FILE,
        BORROWED_PIPE,
        BORROWED_SOCKET,
        /// A pipe that nobody reads before the end.
        LAZY_PIPE
    }

    record Shape(In in, List<Out> outs, Fanout.Policy policy, int bytes, String kernel, TransferScenarios.Kind kind) {
        String text() {
            return "fan-out " + in + " to " + outs + ", " + policy + (kernel.isEmpty() ? "" : ", " + kernel) + ", "
                    + bytes;
        }
    }

    private static final int BYTES = 100_000;

    private FanoutScenarios() {}

    static List<Scenario> all() {
        List<Shape> shapes = new ArrayList<>();
        List<Out> three = List.of(Out.PIPE, Out.SOCKET, Out.FILE);
        for (In in : In.values()) {
            for (Fanout.Policy policy : Fanout.Policy.values()) {
                shapes.add(shape(in, three, policy));
                if (policy != Fanout.Policy.BLOCK) {
                    shapes.add(shape(in, List.of(Out.PIPE, Out.LAZY_PIPE, Out.FILE), policy));
                    shapes.add(shape(in, List.of(Out.LAZY_PIPE), policy));
                }
            }
            shapes.add(shape(in, List.of(Out.FILE, Out.PIPE, Out.PIPE), Fanout.Policy.BLOCK));
            shapes.add(shape(in, List.of(Out.SOCKET, Out.FILE, Out.SOCKET), Fanout.Policy.BLOCK));
            shapes.add(shape(in, List.of(Out.BORROWED_PIPE, Out.FILE, Out.BORROWED_SOCKET), Fanout.Policy.BLOCK));
            shapes.add(shape(in, List.of(Out.FILE, Out.FILE), Fanout.Policy.BLOCK));
            shapes.add(shape(in, List.of(Out.FILE, Out.PIPE, Out.FILE, Out.SOCKET), Fanout.Policy.BLOCK));
            shapes.add(refused(
                    in, three, "no tee", (faulty, i, o) -> faulty.on("tee").fails(Errno.ENOSYS)));
            shapes.add(refused(
                    in,
                    three,
                    "no splice",
                    (faulty, i, o) -> faulty.on("splice").fails(Errno.EINVAL)));
            shapes.add(refused(
                    in,
                    three,
                    "no splice to the last",
                    (faulty, i, o) -> faulty.on("splice").fd(o).fails(Errno.EINVAL)));
            shapes.add(refused(
                    in, three, "no pipes", (faulty, i, o) -> faulty.on("pipe2").fails(Errno.EMFILE)));
            shapes.add(new Shape(in, List.of(Out.PIPE, Out.FILE), Fanout.Policy.BLOCK, 5000, "", (faulty, i, o) -> {}));
        }
        return shapes.stream()
                .map(shape -> new Scenario(shape.text(), setting -> new Fanning(shape, setting)))
                .toList();
    }

    private static Shape shape(In in, List<Out> outs, Fanout.Policy policy) {
        return new Shape(in, outs, policy, BYTES, "", (faulty, i, o) -> {});
    }

    private static Shape refused(In in, List<Out> outs, String kernel, TransferScenarios.Kind kind) {
        return new Shape(in, outs, Fanout.Policy.BLOCK, BYTES, kernel, kind);
    }

    private static final class Fanning implements Scenario.Trial {
        private final Shape shape;
        private final Kernel real;
        private final World world;
        private final byte[] bytes;
        private final Path folder;
        private final Fd in;
        private final List<Fd> outs = new ArrayList<>();
        private final List<World.@Nullable Reader> readers = new ArrayList<>();
        private Fanout.@Nullable Result result;

        Fanning(Shape shape, Scenario.Setting setting) {
            this.shape = shape;
            this.real = setting.real();
            this.world = new World(real, setting.random());
            this.folder = setting.folder();
            this.bytes = Arrays.copyOf(TransferScenarios.CONTENT, shape.bytes);
            this.in = input(setting.kernel());
            for (Out out : shape.outs) {
                outs.add(output(setting.kernel(), out));
            }
            shape.kind.apply(setting.faulty(), in.number(), outs.getLast().number());
            world.drive(setting.faulty());
        }

        private Fd input(Kernel kernel) {
            return switch (shape.in) {
                case FILE -> {
                    Contents.write(real, folder.resolve("in"), bytes);
                    yield file(kernel, "in");
                }
                case PIPE -> {
                    int[] fds = world.pipe(16384, false, false);
                    world.feed(fds[1], bytes, false);
                    yield Fd.own(kernel, fds[0], "in");
                }
                case SOCKET -> {
                    int[] fds = world.pair(false);
                    world.feed(fds[1], bytes, true);
                    yield Fd.own(kernel, fds[0], "in");
                }
            };
        }

        private Fd output(Kernel kernel, Out out) {
            World.Reader reader = null;
            Fd fd = switch (out) {
                case FILE -> {
                    String name = "out" + outs.size();
                    Contents.write(real, folder.resolve(name), new byte[0]);
                    yield file(kernel, name);
                }
                case PIPE, BORROWED_PIPE, LAZY_PIPE -> {
                    int[] fds = world.pipe(8192, false, out == Out.BORROWED_PIPE);
                    reader = world.read(fds[0]);
                    reader.lazy = out == Out.LAZY_PIPE;
                    yield out == Out.BORROWED_PIPE ? Fd.borrow(kernel, fds[1]) : Fd.own(kernel, fds[1], "out");
                }
                case SOCKET, BORROWED_SOCKET -> {
                    int[] fds = world.pair(out == Out.BORROWED_SOCKET);
                    reader = world.read(fds[1]);
                    yield out == Out.BORROWED_SOCKET ? Fd.borrow(kernel, fds[0]) : Fd.own(kernel, fds[0], "out");
                }
            };
            readers.add(reader);
            return fd;
        }

        private Fd file(Kernel kernel, String name) {
            byte[] path = folder.resolve(name).toString().getBytes(StandardCharsets.UTF_8);
            return Fd.own(kernel, world.keep(real.openat(Uapi.AT_FDCWD, path, Uapi.O_RDWR | Uapi.O_CLOEXEC, 0)), name);
        }

        @Override
        public void run() throws Exception {
            result = Fanout.from(in)
                    .to(outs)
                    .policy(shape.policy)
                    .patience(Duration.ofMillis(1))
                    .pipeCapacity(64 << 10)
                    .growPipes(true)
                    .run();
        }

        @Override
        public @Nullable String verdict(@Nullable Throwable thrown, List<FaultyKernel.Fault> faults) throws Exception {
            readers.forEach(reader -> {
                if (reader != null) {
                    reader.lazy = false;
                }
            });
            world.settle();
            Fanout.Result done = result;
            boolean harmless = faults.stream().allMatch(f -> isHarmless(f));
            for (int i = 0; i < outs.size(); i++) {
                byte[] arrived = arrived(i);
                String wrong = done == null
                        ? Comparison.gapped(bytes, arrived)
                        : verdict(done, done.branches().get(i), arrived, harmless, falseEnd(faults));
                if (wrong != null) {
                    return "output " + i + ": " + wrong;
                }
            }
            return null;
        }

        private @Nullable String verdict(
                Fanout.Result done, Fanout.Branch branch, byte[] arrived, boolean harmless, boolean falseEnd) {
            if (branch.bytes() != arrived.length) {
                return branch + " and " + arrived.length + " arrived";
            }
            if (branch.failure() == null && branch.bytes() + branch.dropped() != done.bytes()) {
                return branch + " of " + done.bytes();
            }
            if (branch.failure() != null) {
                String gap = Comparison.gapped(bytes, arrived);
                return harmless && branch.failure().errno() != Errno.ENOBUFS ? "no reason: " + branch : gap;
            }
            if (branch.dropped() > 0) {
                return shape.policy == Fanout.Policy.DROP ? Comparison.gapped(bytes, arrived) : "dropped: " + branch;
            }
            return falseEnd ? Comparison.prefix(bytes, arrived) : Comparison.whole(bytes, arrived);
        }

        /// A splice between two pipes of our own ends on a border of their slots, or one more slot is needed than
        /// there are: the kernel never cuts it elsewhere.
        private boolean isHarmless(FaultyKernel.Fault fault) {
            boolean inside = fault.call().name().equals("splice")
                    && outs.stream().noneMatch(out -> fault.call().fds().contains(out.number()));
            boolean again = fault.outcome().equals("EINTR") || fault.outcome().equals("EAGAIN");
            return (fault.outcome().startsWith("at most") && !inside)
                    || (again && Outcome.DATA.contains(fault.call().name()));
        }

        /// Nobody but read(2) knows the end, so where that lies, a fan-out cannot know better.
        private boolean falseEnd(List<FaultyKernel.Fault> faults) {
            return faults.stream()
                    .anyMatch(f -> f.outcome().equals("a false zero")
                            && (f.call().name().equals("read")
                                    || f.call().name().equals("recv"))
                            && f.call().fds().contains(in.number()));
        }

        private byte[] arrived(int i) {
            World.Reader reader = readers.get(i);
            return reader != null ? reader.bytes() : Contents.read(real, folder.resolve("out" + i));
        }

        @Override
        public void close() {
            world.close();
        }
    }
}
