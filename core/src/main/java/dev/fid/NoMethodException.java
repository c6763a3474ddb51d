package dev.fid;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Side;
import java.util.List;

/// No method can serve what was asked for, and nothing was moved: the named method or consistency is ruled out
/// for this pair of descriptors, and no other was allowed.
public final class NoMethodException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final transient List<Declined> declined;

    public NoMethodException(List<Declined> declined) {
        super("no method left: " + declined);
        this.declined = List.copyOf(declined);
    }

    /// The same for whoever tells failures of system calls.
    public ErrnoException asErrno() {
        Declined first = declined.getFirst();
        ErrnoException e =
                new ErrnoException(first.method().toString(), "", Errno.EOPNOTSUPP, Side.NONE, 0, first.reason());
        e.initCause(this);
        return e;
    }

    /// The methods that were ruled out, with their reasons; never empty.
    public List<Declined> declined() {
        return declined;
    }
}
