package dev.fid.tests.model;

import dev.fid.kernel.Uapi;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/// A list of steps: first what opens the descriptors, then 20 to 60 calls with good, boundary and bad arguments in any
/// order. One number makes one script, always the same.
record Script(List<Step> steps) {
    private static final int PAGE = 4096;

    static Script of(Step... steps) {
        return new Script(List.of(steps));
    }

    /// As Java, to be pasted into a test.
    String java() {
        return steps.stream().map(step -> "        " + step).collect(Collectors.joining(",\n", "Script.of(\n", ")"));
    }

    static Script random(long seed) {
        return new Writer(new SplittableRandom(seed)).write();
    }

    /// Makes one script up.
    private static final class Writer {
        private static final long[] LENGTHS = {
            0, 1, 2, 3, 10, 100, 1000, 4000, 4095, 4096, 4097, 5000, 8191, 8192, 8193, 10_000, 16_384, 20_000, 40_000,
            65_535, 65_536, 65_537, 100_000
        };
        private static final long[] ODD_LENGTHS = {
            -1, Long.MAX_VALUE, 0x7fff_ffffL, 0x8000_0000L, 1L << 40, Long.MIN_VALUE
        };
        private static final long[] ODD_OFFSETS = {
            -1,
            -4096,
            Long.MAX_VALUE,
            Long.MAX_VALUE - 100,
            Long.MIN_VALUE + 1,
            1L << 40,
            (1L << 44) - 1,
            1L << 44,
            1L << 32
        };
        private static final int[] FLAGS = {
            Uapi.O_RDWR,
            Uapi.O_RDWR,
            Uapi.O_RDONLY,
            Uapi.O_WRONLY,
            Uapi.O_RDWR | Uapi.O_APPEND,
            Uapi.O_WRONLY | Uapi.O_APPEND
        };

        private final SplittableRandom random;
        private final List<Step> steps = new ArrayList<>();
        private final boolean[] open = new boolean[Slots.COUNT];

        Writer(SplittableRandom random) {
            this.random = random;
        }

        Script write() {
            boolean tmpfs = random.nextInt(8) != 0;
            boolean ext4 = !tmpfs || random.nextInt(3) == 0;
            for (int file = 0; file < 4; file++) {
                if (file < 2 ? tmpfs : ext4) {
                    opened(new Step(Op.FILE, file, file, 0, 0, size(), Uapi.O_RDWR));
                }
            }
            for (int slot = 4; slot < Slots.FILES; slot++) {
                int file = random.nextInt(4);
                if (open[file] && random.nextInt(4) == 0) {
                    opened(new Step(Op.FILE, slot, file, 0, 0, -1, FLAGS[random.nextInt(FLAGS.length)]));
                }
            }
            int pipes = 2 + random.nextInt(3);
            for (int i = 0; i < pipes; i++) {
                int slot = Slots.PIPES + 2 * i;
                long capacity = random.nextInt(3) == 0 ? 0 : (long) PAGE << random.nextInt(6);
                int packets = random.nextInt(6) == 0 ? Uapi.O_DIRECT : 0;
                pair(new Step(Op.PIPE, slot, slot + 1, 0, 0, capacity, packets));
            }
            for (int slot = Slots.UNIX; slot < Slots.TCP; slot += 2) {
                if (random.nextInt(3) == 0) {
                    pair(new Step(Op.UNIX, slot, slot + 1, 0, 0, 0, 0));
                }
            }
            for (int slot = Slots.TCP; slot < Slots.DEVICES; slot += 2) {
                if (random.nextInt(5) == 0) {
                    pair(new Step(Op.TCP, slot, slot + 1, 0, 0, 0, 0));
                }
            }
            for (int i = 0; i < 3; i++) {
                if (random.nextInt(4) == 0) {
                    int kind = random.nextInt(3) == 0 ? 3 + random.nextInt(3) : i;
                    opened(new Step(Op.DEVICE, Slots.DEVICES + i, kind, 0, 0, 0, Uapi.O_RDWR));
                }
            }
            int count = 20 + random.nextInt(41);
            while (count-- > 0) {
                steps.add(call());
            }
            return new Script(List.copyOf(steps));
        }

        private void opened(Step step) {
            open[step.a()] = true;
            steps.add(step);
        }

        private void pair(Step step) {
            open[step.b()] = true;
            opened(step);
        }

        // ---- numbers ----

        private long size() {
            return switch (random.nextInt(4)) {
                case 0 -> 0;
                case 1 -> random.nextInt(3 * PAGE);
                case 2 -> (long) PAGE * random.nextInt(6);
                default -> random.nextInt(80_000);
            };
        }

        /// A length for a call that uses this script's memory.
        private long len() {
            return switch (random.nextInt(8)) {
                case 0 -> random.nextInt(20);
                case 1 -> random.nextInt(PAGE);
                case 2 -> random.nextInt(70_000);
                default -> LENGTHS[random.nextInt(LENGTHS.length)];
            };
        }

        /// A length for a call that uses none.
        private long anyLen() {
            return random.nextInt(20) == 0 ? ODD_LENGTHS[random.nextInt(ODD_LENGTHS.length)] : len();
        }

        private long offset() {
            return switch (random.nextInt(12)) {
                case 0, 1, 2 -> 0;
                case 3, 4, 5 -> (long) PAGE * random.nextInt(8);
                case 6, 7 -> (long) PAGE * random.nextInt(6) + random.nextInt(5) - 2;
                case 8 -> ODD_OFFSETS[random.nextInt(ODD_OFFSETS.length)];
                case 9 -> random.nextInt(200_000);
                default -> random.nextInt(3 * PAGE);
            };
        }

        /// Mostly none.
        private long maybeOffset(int slot) {
            boolean wanted = Slots.isFile(slot) ? random.nextInt(2) == 0 : random.nextInt(25) == 0;
            return wanted ? offset() : Step.NONE;
        }

        /// A place in memory with room for `len` bytes behind it. What is vmspliced lies in the first half, what is
        /// read comes to the second, since a copy of a page onto itself has no one result.
        private long at(long len, boolean read) {
            long page = random.nextInt(8);
            long at = page * PAGE + (random.nextBoolean() ? 0 : random.nextInt(PAGE));
            return (read ? Actor.MEMORY / 2 : 0) + Math.min(at, Actor.MEMORY / 2 - len);
        }

        // ---- slots ----

        private int any() {
            for (int i = 0; i < 8; i++) {
                int slot = random.nextInt(Slots.COUNT);
                if (open[slot]) {
                    return slot;
                }
            }
            return random.nextInt(-1, Slots.COUNT);
        }

        /// An open slot of these, if there is one; sometimes any.
        private int from(int first, int last, int step) {
            if (random.nextInt(16) != 0) {
                for (int i = 0; i < 12; i++) {
                    int slot = first + step * random.nextInt((last - first + step - 1) / step);
                    if (open[slot]) {
                        return slot;
                    }
                }
            }
            return any();
        }

        private int file() {
            return from(0, Slots.FILES, 1);
        }

        private int reader() {
            return from(Slots.PIPES, Slots.UNIX, 2);
        }

        private int writer() {
            return from(Slots.PIPES + 1, Slots.UNIX, 2);
        }

        private int socket() {
            return from(Slots.UNIX, Slots.DEVICES, 1);
        }

        private int source() {
            return switch (random.nextInt(4)) {
                case 0 -> file();
                case 1 -> socket();
                case 2 -> reader();
                default -> any();
            };
        }

        private int sink() {
            return switch (random.nextInt(4)) {
                case 0 -> file();
                case 1 -> socket();
                case 2 -> writer();
                default -> any();
            };
        }

        private int spliceFlags() {
            int flags = random.nextInt(30) == 0 ? random.nextInt(64) : random.nextInt(16);
            // A wait would be for ever: all descriptors are non-blocking, and a pipe's own flag counts.
            return random.nextInt(3) == 0 ? flags : flags & ~Uapi.SPLICE_F_GIFT;
        }

        // ---- calls ----

        private Step call() {
            int kind = random.nextInt(100);
            if (kind < 10) {
                long n = len();
                return new Step(Op.WRITE, sink(), 0, at(n, false), 0, n, 0);
            }
            if (kind < 20) {
                long n = len();
                return new Step(Op.READ, source(), 0, at(n, true), 0, n, 0);
            }
            if (kind < 45) {
                return splice();
            }
            if (kind < 52) {
                return new Step(Op.TEE, reader(), writer(), 0, 0, anyLen(), spliceFlags());
            }
            if (kind < 59) {
                return vmsplice();
            }
            if (kind < 66) {
                int in = random.nextInt(4) == 0 ? source() : file();
                return new Step(Op.SENDFILE, in, sink(), maybeOffset(in), 0, anyLen(), 0);
            }
            if (kind < 70) {
                int in = file();
                int out = file();
                int flags = random.nextInt(20) == 0 ? 1 : 0;
                return new Step(Op.COPY, in, out, maybeOffset(in), maybeOffset(out), anyLen(), flags);
            }
            return kind < 85 ? onFile() : onDescriptor();
        }

        private Step splice() {
            int in;
            int out;
            switch (random.nextInt(8)) {
                case 0, 1 -> {
                    in = file();
                    out = writer();
                }
                case 2 -> {
                    in = reader();
                    out = file();
                }
                case 3 -> {
                    in = reader();
                    out = writer();
                }
                case 4 -> {
                    in = reader();
                    out = socket();
                }
                case 5 -> {
                    in = socket();
                    out = writer();
                }
                case 6 -> {
                    in = source();
                    out = writer();
                }
                default -> {
                    in = reader();
                    out = sink();
                }
            }
            return new Step(Op.SPLICE, in, out, maybeOffset(in), maybeOffset(out), anyLen(), spliceFlags());
        }

        private Step vmsplice() {
            int pipe = random.nextInt(6) == 0 ? reader() : writer();
            boolean read = (pipe & 1) == 0;
            long n = len();
            int flags = spliceFlags() | Uapi.SPLICE_F_NONBLOCK;
            int none = random.nextInt(40) == 0 ? random.nextInt(1023, 1027) : 0;
            long second = none == 0 && random.nextInt(3) == 0 ? at(n, read) : Step.NONE;
            return new Step(Op.VMSPLICE, pipe, none, at(n, read), second, n, flags);
        }

        private Step onFile() {
            long n = len();
            return switch (random.nextInt(15)) {
                case 0 -> new Step(Op.PREAD, file(), 0, at(n, true), offset(), n, 0);
                case 1, 2 -> new Step(Op.PWRITE, file(), 0, at(n, false), offset(), n, 0);
                case 3, 4 ->
                    new Step(Op.LSEEK, file(), 0, offset(), 0, 0, random.nextInt(30) == 0 ? 9 : random.nextInt(3));
                case 5 -> {
                    long to = random.nextInt(8) == 0 ? offset() : random.nextInt(80_000);
                    int file = file();
                    // ext4 begins to write back a file that was cut to nothing, see Actor.file.
                    yield new Step(Op.TRUNCATE, file, 0, 0, 0, to == 0 && file > 1 ? 1 : to, 0);
                }
                case 6, 7 -> {
                    int mode = random.nextInt(5) == 0
                            ? new int[] {0, Uapi.FALLOC_FL_KEEP_SIZE, Uapi.FALLOC_FL_PUNCH_HOLE}[random.nextInt(3)]
                            : Uapi.FALLOC_FL_PUNCH_HOLE | Uapi.FALLOC_FL_KEEP_SIZE;
                    long off = random.nextInt(10) == 0 ? -1 : random.nextInt(40_000);
                    yield new Step(Op.FALLOCATE, file(), 0, random.nextBoolean() ? off : off & -PAGE, 0, n, mode);
                }
                case 8, 9 -> new Step(Op.STORE, file(), 0, random.nextInt(40_000), 0, 1 + random.nextInt(50), 0);
                case 12 -> new Step(Op.STAMP, file(), 0, random.nextInt(2), 0, 0, 0);
                case 13, 14 -> new Step(Op.CHANGED, file(), 0, 0, 0, 0, 0);
                case 10 -> new Step(Op.DROP, random.nextInt(2), 0, 0, 0, 0, 0);
                default -> new Step(Op.TOUCH, 0, 0, at(64, false), 0, 1 + random.nextInt(64), 0);
            };
        }

        private int urgent() {
            return random.nextInt(4) == 0 ? Uapi.MSG_OOB : 0;
        }

        @SuppressWarnings("RefactorSwitch") // some cases take a few statements
        private Step onDescriptor() {
            switch (random.nextInt(14)) {
                case 0 -> {
                    return new Step(Op.CLOSE, any(), 0, 0, 0, 0, 0);
                }
                case 1 -> {
                    int slot = random.nextInt(Slots.DUPLICATES, Slots.COUNT);
                    open[slot] = true;
                    return new Step(Op.DUP, any(), slot, 0, 0, 0, 0);
                }
                case 2 -> {
                    int slot = random.nextInt(3) == 0 ? any() : random.nextInt(Slots.DUPLICATES, Slots.COUNT);
                    return new Step(Op.DUP3, any(), slot, 0, 0, 0, random.nextInt(8) == 0 ? 1 : Uapi.O_CLOEXEC);
                }
                case 3 -> {
                    return new Step(random.nextBoolean() ? Op.GETFL : Op.STAT, any(), 0, 0, 0, 0, 0);
                }
                case 4 -> {
                    int append = random.nextInt(3) == 0 ? Uapi.O_APPEND : 0;
                    boolean packets = random.nextInt(3) == 0;
                    return packets
                            ? new Step(Op.SETFL, writer(), 0, 0, 0, 0, append | Uapi.O_DIRECT)
                            : new Step(Op.SETFL, any(), 0, 0, 0, 0, append);
                }
                case 5 -> {
                    return new Step(Op.PIPE_SIZE, reader(), 0, 0, 0, 0, 0);
                }
                case 6, 7 -> {
                    long n = random.nextInt(10) == 0
                            ? new long[] {-1, 1L << 31, (1L << 31) + 1, 1L << 40, 0, 3 << 20}[random.nextInt(6)]
                            : random.nextInt(3) == 0 ? random.nextInt(200_000) : (long) PAGE << random.nextInt(6);
                    return new Step(Op.RESIZE, random.nextBoolean() ? reader() : writer(), 0, 0, 0, n, 0);
                }
                case 8 -> {
                    return new Step(Op.FIONREAD, any(), 0, 0, 0, 0, 0);
                }
                case 9 -> {
                    return new Step(Op.POLL, any(), 0, 0, 0, 0, random.nextInt(64));
                }
                case 10 -> {
                    return new Step(Op.SHUTDOWN, socket(), 0, 0, 0, 0, random.nextInt(12) == 0 ? 3 : random.nextInt(3));
                }
                case 11 -> {
                    long n = len();
                    int flags = Uapi.MSG_DONTWAIT | (random.nextBoolean() ? Uapi.MSG_PEEK : 0) | urgent();
                    return new Step(Op.RECV, socket(), 0, at(n, true), 0, n, flags);
                }
                case 12 -> {
                    long n = len();
                    int flags = Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL | urgent();
                    return new Step(Op.SEND, socket(), 0, at(n, false), 0, n, flags);
                }
                default -> {
                    return random.nextInt(3) == 0
                            ? new Step(Op.RESET, socket(), 0, 0, 0, 0, 0)
                            : new Step(Op.CLOSE, random.nextBoolean() ? socket() : writer(), 0, 0, 0, 0, 0);
                }
            }
        }
    }
}
