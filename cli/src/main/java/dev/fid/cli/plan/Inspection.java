package dev.fid.cli.plan;

import dev.fid.Facts;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.endpoint.EndpointOpener;
import dev.fid.cli.endpoint.OpenFailures;
import dev.fid.files.Destination;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Name;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Facts of endpoints without opening anything for writing, without connecting, and without waiting.
public final class Inspection {
    private Inspection() {}

    public static Facts in(Endpoint endpoint, int verbose) throws Failure, IOException {
        try {
            return switch (endpoint) {
                case Endpoint.Standard standard ->
                    EndpointOpener.inherited(standard, 0).facts();
                case Endpoint.Inherited fd ->
                    EndpointOpener.inherited(fd, fd.number()).facts();
                case Endpoint.File file -> facts(file.path());
                default -> unopened(endpoint);
            };
        } catch (ErrnoException e) {
            throw OpenFailures.opening(endpoint, e, verbose);
        }
    }

    public static Facts out(Endpoint endpoint, Endpoint from, boolean append, int verbose) throws Failure, IOException {
        try {
            return switch (endpoint) {
                case Endpoint.Standard standard ->
                    EndpointOpener.inherited(standard, 1).facts();
                case Endpoint.Inherited fd ->
                    EndpointOpener.inherited(fd, fd.number()).facts();
                case Endpoint.File file -> destination(file, from, append);
                default -> unopened(endpoint);
            };
        } catch (ErrnoException e) {
            throw OpenFailures.opening(endpoint, e, verbose);
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

    private static Facts facts(Name path) throws IOException {
        if (isFifo(path)) {
            return Facts.of(FdKind.PIPE);
        }
        try (Fd fd = Fd.open(Kernel.linux(), path)) {
            return fd.facts();
        }
    }

    private static Facts destination(Endpoint.File file, Endpoint from, boolean append) throws Failure, IOException {
        try (Destination place = EndpointOpener.place(file, from, append)) {
            if (place.exists() && !place.isReplaceable()) {
                return facts(place.path());
            }
            if (place.exists() && from instanceof Endpoint.File source && !isFifo(source.path())) {
                try (Fd in = Fd.open(Kernel.linux(), source.path())) {
                    if (place.is(in)) {
                        throw new Failure(Exit.OPEN, file.text() + ": it is the source itself");
                    }
                }
            }
            Facts made = place.newFile();
            boolean appends = append || file.append();
            return new Facts(FdKind.FILE, appends, 0, made.fsType(), made.device(), made.inode(), 0, file.offset());
        }
    }

    /// Whether a file has nothing to read at `start`. A recorded size is not trusted.
    public static boolean isAtEnd(Endpoint endpoint, long start) throws IOException {
        if (!(endpoint instanceof Endpoint.File file) || isFifo(file.path())) {
            return false;
        }
        Kernel kernel = Kernel.linux();
        try (Fd fd = Fd.open(kernel, file.path());
                Memory probe = kernel.allocate(1)) {
            return fd.kind() == FdKind.FILE && kernel.pread(fd.number(), probe, 0, 1, start) == 0;
        }
    }

    private static boolean isFifo(Name path) {
        Stat stat = new Stat();
        int known = Kernel.linux().statx(Uapi.AT_FDCWD, path.bytes(), 0, Uapi.STATX_BASIC_STATS, stat);
        return known == 0 && stat.type() == Uapi.S_IFIFO; // else opening it will say why
    }

    /// Facts at the offset that an endpoint names.
    public static Facts at(Facts facts, @Nullable Long offset) {
        return offset == null || offset < 0 ? facts : facts.at(offset);
    }
}
