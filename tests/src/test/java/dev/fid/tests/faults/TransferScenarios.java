package dev.fid.tests.faults;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Contents;
import dev.fid.transfer.Digest;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Transfers between every two kinds of descriptor: own ones, borrowed ones in blocking mode, with and without a
/// sum, by every method, and with a kernel that refuses the better ones from the start.
final class TransferScenarios {
    /// What a trial's transfer is between.
    enum End {
        FILE,
        /// With holes.
        SPARSE,
        PIPE,
        SOCKET,
        /// A pipe that is not ours, in blocking mode.
        BORROWED_PIPE,
        BORROWED_SOCKET;

        boolean isFile() {
            return this == FILE || this == SPARSE;
        }
    }

    /// Rules that hold in every trial of a scenario.
    interface Kind {
        void apply(FaultyKernel faulty, int in, int out);
    }

    /// @param skip bytes before the transfer's start in both files, by position or by offset
    record Shape(
            End in,
            End out,
            @Nullable Method method,
            boolean summed,
            boolean offsets,
            int skip,
            int bytes,
            String kernel,
            Kind kind) {
        String text() {
            return "transfer " + in + " to " + out + (method == null ? "" : " by " + method)
                    + (summed ? " summed" : "") + (offsets ? " at offsets" : skip > 0 ? " at positions" : "")
                    + (kernel.isEmpty() ? "" : ", " + kernel) + ", " + bytes;
        }
    }

    private static final Kind WHOLE = (faulty, in, out) -> {};
    private static final int BYTES = 120_000;
    static final byte[] CONTENT = new byte[400_000];

    static {
        new Random(Campaign.SEED + 1).nextBytes(CONTENT);
    }

    private TransferScenarios() {}

    static List<Scenario> all() {
        List<Shape> shapes = new ArrayList<>();
        for (Method method : Method.values()) {
            if (method != Method.TEE && method != Method.VMSPLICE && method != Method.SPLICE) {
                shapes.add(shape(End.FILE, End.FILE, method, method == Method.READ_WRITE));
                shapes.add(new Shape(End.FILE, End.FILE, method, true, false, 5000, 50_000, "", WHOLE));
                shapes.add(new Shape(End.FILE, End.FILE, method, true, true, 5000, 50_000, "", WHOLE));
            }
        }
        shapes.add(new Shape(End.FILE, End.FILE, null, true, true, 5000, BYTES, "", WHOLE));
        shapes.add(shape(End.SPARSE, End.FILE, null, false));
        shapes.add(new Shape(End.SPARSE, End.FILE, null, true, false, 5000, BYTES, "", WHOLE));
        shapes.add(new Shape(End.SPARSE, End.FILE, Method.SPLICE_THROUGH_PIPE, true, true, 5000, BYTES, "", WHOLE));
        for (End in : End.values()) {
            for (End out : End.values()) {
                if (!(in.isFile() && out.isFile()) && in != End.SPARSE && out != End.SPARSE) {
                    shapes.add(shape(in, out, null, false));
                    shapes.add(shape(in, out, null, true));
                    shapes.add(shape(in, out, Method.READ_WRITE, true));
                }
            }
        }
        shapes.add(shape(End.FILE, End.PIPE, Method.SENDFILE, false));
        shapes.add(shape(End.FILE, End.SOCKET, Method.SPLICE_THROUGH_PIPE, true));
        shapes.add(shape(End.FILE, End.SOCKET, Method.MMAP, true));
        shapes.add(shape(End.FILE, End.PIPE, Method.MMAP_SEGMENTS, false));
        shapes.add(shape(End.PIPE, End.PIPE, Method.SPLICE_THROUGH_PIPE, true));
        shapes.add(shape(End.PIPE, End.FILE, Method.SPLICE_THROUGH_PIPE, false));
        withRefusals(shapes);
        shapes.add(new Shape(End.PIPE, End.PIPE, null, true, false, 0, 6000, "", WHOLE));
        shapes.add(new Shape(End.PIPE, End.FILE, null, false, false, 0, 6000, "", WHOLE));
        shapes.add(new Shape(End.SOCKET, End.SOCKET, null, true, false, 0, 6000, "", WHOLE));
        shapes.add(new Shape(End.FILE, End.PIPE, Method.SPLICE, false, false, 0, 6000, "", WHOLE));
        shapes.add(new Shape(End.FILE, End.FILE, Method.COPY_FILE_RANGE, true, false, 100, 6000, "", WHOLE));
        return shapes.stream().map(TransferScenarios::scenario).toList();
    }

    private static Shape shape(End in, End out, @Nullable Method method, boolean summed) {
        return new Shape(in, out, method, summed, false, 0, BYTES, "", WHOLE);
    }

    private static void withRefusals(List<Shape> shapes) {
        for (End in : List.of(End.FILE, End.PIPE, End.SOCKET)) {
            for (End out : List.of(End.FILE, End.PIPE, End.SOCKET)) {
                boolean summed = in != End.FILE;
                shapes.add(new Shape(
                        in,
                        out,
                        null,
                        summed,
                        false,
                        0,
                        BYTES,
                        "no splice",
                        (faulty, i, o) ->
                                faulty.on("splice", "sendfile", "copyFileRange").fails(Errno.ENOSYS)));
                shapes.add(new Shape(
                        in,
                        out,
                        null,
                        summed,
                        false,
                        0,
                        BYTES,
                        "no splice to out",
                        (faulty, i, o) -> faulty.on("splice", "sendfile").fd(o).fails(Errno.EINVAL)));
                shapes.add(new Shape(
                        in,
                        out,
                        null,
                        summed,
                        false,
                        0,
                        BYTES,
                        "no pipes",
                        (faulty, i, o) -> faulty.on("pipe2", "eventfd").fails(Errno.EMFILE)));
                if (summed) {
                    shapes.add(new Shape(
                            in,
                            out,
                            null,
                            true,
                            false,
                            0,
                            BYTES,
                            "no tee",
                            (faulty, i, o) -> faulty.on("tee").fails(Errno.EPERM)));
                }
            }
        }
    }

    private static Scenario scenario(Shape shape) {
        return new Scenario(shape.text(), setting -> new Transferring(shape, setting));
    }

    private static final class Transferring implements Scenario.Trial {
        private final Shape shape;
        private final Kernel real;
        private final World world;
        private final byte[] bytes;
        private final byte[] skipped;
        private final Path folder;
        private final Fd in;
        private final Fd out;
        private final CRC32C sum = new CRC32C();
        private final boolean pseudoEnd;
        private World.@Nullable Reader reader;
        private @Nullable Moved moved;

        Transferring(Shape shape, Scenario.Setting setting) {
            this.shape = shape;
            this.real = setting.real();
            this.world = new World(real, setting.random());
            this.folder = setting.folder();
            this.bytes = Arrays.copyOf(CONTENT, shape.bytes);
            this.skipped = Arrays.copyOfRange(CONTENT, shape.bytes, shape.bytes + shape.skip);
            if (shape.in == End.SPARSE) {
                Arrays.fill(bytes, 8192, 8192 + 20480, (byte) 0);
                Arrays.fill(bytes, 102_400 - shape.skip, bytes.length, (byte) 0);
            }
            this.in = input(setting.kernel());
            this.out = output(setting.kernel());
            this.pseudoEnd = !shape.in.isFile();
            shape.kind.apply(setting.faulty(), in.number(), out.number());
            world.drive(setting.faulty());
        }

        private Fd input(Kernel kernel) {
            return switch (shape.in) {
                case FILE, SPARSE -> {
                    Path path = folder.resolve("in");
                    byte[] all = Arrays.copyOf(skipped, shape.skip + bytes.length);
                    System.arraycopy(bytes, 0, all, shape.skip, bytes.length);
                    Contents.write(real, path, all, shape.in == End.FILE ? new boolean[0] : holes(all));
                    yield file(kernel, path);
                }
                case PIPE, BORROWED_PIPE -> {
                    int[] fds = world.pipe(8192, shape.in == End.BORROWED_PIPE, false);
                    world.feed(fds[1], bytes, false);
                    yield shape.in == End.PIPE ? Fd.own(kernel, fds[0], "in") : Fd.borrow(kernel, fds[0]);
                }
                case SOCKET, BORROWED_SOCKET -> {
                    int[] fds = world.pair(shape.in == End.BORROWED_SOCKET);
                    world.feed(fds[1], bytes, true);
                    yield shape.in == End.SOCKET ? Fd.own(kernel, fds[0], "in") : Fd.borrow(kernel, fds[0]);
                }
            };
        }

        private static boolean[] holes(byte[] all) {
            boolean[] holes = new boolean[(all.length + 4095) / 4096];
            for (int i = 0; i < holes.length; i++) {
                int len = Math.min(4096, all.length - i * 4096);
                holes[i] = Arrays.equals(all, i * 4096, i * 4096 + len, new byte[len], 0, len);
            }
            return holes;
        }

        private Fd output(Kernel kernel) {
            return switch (shape.out) {
                case FILE, SPARSE -> {
                    Path path = folder.resolve("out");
                    Contents.write(real, path, skipped);
                    yield file(kernel, path);
                }
                case PIPE, BORROWED_PIPE -> {
                    int[] fds = world.pipe(8192, false, shape.out == End.BORROWED_PIPE);
                    reader = world.read(fds[0]);
                    yield shape.out == End.PIPE ? Fd.own(kernel, fds[1], "out") : Fd.borrow(kernel, fds[1]);
                }
                case SOCKET, BORROWED_SOCKET -> {
                    int[] fds = world.pair(shape.out == End.BORROWED_SOCKET);
                    reader = world.read(fds[1]);
                    yield shape.out == End.SOCKET ? Fd.own(kernel, fds[0], "out") : Fd.borrow(kernel, fds[0]);
                }
            };
        }

        private Fd file(Kernel kernel, Path path) {
            byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
            int fd = world.keep(real.openat(Uapi.AT_FDCWD, name, Uapi.O_RDWR | Uapi.O_CLOEXEC, 0));
            real.lseek(fd, shape.offsets ? 0 : shape.skip, Uapi.SEEK_SET);
            return Fd.own(kernel, fd, "file");
        }

        @Override
        public void run() throws Exception {
            Transfer transfer = Transfer.from(in)
                    .to(out)
                    .method(shape.method)
                    .pipeCapacity(64 << 10)
                    .growPipes(true)
                    .block(16 << 10);
            if (shape.in == End.SPARSE) {
                transfer.sparse(true);
            }
            if (shape.offsets) {
                transfer.offIn(shape.skip).offOut(shape.skip);
            }
            if (shape.summed) {
                transfer.digest(Digest.of(sum));
            }
            moved = transfer.run();
        }

        @Override
        public @Nullable String verdict(@Nullable Throwable thrown, List<FaultyKernel.Fault> faults) throws Exception {
            world.settle();
            byte[] arrived = arrived();
            long position = real.lseek(in.number(), 0, Uapi.SEEK_CUR);
            Moved done = moved;
            if (thrown == null && done != null) {
                String wrong = falseEnd(faults) ? Comparison.prefix(bytes, arrived) : Comparison.whole(bytes, arrived);
                if (wrong != null) {
                    return wrong;
                }
                if (done.bytes() != arrived.length) {
                    return done.bytes() + " bytes counted, " + arrived.length + " arrived";
                }
                CRC32C right = new CRC32C();
                right.update(bytes, 0, arrived.length);
                if (shape.summed && sum.getValue() != right.getValue()) {
                    return "success, and a wrong sum";
                }
                return wrongPosition(position, done.bytes(), faults);
            }
            String wrong = Comparison.prefix(bytes, arrived);
            if (wrong == null && thrown instanceof ErrnoException e && shape.in != End.SPARSE) {
                if (e.moved() != arrived.length && shows(e)) {
                    return "it tells of " + e.moved() + " bytes, " + arrived.length + " arrived: " + e;
                }
                return e.call().equals("transfer") ? null : wrongPosition(position, arrived.length, faults);
            }
            return wrong;
        }

        /// An error of the preparations, or of closing a file, knows of no bytes.
        private static boolean shows(ErrnoException e) {
            boolean prepares = e.call().equals("fstat") || e.call().equals("fcntl");
            return e.moved() > 0 || !prepares;
        }

        private @Nullable String wrongPosition(long position, long moved, List<FaultyKernel.Fault> faults) {
            boolean known = shape.in.isFile()
                    && faults.stream().noneMatch(f -> f.call().name().equals("lseek"));
            long right = shape.offsets ? 0 : shape.skip + moved;
            return known && position != right ? "the input stands at " + position + ", not at " + right : null;
        }

        /// Of a stream nobody but read(2) knows the end: where that lies, the transfer cannot know better.
        private boolean falseEnd(List<FaultyKernel.Fault> faults) {
            return pseudoEnd
                    && faults.stream()
                            .anyMatch(f -> f.outcome().equals("a false zero")
                                    && (f.call().name().equals("read")
                                            || f.call().name().equals("recv"))
                                    && isInput(f));
        }

        private boolean isInput(FaultyKernel.Fault fault) {
            return shape.in == End.BORROWED_PIPE || fault.call().fds().contains(in.number());
        }

        private byte[] arrived() {
            World.Reader peer = reader;
            if (peer != null) {
                return peer.bytes();
            }
            byte[] all = Contents.read(real, folder.resolve("out"));
            if (Arrays.mismatch(all, 0, shape.skip, skipped, 0, shape.skip) >= 0) {
                throw new AssertionError("bytes before the start were changed");
            }
            return Arrays.copyOfRange(all, shape.skip, all.length);
        }

        @Override
        public void close() {
            world.close();
        }
    }
}
