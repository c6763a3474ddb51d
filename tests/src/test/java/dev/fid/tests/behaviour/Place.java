package dev.fid.tests.behaviour;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Contents;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// A kind of descriptor that a transfer may start from or end at, filled and read by raw calls.
enum Place {
    DISK,
    MEMORY_FILE,
    APPENDED,
    PIPE,
    FIFO,
    UNIX,
    TCP,
    DEVICE,
    BLOCKS;

    /// Where files lie, and who pumps bytes.
    ///
    /// @param real the kernel below all others
    record Surroundings(Kernel real, Path disk, Path memory, Path blocks, java.util.concurrent.ExecutorService pumps) {}

    /// A descriptor in use by one transfer, and what is behind it.
    static final class Used implements AutoCloseable {
        final Fd fd;
        private final List<Fd> open = new ArrayList<>();
        private @Nullable Future<?> writer;
        private @Nullable Future<byte[]> reader;
        private Callable<byte[]> arrived = () -> new byte[0];

        Used(Fd fd) {
            this.fd = fd;
            open.add(fd);
        }

        /// What came to this place, `len` bytes of it where a length is known beforehand.
        byte[] arrived() throws Exception {
            fd.close();
            return reader != null ? reader.get() : arrived.call();
        }

        @Override
        public void close() {
            try {
                if (writer != null) {
                    writer.get();
                }
                if (reader != null) {
                    fd.close();
                    reader.get();
                }
            } catch (InterruptedException | ExecutionException e) {
                throw new AssertionError("pumping", e);
            } finally {
                open.forEach(Fd::close);
            }
        }
    }

    boolean isFile() {
        return this == DISK || this == MEMORY_FILE || this == APPENDED || this == BLOCKS;
    }

    boolean isPipe() {
        return this == PIPE || this == FIFO;
    }

    /// A source that gives these bytes. /dev/zero gives zeros, and a block device more than these.
    Used source(Kernel kernel, byte[] content, Surroundings around) throws IOException {
        return switch (this) {
            case DISK -> filled(around.real, Fd.open(kernel, around.disk.resolve("in"), fresh()), content);
            case MEMORY_FILE -> filled(around.real, Fd.open(kernel, around.memory.resolve("in"), fresh()), content);
            case APPENDED -> filled(around.real, memfd(kernel), content);
            case BLOCKS -> filled(around.real, Fd.open(kernel, around.blocks, READ, WRITE), content);
            case DEVICE -> new Used(Fd.open(kernel, Path.of("/dev/zero")));
            case PIPE, FIFO, UNIX, TCP -> {
                Fd[] ends = ends(kernel, around);
                Used used = new Used(ends[0]);
                used.open.add(ends[1]);
                Fd out = Fd.borrow(around.real, ends[1].number());
                used.writer = around.pumps.submit(() -> {
                    Fixture.put(out, content);
                    ends[1].close();
                });
                yield used;
            }
        };
    }

    /// A sink that keeps what it gets; of a block device the first `len` bytes.
    Used sink(Kernel kernel, int len, Surroundings around) throws IOException {
        return switch (this) {
            case DISK -> kept(kernel, around, around.disk.resolve("out"), fresh());
            case MEMORY_FILE -> kept(kernel, around, around.memory.resolve("out"), fresh());
            case APPENDED -> {
                byte[] log = Fixture.bytes(around.disk.resolve("log").toString());
                around.real.unlinkat(Uapi.AT_FDCWD, log, 0);
                yield kept(kernel, around, around.disk.resolve("log"), WRITE, CREATE, APPEND);
            }
            case BLOCKS -> {
                Used used = new Used(Fd.open(kernel, around.blocks, READ, WRITE));
                used.arrived = () -> {
                    try (Fd again = Fd.open(around.real, around.blocks)) {
                        return Fixture.takeAll(again, len);
                    }
                };
                yield used;
            }
            case DEVICE -> new Used(Fd.open(kernel, Path.of("/dev/null"), WRITE));
            case PIPE, FIFO, UNIX, TCP -> {
                Fd[] ends = ends(kernel, around);
                Used used = new Used(ends[1]);
                used.open.add(ends[0]);
                Fd in = Fd.borrow(around.real, ends[0].number());
                used.reader = around.pumps.submit(() -> Fixture.drain(in));
                yield used;
            }
        };
    }

    private static java.nio.file.OpenOption[] fresh() {
        return new java.nio.file.OpenOption[] {READ, WRITE, CREATE, TRUNCATE_EXISTING};
    }

    private static Used filled(Kernel kernel, Fd file, byte[] content) {
        try (Memory memory = kernel.allocate(Math.max(1, content.length))) {
            memory.put(0, content, 0, content.length);
            assertThat(kernel.pwrite(file.number(), memory, 0, content.length, 0))
                    .isEqualTo(content.length);
        }
        return new Used(file);
    }

    private static Used kept(Kernel kernel, Surroundings around, Path path, java.nio.file.OpenOption... options)
            throws IOException {
        Used used = new Used(Fd.open(kernel, path, options));
        used.arrived = () -> Contents.read(around.real, path);
        return used;
    }

    private static Fd memfd(Kernel kernel) {
        return Fd.own(kernel, kernel.memfdCreate(new byte[] {'m'}, Uapi.MFD_CLOEXEC), "memfd");
    }

    /// What is written to `[1]` is read from `[0]`.
    private Fd[] ends(Kernel kernel, Surroundings around) throws IOException {
        return switch (this) {
            case PIPE -> {
                int[] fds = new int[2];
                kernel.pipe2(fds, Uapi.O_NONBLOCK | Uapi.O_CLOEXEC);
                yield new Fd[] {Fd.own(kernel, fds[0], "pipe"), Fd.own(kernel, fds[1], "pipe")};
            }
            case FIFO -> {
                byte[] path = Fixture.bytes(around.disk.resolve("fifo").toString());
                kernel.mknodat(Uapi.AT_FDCWD, path, Uapi.S_IFIFO | 0600, 0);
                int flags = Uapi.O_NONBLOCK | Uapi.O_CLOEXEC;
                int in = kernel.openat(Uapi.AT_FDCWD, path, Uapi.O_RDONLY | flags, 0);
                int out = kernel.openat(Uapi.AT_FDCWD, path, Uapi.O_WRONLY | flags, 0);
                kernel.unlinkat(Uapi.AT_FDCWD, path, 0);
                yield new Fd[] {Fd.own(kernel, in, "fifo"), Fd.own(kernel, out, "fifo")};
            }
            case UNIX -> Fd.pair(kernel);
            default -> {
                try (Fd listener = Fd.listen(kernel, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4)) {
                    Fd client = Fd.connect(kernel, listener.localAddress(), null);
                    yield new Fd[] {listener.accept(), client};
                }
            }
        };
    }
}
