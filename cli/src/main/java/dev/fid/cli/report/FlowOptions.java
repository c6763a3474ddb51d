package dev.fid.cli.report;

import dev.fid.cli.base.Failure;
import dev.fid.cli.option.Values;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What every command that moves bytes is asked: how fast, how long, and what is told meanwhile.
public final class FlowOptions {
    @Option(
            names = "--limit",
            paramLabel = "RATE",
            converter = Values.OfRate.class,
            description = "Moves at most this many bytes a second.")
    public long limit;

    @Option(
            names = "--limit-file",
            paramLabel = "FILE",
            description = "Reads RATE, or none, from FILE, and again whenever FILE changes: so the rate can be changed"
                    + " while bytes move.")
    @Nullable
    String limitFile;

    @Option(
            names = "--pipe-size",
            paramLabel = "SIZE",
            converter = Values.OfPipeSize.class,
            description =
                    "Bytes of each pipe, its own (default: 1M) and, once bulk goes through, those it is given, where"
                            + " they have fewer and limits allow.")
    public long pipeSize;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = "Exit 8 when it is not done by then.")
    public @Nullable Duration timeout;

    @Option(
            names = "--progress",
            paramLabel = "WHEN",
            description = "auto (stderr is a terminal), always, never, json.")
    public Reporter.Mode progress = Reporter.Mode.auto;

    @Option(
            names = "--size",
            paramLabel = "N",
            converter = Values.OfSize.class,
            description = "Takes N for the bytes that will come, where nobody knows: for percent and time left.")
    long size = -1;

    @Option(names = "--name", paramLabel = "TEXT", description = "What the line of progress begins with.")
    @Nullable
    String name;

    @Option(names = "--json", description = "Prints the result as JSON; on stderr where stdout carries the data.")
    public boolean json;

    /// Refuses options that do not go together.
    ///
    /// @throws Failure where two options contradict each other
    public void check() throws Failure {
        if (limitFile != null && limit > 0) {
            throw Failure.usage("--limit-file: it says the rate, so --limit does not go with it");
        }
    }
}
