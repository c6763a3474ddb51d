package dev.fid.net;

import dev.fid.ErrnoException;
import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/// A unix listener and its file: it has its mode before anybody can connect, and takes the place of a dead socket
/// file only.
final class SocketFile {
    private final Kernel kernel;
    private final String path;
    private final Fd socket;
    private boolean removed;

    /// @throws ErrnoException EADDRINUSE where somebody listens there, or the file is no socket
    SocketFile(Kernel kernel, UnixDomainSocketAddress address, int mode, int backlog, Fd.Preparation before)
            throws ErrnoException {
        this.kernel = kernel;
        this.path = address.getPath().toString();
        if (path.startsWith("@")) {
            socket = Fd.listen(kernel, address, backlog, before);
            removed = true;
            return;
        }
        // Under another name until it has its mode: between bind and chmod anybody could connect.
        Path file = address.getPath();
        Path hidden = file.resolveSibling(
                "." + file.getFileName() + "." + ProcessHandle.current().pid());
        kernel.unlinkat(Uapi.AT_FDCWD, bytes(hidden.toString()), 0); // of a process of our number that was killed
        socket = listen(kernel, hidden, backlog, before);
        try {
            if (mode >= 0) {
                // fchmod(2) on a socket changes its anonymous inode, not the file.
                try {
                    java.nio.file.Files.setAttribute(hidden, "unix:mode", mode);
                } catch (java.io.IOException e) {
                    throw new ErrnoException("chmod", hidden.toString(), Errno.EACCES);
                }
            }
            removeDead();
            int result = kernel.renameat2(
                    Uapi.AT_FDCWD, bytes(hidden.toString()), Uapi.AT_FDCWD, bytes(path), Uapi.RENAME_NOREPLACE);
            if (result < 0) {
                throw new ErrnoException("bind", path, result == -Errno.EEXIST ? Errno.EADDRINUSE : -result);
            }
        } catch (ErrnoException | RuntimeException e) {
            socket.close();
            kernel.unlinkat(Uapi.AT_FDCWD, bytes(hidden.toString()), 0);
            throw e;
        }
    }

    /// @throws ErrnoException that names the file as it was asked for
    private Fd listen(Kernel kernel, Path hidden, int backlog, Fd.Preparation before) throws ErrnoException {
        try {
            return Fd.listen(kernel, UnixDomainSocketAddress.of(hidden), backlog, before);
        } catch (ErrnoException e) {
            throw new ErrnoException("bind", path, e.errno());
        }
    }

    /// A socket file that refuses connections has no listener any more.
    private void removeDead() throws ErrnoException {
        dev.fid.kernel.Stat stat = new dev.fid.kernel.Stat();
        int known = kernel.statx(Uapi.AT_FDCWD, bytes(path), Uapi.AT_SYMLINK_NOFOLLOW, Uapi.STATX_BASIC_STATS, stat);
        if (known < 0 || stat.type() != Uapi.S_IFSOCK) {
            return;
        }
        try {
            Fd.connect(kernel, UnixDomainSocketAddress.of(path), Duration.ofSeconds(1))
                    .close();
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ECONNREFUSED) {
                kernel.unlinkat(Uapi.AT_FDCWD, bytes(path), 0);
            }
        }
    }

    /// Another mode; -1 leaves it. A file that somebody took away has none.
    void mode(int mode) {
        if (mode >= 0 && !removed) {
            try {
                java.nio.file.Files.setAttribute(Path.of(path), "unix:mode", mode);
            } catch (java.io.IOException e) {
                // Nobody can connect there any more.
            }
        }
    }

    Fd socket() {
        return socket;
    }

    /// Removes the file, once.
    void remove() {
        if (!removed) {
            removed = true;
            kernel.unlinkat(Uapi.AT_FDCWD, bytes(path), 0);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
