package dev.fid.bench.race;

import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.way.Blocks;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.Runner;
import java.util.List;
import java.util.Set;

/// What a call should move at most: every method at every block size. Fid itself takes part once, as it is used.
final class BlockRaces {
    private record Route(BedEnd.Kind in, BedEnd.Kind out) {
        String id() {
            return in.id() + "-" + out.id();
        }
    }

    private static final Set<String> USUAL = Set.of("file-file", "file-socket");

    private BlockRaces() {}

    static void addTo(Suite suite) {
        for (Route route : List.of(
                new Route(BedEnd.Kind.FILE, BedEnd.Kind.FILE),
                new Route(BedEnd.Kind.FILE, BedEnd.Kind.PIPE),
                new Route(BedEnd.Kind.FILE, BedEnd.Kind.SOCKET),
                new Route(BedEnd.Kind.SOCKET, BedEnd.Kind.FILE),
                new Route(BedEnd.Kind.SOCKET, BedEnd.Kind.SOCKET),
                new Route(BedEnd.Kind.PIPE, BedEnd.Kind.FILE),
                new Route(BedEnd.Kind.PIPE, BedEnd.Kind.PIPE))) {
            List<Long> sizes = suite.options().allSizes() ? Blocks.SIZES : Blocks.FEW_SIZES;
            Race race = new Race(
                            "blocks-" + route.id(),
                            route.in() + " to " + route.out() + " in memory, by block size",
                            () -> {
                                long length = suite.bytes() / 4;
                                Content content =
                                        Content.of(suite.source(suite.memory().path(), length), length);
                                return suite.bed(suite.memory().path(), content, route.in(), route.out());
                            },
                            bed -> {
                                List<Contender> all = Suite.fid(Runner.fid(null));
                                all.addAll(Blocks.contenders(route.in(), route.out(), sizes));
                                return all;
                            })
                    .weight(2);
            suite.add(USUAL.contains(route.id()) ? race.usual() : race);
        }
    }
}
