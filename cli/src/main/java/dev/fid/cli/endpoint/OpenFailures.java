package dev.fid.cli.endpoint;

import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Failures;
import dev.fid.cli.base.Suggest;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Endpoints that could not be opened: the exit code, and what may be meant instead.
public final class OpenFailures {
    private OpenFailures() {}

    /// An endpoint that could not be opened.
    public static Failure opening(Endpoint endpoint, ErrnoException e, int verbose) {
        int exit = endpoint.isNetwork() ? Exit.NETWORK : Exit.OPEN;
        String hint = endpoint instanceof Endpoint.File file ? hint(file, e.errno()) : "";
        return new Failure(exit, endpoint.text() + ": " + Failures.reason(e, verbose), hint, e);
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
}
