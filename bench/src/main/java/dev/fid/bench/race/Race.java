package dev.fid.bench.race;

import dev.fid.bench.bed.Bed;
import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.OtherProcesses;
import dev.fid.bench.measure.Processors;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Stopwatch;
import dev.fid.bench.measure.Target;
import dev.fid.bench.measure.Turns;
import dev.fid.bench.result.Modelled;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.Runner;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;

/// All contenders of one route, run in turns: a round is one run of each in random order, so that whatever the
/// machine does meanwhile is done to all of them. The first rounds warm up and are not counted.
final class Race implements Contest {
    private static final int BURST = 31;
    private static final int WARM_UP_BURSTS = 15;

    private final String id;
    private final String title;
    private final Opening opening;
    private final Function<Bed, List<Contender>> contenders;
    private final List<Target> targets;
    private Bed.Sink sink = Bed.Sink.DISCARD;
    private boolean pinned = true;
    private int burst = 1;
    private double weight = 1;
    private boolean usual;

    /// Makes a bed when the race begins.
    interface Opening {
        Bed open() throws IOException;
    }

    /// @param id short name, as in `--routes`
    /// @param title what is moved, from where to where
    Race(String id, String title, Opening opening, Function<Bed, List<Contender>> contenders, Target... targets) {
        this.id = id;
        this.title = title;
        this.opening = opening;
        this.contenders = contenders;
        this.targets = List.of(targets);
    }

    /// What becomes of the bytes at the other end; DISCARD unless said.
    Race sink(Bed.Sink sink) {
        this.sink = sink;
        return this;
    }

    /// For runs that take microseconds: each turn is a burst of runs, of which the median counts. One run between
    /// those of other programs finds the caches cold and a JVM that has not compiled it yet.
    Race brief() {
        this.burst = BURST;
        return this;
    }

    /// Its part of the time, beside others; 1 unless said.
    Race weight(double weight) {
        this.weight = weight;
        return this;
    }

    /// It is run also where nobody says which races to run.
    Race usual() {
        this.usual = true;
        return this;
    }

    /// For programs with threads of their own: on every processor instead of the mover's.
    Race everywhere() {
        this.pinned = false;
        return this;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public double weight() {
        return weight;
    }

    @Override
    public boolean isUsual() {
        return usual;
    }

    /// Runs it, on a thread of its own that stays on the mover's processor.
    ///
    /// @throws Absent where there is no such route here
    @Override
    public Result run(Conditions conditions, PrintStream progress) throws IOException {
        FutureTask<Result> task = new FutureTask<>(() -> race(conditions, progress));
        Thread thread = new Thread(
                () -> {
                    Processors.pin(
                            conditions.kernel(),
                            pinned ? conditions.processors().mover() : -1);
                    task.run();
                },
                "fid-bench-mover");
        thread.start();
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private Result race(Conditions conditions, PrintStream progress) throws IOException {
        OtherProcesses strangers = new OtherProcesses();
        try (Bed bed = opened();
                Stopwatch watch = new Stopwatch(conditions.kernel())) {
            List<Contender> all = contenders.apply(bed);
            Course course = new Course(bed, watch, all);
            Turns.Outcome<Contender> turns;
            try {
                List<Contender> byRank = new ArrayList<>(all);
                byRank.sort(Comparator.comparingInt(contender -> contender.kind().rank));
                turns = new Turns<Contender>(
                                conditions.kernel()::nanoTime,
                                conditions.deadline(),
                                conditions.rounds(),
                                conditions.random())
                        // Fid and Fid again; and where there is but one other, that one
                        .take(byRank, byRank.size() == 3 ? 3 : 2, course);
            } finally {
                all.forEach(contender -> contender.way().end());
            }
            List<String> skipped = new ArrayList<>(course.skipped);
            turns.leftOut().forEach(contender -> skipped.add(contender.name() + ": there was no time for it"));
            List<Result.Series> series = new ArrayList<>();
            for (Contender contender : all) {
                List<Runner.Outcome> outcomes = course.outcomes.get(contender);
                if (outcomes != null && !outcomes.isEmpty()) {
                    Modelled modelled = ModelledRun.of(contender, bed, outcomes.getLast());
                    series.add(Result.Series.of(contender, outcomes, modelled));
                }
            }
            Result result = new Result(
                    id, title, bed.content().length(), targets, series, List.copyOf(skipped), strangers.share());
            progress.println(result.fid()
                    .map(fid -> id + ": " + turns.rounds() + " rounds of " + series.size() + ", "
                            + Human.digits(fid.median(Sample::gibPerSecond)) + " GiB/s by " + fid.method())
                    .orElse(id + ": Fid did not take part"));
            return result;
        }
    }

    private Bed opened() throws IOException {
        try {
            return opening.open();
        } catch (IOException e) {
            throw new Absent(e);
        }
    }

    private final class Course implements Turns.Course<Contender> {
        private final Bed bed;
        private final Stopwatch watch;
        private final Map<Contender, List<Runner.Outcome>> outcomes = new LinkedHashMap<>();
        private final List<String> skipped = new ArrayList<>();

        Course(Bed bed, Stopwatch watch, List<Contender> all) {
            this.bed = bed;
            this.watch = watch;
            all.forEach(contender -> outcomes.put(contender, new ArrayList<>()));
        }

        /// Its bytes are compared, and who cannot do it is out of the race.
        @Override
        public boolean qualifies(Contender contender) {
            try {
                bed.begin(Bed.Sink.COMPARE);
                try {
                    contender.way().move(bed, watch);
                    bed.end();
                    bed.compareFiles();
                } finally {
                    bed.abort();
                }
                for (int i = 1; burst > 1 && i < WARM_UP_BURSTS; i++) {
                    turn(contender);
                }
                return true;
            } catch (IOException | RuntimeException e) {
                skipped.add(contender.name() + ": " + (e.getMessage() == null ? e : e.getMessage()));
                contender.way().end();
                return false;
            }
        }

        /// Without Fid there is no race; of others it is said that they failed.
        @Override
        public boolean run(Contender contender, boolean counts) throws IOException {
            try {
                Runner.Outcome outcome = turn(contender);
                List<Runner.Outcome> kept = outcomes.get(contender);
                if (counts && kept != null) {
                    kept.add(outcome);
                }
                return true;
            } catch (IOException e) {
                if (contender.kind() == Contender.Kind.FID || contender.kind() == Contender.Kind.AGAIN) {
                    throw new IOException(id + ", " + contender.name() + ": " + e.getMessage(), e);
                }
                outcomes.remove(contender);
                skipped.add(contender.name() + ": failed in a later run: " + e.getMessage());
                contender.way().end();
                return false;
            }
        }

        private Runner.Outcome turn(Contender contender) throws IOException {
            List<Runner.Outcome> turn = new ArrayList<>();
            for (int i = 0; i < burst; i++) {
                turn.add(once(contender));
            }
            turn.sort(Comparator.comparingLong(outcome -> outcome.sample().wallNanos()));
            return turn.get(burst / 2);
        }

        private Runner.Outcome once(Contender contender) throws IOException {
            bed.begin(sink);
            try {
                Runner.Outcome outcome = contender.way().move(bed, watch);
                bed.end();
                return outcome;
            } finally {
                bed.abort();
            }
        }
    }
}
