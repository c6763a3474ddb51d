package dev.fid.probe;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import java.util.Set;

/// What a call said when {@link Probe} tried it with a few bytes.
///
/// @param state whether it works
/// @param result bytes moved, or `-errno`; 0 where nothing was tried
/// @param reason why it is not known, or which half refused; empty where the errno says it all
public record Answer(State state, long result, String reason) {
    /// How sure the answer is.
    public enum State {
        /// Bytes moved.
        WORKS,
        /// The kernel, or a filter in front of it, refused.
        REFUSED,
        /// It could not be tried, or what happened says nothing about the call.
        UNKNOWN
    }

    /// Errors of the place and the moment: they say nothing about whether the call takes such descriptors.
    private static final Set<Integer> OF_THE_MOMENT = Set.of(
            Errno.EAGAIN,
            Errno.EINTR,
            Errno.EIO,
            Errno.ENOMEM,
            Errno.ENOBUFS,
            Errno.ENOSPC,
            Errno.EDQUOT,
            Errno.EROFS,
            Errno.EFBIG,
            Errno.EMFILE,
            Errno.ENFILE);

    static final Answer WORKS = new Answer(State.WORKS, 1, "");

    static Answer of(long result) {
        return of(result, "");
    }

    /// @param result what the call returned
    /// @param where which half of a move through a pipe it was, or empty
    static Answer of(long result, String where) {
        if (result > 0) {
            return new Answer(State.WORKS, result, "");
        }
        if (result == 0) {
            return new Answer(State.UNKNOWN, 0, "the call moved nothing" + where);
        }
        int errno = (int) -result;
        if (OF_THE_MOMENT.contains(errno)) {
            return new Answer(State.UNKNOWN, result, Errno.name(errno) + ", " + Errno.text(errno) + where);
        }
        return new Answer(State.REFUSED, result, where.strip());
    }

    static Answer unknown(String reason) {
        return new Answer(State.UNKNOWN, 0, reason);
    }

    static Answer unknown(ErrnoException e) {
        return new Answer(State.UNKNOWN, -e.errno(), because(e));
    }

    /// A reason that says what to do where that is known.
    private static String because(ErrnoException e) {
        String text = e.call() + ": " + Errno.name(e.errno()) + ", " + Errno.text(e.errno());
        return switch (e.errno()) {
            case Errno.EMFILE -> text + "; raise ulimit -n";
            case Errno.ENETUNREACH, Errno.EADDRNOTAVAIL -> text + "; the loopback interface is down";
            case Errno.EPERM, Errno.EACCES ->
                e.arguments().contains("raw") ? text + "; needs CAP_NET_RAW" : text + " (" + e.arguments() + ")";
            default -> e.arguments().isEmpty() ? text : text + " (" + e.arguments() + ")";
        };
    }

    public boolean works() {
        return state == State.WORKS;
    }

    /// `works`, the symbol of the errno, or `unknown: why`.
    public String text() {
        return switch (state) {
            case WORKS -> "works";
            case REFUSED -> Errno.name((int) -result);
            case UNKNOWN -> "unknown: " + reason;
        };
    }

    @Override
    public String toString() {
        return text() + (state == State.REFUSED && !reason.isEmpty() ? " " + reason : "");
    }
}
