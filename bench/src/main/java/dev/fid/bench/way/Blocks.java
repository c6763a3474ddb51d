package dev.fid.bench.way;

import dev.fid.Fd;
import dev.fid.Pipe;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Human;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The plain loops that a program would write, by one method and with one block size: what a call moves at most.
/// No ladder, no waiting of our own: the descriptors block, and the loop goes on until the input ends.
public enum Blocks {
    READ_WRITE("read and write") {
        @Override
        boolean serves(BedEnd.Kind in, BedEnd.Kind out) {
            return true;
        }

        @Override
        Loop open(Kernel kernel, Fd in, Fd out, long block) {
            Memory buffer = kernel.allocate(block);
            return new Loop() {
                @Override
                long move() {
                    long got = counted(kernel.read(in.number(), buffer, 0, block));
                    userBytes += Math.max(0, got);
                    return giveAll(got, (at, len) -> kernel.write(out.number(), buffer, at, len));
                }

                @Override
                public void close() {
                    buffer.close();
                }
            };
        }
    },

    /// A window of the file is mapped for each block, and written from there.
    MMAP("mmap in segments") {
        @Override
        boolean serves(BedEnd.Kind in, BedEnd.Kind out) {
            return in == BedEnd.Kind.FILE && out == BedEnd.Kind.FILE;
        }

        @Override
        Loop open(Kernel kernel, Fd in, Fd out, long block) throws IOException {
            long size = in.facts().size();
            return new Loop() {
                private long done;

                @Override
                long move() {
                    long len = Math.min(block, size - done);
                    if (len == 0) {
                        return 0;
                    }
                    long address = counted(kernel.mmap(len, Uapi.PROT_READ, Uapi.MAP_SHARED, in.number(), done));
                    if (address < 0) {
                        return address;
                    }
                    Memory window = kernel.memory(address, len);
                    done += len;
                    long moved = giveAll(len, (at, rest) -> kernel.write(out.number(), window, at, rest));
                    counted(kernel.munmap(address, len));
                    return moved;
                }
            };
        }
    },

    SENDFILE("sendfile") {
        @Override
        boolean serves(BedEnd.Kind in, BedEnd.Kind out) {
            return in == BedEnd.Kind.FILE;
        }

        @Override
        Loop open(Kernel kernel, Fd in, Fd out, long block) {
            return Loop.of(() -> kernel.sendfile(in.number(), null, out.number(), block));
        }
    },

    COPY_FILE_RANGE("copy_file_range") {
        @Override
        boolean serves(BedEnd.Kind in, BedEnd.Kind out) {
            return in == BedEnd.Kind.FILE && out == BedEnd.Kind.FILE;
        }

        @Override
        Loop open(Kernel kernel, Fd in, Fd out, long block) {
            return Loop.of(() -> kernel.copyFileRange(in.number(), null, out.number(), null, block, 0));
        }
    },

    SPLICE("splice") {
        @Override
        boolean serves(BedEnd.Kind in, BedEnd.Kind out) {
            return true;
        }

        @Override
        Loop open(Kernel kernel, Fd in, Fd out, long block) throws IOException {
            if (kernel.fcntl(in.number(), Uapi.F_GETPIPE_SZ, 0) > 0
                    || kernel.fcntl(out.number(), Uapi.F_GETPIPE_SZ, 0) > 0) {
                return Loop.of(() -> kernel.splice(in.number(), null, out.number(), null, block, 0));
            }
            // A pipe of the size of a block: at least the 64 KiB that it has anyway, at most what Fid uses.
            Pipe pipe = Pipe.open(kernel, Math.clamp(block, 64 << 10, BedEnd.PIPE_BYTES));
            int sink = pipe.sink().number();
            int source = pipe.source().number();
            return new Loop() {
                @Override
                long move() {
                    long got = counted(kernel.splice(in.number(), null, sink, null, block, 0));
                    return giveAll(got, (at, len) -> kernel.splice(source, null, out.number(), null, len, 0));
                }

                @Override
                public void close() {
                    pipe.close();
                }
            };
        }
    };

    /// The sizes that are tried.
    public static final List<Long> SIZES =
            List.of(4L << 10, 16L << 10, 64L << 10, 256L << 10, 1L << 20, 4L << 20, 16L << 20);

    /// Those of them that are tried where time is short.
    public static final List<Long> FEW_SIZES = List.of(4L << 10, 64L << 10, 1L << 20);

    private final String label;

    Blocks(String label) {
        this.label = label;
    }

    /// A loop that is ready to run, what it holds, and what it counted.
    abstract static class Loop implements AutoCloseable {
        long calls;
        long userBytes;

        /// Moves one block. Returns bytes, 0 at the end, or `-errno`.
        abstract long move();

        /// Gives bytes that were taken: `len` of them, from `at` on.
        interface Giving {
            long give(long at, long len);
        }

        /// One call for each block.
        static Loop of(java.util.function.LongSupplier call) {
            return new Loop() {
                @Override
                long move() {
                    return counted(call.getAsLong());
                }
            };
        }

        final long counted(long result) {
            calls++;
            return result;
        }

        /// Gives all of what was got. Returns that, or `-errno`.
        final long giveAll(long got, Giving giving) {
            for (long at = 0; at < got; ) {
                long given = counted(giving.give(at, got - at));
                if (given < 0) {
                    return given;
                }
                at += given;
            }
            return got;
        }

        @Override
        public void close() {}
    }

    abstract boolean serves(BedEnd.Kind in, BedEnd.Kind out);

    abstract Loop open(Kernel kernel, Fd in, Fd out, long block) throws IOException;

    /// Every method that serves, at every block size.
    public static List<Contender> contenders(BedEnd.Kind in, BedEnd.Kind out, List<Long> sizes) {
        List<Contender> all = new ArrayList<>();
        for (Blocks method : values()) {
            if (method.serves(in, out)) {
                for (long size : sizes) {
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

    private Runner way(long block) {
        return (bed, watch) -> {
            Kernel kernel = bed.kernel();
            BedEnd end = bed.outs().getFirst();
            try (Fd in = blocking(bed.in().openIn(kernel));
                    Fd out = blocking(end.openOut(kernel));
                    Loop loop = open(kernel, in, out, block)) {
                watch.start();
                long moved = 0;
                long now;
                do {
                    now = loop.move();
                    moved += Math.max(0, now);
                } while (now > 0 || now == -Errno.EINTR);
                if (now < 0) {
                    throw new IOException(label + ": " + Errno.text((int) -now));
                }
                Runner.awaitPeer(end, out);
                return new Runner.Outcome(watch.stop(moved), null, new Runner.Counted(loop.calls, loop.userBytes));
            }
        };
    }

    private static Fd blocking(Fd fd) {
        int flags = fd.kernel().fcntl(fd.number(), Uapi.F_GETFL, 0);
        fd.kernel().fcntl(fd.number(), Uapi.F_SETFL, flags & ~Uapi.O_NONBLOCK);
        return fd;
    }
}
