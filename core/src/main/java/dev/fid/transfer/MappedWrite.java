package dev.fid.transfer;

import static dev.fid.kernel.MoveCall.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.run.Meter;
import org.jspecify.annotations.Nullable;

/// write(2) from a mapping of the input. A page that was cut off meanwhile makes the write say EFAULT, where
/// touching it ourselves would raise SIGBUS.
final class MappedWrite extends Mover {
    private final long window;
    private @Nullable Memory mapped;
    private long mappedAt;
    private long mappedLength;
    /// Where the next byte is, once some were written; -1 before, or where an offset tells.
    private long stands = -1;

    MappedWrite(MoveContext course, long window) {
        super(course);
        this.window = window;
    }

    @Override
    long move(long len) {
        int in = course.in().number();
        Offset offIn = course.offIn();
        long at = offIn != null ? offIn.value : stands >= 0 ? stands : kernel.lseek(in, 0, SEEK_CUR);
        Stat stat = new Stat();
        int status = kernel.fstat(in, stat);
        if (at < 0 || status < 0) {
            return Math.min(at, status);
        }
        if (at >= stat.size) {
            // The read(2) that confirms the end goes by the position.
            return stands < 0 ? 0 : Math.min(0, kernel.lseek(in, stands, SEEK_SET));
        }
        Memory memory = mapped;
        if (memory == null || at < mappedAt || at >= mappedAt + mappedLength) {
            long result = map(at, stat.size);
            if (result < 0) {
                return result;
            }
            memory = kernel.memory(result, mappedLength);
            mapped = memory;
        }
        side = Side.OUT;
        call = WRITE;
        course.tally().count(WRITE);
        long most = Math.min(Math.min(len, Meter.CHUNK), mappedAt + mappedLength - at);
        long written = write(memory, at - mappedAt, most);
        if (written > 0) {
            if (offIn == null) {
                stands = at + written;
                kernel.lseek(in, stands, SEEK_SET);
            } else {
                offIn.value += written;
            }
        }
        return written == 0 ? -Errno.EIO : written;
    }

    private long write(Memory memory, long from, long len) {
        Offset at = course.offOut();
        if (at == null) {
            return kernel.write(course.out().number(), memory, from, len);
        }
        long written = kernel.pwrite(course.out().number(), memory, from, len, at.value);
        at.value += Math.max(0, written);
        return written;
    }

    private long map(long at, long size) {
        unmap();
        side = Side.IN;
        call = MMAP;
        course.tally().count(MMAP);
        long start = at & -kernel.pageSize();
        long length = Math.min(window, size - start);
        long address = kernel.mmap(length, PROT_READ, MAP_SHARED, course.in().number(), start);
        if (address >= 0) {
            mappedAt = start;
            mappedLength = length;
            kernel.madvise(address, length, MADV_SEQUENTIAL);
        }
        return address;
    }

    private void unmap() {
        Memory memory = mapped;
        if (memory != null) {
            kernel.munmap(memory.address(), mappedLength);
            mapped = null;
        }
    }

    @Override
    public void close() {
        unmap();
    }
}
