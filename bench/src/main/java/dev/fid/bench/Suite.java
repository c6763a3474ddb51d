package dev.fid.bench;

import dev.fid.Method;
import dev.fid.kernel.Kernel;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Which races there are on this machine, and who takes part in each.
final class Suite implements AutoCloseable {
    private static final long PIPE_PERIOD = 64 << 20; // a file that other ends feed pipes with, over and over

    private final Kernel kernel;
    private final Processors processors;
    private final Peers peers;
    private final Workplace memory;
    private final Workplace disk;
    private final long bytes;
    private final List<LoopMount> mounts = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private final List<Race> races = new ArrayList<>();
    private final Relays relays;

    /// @param bytes of a run from file to file; runs through pipes move more
    Suite(Kernel kernel, Processors processors, long bytes) throws IOException {
        this.kernel = kernel;
        this.processors = processors;
        this.bytes = bytes;
        Workplace inMemory = Workplace.inMemory(16 * bytes);
        Workplace onDisk = Workplace.onDisk(4 * bytes);
        if (inMemory == null || onDisk == null) {
            throw new IOException(
                    "no room for " + Human.bytes(16 * bytes) + " in /dev/shm, or for a quarter of it on disk");
        }
        this.memory = inMemory;
        this.disk = onDisk;
        this.peers = Peers.compiled(memory.path(), processors.mover());
        this.relays = new Relays(memory.path("relays"), skipped);
        if (!peers.refusal().isEmpty()) {
            skipped.add("the reference programs in C: " + peers.refusal());
        }
    }

    /// All races, in the order of the report, or those whose names begin with one of `wanted`.
    List<Contest> races(List<String> wanted) throws IOException {
        if (!wanted.isEmpty() && wanted.stream().allMatch(name -> name.startsWith("relay"))) {
            return relays.races(wanted); // none of them moves a file
        }
        Path onDisk = source(disk.path(), bytes);
        Path inMemory = source(memory.path(), bytes);
        files(Workplace.fileSystem(disk.path()), disk.path(), onDisk);
        files("tmpfs", memory.path(), inMemory);
        across(onDisk);
        for (String type : List.of("xfs", "btrfs")) {
            if (isWanted("file-file-" + type, wanted) || isWanted("reflink-" + type, wanted)) {
                shared(type);
            }
        }
        sockets(inMemory);
        pipes(inMemory);
        blocks(source(memory.path(), bytes / 4));
        List<Contest> all = new ArrayList<>();
        races.stream().filter(race -> isWanted(race.id(), wanted)).forEach(all::add);
        all.addAll(relays.races(wanted));
        return all;
    }

    Relays relays() {
        return relays;
    }

    /// Whether a race of this name is among those asked for.
    static boolean isWanted(String id, List<String> wanted) {
        return wanted.isEmpty() || wanted.stream().anyMatch(id::startsWith);
    }

    List<String> skipped() {
        return skipped;
    }

    Peers peers() {
        return peers;
    }

    Workplace disk() {
        return disk;
    }

    /// A file of bytes that nothing can compress or share.
    Path source(Path directory, long length) throws IOException {
        Path file = directory.resolve("source-" + length);
        if (Files.exists(file)) {
            return file;
        }
        SplittableRandom random = new SplittableRandom(length);
        byte[] block = new byte[1 << 20];
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1)) {
            for (long left = length; left > 0; left -= block.length) {
                random.nextBytes(block);
                out.write(block, 0, (int) Math.min(left, block.length));
            }
        }
        return file;
    }

    // ---- files ----

    private Race.Opening bed(Path directory, Content content, End.Kind in, End.Kind... outs) {
        return () -> new Bed(kernel, directory, content, processors.ends(), in, outs);
    }

    private void files(String fileSystem, Path directory, Path source) {
        races.add(new Race(
                "file-file-" + fileSystem,
                "file to file on " + fileSystem,
                bed(directory, Content.of(source, bytes), End.Kind.FILE, End.Kind.FILE),
                bed -> fileContenders(bed, true),
                Target.speed(0.95, Target.BEST_C)));
    }

    private void across(Path source) {
        races.add(new Race(
                "file-file-across",
                "file to file, from " + Workplace.fileSystem(source) + " to tmpfs",
                bed(memory.path(), Content.of(source, bytes), End.Kind.FILE, End.Kind.FILE),
                bed -> fileContenders(bed, false),
                Target.speed(0.95, Target.BEST_C)));
    }

    private List<Contender> fileContenders(Bed bed, boolean oneFileSystem) {
        List<Contender> all = fid(Way.fid(null));
        for (Method method : List.of(
                Method.COPY_FILE_RANGE, Method.SENDFILE, Method.SPLICE_THROUGH_PIPE, Method.MMAP, Method.READ_WRITE)) {
            if (oneFileSystem || method != Method.COPY_FILE_RANGE) {
                all.add(Contender.method(method));
            }
        }
        if (oneFileSystem) {
            c(all, "copy", "copy_file_range", copyArguments(bed, "copy_file_range"));
        }
        for (String method : List.of("read_write", "sendfile", "splice", "mmap")) {
            c(all, "copy", method, copyArguments(bed, method));
        }
        all.add(Contender.jdk("JDK Files.copy", Way.filesCopy()));
        all.add(Contender.jdk("JDK FileChannel.transferTo", Way.transferTo()));
        all.add(Contender.jdk("JDK FileChannel.transferFrom", Way.transferFrom()));
        all.add(Contender.jdk("JDK streams", Way.streams()));
        all.add(Contender.jdk("JDK 8 KiB loop", Way.streamLoop()));
        all.add(Contender.jdk("NIO direct 128 KiB", Way.directBuffer()));
        fileTools(all, bed);
        return all;
    }

    private void fileTools(List<Contender> all, Bed bed) {
        String in = bed.in().name();
        String out = bed.outs().getFirst().name();
        tool(all, "cp", "-", List.of("cp", in, out));
        tool(all, "dd", "-", List.of("dd", "if=" + in, "of=" + out, "bs=128K", "status=none"));
        tool(all, "cat", out, List.of("cat", in));
        tool(all, "pv", out, List.of("pv", "-q", in));
    }

    private static String[] copyArguments(Bed bed, String method) {
        return new String[] {method, bed.in().name(), bed.outs().getFirst().name()};
    }

    /// On a file system that shares extents: sharing them, and copying all the same, as a user may ask for.
    private void shared(String type) {
        LoopMount mount;
        Path large;
        Path small;
        try {
            mount = LoopMount.of(type, memory.path(), 7 * bytes + (512L << 20)); // 512 MiB for its own structures
            mounts.add(mount);
            large = source(mount.path(), 4 * bytes);
            small = source(mount.path(), bytes);
        } catch (IOException e) {
            skipped.add("file to file on " + type + ": " + e.getMessage());
            return;
        }
        races.add(new Race(
                        "reflink-" + type,
                        "reflink of " + Human.bytes(4 * bytes) + " on " + type,
                        bed(mount.path(), Content.of(large, 4 * bytes), End.Kind.FILE, End.Kind.FILE),
                        bed -> {
                            List<Contender> all = fid(Way.fid(null));
                            c(all, "copy", "ficlone", copyArguments(bed, "ficlone"));
                            c(all, "copy", "copy_file_range", copyArguments(bed, "copy_file_range"));
                            all.add(Contender.jdk("JDK Files.copy", Way.filesCopy()));
                            all.add(Contender.jdk("JDK FileChannel.transferTo", Way.transferTo()));
                            tool(
                                    all,
                                    "cp",
                                    "-",
                                    List.of(
                                            "cp",
                                            bed.in().name(),
                                            bed.outs().getFirst().name()));
                            return all;
                        },
                        Target.micros(100))
                .brief());
        races.add(new Race(
                "file-file-" + type,
                "file to file on " + type + ", bytes copied",
                bed(mount.path(), Content.of(small, bytes), End.Kind.FILE, End.Kind.FILE),
                bed -> {
                    List<Contender> all = fid(Way.fid(Method.SPLICE_THROUGH_PIPE));
                    all.add(Contender.method(Method.READ_WRITE));
                    all.add(Contender.method(Method.MMAP));
                    for (String method : List.of("read_write", "sendfile", "splice", "mmap")) {
                        c(all, "copy", method, copyArguments(bed, method));
                    }
                    all.add(Contender.jdk("JDK 8 KiB loop", Way.streamLoop()));
                    all.add(Contender.jdk("NIO direct 128 KiB", Way.directBuffer()));
                    return all;
                },
                Target.speed(0.95, Target.BEST_C)));
    }

    // ---- sockets ----

    private void sockets(Path source) throws IOException {
        Content content = Content.of(source, bytes);
        races.add(new Race(
                "file-socket",
                "file to TCP socket, loopback",
                bed(memory.path(), content, End.Kind.FILE, End.Kind.SOCKET),
                bed -> {
                    List<Contender> all = fid(Way.fid(null));
                    String port = bed.outs().getFirst().name();
                    for (String method : List.of("sendfile", "splice", "read_write")) {
                        c(all, "socket", method, "send", method, bed.in().name(), port);
                    }
                    jdkBetween(all);
                    all.add(Contender.jdk("JDK FileChannel.transferTo", Way.transferTo()));
                    return all;
                },
                Target.speed(0.97, "C sendfile")));
        String fileSystem = Workplace.fileSystem(disk.path());
        races.add(new Race(
                "socket-file-" + fileSystem,
                "TCP socket to file on " + fileSystem + ", loopback",
                bed(disk.path(), content, End.Kind.SOCKET, End.Kind.FILE),
                bed -> {
                    List<Contender> all = fid(Way.fid(null));
                    String port = bed.in().name();
                    for (String method : List.of("splice", "read_write")) {
                        c(
                                all,
                                "socket",
                                method,
                                "receive",
                                method,
                                port,
                                bed.outs().getFirst().name());
                    }
                    jdkBetween(all);
                    all.add(Contender.jdk("JDK FileChannel.transferFrom", Way.transferFrom()));
                    return all;
                },
                Target.speed(1.3, "NIO direct 128 KiB"),
                Target.speed(2, "JDK streams")));
        races.add(new Race(
                "socket-socket",
                "TCP socket to TCP socket, loopback",
                bed(memory.path(), content, End.Kind.SOCKET, End.Kind.SOCKET),
                bed -> {
                    List<Contender> all = fid(Way.fid(null));
                    String out = bed.outs().getFirst().name();
                    for (String method : List.of("splice", "read_write")) {
                        c(all, "socket", method, "relay", method, bed.in().name(), out);
                    }
                    jdkBetween(all);
                    return all;
                }));
    }

    private static void jdkBetween(List<Contender> all) {
        all.add(Contender.jdk("JDK streams", Way.streams()));
        all.add(Contender.jdk("NIO direct 128 KiB", Way.directBuffer()));
    }

    // ---- pipes ----

    private void pipes(Path source) {
        long period = Math.min(PIPE_PERIOD, bytes);
        Content content = new Content(source, period, 16 * bytes);
        races.add(new Race(
                "pipe-pipe",
                "pipe to pipe",
                bed(memory.path(), content, End.Kind.PIPE, End.Kind.PIPE),
                bed -> {
                    List<Contender> all = fid(Way.fid(null));
                    String in = bed.in().name();
                    String out = bed.outs().getFirst().name();
                    c(all, "pipes", "splice", "splice", in, out);
                    tool(all, "pv", "-", List.of("sh", "-c", "exec pv -q < '" + in + "' > '" + out + "'"));
                    return all;
                },
                Target.speed(0.95, "C splice")));
        Content shorter = new Content(source, period, 2 * bytes);
        races.add(new Race(
                "pipe-pipe-copied",
                "pipe to pipe, against those who copy",
                bed(memory.path(), shorter, End.Kind.PIPE, End.Kind.PIPE),
                bed -> {
                    List<Contender> all = fid(Way.fid(null));
                    c(
                            all,
                            "pipes",
                            "read_write",
                            "read_write",
                            bed.in().name(),
                            bed.outs().getFirst().name());
                    all.add(Contender.jdk("JDK 8 KiB loop", Way.streamLoop()));
                    all.add(Contender.jdk("NIO direct 128 KiB", Way.directBuffer()));
                    return all;
                }));
        for (int outputs : new int[] {2, 4, 8}) {
            fanOut(content, outputs);
        }
        Content once = new Content(source, period, bytes);
        fanOut(
                "fanout-files",
                "one pipe to 3 files on tmpfs",
                once,
                false,
                Collections.nCopies(3, End.Kind.FILE),
                Target.speed(0.95, "C read_write"));
        fanOut(
                "fanout-mixed",
                "one pipe to 2 FIFOs and 2 files on tmpfs",
                once,
                false,
                List.of(End.Kind.PIPE, End.Kind.PIPE, End.Kind.FILE, End.Kind.FILE),
                Target.speed(0.95, "C read_write"));
        Content lent = new Content(source, Math.min(2L * End.PIPE_BYTES, bytes), 16 * bytes);
        memory("memory-pipe", "memory to pipe, the reader drops it", lent, Bed.Sink.DISCARD);
        memory(
                "memory-pipe-read",
                "memory to pipe, the reader copies it",
                new Content(source, lent.period(), 4 * bytes),
                Bed.Sink.READ);
    }

    private void fanOut(Content content, int outputs) {
        fanOut(
                "fanout-" + outputs,
                "one pipe to " + outputs + " FIFOs",
                new Content(content.file(), content.period(), 8 * bytes),
                true,
                Collections.nCopies(outputs, End.Kind.PIPE),
                Target.speed(0.95, "C tee"),
                Target.speed(3, "C read_write"));
    }

    /// With the command, and tee(1), whose start is part of what they take.
    private void fanOut(
            String id, String title, Content content, boolean tee, List<End.Kind> kinds, Target... targets) {
        races.add(new Race(
                id,
                title,
                bed(memory.path(), content, End.Kind.PIPE, kinds.toArray(End.Kind[]::new)),
                bed -> {
                    List<Contender> all = fid(Way.fidFanout());
                    List<String> names = bed.outs().stream().map(End::name).toList();
                    List<String> arguments = new ArrayList<>(List.of(bed.in().name()));
                    arguments.addAll(names);
                    arguments.addFirst("read_write");
                    c(all, "pipes", "read_write", arguments.toArray(String[]::new));
                    if (tee) {
                        arguments.set(0, "tee");
                        c(all, "pipes", "tee", arguments.toArray(String[]::new));
                    }
                    String ends = " '" + String.join("' '", names.subList(1, names.size())) + "' < '"
                            + bed.in().name() + "' > '" + names.getFirst() + "'";
                    tool(all, "tee", "-", List.of("sh", "-c", "exec tee" + ends));
                    String command = Peers.fidCommand();
                    if (command != null && peers.refusal().isEmpty()) {
                        all.add(new Contender(
                                "fid tee",
                                Contender.Kind.TOOL,
                                peers.tool("-", List.of("sh", "-c", "exec " + command + " -q tee" + ends))));
                    }
                    return all;
                },
                targets));
    }

    private void memory(String id, String title, Content content, Bed.Sink sink) {
        races.add(new Race(
                        id,
                        title,
                        bed(memory.path(), content, End.Kind.MEMORY, End.Kind.PIPE),
                        bed -> {
                            List<Contender> all = fid(Way.fidLend());
                            String length = Long.toString(content.length());
                            String out = bed.outs().getFirst().name();
                            String period = Long.toString(content.period());
                            String file = content.file().toString();
                            c(all, "pipes", "vmsplice", "vmsplice", file + ":" + period + ":" + length, out);
                            c(all, "pipes", "write", "write", file + ":" + period + ":" + length, out);
                            all.add(Contender.jdk("JDK streams", Way.streamsFromMemory()));
                            return all;
                        },
                        Target.speed(0.93, "C vmsplice"))
                .sink(sink));
    }

    // ---- block sizes ----

    /// What a call should move at most: every method at every size. Fid itself takes part once, as it is used.
    private void blocks(Path source) {
        record Route(End.Kind in, End.Kind out) {}
        for (Route route : List.of(
                new Route(End.Kind.FILE, End.Kind.FILE),
                new Route(End.Kind.FILE, End.Kind.PIPE),
                new Route(End.Kind.FILE, End.Kind.SOCKET),
                new Route(End.Kind.SOCKET, End.Kind.FILE),
                new Route(End.Kind.SOCKET, End.Kind.SOCKET),
                new Route(End.Kind.PIPE, End.Kind.PIPE))) {
            Content content = Content.of(source, bytes / 4);
            races.add(new Race(
                            "blocks-" + route.in().id() + "-" + route.out().id(),
                            route.in() + " to " + route.out() + " in memory, by block size",
                            bed(memory.path(), content, route.in(), route.out()),
                            bed -> {
                                List<Contender> all = fid(Way.fid(null));
                                all.addAll(Blocks.contenders(route.in(), route.out()));
                                return all;
                            })
                    .least(3));
        }
    }

    // ---- who takes part ----

    private static List<Contender> fid(Way way) {
        return new ArrayList<>(List.of(Contender.fid(way), Contender.again(way)));
    }

    private void c(List<Contender> all, String program, String name, String... arguments) {
        if (peers.refusal().isEmpty()) {
            all.add(new Contender("C " + name, Contender.Kind.C, peers.reference(program, arguments)));
        }
    }

    private void tool(List<Contender> all, String name, String out, List<String> command) {
        if (peers.refusal().isEmpty() && !Peers.version(name).isEmpty()) {
            all.add(new Contender(name, Contender.Kind.TOOL, peers.tool(out, command)));
        }
    }

    /// Where what was left out is noted.
    void skip(@Nullable String what) {
        if (what != null) {
            skipped.add(what);
        }
    }

    @Override
    public void close() {
        mounts.forEach(LoopMount::close);
        memory.close();
        disk.close();
    }
}
