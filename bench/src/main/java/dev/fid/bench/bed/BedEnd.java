package dev.fid.bench.bed;

import dev.fid.Fd;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/// Where the bytes of a run come from, or go to, as the mover sees it. Names only, so that a program in another
/// language can be given the same.
///
/// @param kind what it is
/// @param path of a file or FIFO
/// @param port of a listener on the loopback interface
public record BedEnd(Kind kind, Path path, int port) {
    public enum Kind {
        FILE("file"),
        PIPE("pipe"),
        SOCKET("TCP socket"),
        MEMORY("memory"),
        TREE("directory"),
        NULL("/dev/null");

        private final String label;

        /// As races are named.
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }

        Kind(String label) {
            this.label = label;
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /// Pipes of all contenders have this size.
    public static final int PIPE_BYTES = 1 << 20;

    /// What a program is told: the path or the port.
    public String name() {
        return kind == Kind.SOCKET ? Integer.toString(port) : path.toString();
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /// Opens it to read from.
    public Fd openIn(Kernel kernel) throws ErrnoException {
        return switch (kind) {
            case FILE, NULL -> Fd.open(kernel, path);
            case PIPE -> enlarged(Fd.open(kernel, path));
            case SOCKET -> Fd.connect(kernel, address(), null);
            case MEMORY, TREE -> throw new IllegalArgumentException(kind + " is no descriptor of bytes");
        };
    }

    /// Opens it to write to; a file is made new.
    public Fd openOut(Kernel kernel) throws ErrnoException {
        return switch (kind) {
            case FILE -> Fd.open(kernel, path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            case PIPE -> enlarged(Fd.open(kernel, path, StandardOpenOption.WRITE));
            case NULL -> Fd.open(kernel, path, StandardOpenOption.WRITE);
            case SOCKET -> Fd.connect(kernel, address(), null);
            case MEMORY, TREE -> throw new IllegalArgumentException(kind + " is no descriptor of bytes");
        };
    }

    /// A pipe keeps the size that it has where limits forbid more.
    static Fd enlarged(Fd pipe) {
        pipe.kernel().fcntl(pipe.number(), Uapi.F_SETPIPE_SZ, PIPE_BYTES);
        return pipe;
    }
}
