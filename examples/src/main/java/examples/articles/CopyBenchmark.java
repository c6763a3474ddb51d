package examples.articles;

import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;

import dev.fid.Fd;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/// The second article's race: one file copied by read and write, by mmap whole and in segments, and by splice.
///
///     bin/example CopyBenchmark [MIB] [DIRECTORY]
///
/// *work* is the copying alone; *real* includes opening, fsync and closing; *user* and *sys* are this thread's, in
/// steps of 10 ms where the JVM has no better clock. The best of three rounds, the ways taking turns. It shows the
/// order of things on this machine; `fid bench` measures with spread and against C.
public final class CopyBenchmark {
    private static final int ROUNDS = 3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private CopyBenchmark() {}

    private interface Way {
        long copy(Fd in, Fd out) throws IOException;
    }

    private record Times(long work, long real, long user, long sys) {}

    public static void main(String... arguments) throws IOException {
        int mib = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 300;
        Path directory = Files.createTempDirectory(Path.of(arguments.length > 1 ? arguments[1] : "."), "race");
        Path in = directory.resolve("in");
        Path out = directory.resolve("out");
        Map<String, Way> ways = new LinkedHashMap<>();
        ways.put("read-write", ReadWriteCopy::copy);
        ways.put("mmap", (a, b) -> MmapCopy.copy(a, b, Long.MAX_VALUE));
        ways.put("mmap in segments of 16 MiB", (a, b) -> MmapCopy.copy(a, b, 16 << 20));
        ways.put("splice", CopyBenchmark::splice);
        try {
            fill(in, mib);
            Map<String, Times> best = new LinkedHashMap<>();
            for (int round = 0; round < ROUNDS; round++) {
                for (Map.Entry<String, Way> way : ways.entrySet()) {
                    best.merge(way.getKey(), time(way.getValue(), in, out), (a, b) -> a.work < b.work ? a : b);
                }
            }
            System.out.printf(
                    Locale.ROOT, "%-26s %8s %8s %8s %8s  (s, %d MiB)%n", "", "work", "real", "user", "sys", mib);
            best.forEach((name, t) -> System.out.printf(
                    Locale.ROOT,
                    "%-26s %8.3f %8.3f %8.3f %8.3f%n",
                    name,
                    t.work / 1e9,
                    t.real / 1e9,
                    t.user / 1e9,
                    t.sys / 1e9));
        } finally {
            Files.deleteIfExists(in);
            Files.deleteIfExists(out);
            Files.delete(directory);
        }
    }

    private static long splice(Fd in, Fd out) throws IOException {
        try (PipeEnds pipe = PipeEnds.open()) {
            return SpliceCopy.copy(in, out, pipe, pipe.capacity());
        }
    }

    private static void fill(Path path, int mib) throws IOException {
        byte[] chunk = new byte[1 << 20];
        new Random(1).nextBytes(chunk);
        try (var out = Files.newOutputStream(path)) {
            for (int i = 0; i < mib; i++) {
                out.write(chunk);
            }
        }
    }

    private static Times time(Way way, Path in, Path out) throws IOException {
        Files.deleteIfExists(out);
        long start = System.nanoTime();
        long cpu = THREADS.getCurrentThreadCpuTime();
        long user = THREADS.getCurrentThreadUserTime();
        long work;
        try (Fd source = Calls.input(in.toString());
                Fd target = Calls.output(out.toString())) {
            long begin = System.nanoTime();
            long moved = way.copy(source, target);
            work = System.nanoTime() - begin;
            if (moved != Files.size(in)) {
                throw new IllegalStateException("copied " + moved + " of " + Files.size(in) + " bytes");
            }
            check(KERNEL.fsync(target.number()), "fsync", target);
        }
        user = THREADS.getCurrentThreadUserTime() - user;
        cpu = THREADS.getCurrentThreadCpuTime() - cpu;
        long real = System.nanoTime() - start;
        if (Files.mismatch(in, out) != -1) {
            throw new IllegalStateException("the copy differs");
        }
        return new Times(work, real, user, Math.max(0, cpu - user));
    }
}
