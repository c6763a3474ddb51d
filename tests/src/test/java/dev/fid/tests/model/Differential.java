package dev.fid.tests.model;

import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Many scripts, on the kernel of this machine and on a model of it, by some threads.
final class Differential {
    private static final int MOST_FAILURES = Integer.getInteger("fid.failures", 5);

    private final Path memory;
    private final Path disk;
    private final Supplier<Subject> subjects;
    private final AtomicLong next = new AtomicLong();
    private final List<String> failures = new ArrayList<>();

    long scripts;
    long calls;
    final long[] chosen = new long[6];
    double seconds;

    /// What is compared with the real kernel.
    ///
    /// @param cuts is told how the next bytes of a socket lie in the buffers of a pipe
    /// @param room is told how many bytes a TCP socket takes of the next call
    /// @param overlaps counts the copies of a page onto a part of itself
    record Subject(
            Kernel kernel,
            java.util.function.Consumer<List<Long>> cuts,
            java.util.function.LongConsumer room,
            java.util.function.LongSupplier overlaps) {}

    /// @param memory a folder on tmpfs
    /// @param disk a folder on ext4
    /// @param subjects makes models, each used by one thread
    Differential(Path memory, Path disk, Supplier<Subject> subjects) {
        this.memory = memory;
        this.disk = disk;
        this.subjects = subjects;
    }

    /// Runs the scripts of `count` seeds from `seed`, for `most` seconds at most.
    ///
    /// @return each failure with its shortest script as Java; empty where there is none
    List<String> run(long seed, long count, double most, int threads) throws Exception {
        long start = System.nanoTime();
        next.set(seed);
        List<Thread> workers = new ArrayList<>();
        List<Throwable> thrown = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            workers.add(Thread.ofPlatform().name("scripts-" + i).start(() -> {
                try {
                    work(number, seed + count, start + (long) (most * 1e9));
                } catch (IOException | RuntimeException | Error e) {
                    synchronized (failures) {
                        thrown.add(e);
                    }
                }
            }));
        }
        for (Thread worker : workers) {
            worker.join();
        }
        seconds = (System.nanoTime() - start) / 1e9;
        for (Throwable e : thrown) {
            throw new AssertionError("the campaign itself failed", e);
        }
        return List.copyOf(failures);
    }

    private void work(int thread, long end, long until) throws IOException {
        Path inMemory = Files.createDirectories(memory.resolve("t" + thread));
        Path onDisk = Files.createDirectories(disk.resolve("t" + thread));
        long ran = 0;
        try (Actor real = real(inMemory, onDisk)) {
            Duel duel = duel(real);
            for (long seed = next.getAndIncrement();
                    seed < end && System.nanoTime() < until && failures.size() < MOST_FAILURES;
                    seed = next.getAndIncrement()) {
                ran++;
                Script script = Script.random(seed);
                Duel.Difference difference = duel.run(script);
                if (difference != null) {
                    sum(duel, 0);
                    Duel impatient = impatient(real);
                    Script small =
                            new Script(new Shrinker<>(Step::simpler, steps -> impatient.run(new Script(steps)) != null)
                                    .shrink(script.steps()));
                    duel = duel(real);
                    report(seed, difference, small, duel.run(small));
                    duel = duel(real);
                }
            }
            sum(duel, ran);
        }
    }

    /// The kernel of this machine, with files in these folders.
    static Actor real(Path memory, Path disk) {
        String[] names = new String[4];
        for (int i = 0; i < 4; i++) {
            names[i] = (i < 2 ? memory : disk).resolve("f" + i).toString();
        }
        return new Actor(Kernel.linux(), names);
    }

    private Duel duel(Actor real) {
        return duel(real, subjects.get());
    }

    /// Both kernels, the files of the model on the same file systems.
    static Duel duel(Actor real, Subject subject) {
        return new Duel(real, new Actor(subject.kernel, "/dev/shm/f0", "/dev/shm/f1", "/f2", "/f3"), subject);
    }

    /// For the many tries of the shrinker, most of which wait in vain.
    private Duel impatient(Actor real) {
        Duel duel = duel(real);
        duel.patienceNanos = 30_000_000;
        return duel;
    }

    private void report(long seed, Duel.Difference first, Script small, Duel.@Nullable Difference last) {
        synchronized (failures) {
            failures.add("seed " + seed + ", step " + first.step() + ": " + first.what() + "\n    shortest: "
                    + (last == null ? "not the same every time" : "step " + last.step() + ": " + last.what()) + "\n"
                    + small.java());
        }
    }

    private void sum(Duel duel, long ran) {
        synchronized (failures) {
            scripts += ran;
            calls += duel.calls;
            for (int i = 0; i < chosen.length; i++) {
                chosen[i] += duel.chosen[i];
            }
        }
    }
}
