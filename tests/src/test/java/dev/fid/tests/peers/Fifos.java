package dev.fid.tests.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// FIFOs that are held open and have room, so that nobody who writes into one has to wait.
final class Fifos implements AutoCloseable {
    private static final Kernel KERNEL = Kernel.linux();
    private static final int ROOM = 1 << 20;

    private final List<Integer> held = new ArrayList<>();

    void make(Path path) {
        Things.check(KERNEL.mknodat(Uapi.AT_FDCWD, Things.bytes(path), Uapi.S_IFIFO | 0640, 0));
        int how = Uapi.O_RDWR | Uapi.O_NONBLOCK | Uapi.O_CLOEXEC;
        int fd = KERNEL.openat(Uapi.AT_FDCWD, Things.bytes(path), how, 0);
        Things.check(fd);
        Things.check(KERNEL.fcntl(fd, Uapi.F_SETPIPE_SZ, ROOM));
        held.add(fd);
    }

    /// All that is in them.
    String written() {
        StringBuilder all = new StringBuilder();
        try (Memory memory = KERNEL.allocate(ROOM)) {
            for (int fd : held) {
                long read = KERNEL.read(fd, memory, 0, ROOM);
                if (read > 0) {
                    all.append(new String(memory.bytes(0, (int) read), ISO_8859_1));
                }
            }
        }
        return all.toString();
    }

    @Override
    public void close() {
        held.forEach(KERNEL::close);
    }
}
