package dev.fid.cli.copy;

import dev.fid.NoMethodException;
import dev.fid.Refusal;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Failures;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Side;

/// Copies that failed after both sides were open.
final class CopyFailures {
    private CopyFailures() {}

    /// A copy that failed after both sides were open.
    ///
    /// @param moved bytes that arrived
    /// @param length bytes that were to come, -1 where nobody knows
    /// @param remains what became of the destination
    static Failure moving(ErrnoException e, long moved, CopyOptions options, long length, String remains) {
        if (e.errno() == Errno.EPIPE && options.out() instanceof Endpoint.Standard && e.side() != Side.IN) {
            return new Failure(Exit.PIPE, "", "", e);
        }
        if (isMethodRefused(e, options)) {
            String hint = methodHint(options) + ", or `fid explain --errno " + Errno.name(e.errno()) + " "
                    + options.in().text() + " " + options.out().text() + "`";
            return new Failure(Exit.METHOD, methodRefused(e, options), hint, e);
        }
        boolean changed = e.errno() == Errno.ESTALE && !e.detail().isEmpty();
        String in = options.in().name(true);
        String out = options.out().name(false);
        String side = switch (e.side()) {
            case IN -> in;
            case OUT -> out;
            case NONE -> ofDestination(e) ? out : in + " to " + out;
        };
        boolean network = (e.side() != Side.OUT && options.in().isNetwork())
                || (e.side() != Side.IN && options.out().isNetwork());
        int exit = changed ? Exit.CHANGED : network && moved == 0 ? Exit.NETWORK : Exit.IO;
        String after = moved > 0 && !changed ? " " + Failures.after(moved, length) : "";
        return new Failure(exit, side + ": " + Failures.reason(e, options.verbose()) + after + "; " + remains, "", e);
    }

    /// The last steps are all about the destination.
    private static boolean ofDestination(ErrnoException e) {
        return switch (e.call()) {
            case "fsync",
                    "close",
                    "rename",
                    "link",
                    "shutdown",
                    "recv",
                    "pread",
                    "fchmod",
                    "fchown",
                    "utimensat",
                    "setxattr" -> true;
            default -> false;
        };
    }

    // ---- the method asked for ----

    /// Whether a method that was asked for cannot be had, and no other was allowed.
    static boolean isMethodRefused(ErrnoException e, CopyOptions options) {
        return !options.fallback() && Refusal.of(e);
    }

    /// What was asked for by which option, and why it cannot be had.
    static String methodRefused(ErrnoException e, CopyOptions options) {
        return e.getCause() instanceof NoMethodException no
                ? methodRefused(no, options)
                : options.methodOption() + ": the kernel refused (" + Errno.name(e.errno()) + "): "
                        + Errno.text(e.errno());
    }

    static String methodRefused(NoMethodException e, CopyOptions options) {
        return options.methodOption() + ": " + e.declined().getFirst().reason();
    }

    static String methodHint(CopyOptions options) {
        return options.reflink == CopyOptions.When.always
                ? "--reflink auto copies where extents cannot be shared"
                : "use --fallback auto";
    }
}
