package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.PathCalls;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;

/// open(2) for {@link Fd}: options, names as bytes, and FIFOs that wait for their other end without holding the
/// caller.
public final class FileOpening {
    private static final int DEFAULT_MODE = 0666;
    /// What a FIFO's opening has come to, besides a descriptor or `-errno`.
    private static final int WAITS = Integer.MIN_VALUE;

    private static final int GIVEN_UP = WAITS + 1;
    private static final long RELEASE_MILLIS = 1000;

    private FileOpening() {}

    static Fd open(Kernel kernel, Name path, OpenOption... options) throws ErrnoException {
        return open(kernel, path.bytes(), path.text(), flags(options), DEFAULT_MODE);
    }

    /// Opens close-on-exec and non-blocking. The flag means nothing to a regular file; it keeps a device or a
    /// socket's name from holding us.
    ///
    /// @param text what messages call it
    public static Fd open(Kernel kernel, byte[] name, String text, int flags, int mode) throws ErrnoException {
        Stat stat = new Stat();
        boolean fifo = kernel.statx(AT_FDCWD, name, 0, STATX_BASIC_STATS, stat) == 0 && stat.type() == S_IFIFO;
        int fd = fifo
                ? openFifo(kernel, name, flags, text)
                : PathCalls.retrying(
                        () -> kernel.openat(AT_FDCWD, name, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode));
        if (fd < 0) {
            throw new ErrnoException("open", text, -fd);
        }
        return Fd.own(kernel, fd, Name.shown(text.substring(text.lastIndexOf('/') + 1)));
    }

    static Fd reopen(Fd fd, int flags) throws ErrnoException {
        Kernel kernel = fd.kernel();
        byte[] name = ("/proc/self/fd/" + fd.number()).getBytes(StandardCharsets.US_ASCII);
        int number =
                PathCalls.retrying(() -> kernel.openat(AT_FDCWD, name, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0));
        if (number < 0) {
            throw new ErrnoException("open", "/proc/self/fd/" + fd.number(), -number);
        }
        return Fd.own(kernel, number, fd.kindOrOther().toString());
    }

    /// Waits for the other end on a thread of its own, so that an interrupt can end the wait: it opens the other
    /// end itself for a moment, which lets the waiting open return. Opening non-blocking instead would take the
    /// time before the first writer for the end of input.
    private static int openFifo(Kernel kernel, byte[] name, int flags, String text) throws ErrnoException {
        AtomicInteger outcome = new AtomicInteger(WAITS);
        Thread opener = new Thread(
                () -> {
                    int fd = PathCalls.retrying(() -> kernel.openat(AT_FDCWD, name, flags | O_CLOEXEC, 0));
                    if (!outcome.compareAndSet(WAITS, fd) && fd >= 0) {
                        kernel.close(fd); // nobody waits for it any more, and its other end must not either
                    }
                },
                "fid-open");
        opener.setDaemon(true);
        opener.start();
        try {
            opener.join();
        } catch (InterruptedException e) {
            if (!outcome.compareAndSet(WAITS, GIVEN_UP)) {
                if (outcome.get() >= 0) {
                    kernel.close(outcome.get());
                }
            } else {
                release(kernel, name, opener);
            }
            Thread.currentThread().interrupt();
            throw new ErrnoException("open", text, Errno.ECANCELED, Side.NONE, 0, "the thread was interrupted");
        }
        int fd = outcome.get();
        if (fd >= 0) {
            int status = kernel.fcntl(fd, F_GETFL, 0);
            kernel.fcntl(fd, F_SETFL, status | O_NONBLOCK); // our own open file description: nobody shares it
        }
        return fd;
    }

    /// Where the FIFO may not be opened for both (EACCES), or has another name by now, the thread stays until
    /// somebody opens the other end; then it closes what it got.
    private static void release(Kernel kernel, byte[] name, Thread opener) {
        int other = kernel.openat(AT_FDCWD, name, O_RDWR | O_CLOEXEC | O_NONBLOCK, 0);
        if (other < 0) {
            return;
        }
        try {
            opener.join(RELEASE_MILLIS); // the name may be another FIFO's by now, so not for ever
        } catch (InterruptedException e) {
            // The caller sets the status in any case.
        } finally {
            kernel.close(other);
        }
    }

    /// The flags of open(2), by the rules of {@link java.nio.channels.FileChannel#open}: what a reader cannot
    /// do (truncate, make a file) is ignored, what contradicts itself is refused.
    public static int flags(OpenOption... options) {
        boolean read = false;
        boolean write = false;
        boolean append = false;
        int making = 0; // only for those who write
        int flags = 0;
        for (OpenOption option : options) {
            switch (option) {
                case StandardOpenOption.READ -> read = true;
                case StandardOpenOption.WRITE -> write = true;
                case StandardOpenOption.APPEND -> append = true;
                case StandardOpenOption.TRUNCATE_EXISTING -> making |= O_TRUNC;
                case StandardOpenOption.CREATE -> making |= O_CREAT;
                case StandardOpenOption.CREATE_NEW -> making |= O_CREAT | O_EXCL;
                case StandardOpenOption.SPARSE -> {}
                case StandardOpenOption.SYNC -> flags |= 04010000; // O_SYNC, the same on both machines
                case StandardOpenOption.DSYNC -> flags |= 010000;
                case LinkOption.NOFOLLOW_LINKS -> flags |= O_NOFOLLOW;
                default -> {
                    if (!option.toString().equals("DIRECT")) {
                        throw new UnsupportedOperationException("open option " + option);
                    }
                    flags |= O_DIRECT;
                }
            }
        }
        if (append && (read || (making & O_TRUNC) != 0)) {
            throw new IllegalArgumentException("APPEND goes neither with READ nor with TRUNCATE_EXISTING");
        }
        flags |= append ? O_APPEND : 0;
        return write || append ? flags | making | (read ? O_RDWR : O_WRONLY) : flags | O_RDONLY;
    }
}
