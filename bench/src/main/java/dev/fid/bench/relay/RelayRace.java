package dev.fid.bench.relay;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Kept;
import dev.fid.bench.measure.OtherProcesses;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Target;
import dev.fid.bench.measure.Unit;
import dev.fid.bench.race.Contest;
import dev.fid.bench.race.MachineCard;
import dev.fid.bench.result.Report;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Contender;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One load on all relays in turns: each is started once, gets the load for a moment in every round, in
/// random order, and has nothing to do while another has it.
final class RelayRace implements Contest {

    private static final int LEAST_ROUNDS = 5;
    /// That a relay is configured for.
    private static final int LEAST_CONNECTIONS = 1000;

    private static final int LISTEN_PORT = 7000;
    private static final int UPSTREAM_PORT = 8000;
    /// A JVM's second compiler is busy for seconds.
    private static final long WARM_UP_MILLIS = 6000;

    private static final long BRIEF_WARM_UP_MILLIS = 500;
    /// Turns of the warm-up: what a JVM compiled in the first is compiled again when connections end.
    private static final int WARM_UPS = 4;
    private static final long WARM_MILLIS = 60;
    private static final long LEAST_MILLIS = 150;
    private static final long MOST_MILLIS = 1000;

    private static final int PEAKS = 5;
    private static final long PEAK_MILLIS = 500;
    /// Samples count bytes or others; the calls of a series are those of so many.
    private static final long CALLS_OF = 1000;

    private final String id;
    private final String title;
    private final RelayBed.Link link;
    private final RelayLoad.Work work;
    private final double share;
    private final Setting setting;
    private final List<Target> targets;

    /// What all races have in common.
    interface Setting {
        RelayPeers peers() throws IOException;

        /// The tracepoint that counts system calls, -1 where there is none.
        long tracepoint();
    }

    /// @param share of what the reference can do in a closed loop, sent by the clock; 0 for a closed loop
    RelayRace(
            String id,
            String title,
            RelayBed.Link link,
            RelayLoad.Work work,
            double share,
            Setting setting,
            Target... targets) {
        this.id = id;
        this.title = title;
        this.link = link;
        this.work = work;
        this.share = share;
        this.setting = setting;
        this.targets = List.of(targets);
    }

    @Override
    public String id() {
        return id;
    }

    /// A relay that runs.
    private static final class Runner {
        final RelayPeers.Entrant entrant;
        final int port;
        final Kept process;
        final List<Sample> samples = new ArrayList<>();
        long calls = -1;
        List<Long> pids = List.of();

        Runner(RelayPeers.Entrant entrant, int port, Kept process) {
            this.entrant = entrant;
            this.port = port;
            this.process = process;
        }
    }

    @Override
    public double weight() {
        return 3; // of turns that take seconds, between processes that are started for it
    }

    @Override
    public boolean isUsual() {
        return false;
    }

    @Override
    public Result run(Conditions conditions, PrintStream progress) throws IOException {
        Kernel kernel = conditions.kernel();
        long nanos = Math.max(0, conditions.deadline() - kernel.nanoTime());
        RelayPeers peers = setting.peers();
        List<String> skipped = new ArrayList<>(id.startsWith("relay-size") ? List.of() : peers.absent());
        List<Runner> runners = new ArrayList<>();
        try (RelayBed bed = new RelayBed(link, peers.directory());
                RelayLoad load = new RelayLoad(
                        bed, peers.directory(), UPSTREAM_PORT, peers.all().size())) {
            try {
                for (RelayPeers.Entrant entrant :
                        peers.all().stream().filter(this::takesPart).toList()) {
                    start(
                            bed,
                            peers,
                            entrant,
                            LISTEN_PORT + runners.size(),
                            Math.max(work.connections(), LEAST_CONNECTIONS),
                            runners,
                            skipped);
                }
                OtherProcesses strangers = new OtherProcesses();
                qualify(load, runners, skipped, nanos);
                RelayLoad.Work asked = share > 0 ? byTheClock(load, runners) : work;
                for (Runner runner : runners) {
                    runner.calls = calls(load, runner, asked);
                }
                race(load, asked, runners, skipped, conditions);
                return result(runners, skipped, strangers.share(), progress);
            } finally {
                runners.forEach(runner -> runner.process.close());
            }
        }
    }

    /// Fid always spliced and never is compared where the message size is what matters, and the others elsewhere.
    private boolean takesPart(RelayPeers.Entrant entrant) {
        boolean bySize = id.startsWith("relay-size");
        return switch (entrant.kind()) {
            case METHOD -> bySize;
            case JDK, TOOL -> !bySize;
            case FID, AGAIN, BLOCK, C -> true;
        };
    }

    private static void start(
            RelayBed bed,
            RelayPeers peers,
            RelayPeers.Entrant entrant,
            int port,
            int connections,
            List<Runner> runners,
            Collection<String> skipped) {
        try {
            List<String> command = entrant.command()
                    .of(new RelayPeers.Place(
                            bed.relayAddress(),
                            port,
                            bed.loadAddress(),
                            port - LISTEN_PORT + UPSTREAM_PORT,
                            connections));
            Kept process = new Kept(peers.keep(), peers.directory().resolve("said-" + port), bed.withRelays(command));
            runners.add(new Runner(entrant, port, process));
        } catch (IOException e) {
            skipped.add(entrant.name() + ": " + e.getMessage());
        }
    }

    /// Waits until each listens, has its bytes compared, and warms it up.
    private void qualify(RelayLoad load, List<Runner> runners, List<String> skipped, long nanos) throws IOException {
        long warmUpMillis = Math.clamp(nanos / 1_000_000 / runners.size(), LEAST_MILLIS, WARM_UP_MILLIS);
        for (Runner runner : List.copyOf(runners)) {
            try {
                awaitListening(load, runner);
                runner.pids = runner.process.pids();
                load.run(work, runner.port, runner.pids, 0, LEAST_MILLIS, true, -1);
                boolean compiled =
                        runner.entrant.kind() == Contender.Kind.C || runner.entrant.kind() == Contender.Kind.TOOL;
                long millis = compiled ? Math.min(warmUpMillis, BRIEF_WARM_UP_MILLIS) : warmUpMillis;
                for (int i = 0; i < WARM_UPS; i++) {
                    load.run(work, runner.port, runner.pids, 0, millis / WARM_UPS, false, -1);
                }
            } catch (IOException e) {
                out(load, runner, runners, skipped, e);
            }
        }
    }

    private static void awaitListening(RelayLoad load, Runner runner) throws IOException {
        RelayLoad.Work one = new RelayLoad.Work("ping", 1, 1, 0, "");
        for (int i = 0; ; i++) {
            try {
                load.run(one, runner.port, List.of(), 0, 50, false, -1);
                return;
            } catch (IOException e) {
                if (i == 100 || !runner.process.isAlive() || !load.isAlive()) {
                    throw e;
                }
                rest();
            }
        }
    }

    private static void rest() throws IOException {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /// Puts a runner out of the race; the load goes on unless it ended with it.
    private static void out(
            RelayLoad load, Runner runner, List<Runner> runners, Collection<String> skipped, IOException why)
            throws IOException {
        String words = runner.process.words();
        skipped.add(runner.entrant.name() + ": " + why.getMessage() + (words.isEmpty() ? "" : "; it said: " + words));
        runners.remove(runner);
        runner.process.close();
        if (!load.isAlive()) {
            throw new IOException(runner.entrant.name() + ": " + why.getMessage(), why);
        }
    }

    /// The same rate for all: a share of what the reference does when each request waits for the answer
    /// before it.
    private RelayLoad.Work byTheClock(RelayLoad load, List<Runner> runners) throws IOException {
        Runner reference = runners.stream()
                .filter(runner -> runner.entrant.kind() == Contender.Kind.C)
                .findFirst()
                .orElseThrow(() -> new IOException(id + " needs the reference in C"));
        double peak = 1;
        for (int i = 0; i < PEAKS; i++) {
            peak = Math.max(peak, Unit.REQUESTS.perSecond(turn(load, work, reference, PEAK_MILLIS)));
        }
        return work.at((long) (share * peak));
    }

    private long calls(RelayLoad load, Runner runner, RelayLoad.Work asked) throws IOException {
        if (setting.tracepoint() < 0) {
            return -1;
        }
        RelayLoad.Answer answer =
                load.run(asked, runner.port, runner.pids, WARM_MILLIS, 300, false, setting.tracepoint());
        double each = work.unit() == Unit.BYTES ? 1L << 30 : CALLS_OF;
        return answer.calls() < 0
                ? -1
                : Math.round(answer.calls() * each / answer.sample().bytes());
    }

    private void race(
            RelayLoad load, RelayLoad.Work asked, List<Runner> runners, List<String> skipped, Conditions conditions)
            throws IOException {
        Kernel kernel = conditions.kernel();
        int rounds = conditions.rounds();
        long left = (conditions.deadline() - kernel.nanoTime()) / 1_000_000;
        long turns = Math.max(1, (long) rounds * runners.size());
        long millis = Math.clamp(left / turns - 2 * WARM_MILLIS, LEAST_MILLIS, MOST_MILLIS);
        for (int i = 0; i < rounds && (i < LEAST_ROUNDS || kernel.nanoTime() < conditions.deadline()); i++) {
            List<Runner> order = new ArrayList<>(runners);
            Collections.shuffle(order, conditions.random());
            for (Runner runner : order) {
                try {
                    runner.samples.add(turn(load, asked, runner, millis));
                } catch (IOException e) {
                    out(load, runner, runners, skipped, e);
                }
            }
        }
    }

    /// A turn that other virtual machines did not disturb, as far as a few tries find one.
    private static Sample turn(RelayLoad load, RelayLoad.Work asked, Runner runner, long millis) throws IOException {
        for (int i = 1; ; i++) {
            OtherProcesses strangers = new OtherProcesses();
            Sample sample = load.run(asked, runner.port, runner.pids, WARM_MILLIS, millis, false, -1)
                    .sample();
            if (i == Report.TRIES || !(strangers.stolenShare() > Report.MOST_STOLEN)) {
                return sample;
            }
        }
    }

    private Result result(List<Runner> runners, List<String> skipped, double strangers, PrintStream progress) {
        Unit unit = work.unit();
        List<Result.Series> series = runners.stream()
                .map(runner -> new Result.Series(
                        runner.entrant.name(),
                        runner.entrant.kind(),
                        0,
                        Report.RELAY,
                        -1,
                        -1,
                        runner.calls,
                        null,
                        List.copyOf(runner.samples)))
                .toList();
        Result result = new Result(
                id,
                title + ", " + link.title,
                unit == Unit.BYTES ? 1L << 30 : CALLS_OF,
                targets,
                series,
                List.copyOf(skipped),
                strangers,
                unit);
        progress.println(result.fid()
                .map(fid -> id + ": " + fid.samples().size() + " rounds, " + Human.digits(fid.median(unit::cpu)) + " "
                        + unit.cpu() + ", " + Human.digits(fid.median(unit::perSecond)) + " " + unit.perSecond())
                .orElse(id + ": Fid did not take part"));
        return result;
    }

    // ---- idle connections ----

    /// What idle connections cost each relay: memory of the process, and of the kernel beside it.
    static List<Report.Fact> idle(Setting setting, int connections, Collection<String> skipped, PrintStream progress)
            throws IOException {
        List<Report.Fact> facts = new ArrayList<>();
        RelayPeers peers = setting.peers();
        peers.absent().forEach(absent -> skipped.add("idle connections of " + absent));
        try (RelayBed bed = new RelayBed(RelayBed.Link.LOOPBACK, peers.directory());
                RelayLoad load = new RelayLoad(
                        bed, peers.directory(), UPSTREAM_PORT, peers.all().size())) {
            for (RelayPeers.Entrant entrant : peers.all()) {
                if (entrant.kind() == Contender.Kind.AGAIN || entrant.kind() == Contender.Kind.METHOD) {
                    continue;
                }
                List<Runner> one = new ArrayList<>();
                int port = LISTEN_PORT + peers.all().indexOf(entrant);
                start(bed, peers, entrant, port, connections, one, skipped);
                for (Runner runner : List.copyOf(one)) {
                    try {
                        facts.addAll(idle(load, runner, connections));
                        progress.println("relay-idle: " + facts.getLast().what());
                    } catch (IOException e) {
                        out(load, runner, one, skipped, e);
                    } finally {
                        runner.process.close();
                    }
                }
            }
        }
        return facts;
    }

    private static List<Report.Fact> idle(RelayLoad load, Runner runner, int connections) throws IOException {
        boolean own = runner.entrant.kind() == Contender.Kind.FID;
        awaitListening(load, runner);
        load.run(new RelayLoad.Work("ping", 64, 1024, 0, ""), runner.port, List.of(), 0, 500, false, -1);
        Footprint before = Footprint.of(runner.process.pids());
        load.hold(runner.port, connections);
        Footprint held = Footprint.of(runner.process.pids());
        load.release();
        double descriptors = (double) (held.descriptors() - before.descriptors()) / connections;
        String who = runner.entrant.name() + ": ";
        return List.of(
                new Report.Fact(
                        who + "resident memory for each of " + connections + " idle connections ("
                                + Human.digits(descriptors) + " descriptors each)",
                        Math.max(0, held.resident() - before.resident()) / connections,
                        own ? 2048 : 0),
                new Report.Fact(
                        who + "kernel memory (slab) for each, both ends of the load included",
                        Math.max(0, held.slab() - before.slab()) / connections,
                        0),
                new Report.Fact(who + "resident memory of the process then", held.resident(), own ? 120_000_000 : 0));
    }

    /// What processes have now.
    private record Footprint(long resident, long descriptors, long slab) {
        static Footprint of(List<Long> pids) {
            long resident = 0;
            long descriptors = 0;
            for (long pid : pids) {
                resident += MachineCard.kib("/proc/" + pid + "/status", "VmRSS");
                @Nullable String[] fds = new java.io.File("/proc/" + pid + "/fd").list();
                descriptors += fds == null ? 0 : fds.length;
            }
            return new Footprint(resident << 10, descriptors, MachineCard.kib("/proc/meminfo", "Slab") << 10);
        }
    }
}
