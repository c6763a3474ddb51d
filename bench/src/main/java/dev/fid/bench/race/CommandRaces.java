package dev.fid.bench.race;

import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.bed.SmallFiles;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Target;
import dev.fid.bench.measure.Workplace;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.PeerPrograms;
import dev.fid.bench.way.Runner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Directories of small files, one file that is larger than most caches, and pipelines, by commands: their start is
/// part of what they take.
///
/// No directories on ext4: it goes over every inode that was freed in the last minutes before it takes another, so
/// that there a copy pays for the removal of the one before. Source: fs/ext4/ialloc.c of Linux 6.18, recently_deleted.
final class CommandRaces {
    private static final long FILES = 100_000; // where a run has FILES_BYTES, fewer where it has less
    private static final long FILES_BYTES = 256 << 20;
    private static final int LEAST_FILES = 1000;
    /// A large file has as many times the bytes of a run: 8 GiB where that has 256 MiB.
    private static final long LARGE = 32;
    /// A pipeline moves as many times the bytes of a run: 4 GiB where that has 256 MiB.
    private static final long PIPELINE = 16;

    private final Suite suite;

    private CommandRaces(Suite suite) {
        this.suite = suite;
    }

    static void addTo(Suite suite) {
        CommandRaces races = new CommandRaces(suite);
        races.tree("tmpfs", () -> suite.memory().path());
        races.tree("xfs", () -> suite.mounted("xfs"));
        // A run takes ten seconds and 16 GiB: only for who names it.
        if (suite.names("large")) {
            Path disk = suite.disk().path();
            races.large("disk", disk, disk);
            races.large("across", disk, suite.memory().path());
        }
        if (suite.names("pipeline")) {
            races.pipeline();
            for (int outputs : new int[] {2, 4, 8}) {
                races.pipeline(outputs);
            }
        }
    }

    private void tree(String type, Suite.Place place) {
        long count = Math.max(LEAST_FILES, FILES * suite.bytes() / FILES_BYTES);
        SmallFiles files = new SmallFiles(Math.toIntExact(count));
        suite.add(new Race(
                        "tree-" + type,
                        count + " files of 4 KiB on " + type,
                        () -> {
                            Path directory = place.find();
                            Path source = directory.resolve("small-files");
                            if (!Files.exists(source)) {
                                files.make(source);
                            }
                            Content content = Content.of(source, files.bytes());
                            return suite.bed(directory, content, BedEnd.Kind.TREE, BedEnd.Kind.TREE);
                        },
                        bed -> contenders("copy -q -r", ends(bed), "cp -r"),
                        Target.speed(1, "cp -r"))
                .weight(4)
                .everywhere());
    }

    private void large(String id, Path from, Path to) {
        long length = LARGE * suite.bytes();
        String where = from.equals(to) ? "on" : "from " + Workplace.fileSystem(from) + " to";
        suite.add(new Race(
                        "large-" + id,
                        "one file of " + Human.bytes(length) + " " + where + " " + Workplace.fileSystem(to),
                        () -> {
                            Path source = suite.source(from, length);
                            return suite.bed(to, Content.of(source, length), BedEnd.Kind.FILE, BedEnd.Kind.FILE);
                        },
                        bed -> contenders("copy -q", ends(bed), "cp"),
                        Target.speed(1, "cp"))
                .weight(4)
                .everywhere());
    }

    private void pipeline() {
        pipeline(
                "pipeline-copy",
                "a pipeline",
                List.of(BedEnd.Kind.PIPE),
                bed -> contenders("copy -q - -", redirected(bed), "pv -q", "cat"),
                Target.speed(1, "pv -q"));
    }

    private void pipeline(int outputs) {
        pipeline(
                "pipeline-tee-" + outputs,
                "a pipeline with " + outputs + " FIFOs",
                Collections.nCopies(outputs, BedEnd.Kind.PIPE),
                bed -> contenders("tee -q", names(bed.outs().subList(1, outputs)) + redirected(bed), "tee"),
                Target.speed(8, "tee"));
    }

    private void pipeline(
            String id, String title, List<BedEnd.Kind> outs, Function<Bed, List<Contender>> contenders, Target target) {
        suite.add(new Race(
                        id,
                        title + ", with the pipes of a shell",
                        () -> {
                            Path memory = suite.memory().path();
                            Path source = suite.source(memory, suite.bytes());
                            Content content = new Content(source, suite.bytes(), PIPELINE * suite.bytes());
                            return suite.bed(memory, content, BedEnd.Kind.PIPE, outs.toArray(BedEnd.Kind[]::new))
                                    .asMade();
                        },
                        contenders,
                        target)
                .weight(4)
                .everywhere());
    }

    // ---- contenders ----

    private static String names(List<BedEnd> ends) {
        return ends.stream().map(end -> " '" + end.name() + "'").collect(Collectors.joining());
    }

    private static String ends(Bed bed) {
        return names(List.of(bed.in(), bed.outs().getFirst()));
    }

    private static String redirected(Bed bed) {
        return " < '" + bed.in().name() + "' > '" + bed.outs().getFirst().name() + "'";
    }

    /// All start the same way, by a shell that becomes the command.
    ///
    /// @param words what follows `fid`
    /// @param ends what follows that, or each of the other commands
    private List<Contender> contenders(String words, String ends, String... others) {
        String fid = PeerPrograms.fidCommand();
        PeerPrograms anywhere = suite.peers().everywhere();
        if (fid == null || !anywhere.refusal().isEmpty()) {
            suite.skip("commands: " + (fid == null ? "not started as `fid bench`" : anywhere.refusal()));
            return new ArrayList<>();
        }
        List<Contender> all = Suite.fid(shell(anywhere, fid + " " + words + ends));
        for (String other : others) {
            if (suite.isThere(other.split(" ", 2)[0])) {
                all.add(new Contender(other, Contender.Kind.TOOL, shell(anywhere, other + ends)));
            }
        }
        return all;
    }

    private static Runner shell(PeerPrograms anywhere, String command) {
        return anywhere.tool("-", List.of("sh", "-c", "exec " + command));
    }
}
