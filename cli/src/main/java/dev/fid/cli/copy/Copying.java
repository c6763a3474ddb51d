package dev.fid.cli.copy;

import dev.fid.Declined;
import dev.fid.Facts;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.NoMethodException;
import dev.fid.Rate;
import dev.fid.bench.measure.Human;
import dev.fid.cli.base.Console;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Failures;
import dev.fid.cli.base.Stop;
import dev.fid.cli.endpoint.End;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.endpoint.EndpointOpener;
import dev.fid.cli.endpoint.FileEnd;
import dev.fid.cli.report.RateFile;
import dev.fid.cli.report.Reporter;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One copy: opens both ends, moves the bytes, checks them, makes the destination final, reports.
final class Copying {
    private final CopyOptions options;
    private final Console console;
    private final Stop stop;
    private final Reporter reporter;
    private @Nullable Rate rate;

    Copying(CopyOptions options, Console console, Stop stop) {
        this.options = options;
        this.console = console;
        this.stop = stop;
        this.reporter =
                new Reporter(console, options.quiet(), options.flow, options.interval, CopyReport.shortName(options));
    }

    /// How far it is, for SIGUSR1.
    void status() {
        reporter.status();
    }

    void run() throws Failure {
        options.check();
        try (Stop.Timer _ = stop.after(options.flow.timeout, console.real());
                RateFile watched = RateFile.of(options.flow, console)) {
            rate = watched == null ? null : watched.rate();
            copy();
        }
    }

    private void copy() throws Failure {
        EndpointOpener.Terms terms = new EndpointOpener.Terms(options.append, options.naming.exact, options.noClobber);
        EndpointOpener opening = new EndpointOpener(terms, options.verbose(), console.err());
        refuseOneFifo();
        try (End in = EndpointOpener.in(options.in(), options.verbose(), console.err())) {
            refuseTerminalInput(in.fd());
            try (End out = opening.out(options.out(), options.in(), in.fd())) {
                copy(in, out);
            }
        } catch (Failure e) {
            throw stopped("", e);
        } catch (IOException e) {
            throw stopped("", new Failure(Exit.IO, String.valueOf(e.getMessage()), "", e));
        }
    }

    private void copy(End in, End out) throws Failure, IOException {
        refuse(in.fd(), out.fd());
        CopyReport report = new CopyReport(options, console);
        Sum sum = options.verify || options.checksum != null ? new Sum(options.checksum) : null;
        long moved = 0;
        try {
            long start = start(out);
            Stat before = new Stat();
            in.fd().kernel().fstat(in.fd().number(), before);
            Transfer transfer = transfer(in, out, sum, start);
            if (options.verbose() >= 2) {
                report.plan(transfer.plan());
            }
            Moved result = transfer.run();
            moved = result.bytes();
            in.finish(false);
            long reread = options.verify && sum != null ? verify(out, start, moved, sum.crc()) : 0;
            List<Tree.Loss> lost = Tree.keep(options.kept(), options.keptIfPossible(), in.fd(), before, out.fd());
            if (stop.reason() != null) {
                throw new ErrnoException("copy", "", Errno.ECANCELED);
            }
            out.finish(options.fsync);
            reporter.erase();
            report.print(result, reread, sum, lost);
            refuseLoss(lost);
        } catch (NoMethodException e) {
            throw new Failure(Exit.METHOD, CopyFailures.methodRefused(e, options), CopyFailures.methodHint(options), e);
        } catch (ErrnoException e) {
            throw failed(e, Math.max(moved, e.moved()), out);
        } catch (Failure e) {
            reporter.erase();
            throw e.exit() == Exit.PARTIAL || e.exit() == Exit.CHANGED
                    ? new Failure(e.exit(), e.text() + "; " + out.remains(moved), "", e)
                    : e;
        }
    }

    /// What had to come along and did not is a failure, though the content is there, as with cp(1).
    private void refuseLoss(List<Tree.Loss> lost) throws Failure {
        for (Tree.Loss loss : lost) {
            if (loss.asked()) {
                String why = Failures.reason(loss.cause(), options.verbose());
                throw new Failure(
                        Exit.IO, options.out().text() + ": " + why + "; the content is there", "", loss.cause());
            }
        }
    }

    private Failure failed(ErrnoException e, long moved, End out) {
        reporter.erase();
        String remains = out.remains(moved);
        if (stop.reason() != null) {
            long known = Math.max(moved, reporter.bytes());
            String after = known > 0 ? " " + Failures.after(known, reporter.length()) : " before the first byte";
            return stopped(after + "; " + out.remains(known), new Failure(Exit.IO, "", "", e));
        }
        try {
            if (e.errno() == Errno.EPIPE) {
                out.explain();
            }
        } catch (Failure child) {
            return new Failure(child.exit(), child.text() + "; " + remains, "", e);
        }
        // What the last steps say (fsync, close, rename) is about the destination.
        return CopyFailures.moving(e, moved, options, reporter.length(), remains);
    }

    private Failure stopped(String rest, Failure otherwise) {
        Stop.Reason why = stop.reason();
        if (why == null || otherwise.exit() == why.exit()) {
            return otherwise;
        }
        return new Failure(why.exit(), why.text() + (rest.isEmpty() ? " before the first byte" : rest), "", otherwise);
    }

    // ---- what is refused before a byte is written ----

    /// Before it is opened: that waits for its other end, which would be this very copy.
    private void refuseOneFifo() throws Failure {
        Stat from = new Stat();
        Stat to = new Stat();
        boolean isOne = stat(options.in(), from)
                && from.type() == Uapi.S_IFIFO
                && stat(options.out(), to)
                && from.inode == to.inode
                && from.device == to.device;
        if (isOne) {
            throw new Failure(Exit.OPEN, options.out().text() + ": it is the source itself");
        }
    }

    private static boolean stat(Endpoint endpoint, Stat stat) {
        return endpoint instanceof Endpoint.File file
                && Kernel.linux().statx(Uapi.AT_FDCWD, file.path().bytes(), 0, Uapi.STATX_BASIC_STATS, stat) == 0;
    }

    private void refuseTerminalInput(Fd in) throws Failure, ErrnoException {
        if (options.in() instanceof Endpoint.Standard && !options.force && in.kind() == FdKind.TERMINAL) {
            throw Failure.help("stdin is a terminal");
        }
    }

    private void refuse(Fd in, Fd out) throws Failure, ErrnoException {
        Facts from = in.facts();
        Facts to = out.facts();
        if (from.sameFile(to)) {
            throw new Failure(Exit.OPEN, options.out().text() + ": it is the source itself");
        }
        long room = to.size() - Math.max(0, offset());
        long coming = options.most() >= 0 ? Math.min(options.most(), from.size()) : from.size() - options.skipped();
        if (to.kind() == FdKind.BLOCK_DEVICE && !from.sizeUnknown() && coming > room) {
            throw new Failure(
                    Exit.OPEN,
                    options.out().text() + ": it has room for " + Human.bytes(Math.max(0, room)) + ", the source has "
                            + Human.bytes(coming));
        }
        if (options.start() >= 0 && !from.kind().isSeekable()) {
            throw Failure.usage("--offset: " + options.in().text() + " has no offsets, it is a " + from.kind());
        }
        if (offset() >= 0 && !to.kind().isSeekable()) {
            throw Failure.usage("offset: " + options.out().text() + " has no offsets, it is a " + to.kind());
        }
        if (options.verify && !to.kind().isSeekable()) {
            throw Failure.usage("--verify: " + options.out().text() + " cannot be read again, it is a " + to.kind());
        }
        if (options.fsync && !to.kind().isSeekable()) {
            throw Failure.usage("--fsync: " + options.out().text() + " is on no disk, it is a " + to.kind());
        }
        if (!options.preserve.isEmpty() && (from.kind() != FdKind.FILE || to.kind() != FdKind.FILE)) {
            throw Failure.usage("--preserve: only a file has metadata to keep");
        }
        boolean terminal = !options.force && to.kind() == FdKind.TERMINAL;
        if (terminal && from.kind().isSeekable() && End.isBinary(in, Math.max(0, options.start()))) {
            throw new Failure(
                    Exit.USAGE,
                    options.in().text() + ": binary data would go to a terminal",
                    "redirect it, or use -f",
                    null);
        }
    }

    // ---- moving ----

    private Transfer transfer(End in, End out, @Nullable Sum sum, long start) throws ErrnoException {
        Transfer transfer = Transfer.from(in.fd()).to(out.fd()).progress(reporter.tick(), reporter::tell);
        boolean files = in.fd().kind() == FdKind.FILE && out.fd().kind() == FdKind.FILE;
        // Holes can stay holes where nothing lies behind the start.
        boolean empty = files && out.fd().facts().size() <= start;
        boolean copies = options.reflink == CopyOptions.When.never || options.sparse == CopyOptions.Holes.never;
        Method method = options.method();
        transfer.method(method == null && files && copies ? Method.SPLICE_THROUGH_PIPE : method)
                .fallback(options.fallback())
                .sparse(empty && options.sparse == CopyOptions.Holes.auto)
                .growPipes(true)
                .length(options.most());
        if (options.start() >= 0) {
            transfer.offIn(options.start());
        }
        if (offset() >= 0) {
            transfer.offOut(offset());
        }
        if (options.named() != null) {
            transfer.consistency(options.named());
        }
        if (options.flow.limit > 0) {
            transfer.limit(options.flow.limit);
        }
        if (rate != null) {
            transfer.limit(rate);
        }
        if (options.block > 0) {
            transfer.block(options.block);
        }
        if (options.flow.pipeSize > 0) {
            transfer.pipeCapacity(options.flow.pipeSize);
        }
        return transfer.digest(sum);
    }

    private long offset() {
        return options.out() instanceof Endpoint.File file ? file.offset() : -1;
    }

    /// Where the first byte goes in the output file.
    private long start(End out) {
        if (out instanceof FileEnd file && offset() < 0) {
            return file.start();
        }
        return offset() >= 0
                ? offset()
                : Math.max(0, out.fd().kernel().lseek(out.fd().number(), 0, Uapi.SEEK_CUR));
    }

    // ---- checking ----

    /// Reads what was written and compares its sum with the source's; returns the bytes read. With `--fsync` the
    /// pages are dropped first, so that the bytes come from the disk.
    private long verify(End out, long start, long length, long expected) throws Failure, IOException {
        Fd written = out.fd();
        if (options.fsync) {
            int result = written.kernel().fsync(written.number());
            if (result < 0) {
                throw new ErrnoException("fsync", written.toString(), -result);
            }
            written.kernel().fadvise(written.number(), start, length, Uapi.POSIX_FADV_DONTNEED);
        }
        Sum sum = new Sum(null);
        try (Fd again = written.reopen(Uapi.O_RDONLY);
                Memory buffer = again.kernel().allocate(128 << 10)) {
            for (long at = 0; at < length; ) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new ErrnoException("pread", "", Errno.ECANCELED);
                }
                long read =
                        again.kernel().pread(again.number(), buffer, 0, Math.min(128 << 10, length - at), start + at);
                if (read < 0 && read != -Errno.EINTR) {
                    throw new ErrnoException("pread", again.toString(), (int) -read);
                }
                if (read == 0) {
                    throw differs("it ends after " + at + " of " + length + " bytes");
                }
                if (read > 0) {
                    sum.update(buffer, 0, read);
                    at += read;
                }
            }
        }
        if (sum.crc() != expected) {
            throw differs("CRC32C " + Long.toHexString(sum.crc()) + ", the source's is " + Long.toHexString(expected));
        }
        return length;
    }

    private Failure differs(String how) {
        return new Failure(Exit.CHANGED, options.out().text() + ": --verify: " + how);
    }

    /// What the user should hear of without asking: a method that the kernel refused, or the one asked for that
    /// was not taken. What the plan ruled out by itself is told with `-v`.
    static @Nullable Declined unmet(Moved moved, @Nullable Method asked) {
        for (Declined declined : moved.declined()) {
            if (declined.errno() != 0 || (moved.method() != asked && isSame(declined.method(), asked))) {
                return declined;
            }
        }
        return null;
    }

    /// To the user a splice is a splice, whoever owns the pipe.
    private static boolean isSame(Method method, @Nullable Method asked) {
        return method == asked || (asked == Method.SPLICE && method == Method.SPLICE_THROUGH_PIPE);
    }
}
