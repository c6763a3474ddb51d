package dev.fid.model;

import dev.fid.kernel.Uapi;

/// An open file, the kernel's `struct file`: what open(2) makes and dup(2) shares. Position and flags are here.
final class OpenFile {
    final Inode inode;
    /// O_APPEND, O_NONBLOCK, O_DIRECT change by fcntl(2).
    int flags;
    long pos;
    private int descriptors;

    /// What memfd_create(2) opens lacks FMODE_CAN_ODIRECT, which only `shmem_file_open` gives.
    boolean neverDirect;

    /// Writers that a FIFO had had when this reader opened it without waiting; they are no hang-up.
    int writersAtOpen;

    /// FMODE_READ and FMODE_WRITE.
    final boolean readable;
    final boolean writable;

    OpenFile(Inode inode, int flags) {
        this.inode = inode;
        this.flags = flags;
        int access = flags & Uapi.O_ACCMODE;
        boolean path = (flags & Uapi.O_PATH) != 0;
        readable = !path && (access == Uapi.O_RDONLY || access == Uapi.O_RDWR);
        writable = !path && (access == Uapi.O_WRONLY || access == Uapi.O_RDWR);
        inode.hold();
    }

    boolean nonblocking() {
        return (flags & Uapi.O_NONBLOCK) != 0;
    }

    boolean append() {
        return (flags & Uapi.O_APPEND) != 0;
    }

    /// Only names a file (O_PATH): no call but a few accepts it.
    boolean pathOnly() {
        return (flags & Uapi.O_PATH) != 0;
    }

    void get() {
        descriptors++;
    }

    /// `fput`: the last one releases the file.
    void put() {
        descriptors--;
        if (descriptors == 0) {
            inode.unlock(this);
            if (!pathOnly()) {
                inode.release(this);
            }
            inode.drop();
            inode.machine.wake();
        }
    }

    boolean closed() {
        return descriptors == 0;
    }
}
