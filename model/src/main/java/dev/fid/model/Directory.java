package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A directory: names and what they stand for. Names are bytes, kept as ISO 8859-1.
final class Directory extends Inode {
    final TreeMap<String, Inode> entries = new TreeMap<>();
    final Directory parent;

    Directory(Machine machine, FileSystem fileSystem, @Nullable Directory parent, int permissions) {
        super(machine, fileSystem, Uapi.S_IFDIR | (permissions & 07777));
        this.parent = parent == null ? this : parent;
    }

    @Override
    FileOperations operations() {
        return machine.profile.operations(FileOperations.Kind.OTHER);
    }

    @Override
    boolean seekable() {
        return true;
    }

    @Override
    long read(OpenFile file, Iter to, Offset pos) {
        // generic_read_dir
        return -Errno.EISDIR;
    }

    @Override
    long seek(OpenFile file, long off, int whence) {
        file.pos = off;
        return off;
    }

    @Override
    int poll(OpenFile file) {
        return Uapi.POLLIN | Uapi.POLLOUT;
    }

    @Override
    boolean pollable() {
        return false;
    }

    void put(String name, Inode inode) {
        entries.put(name, inode);
        if (inode.links++ > 0) {
            inode.changed();
        }
    }

    void remove(String name) {
        Inode gone = entries.remove(name);
        if (gone != null) {
            gone.links--;
            gone.changed();
            gone.evictIfUnused();
        }
    }
}
