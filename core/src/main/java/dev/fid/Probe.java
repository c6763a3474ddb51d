package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What is true here: which call works on which pair of descriptors, whether a spliced page is a reference or a
/// copy, and the limits of pipes and descriptors. Everything is found by trying it with a few bytes, nothing by a
/// version number.
///
/// @param fileCanary what a page of a file in the probed directory becomes in a pipe
/// @param memoryCanary what a page of user memory becomes in a pipe
/// @param pairs what each call said of each pair
/// @param pipeMaxSize bytes that one pipe may have at most
/// @param pipeUserPagesSoft pages that all pipes of this user may have; 0 where there is no limit
/// @param openFiles descriptors that this process may have
/// @param pageSize bytes of a page
public record Probe(
        Canary fileCanary,
        Canary memoryCanary,
        List<Pair> pairs,
        long pipeMaxSize,
        long pipeUserPagesSoft,
        long openFiles,
        int pageSize) {

    /// What the reader of a pipe sees of a change that came after the page was put in.
    public enum Canary {
        /// The new bytes: the pipe refers to the page. Fast, and aliased.
        ALIAS,
        /// The old bytes: the kernel made a copy.
        COPY,
        /// The kernel refused the call.
        REFUSED
    }

    /// A kind of descriptor to try.
    public enum Sample {
        PIPE,
        FILE,
        MEMFD,
        ZERO,
        NULL,
        UNIX_STREAM,
        UNIX_DATAGRAM,
        TCP,
        UDP;

        /// As the user knows it, e.g. `unix stream`.
        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
        }
    }

    /// The answer of a call to a pair.
    ///
    /// @param call SPLICE, SENDFILE or COPY_FILE_RANGE
    /// @param in the input
    /// @param out the output
    /// @param result bytes moved, or `-errno`
    public record Pair(Method call, Sample in, Sample out, long result) {
        public boolean works() {
            return result > 0;
        }

        /// `works`, or the symbol of the errno.
        public String answer() {
            return works() ? "works" : result == 0 ? "nothing" : Errno.name((int) -result);
        }
    }

    /// Probes with files in `directory`.
    ///
    /// @throws ErrnoException where no file can be made there, or no pipe
    public static Probe of(Path directory) throws ErrnoException {
        return of(Kernel.linux(), directory);
    }

    /// As {@link #of(Path)} on another kernel.
    public static Probe of(Kernel kernel, Path directory) throws ErrnoException {
        PipeBudget budget = PipeBudget.of(kernel);
        long[] files = new long[2];
        kernel.prlimit(RLIMIT_NOFILE, null, files);
        try (Trial trial = new Trial(kernel, directory)) {
            return new Probe(
                    trial.fileCanary(),
                    trial.memoryCanary(),
                    trial.pairs(),
                    budget.maxCapacity(),
                    budget.softPages(),
                    files[0],
                    kernel.pageSize());
        }
    }

    /// The descriptors of a probe, and what is tried with them.
    private static final class Trial implements AutoCloseable {
        private static final int FEW = 16;

        private final Kernel kernel;
        private final Path directory;
        private final Memory page;

        Trial(Kernel kernel, Path directory) {
            this.kernel = kernel;
            this.directory = directory;
            this.page = kernel.allocate(kernel.pageSize());
        }

        private void write(int fd, char letter) {
            for (long i = 0; i < page.size(); i++) {
                page.putByte(i, (byte) letter);
            }
            kernel.pwrite(fd, page, 0, page.size(), 0);
        }

        Canary fileCanary() throws ErrnoException {
            try (Pipe pipe = Pipe.open(kernel, PipeBudget.LEAST_CAPACITY);
                    Fd file = file()) {
                write(file.number(), 'A');
                if (pipe.fillOnce(file, new Offset(0), page.size()) <= 0) {
                    return Canary.REFUSED;
                }
                write(file.number(), 'B');
                return read(pipe);
            }
        }

        Canary memoryCanary() throws ErrnoException {
            try (Pipe pipe = Pipe.open(kernel, PipeBudget.LEAST_CAPACITY);
                    Memory lent = kernel.allocate(page.size())) {
                lent.putByte(0, (byte) 'A');
                if (kernel.vmsplice(
                                pipe.sink().number(), new Span[] {new Span(lent, 0, lent.size())}, SPLICE_F_NONBLOCK)
                        <= 0) {
                    return Canary.REFUSED;
                }
                lent.putByte(0, (byte) 'B');
                return read(pipe);
            }
        }

        private Canary read(Pipe pipe) {
            kernel.read(pipe.source().number(), page, 0, page.size());
            return page.getByte(0) == 'B' ? Canary.ALIAS : Canary.COPY;
        }

        List<Pair> pairs() throws ErrnoException {
            List<Pair> pairs = new ArrayList<>();
            for (Method call : List.of(Method.SPLICE, Method.SENDFILE, Method.COPY_FILE_RANGE)) {
                for (Sample in : Sample.values()) {
                    for (Sample out : Sample.values()) {
                        pairs.add(new Pair(call, in, out, attempt(call, in, out)));
                    }
                }
            }
            return List.copyOf(pairs);
        }

        private long attempt(Method call, Sample in, Sample out) throws ErrnoException {
            List<Fd> open = new ArrayList<>();
            try {
                int from = sample(in, true, open);
                int to = sample(out, false, open);
                if (from < 0 || to < 0) {
                    return Math.min(from, to);
                }
                return switch (call) {
                    case SENDFILE -> kernel.sendfile(from, null, to, FEW);
                    case COPY_FILE_RANGE -> kernel.copyFileRange(from, null, to, null, FEW, 0);
                    default -> kernel.splice(from, null, to, null, FEW, SPLICE_F_NONBLOCK);
                };
            } finally {
                open.forEach(Fd::close);
            }
        }

        /// A descriptor of that kind that has a few bytes ready, or can take some; non-blocking.
        private int sample(Sample sample, boolean in, List<Fd> open) throws ErrnoException {
            return switch (sample) {
                case FILE -> filled(keep(file(), open), in);
                case MEMFD -> filled(own(kernel.memfdCreate(new byte[] {'p'}, MFD_CLOEXEC), open), in);
                case ZERO -> device("/dev/zero", open);
                case NULL -> device("/dev/null", open);
                case PIPE -> {
                    int[] ends = new int[2];
                    ErrnoException.check(kernel.pipe2(ends, O_CLOEXEC | O_NONBLOCK), "pipe2", "");
                    yield ready(own(ends[0], open), own(ends[1], open), in);
                }
                case UNIX_STREAM -> pair(SOCK_STREAM, in, open);
                case UNIX_DATAGRAM -> pair(SOCK_DGRAM, in, open);
                case TCP -> tcp(in, open);
                case UDP -> udp(in, open);
            };
        }

        private int filled(int fd, boolean in) {
            if (in && fd >= 0) {
                write(fd, 'A');
            }
            return fd;
        }

        /// Puts bytes into `other` where `end` is to be read, and chooses between them.
        private int ready(int end, int other, boolean in) {
            if (in) {
                kernel.write(other, page, 0, FEW);
            }
            return in ? end : other;
        }

        private int device(String path, List<Fd> open) {
            return own(
                    kernel.openat(
                            AT_FDCWD, path.getBytes(java.nio.charset.StandardCharsets.US_ASCII), O_RDWR | O_CLOEXEC, 0),
                    open);
        }

        private int pair(int type, boolean in, List<Fd> open) throws ErrnoException {
            int[] ends = new int[2];
            ErrnoException.check(
                    kernel.socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), "socketpair", "");
            return ready(own(ends[0], open), own(ends[1], open), in);
        }

        private int tcp(boolean in, List<Fd> open) throws ErrnoException {
            Fd listener = keepFd(Fd.listen(kernel, loopback(), 1), open);
            Fd client = keepFd(Fd.connect(kernel, listener.localAddress(), null), open);
            Fd server = keepFd(listener.accept(), open);
            int end = ready(server.number(), client.number(), in);
            if (in) {
                try (Readiness readiness = new Readiness(kernel)) {
                    readiness.await(server, (short) POLLIN, Readiness.NEVER);
                }
            }
            return end;
        }

        private int udp(boolean in, List<Fd> open) throws ErrnoException {
            int receiver = own(kernel.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), open);
            int sender = own(kernel.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), open);
            kernel.bind(receiver, Addresses.encode(loopback()));
            byte[] address = new byte[16];
            kernel.getsockname(receiver, address);
            kernel.connect(sender, address);
            return ready(receiver, sender, in);
        }

        private static java.net.InetSocketAddress loopback() {
            return new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0);
        }

        private Fd file() throws ErrnoException {
            byte[] path = Opening.bytes(directory);
            int fd = kernel.openat(AT_FDCWD, path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
            if (fd >= 0) {
                return Fd.own(kernel, fd, "file");
            }
            Path named =
                    directory.resolve(".fid-probe-" + ProcessHandle.current().pid());
            byte[] name = Opening.bytes(named);
            fd = kernel.openat(AT_FDCWD, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
            ErrnoException.check(fd, "open", named.toString());
            kernel.unlinkat(AT_FDCWD, name, 0);
            return Fd.own(kernel, fd, "file");
        }

        private int own(int fd, List<Fd> open) {
            if (fd >= 0) {
                open.add(Fd.own(kernel, fd, "sample"));
            }
            return fd;
        }

        private static Fd keepFd(Fd fd, List<Fd> open) {
            open.add(fd);
            return fd;
        }

        private static int keep(Fd fd, List<Fd> open) {
            return keepFd(fd, open).number();
        }

        @Override
        public void close() {
            page.close();
        }
    }
}
