package dev.fid.bench.race;

import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Target;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.PeerPrograms;
import dev.fid.bench.way.Runner;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Routes that begin or end in a pipe: from and to files, from memory, and from one pipe to many outputs.
final class PipeRaces {
    private static final long PIPE_PERIOD = 64 << 20; // a file that other ends feed pipes with, over and over

    private final Suite suite;

    private PipeRaces(Suite suite) {
        this.suite = suite;
    }

    static void addTo(Suite suite) {
        PipeRaces races = new PipeRaces(suite);
        races.fromFile();
        races.toFile();
        races.between();
        races.againstCopies();
        for (int outputs : new int[] {2, 4, 8}) {
            races.toFifos(outputs);
            races.fanOut(
                    "fanout-" + outputs + "-null",
                    "one pipe to " + outputs + " times /dev/null",
                    8,
                    Collections.nCopies(outputs, BedEnd.Kind.NULL));
            races.fanOut(
                    "fanout-" + outputs + "-socket",
                    "one pipe to " + outputs + " TCP sockets, loopback",
                    1,
                    Collections.nCopies(outputs, BedEnd.Kind.SOCKET));
            races.fanOut(
                    "fanout-" + outputs + "-file",
                    "one pipe to " + outputs + " files on tmpfs",
                    1,
                    Collections.nCopies(outputs, BedEnd.Kind.FILE),
                    Target.speed(0.95, "C read_write"));
        }
        races.fanOut(
                "fanout-mixed",
                "one pipe to 2 FIFOs and 2 files on tmpfs",
                1,
                List.of(BedEnd.Kind.PIPE, BedEnd.Kind.PIPE, BedEnd.Kind.FILE, BedEnd.Kind.FILE),
                Target.speed(0.95, "C read_write"));
        races.memory("memory-pipe", "memory to pipe, the reader drops it", 16, Bed.Sink.DISCARD);
        races.memory("memory-pipe-read", "memory to pipe, the reader copies it", 4, Bed.Sink.READ)
                .usual();
    }

    // ---- one to one ----

    /// The ends in memory, and `times` as many bytes as between files.
    private Bed bed(int times, BedEnd.Kind in, BedEnd.Kind... outs) throws IOException {
        long period = Math.min(PIPE_PERIOD, suite.bytes());
        Content content =
                new Content(suite.source(suite.memory().path(), suite.bytes()), period, times * suite.bytes());
        return suite.bed(suite.memory().path(), content, in, outs);
    }

    private void fromFile() {
        suite.add(new Race(
                        "file-pipe",
                        "file on tmpfs to pipe",
                        () -> {
                            Content content =
                                    Content.of(suite.source(suite.memory().path(), suite.bytes()), suite.bytes());
                            return suite.bed(suite.memory().path(), content, BedEnd.Kind.FILE, BedEnd.Kind.PIPE);
                        },
                        bed -> {
                            List<Contender> all = Suite.fid(Runner.fid(null));
                            String out = bed.outs().getFirst().name();
                            c(all, bed, "splice");
                            c(all, bed, "read_write");
                            all.add(Contender.jdk("JDK streams", Runner.streams()));
                            all.add(Contender.jdk("JDK FileChannel.transferTo", Runner.transferTo()));
                            all.add(Contender.jdk("NIO direct 128 KiB", Runner.directBuffer()));
                            suite.go(all, bed);
                            suite.tool(all, "cat", out, List.of("cat", bed.in().name()));
                            suite.tool(
                                    all, "pv", out, List.of("pv", "-q", bed.in().name()));
                            return all;
                        },
                        Target.speed(0.95, "C splice"))
                .usual());
    }

    private void toFile() {
        suite.add(new Race(
                        "pipe-file",
                        "pipe to file on tmpfs",
                        () -> bed(1, BedEnd.Kind.PIPE, BedEnd.Kind.FILE),
                        bed -> {
                            List<Contender> all = Suite.fid(Runner.fid(null));
                            c(all, bed, "splice");
                            c(all, bed, "read_write");
                            all.add(Contender.jdk("JDK streams", Runner.streams()));
                            all.add(Contender.jdk("JDK FileChannel.transferFrom", Runner.transferFrom()));
                            all.add(Contender.jdk("NIO direct 128 KiB", Runner.directBuffer()));
                            suite.go(all, bed);
                            shell(all, "cat", bed, "cat");
                            shell(all, "pv", bed, "pv -q");
                            return all;
                        },
                        Target.speed(0.95, Target.BEST_C))
                .usual());
    }

    private void between() {
        suite.add(new Race(
                        "pipe-pipe",
                        "pipe to pipe",
                        () -> bed(16, BedEnd.Kind.PIPE, BedEnd.Kind.PIPE),
                        bed -> {
                            List<Contender> all = Suite.fid(Runner.fid(null));
                            c(all, bed, "splice");
                            suite.go(all, bed);
                            shell(all, "pv", bed, "pv -q");
                            return all;
                        },
                        Target.speed(0.95, "C splice"))
                .usual());
    }

    private void againstCopies() {
        suite.add(new Race(
                "pipe-pipe-copied",
                "pipe to pipe, against those who copy",
                () -> bed(2, BedEnd.Kind.PIPE, BedEnd.Kind.PIPE),
                bed -> {
                    List<Contender> all = Suite.fid(Runner.fid(null));
                    c(all, bed, "read_write");
                    all.add(Contender.jdk("JDK streams", Runner.streams()));
                    all.add(Contender.jdk("JDK 8 KiB loop", Runner.streamLoop()));
                    all.add(Contender.jdk("NIO direct 128 KiB", Runner.directBuffer()));
                    shell(all, "cat", bed, "cat");
                    return all;
                }));
    }

    private void c(List<Contender> all, Bed bed, String method) {
        String out = bed.outs().getFirst().name();
        suite.c(all, "pipes", method, method, bed.in().name(), out);
    }

    /// A command between two redirections; the start of the shell is part of what it takes.
    private void shell(List<Contender> all, String name, Bed bed, String command) {
        String ends = " < '" + bed.in().name() + "' > '" + bed.outs().getFirst().name() + "'";
        suite.tool(all, name, "-", List.of("sh", "-c", "exec " + command + ends));
    }

    private Race memory(String id, String title, int times, Bed.Sink sink) {
        Race race = new Race(
                        id,
                        title,
                        () -> {
                            long period = Math.min(2L * BedEnd.PIPE_BYTES, suite.bytes());
                            Path source = suite.source(suite.memory().path(), suite.bytes());
                            Content content = new Content(source, period, times * suite.bytes());
                            return suite.bed(suite.memory().path(), content, BedEnd.Kind.MEMORY, BedEnd.Kind.PIPE);
                        },
                        bed -> {
                            Content content = bed.content();
                            String memory = content.file() + ":" + content.period() + ":" + content.length();
                            String out = bed.outs().getFirst().name();
                            List<Contender> all = Suite.fid(Runner.fidLend(Uapi.MADV_HUGEPAGE));
                            all.add(new Contender(
                                    "Fid from pages of 4 KiB",
                                    Contender.Kind.METHOD,
                                    Runner.fidLend(Uapi.MADV_NOHUGEPAGE)));
                            for (String method : List.of("vmsplice", "vmsplice_4k", "write")) {
                                suite.c(all, "pipes", method, method, memory, out);
                            }
                            all.add(Contender.jdk("JDK streams", Runner.streamsFromMemory()));
                            return all;
                        },
                        Target.speed(0.93, "C vmsplice"))
                .sink(sink);
        suite.add(race);
        return race;
    }

    // ---- one to many ----

    private void toFifos(int outputs) {
        Race race = fanOut(
                "fanout-" + outputs,
                "one pipe to " + outputs + " FIFOs",
                8,
                Collections.nCopies(outputs, BedEnd.Kind.PIPE),
                Target.speed(0.95, "C tee"),
                Target.speed(3, "C read_write"),
                Target.speed(8, "tee"));
        if (outputs == 4) {
            race.usual();
        }
    }

    /// With the commands, whose start is part of what they take. GNU tee and pee write to names, so not to sockets.
    private Race fanOut(String id, String title, int times, List<BedEnd.Kind> kinds, Target... targets) {
        Race race = new Race(
                id,
                title,
                () -> bed(times, BedEnd.Kind.PIPE, kinds.toArray(BedEnd.Kind[]::new)),
                bed -> {
                    List<Contender> all = Suite.fid(Runner.fidFanout());
                    List<String> names = bed.outs().stream().map(BedEnd::name).toList();
                    List<String> arguments =
                            new ArrayList<>(List.of("read_write", bed.in().name()));
                    arguments.addAll(names);
                    suite.c(all, "pipes", "read_write", arguments.toArray(String[]::new));
                    if (!kinds.contains(BedEnd.Kind.FILE)) {
                        arguments.set(0, "tee");
                        suite.c(all, "pipes", "tee", arguments.toArray(String[]::new));
                    }
                    all.add(Contender.jdk("JDK 8 KiB loop", Runner.streamsToAll()));
                    if (!kinds.contains(BedEnd.Kind.SOCKET)) {
                        commands(all, bed.in().name(), names);
                    }
                    return all;
                },
                targets);
        suite.add(race);
        return race;
    }

    private void commands(List<Contender> all, String in, List<String> outs) {
        String from = " < '" + in + "' > '" + outs.getFirst() + "'";
        String others = " '" + String.join("' '", outs.subList(1, outs.size())) + "'";
        suite.tool(all, "tee", "-", List.of("sh", "-c", "exec tee" + others + from));
        List<String> pee = new ArrayList<>(List.of("pee"));
        outs.forEach(out -> pee.add("cat > '" + out + "'"));
        String quoted =
                String.join(" ", pee.stream().map(word -> "\"" + word + "\"").toList());
        suite.tool(all, "pee", "-", List.of("sh", "-c", "exec " + quoted + " < '" + in + "'"));
        String command = PeerPrograms.fidCommand();
        if (command != null && suite.peers().refusal().isEmpty()) {
            List<String> words = List.of("sh", "-c", "exec " + command + " -q tee" + others + from);
            all.add(Contender.tool("fid tee", suite.peers().tool("-", words)));
        }
    }
}
