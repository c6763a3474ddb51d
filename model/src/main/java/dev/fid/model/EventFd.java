package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;

/// The counter of eventfd(2). Source: fs/eventfd.c.
final class EventFd extends Inode {
    private long count;

    EventFd(Machine machine, FileSystem fileSystem, int initial) {
        super(machine, fileSystem, 0600);
        count = Integer.toUnsignedLong(initial);
    }

    @Override
    FileOperations operations() {
        return machine.profile.operations(FileOperations.Kind.OTHER);
    }

    /// `noop_llseek`, since Linux 2.6.37: a position that stays 0, though there is no pread.
    @Override
    boolean seekable() {
        return machine.profile.seeksAnything();
    }

    @Override
    boolean positioned() {
        return false;
    }

    @Override
    long seek(OpenFile file, long off, int whence) {
        return 0;
    }

    @Override
    long read(OpenFile file, Iter to, Offset pos) {
        if (to.count() < 8) {
            return -Errno.EINVAL;
        }
        while (count == 0) {
            if (file.nonblocking()) {
                return -Errno.EAGAIN;
            }
            machine.sleep();
        }
        Page page = new Folio(machine, 1).pages[0];
        for (int i = 0; i < 8; i++) {
            page.bytes()[i] = (byte) (count >>> (8 * i));
        }
        int copied = to.copyTo(page, 0, 8);
        page.put();
        count = 0;
        departures++;
        machine.wake();
        return copied < 8 ? -Errno.EFAULT : 8;
    }

    @Override
    long write(OpenFile file, Iter from, Offset pos) {
        if (from.count() != 8) { // eventfd_write: more was a write of 8 before Linux 6.9
            return -Errno.EINVAL;
        }
        Page page = new Folio(machine, 1).pages[0];
        int copied = from.copyFrom(page, 0, 8);
        long value = 0;
        for (int i = 7; i >= 0; i--) {
            value = (value << 8) | (page.bytes()[i] & 0xff);
        }
        page.put();
        return copied < 8 ? -Errno.EFAULT : add(file, value);
    }

    long add(OpenFile file, long value) {
        if (value == -1) {
            return -Errno.EINVAL;
        }
        // the counter is unsigned and stays below its largest value
        while (Long.compareUnsigned(-1 - count, value) <= 0) {
            if (file.nonblocking()) {
                return -Errno.EAGAIN;
            }
            machine.sleep();
        }
        count += value;
        arrivals++;
        machine.wake();
        return 8;
    }

    @Override
    int poll(OpenFile file) {
        int mask = 0;
        if (count != 0) {
            mask |= Uapi.POLLIN;
        }
        if (count == -1) {
            mask |= Uapi.POLLERR;
        }
        if (Long.compareUnsigned(count, -2) < 0) {
            mask |= Uapi.POLLOUT;
        }
        return mask;
    }
}
