package dev.fid.cli.endpoint;

import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.cli.base.Console;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Words;
import dev.fid.files.Destination;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Opens endpoints. What cannot be opened is exit 3, or 4 where it is the network.
public final class EndpointOpener {
    /// As `com.sun.nio.file.ExtendedOpenOption`, which javac warns of; {@link Fd#open} goes by the name.
    private enum Extended implements OpenOption {
        DIRECT
    }

    private final Terms terms;
    private final int verbose;
    private final PrintStream err;

    /// How an output is opened.
    ///
    /// @param append bytes are added to what is there
    /// @param exact a directory is not meant as the place of a file in it
    /// @param noClobber what is there stays
    public record Terms(boolean append, boolean exact, boolean noClobber) {}

    public EndpointOpener(Terms terms, int verbose, PrintStream err) {
        this.terms = terms;
        this.verbose = verbose;
        this.err = err;
    }

    /// The side that bytes come from.
    public static End in(Endpoint endpoint, int verbose, PrintStream err) throws Failure, IOException {
        try {
            return switch (endpoint) {
                case Endpoint.Standard standard -> new End.Plain(inherited(standard, 0));
                case Endpoint.Inherited fd -> new End.Plain(inherited(fd, fd.number()));
                case Endpoint.File file -> new End.Plain(readable(file));
                case Endpoint.Exec exec -> ChildEnd.start(exec, false);
                default -> peer(endpoint, err);
            };
        } catch (ErrnoException e) {
            throw OpenFailures.opening(endpoint, e, verbose);
        }
    }

    /// The side that bytes go to.
    public End out(Endpoint endpoint, Endpoint from, Fd in) throws Failure, IOException {
        try {
            return switch (endpoint) {
                case Endpoint.Standard standard -> new End.Plain(inherited(standard, 1));
                case Endpoint.Inherited fd -> new End.Plain(inherited(fd, fd.number()));
                case Endpoint.File file -> file(file, from, in);
                case Endpoint.Exec exec -> ChildEnd.start(exec, true);
                default -> peer(endpoint, err);
            };
        } catch (ErrnoException e) {
            throw OpenFailures.opening(endpoint, e, verbose);
        }
    }

    public static End peer(Endpoint endpoint, PrintStream err) throws Failure {
        return new SocketEnd(
                switch (endpoint) {
                    case Endpoint.Tcp tcp -> Network.connect(tcp);
                    case Endpoint.Unix unix -> Network.connect(unix);
                    case Endpoint.TcpListen tcp -> Network.accept(tcp, err);
                    case Endpoint.UnixListen unix -> Network.accept(unix, err);
                    default -> throw new IllegalArgumentException("not of the network: " + endpoint);
                });
    }

    /// A descriptor that the parent passed on. What the JVM opened by itself is closed on exec, so it cannot be
    /// passed on: its number only became free because the parent had closed it.
    public static Fd inherited(Endpoint endpoint, int number) throws Failure {
        Kernel kernel = Kernel.linux();
        int flags = kernel.fcntl(number, Uapi.F_GETFD, 0);
        if (flags < 0 || (flags & Uapi.FD_CLOEXEC) != 0 || isJvms(number)) {
            throw new Failure(Exit.OPEN, endpoint.name(number == 0) + ": it is closed");
        }
        return Fd.borrow(number);
    }

    /// The JVM opens its `lib/modules` and the class path without close-on-exec. It opens `lib/modules` once, so
    /// a second descriptor of that is somebody else's.
    private static boolean isJvms(int number) {
        Path modules = Path.of(System.getProperty("java.home"), "lib", "modules");
        Path numbers = Path.of("/proc/self/fd");
        try (DirectoryStream<Path> all = Files.newDirectoryStream(numbers)) {
            Path file = numbers.resolve(Integer.toString(number));
            for (String entry : System.getProperty("java.class.path").split(":", -1)) {
                Path jar = Path.of(entry);
                if (Files.isRegularFile(jar) && Files.isSameFile(file, jar)) {
                    return true;
                }
            }
            if (!Files.isSameFile(file, modules)) {
                return false;
            }
            int count = 0;
            for (Path one : all) {
                count += Files.isRegularFile(one) && Files.isSameFile(one, modules) ? 1 : 0;
            }
            return count == 1;
        } catch (IOException e) {
            return false; // no /proc
        }
    }

    private static Fd readable(Endpoint.File file) throws ErrnoException {
        Kernel kernel = Kernel.linux();
        Fd fd = file.direct()
                ? Fd.open(kernel, file.path(), StandardOpenOption.READ, Extended.DIRECT)
                : Fd.open(kernel, file.path());
        try {
            if (fd.kind() == FdKind.DIRECTORY) {
                throw new ErrnoException("open", file.text(), Errno.EISDIR);
            }
            return fd;
        } catch (ErrnoException e) {
            fd.close();
            throw e;
        }
    }

    private FileEnd file(Endpoint.File file, Endpoint from, Fd in) throws Failure, IOException {
        try (Destination place = place(file, from, terms.append() || terms.exact())) {
            return file(file, place, in);
        }
    }

    private FileEnd file(Endpoint.File file, Destination place, Fd in) throws Failure, ErrnoException {
        String name =
                place.path().equals(file.path()) ? file.text() : place.path().text();
        if (place.exists() && terms.noClobber()) {
            throw new Failure(Exit.OPEN, name + ": it exists, and --no-clobber forbids to replace it");
        }
        if (in.kind().isSeekable() && place.is(in)) {
            throw new Failure(Exit.OPEN, name + ": it is the source itself");
        }
        if (terms.append() || file.append()) {
            return inPlace(place, name, true, StandardOpenOption.APPEND);
        }
        if (file.offset() >= 0) {
            return inPlace(place, name, false, StandardOpenOption.WRITE);
        }
        if (!place.isReplaceable() || isOfTheKernel(place)) {
            if (!place.exists()) {
                throw new ErrnoException("open", name, Errno.ENOENT);
            }
            return place.isFile() && !place.isReplaceable()
                    ? inPlace(place, name, false, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)
                    : inPlace(place, name, false, StandardOpenOption.WRITE);
        }
        try {
            int mode = in.kind() == FdKind.FILE ? mode(in) & 0777 : 0666;
            return new FileEnd.Whole(place.replace(mode), name, !terms.noClobber(), place.exists());
        } catch (ErrnoException e) {
            if (!place.exists() || !allowsNoTemporary(e.errno())) {
                throw e;
            }
            FileEnd end = truncated(place, name, e);
            Console.tell(
                    err,
                    "note: the directory of " + name + " allows no temporary file (" + Errno.name(e.errno())
                            + "): writing in place, not atomic");
            return end;
        }
    }

    /// Whether nothing new may be made there: a file in /dev is a device whose name was mistyped. Not so in
    /// /dev/shm, which is for files. Source: shm_overview(7).
    private static boolean isOfTheKernel(Destination place) {
        String path = place.path().text();
        return (path.startsWith("/proc/") && !Words.isInLeft(path))
                || (path.startsWith("/dev/") && !path.startsWith("/dev/shm/"));
    }

    private static FileEnd truncated(Destination place, String name, ErrnoException cause) throws ErrnoException {
        try {
            return inPlace(place, name, false, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        } catch (ErrnoException e) {
            e.addSuppressed(cause);
            throw e;
        }
    }

    private static FileEnd inPlace(Destination place, String name, boolean append, OpenOption... how)
            throws ErrnoException {
        Fd fd = place.open(how);
        boolean regular = !place.exists() || place.isFile();
        long start = append && regular ? Math.max(0, fd.kernel().lseek(fd.number(), 0, Uapi.SEEK_END)) : 0;
        return new FileEnd.InPlace(fd, name, start);
    }

    static int mode(Fd fd) {
        dev.fid.kernel.Stat stat = new dev.fid.kernel.Stat();
        return fd.kernel().fstat(fd.number(), stat) == 0 ? stat.mode & 07777 : 0666;
    }

    private static boolean allowsNoTemporary(int errno) {
        return switch (errno) {
            case Errno.EACCES, Errno.EPERM, Errno.EROFS, Errno.ENOSYS, Errno.EOPNOTSUPP -> true;
            default -> false;
        };
    }

    /// In a directory the file gets the name that the source has, as with cp.
    public static Destination place(Endpoint.File file, Endpoint from, boolean append) throws Failure, ErrnoException {
        boolean inside = from instanceof Endpoint.File && !append && !file.append();
        try {
            return inside
                    ? Destination.of(Kernel.linux(), file.path(), ((Endpoint.File) from).path())
                    : Destination.of(Kernel.linux(), file.path());
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EISDIR) {
                throw e;
            }
            boolean own = e.arguments().equals(file.path().text());
            throw new Failure(
                    Exit.OPEN,
                    (own ? file.text() : e.arguments()) + ": Is a directory",
                    own ? "name a file in it" : "",
                    e);
        }
    }
}
