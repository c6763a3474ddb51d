package dev.fid.kernel;

import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.util.Locale;

/// A system call that failed, or a transfer that ended early: the one exception of Fid. Its message is one line
/// that names the call, its arguments, the errno and what had arrived by then:
///
///     splice(in=5:tcp socket, out=8:pipe, len=65536): EPIPE (32) broken pipe, after 1310720 bytes
///
/// Ends that have no errno of their own use ECANCELED (the thread was interrupted, or another one
/// closed the descriptor), ETIMEDOUT (the transfer's
/// time was up) and ESTALE (the source changed or was cut short). EAGAIN and EINTR never leave Fid.
public final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1;

    private final String call;
    private final String arguments;
    private final int errno;
    private final Side side;
    private final long moved;
    private final String detail;
    private final long pending;
    private final boolean kept;

    public ErrnoException(String call, String arguments, int errno, Side side, long moved, String detail) {
        this(call, arguments, errno, side, moved, detail, 0, false);
    }

    private ErrnoException(
            String call,
            String arguments,
            int errno,
            Side side,
            long moved,
            String detail,
            long pending,
            boolean kept) {
        this.call = call;
        this.arguments = arguments;
        this.errno = errno;
        this.side = side;
        this.moved = moved;
        this.detail = detail;
        this.pending = pending;
        this.kept = kept;
    }

    /// A failure outside of a transfer.
    public ErrnoException(String call, String arguments, int errno) {
        this(call, arguments, errno, Side.NONE, 0, "");
    }

    /// The same, of a transfer that had moved so many bytes, unless it knows that already, and had taken others.
    ///
    /// @param open bytes that were taken and had not arrived
    /// @param keeps whether they can still be delivered
    public ErrnoException after(long bytes, long open, boolean keeps) {
        long delivered = moved > 0 ? moved : bytes;
        if (moved == delivered && open == 0) {
            return this;
        }
        ErrnoException same = new ErrnoException(call, arguments, errno, side, delivered, detail, open, keeps);
        same.setStackTrace(getStackTrace());
        same.initCause(getCause());
        return same;
    }

    /// Throws for a result below 0, else returns it.
    public static long check(long result, String call, String arguments) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, arguments, (int) -result);
        }
        return result;
    }

    /// The call that failed, in its C name.
    public String call() {
        return call;
    }

    /// The arguments by name, as in the message; empty where they say nothing.
    public String arguments() {
        return arguments;
    }

    /// The positive error number, see {@link Errno}.
    public int errno() {
        return errno;
    }

    /// The side that failed, as far as it can be known.
    public Side side() {
        return side;
    }

    /// Bytes that had arrived at the output.
    public long moved() {
        return moved;
    }

    /// Bytes that were taken from the input, a pipe or a socket, and had not arrived. A {@link Transfer}
    /// keeps them, see {@link Transfer#resume} and {@link Transfer#pending()}; only where the kernel does not
    /// give them back they are lost, and the message says so.
    public long pending() {
        return pending;
    }

    /// What is known besides the errno, e.g. `the source changed`; empty where nothing is.
    public String detail() {
        return detail;
    }

    @Override
    public String getMessage() {
        String text = Errno.text(errno).toLowerCase(Locale.ROOT);
        return call + "(" + Name.shown(arguments) + "): " + Errno.name(errno) + " (" + errno + ") "
                + (detail.isEmpty() ? text : Name.shown(detail))
                + (moved > 0 ? ", after " + moved + " bytes" : "")
                + (pending > 0 ? ", " + pending + " more taken from the input and " + (kept ? "kept" : "lost") : "");
    }
}
