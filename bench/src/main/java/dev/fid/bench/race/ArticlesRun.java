package dev.fid.bench.race;

import dev.fid.bench.measure.Workplace;
import dev.fid.bench.result.Articles;
import dev.fid.bench.way.PeerPrograms;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Measures what {@link Articles} shows.
public final class ArticlesRun {
    private ArticlesRun() {}

    /// Runs the programs in turns.
    ///
    /// @param deadline after which no round begins, by the kernel's clock; one counts whatever the time
    public static Articles run(Suite suite, long bytes, int rounds, long deadline, Kernel kernel, Random random)
            throws IOException {
        Path directory = suite.disk().path();
        Path in = suite.source(directory, bytes);
        Path out = directory.resolve("articles-out");
        Path said = directory.resolve("articles-said");
        Map<Articles.Program, List<Articles.Run>> runs = new EnumMap<>(Articles.Program.class);
        List<Articles.Program> order = new ArrayList<>(List.of(Articles.Program.values()));
        order.forEach(program -> runs.put(program, new ArrayList<>()));
        try {
            long longest = 0;
            for (int round = 0; round <= rounds && (round < 2 || kernel.nanoTime() + longest < deadline); round++) {
                long start = kernel.nanoTime();
                Collections.shuffle(order, random);
                for (Articles.Program program : order) {
                    Files.deleteIfExists(out);
                    PeerPrograms.Cost cost = suite.peers()
                            .run(
                                    said.toString(),
                                    suite.peers().once("articles", program.argument(), in.toString(), out.toString()));
                    if (round == 0 && Files.mismatch(in, out) >= 0) {
                        throw new IOException("articles " + program.argument() + ": the copy differs");
                    }
                    if (round > 0) { // the first one warms up
                        runs.getOrDefault(program, new ArrayList<>())
                                .add(new Articles.Run(
                                        Long.parseLong(Files.readString(said).strip()) / 1e9,
                                        cost.wallNanos() / 1e9,
                                        cost.userNanos() / 1e9,
                                        cost.systemNanos() / 1e9));
                    }
                }
                longest = Math.max(longest, kernel.nanoTime() - start);
            }
        } finally {
            Files.deleteIfExists(out);
            Files.deleteIfExists(said);
        }
        return new Articles(bytes, Workplace.fileSystem(directory), runs);
    }
}
