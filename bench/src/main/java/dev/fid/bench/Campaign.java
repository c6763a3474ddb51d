package dev.fid.bench;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.LauncherFlags;
import dev.fid.bench.measure.Processors;
import dev.fid.bench.measure.Stopwatch;
import dev.fid.bench.measure.Timetable;
import dev.fid.bench.race.ArticlesRun;
import dev.fid.bench.race.BenchOptions;
import dev.fid.bench.race.Contest;
import dev.fid.bench.race.MachineCard;
import dev.fid.bench.race.Suite;
import dev.fid.bench.relay.Relays;
import dev.fid.bench.result.Articles;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// One run of the benchmark: every race that is asked for, in the time that there is.
final class Campaign {
    private static final long RSS_BYTES = (4L << 30) + 1; // more than 32 bits count
    private static final long RSS_MOST = 80_000_000; // 80 MB
    private static final long BUFFER_MOST = 256 << 10;
    private static final double ARTICLES_WEIGHT = 2;
    private static final double RSS_WEIGHT = 3;

    private final BenchOptions options;
    private final PrintStream progress;
    private final Kernel kernel = Kernel.linux();
    private final Processors processors = Processors.ofThisProcess(kernel);
    private final Random random;
    private final long start = kernel.nanoTime();

    Campaign(BenchOptions options, PrintStream progress) {
        this.options = options;
        this.progress = progress;
        this.random = new Random(options.seed());
    }

    Report run() throws IOException {
        try (Suite suite = new Suite(kernel, processors, options)) {
            return run(suite, new Relays(suite.memory().path("relays"), suite.skipping()));
        }
    }

    private Report run(Suite suite, Relays relays) throws IOException {
        List<Contest> races = suite.wanted();
        races.addAll(relays.races(options.routes()));
        boolean articles =
                options.wants("articles", true) && suite.peers().refusal().isEmpty();
        boolean rss = options.wants("rss", false);
        if (races.isEmpty() && !options.wants("articles", true) && !rss && !relays.hasIdle()) {
            throw new IllegalArgumentException("no race is called " + String.join(" or ", options.routes()));
        }
        if (!races.isEmpty()) {
            suite.peers().prepare(); // not in the time of the race that is the first to need it
        }
        double weight = races.stream().mapToDouble(Contest::weight).sum()
                + (articles ? ARTICLES_WEIGHT : 0)
                + (rss ? RSS_WEIGHT : 0);
        int steps = races.size() + (articles ? 1 : 0) + (rss ? 1 : 0);
        // What was spent until here (the reference programs are compiled) belongs to the time, too.
        Timetable timetable =
                new Timetable(kernel::nanoTime, options.time().toNanos() - (kernel.nanoTime() - start), weight);
        List<Result> results = new ArrayList<>();
        int step = 0;
        for (Contest race : races) {
            announce(race.id(), ++step, steps, timetable);
            long deadline = timetable.begin(race.weight());
            if (timetable.left() == 0 && !results.isEmpty()) { // something is always measured
                suite.skip(race.id() + ": there was no time left for it");
                continue;
            }
            try {
                results.add(race.run(
                        new Contest.Conditions(kernel, processors, options.runs(), deadline, random), progress));
            } catch (Contest.Absent e) {
                suite.skip(race.id() + ": " + e.getMessage());
            }
        }
        Articles table = null;
        if (articles) {
            announce("articles", ++step, steps, timetable);
            table = articles(suite, timetable.begin(ARTICLES_WEIGHT), timetable.left());
        }
        List<Report.Fact> facts = new ArrayList<>();
        buffer(results).ifPresent(facts::add);
        facts.addAll(relays.idle(progress));
        if (rss) {
            announce("rss", ++step, steps, timetable);
            rss(suite, timetable.left()).ifPresent(facts::add);
        }
        String refusal;
        try (Stopwatch watch = new Stopwatch(kernel)) {
            refusal = watch.refusal();
        }
        Map<String, Object> card = MachineCard.card(processors, refusal);
        card.putAll(relays.versions());
        return new Report(
                card,
                options.command(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                options.seed(),
                results,
                facts,
                suite.skipped(),
                table);
    }

    private void announce(String id, int step, int steps, Timetable timetable) {
        progress.println(
                step + " of " + steps + ", " + id + ": " + Human.eta(timetable.left() / 1_000_000_000) + " left");
    }

    private @Nullable Articles articles(Suite suite, long deadline, long left) throws IOException {
        if (left == 0) {
            suite.skip("articles: there was no time left for it");
            return null;
        }
        long bytes = Math.max(options.bytes(), Math.min(Articles.LEAST_BYTES, 8 * options.bytes()));
        return ArticlesRun.run(suite, bytes, Math.clamp(options.runs(), 1, 7), deadline, kernel, random);
    }

    /// The largest buffer that Fid read into, in any race: bytes by reads.
    private static Optional<Report.Fact> buffer(List<Result> results) {
        return results.stream()
                .flatMap(result -> result.fid().stream())
                .filter(fid -> fid.method().equals("readwrite") && fid.calls() > 1)
                .map(fid -> 2 * fid.userBytes() / fid.calls()) // one write for each read
                .max(Long::compare)
                .map(bytes -> new Report.Fact("user-space buffer of a copy that needs one", bytes, BUFFER_MOST));
    }

    /// The most memory that `fid copy` of a large file has, in a process of its own.
    private Optional<Report.Fact> rss(Suite suite, long left) throws IOException {
        String what = "resident memory of `fid copy` of " + Human.bytes(RSS_BYTES);
        List<String> command = new ArrayList<>(LauncherFlags.commandLine());
        int main = command.indexOf("dev.fid.cli.Main");
        String refusal = main < 0
                ? "not started as `fid bench`"
                : left == 0
                        ? "there was no time left for it"
                        : suite.disk().path().toFile().getUsableSpace() < 3 * RSS_BYTES
                                ? "no room on disk"
                                : suite.peers().refusal();
        if (!refusal.isEmpty()) {
            suite.skip(what + ": " + refusal);
            return Optional.empty();
        }
        Path in = suite.source(suite.disk().path(), RSS_BYTES);
        command.subList(main + 1, command.size()).clear();
        // The launcher gives the benchmark the whole JVM; a copy gets this one.
        command.removeIf(word -> word.startsWith("-XX:") || word.startsWith("-Xm"));
        command.addAll(1, LauncherFlags.COPY_JVM);
        command.addAll(
                List.of("copy", "-q", in.toString(), suite.disk().path("copied").toString()));
        try {
            return Optional.of(
                    new Report.Fact(what, suite.peers().run("-", command).maxRssKib() << 10, RSS_MOST));
        } catch (IOException e) {
            suite.skip(what + ": " + e.getMessage());
            return Optional.empty();
        } finally {
            Files.deleteIfExists(in);
            Files.deleteIfExists(suite.disk().path("copied"));
        }
    }
}
