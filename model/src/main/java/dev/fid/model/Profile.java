package dev.fid.model;

import java.util.Map;

/// Which kernel the model is. All that differs between them is said here.
public enum Profile {
    /// The kernel of the articles: pipes of 16 slots that cannot be resized, `generic_file_splice_read`,
    /// `pipe_to_file`, `pipe_to_sendpage`, and a kind matrix with more holes: unix and datagram sockets cannot
    /// be spliced into a pipe. Source: fs/splice.c of Linux 2.6.17, from where these names are; what came until
    /// 2.6.32 (`splice_direct_to_actor`, `default_file_splice_read`) has the name it came with.
    LINUX_2_6,

    /// Linux 6.18: `filemap_splice_read`, `iter_file_splice_write`, `splice_to_socket`, slots of several pages.
    LINUX_6_18,

    /// A kernel in which nothing aliases, as was discussed in 2026: splice of a file into a pipe copies, vmsplice is a
    /// plain write or read, and SPLICE_F_GIFT is EOPNOTSUPP.
    LINUX_COPYING;

    /// `file_operations` of each kind of file.
    FileOperations operations(FileOperations.Kind kind) {
        return switch (this) {
            case LINUX_2_6 ->
                switch (kind) {
                    case DISK_FILE, MEMORY_FILE ->
                        new FileOperations(FileSplices::genericFileSpliceRead, FileSplices::genericFileSpliceWrite);
                    case TCP -> new FileOperations(Socket::sockSpliceRead, Socket::genericSpliceSendpage);
                    case UNIX_STREAM, DATAGRAM -> new FileOperations(null, Socket::genericSpliceSendpage);
                    case NULL -> new FileOperations(null, FileSplices::spliceWriteNull);
                    case ZERO -> new FileOperations(FileSplices::copySpliceRead, null);
                    case FULL -> new FileOperations(FileSplices::copySpliceRead, null);
                    case PIPE, OTHER -> new FileOperations(null, null);
                };
            case LINUX_6_18 ->
                switch (kind) {
                    case DISK_FILE ->
                        new FileOperations(FileSplices::filemapSpliceRead, FileSplices::iterFileSpliceWrite);
                    case MEMORY_FILE ->
                        new FileOperations(FileSplices::shmemFileSpliceRead, FileSplices::iterFileSpliceWrite);
                    case TCP, UNIX_STREAM -> new FileOperations(Socket::sockSpliceRead, Socket::spliceToSocket);
                    // sock_splice_read finds no splice_read of the protocol
                    case DATAGRAM -> new FileOperations(FileSplices::copySpliceRead, Socket::spliceToSocket);
                    case NULL -> new FileOperations(null, FileSplices::spliceWriteNull);
                    case ZERO -> new FileOperations(FileSplices::copySpliceRead, FileSplices::spliceWriteNull);
                    case FULL -> new FileOperations(FileSplices::copySpliceRead, null);
                    // a pipe's own splice_write is only for the kernel's use
                    case PIPE, OTHER -> new FileOperations(null, null);
                };
            case LINUX_COPYING ->
                switch (kind) {
                    case DISK_FILE, MEMORY_FILE ->
                        new FileOperations(FileSplices::copySpliceRead, FileSplices::iterFileSpliceWrite);
                    default -> LINUX_6_18.operations(kind);
                };
        };
    }

    /// F_SETPIPE_SZ came with Linux 2.6.35.
    boolean resizesPipes() {
        return this != LINUX_2_6;
    }

    /// O_DIRECT of a pipe (packets) came with Linux 3.4.
    boolean hasPackets() {
        return this != LINUX_2_6;
    }

    /// Since Linux 2.6.37 lseek(2) of an eventfd or epoll says 0; before it was a file's.
    boolean seeksAnything() {
        return this != LINUX_2_6;
    }

    /// ioctl(2) of an epoll came with Linux 6.9.
    boolean asksEpoll() {
        return this != LINUX_2_6;
    }

    /// The user limits of pipes came with Linux 4.5.
    boolean accountsPipes() {
        return this != LINUX_2_6;
    }

    /// Since Linux 6.5 a file opened O_DIRECT is not spliced by its page cache.
    boolean directReadsCopy() {
        return this != LINUX_2_6;
    }

    /// vmsplice writes and reads instead of lending pages.
    boolean vmspliceCopies() {
        return this == LINUX_COPYING;
    }

    /// copy_file_range(2) came with Linux 4.5.
    boolean copiesRanges() {
        return this != LINUX_2_6;
    }

    /// sendfile(2) into a pipe came with Linux 5.12.
    boolean sendsIntoPipes() {
        return this != LINUX_2_6;
    }

    /// What a function of today was called in the kernel of the articles, around Linux 2.6.32, where that differs.
    private static final Map<String, String> THEN = Map.ofEntries(
            Map.entry("filemap_read", "generic_file_aio_read"),
            Map.entry("shmem_file_read_iter", "shmem_file_aio_read"),
            Map.entry("filemap_read_folio", "readpage"),
            Map.entry("copy_page_to_iter", "file_read_actor"),
            Map.entry("copy_page_from_iter", "pipe_iov_copy_from_user"),
            Map.entry("ext4_file_write_iter", "ext4_file_write"),
            Map.entry("shmem_file_write_iter", "generic_file_aio_write"),
            Map.entry("copy_splice_read", "default_file_splice_read"),
            Map.entry("iter_to_pipe", "splice_to_pipe"));

    /// The name of `function` in this kernel.
    String nameOf(String function) {
        return this == LINUX_2_6 ? THEN.getOrDefault(function, function) : function;
    }

    /// `do_splice_to` has another name since Linux 6.5.
    String nameOfSpliceTo() {
        return this == LINUX_2_6 ? "do_splice_to" : "do_splice_read";
    }
}
