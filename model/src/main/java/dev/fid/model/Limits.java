package dev.fid.model;

/// What a model kernel has of everything. The defaults are those of a usual machine, and of a process without
/// privileges as far as pipes go.
///
/// @param diskBlocks blocks of 4096 bytes of each file system (ENOSPC)
/// @param files descriptors of the process (EMFILE), RLIMIT_NOFILE
/// @param fileSize bytes of the longest file that may be written (EFBIG), RLIMIT_FSIZE
/// @param memoryPages pages of memory (ENOMEM)
/// @param pipeMaxSize bytes, `/proc/sys/fs/pipe-max-size` (EPERM)
/// @param pipeUserPagesSoft pages, `/proc/sys/fs/pipe-user-pages-soft`: new pipes get 2 slots beyond it, and no pipe
///     may grow (EPERM); 0 is no limit
/// @param pipeUserPagesHard pages, `/proc/sys/fs/pipe-user-pages-hard`: no new pipes beyond it (ENFILE); 0 is no
///     limit
/// @param privileged whether the process has CAP_SYS_RESOURCE, which lifts the limits of pipes
public record Limits(
        long diskBlocks,
        int files,
        long fileSize,
        long memoryPages,
        long pipeMaxSize,
        long pipeUserPagesSoft,
        long pipeUserPagesHard,
        boolean privileged) {
    /// 1 GiB of disk, 1024 descriptors, 4 GiB of memory, pipes of at most 1 MiB and 64 MiB together.
    public static final Limits USUAL = new Limits(1 << 18, 1024, Long.MAX_VALUE, 1 << 20, 1 << 20, 16384, 0, false);

    /// The same with another value.
    public Limits withDiskBlocks(long blocks) {
        return new Limits(
                blocks, files, fileSize, memoryPages, pipeMaxSize, pipeUserPagesSoft, pipeUserPagesHard, privileged);
    }

    /// The same with another value.
    public Limits withFiles(int most) {
        return new Limits(
                diskBlocks, most, fileSize, memoryPages, pipeMaxSize, pipeUserPagesSoft, pipeUserPagesHard, privileged);
    }

    /// The same with another value.
    public Limits withFileSize(long bytes) {
        return new Limits(
                diskBlocks, files, bytes, memoryPages, pipeMaxSize, pipeUserPagesSoft, pipeUserPagesHard, privileged);
    }

    /// The same with another value.
    public Limits withMemoryPages(long pages) {
        return new Limits(
                diskBlocks, files, fileSize, pages, pipeMaxSize, pipeUserPagesSoft, pipeUserPagesHard, privileged);
    }

    /// The same with another value.
    public Limits withPipes(long maxSize, long userPagesSoft, long userPagesHard) {
        return new Limits(diskBlocks, files, fileSize, memoryPages, maxSize, userPagesSoft, userPagesHard, privileged);
    }
}
