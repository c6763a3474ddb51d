package dev.fid.bench;

import dev.fid.Fd;
import dev.fid.Pipe;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The plain loops that a program would write, by one method and with one block size: what a call moves at most.
/// No ladder, no waiting of our own: the descriptors block, and the loop goes on until the input ends.
enum Blocks {
    READ_WRITE("read and write") {
        @Override
        boolean serves(End.Kind in, End.Kind out) {
            return true;
        }

        @Override
        Opened open(Kernel kernel, Fd in, Fd out, long block) {
            Memory buffer = kernel.allocate(block);
            return new Opened(
                    () -> {
                        long got = kernel.read(in.number(), buffer, 0, block);
                        for (long at = 0; at < got; ) {
                            long given = kernel.write(out.number(), buffer, at, got - at);
                            if (given < 0) {
                                return given;
                            }
                            at += given;
                        }
                        return got;
                    },
                    buffer::close);
        }
    },

    SENDFILE("sendfile") {
        @Override
        boolean serves(End.Kind in, End.Kind out) {
            return in == End.Kind.FILE;
        }

        @Override
        Opened open(Kernel kernel, Fd in, Fd out, long block) {
            return new Opened(() -> kernel.sendfile(in.number(), null, out.number(), block), () -> {});
        }
    },

    COPY_FILE_RANGE("copy_file_range") {
        @Override
        boolean serves(End.Kind in, End.Kind out) {
            return in == End.Kind.FILE && out == End.Kind.FILE;
        }

        @Override
        Opened open(Kernel kernel, Fd in, Fd out, long block) {
            return new Opened(() -> kernel.copyFileRange(in.number(), null, out.number(), null, block, 0), () -> {});
        }
    },

    SPLICE("splice") {
        @Override
        boolean serves(End.Kind in, End.Kind out) {
            return true;
        }

        @Override
        Opened open(Kernel kernel, Fd in, Fd out, long block) throws IOException {
            if (kernel.fcntl(in.number(), Uapi.F_GETPIPE_SZ, 0) > 0
                    || kernel.fcntl(out.number(), Uapi.F_GETPIPE_SZ, 0) > 0) {
                return new Opened(() -> kernel.splice(in.number(), null, out.number(), null, block, 0), () -> {});
            }
            // A pipe of the size of a block: at least the 64 KiB that it has anyway, at most what Fid uses.
            Pipe pipe = Pipe.open(kernel, Math.clamp(block, 64 << 10, End.PIPE_BYTES));
            int sink = pipe.sink().number();
            int source = pipe.source().number();
            return new Opened(
                    () -> {
                        long got = kernel.splice(in.number(), null, sink, null, block, 0);
                        for (long left = got; left > 0; ) {
                            long given = kernel.splice(source, null, out.number(), null, left, 0);
                            if (given < 0) {
                                return given;
                            }
                            left -= given;
                        }
                        return got;
                    },
                    pipe::close);
        }
    };

    /// The sizes that are tried.
    static final List<Long> SIZES = List.of(4L << 10, 16L << 10, 64L << 10, 256L << 10, 1L << 20, 4L << 20, 16L << 20);

    private final String label;

    Blocks(String label) {
        this.label = label;
    }

    /// Moves one block. Returns bytes, 0 at the end, or `-errno`.
    interface Step {
        long move();
    }

    /// A loop that is ready to run, and what it holds.
    record Opened(Step step, Runnable closing) {}

    abstract boolean serves(End.Kind in, End.Kind out);

    abstract Opened open(Kernel kernel, Fd in, Fd out, long block) throws IOException;

    /// Every method that serves, at every block size.
    static List<Contender> contenders(End.Kind in, End.Kind out) {
        List<Contender> all = new ArrayList<>();
        for (Blocks method : values()) {
            if (method.serves(in, out)) {
                for (long size : SIZES) {
                    all.add(new Contender(
                            method.label + ", " + Human.bytes(size),
                            Contender.Kind.BLOCK,
                            method.way(size),
                            new Contender.Block(method.label, size)));
                }
            }
        }
        return all;
    }

    private Way way(long block) {
        return (bed, watch) -> {
            Kernel kernel = bed.kernel();
            End end = bed.outs().getFirst();
            try (Fd in = blocking(bed.in().openIn(kernel));
                    Fd out = blocking(end.openOut(kernel))) {
                Opened loop = open(kernel, in, out, block);
                try {
                    watch.start();
                    long moved = 0;
                    long now;
                    do {
                        now = loop.step().move();
                        moved += Math.max(0, now);
                    } while (now > 0 || now == -Errno.EINTR);
                    if (now < 0) {
                        throw new IOException(label + ": " + Errno.text((int) -now));
                    }
                    Way.awaitPeer(end, out);
                    return new Way.Outcome(watch.stop(moved), null);
                } finally {
                    loop.closing().run();
                }
            }
        };
    }

    private static Fd blocking(Fd fd) {
        int flags = fd.kernel().fcntl(fd.number(), Uapi.F_GETFL, 0);
        fd.kernel().fcntl(fd.number(), Uapi.F_SETFL, flags & ~Uapi.O_NONBLOCK);
        return fd;
    }
}
