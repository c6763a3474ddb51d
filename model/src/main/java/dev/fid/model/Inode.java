package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;

/// What a name or a descriptor stands for: file, directory, pipe, socket, device. Its methods are the calls that the
/// kernel finds in `struct file_operations`; what splice finds there is in {@link FileOperations}, because it is what
/// profiles differ in. Every method is called with the machine's lock held and answers like a system call.
abstract class Inode {
    final Machine machine;
    final FileSystem fileSystem;
    final long number;
    int mode;
    int links;
    long accessedNanos;
    long modifiedNanos;
    private long changedNanos;

    Inode(Machine machine, FileSystem fileSystem, int mode) {
        this.machine = machine;
        this.fileSystem = fileSystem;
        this.mode = mode;
        number = fileSystem.nextInode();
        modified();
        accessedNanos = modifiedNanos;
    }

    long changedNanos() {
        return changedNanos;
    }

    /// `inode_set_ctime_current`: a time that nobody was told before (multigrain timestamps).
    final void changed() {
        changedNanos = Math.max(machine.clock.nanos(), changedNanos + 1);
    }

    /// `file_update_time`.
    final void modified() {
        changed();
        modifiedNanos = changedNanos;
    }

    /// `file_accessed`; of regular files alone.
    void accessed(OpenFile file) {}

    int type() {
        return mode & Uapi.S_IFMT;
    }

    /// The table of this kind of file in the kernel's profile.
    abstract FileOperations operations();

    /// Whether the file has a position (FMODE_LSEEK).
    boolean seekable() {
        return false;
    }

    /// Whether pread and an offset of splice are possible (FMODE_PREAD, FMODE_PWRITE).
    boolean positioned() {
        return seekable();
    }

    /// FMODE_CAN_READ and FMODE_CAN_WRITE: whether there is a read and a write at all.
    boolean readableKind() {
        return true;
    }

    boolean writableKind() {
        return true;
    }

    long read(OpenFile file, Iter to, Offset pos) {
        return -Errno.EINVAL;
    }

    long write(OpenFile file, Iter from, Offset pos) {
        return -Errno.EINVAL;
    }

    long seek(OpenFile file, long off, int whence) {
        return -Errno.ESPIPE;
    }

    /// Bits of poll(2).
    abstract int poll(OpenFile file);

    /// Whether epoll accepts it (`file_can_poll`).
    boolean pollable() {
        return true;
    }

    int fionread(OpenFile file) {
        return -Errno.ENOTTY;
    }

    long size() {
        return 0;
    }

    long blocks() {
        return 0;
    }

    /// The last descriptor of `file` is closed.
    void release(OpenFile file) {}

    /// Counts what made the file readable, and what made it writable: an epoll sees edges in it.
    int arrivals;

    int departures;

    int arrivals() {
        return arrivals;
    }

    int departures() {
        return departures;
    }

    /// Neither a name nor an open file is left.
    void evict() {}

    private int holders;
    private final java.util.Set<OpenFile> sharers = new java.util.HashSet<>();
    private boolean exclusive;

    /// flock(2): false where somebody else has it.
    final boolean lock(OpenFile file, boolean alone) {
        boolean free = sharers.isEmpty() || !(alone || exclusive);
        if (free) {
            sharers.add(file);
            exclusive = alone;
        }
        return free;
    }

    final void unlock(OpenFile file) {
        if (sharers.remove(file)) {
            exclusive = false;
            machine.wake();
        }
    }

    final void hold() {
        holders++;
    }

    final void drop() {
        holders--;
        evictIfUnused();
    }

    final void evictIfUnused() {
        if (holders == 0 && links == 0) {
            evict();
        }
    }
}
