package dev.fid.cli.copy;

import dev.fid.Plan;
import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Root;
import dev.fid.cli.base.Signals;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.plan.Explanation;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `fid copy SRC DST`.
@Command(
        name = "copy",
        customSynopsis = "fid copy [OPTIONS] SRC... DST",
        description = {
            "Copies SRC to DST, the cheapest way that the kernel allows.",
            "Several files, or with -r directories, go into a directory; several sources go to stdout one behind the",
            "other, as with cat(1).",
            "",
            "A file as DST is replaced whole or not at all; FIFOs, devices and parts of files are written in place.",
            "A socket as DST is half-closed after the last byte, and its peer has 2 s to close its side.",
            "The forms of SRC and DST, and the options behind them: fid help endpoints.",
            "Binary data (a file with a NUL in its first 4 KiB) does not go to a terminal without -f.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fid copy big.iso copy.iso",
            "  fid copy --fsync --verify big.iso copy.iso",
            "  fid copy --checksum sha256 big.iso copy.iso | sha256sum -c",
            "  fid copy - copy.iso < big.iso",
            "  fid copy big.iso exec:'sha256sum -b'",
            "  fid copy 'big.iso?offset=1MiB&length=64KiB' part",
            "  fid copy --limit 100M --timeout 1m big.iso copy.iso",
            "  fid copy --dry-run big.iso tcp://localhost:7000",
            "  fid copy --resume big.iso copy.iso",
            "  fid copy -r /etc/skel home",
            "  fid copy -r --preserve=all /etc/skel home/kept",
            "  fid copy -r --update /etc/skel/. home",
            "  fid copy big.iso copy.iso home/",
            "  fid copy -t home big.iso copy.iso",
            "  fid copy -r --link /etc/skel/. linked",
            "  cat big.iso | fid copy --size 4G --name upload - exec:'sha256sum -b'"
        })
public final class CopyCommand implements Action {
    @Mixin
    private final CopyOptions options;

    public CopyCommand(Root root) {
        options = new CopyOptions(root);
    }

    @Override
    public void run(Context context) throws Failure {
        if (options.dryRun) {
            options.check();
            plan(context);
            return;
        }
        if (options.isTree()) {
            TreeCopying copying = new TreeCopying(options, context.console(), context.stop());
            if (context.own()) {
                Signals.install(
                        context.stop(), copying::status, context.console().err());
            }
            copying.run();
            return;
        }
        if (options.joins()) {
            join(context);
        } else {
            copy(context);
        }
    }

    private void copy(Context context) throws Failure {
        Copying copying = new Copying(options, context.console(), context.stop());
        if (context.own()) {
            Signals.install(context.stop(), copying::status, context.console().err());
        }
        try {
            copying.run();
        } catch (Failure e) {
            CopyReport.failed(options, context.console(), e);
            throw e;
        }
    }

    /// One source behind the other, as cat(1): what one lacks is told, and the next one follows.
    private void join(Context context) throws Failure {
        Failure first = null;
        for (Endpoint source : options.sources()) {
            options.only(source);
            try {
                copy(context);
            } catch (Failure e) {
                boolean ends = e.exit() == Exit.USAGE || e.exit() == Exit.TIMEOUT || e.exit() > Exit.SIGNAL;
                if (ends || context.stop().reason() != null) {
                    throw e;
                }
                context.say("copy: " + e.text(), e.hint());
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw new Failure(first.exit(), "");
        }
    }

    /// The plan goes to stdout, also where the data would: a dry run has no data.
    private void plan(Context context) throws Failure {
        try {
            Plan plan = Planning.of(options);
            Explanation explanation =
                    new Explanation(plan, options.in().text(), options.out().text(), context.colors(1));
            context.console().print(options.flow.json ? explanation.json() + "\n" : explanation.text());
        } catch (IOException e) {
            throw new Failure(Exit.OPEN, String.valueOf(e.getMessage()), "", e);
        }
    }
}
