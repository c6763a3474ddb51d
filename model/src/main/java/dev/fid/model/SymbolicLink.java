package dev.fid.model;

import dev.fid.kernel.Uapi;

/// A symbolic link.
final class SymbolicLink extends Inode {
    final byte[] target;

    SymbolicLink(Machine machine, FileSystem fileSystem, byte[] target) {
        super(machine, fileSystem, Uapi.S_IFLNK | 0777);
        this.target = target.clone();
    }

    @Override
    FileOperations operations() {
        return machine.profile.operations(FileOperations.Kind.OTHER);
    }

    @Override
    int poll(OpenFile file) {
        return 0;
    }

    @Override
    long size() {
        return target.length;
    }
}
