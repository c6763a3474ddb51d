package dev.fid.tests.faults;

import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/// The peers of a trial's streams. They run in the library's own thread, just before each of its polls, until
/// what it polls for is ready: so a trial makes the same calls every time. A poll for what can never become ready
/// is found out at once, without a wait.
final class World implements AutoCloseable {
    private static final int PIECE = 12 << 10; // 12 KiB

    private final Kernel kernel;
    private final Memory memory;
    private final Random random;
    private final List<Peer> peers = new ArrayList<>();
    private final Deque<Integer> opened = new ArrayDeque<>();

    World(Kernel kernel, Random random) {
        this.kernel = kernel;
        this.memory = kernel.allocate(64 << 10);
        this.random = random;
    }

    /// The other end of a stream.
    interface Peer {
        /// Does a little; false where nothing could be done.
        boolean step();
    }

    /// Lets the peers go on before every poll of the library.
    void drive(FaultyKernel faulty) {
        faulty.on("poll").every().runs(call -> {
            int[] fds = (int[]) Objects.requireNonNull(call.arguments().get(0));
            short[] events = (short[]) Objects.requireNonNull(call.arguments().get(1));
            int count = (int) Objects.requireNonNull(call.arguments().get(3));
            int millis = (int) Objects.requireNonNull(call.arguments().get(4));
            if (millis == 0) {
                return; // only asks
            }
            while (kernel.poll(fds, events, new short[count], count, 0) == 0) {
                if (step()) {
                    continue;
                }
                if (millis < 0) {
                    throw new Watched.Endless("it waits for ever for " + Arrays.toString(Arrays.copyOf(fds, count))
                            + ", and its peers have nothing more to do");
                }
                return; // it waits in slices, or as long as its patience lasts
            }
        });
    }

    /// Each peer does a little; false where none could.
    boolean step() {
        boolean moved = false;
        for (Peer peer : peers) {
            moved |= peer.step();
        }
        return moved;
    }

    /// Lets the peers take what is still on its way.
    void settle() {
        while (step()) {
            Thread.onSpinWait();
        }
    }

    // ---- descriptors ----

    /// Closes it after the trial.
    int keep(int fd) {
        opened.add(check(fd));
        return fd;
    }

    private static int check(int result) {
        if (result < 0) {
            throw new AssertionError("no descriptor: " + Errno.name(-result));
        }
        return result;
    }

    /// Somebody else closes it.
    int giveAway(int fd) {
        opened.remove((Integer) fd);
        return fd;
    }

    private void closeNow(int fd) {
        opened.remove((Integer) fd);
        kernel.close(fd);
    }

    /// A pipe of one page or more; the peers' end never blocks. `[0]` is its read end.
    int[] pipe(long capacity, boolean readBlocks, boolean writeBlocks) {
        int[] fds = new int[2];
        check(kernel.pipe2(fds, Uapi.O_CLOEXEC));
        kernel.fcntl(keep(fds[0]), Uapi.F_SETPIPE_SZ, capacity);
        kernel.fcntl(fds[0], Uapi.F_SETFL, readBlocks ? 0 : Uapi.O_NONBLOCK);
        kernel.fcntl(keep(fds[1]), Uapi.F_SETFL, writeBlocks ? 0 : Uapi.O_NONBLOCK);
        return fds;
    }

    /// A pair with small buffers: `[0]` is the library's.
    int[] pair(boolean blocks) {
        int[] fds = new int[2];
        check(kernel.socketpair(Uapi.AF_UNIX, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC, 0, fds));
        for (int i = 0; i < 2; i++) {
            kernel.setsockopt(keep(fds[i]), Uapi.SOL_SOCKET, Uapi.SO_SNDBUF, 8 << 10);
            kernel.fcntl(fds[i], Uapi.F_SETFL, blocks && i == 0 ? Uapi.O_RDWR : Uapi.O_RDWR | Uapi.O_NONBLOCK);
        }
        return fds;
    }

    // ---- peers ----

    /// Writes `bytes` to `fd`, piece by piece, once `after` has read its end; then half-closes, or closes a pipe.
    void feed(int fd, byte[] bytes, boolean socket, Reader... after) {
        int[] at = {0};
        boolean[] ended = {false};
        peers.add(() -> {
            if (ended[0] || !Arrays.stream(after).allMatch(reader -> reader.ended)) {
                return false;
            }
            if (at[0] == bytes.length) {
                ended[0] = true;
                if (socket) {
                    kernel.shutdown(fd, Uapi.SHUT_WR);
                } else {
                    closeNow(fd);
                }
                return true;
            }
            int len = Math.min(bytes.length - at[0], 1 + random.nextInt(PIECE));
            memory.put(0, bytes, at[0], len);
            long written = socket
                    ? kernel.send(fd, memory, 0, len, Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL)
                    : kernel.write(fd, memory, 0, len);
            at[0] += (int) Math.max(0, written);
            ended[0] = written == -Errno.EPIPE;
            return written > 0;
        });
    }

    /// Collects what arrives at `fd`.
    Reader read(int fd) {
        Reader reader = new Reader(fd);
        peers.add(reader);
        return reader;
    }

    final class Reader implements Peer {
        private final int fd;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        boolean ended;
        /// Reads nothing until {@link #settle}.
        boolean lazy;
        /// Bytes that it reads at once, at most.
        int most = PIECE;

        private Reader(int fd) {
            this.fd = fd;
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }

        @Override
        public boolean step() {
            if (ended || lazy) {
                return false;
            }
            long got = kernel.read(fd, memory, 0, 1 + random.nextInt(most));
            ended = got == 0;
            if (got > 0) {
                bytes.writeBytes(memory.bytes(0, (int) got));
            }
            return got >= 0;
        }
    }

    @Override
    public void close() {
        opened.forEach(kernel::close);
        memory.close();
    }
}
