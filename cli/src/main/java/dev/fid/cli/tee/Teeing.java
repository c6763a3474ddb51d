package dev.fid.cli.tee;

import dev.fid.Facts;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.NoMethodException;
import dev.fid.Progress;
import dev.fid.Rate;
import dev.fid.bench.measure.Human;
import dev.fid.cli.base.Console;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Failures;
import dev.fid.cli.base.Stop;
import dev.fid.cli.endpoint.End;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.endpoint.EndpointOpener;
import dev.fid.cli.report.RateFile;
import dev.fid.cli.report.Reporter;
import dev.fid.fanout.Fanout;
import dev.fid.files.Fid;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One fan-out of the command: opens all ends, moves the bytes, tells of each output that fails, closes, reports.
final class Teeing {
    private final TeeOptions options;
    private final Context context;
    private final Console console;
    private final Stop stop;
    private final Reporter reporter;
    private final List<TeeOutput> outputs = new ArrayList<>();
    /// Children that ended, with success or not, before they had read all.
    private final Map<TeeOutput, Fanout.Branch> leftEarly = new HashMap<>();
    private @Nullable Rate rate;
    /// A failed output ended the command.
    private boolean ended;
    private int status = Exit.DONE;

    Teeing(TeeOptions options, Context context) {
        this.options = options;
        this.context = context;
        this.console = context.console();
        this.stop = context.stop();
        this.reporter = new Reporter(console, options.quiet(), options.flow, options.interval, "tee");
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
            tee();
        }
        if (status != Exit.DONE) {
            throw new Failure(status, ""); // each cause was told when it happened
        }
    }

    private void tee() throws Failure {
        TeeReport report = new TeeReport(options, console);
        try (End in = EndpointOpener.in(options.in(), options.verbose(), console.err())) {
            refuseTerminalInput(in.fd());
            refuseSource(in.fd());
            open(in.fd());
            refuseBinary(in.fd());
            Fanout.Result result = fanOut(in.fd());
            in.finish(false);
            finish();
            tellLosses();
            reporter.erase();
            report.print(result, outputs);
        } catch (Failure e) {
            reporter.erase();
            throw stopped(e);
        } catch (IOException e) {
            reporter.erase();
            throw stopped(new Failure(Exit.IO, String.valueOf(e.getMessage()), "", e));
        } finally {
            outputs.forEach(TeeOutput::close);
        }
    }

    private Failure stopped(Failure otherwise) {
        Stop.Reason why = stop.reason();
        if (why == null) {
            return otherwise;
        }
        long moved = reporter.bytes();
        String after = moved > 0 ? " " + Failures.after(moved, reporter.length()) : " before the first byte";
        return new Failure(why.exit(), why.text() + after, "", otherwise);
    }

    // ---- opening ----

    /// To type into tee(1) is common; without any DST it is rather that somebody looks for help.
    private void refuseTerminalInput(Fd in) throws Failure, ErrnoException {
        boolean nothingNamed = options.outs().size() == 1 && options.writesStdout();
        if (options.in() instanceof Endpoint.Standard
                && nothingNamed
                && !options.force
                && in.kind() == FdKind.TERMINAL) {
            throw Failure.help("stdin is a terminal, and no DST is named");
        }
    }

    /// Before any output is opened: to open it would cut it off. What an output turns out to be only then is
    /// compared again.
    private void refuseSource(Fd in) throws Failure, ErrnoException {
        for (Endpoint endpoint : options.outs()) {
            if (endpoint instanceof Endpoint.File file && TeeOutput.feedsItself(in) && Fid.sameFile(in, file.path())) {
                throw TeeOutput.itIsTheSource(endpoint);
            }
        }
    }

    private void open(Fd in) throws Failure, IOException {
        for (Endpoint endpoint : options.outs()) {
            TeeOutput output = new TeeOutput(endpoint);
            outputs.add(output);
            try {
                output.open(options, in, console.err());
            } catch (Failure e) {
                if (stop.reason() != null || output.isSource()) {
                    throw e;
                }
                output.fail(e.text());
                complain(e.text(), Exit.IO);
                if (options.onError().exits) {
                    throw new Failure(Exit.IO, "", "", e);
                }
            }
        }
    }

    private void refuseBinary(Fd in) throws Failure, ErrnoException {
        Facts from = in.facts();
        for (TeeOutput output : outputs) {
            boolean terminal = output.isOpen() && output.fd().kind() == FdKind.TERMINAL;
            if (terminal && !options.force && from.kind().isSeekable() && End.isBinary(in, 0)) {
                throw new Failure(
                        Exit.USAGE,
                        options.in().name(true) + ": binary data would go to a terminal",
                        "redirect it, or use -f",
                        null);
            }
        }
    }

    // ---- moving ----

    private Fanout.Result fanOut(Fd in) throws Failure, IOException {
        List<Fd> open = new ArrayList<>();
        for (TeeOutput output : outputs) {
            if (output.isOpen()) {
                open.add(output.fd());
            }
        }
        if (open.isEmpty()) {
            throw new Failure(status, ""); // as tee(1): nobody is left to write to
        }
        Fanout fanout = Fanout.from(in)
                .to(open)
                .policy(options.onSlow.policy)
                .method(options.method.method)
                .fallback(options.fallback())
                .watching(options.onError() == TeeOptions.OnError.WARN_NOPIPE
                        || options.onError() == TeeOptions.OnError.EXIT_NOPIPE)
                .failures(this::goesOn)
                .growPipes(true)
                .length(options.length);
        fanout.progress(reporter.tick(), now -> tell(now, fanout));
        if (options.patience != null) {
            fanout.patience(options.patience);
        }
        if (options.flow.limit > 0) {
            fanout.limit(options.flow.limit);
        }
        if (rate != null) {
            fanout.limit(rate);
        }
        if (options.flow.pipeSize > 0) {
            fanout.pipeCapacity(options.flow.pipeSize);
        }
        try {
            Fanout.Result result = fanout.run();
            note(result.branches());
            return result;
        } catch (NoMethodException e) {
            throw refused(e.declined().getLast().reason(), e);
        } catch (ErrnoException e) {
            note(fanout.branches());
            throw failed(e);
        }
    }

    private void tell(Progress now, Fanout fanout) {
        note(fanout.branches());
        reporter.tell(now, TeeReport.behind(now.bytes(), outputs));
    }

    private void note(List<Fanout.Branch> branches) {
        for (Fanout.Branch branch : branches) {
            output(branch.out()).note(branch);
        }
    }

    private TeeOutput output(Fd fd) {
        for (TeeOutput output : outputs) {
            if (output.is(fd)) {
                return output;
            }
        }
        throw new AssertionError(fd + " is none of the outputs");
    }

    private Failure refused(String why, Exception cause) {
        return new Failure(Exit.METHOD, "--method tee: " + why, "use --fallback auto", cause);
    }

    /// The input has failed, or the command has to end; what the outputs have got is made final all the same.
    private Failure failed(ErrnoException e) throws Failure {
        if (stop.reason() != null) {
            return new Failure(Exit.IO, "", "", e);
        }
        if (!options.fallback()
                && e.moved() == 0
                && (e.call().equals("tee") || e.call().equals("splice"))) {
            return refused("the kernel refused (" + Errno.name(e.errno()) + "): " + Errno.text(e.errno()), e);
        }
        finish();
        String after = e.moved() > 0 ? " " + Failures.after(e.moved(), reporter.length()) : "";
        String text = options.in().name(true) + ": " + Failures.reason(e, options.verbose()) + after;
        return new Failure(options.in().isNetwork() && e.moved() == 0 ? Exit.NETWORK : Exit.IO, text, "", e);
    }

    // ---- outputs that fail ----

    /// What a failed output means; false ends the command.
    private boolean goesOn(Fanout.Branch branch) {
        TeeOutput output = output(branch.out());
        output.note(branch);
        ErrnoException why = branch.failure();
        if (why == null) {
            return true;
        }
        output.end();
        boolean isUnread = why.errno() == Errno.EPIPE && !output.endpoint().isNetwork();
        boolean goesOn = isUnread ? goesOnWithout(output, branch) : tell(output, branch);
        ended |= !goesOn;
        return goesOn;
    }

    /// A pipe that nobody reads any more. Behind exec: it is the child that ended, and how it ended says at the end
    /// whether that is a failure.
    private boolean goesOnWithout(TeeOutput output, Fanout.Branch branch) {
        TeeOptions.OnError mode = options.onError();
        boolean isChild = output.endpoint() instanceof Endpoint.Exec;
        output.fail(Errno.text(Errno.EPIPE));
        if (isChild) {
            leftEarly.put(output, branch);
            return mode != TeeOptions.OnError.SIGPIPE && mode != TeeOptions.OnError.EXIT;
        }
        if (mode == TeeOptions.OnError.SIGPIPE) {
            worsen(Exit.PIPE);
            return false;
        }
        return !mode.tellsPipes || tell(output, branch);
    }

    private boolean tell(TeeOutput output, Fanout.Branch branch) {
        String reason = Failures.reason(Objects.requireNonNull(branch.failure()), options.verbose());
        output.fail(reason);
        String after = branch.bytes() > 0 ? " after " + Human.bytes(branch.bytes()) : "";
        complain(output.name() + ": " + reason + after, Exit.IO);
        return !options.onError().exits;
    }

    /// One line for each failure, as tee(1) has it, so no hints.
    private void complain(String text, int exit) {
        reporter.erase();
        context.say("tee: " + text, "");
        worsen(exit);
    }

    /// A broken pipe that ends the command is its exit code; else an I/O error counts more than a part that is
    /// missing.
    private void worsen(int exit) {
        if (exit == Exit.PIPE || status == Exit.DONE || (status == Exit.PARTIAL && exit == Exit.IO)) {
            status = exit;
        }
    }

    // ---- the end ----

    /// Ends all outputs, so that their other sides see it at once, and then asks each whether it is whole.
    private void finish() {
        outputs.stream().filter(TeeOutput::isOpen).forEach(TeeOutput::endOutput);
        for (TeeOutput output : outputs) {
            try {
                output.finish();
                Fanout.Branch early = leftEarly.get(output);
                if (early != null && options.onError() == TeeOptions.OnError.SIGPIPE) {
                    worsen(Exit.PIPE);
                } else if (early != null && options.onError().tellsPipes) {
                    tell(output, early);
                }
            } catch (Failure e) {
                output.fail(e.text());
                if (stop.reason() == null) {
                    complain(e.text(), e.exit());
                }
            } catch (IOException e) {
                String why = e instanceof ErrnoException errno
                        ? Failures.reason(errno, options.verbose())
                        : String.valueOf(e.getMessage());
                output.fail(why);
                complain(output.name() + ": " + why, Exit.IO);
            }
        }
    }

    private void tellLosses() {
        for (TeeOutput output : outputs) {
            if (output.dropped() > 0 && options.onSlow == TeeOptions.OnSlow.drop && !ended) {
                complain(
                        output.name() + ": it could not keep up and lost " + Human.bytes(output.dropped()) + " of "
                                + Human.bytes(output.dropped() + output.bytes()),
                        Exit.PARTIAL);
            }
        }
    }
}
