package dev.fid.bench;

import java.util.List;
import java.util.Set;

/// What a call should move at most: every method at every block size. Fid itself takes part once, as it is used.
final class BlockRaces {
    private record Route(End.Kind in, End.Kind out) {
        String id() {
            return in.id() + "-" + out.id();
        }
    }

    private static final Set<String> USUAL = Set.of("file-file", "file-socket");

    private BlockRaces() {}

    static void addTo(Suite suite) {
        for (Route route : List.of(
                new Route(End.Kind.FILE, End.Kind.FILE),
                new Route(End.Kind.FILE, End.Kind.PIPE),
                new Route(End.Kind.FILE, End.Kind.SOCKET),
                new Route(End.Kind.SOCKET, End.Kind.FILE),
                new Route(End.Kind.SOCKET, End.Kind.SOCKET),
                new Route(End.Kind.PIPE, End.Kind.FILE),
                new Route(End.Kind.PIPE, End.Kind.PIPE))) {
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
                                List<Contender> all = Suite.fid(Way.fid(null));
                                all.addAll(Blocks.contenders(route.in(), route.out(), sizes));
                                return all;
                            })
                    .weight(2);
            suite.add(USUAL.contains(route.id()) ? race.usual() : race);
        }
    }
}
