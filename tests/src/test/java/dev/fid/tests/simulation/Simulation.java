package dev.fid.tests.simulation;

import dev.fid.kernel.Errno;
import dev.fid.model.Limits;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// A world that a seed makes: a kernel of its own, virtual time, and what was met with.
abstract class Simulation {
    private static final int MOST_COMPLAINTS = 5;

    final SplittableRandom random;
    final Timeline timeline = new Timeline();
    final Choices choices;
    final ModelKernel kernel;
    private final Deque<Integer> hoarded = new ArrayDeque<>();

    /// What it met with, for the counts of a campaign.
    final Set<String> met = new TreeSet<>();

    /// @param files descriptors that there are
    Simulation(long seed, int files) {
        random = new SplittableRandom(seed);
        choices = new Choices(random);
        kernel = new ModelKernel(Profile.LINUX_6_18, Limits.USUAL.withFiles(files), choices, timeline);
    }

    /// Runs it once: what went wrong, or null.
    abstract @Nullable String run();

    /// How it ended, in a word each.
    abstract Collection<String> ends();

    final boolean chance(int oneIn, String what) {
        boolean chosen = random.nextInt(oneIn) == 0;
        if (chosen) {
            met.add(what);
        }
        return chosen;
    }

    static int check(int result) {
        if (result < 0) {
            throw new AssertionError("setup: " + Errno.name(-result));
        }
        return result;
    }

    /// Takes all descriptors that are left, for a while.
    final void hoard() {
        for (int fd = kernel.eventfd(0, 0); fd >= 0; fd = kernel.eventfd(0, 0)) {
            hoarded.add(fd);
        }
        timeline.after(Peer.delay(random) + Peer.delay(random), this::release);
    }

    final boolean isHoarding() {
        return !hoarded.isEmpty();
    }

    final void release() {
        hoarded.forEach(kernel::close);
        hoarded.clear();
    }

    /// What many of them came to.
    ///
    /// @param wrong what went wrong, a few of them
    record Campaign(List<String> wrong, Map<String, Long> ends, Map<String, Long> met) {
        /// Runs the seeds from `seed` on, and prints how it went.
        static Campaign of(String what, long seed, long runs, LongFunction<Simulation> make) {
            long start = System.nanoTime();
            Campaign campaign = new Campaign(new ArrayList<>(), new TreeMap<>(), new TreeMap<>());
            for (long each = seed; each < seed + runs && campaign.wrong.size() < MOST_COMPLAINTS; each++) {
                Simulation simulation = make.apply(each);
                String complaint = simulation.run();
                simulation.ends().forEach(end -> campaign.ends.merge(end, 1L, Long::sum));
                simulation.met.forEach(one -> campaign.met.merge(one, 1L, Long::sum));
                if (complaint != null) {
                    campaign.wrong.add("-Dfid.seed=" + each + " -Dfid.runs=1: " + complaint);
                }
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.printf(
                    "%s in virtual time: %d runs in %.1f s, %.0f a second, from seed %d: %s, met %s%n",
                    what, runs, seconds, runs / seconds, seed, campaign.ends, campaign.met);
            return campaign;
        }
    }
}
