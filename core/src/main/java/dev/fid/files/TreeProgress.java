package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.kernel.Stat;
import dev.fid.path.Entries;
import java.util.ArrayList;
import java.util.List;

/// Counts what a tree has to copy, beside the copying, so that progress can tell of how much. It only ever
/// informs: what it cannot read it leaves out, and what is too deep for it leaves the total unknown.
final class TreeProgress {
    private final Kernel kernel;
    private final boolean follow;
    private final int deepest;
    private volatile boolean stopped;
    private volatile boolean complete;
    private boolean tooDeep;
    private long files;
    private long bytes;
    private final Thread thread;

    private TreeProgress(Tree wish, int deepest) {
        this.deepest = deepest;
        this.kernel = wish.kernel();
        this.follow = wish.follow;
        List<byte[]> paths = new ArrayList<>();
        for (Name name : wish.in) {
            paths.add(name.bytes());
        }
        thread = new Thread(() -> count(paths), "fid-census");
        thread.setDaemon(true);
    }

    /// Begins to count.
    ///
    /// @param deepest levels that it may open at once
    static TreeProgress start(Tree wish, int deepest) {
        TreeProgress census = new TreeProgress(wish, deepest);
        census.thread.start();
        return census;
    }

    boolean complete() {
        return complete;
    }

    /// Valid once {@link #complete}.
    long files() {
        return files;
    }

    /// As {@link #files}.
    long bytes() {
        return bytes;
    }

    void stop() {
        stopped = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void count(List<byte[]> paths) {
        try (Entries entries = new Entries(kernel)) {
            for (byte[] path : paths) {
                count(entries, AT_FDCWD, path, 0);
            }
            complete = !stopped && !tooDeep;
        } catch (RuntimeException | Error e) {
            complete = false; // without a total, then
        }
    }

    private void count(Entries entries, int dir, byte[] name, int depth) {
        Stat stat = new Stat();
        int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
        if (stopped || kernel.statx(dir, name, flags, STATX_BASIC_STATS, stat) < 0) {
            return;
        }
        if (stat.type() == S_IFREG) {
            files++;
            bytes += stat.size;
        }
        if (stat.type() != S_IFDIR) {
            return;
        }
        if (depth == deepest) {
            tooDeep = true;
            return;
        }
        int fd = kernel.openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), 0);
        if (fd < 0) {
            return;
        }
        try {
            List<Entries.Entry> some;
            while (!stopped && (some = entries.next(fd)) != null) {
                for (Entries.Entry entry : some) {
                    if (entry.type() == Entries.REGULAR
                            || entry.type() == Entries.DIRECTORY
                            || entry.type() == Entries.UNKNOWN
                            || follow) {
                        count(entries, fd, entry.name(), depth + 1);
                    }
                }
            }
        } catch (ErrnoException e) {
            return; // the copying will say so
        } finally {
            kernel.close(fd);
        }
    }
}
