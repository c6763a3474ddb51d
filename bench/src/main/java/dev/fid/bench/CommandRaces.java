package dev.fid.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Directories of small files, and one file that is larger than most caches, by commands: their start is part of what
/// they take.
///
/// No directories on ext4: it goes over every inode that was freed in the last minutes before it takes another, so
/// that there a copy pays for the removal of the one before. Source: fs/ext4/ialloc.c of Linux 6.18, recently_deleted.
final class CommandRaces {
    private static final long FILES = 100_000; // where a run has FILES_BYTES, fewer where it has less
    private static final long FILES_BYTES = 256 << 20;
    private static final int LEAST_FILES = 1000;
    /// A large file has as many times the bytes of a run: 8 GiB where that has 256 MiB.
    private static final long LARGE = 32;

    private final Suite suite;

    private CommandRaces(Suite suite) {
        this.suite = suite;
    }

    static void addTo(Suite suite) {
        CommandRaces races = new CommandRaces(suite);
        races.tree("tmpfs", () -> suite.memory().path());
        races.tree("xfs", () -> suite.mounted("xfs"));
        // A run takes ten seconds and 16 GiB: only for who names it.
        if (suite.options().routes().stream().anyMatch(route -> route.startsWith("large"))) {
            Path disk = suite.disk().path();
            races.large("disk", disk, disk);
            races.large("across", disk, suite.memory().path());
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
                            return suite.bed(directory, content, End.Kind.TREE, End.Kind.TREE);
                        },
                        bed -> contenders(bed, "-r"),
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
                            return suite.bed(to, Content.of(source, length), End.Kind.FILE, End.Kind.FILE);
                        },
                        bed -> contenders(bed, ""),
                        Target.speed(1, "cp"))
                .weight(4)
                .everywhere());
    }

    /// @param option of both commands, or empty
    private List<Contender> contenders(Bed bed, String option) {
        String in = bed.in().name();
        String out = bed.outs().getFirst().name();
        String fid = Peers.fidCommand();
        Peers anywhere = suite.peers().everywhere();
        if (fid == null || !anywhere.refusal().isEmpty()) {
            suite.skip("commands: " + (fid == null ? "not started as `fid bench`" : anywhere.refusal()));
            return new ArrayList<>();
        }
        String cp = ("cp " + option).strip();
        List<Contender> all = Suite.fid(shell(anywhere, fid + " copy -q " + option, in, out));
        all.add(new Contender(cp, Contender.Kind.TOOL, shell(anywhere, cp, in, out)));
        return all;
    }

    /// Both start the same way, by a shell that becomes the command.
    private static Way shell(Peers anywhere, String command, String in, String out) {
        return anywhere.tool("-", List.of("sh", "-c", "exec " + command + " \"$1\" \"$2\"", "sh", in, out));
    }
}
