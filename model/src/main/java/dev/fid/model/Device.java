package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;

/// `/dev/null`, `/dev/zero` and `/dev/full`. Source: drivers/char/mem.c.
final class Device extends Inode {
    private final FileOperations.Kind kind;
    final long rdev;

    Device(Machine machine, FileSystem fileSystem, FileOperations.Kind kind) {
        super(machine, fileSystem, Uapi.S_IFCHR | 0666);
        this.kind = kind;
        rdev = 1L << 32
                | switch (kind) {
                    case NULL -> 3;
                    case ZERO -> 5;
                    case FULL -> 7;
                    default -> throw new IllegalArgumentException("no such device: " + kind);
                };
    }

    @Override
    FileOperations operations() {
        return machine.profile.operations(kind);
    }

    @Override
    boolean seekable() {
        return true;
    }

    @Override
    long seek(OpenFile file, long off, int whence) {
        // null_lseek
        file.pos = 0;
        return 0;
    }

    @Override
    long read(OpenFile file, Iter to, Offset pos) {
        if (kind == FileOperations.Kind.NULL) {
            return 0;
        }
        long done = 0;
        while (to.count() > 0) {
            int part = (int) Math.min(Page.SIZE, to.count());
            int copied = to.copyTo(machine.zeroPage, 0, part);
            done += copied;
            if (copied < part) {
                return done > 0 ? done : -Errno.EFAULT;
            }
        }
        return done;
    }

    @Override
    long write(OpenFile file, Iter from, Offset pos) {
        if (kind == FileOperations.Kind.FULL) {
            return -Errno.ENOSPC;
        }
        return from.count();
    }

    @Override
    int poll(OpenFile file) {
        return Uapi.POLLIN | Uapi.POLLOUT;
    }

    @Override
    boolean pollable() {
        return false;
    }
}
