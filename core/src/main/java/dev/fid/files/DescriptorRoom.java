package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.path.Entries;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// What a tree may open at once, by the limit of the process (RLIMIT_NOFILE) and what it has open already.
///
/// @param jobs workers
/// @param levels directories above its own that a worker keeps open
/// @param counted levels down to which is counted what there is to copy
record DescriptorRoom(int jobs, int levels, int counted) {
    private static final int MOST_LEVELS = 48;
    private static final int MOST_COUNTED = 200;
    private static final int WORKER = 10; // two files, a lock, two paths to their attributes, a pipe, a wait
    private static final int SPARE = 8; // for the rest of the process meanwhile

    /// For at most so many jobs. Where nothing can be known, or there is too little for one worker, that is tried all
    /// the same: the kernel has the last word.
    static DescriptorRoom of(Kernel kernel, int jobs, boolean counting) {
        long[] limit = new long[2];
        if (kernel.prlimit(RLIMIT_NOFILE, null, limit) < 0) {
            return new DescriptorRoom(jobs, MOST_LEVELS, MOST_COUNTED);
        }
        long free = (limit[0] < 0 ? Long.MAX_VALUE : limit[0]) - open(kernel) - SPARE;
        int counted = counting ? Math.clamp(free / 8, 1, MOST_COUNTED) : 0;
        free -= counted;
        int workers = Math.clamp(free / (WORKER + 8), 1, jobs);
        // A level is open on both sides; as many as a worker keeps are kept because they were opened again.
        int levels = Math.clamp((free - (long) workers * WORKER) / (2L * (workers + 2)), 1, MOST_LEVELS);
        return new DescriptorRoom(workers, levels, counted);
    }

    private static long open(Kernel kernel) {
        byte[] path = "/proc/self/fd".getBytes(StandardCharsets.US_ASCII);
        int fd = kernel.openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (fd < 0) {
            return 0;
        }
        long open = 0;
        try (Entries entries = new Entries(kernel)) {
            List<Entries.Entry> some;
            while ((some = entries.next(fd)) != null) {
                open += some.size();
            }
        } catch (ErrnoException e) {
            return open; // a guess is better than none
        } finally {
            kernel.close(fd);
        }
        return open;
    }
}
