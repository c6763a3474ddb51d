package dev.fid.cli;

import dev.fid.ErrnoException;
import dev.fid.Facts;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Fid;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Stat;
import dev.fid.kernel.StatFs;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/// Facts of endpoints without opening anything for writing, without connecting, and without waiting.
final class Inspection {
    private Inspection() {}

    static Facts in(Endpoint endpoint, int verbose) throws Failure, IOException {
        try {
            return switch (endpoint) {
                case Endpoint.Standard standard ->
                    Opening.inherited(standard, 0).facts();
                case Endpoint.Inherited fd -> Opening.inherited(fd, fd.number()).facts();
                case Endpoint.File file -> facts(file.path());
                default -> unopened(endpoint);
            };
        } catch (ErrnoException e) {
            throw Failures.opening(endpoint, e, verbose);
        }
    }

    static Facts out(Endpoint endpoint, Endpoint from, boolean append, int verbose) throws Failure, IOException {
        try {
            return switch (endpoint) {
                case Endpoint.Standard standard ->
                    Opening.inherited(standard, 1).facts();
                case Endpoint.Inherited fd -> Opening.inherited(fd, fd.number()).facts();
                case Endpoint.File file -> destination(file, from, append);
                default -> unopened(endpoint);
            };
        } catch (ErrnoException e) {
            throw Failures.opening(endpoint, e, verbose);
        }
    }

    private static Facts unopened(Endpoint endpoint) {
        return Facts.of(
                switch (endpoint) {
                    case Endpoint.Exec exec -> FdKind.PIPE;
                    case Endpoint.Unix unix -> FdKind.UNIX_STREAM;
                    case Endpoint.UnixListen unix -> FdKind.UNIX_STREAM;
                    default -> FdKind.TCP;
                });
    }

    private static Facts facts(Path path) throws IOException {
        if (isFifo(path)) {
            return Facts.of(FdKind.PIPE);
        }
        try (Fd fd = Fd.open(path)) {
            return fd.facts();
        }
    }

    private static Facts destination(Endpoint.File file, Endpoint from, boolean append) throws Failure, IOException {
        Path path = Opening.target(file, from, append);
        BasicFileAttributes old = Opening.attributes(path);
        if (old != null && !old.isRegularFile()) {
            return facts(path);
        }
        if (old != null && from instanceof Endpoint.File source && !isFifo(source.path())) {
            try (Fd in = Fd.open(source.path())) {
                if (Fid.sameFile(in, path)) {
                    throw new Failure(Exit.OPEN, file.text() + ": it is the source itself");
                }
            }
        }
        Path parent = path.toAbsolutePath().getParent();
        Facts made = newFile(parent == null ? Path.of("/") : parent);
        boolean appends = append || file.append();
        return new Facts(FdKind.FILE, appends, 0, made.fsType(), made.device(), made.inode(), 0, file.offset());
    }

    /// A file that does not exist yet gets the facts of its directory's file system.
    private static Facts newFile(Path directory) throws IOException {
        try (Fd fd = Fd.open(directory)) {
            Kernel kernel = fd.kernel();
            Stat stat = new Stat();
            StatFs fs = new StatFs();
            kernel.fstat(fd.number(), stat);
            kernel.fstatfs(fd.number(), fs);
            return new Facts(FdKind.FILE, false, 0, fs.type, stat.device, 0, 0, -1);
        }
    }

    private static boolean isFifo(Path path) {
        try {
            Object mode = Files.getAttribute(path, "unix:mode");
            return mode instanceof Integer bits && (bits & Uapi.S_IFMT) == Uapi.S_IFIFO;
        } catch (IOException e) {
            return false; // opening it will say why
        }
    }

    /// Facts at the offset that an endpoint names.
    static Facts at(Facts facts, @Nullable Long offset) {
        return offset == null || offset < 0 ? facts : facts.at(offset);
    }
}
