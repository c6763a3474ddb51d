package dev.fid.cli.base;

import dev.fid.bench.measure.Human;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;

/// What a failure is called.
public final class Failures {
    private Failures() {}

    /// The errno in words; with its name from `-v` on.
    public static String reason(ErrnoException e, int verbose) {
        String text = e.detail().isEmpty() ? Errno.text(e.errno()) : e.detail();
        return verbose > 0 ? text + " (" + Errno.name(e.errno()) + ")" : text;
    }

    /// The same of what java.nio says, whose messages may be nothing but the file's name.
    public static String reason(Exception e) {
        return switch (e) {
            case ErrnoException errno -> reason(errno, 0);
            case java.nio.file.NoSuchFileException missing -> Errno.text(Errno.ENOENT);
            case java.nio.file.AccessDeniedException denied -> Errno.text(Errno.EACCES);
            case java.nio.file.FileSystemException file when file.getReason() != null -> file.getReason();
            case java.nio.file.InvalidPathException path -> path.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }

    public static String after(long moved, long length) {
        return "after " + Human.bytes(moved) + (length >= moved ? " of " + Human.bytes(length) : "");
    }
}
