package dev.fid.model;

import java.util.ArrayList;
import java.util.List;

/// The process that calls the kernel: descriptors, memory, names, and the pipe that its sendfile uses inside.
final class Task {
    final Machine machine;
    final FdTable fds;
    final AddressSpace space;
    final Names names;
    final FileSystem disk;
    /// /dev/shm.
    final FileSystem memory;
    /// What memfd_create(2) makes: the kernel's own mount of tmpfs, not the one at /dev/shm (`shm_mnt`).
    final FileSystem kernelMemory;
    final FileSystem pipes;
    final FileSystem sockets;
    final FileSystem anonymous;
    final PipeRing splicePipe;
    final Loopback loopback;
    /// All regular files made, for the count of pages.
    final List<RegularFile> files = new ArrayList<>();

    Task(Machine machine) {
        this.machine = machine;
        fds = new FdTable(machine);
        space = new AddressSpace(machine);
        disk = FileSystem.ext4(0xfe00_0000_0000L, machine.limits.diskBlocks());
        memory = FileSystem.tmpfs(0x15, machine.limits.diskBlocks());
        kernelMemory = FileSystem.kernelMemory(machine.limits.diskBlocks());
        pipes = FileSystem.nameless(0x50495045, 0xd);
        sockets = FileSystem.nameless(0x534f434b, 0x8);
        anonymous = FileSystem.nameless(0x09041934, 0xe);
        names = new Names(machine, fds, disk, memory, FileSystem.tmpfs(0x6, 0));
        splicePipe = PipeRing.internal(machine);
        loopback = new Loopback(machine, sockets);
    }

    RegularFile newFile(FileSystem fileSystem, int permissions) {
        RegularFile file = new RegularFile(machine, fileSystem, permissions);
        files.add(file);
        return file;
    }
}
