package dev.fid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.tests.Ground;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Every call of a scenario, broken in every way, one after the other.
///
/// A trial may succeed with the right bytes, or fail with a documented exception and leave a prefix of them. It
/// may not succeed with wrong bytes, hang, spin, or leave a descriptor, memory or a file. What is no failure
/// (EINTR, EAGAIN, a short count) must end in success.
///
/// By default a seeded sample of all places is tried, as many as fit the seconds given; `-Dfid.campaign=long`
/// tries all of them, and pairs of faults besides. `-Dfid.seed` repeats a run, `-Dfid.scenario` takes only the
/// scenarios with that word in their names.
final class Campaign implements AutoCloseable {
    static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffffff);
    static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    private static final String ONLY = System.getProperty("fid.scenario", "");
    private static final int HANG_SECONDS = Integer.getInteger("fid.hang", 20);
    private static final int MOST_PAIRED_CALLS = 40;
    private static final int MOST_COMPLAINTS = 30;
    private static final List<String> BREAKABLE = Watched.names().stream()
            .filter(name -> !name.equals("munmap") && !name.equals("madvise")) // nobody can do without the first
            .toList();

    private final String name;
    private final Path folder;
    private final double seconds;
    private final Ground ground;
    private final ExecutorService worker = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "campaign");
        thread.setDaemon(true);
        return thread;
    });
    private final List<String> complaints = new ArrayList<>();
    private final Map<String, Long> ends = new TreeMap<>();
    private final Random sample = new Random(SEED);
    private final long start = System.nanoTime();
    private long runs;
    private long places;
    private long leastRuns;
    private long runsPerScenario = Long.MAX_VALUE;
    private int trials;

    /// On the kernel of this machine.
    ///
    /// @param seconds that a sample should take at most
    Campaign(String name, Path folder, double seconds) {
        this(name, folder, seconds, Ground.LINUX);
    }

    /// On the kernel of `ground`; on a model each trial has one of its own, so nothing of it is left.
    Campaign(String name, Path folder, double seconds, Ground ground) {
        this.name = name;
        this.folder = folder;
        this.seconds = seconds;
        this.ground = ground;
    }

    /// A fault to be: `outcome` for the call `call` of that index, from 1.
    private record Place(String call, int index, Outcome outcome) {
        @Override
        public String toString() {
            return call + " #" + index + ": " + outcome;
        }
    }

    /// Tries an evenly spread part of all places, so many that there are `least` runs, and pairs of faults besides; all
    /// of them in the long campaign.
    Campaign whole(long least) {
        leastRuns = least;
        return this;
    }

    /// Tries all scenarios, and fails if one trial did. Returns how many runs there were.
    long run(List<Scenario> scenarios) throws Exception {
        List<Scenario> chosen =
                scenarios.stream().filter(s -> s.name().contains(ONLY)).toList();
        int[] before = descriptors();
        if (leastRuns > 0) {
            runsPerScenario = 5 * leastRuns / 4 / Math.max(1, chosen.size()); // some have fewer places
        }
        for (int i = 0; i < chosen.size() && complaints.size() < MOST_COMPLAINTS; i++) {
            double until = seconds * (i + 1) / chosen.size();
            run(chosen.get(i), start + (long) (until * 1e9));
        }
        assertThat(descriptors().length).as("descriptors of the process").isLessThanOrEqualTo(before.length + 2);
        System.out.printf(
                "%s: %d scenarios, %d runs of %d places in %.1f s, seed %d: %s%n",
                name, chosen.size(), runs, places, (System.nanoTime() - start) / 1e9, SEED, ends);
        assertThat(complaints)
                .as("%s, -Dfid.seed=%d -Dfid.campaign=%s", name, SEED, LONG ? "long" : "")
                .isEmpty();
        return runs;
    }

    private static int[] descriptors() {
        String[] names = new File("/proc/self/fd").list();
        return new int[names == null ? 0 : names.length];
    }

    private void run(Scenario scenario, long until) throws Exception {
        List<String> trace = new ArrayList<>();
        trial(scenario, List.of(), trace, Long.MAX_VALUE);
        long mostCalls = 20L * trace.size() + 2000;
        List<Place> all = places(trace);
        places += all.size();
        long before = runs;
        if (LONG) {
            for (Place place : all) {
                trial(scenario, List.of(place), null, mostCalls);
            }
            if (trace.size() <= MOST_PAIRED_CALLS) {
                pairs(scenario, all, mostCalls);
            }
        } else if (leastRuns > 0) {
            java.util.Collections.shuffle(all, sample);
            for (Place place : all.subList(0, (int) Math.min(all.size(), runsPerScenario))) {
                trial(scenario, List.of(place), null, mostCalls);
            }
            if (trace.size() <= MOST_PAIRED_CALLS) {
                somePairs(scenario, all, mostCalls);
            }
        } else {
            java.util.Collections.shuffle(all, sample);
            for (Place place : all) {
                if (System.nanoTime() >= until) {
                    break;
                }
                trial(scenario, List.of(place), null, mostCalls);
            }
        }
        if (LONG) {
            System.out.printf("  %s: %d calls, %d runs%n", scenario.name(), trace.size(), runs - before);
        }
    }

    /// Two faults in one run, a sample of all such pairs.
    private void pairs(Scenario scenario, List<Place> all, long mostCalls) throws Exception {
        for (int i = 0; i < all.size(); i++) {
            for (int j = i + 1; j < all.size(); j++) {
                boolean two = !all.get(i).call.equals(all.get(j).call) || all.get(i).index != all.get(j).index;
                if (two && sample.nextInt(PAIRS_ONE_IN) == 0) {
                    trial(scenario, List.of(all.get(i), all.get(j)), null, mostCalls);
                }
            }
        }
    }

    private void somePairs(Scenario scenario, List<Place> all, long mostCalls) throws Exception {
        for (int i = 0; i < SOME_PAIRS; i++) {
            Place one = all.get(sample.nextInt(all.size()));
            Place two = all.get(sample.nextInt(all.size()));
            if (!one.call.equals(two.call) || one.index != two.index) {
                trial(scenario, List.of(one, two), null, mostCalls);
            }
        }
    }

    private static final int SOME_PAIRS = 300;
    private static final int PAIRS_ONE_IN = Integer.getInteger("fid.pairs", 16);

    private static List<Place> places(List<String> trace) {
        List<Place> places = new ArrayList<>();
        Map<String, Integer> seen = new HashMap<>();
        for (String call : trace) {
            int index = seen.merge(call, 1, Integer::sum);
            for (Outcome outcome : Outcome.of(call)) {
                places.add(new Place(call, index, outcome));
            }
        }
        return places;
    }

    /// One trial. Without faults it must succeed, and `trace` gets the calls that it made.
    private void trial(Scenario scenario, List<Place> faults, @Nullable List<String> trace, long mostCalls)
            throws Exception {
        if (complaints.size() >= MOST_COMPLAINTS) {
            return;
        }
        runs++;
        Thread[] running = new Thread[1];
        Future<@Nullable String> future = worker.submit(() -> {
            running[0] = Thread.currentThread();
            return judge(scenario, faults, trace, mostCalls);
        });
        String complaint;
        try {
            complaint = future.get(HANG_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            complaint = "it hangs: " + stacks();
            System.err.println(scenario.name() + ", " + faults + ", seed " + SEED + ": " + complaint);
            running[0].interrupt();
            try {
                future.get(HANG_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException again) {
                throw new AssertionError(scenario.name() + ", " + faults + " cannot be ended: " + complaint, again);
            }
        } catch (ExecutionException e) {
            throw new AssertionError(scenario.name() + ", " + faults + ", seed " + SEED, e.getCause());
        }
        if (complaint != null) {
            complaints.add(scenario.name() + ", " + (faults.isEmpty() ? "without faults" : faults) + ": " + complaint);
        }
    }

    private @Nullable String judge(Scenario scenario, List<Place> places, @Nullable List<String> trace, long mostCalls)
            throws Exception {
        Path own = folder.resolve("t" + trials++);
        Kernel real = ground.kernel();
        Ground.createFolder(real, own);
        Watched watched = new Watched(real, mostCalls);
        FaultyKernel faulty = FaultyKernel.over(watched.kernel());
        List<FaultyKernel.Fault> faults = new ArrayList<>();
        boolean harmless = places.stream().allMatch(p -> p.outcome.isHarmless(p.call));
        Throwable thrown = null;
        String verdict;
        Scenario.Setting setting = new Scenario.Setting(real, faulty, watched, own, new Random(SEED));
        try (Scenario.Trial trial = scenario.beginning().begin(setting)) {
            // Behind the scenario's own rules: what those refuse stays refused.
            for (Place place : places) {
                faulty.on(place.call)
                        .nth(place.index)
                        .runs(call -> faults.add(new FaultyKernel.Fault(call, place.outcome.toString())));
                place.outcome.apply(faulty.on(place.call).nth(place.index));
            }
            if (trace != null) {
                faulty.on(BREAKABLE).every().runs(call -> trace.add(call.name()));
            }
            try {
                trial.run();
            } catch (Exception | Error e) {
                thrown = e;
            }
            Thread.interrupted();
            faulty.heal();
            verdict = verdictOn(thrown, harmless, faults);
            try {
                verdict = verdict != null ? verdict : trial.verdict(thrown, List.copyOf(faults));
            } catch (AssertionError e) {
                verdict = String.valueOf(e.getMessage());
            }
        }
        ends.merge(
                thrown instanceof ErrnoException e ? Errno.name(e.errno()) : thrown == null ? "ok" : "memory",
                1L,
                Long::sum);
        List<String> left = watched.complaints();
        if (verdict == null && !left.isEmpty()) {
            verdict = left + (thrown == null ? " after success" : " after " + thrown);
        }
        if (ground == Ground.LINUX) {
            delete(own);
        }
        return verdict;
    }

    private static @Nullable String verdictOn(
            @Nullable Throwable thrown, boolean harmless, List<FaultyKernel.Fault> faults) {
        if (thrown instanceof Watched.Endless) {
            return thrown.getMessage() + trace(thrown);
        }
        if (thrown instanceof OutOfMemoryError
                && faults.stream().anyMatch(f -> f.call().name().equals("allocate"))) {
            return null;
        }
        if (thrown != null && !(thrown instanceof ErrnoException)) {
            return "undocumented: " + thrown + trace(thrown);
        }
        return thrown != null && harmless ? "no reason to fail: " + thrown + trace(thrown) : null;
    }

    private static String trace(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        for (StackTraceElement frame : thrown.getStackTrace()) {
            if (frame.getClassName().startsWith("dev.fid.") && text.length() < 1000) {
                text.append("\n      at ").append(frame);
            }
        }
        return text.toString();
    }

    private static String stacks() {
        StringBuilder text = new StringBuilder();
        Thread.getAllStackTraces().forEach((thread, frames) -> {
            if (thread.getName().equals("campaign") || thread.getName().startsWith("fid-")) {
                text.append("\n    ").append(thread);
                for (StackTraceElement frame : frames) {
                    text.append("\n      at ").append(frame);
                }
            }
        });
        return text.toString();
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    @Override
    public void close() {
        worker.shutdownNow();
    }
}
