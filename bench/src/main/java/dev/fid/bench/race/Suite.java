package dev.fid.bench.race;

import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.LoopMount;
import dev.fid.bench.measure.Processors;
import dev.fid.bench.measure.Workplace;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.PeerPrograms;
import dev.fid.bench.way.Runner;
import dev.fid.kernel.Kernel;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/// Where races are run, what they are run with, and who can take part. The races themselves are made by {@link
/// FileRaces}, {@link CommandRaces}, {@link SocketRaces}, {@link PipeRaces} and {@link BlockRaces}: each is added by
/// {@link #add}, and finds
/// its files, directories and contenders here when it begins, not before.
public final class Suite implements AutoCloseable {
    private final Kernel kernel;
    private final Processors processors;
    private final PeerPrograms peers;
    private final Workplace memory;
    private final Workplace disk;
    private final BenchOptions options;
    private final Map<String, LoopMount> mounts = new LinkedHashMap<>();
    private final List<Workplace> places = new ArrayList<>();
    private final Set<String> skipped = new LinkedHashSet<>();
    private final List<Contest> races = new ArrayList<>();

    public Suite(Kernel kernel, Processors processors, BenchOptions options) throws IOException {
        this.kernel = kernel;
        this.processors = processors;
        this.options = options;
        Workplace inMemory = Workplace.inMemory(16 * bytes());
        Workplace onDisk = Workplace.onDisk(4 * bytes());
        if (inMemory == null || onDisk == null) {
            throw new IOException(
                    "no room for " + Human.bytes(16 * bytes()) + " in /dev/shm, or for a quarter of it on disk");
        }
        this.memory = inMemory;
        this.disk = onDisk;
        this.peers = PeerPrograms.compiled(memory.path(), processors.mover());
        if (!peers.refusal().isEmpty()) {
            skipped.add("the reference programs in C: " + peers.refusal());
        }
        FileRaces.addTo(this);
        CommandRaces.addTo(this);
        SocketRaces.addTo(this);
        PipeRaces.addTo(this);
        BlockRaces.addTo(this);
    }

    // ---- races ----

    /// Adds a race to those that can be asked for.
    void add(Contest race) {
        races.add(race);
    }

    /// The races that are asked for, in the order of the report.
    public List<Contest> wanted() {
        List<Contest> wanted = new ArrayList<>(races);
        wanted.removeIf(race -> !options.wants(race.id(), race.isUsual()));
        return wanted;
    }

    /// Whether a race of this name can be asked for.
    boolean has(String id) {
        return races.stream().anyMatch(race -> race.id().equals(id));
    }

    // ---- where ----

    /// Where the files of a race are; found out when it begins.
    interface Place {
        Path find() throws IOException;
    }

    /// Bytes of a run from file to file; runs through pipes move more.
    long bytes() {
        return options.bytes();
    }

    BenchOptions options() {
        return options;
    }

    public Workplace disk() {
        return disk;
    }

    public Workplace memory() {
        return memory;
    }

    /// A directory of our own in one that the user named, which is gone afterwards.
    Path place(Path directory) throws IOException {
        Workplace place = Workplace.in(List.of(directory), 4 * bytes());
        if (place == null) {
            throw new IOException(
                    directory + ": no directory that can be written to with " + Human.bytes(8 * bytes()) + " free");
        }
        places.add(place);
        return place.path();
    }

    /// A file system of `type` in a file, made and mounted by the first who asks.
    Path mounted(String type) throws IOException {
        LoopMount mount = mounts.get(type);
        if (mount == null) {
            mount = LoopMount.of(type, memory.path(), 16 * bytes() + (512L << 20)); // sparse; xfs reserves a lot
            mounts.put(type, mount);
        }
        return mount.path();
    }

    /// A file of bytes that nothing can compress or share, on its disk already, so that the cache can let go of it.
    public Path source(Path directory, long length) throws IOException {
        Path file = directory.resolve("source-" + length);
        if (Files.exists(file)) {
            return file;
        }
        SplittableRandom random = new SplittableRandom(length);
        byte[] block = new byte[1 << 20];
        try (FileOutputStream stream = new FileOutputStream(file.toFile());
                OutputStream out = new BufferedOutputStream(stream, 1)) {
            for (long left = length; left > 0; left -= block.length) {
                random.nextBytes(block);
                out.write(block, 0, (int) Math.min(left, block.length));
            }
            out.flush();
            stream.getFD().sync();
        }
        return file;
    }

    /// The ends of a route. Its outputs and FIFOs are made in `directory`.
    Bed bed(Path directory, Content content, BedEnd.Kind in, BedEnd.Kind... outs) throws IOException {
        return new Bed(kernel, directory, content, processors.ends(), in, outs);
    }

    // ---- who takes part ----

    public PeerPrograms peers() {
        return peers;
    }

    /// Fid, and Fid again: every race begins with them.
    static List<Contender> fid(Runner way) {
        return new ArrayList<>(List.of(Contender.fid(way), Contender.again(way)));
    }

    /// One of our programs in C.
    void c(List<Contender> all, String program, String name, String... arguments) {
        if (peers.refusal().isEmpty()) {
            all.add(new Contender("C " + name, Contender.Kind.C, peers.reference(program, arguments)));
        }
    }

    /// Go's io.Copy from one end to another.
    void go(List<Contender> all, Bed bed) {
        if (!peers.goRefusal().isEmpty()) {
            skip("Go io.Copy: " + peers.goRefusal());
        } else if (peers.refusal().isEmpty()) {
            String out = bed.outs().getFirst().name();
            Runner way = peers.reference("gocopy", bed.in().name(), out);
            all.add(new Contender("Go io.Copy", Contender.Kind.TOOL, way));
        }
    }

    /// A program that users have. Where it is not installed, the report says so.
    ///
    /// @param out the file that gets its stdout, or `-`
    void tool(List<Contender> all, String name, String out, List<String> command) {
        if (isThere(name) && peers.refusal().isEmpty()) {
            all.add(new Contender(name, Contender.Kind.TOOL, peers.tool(out, command)));
        }
    }

    /// Whether a program is installed. Where it is not, the report says so.
    boolean isThere(String program) {
        if (PeerPrograms.isThere(program)) {
            return true;
        }
        skip(program + ": not installed (bench/peers/setup installs what is missing)");
        return false;
    }

    /// Whether races are asked for whose names begin so.
    boolean names(String prefix) {
        return options.routes().stream().anyMatch(route -> route.startsWith(prefix));
    }

    /// Netty, where its jars are.
    void netty(List<Contender> all, Supplier<Contender> contender) {
        try {
            all.add(contender.get());
        } catch (LinkageError e) {
            skip("Netty: its jars are not on the class path, or have no native part for this machine (" + e + ")");
        }
    }

    /// Notes what was left out, once.
    public void skip(String what) {
        skipped.add(what);
    }

    /// What was left out; others may add to it.
    public Set<String> skipping() {
        return skipped;
    }

    public List<String> skipped() {
        return List.copyOf(skipped);
    }

    @Override
    public void close() {
        mounts.values().forEach(LoopMount::close);
        places.forEach(Workplace::close);
        memory.close();
        disk.close();
    }
}
