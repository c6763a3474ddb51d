package examples.articles;

import static dev.fid.kernel.Uapi.POLLIN;
import static dev.fid.kernel.Uapi.POLLOUT;
import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;

/// Waiting for a non-blocking socket.
final class Sockets {
    private Sockets() {}

    static void awaitBytes(Fd socket) throws ErrnoException {
        await(socket, POLLIN);
    }

    static void awaitRoom(Fd socket) throws ErrnoException {
        await(socket, POLLOUT);
    }

    private static void await(Fd socket, int event) throws ErrnoException {
        int[] fds = {socket.number()};
        int ready;
        do {
            ready = KERNEL.poll(fds, new short[] {(short) event}, new short[1], 1, -1);
        } while (ready == -Errno.EINTR);
        check(ready, "poll", socket);
    }

    /// The result, where "not now" (EAGAIN) and "a signal came" (EINTR) are 0 bytes and no error.
    static long orNothingYet(long result, Fd socket) throws ErrnoException {
        return result == -Errno.EAGAIN || result == -Errno.EINTR ? 0 : check(result, "splice", socket);
    }
}
