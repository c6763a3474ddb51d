package dev.fid.tests.faults;

import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What an invented fault makes of one call: an errno, a short count or a false zero.
///
/// @param value an errno, the bytes of a short count, or 0 for a zero
record Outcome(Kind kind, int value) {
    enum Kind {
        ERRNO,
        SHORT,
        ZERO
    }

    static final Set<String> DATA = Set.of(
            "read",
            "write",
            "pread",
            "pwrite",
            "preadv2",
            "pwritev2",
            "recv",
            "send",
            "splice",
            "tee",
            "vmsplice",
            "sendfile",
            "copyFileRange");

    /// Calls whose zero says something: the end of input, nothing ready. Of the others it is success, and a
    /// kernel that lies about that cannot be found out.
    private static final Set<String> ZEROES = Set.of(
            "read",
            "write",
            "pread",
            "pwrite",
            "preadv2",
            "pwritev2",
            "recv",
            "send",
            "splice",
            "tee",
            "sendfile",
            "copyFileRange",
            "poll",
            "fionread");

    private static final List<Outcome> ALL = new ArrayList<>();

    static {
        for (int errno : new int[] {
            Errno.EINTR,
            Errno.EAGAIN,
            Errno.EIO,
            Errno.ENOSPC,
            Errno.EDQUOT,
            Errno.ENOMEM,
            Errno.EPIPE,
            Errno.EINVAL,
            Errno.ENOSYS,
            Errno.EPERM,
            Errno.EOPNOTSUPP,
            Errno.EMFILE
        }) {
            ALL.add(new Outcome(Kind.ERRNO, errno));
        }
        ALL.add(new Outcome(Kind.SHORT, 1));
        ALL.add(new Outcome(Kind.SHORT, 5000));
        ALL.add(new Outcome(Kind.ZERO, 0));
    }

    /// What can be done to a call of this name.
    static List<Outcome> of(String call) {
        return ALL.stream().filter(outcome -> outcome.suits(call)).toList();
    }

    private boolean suits(String call) {
        return switch (kind) {
            case ERRNO -> !call.equals("allocate") || value == Errno.ENOMEM;
            case SHORT -> DATA.contains(call);
            case ZERO -> ZEROES.contains(call);
        };
    }

    /// Whether a run must succeed all the same: interrupted, not ready and short are no failures.
    boolean isHarmless(String call) {
        boolean again = kind == Kind.ERRNO && (value == Errno.EINTR || value == Errno.EAGAIN);
        boolean moves = DATA.contains(call) || call.equals("poll");
        boolean opens = call.equals("openat") || call.equals("pipe2");
        return kind == Kind.SHORT || (again && moves) || (again && opens && value == Errno.EINTR);
    }

    void apply(FaultyKernel.Rule rule) {
        switch (kind) {
            case ERRNO -> rule.fails(value);
            case SHORT -> rule.shortens(value);
            case ZERO -> rule.returnsZero();
        }
    }

    @Override
    public String toString() {
        return switch (kind) {
            case ERRNO -> Errno.name(value);
            case SHORT -> "at most " + value;
            case ZERO -> "a false zero";
        };
    }
}
