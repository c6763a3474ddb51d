package dev.fid.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Directories of small files, by commands: their start is part of what they take.
///
/// Not on ext4: it goes over every inode that was freed in the last minutes before it takes another, so that there a
/// copy pays for the removal of the one before. Source: fs/ext4/ialloc.c of Linux 6.18, recently_deleted.
final class TreeRaces {
    private static final long FILES = 100_000; // where a run has FILES_BYTES, fewer where it has less
    private static final long FILES_BYTES = 256 << 20;
    private static final int LEAST_FILES = 1000;

    private TreeRaces() {}

    private interface Place {
        Path find() throws IOException;
    }

    static void addTo(Suite suite) {
        add(suite, "tmpfs", () -> suite.memory().path());
        add(suite, "xfs", () -> suite.mounted("xfs"));
    }

    private static void add(Suite suite, String type, Place place) {
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
                        bed -> contenders(suite, bed),
                        Target.speed(1, "cp -r"))
                .weight(4)
                .everywhere());
    }

    private static List<Contender> contenders(Suite suite, Bed bed) {
        String in = bed.in().name();
        String out = bed.outs().getFirst().name();
        String command = Peers.fidCommand();
        Peers anywhere = suite.peers().everywhere();
        if (command == null || !anywhere.refusal().isEmpty()) {
            suite.skip("tree: " + (command == null ? "not started as `fid bench`" : anywhere.refusal()));
            return new ArrayList<>();
        }
        String words = "exec " + command + " copy -r -q '" + in + "' '" + out + "'";
        List<Contender> all = Suite.fid(anywhere.tool("-", List.of("sh", "-c", words)));
        all.add(new Contender("cp -r", Contender.Kind.TOOL, anywhere.tool("-", List.of("cp", "-r", in, out))));
        return all;
    }
}
