package dev.fid.cli.tee;

import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Root;
import dev.fid.cli.base.Signals;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `fid tee [DST...]`.
@Command(
        name = "tee",
        description = {
            "Copies stdin to stdout and to every DST, as tee(1).",
            "",
            "Pipes, FIFOs and sockets get references to the same pages, by tee(2) and splice(2); files get one read "
                    + "and a write each.",
            "",
            "As with tee(1) files are opened in order, truncated (or appended to) and written in place, with mode "
                    + "0666 less the umask; a file is not replaced as a whole, as fid copy does it. An output that cannot "
                    + "be opened or written to is named, the rest goes on, and the exit code is 1. Without -p or "
                    + "--output-error a pipe that nobody reads any more ends the command with 141, in silence.",
            "",
            "MODE says what a failed write does: warn names any output and goes on; warn-nopipe does so, but not "
                    + "for a pipe without a reader; exit ends with 1 at any output; exit-nopipe does so, but not for a pipe "
                    + "without a reader. With the nopipe modes such a pipe is noticed while the input is idle, too. A "
                    + "network output is no pipe.",
            "",
            "Not as tee(1): - as DST is stdout, which is an output already (file:- is a file of that name); wrong "
                    + "usage is exit 2; a SRC that cannot be opened, or that is one of the outputs, is exit 3, and nothing "
                    + "is written; a failed exec: child, and bytes lost by --on-slow drop, are exit 9; SIGINT is told. "
                    + "Otherwise it is as silent as tee(1), unless stderr is a terminal and stdout is none, or -v asks for "
                    + "more.",
            "",
            "--on-slow says what becomes of an output that has not taken a round (at most what a pipe holds) "
                    + "within the patience. block: all wait for it. drop: it loses whole rounds until it has caught up, and "
                    + "is told how much. fail: it is left out (exit 1).",
            "",
            "Endpoints and the options of sockets are those of fid copy; a file as DST has one, PATH?append. A "
                    + "child of exec: is waited for.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fid tee copy1.iso copy2.iso < big.iso > copy3.iso",
            "  cat big.iso | fid tee --append all.log | wc -c",
            "  fid tee exec:'sha256sum' exec:'wc -c' --no-stdout < big.iso",
            "  fid tee -p part.iso < big.iso | head -c 10",
            "  fid tee --from big.iso --no-stdout --length 1M --json head.iso",
            "  fid tee --no-stdout --on-slow drop --patience 5s all exec:'wc -l' < big.iso"
        })
public final class TeeCommand implements Action {
    @Mixin
    private final TeeOptions options;

    public TeeCommand(Root root) {
        options = new TeeOptions(root);
    }

    @Override
    public void run(Context context) throws Failure {
        Teeing teeing = new Teeing(options, context);
        if (context.own()) {
            Signals.install(context.stop(), teeing::status, context.console().err());
            if (options.ignoreInterrupts) {
                Signals.ignoreInterrupts();
            }
        }
        teeing.run();
    }
}
