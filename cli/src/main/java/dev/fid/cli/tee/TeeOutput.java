package dev.fid.cli.tee;

import dev.fid.Facts;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.endpoint.ChildEnd;
import dev.fid.cli.endpoint.End;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.endpoint.EndpointOpener;
import dev.fid.cli.endpoint.FileEnd;
import dev.fid.cli.endpoint.OpenFailures;
import dev.fid.fanout.Fanout;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One output of `fid tee`: its endpoint, what is open there, and what became of it.
final class TeeOutput implements AutoCloseable {
    private final Endpoint endpoint;
    private @Nullable End end;
    private boolean source;
    private long bytes;
    private long dropped;
    private @Nullable String error;

    TeeOutput(Endpoint endpoint) {
        this.endpoint = endpoint;
    }

    // ---- opening ----

    /// Whether bytes written there would be read again.
    static boolean feedsItself(Fd in) throws ErrnoException {
        FdKind kind = in.kind();
        return kind.isSeekable() || kind == FdKind.PIPE;
    }

    static Failure itIsTheSource(Endpoint endpoint) {
        return new Failure(Exit.OPEN, endpoint.name(false) + ": it is the source itself");
    }

    /// Opens it, for nobody else's good: what fails here concerns this output alone, unless it {@link #isSource}.
    void open(TeeOptions options, Fd in, PrintStream err) throws Failure, IOException {
        try {
            End opened = switch (endpoint) {
                case Endpoint.Standard standard -> new End.Plain(EndpointOpener.inherited(standard, 1));
                case Endpoint.Inherited fd -> new End.Plain(EndpointOpener.inherited(fd, fd.number()));
                case Endpoint.File file -> file(file, options.append || file.append(), in);
                case Endpoint.Exec exec -> ChildEnd.start(exec, true);
                default -> EndpointOpener.peer(endpoint, err);
            };
            end = opened;
            if (isSame(in, opened.fd())) {
                source = true;
                throw itIsTheSource(endpoint);
            }
        } catch (ErrnoException e) {
            throw OpenFailures.opening(endpoint, e, options.verbose());
        }
    }

    private static boolean isSame(Fd in, Fd out) throws ErrnoException {
        Facts from = in.facts();
        Facts to = out.facts();
        return feedsItself(in)
                && from.kind() == to.kind()
                && from.device() == to.device()
                && from.inode() == to.inode();
    }

    /// As fopen(3) does it for tee(1), but an existing file is cut off only when it is known not to be the
    /// source, and a FIFO or device is not asked to be created.
    private FileEnd file(Endpoint.File file, boolean append, Fd in) throws Failure, IOException {
        Kernel kernel = Kernel.linux();
        byte[] name = file.path().bytes();
        Stat old = new Stat();
        boolean exists = kernel.statx(Uapi.AT_FDCWD, name, 0, Uapi.STATX_BASIC_STATS, old) == 0;
        List<OpenOption> how = new ArrayList<>(List.of(StandardOpenOption.WRITE));
        if (!exists || old.type() == Uapi.S_IFREG) {
            how.add(StandardOpenOption.CREATE);
        }
        if (append) {
            how.add(StandardOpenOption.APPEND);
        }
        Fd fd = Fd.open(kernel, file.path(), how.toArray(OpenOption[]::new));
        try {
            boolean regular = fd.kind() == FdKind.FILE;
            if (isSame(in, fd)) {
                source = true;
                throw itIsTheSource(endpoint);
            }
            if (regular && !append) {
                cutOff(fd);
            }
            return new FileEnd.InPlace(fd, file.text(), 0);
        } catch (ErrnoException | Failure e) {
            fd.close();
            throw e;
        }
    }

    private static void cutOff(Fd fd) throws ErrnoException {
        Kernel kernel = fd.kernel();
        Stat stat = new Stat();
        int result = kernel.fstat(fd.number(), stat);
        if (result == 0 && stat.size > 0) {
            result = kernel.ftruncate(fd.number(), 0);
        }
        if (result < 0) {
            throw new ErrnoException("ftruncate", fd.toString(), -result);
        }
    }

    // ---- what it is ----

    Endpoint endpoint() {
        return endpoint;
    }

    String name() {
        return endpoint.name(false);
    }

    /// It cannot be opened because it is the source: then nothing may go on.
    boolean isSource() {
        return source;
    }

    boolean isOpen() {
        return end != null && error == null;
    }

    Fd fd() {
        return Objects.requireNonNull(end).fd();
    }

    boolean is(Fd fd) {
        End opened = end;
        return opened != null && opened.fd() == fd;
    }

    // ---- what became of it ----

    void note(Fanout.Branch branch) {
        bytes = branch.bytes();
        dropped = branch.dropped();
    }

    void fail(String why) {
        error = why;
    }

    long bytes() {
        return bytes;
    }

    long dropped() {
        return dropped;
    }

    /// Why it did not get everything; null where it did.
    @Nullable
    String error() {
        return error;
    }

    /// It takes no more: whoever reads there is to see the end at once.
    void end() {
        End opened = end;
        if (opened instanceof ChildEnd) {
            opened.fd().close(); // the child itself may go on
        } else if (opened != null) {
            opened.close();
        }
    }

    void endOutput() {
        Objects.requireNonNull(end).endOutput();
    }

    /// Makes it whole, or says why it is not. A child is waited for, also one that has read enough.
    void finish() throws IOException, Failure {
        End opened = end;
        if (opened instanceof ChildEnd || (opened != null && error == null)) {
            opened.finish(false);
        }
    }

    @Override
    public void close() {
        End opened = end;
        if (opened != null) {
            opened.close();
        }
    }
}
