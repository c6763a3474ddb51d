package dev.fid.bench;

import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;

/// All contenders of one route, run in turns: a round is one run of each in random order, so that whatever the
/// machine does meanwhile is done to all of them. The first rounds warm up and are not counted.
final class Race implements Contest {
    private static final int LEAST_ROUNDS = 5;
    private static final int BURST = 31;
    private static final int WARM_UP_BURSTS = 15;

    private final String id;
    private final String title;
    private final Opening opening;
    private final Function<Bed, List<Contender>> contenders;
    private final List<Target> targets;
    private Bed.Sink sink = Bed.Sink.DISCARD;
    private int burst = 1;
    private int leastRounds = LEAST_ROUNDS;

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

    /// For races of many contenders: `rounds` are run also where the time is up.
    Race least(int rounds) {
        this.leastRounds = rounds;
        return this;
    }

    @Override
    public String id() {
        return id;
    }

    /// Runs it, on a thread of its own that stays on the mover's processor.
    @Override
    public Result run(Kernel kernel, Processors processors, int rounds, long nanos, Random random, PrintStream progress)
            throws IOException {
        FutureTask<Result> task = new FutureTask<>(() -> race(kernel, rounds, nanos, random, progress));
        Thread thread = new Thread(
                () -> {
                    Processors.pin(kernel, processors.mover());
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

    private Result race(Kernel kernel, int rounds, long nanos, Random random, PrintStream progress) throws IOException {
        Strangers strangers = new Strangers();
        long deadline = kernel.nanoTime() + nanos;
        Map<Contender, List<Way.Outcome>> outcomes = new LinkedHashMap<>();
        List<String> skipped = new ArrayList<>();
        try (Bed bed = opening.open();
                Stopwatch watch = new Stopwatch(kernel)) {
            try {
                contenders.apply(bed).forEach(contender -> outcomes.put(contender, new ArrayList<>()));
                qualify(bed, watch, outcomes, skipped);
                for (int i = 0; i < (burst == 1 ? 1 : WARM_UP_BURSTS); i++) {
                    round(bed, watch, outcomes, random);
                }
                outcomes.values().forEach(List::clear);
                for (int i = 0; i < rounds && (i < leastRounds || kernel.nanoTime() < deadline); i++) {
                    round(bed, watch, outcomes, random);
                }
            } finally {
                for (Contender contender : outcomes.keySet()) {
                    if (contender.way() instanceof Peers.Reference reference) {
                        reference.close();
                    }
                }
            }
            List<Result.Series> series = new ArrayList<>();
            outcomes.forEach((contender, samples) -> series.add(series(contender, samples)));
            Result result = new Result(
                    id, title, bed.content().length(), targets, series, List.copyOf(skipped), strangers.share());
            progress.println(result.fid()
                    .map(fid -> id + ": " + fid.samples().size() + " rounds, "
                            + Human.digits(fid.median(Sample::gibPerSecond)) + " GiB/s by " + fid.method())
                    .orElse(id + ": Fid did not take part"));
            return result;
        }
    }

    /// The first run of each: its bytes are compared, and who cannot do it is out of the race.
    private void qualify(Bed bed, Stopwatch watch, Map<Contender, List<Way.Outcome>> outcomes, List<String> skipped) {
        for (Contender contender : List.copyOf(outcomes.keySet())) {
            try {
                bed.begin(Bed.Sink.COMPARE);
                try {
                    contender.way().move(bed, watch);
                    bed.end();
                    bed.compareFiles();
                } finally {
                    bed.abort();
                }
            } catch (IOException | RuntimeException e) {
                skipped.add(contender.name() + ": " + (e.getMessage() == null ? e : e.getMessage()));
                outcomes.remove(contender);
                if (contender.way() instanceof Peers.Reference reference) {
                    reference.close();
                }
            }
        }
    }

    private void round(Bed bed, Stopwatch watch, Map<Contender, List<Way.Outcome>> outcomes, Random random)
            throws IOException {
        List<Contender> order = new ArrayList<>(outcomes.keySet());
        Collections.shuffle(order, random);
        for (Contender contender : order) {
            try {
                List<Way.Outcome> turn = new ArrayList<>();
                for (int i = 0; i < burst; i++) {
                    turn.add(run(contender, bed, watch));
                }
                turn.sort(Comparator.comparingLong(outcome -> outcome.sample().wallNanos()));
                outcomes.getOrDefault(contender, new ArrayList<>()).add(turn.get(burst / 2));
            } catch (IOException e) {
                throw new IOException(id + ", " + contender.name() + ": " + e.getMessage(), e);
            }
        }
    }

    private Way.Outcome run(Contender contender, Bed bed, Stopwatch watch) throws IOException {
        bed.begin(sink);
        try {
            Way.Outcome outcome = contender.way().move(bed, watch);
            bed.end();
            return outcome;
        } finally {
            bed.abort();
        }
    }

    private static Result.Series series(Contender contender, List<Way.Outcome> outcomes) {
        Way.Told told = outcomes.isEmpty() ? null : outcomes.getLast().told();
        return new Result.Series(
                contender.name(),
                contender.kind(),
                contender.block() == null ? 0 : contender.block().size(),
                told != null
                        ? told.method().toString()
                        : contender.block() == null ? "" : contender.block().method(),
                told == null ? -1 : told.copies(),
                told == null ? -1 : told.userBytes(),
                told == null
                        ? -1
                        : told.calls().values().stream()
                                .mapToLong(Long::longValue)
                                .sum(),
                outcomes.stream().map(Way.Outcome::sample).toList());
    }
}
