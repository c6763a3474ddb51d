package dev.fid.cli;

import dev.fid.ErrnoException;
import dev.fid.NoMethodException;
import dev.fid.Refusal;
import dev.fid.Side;
import dev.fid.bench.Human;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What a failure is called, and which exit code it has.
final class Failures {
    private Failures() {}

    /// The errno in words; with its name from `-v` on.
    static String reason(ErrnoException e, int verbose) {
        String text = e.detail().isEmpty() ? Errno.text(e.errno()) : e.detail();
        return verbose > 0 ? text + " (" + Errno.name(e.errno()) + ")" : text;
    }

    /// The same of what java.nio says, whose messages may be nothing but the file's name.
    static String reason(Exception e) {
        return switch (e) {
            case ErrnoException errno -> reason(errno, 0);
            case java.nio.file.NoSuchFileException missing -> Errno.text(Errno.ENOENT);
            case java.nio.file.AccessDeniedException denied -> Errno.text(Errno.EACCES);
            case java.nio.file.FileSystemException file when file.getReason() != null -> file.getReason();
            case java.nio.file.InvalidPathException path -> path.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }

    /// An endpoint that could not be opened.
    static Failure opening(Endpoint endpoint, ErrnoException e, int verbose) {
        int exit = endpoint.isNetwork() ? Exit.NETWORK : Exit.OPEN;
        String hint = endpoint instanceof Endpoint.File file ? hint(file, e.errno()) : "";
        return new Failure(exit, endpoint.text() + ": " + reason(e, verbose), hint, e);
    }

    private static String hint(Endpoint.File file, int errno) {
        try {
            return file.path().text().endsWith("/")
                    ? ""
                    : hint(Path.of(file.path().text()), errno);
        } catch (InvalidPathException e) {
            return ""; // a name that a path cannot say
        }
    }

    private static String hint(Path path, int errno) {
        if (errno == Errno.ENXIO) {
            return isSocket(path) ? "a socket is reached by unix://" + path : "";
        }
        Path parent = path.toAbsolutePath().getParent();
        Path last = path.getFileName();
        if (errno != Errno.ENOENT || parent == null || last == null) {
            return errno == Errno.EISDIR ? "-r copies directories" : "";
        }
        if (!Files.isDirectory(parent)) {
            return "there is no directory " + parent;
        }
        String near = Suggest.nearest(last.toString(), names(parent));
        return near == null ? "" : "did you mean " + path.resolveSibling(near) + "?";
    }

    private static boolean isSocket(Path path) {
        try {
            return Files.getAttribute(path, "unix:mode") instanceof Integer mode
                    && (mode & Uapi.S_IFMT) == Uapi.S_IFSOCK;
        } catch (IOException e) {
            return false; // only a hint
        }
    }

    private static List<String> names(Path directory) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                names.add(String.valueOf(entry.getFileName()));
                if (names.size() == 10_000) {
                    break;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            return List.of(); // only a hint
        }
        return names;
    }

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
        String after = moved > 0 && !changed ? " " + after(moved, length) : "";
        return new Failure(exit, side + ": " + reason(e, options.verbose()) + after + "; " + remains, "", e);
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

    static String after(long moved, long length) {
        return "after " + Human.bytes(moved) + (length >= moved ? " of " + Human.bytes(length) : "");
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
