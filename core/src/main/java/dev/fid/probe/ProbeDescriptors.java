package dev.fid.probe;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Name;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Descriptors to try calls with: each has some messages of {@link #FEW} bytes ready, or room for some. All are
/// non-blocking and without a name; sockets stay on loopback. {@link #drop} closes what was opened since the last
/// one.
final class ProbeDescriptors implements AutoCloseable {
    /// Bytes of one try.
    static final int FEW = 16;

    /// Tries that one input has bytes for.
    private static final int MESSAGES = 5;

    /// Nothing else speaks it. Source: RFC 3692, 4.2: 253 is for experiments.
    private static final int EXPERIMENTAL = 253;

    private static final int WAIT_MILLIS = 1000;

    private final Kernel kernel;
    private final Memory line;
    private final List<Integer> open = new ArrayList<>();

    ProbeDescriptors(Kernel kernel) {
        this.kernel = kernel;
        this.line = kernel.allocate(FEW);
        // A terminal hands out whole lines.
        line.put(0, "fifteen letters\n".getBytes(StandardCharsets.US_ASCII), 0, FEW);
    }

    /// A descriptor of that kind to read from, or to write to.
    ///
    /// @throws ErrnoException where there is none to be had
    int of(Matrix.Kind kind, boolean in) throws ErrnoException {
        return switch (kind.sort()) {
            case PIPE -> {
                int[] ends = pipe();
                yield ready(ends[0], ends[1], in);
            }
            case FILE -> filled(file(kind), in);
            case MEMFD -> filled(own(kernel.memfdCreate(new byte[] {'f'}, MFD_CLOEXEC), "memfd_create", ""), in);
            case NULL, ZERO, FULL, URANDOM -> device("/dev/" + kind.label(), in);
            case TTY -> tty(in);
            case UNIX_STREAM -> pair(SOCK_STREAM, in);
            case UNIX_DATAGRAM -> pair(SOCK_DGRAM, in);
            case UNIX_SEQPACKET -> pair(SOCK_SEQPACKET, in);
            case TCP -> tcp(in);
            case UDP -> datagram(SOCK_DGRAM, 0, in);
            case RAW -> datagram(SOCK_RAW, EXPERIMENTAL, in);
        };
    }

    /// Read end, write end.
    int[] pipe() throws ErrnoException {
        int[] ends = new int[2];
        ErrnoException.check(kernel.pipe2(ends, O_CLOEXEC | O_NONBLOCK), "pipe2", "");
        open.add(ends[0]);
        open.add(ends[1]);
        return ends;
    }

    /// A file without a name.
    int file(Matrix.Kind kind) throws ErrnoException {
        Path directory = kind.directory();
        if (kind.fileSystem().equals(Matrix.Kind.SILENT)) {
            throw new ErrnoException("open", directory.toString(), Errno.ETIMEDOUT);
        }
        int fd = kernel.openat(AT_FDCWD, Name.of(directory).bytes(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0) {
            open.add(fd);
            return fd;
        }
        // EOPNOTSUPP, and EISDIR before Linux 3.11: no such files here.
        if (fd != -Errno.EOPNOTSUPP && fd != -Errno.EISDIR && fd != -Errno.EINVAL) {
            return own(fd, "open", directory.toString());
        }
        Path path = directory.resolve(
                ".fid-probe-" + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime()));
        byte[] name = Name.of(path).bytes();
        fd = own(kernel.openat(AT_FDCWD, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600), "open", path.toString());
        kernel.unlinkat(AT_FDCWD, name, 0);
        return fd;
    }

    /// Two connected TCP sockets on loopback: `[0]` was accepted, `[1]` has connected.
    int[] connection() throws ErrnoException {
        int stream = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
        int listener = own(kernel.socket(AF_INET, stream, 0), "socket", "tcp");
        byte[] address = bound(listener);
        ErrnoException.check(kernel.listen(listener, 1), "listen", "tcp");
        int client = own(kernel.socket(AF_INET, stream, 0), "socket", "tcp");
        int connected = kernel.connect(client, address);
        if (connected < 0 && connected != -Errno.EINPROGRESS) {
            throw new ErrnoException("connect", "127.0.0.1", -connected);
        }
        await(listener, POLLIN, "accept");
        int server = own(kernel.accept4(listener, SOCK_CLOEXEC | SOCK_NONBLOCK), "accept4", "tcp");
        open.remove(Integer.valueOf(listener));
        kernel.close(listener);
        await(client, POLLOUT, "connect");
        return new int[] {server, client};
    }

    /// Binds to a port of 127.0.0.1 and tells which.
    private byte[] bound(int fd) throws ErrnoException {
        byte[] address = new byte[16];
        ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).putShort((short) AF_INET);
        address[4] = 127;
        address[7] = 1;
        ErrnoException.check(kernel.bind(fd, address), "bind", "127.0.0.1");
        ErrnoException.check(kernel.getsockname(fd, address), "getsockname", "");
        return address;
    }

    private void await(int fd, int event, String call) throws ErrnoException {
        short[] events = new short[1];
        int ready = kernel.poll(new int[] {fd}, new short[] {(short) event}, events, 1, WAIT_MILLIS);
        ErrnoException.check(ready, "poll", "");
        if (ready == 0) {
            throw new ErrnoException(call, "loopback", Errno.ETIMEDOUT);
        }
    }

    private int tcp(boolean in) throws ErrnoException {
        int[] ends = connection();
        return ready(ends[0], ends[1], in);
    }

    private int datagram(int type, int protocol, boolean in) throws ErrnoException {
        String name = type == SOCK_RAW ? "raw" : "udp";
        int receiver = own(kernel.socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol), "socket", name);
        int sender = own(kernel.socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol), "socket", name);
        byte[] address = bound(receiver);
        ErrnoException.check(kernel.connect(sender, address), "connect", name + " to 127.0.0.1");
        return ready(receiver, sender, in);
    }

    private int pair(int type, boolean in) throws ErrnoException {
        int[] ends = new int[2];
        ErrnoException.check(
                kernel.socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), "socketpair", "unix");
        open.add(ends[0]);
        open.add(ends[1]);
        return ready(ends[0], ends[1], in);
    }

    /// The slave of a new pseudoterminal, which is nobody's controlling one.
    private int tty(boolean in) throws ErrnoException {
        int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
        byte[] path = "/dev/ptmx".getBytes(StandardCharsets.US_ASCII);
        int master = own(kernel.openat(AT_FDCWD, path, flags, 0), "open", "/dev/ptmx");
        ErrnoException.check(kernel.tiocsptlck(master, 0), "ioctl", "TIOCSPTLCK");
        int slave = own(kernel.tiocgptpeer(master, flags), "ioctl", "TIOCGPTPEER");
        return in ? ready(slave, master, true) : slave;
    }

    private int device(String path, boolean in) throws ErrnoException {
        byte[] name = path.getBytes(StandardCharsets.US_ASCII);
        int flags = (in ? O_RDONLY : O_WRONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
        return own(kernel.openat(AT_FDCWD, name, flags, 0), "open", path);
    }

    private int filled(int fd, boolean in) throws ErrnoException {
        for (int i = 0; in && i < MESSAGES; i++) {
            ErrnoException.check(kernel.pwrite(fd, line, 0, FEW, (long) i * FEW), "pwrite", "");
        }
        return fd;
    }

    /// Sends some messages to `end` where it is to be read, and waits for them; else it is `other` that is wanted.
    private int ready(int end, int other, boolean in) throws ErrnoException {
        if (!in) {
            return other;
        }
        for (int i = 0; i < MESSAGES; i++) {
            ErrnoException.check(kernel.write(other, line, 0, FEW), "write", "");
        }
        await(end, POLLIN, "read");
        return end;
    }

    private int own(int fd, String call, String arguments) throws ErrnoException {
        ErrnoException.check(fd, call, arguments);
        open.add(fd);
        return fd;
    }

    /// Closes what is open.
    void drop() {
        open.forEach(kernel::close);
        open.clear();
    }

    @Override
    public void close() {
        drop();
        line.close();
    }
}
