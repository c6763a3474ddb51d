package dev.fid.model;

import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import org.jspecify.annotations.Nullable;

/// A pipe or FIFO: both ends are open files of one inode, which holds the ring while any is open.
final class Pipe extends Inode {
    private @Nullable PipeRing ring;

    Pipe(Machine machine, FileSystem fileSystem, int permissions) {
        super(machine, fileSystem, Uapi.S_IFIFO | (permissions & 07777));
    }

    /// `get_pipe_info`: the ring if the file is a pipe.
    static @Nullable PipeRing of(OpenFile file) {
        return file.inode instanceof Pipe pipe && !file.pathOnly() ? pipe.ring : null;
    }

    PipeRing ring() {
        PipeRing open = ring;
        if (open == null) {
            throw new IllegalStateException("the pipe is not open");
        }
        return open;
    }

    /// Makes the ring with the first open file; false is ENFILE (ENOMEM for a FIFO).
    boolean prepare() {
        if (ring == null) {
            ring = PipeRing.allocate(machine);
        }
        return ring != null;
    }

    /// An open file comes to the ring.
    void attach(OpenFile file) {
        PipeRing open = ring();
        if (file.readable) {
            open.readers++;
            open.readersEver++;
        }
        if (file.writable) {
            open.writers++;
            open.writersEver++;
        }
        machine.wake();
    }

    @Override
    FileOperations operations() {
        return machine.profile.operations(FileOperations.Kind.PIPE);
    }

    @Override
    long read(OpenFile file, Iter to, Offset pos) {
        machine.ledger.pass("pipe_read");
        return ring().read(to, file.nonblocking());
    }

    @Override
    long write(OpenFile file, Iter from, Offset pos) {
        machine.ledger.pass("pipe_write");
        return ring().write(from, file.nonblocking(), slotFlags(file));
    }

    /// `is_packetized`: a pipe's O_DIRECT, at the time of each write.
    static int slotFlags(OpenFile file) {
        return (file.flags & Uapi.O_DIRECT) != 0 ? PipeBuffer.PACKET : PipeBuffer.CAN_MERGE;
    }

    @Override
    int poll(OpenFile file) {
        // f_pipe, set by a FIFO's reader that opened before any writer, counts in Linux 6.18
        return ring().poll(file, file.writersAtOpen);
    }

    @Override
    int fionread(OpenFile file) {
        return (int) ring().buffered();
    }

    @Override
    int arrivals() {
        PipeRing open = ring;
        return open == null ? 0 : open.arrivals;
    }

    @Override
    int departures() {
        PipeRing open = ring;
        return open == null ? 0 : open.departures;
    }

    @Override
    void release(OpenFile file) {
        PipeRing open = ring();
        if (file.readable) {
            open.readers--;
            open.departures++;
        }
        if (file.writable) {
            open.writers--;
            open.arrivals++;
        }
        if (open.readers == 0 && open.writers == 0) {
            open.free();
            ring = null;
        }
        machine.wake();
    }
}
