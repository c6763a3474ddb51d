package dev.fid.cli.probe;

import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.option.Values;
import dev.fid.cli.watch.ObservedCalls;
import dev.fid.cli.watch.Watch;
import dev.fid.files.Fid;
import dev.fid.probe.Probe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `fid probe`.
@Command(
        name = "probe",
        description = {
            "Tries with a few bytes what this kernel, its file systems and limits allow.",
            "Prints which call moves bytes between which descriptors, whether a spliced",
            "page is a reference or a copy, and known bugs of this kernel's version.",
            "Nothing is left behind. With --pid: how a running process moves its bytes.",
            ""
        },
        footer = {
            "",
            "Exit code 7: something that --require names is missing.",
            "",
            "Examples:",
            "  fid probe",
            "  fid probe --path /tmp --matrix splice",
            "  fid probe --require splice,tee,sendfile",
            "  fid probe --json",
            "  fid probe --pid $PPID --time 500ms"
        })
public final class ProbeCommand implements Action {
    @Option(
            names = "--path",
            paramLabel = "DIR",
            description =
                    "Tries the file system of DIR too; again for more. Default: the current directory, /tmp, /dev/shm.")
    private List<Path> paths = List.of();

    @Option(
            names = "--matrix",
            paramLabel = "CALL",
            converter = MatrixTable.OfMatrix.class,
            completionCandidates = MatrixTable.Matrices.class,
            description = "Prints one table with the errno of each pair: splice, pipe (splice twice, through one),"
                    + " sendfile, copy_file_range, or all.")
    private @Nullable String matrix;

    @Option(
            names = "--require",
            paramLabel = "NAME",
            split = ",",
            description = "Fails with 7 where one of these is missing.")
    private List<String> required = List.of();

    @Option(names = "--pid", paramLabel = "N", description = "Watches the calls of process N.")
    private @Nullable Long pid;

    @Option(
            names = "--time",
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = "How long to watch. Default: 5s.")
    private Duration time = Duration.ofSeconds(5);

    @Option(
            names = "--by",
            paramLabel = "MEANS",
            description = "Watches by this means alone: perf, strace or proc. Default: the best that works here.")
    private @Nullable String by;

    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    @Override
    public void run(Context context) throws Failure {
        if (pid != null) {
            watch(context, pid);
            return;
        }
        Requirements.check(required);
        Probe probe = Fid.probe(directories().toArray(Path[]::new));
        List<Requirements.Missing> missing = Requirements.missing(required, probe);
        context.console().print(json ? ProbeJson.of(probe, required, missing) + "\n" : text(probe, context));
        if (!missing.isEmpty()) {
            throw new Failure(Exit.CHECK, "missing: " + Requirements.text(missing));
        }
    }

    private String text(Probe probe, Context context) {
        int columns = context.console().columns(1);
        int width = columns <= 0 ? 80 : columns;
        if (matrix != null) {
            return MatrixTable.text(probe.matrix(), matrix, width);
        }
        if (!required.isEmpty()) {
            return Requirements.table(required, probe, width);
        }
        return new ProbeReport(probe, width, context.root().verbose() > 0, context.colors(1)).text();
    }

    /// Each once, the current one first; of the usual ones those that are there.
    private List<Path> directories() throws Failure {
        for (Path path : paths) {
            if (!Files.isDirectory(path)) {
                throw new Failure(
                        Exit.OPEN, path + (Files.exists(path) ? ": Not a directory" : ": No such file or directory"));
            }
        }
        if (!paths.isEmpty()) {
            return paths;
        }
        return Stream.of(Path.of("").toAbsolutePath(), Path.of("/tmp"), Path.of("/dev/shm"))
                .filter(Files::isDirectory)
                .distinct()
                .toList();
    }

    private void watch(Context context, long process) throws Failure {
        if (!required.isEmpty() || matrix != null || !paths.isEmpty()) {
            throw Failure.usage("--pid goes with --time, --by and --json only");
        }
        ObservedCalls watched = Watch.of(process, time, by, context);
        int columns = context.console().columns(1);
        context.console().print(json ? watched.json() + "\n" : watched.text(columns <= 0 ? 80 : columns));
    }
}
