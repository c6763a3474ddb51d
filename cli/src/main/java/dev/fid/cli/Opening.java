package dev.fid.cli;

import dev.fid.ErrnoException;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Fid;
import dev.fid.Replacement;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/// Opens endpoints. What cannot be opened is exit 3, or 4 where it is the network.
final class Opening {
    /// As `com.sun.nio.file.ExtendedOpenOption`, which javac warns of; {@link Fd#open} goes by the name.
    private enum Extended implements OpenOption {
        DIRECT
    }

    private final CopyOptions options;
    private final PrintStream err;

    Opening(CopyOptions options, PrintStream err) {
        this.options = options;
        this.err = err;
    }

    /// The side that bytes come from.
    static End in(Endpoint endpoint, int verbose, PrintStream err) throws Failure, IOException {
        try {
            return switch (endpoint) {
                case Endpoint.Standard standard -> new End.Plain(inherited(standard, 0));
                case Endpoint.Inherited fd -> new End.Plain(inherited(fd, fd.number()));
                case Endpoint.File file -> new End.Plain(readable(file));
                case Endpoint.Exec exec -> ChildEnd.start(exec, false);
                default -> peer(endpoint, err);
            };
        } catch (ErrnoException e) {
            throw Failures.opening(endpoint, e, verbose);
        }
    }

    /// The side that bytes go to.
    End out(Endpoint endpoint, Endpoint from, Fd in) throws Failure, IOException {
        try {
            return switch (endpoint) {
                case Endpoint.Standard standard -> new End.Plain(inherited(standard, 1));
                case Endpoint.Inherited fd -> new End.Plain(inherited(fd, fd.number()));
                case Endpoint.File file -> file(file, from, in);
                case Endpoint.Exec exec -> ChildEnd.start(exec, true);
                default -> peer(endpoint, err);
            };
        } catch (ErrnoException e) {
            throw Failures.opening(endpoint, e, options.verbose());
        }
    }

    static End peer(Endpoint endpoint, PrintStream err) throws Failure {
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
    static Fd inherited(Endpoint endpoint, int number) throws Failure {
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
        Fd fd = file.direct() ? Fd.open(file.path(), StandardOpenOption.READ, Extended.DIRECT) : Fd.open(file.path());
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
        Path path = target(file, from, options.append);
        BasicFileAttributes old = attributes(path);
        String name = path.equals(file.path()) ? file.text() : path.toString();
        if (old != null && options.noClobber) {
            throw new Failure(Exit.OPEN, name + ": it exists, and --no-clobber forbids to replace it");
        }
        if (old != null && in.kind().isSeekable() && Fid.sameFile(in, path)) {
            throw new Failure(Exit.OPEN, name + ": it is the source itself");
        }
        boolean regular = old == null || old.isRegularFile();
        if (options.append || file.append()) {
            return inPlace(path, name, regular, true, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        if (file.offset() >= 0) {
            return inPlace(path, name, regular, false, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        }
        if (!regular || isOfTheKernel(path)) {
            return inPlace(path, name, regular, false, StandardOpenOption.WRITE);
        }
        try {
            int mode = in.kind() == FdKind.FILE ? mode(in) & 0777 : 0666;
            Replacement replacement = Replacement.of(Kernel.linux(), path, mode);
            return new FileEnd.Whole(replacement, name, !options.noClobber, old != null);
        } catch (ErrnoException e) {
            if (old == null || !allowsNoTemporary(e.errno())) {
                throw e;
            }
            FileEnd end = truncated(path, name, e);
            Path parent = path.toAbsolutePath().getParent();
            Console.tell(
                    err,
                    "note: " + parent + " allows no temporary file (" + Errno.name(e.errno())
                            + "): writing in place, not atomic");
            return end;
        }
    }

    /// Whether nothing new may be made there: a file in /dev is a device whose name was mistyped. Not so in /dev/shm,
    /// which is for files. Source: shm_overview(7).
    private static boolean isOfTheKernel(Path path) {
        return path.startsWith("/proc") || (path.startsWith("/dev") && !path.startsWith("/dev/shm"));
    }

    private FileEnd truncated(Path path, String name, ErrnoException cause) throws ErrnoException {
        try {
            return inPlace(path, name, true, false, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        } catch (ErrnoException e) {
            e.addSuppressed(cause);
            throw e;
        }
    }

    private static FileEnd inPlace(Path path, String name, boolean regular, boolean append, OpenOption... how)
            throws ErrnoException {
        Fd fd = Fd.open(path, how);
        long start = append && regular ? Math.max(0, fd.kernel().lseek(fd.number(), 0, Uapi.SEEK_END)) : 0;
        return new FileEnd.InPlace(fd, name, start, regular);
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
    static Path target(Endpoint.File file, Endpoint from, boolean append) throws Failure {
        Path path = file.path();
        if (!Files.isDirectory(path)) {
            return path;
        }
        Path last = from instanceof Endpoint.File source ? source.path().getFileName() : null;
        if (last == null || append || file.append()) {
            throw new Failure(Exit.OPEN, file.text() + ": Is a directory", "name a file in it", null);
        }
        Path inside = path.resolve(last);
        if (Files.isDirectory(inside)) {
            throw new Failure(Exit.OPEN, inside + ": Is a directory");
        }
        return inside;
    }

    static @Nullable BasicFileAttributes attributes(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class);
        } catch (IOException e) {
            return null; // opening it will say why
        }
    }
}
