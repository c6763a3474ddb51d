package dev.fid.bench.race;

import dev.fid.Method;
import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Target;
import dev.fid.bench.measure.Workplace;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.Runner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// File to file: on each file system, from one to another, shared, and from a disk that has to be read.
final class FileRaces {
    /// File systems that can share extents; whether one does is said by its mount options, and by the race.
    private static final Set<String> SHARING = Set.of("xfs", "btrfs", "bcachefs", "ocfs2");

    private final Suite suite;

    private FileRaces(Suite suite) {
        this.suite = suite;
    }

    static void addTo(Suite suite) {
        FileRaces races = new FileRaces(suite);
        Path disk = suite.disk().path();
        Path memory = suite.memory().path();
        String onDisk = Workplace.fileSystem(disk);
        races.onOne(onDisk, "on " + onDisk, () -> disk).weight(3).usual();
        races.onOne("tmpfs", "on tmpfs", () -> memory).weight(3);
        for (Path path : suite.options().paths()) {
            races.asked(path);
        }
        races.across(disk, memory);
        races.cold(onDisk, disk);
        for (String type : List.of("xfs", "btrfs")) {
            races.reflink(type, "on " + type, () -> suite.mounted(type)).usual();
            races.copied(type);
        }
    }

    private Race add(Race race) {
        suite.add(race);
        return race;
    }

    /// A file system that the user named.
    private void asked(Path path) {
        String type = Workplace.fileSystem(path);
        String id = type;
        for (int i = 2; suite.has("file-file-" + id); i++) {
            id = type + "-" + i;
        }
        onOne(id, "on " + type + ", " + path, () -> suite.place(path)).weight(3).usual();
        if (SHARING.contains(type)) {
            reflink(id, "on " + type + ", " + path, () -> suite.place(path)).usual();
        }
    }

    private Race onOne(String id, String where, Suite.Place place) {
        return add(new Race(
                "file-file-" + id,
                "file to file " + where,
                () -> bed(place.find(), suite.bytes()),
                bed -> contenders(bed, true),
                Target.speed(0.95, Target.BEST_C)));
    }

    private Bed bed(Path directory, long length) throws IOException {
        Content content = Content.of(suite.source(directory, length), length);
        return suite.bed(directory, content, BedEnd.Kind.FILE, BedEnd.Kind.FILE);
    }

    private void across(Path from, Path to) {
        add(new Race(
                        "file-file-across",
                        "file to file, from " + Workplace.fileSystem(from) + " to tmpfs",
                        () -> {
                            Content content = Content.of(suite.source(from, suite.bytes()), suite.bytes());
                            return suite.bed(to, content, BedEnd.Kind.FILE, BedEnd.Kind.FILE);
                        },
                        bed -> contenders(bed, false),
                        Target.speed(0.95, Target.BEST_C)))
                .weight(3);
    }

    private List<Contender> contenders(Bed bed, boolean oneFileSystem) {
        List<Contender> all = Suite.fid(Runner.fid(null));
        for (Method method : List.of(
                Method.COPY_FILE_RANGE, Method.SENDFILE, Method.SPLICE_THROUGH_PIPE, Method.MMAP, Method.READ_WRITE)) {
            if (oneFileSystem || method != Method.COPY_FILE_RANGE) {
                all.add(Contender.method(method));
            }
        }
        if (oneFileSystem) {
            c(all, bed, "copy_file_range");
        }
        for (String method : List.of("read_write", "sendfile", "splice", "mmap", "mmap_segments")) {
            c(all, bed, method);
        }
        all.add(Contender.jdk("JDK Files.copy", Runner.filesCopy()));
        all.add(Contender.jdk("JDK FileChannel.transferTo", Runner.transferTo()));
        all.add(Contender.jdk("JDK FileChannel.transferFrom", Runner.transferFrom()));
        all.add(Contender.jdk("JDK streams", Runner.streams()));
        all.add(Contender.jdk("JDK 8 KiB loop", Runner.streamLoop()));
        all.add(Contender.jdk("NIO direct 128 KiB", Runner.directBuffer()));
        suite.go(all, bed);
        String in = bed.in().name();
        String out = bed.outs().getFirst().name();
        cp(all, bed);
        suite.tool(all, "dd", "-", List.of("dd", "if=" + in, "of=" + out, "bs=128K", "status=none"));
        suite.tool(all, "cat", out, List.of("cat", in));
        suite.tool(all, "pv", out, List.of("pv", "-q", in));
        suite.tool(all, "socat", "-", List.of("socat", "-u", "-b131072", "OPEN:" + in, "CREATE:" + out));
        return all;
    }

    private void c(List<Contender> all, Bed bed, String method) {
        suite.c(
                all,
                "copy",
                method,
                method,
                bed.in().name(),
                bed.outs().getFirst().name());
    }

    private void cp(List<Contender> all, Bed bed) {
        String out = bed.outs().getFirst().name();
        suite.tool(all, "cp", "-", List.of("cp", bed.in().name(), out));
    }

    /// The disk has to be read: whatever is done with the bytes then, it waits for the disk.
    private void cold(String type, Path directory) {
        add(new Race(
                        "file-file-cold-" + type,
                        "file to file on " + type + ", the source not in the cache",
                        () -> bed(directory, suite.bytes()).cold(),
                        bed -> {
                            List<Contender> all = Suite.fid(Runner.fid(null));
                            for (String method : List.of("copy_file_range", "read_write", "splice", "mmap")) {
                                c(all, bed, method);
                            }
                            all.add(Contender.jdk("JDK Files.copy", Runner.filesCopy()));
                            all.add(Contender.jdk("JDK streams", Runner.streams()));
                            cp(all, bed);
                            return all;
                        }))
                .weight(2);
    }

    /// On a file system that shares extents: sharing them.
    private Race reflink(String id, String where, Suite.Place place) {
        long length = 4 * suite.bytes();
        return add(new Race(
                        "reflink-" + id,
                        "reflink of " + Human.bytes(length) + " " + where,
                        () -> bed(place.find(), length),
                        bed -> {
                            List<Contender> all = Suite.fid(Runner.fid(null));
                            c(all, bed, "ficlone");
                            c(all, bed, "copy_file_range");
                            all.add(Contender.jdk("JDK Files.copy", Runner.filesCopy()));
                            all.add(Contender.jdk("JDK FileChannel.transferTo", Runner.transferTo()));
                            cp(all, bed);
                            return all;
                        },
                        Target.micros(100))
                .brief());
    }

    /// There too bytes are copied, where a user asks for it.
    private void copied(String type) {
        add(new Race(
                        "file-file-" + type,
                        "file to file on " + type + ", bytes copied",
                        () -> bed(suite.mounted(type), suite.bytes()),
                        bed -> {
                            List<Contender> all = Suite.fid(Runner.fid(Method.SPLICE_THROUGH_PIPE));
                            all.add(Contender.method(Method.READ_WRITE));
                            all.add(Contender.method(Method.MMAP));
                            for (String method : List.of("read_write", "sendfile", "splice", "mmap")) {
                                c(all, bed, method);
                            }
                            all.add(Contender.jdk("JDK 8 KiB loop", Runner.streamLoop()));
                            all.add(Contender.jdk("NIO direct 128 KiB", Runner.directBuffer()));
                            return all;
                        },
                        Target.speed(0.95, Target.BEST_C)))
                .weight(2);
    }
}
