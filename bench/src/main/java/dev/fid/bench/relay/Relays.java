package dev.fid.bench.relay;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Target;
import dev.fid.bench.race.Contest;
import dev.fid.bench.result.Report;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The races of relays. They need root for their network namespaces, and minutes; so they are held only where
/// their names are asked for.
public final class Relays implements RelayRace.Setting {
    private static final String REFERENCE = "C relay";
    private static final List<String> HAPROXY = List.of("HAProxy splice-auto", "HAProxy splice-request, -response");
    private static final int IDLE = 9900;
    private static final long MESSAGE = 1024;
    private static final long SEND = 128 << 10;
    private static final long SENDFILE = 1 << 20;
    private static final List<Path> TRACEPOINTS = List.of(
            Path.of("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id"),
            Path.of("/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id"));

    private final Path directory;
    private final Collection<String> skipped;
    private @Nullable RelayPeers peers;
    private boolean idle;

    /// @param directory for the peers' programs, made when they are needed
    /// @param skipped gets what cannot be measured, and why
    public Relays(Path directory, Collection<String> skipped) {
        this.directory = directory;
        this.skipped = skipped;
    }

    /// The races whose names begin with one of `wanted`.
    ///
    /// @throws IOException where they are all that is wanted, and this machine cannot hold them
    public List<Contest> races(List<String> wanted) throws IOException {
        List<Contest> races = new ArrayList<>();
        for (RelayBed.Link link : RelayBed.Link.values()) {
            all(link).stream()
                    .filter(race -> wanted.stream().anyMatch(name -> matches(race.id(), link, name)))
                    .forEach(races::add);
        }
        idle = wanted.stream().anyMatch("relay-idle"::startsWith);
        if (wanted.isEmpty()) {
            skipped.add("relays: they take minutes, and are raced by `fid bench relay`");
        } else if (!races.isEmpty() || idle) {
            try {
                peers();
            } catch (IOException e) {
                idle = false;
                if (wanted.stream().allMatch(name -> name.startsWith("relay"))) {
                    throw new IOException("relays: " + e.getMessage(), e);
                }
                skipped.add("relays: " + e.getMessage());
                return List.of();
            }
        }
        return races;
    }

    /// `relay` and `relay-ping` mean those on the loopback; the other beds are asked for by the whole name, or by
    /// `relay-veth1500`.
    private static boolean matches(String id, RelayBed.Link link, String name) {
        return link == RelayBed.Link.LOOPBACK
                ? id.startsWith(name) && !(name.equals("relay") && id.startsWith("relay-size"))
                : id.equals(name) || (name.equals("relay" + link.suffix) && !id.startsWith("relay-size"));
    }

    public boolean hasIdle() {
        return idle;
    }

    /// Figures of idle connections, where they are asked for.
    public List<Report.Fact> idle(PrintStream progress) throws IOException {
        return idle ? RelayRace.idle(this, IDLE, skipped, progress) : List.of();
    }

    /// Versions of those who take part.
    public Map<String, String> versions() {
        return peers == null ? Map.of() : peers.versions();
    }

    @Override
    public RelayPeers peers() throws IOException {
        RelayPeers made = peers;
        if (made == null) {
            if (!Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
                throw new IOException("they are raced in network namespaces, which need root");
            }
            peers = made = new RelayPeers(directory);
        }
        return made;
    }

    @Override
    public long tracepoint() {
        for (Path path : TRACEPOINTS) {
            try {
                return Long.parseLong(Files.readString(path).strip());
            } catch (IOException | NumberFormatException e) {
                // Not mounted there, or not for us: without it calls are not counted.
            }
        }
        return -1;
    }

    // ---- the races ----

    private List<RelayRace> all(RelayBed.Link link) {
        List<RelayRace> races = new ArrayList<>();
        double cost = link == RelayBed.Link.LOOPBACK ? 0.7 : 1;
        for (int connections : new int[] {1, 8}) {
            races.add(bulk(link, "relay-bulk-" + connections, connections, SEND, "", cost));
            races.add(bulk(link, "relay-bulk-zero-" + connections, connections, SENDFILE, "zero", cost));
        }
        for (int connections : new int[] {1, 64, 256}) {
            races.add(race(
                    link,
                    "relay-ping-" + connections,
                    "1 KiB there and back on " + counted(connections),
                    new RelayLoad.Work("ping", connections, MESSAGE, 0, ""),
                    0,
                    costs(1.05, 0.8)));
        }
        for (int percent : new int[] {50, 80}) {
            races.add(race(
                    link,
                    "relay-open-" + percent,
                    "1 KiB there and back at " + percent + " % of what C does, 64 connections, open loop",
                    new RelayLoad.Work("ping", 64, MESSAGE, 0, ""),
                    percent / 100.0,
                    HAPROXY.stream().map(each -> Target.p99(1, each)).toList()));
        }
        for (String end : List.of("fin", "rst")) {
            races.add(race(
                    link,
                    "relay-churn-" + end,
                    "a connection for each request, closed by " + (end.equals("fin") ? "FIN" : "RST"),
                    new RelayLoad.Work("churn", 16, MESSAGE, 0, end.equals("rst") ? "rst" : ""),
                    0,
                    costs(1.1, 1)));
        }
        for (long size = 64; size <= 1 << 20; size *= 4) {
            races.add(race(
                    link,
                    "relay-size-" + size,
                    Human.bytes(size) + " there and back on 4 connections",
                    new RelayLoad.Work("ping", 4, size, 0, ""),
                    0,
                    List.of(Target.cost(1.05, "Fid --splice always"), Target.cost(1.05, "Fid --splice never"))));
        }
        return races;
    }

    private static String counted(int connections) {
        return connections == 1 ? "one connection" : connections + " connections";
    }

    private static List<Target> costs(double ofC, double ofHaproxy) {
        List<Target> targets = new ArrayList<>(List.of(Target.cost(ofC, REFERENCE)));
        HAPROXY.forEach(each -> targets.add(Target.cost(ofHaproxy, each)));
        return targets;
    }

    private RelayRace bulk(RelayBed.Link link, String id, int connections, long size, String option, double cost) {
        List<Target> targets = new ArrayList<>(List.of(Target.cost(cost, REFERENCE), Target.speed(1, REFERENCE)));
        HAPROXY.forEach(each -> targets.add(Target.speed(1, each)));
        targets.add(Target.speed(1.3, "Go io.Copy"));
        return race(
                link,
                id,
                "bulk on " + counted(connections) + (option.isEmpty() ? "" : ", ends that do not copy"),
                new RelayLoad.Work("bulk", connections, size, 0, option),
                0,
                targets);
    }

    private RelayRace race(
            RelayBed.Link link, String id, String title, RelayLoad.Work work, double share, List<Target> targets) {
        return new RelayRace(id + link.suffix, title, link, work, share, this, targets.toArray(Target[]::new));
    }
}
