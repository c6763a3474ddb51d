package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.PathCalls;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One directory on both sides, while something in it is still to be done.
///
/// Its descriptors may be closed while nobody uses them, so that a tree may be deeper than descriptors go: then
/// they are opened again, through `..` of a child that is at hand or by name from the nearest directory above
/// that is open, and must be the inodes that they were.
final class OpenDirectory {
    private static final int PARKED = -1;
    private static final byte[] UP = {'.', '.'};

    private final TreeRun walk;
    private final Kernel kernel;
    final @Nullable OpenDirectory parent;
    final byte[] name;
    final byte[] nameOut;
    final int depth;

    /// Of the source, from before it was read.
    final Stat stat;

    /// Whether the directory was made by this run, or one that was killed; else it was there.
    boolean made;

    /// Whether it is on the way to sources, and no part of what is copied.
    boolean leads;

    /// Things in it that are not done, the reading of it among them.
    final AtomicInteger pending = new AtomicInteger(1);

    private int in;
    private int out;
    private final Stat outStat = new Stat();
    private long position;
    private int uses;
    private boolean parking;
    private boolean ended;

    OpenDirectory(
            TreeRun walk,
            @Nullable OpenDirectory parent,
            byte[] name,
            byte[] nameOut,
            int in,
            int out,
            Stat stat,
            boolean made) {
        this.walk = walk;
        this.kernel = walk.kernel;
        this.parent = parent;
        this.name = name;
        this.nameOut = nameOut;
        this.in = in;
        this.out = out;
        this.stat = stat;
        this.made = made;
        this.depth = parent == null ? 0 : parent.depth + 1;
    }

    /// Whether it is a source itself, behind a link that is followed.
    private boolean isNamed() {
        return parent != null && (leads || (parent.holdsNamed() && walk.wish.follows(true)));
    }

    /// Whether what is in it are sources themselves.
    boolean holdsNamed() {
        return parent == null || leads;
    }

    /// Asks for the inode of the output.
    void identify() throws ErrnoException {
        ErrnoException.check(kernel.fstat(out, outStat), "fstat", "");
    }

    Stat outStat() {
        return outStat;
    }

    /// Valid between {@link #enter} and {@link #leave}.
    int in() {
        return in;
    }

    /// As {@link #in()}.
    int out() {
        return out;
    }

    // ---- use ----

    /// Makes sure that both descriptors are open, and stay so until {@link #leave}.
    void enter() throws ErrnoException {
        if (!used()) {
            reopen();
            walk.reopened(this);
        }
    }

    private synchronized boolean used() {
        if (out == PARKED) {
            return false;
        }
        uses++;
        return true;
    }

    synchronized void leave() {
        uses--;
        if (ended || parking) {
            closeUnused();
        }
    }

    /// Nothing is to come: closes, now or when the last user leaves.
    synchronized void end() {
        ended = true;
        closeUnused();
    }

    private void closeUnused() {
        if (uses > 0 || out == PARKED) {
            return;
        }
        if (in >= 0) {
            if (!ended) {
                position = Math.max(0, kernel.lseek(in, 0, SEEK_CUR));
            }
            kernel.close(in);
        }
        kernel.close(out);
        out = PARKED;
    }

    // ---- parking ----

    /// Closes the descriptors, now or when the last user leaves.
    synchronized void park() {
        if (parent != null) {
            parking = true;
            closeUnused();
        }
    }

    private void reopen() throws ErrnoException {
        Deque<OpenDirectory> down = new ArrayDeque<>();
        OpenDirectory at = this;
        while (!at.used()) {
            down.push(at);
            at = java.util.Objects.requireNonNull(at.parent); // the topmost is never parked
        }
        if (at == this) {
            return; // another worker has opened it meanwhile, and it is in use now
        }
        int fromIn = at.in;
        int fromOut = at.out;
        try {
            for (OpenDirectory next : down) {
                int[] both = next.open(fromIn, next.name, fromOut, next.nameOut);
                if (fromOut != at.out) {
                    kernel.close(fromIn);
                    kernel.close(fromOut);
                }
                fromIn = both[0];
                fromOut = both[1];
            }
        } catch (ErrnoException e) {
            if (fromOut != at.out) {
                kernel.close(fromIn);
                kernel.close(fromOut);
            }
            throw e;
        } finally {
            at.leave();
        }
        install(fromIn, fromOut, 1);
    }

    /// Opens again through a child that is open.
    void reopenAbove(int childIn, int childOut) {
        synchronized (this) {
            if (parent == null || out != PARKED) {
                return;
            }
        }
        try {
            int[] both = open(childIn, UP, childOut, UP);
            install(both[0], both[1], 0);
        } catch (ErrnoException e) {
            // Reached by a link, or moved meanwhile: by name then, when it is needed.
        }
    }

    private synchronized void install(int newIn, int newOut, int users) {
        if (out == PARKED) {
            in = newIn;
            out = newOut;
            parking = false;
            kernel.lseek(in, position, SEEK_SET);
        } else {
            kernel.close(newIn);
            kernel.close(newOut);
        }
        uses += users;
    }

    private int[] open(int dirIn, byte[] pathIn, int dirOut, byte[] pathOut) throws ErrnoException {
        int newIn = open(dirIn, pathIn, walk.wish.follow || isNamed() ? 0 : O_NOFOLLOW, stat, Side.IN);
        try {
            return new int[] {newIn, open(dirOut, pathOut, O_NOFOLLOW, outStat, Side.OUT)};
        } catch (ErrnoException e) {
            kernel.close(newIn);
            throw e;
        }
    }

    private int open(int dir, byte[] path, int flags, Stat known, Side side) throws ErrnoException {
        int fd = PathCalls.retrying(() -> kernel.openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags, 0));
        Stat now = new Stat();
        int result = fd < 0 ? fd : kernel.fstat(fd, now);
        if (result >= 0 && now.inode == known.inode && now.device == known.device) {
            return fd;
        }
        if (fd >= 0) {
            kernel.close(fd);
        }
        String detail = result < 0 ? "" : "another directory is in its place";
        throw new ErrnoException("open", "", result < 0 ? -result : Errno.ESTALE, side, 0, detail);
    }
}
