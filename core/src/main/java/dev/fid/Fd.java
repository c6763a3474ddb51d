package dev.fid;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.wait.Deadline;
import dev.fid.wait.OpenFd;
import java.io.FileDescriptor;
import java.net.SocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A descriptor, and who closes it.
///
/// What `open`, `connect`, `listen` and `accept` return is the caller's: close it, in try-with-resources. What
/// {@link
/// #borrow} and {@link #of(FileChannel)} return is never closed by Fid, and its flags are never changed, since
/// other processes may share them; whoever owns it must keep it open meanwhile, because a closed number is soon
/// another file's.
///
/// Own sockets, pipes and FIFOs are non-blocking, and a transfer waits for them in a way that suits the thread.
/// Safe for use by one transfer per direction at a time. {@link #close} may come from any thread at any time:
/// whoever waits for the descriptor is woken, and what goes on ends with ECANCELED (streams and channels with
/// {@link java.nio.channels.AsynchronousCloseException}). The number is given back by the last who uses it, so no
/// call ever meets another file under it.
public final class Fd implements AutoCloseable {
    private final Kernel kernel;
    private final int number;
    private final boolean owned;
    private final String name;
    /// A borrowed channel, which must not be collected, and closed, before this.
    @SuppressWarnings({"unused", "FieldCanBeLocal"})
    private final @Nullable Object keptAlive;

    private final OpenFd use;
    private volatile @Nullable Facts facts;
    /// What it was made as; null where only the kernel knows.
    private @Nullable FdKind known;

    private Fd(Kernel kernel, int number, boolean owned, String name, @Nullable Object keptAlive) {
        this.kernel = kernel;
        this.number = number;
        this.owned = owned;
        this.name = name;
        this.keptAlive = keptAlive;
        this.use = new OpenFd(kernel, number, owned, this);
    }

    // ---- where descriptors come from ----

    /// Opens a file. Options as in {@link FileChannel#open}, with its rules: {@link
    /// java.nio.file.StandardOpenOption}
    /// but for DELETE_ON_CLOSE, without any of them for reading; also `LinkOption.NOFOLLOW_LINKS` and
    /// `ExtendedOpenOption.DIRECT`. Without WRITE or APPEND, TRUNCATE_EXISTING, CREATE and CREATE_NEW are ignored.
    /// A FIFO waits
    /// for its other end, as open(2) does, but an interrupt ends the wait.
    ///
    /// @throws IllegalArgumentException for APPEND with READ or TRUNCATE_EXISTING
    /// @throws java.nio.file.ProviderMismatchException for a path of another file system, such as a zip file's
    /// @throws ErrnoException ENOENT, EACCES, EEXIST, EISDIR, ELOOP, EMFILE, ENFILE, ENOSPC, EROFS, ETXTBSY ...
    public static Fd open(Path path, OpenOption... options) throws ErrnoException {
        return open(Kernel.linux(), path, options);
    }

    /// As {@link #open(Path, OpenOption...)} on another kernel.
    public static Fd open(Kernel kernel, Path path, OpenOption... options) throws ErrnoException {
        return FileOpening.open(kernel, Name.of(path), options);
    }

    /// As {@link #open(Path, OpenOption...)}, for a name that a path cannot say.
    public static Fd open(Kernel kernel, Name name, OpenOption... options) throws ErrnoException {
        return FileOpening.open(kernel, name, options);
    }

    /// Takes over descriptor `number`: closing the result closes it.
    ///
    /// @param name what messages call it
    public static Fd own(Kernel kernel, int number, String name) {
        return new Fd(kernel, number, true, name, null);
    }

    /// A socket of our own whose kind need not be asked.
    static Fd own(Kernel kernel, int number, FdKind kind) {
        Fd fd = new Fd(kernel, number, true, "", null);
        fd.known = kind;
        return fd;
    }

    /// A descriptor that stays its owner's: 0, 1 and 2, those passed by systemd, a Netty channel's
    /// `fd().intValue()`.
    public static Fd borrow(int number) {
        return borrow(Kernel.linux(), number);
    }

    /// As {@link #borrow(int)} on another kernel.
    public static Fd borrow(Kernel kernel, int number) {
        return new Fd(kernel, number, false, "", null);
    }

    /// The descriptor of an open channel, borrowed. The JDK does not tell it: the packages that know it must be
    /// opened to Fid on the command line, and the error names the flag. Without flags: open the file by {@link
    /// #open}.
    ///
    /// @throws UnsupportedOperationException where the package is closed, with the exact remedies
    public static Fd of(FileChannel channel) {
        return new Fd(Kernel.linux(), Channels.number(channel), false, "", channel);
    }

    /// As {@link #of(FileChannel)}.
    public static Fd of(SocketChannel channel) {
        return new Fd(Kernel.linux(), Channels.number(channel), false, "", channel);
    }

    /// As {@link #of(FileChannel)}.
    public static Fd of(ServerSocketChannel channel) {
        return new Fd(Kernel.linux(), Channels.number(channel), false, "", channel);
    }

    /// As {@link #of(FileChannel)}, of a pipe of java.nio.
    public static Fd of(java.nio.channels.Pipe.SourceChannel channel) {
        return new Fd(Kernel.linux(), Channels.number(channel), false, "", channel);
    }

    /// As {@link #of(FileChannel)}, of a pipe of java.nio.
    public static Fd of(java.nio.channels.Pipe.SinkChannel channel) {
        return new Fd(Kernel.linux(), Channels.number(channel), false, "", channel);
    }

    /// As {@link #of(FileChannel)}, for `FileInputStream.getFD()` and its like.
    public static Fd of(FileDescriptor descriptor) {
        return new Fd(Kernel.linux(), Channels.number(descriptor), false, "", descriptor);
    }

    /// Connects a stream socket, IPv4, IPv6 or unix (a path that begins with `@` is abstract), TCP without delay.
    ///
    /// @throws ErrnoException ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENOENT, ETIMEDOUT, EADDRNOTAVAIL ...
    public static Fd connect(SocketAddress address) throws ErrnoException {
        return connect(Kernel.linux(), address, null);
    }

    /// As {@link #connect(SocketAddress)}; ETIMEDOUT after `patience`.
    public static Fd connect(Kernel kernel, SocketAddress address, @Nullable Duration patience) throws ErrnoException {
        return Sockets.connect(kernel, address, patience, null, socket -> {});
    }

    /// As {@link #connect(Kernel, SocketAddress, Duration)}, from the own address `local` (null: the kernel's
    /// choice); `before` may set options of the socket that count while it connects, such as its buffers.
    public static Fd connect(
            Kernel kernel,
            SocketAddress address,
            @Nullable Duration patience,
            @Nullable SocketAddress local,
            Preparation before)
            throws ErrnoException {
        return Sockets.connect(kernel, address, patience, local, before);
    }

    /// As {@link #connect(Kernel, SocketAddress, Duration, SocketAddress, Preparation)} to whichever of a peer's
    /// addresses answers first: each gets 250 ms before the next one is asked beside it, both families in turn. See
    /// {@link HappyEyeballs}.
    ///
    /// @throws ErrnoException what the last of them said; ETIMEDOUT after `patience` for all of them together
    public static Fd connect(
            Kernel kernel,
            List<SocketAddress> addresses,
            @Nullable Duration patience,
            @Nullable SocketAddress local,
            Preparation before)
            throws ErrnoException {
        return HappyEyeballs.connect(kernel, addresses, patience, local, before);
    }

    /// What is done to a socket before it connects.
    public interface Preparation {
        void prepare(Fd socket) throws ErrnoException;
    }

    /// Listens on a stream socket; port 0 takes a free one, see {@link #localAddress}.
    ///
    /// @throws ErrnoException EADDRINUSE, EADDRNOTAVAIL, EACCES
    public static Fd listen(SocketAddress address) throws ErrnoException {
        return listen(Kernel.linux(), address, 1024);
    }

    /// As {@link #listen(SocketAddress)} on another kernel; `backlog` connections may wait to be accepted.
    public static Fd listen(Kernel kernel, SocketAddress address, int backlog) throws ErrnoException {
        return listen(kernel, address, backlog, socket -> {});
    }

    /// As {@link #listen(Kernel, SocketAddress, int)}; `before` may set options that count when it is bound.
    public static Fd listen(Kernel kernel, SocketAddress address, int backlog, Preparation before)
            throws ErrnoException {
        return Sockets.listen(kernel, address, backlog, before);
    }

    /// Begins to connect and does not wait, for event loops: EPOLLOUT tells when it is done, and SO_ERROR how it
    /// went. Otherwise as {@link #connect(Kernel, SocketAddress, Duration, SocketAddress, Preparation)}.
    ///
    /// @return null where the backlog of a unix listener is full: nothing goes on, try again later
    /// @throws ErrnoException what the kernel says at once
    public static @Nullable Fd connectSoon(
            Kernel kernel, SocketAddress address, @Nullable SocketAddress local, Preparation before)
            throws ErrnoException {
        return Sockets.connectSoon(kernel, address, local, before);
    }

    /// The next connection to this non-blocking listener if one waits already, else null.
    ///
    /// @throws ErrnoException EMFILE, ENFILE, ENOBUFS, ENOMEM: the connection goes on waiting
    public @Nullable Fd acceptNow() throws ErrnoException {
        use.enter();
        try {
            return Sockets.acceptNow(this);
        } finally {
            use.leave();
        }
    }

    /// Waits for the next connection to this listener. Errors of a connection that is gone already are passed
    /// over, as accept(2) advises.
    ///
    /// @throws ErrnoException EMFILE, ENFILE, ENOBUFS, ENOMEM: the connection goes on waiting, so a server waits
    ///     until it has closed something, and asks again; ECANCELED when interrupted, or closed meanwhile
    public Fd accept() throws ErrnoException {
        return Sockets.accept(this, Deadline.NEVER);
    }

    /// As {@link #accept()}; ETIMEDOUT after `patience`.
    public Fd accept(Duration patience) throws ErrnoException {
        return Sockets.accept(this, Deadline.after(kernel.nanoTime(), patience));
    }

    /// Two connected unix stream sockets.
    public static Fd[] pair(Kernel kernel) throws ErrnoException {
        return Sockets.pair(kernel);
    }

    // ---- what it is ----

    /// The number, for calls on {@link #kernel}. Fid's own calls keep it open while they run; whoever takes it
    /// here has to see to that himself.
    ///
    /// @throws IllegalStateException after close, as soon as no call of Fid uses it any more
    public int number() {
        return use.number();
    }

    /// For Fid's own runs: who uses it, and who waits for it.
    public OpenFd use() {
        return use;
    }

    public Kernel kernel() {
        return kernel;
    }

    /// Whether {@link #close} closes the descriptor.
    public boolean isOwned() {
        return owned;
    }

    public boolean isClosed() {
        return use.isClosed();
    }

    public FdKind kind() throws ErrnoException {
        FdKind made = known;
        return made != null ? made : facts().kind();
    }

    /// The kind as last asked, for the path of the bytes; OTHER before that.
    public FdKind kindOrOther() {
        Facts asked = facts;
        return asked != null ? asked.kind() : known != null ? known : FdKind.OTHER;
    }

    /// What the kernel says of it now: asked anew each time, since a file's size changes.
    public Facts facts() throws ErrnoException {
        use.join();
        try {
            Facts now = Facts.of(kernel, number, toString());
            facts = now;
            return now;
        } finally {
            use.leave();
        }
    }

    /// Whether a call on it may wait inside the kernel: a file for its disk, a borrowed stream in blocking mode.
    public boolean mayBlock() throws ErrnoException {
        Facts asked = facts;
        if ((asked == null ? facts() : asked).kind().isSeekable()) {
            return true;
        }
        int flags = kernel.fcntl(number(), F_GETFL, 0);
        return flags < 0 || (flags & O_NONBLOCK) == 0;
    }

    /// Size, times and inode now, to be compared with later.
    public Stat stat() throws ErrnoException {
        Stat stat = new Stat();
        ErrnoException.check(kernel.fstat(number(), stat), "fstat", toString());
        return stat;
    }

    /// The address that a socket is bound to.
    public SocketAddress localAddress() throws ErrnoException {
        return address("getsockname");
    }

    /// The address of a socket's peer.
    public SocketAddress remoteAddress() throws ErrnoException {
        return address("getpeername");
    }

    private SocketAddress address(String call) throws ErrnoException {
        byte[] sockaddr = new byte[128];
        use.join();
        try {
            int length = call.equals("getsockname")
                    ? kernel.getsockname(number, sockaddr)
                    : kernel.getpeername(number, sockaddr);
            return Addresses.decode(sockaddr, (int) ErrnoException.check(length, call, toString()));
        } finally {
            use.leave();
        }
    }

    // ---- what it does ----

    /// Half-close: the peer reads the end of input, we may still read. A peer that is gone already is no error.
    public void shutdownOutput() throws ErrnoException {
        use.join();
        int result;
        try {
            result = kernel.shutdown(number, SHUT_WR);
        } finally {
            use.leave();
        }
        if (result < 0 && result != -Errno.ENOTCONN) {
            throw new ErrnoException("shutdown", this + ", SHUT_WR", -result);
        }
    }

    /// A second descriptor of the same pipe or file, of our own and non-blocking, with a file position of its
    /// own. Not for sockets (ENXIO). Source: proc(5), `/proc/self/fd`.
    ///
    /// @param flags O_RDONLY, O_WRONLY or O_RDWR
    /// @throws ErrnoException EACCES where it belongs to another user
    public Fd reopen(int flags) throws ErrnoException {
        use.join();
        try {
            return FileOpening.reopen(this, flags);
        } finally {
            use.leave();
        }
    }

    /// This, or where it is a borrowed pipe in blocking mode, an open file description of our own of the same
    /// pipe: its flags are shared with whoever passed it on, so they cannot be changed. Where that is not allowed
    /// (EACCES: the pipe of another user) it is used as it is, and polled first.
    ///
    /// @param opened gets what has to be closed
    public Fd unshared(int flags, List<Fd> opened) throws ErrnoException {
        if (owned || kind() != FdKind.PIPE || !mayBlock()) {
            return this;
        }
        int status = kernel.fcntl(number(), F_GETFL, 0);
        int mode = (int) ErrnoException.check(status, "fcntl", this + ", F_GETFL") & O_ACCMODE;
        if (mode != flags && mode != O_RDWR) {
            // Reopening would turn the read end into a write end, and to poll it would take for ever.
            Side side = flags == O_RDONLY ? Side.IN : Side.OUT;
            throw new ErrnoException("fcntl", this + ", F_GETFL", Errno.EBADF, side, 0, "");
        }
        try {
            Fd own = reopen(flags);
            opened.add(own); // before it is asked anything: it is closed whatever comes
            own.facts();
            return own;
        } catch (ErrnoException e) {
            return this;
        }
    }

    /// The JDK's channel of the same file or FIFO: another open file description, with a position of its own.
    public FileChannel reopenAsFileChannel(OpenOption... options) throws java.io.IOException {
        use.join();
        try {
            return FileChannel.open(Path.of("/proc/self/fd/" + number), options);
        } finally {
            use.leave();
        }
    }

    /// Closes an owned descriptor, once; a borrowed one is only forgotten. Who waits for it is woken; while
    /// others use it the number stays open, and the last of them gives it back. What close(2) says is told by
    /// {@link #closeChecked}.
    @Override
    public void close() {
        use.close();
    }

    /// Closes and tells of an error: a file system may report a failed write only now (EIO, EDQUOT, ENOSPC). The
    /// descriptor is gone all the same, so it is not retried. Where it is still used, nothing is known yet:
    /// whoever uses it learns that it was closed. Source: close(2), NOTES.
    ///
    /// @throws ErrnoException the error
    public void closeChecked() throws ErrnoException {
        checkClosed(use.close());
    }

    /// Throws what close(2) said.
    public void checkClosed(int result) throws ErrnoException {
        if (result < 0 && result != -Errno.EINTR) {
            throw new ErrnoException("close", toString(), -result, Side.OUT, 0, "");
        }
    }

    /// Number and kind, as in the messages: `5:pipe`.
    @Override
    public String toString() {
        Facts asked = facts;
        FdKind kind = asked != null ? asked.kind() : known;
        String label = !name.isEmpty() ? name : kind != null ? kind.toString() : "fd";
        return number + ":" + label;
    }
}
