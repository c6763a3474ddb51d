package dev.fid.bench;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Processors;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Statistics;
import dev.fid.bench.measure.Stopwatch;
import dev.fid.bench.measure.Workplace;
import dev.fid.bench.report.Table;
import dev.fid.bench.way.Runner;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/// What `./fid demo` does: moves a real file every way that this machine allows, compares every output with the
/// source, and shows beside each way what plain JDK streams make of it.
public final class Demo {
    private static final long MOST_BYTES = 512 << 20;
    private static final long LENT_BYTES = 16 << 20; // of the file, lent again and again
    private static final int MOST_RUNS = 5;
    private static final long BUDGET_NANOS = 22_000_000_000L; // so that the whole stays below 30 s

    private final Kernel kernel = Kernel.linux();
    private final Processors processors = Processors.ofThisProcess(kernel);
    private final PrintStream progress;
    private final List<Row> rows = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();

    private Demo(PrintStream progress) {
        this.progress = progress;
    }

    /// Moves `file`, or the JDK's own `lib/modules`, and prints a table.
    ///
    /// @param file a regular file; of a large one the first 512 MiB are moved
    /// @param out gets the table
    /// @param progress gets a line per route
    /// @param width columns of the table, 40 or more
    /// @return 0; 1 where an output was not equal to the source, a route failed, or there is no such file
    public static int run(@Nullable Path file, PrintStream out, PrintStream progress, int width) {
        Path source = file != null ? file : Path.of(System.getProperty("java.home"), "lib", "modules");
        try {
            Demo demo = new Demo(progress);
            long length = Math.min(length(source), MOST_BYTES);
            demo.run(source, length);
            demo.print(source, length, out, Math.max(40, width));
            return demo.rows.stream().allMatch(Row::isGood) ? 0 : 1;
        } catch (IOException e) {
            progress.println("fid: demo: " + e.getMessage());
            return 1;
        }
    }

    private static long length(Path source) throws IOException {
        try (Fd fd = Fd.open(source)) {
            long size = fd.facts().size();
            if (fd.kind() != FdKind.FILE || size <= 0) {
                throw new IOException(source + " is no regular file with bytes in it: it is a " + fd.kind() + " of "
                        + Math.max(0, size) + " bytes");
            }
            return size;
        }
    }

    // ---- the routes ----

    /// A route of the table.
    ///
    /// @param name what it is called
    /// @param directory where its outputs go
    /// @param content what goes in
    /// @param fid how Fid does it
    /// @param streams how JDK streams do it
    private record Route(
            String name,
            Path directory,
            Content content,
            BedEnd.Kind in,
            List<BedEnd.Kind> outs,
            Runner fid,
            Runner streams) {}

    private void run(Path source, long length) throws IOException {
        long room = 3 * length;
        try (Workplace disk = Workplace.onDisk(room);
                Workplace memory = Workplace.inMemory(room)) {
            if (disk == null && memory == null) {
                throw new IOException("no directory has room for three times " + Human.bytes(length));
            }
            List<Route> routes = routes(source, length, disk, memory);
            long deadline = kernel.nanoTime() + BUDGET_NANOS;
            for (int i = 0; i < routes.size(); i++) {
                Route route = routes.get(i);
                progress.println(String.format(Locale.ROOT, "%d of %d: %s", i + 1, routes.size(), route.name()));
                long share = (deadline - kernel.nanoTime()) / (routes.size() - i);
                rows.add(onMover(() -> race(route, kernel.nanoTime() + share)));
            }
        }
    }

    private List<Route> routes(Path source, long length, @Nullable Workplace disk, @Nullable Workplace memory)
            throws IOException {
        List<Route> routes = new ArrayList<>();
        Runner fid = Runner.fid(null);
        Runner streams = Runner.streams();
        Content content = null;
        if (disk != null) {
            content = Content.of(staged(source, length, disk), length);
            routes.add(fileToFile("file to file, " + Workplace.fileSystem(disk.path()), disk, content));
        } else {
            skipped.add("file to file on a disk: no directory has room");
        }
        if (memory != null) {
            Content inMemory = Content.of(staged(source, length, memory), length);
            routes.add(fileToFile("file to file, tmpfs", memory, inMemory));
            if (content != null) {
                routes.add(fileToFile(Workplace.fileSystem(content.file()) + " file to tmpfs", memory, content));
            }
            content = content == null ? inMemory : content;
        } else {
            skipped.add("file to file on tmpfs: /dev/shm has no room");
        }
        if (content == null) {
            throw new IllegalStateException("a place was found before");
        }
        Path place = disk != null
                ? disk.path()
                : java.util.Objects.requireNonNull(memory).path();
        long period = Math.min(LENT_BYTES, length);
        Content repeated = new Content(content.file(), period, length);
        List<BedEnd.Kind> file = List.of(BedEnd.Kind.FILE);
        List<BedEnd.Kind> pipe = List.of(BedEnd.Kind.PIPE);
        List<BedEnd.Kind> socket = List.of(BedEnd.Kind.SOCKET);
        List<BedEnd.Kind> threePipes = List.of(BedEnd.Kind.PIPE, BedEnd.Kind.PIPE, BedEnd.Kind.PIPE);
        routes.add(new Route("file to TCP socket", place, content, BedEnd.Kind.FILE, socket, fid, streams));
        routes.add(new Route("TCP socket to file", place, content, BedEnd.Kind.SOCKET, file, fid, streams));
        routes.add(new Route("socket to socket", place, content, BedEnd.Kind.SOCKET, socket, fid, streams));
        routes.add(new Route("file to pipe", place, content, BedEnd.Kind.FILE, pipe, fid, streams));
        routes.add(new Route("pipe to file", place, content, BedEnd.Kind.PIPE, file, fid, Runner.streamLoop()));
        routes.add(new Route("pipe to pipe", place, content, BedEnd.Kind.PIPE, pipe, fid, Runner.streamLoop()));
        routes.add(new Route(
                "pipe to three pipes",
                place,
                content,
                BedEnd.Kind.PIPE,
                threePipes,
                Runner.fidFanout(),
                Runner.streamsToAll()));
        routes.add(new Route(
                "memory to pipe",
                place,
                repeated,
                BedEnd.Kind.MEMORY,
                pipe,
                Runner.fidLend(Uapi.MADV_HUGEPAGE),
                Runner.streamsFromMemory()));
        return routes;
    }

    private static Route fileToFile(String name, Workplace place, Content content) {
        return new Route(
                name,
                place.path(),
                content,
                BedEnd.Kind.FILE,
                List.of(BedEnd.Kind.FILE),
                Runner.fid(null),
                Runner.streams());
    }

    /// The file itself where it lies on that file system and is to be moved whole; else a copy of its first
    /// bytes.
    private static Path staged(Path source, long length, Workplace place) throws IOException {
        if (Files.size(source) == length && Files.getFileStore(source).equals(Files.getFileStore(place.path()))) {
            return source;
        }
        Path copy = place.path("source");
        try (Fd in = Fd.open(source);
                Fd out = Fd.open(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            Moved moved = Transfer.from(in).to(out).length(length).run();
            if (moved.bytes() != length) {
                throw new IOException(source + " ended at " + moved.bytes());
            }
        }
        return copy;
    }

    // ---- one route ----

    /// What came of a route; empty samples where it failed, and then why.
    private record Row(
            Route route,
            Runner.@Nullable Told told,
            List<Sample> fid,
            List<Sample> streams,
            String failure,
            String streamsFailure) {

        boolean isGood() {
            return failure.isEmpty() && streamsFailure.isEmpty();
        }
    }

    private Row race(Route route, long deadline) {
        List<Sample> fid = new ArrayList<>();
        List<Sample> streams = new ArrayList<>();
        Runner.Told told = null;
        try (Bed bed = new Bed(
                        kernel,
                        route.directory(),
                        route.content(),
                        processors.ends(),
                        route.in(),
                        route.outs().toArray(BedEnd.Kind[]::new));
                Stopwatch watch = new Stopwatch(kernel)) {
            try {
                told = run(route.fid(), bed, watch, Bed.Sink.COMPARE).told();
            } catch (IOException | RuntimeException e) {
                return new Row(route, told, List.of(), List.of(), said(e), "");
            }
            String streamsFailure = "";
            try {
                run(route.streams(), bed, watch, Bed.Sink.COMPARE);
            } catch (IOException | RuntimeException e) {
                streamsFailure = said(e);
            }
            try {
                for (int i = 0; i < MOST_RUNS && (i == 0 || kernel.nanoTime() < deadline); i++) {
                    boolean fidFirst = i % 2 == 0;
                    for (boolean now : new boolean[] {fidFirst, !fidFirst}) {
                        if (now) {
                            Runner.Outcome outcome = run(route.fid(), bed, watch, Bed.Sink.DISCARD);
                            told = outcome.told();
                            fid.add(outcome.sample());
                        } else if (streamsFailure.isEmpty()) {
                            streams.add(run(route.streams(), bed, watch, Bed.Sink.DISCARD)
                                    .sample());
                        }
                    }
                }
            } catch (IOException | RuntimeException e) {
                return new Row(route, told, fid, streams, said(e), streamsFailure);
            }
            return new Row(route, told, fid, streams, "", streamsFailure);
        } catch (IOException e) {
            return new Row(route, told, fid, streams, said(e), "");
        }
    }

    private static Runner.Outcome run(Runner way, Bed bed, Stopwatch watch, Bed.Sink sink) throws IOException {
        bed.begin(sink);
        try {
            Runner.Outcome outcome = way.move(bed, watch);
            bed.end();
            bed.compareFiles();
            return outcome;
        } finally {
            bed.abort();
        }
    }

    private static String said(Exception e) {
        return e instanceof ErrnoException || e.getMessage() != null ? String.valueOf(e.getMessage()) : e.toString();
    }

    /// A thread of its own, so that keeping it on one processor is nobody else's business.
    private Row onMover(Callable<Row> race) throws IOException {
        FutureTask<Row> task = new FutureTask<>(race);
        Thread thread = new Thread(
                () -> {
                    Processors.pin(kernel, processors.mover());
                    task.run();
                },
                "fid-bench-mover");
        thread.start();
        try {
            return task.get();
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    // ---- the table ----

    private void print(Path source, long length, PrintStream out, int width) throws IOException {
        out.println(source + ", " + Human.bytes(length)
                + (length < Files.size(source) ? " of " + Human.bytes(Files.size(source)) : ""));
        out.println();
        Table table = new Table(
                new Table.Column("route", true, 10),
                new Table.Column("method", true, 6),
                new Table.Column("GiB/s", false, 9),
                new Table.Column("CPU s/GiB", false, 5),
                new Table.Column("user bytes", false, 4),
                new Table.Column("copies", false, 3),
                new Table.Column("JDK GiB/s", false, 7),
                new Table.Column("JDK CPU s/GiB", false, 2),
                new Table.Column("ratio", false, 8));
        for (Row row : rows) {
            table.add(cells(row), notes(row));
        }
        table.lines(width).forEach(out::println);
        out.println();
        for (String note : footer()) {
            Table.wrap(note, "", width).forEach(out::println);
        }
    }

    private static List<String> cells(Row row) {
        Runner.Told told = row.told();
        double fid = speed(row.fid());
        double streams = speed(row.streams());
        return List.of(
                row.route().name(),
                told == null ? "failed" : told.method().toString(),
                Human.digits(fid),
                Human.digits(cpu(row.fid())),
                told == null ? "-" : Human.bytes(told.userBytes()),
                told == null ? "-" : Integer.toString(told.copies()),
                Human.digits(streams),
                Human.digits(cpu(row.streams())),
                Double.isNaN(fid / streams) ? "-" : Human.digits(fid / streams) + "x");
    }

    private static List<String> notes(Row row) {
        List<String> notes = new ArrayList<>();
        if (!row.failure().isEmpty()) {
            notes.add("FAILED: " + row.failure());
        }
        if (!row.streamsFailure().isEmpty()) {
            notes.add("JDK streams FAILED: " + row.streamsFailure());
        }
        Runner.Told told = row.told();
        if (told == null) {
            return notes;
        }
        for (Declined declined : told.declined()) {
            notes.add("not " + declined);
        }
        boolean splices = told.calls().containsKey("splice") || told.method() == Method.SENDFILE;
        if (splices && told.copies() == 1 && row.route().outs().contains(BedEnd.Kind.FILE)) {
            notes.add("one copy all the same: a file gets its own pages, and the kernel fills them");
        }
        verdict(row, notes);
        return notes;
    }

    /// Runs that overlap show no difference.
    private static void verdict(Row row, List<String> notes) {
        if (row.fid().isEmpty() || row.streams().isEmpty()) {
            return;
        }
        if (best(row.streams()) >= worst(row.fid()) && best(row.fid()) >= worst(row.streams())) {
            notes.add("about equal: the runs of both overlap");
        } else if (speed(row.fid()) < speed(row.streams())) {
            notes.add("a plain copy by JDK streams wins here");
        }
    }

    private static double speed(List<Sample> samples) {
        return Statistics.median(
                samples.stream().mapToDouble(Sample::gibPerSecond).toArray());
    }

    private static double cpu(List<Sample> samples) {
        return Statistics.median(
                samples.stream().mapToDouble(Sample::cpuSecondsPerGib).toArray());
    }

    private static double best(List<Sample> samples) {
        return samples.stream().mapToDouble(Sample::gibPerSecond).max().orElse(0);
    }

    private static double worst(List<Sample> samples) {
        return samples.stream().mapToDouble(Sample::gibPerSecond).min().orElse(0);
    }

    private List<String> footer() {
        List<String> footer = new ArrayList<>(skipped);
        boolean good = rows.stream().allMatch(Row::isGood);
        int runs = rows.stream().mapToInt(row -> row.fid().size()).min().orElse(0);
        footer.add(
                good
                        ? "Every output was compared with the source: all are equal."
                        : "NOT all outputs are right, see above.");
        footer.add("Medians of " + (runs == MOST_RUNS ? "" : "at least ") + runs
                + " runs each, in turns. CPU is that of the moving thread alone, user and kernel; the other ends of pipes and"
                + " sockets drop what they get, on another processor. User bytes passed through this process; copies are"
                + " those that the CPU makes of each byte on the way between the two ends, in the kernel too.");
        footer.add("JDK: InputStream.transferTo, which between files uses the kernel's shortcut by itself, and"
                + " a loop of 8 KiB from pipes, where it cannot.");
        return footer;
    }

    /// The methods that were taken, by route: for tests.
    static Map<String, Method> methods(Path file, PrintStream progress) throws IOException {
        Demo demo = new Demo(progress);
        demo.run(file, length(file));
        Map<String, Method> methods = new java.util.LinkedHashMap<>();
        for (Row row : demo.rows) {
            if (row.told() != null) {
                methods.put(row.route().name(), row.told().method());
            }
        }
        return methods;
    }
}
