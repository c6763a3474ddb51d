package dev.fid.tests.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.cli.Main;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// One that is meant, from the list of which the man page's section is made.
///
/// @param what happens
/// @param cells those it may show in, none where it is only told
/// @param seen the {@link Verdict} that it gives there
record Difference(String what, Pattern cells, Pattern seen) {
    /// Blocks of lines `key: value`, the first one without a key.
    static List<Difference> all(String peer) throws IOException {
        List<Difference> all = new ArrayList<>();
        try (InputStream in = Objects.requireNonNull(
                Main.class.getResourceAsStream("manual/differs-from-" + peer + ".txt"), "the list")) {
            for (String block : new String(in.readAllBytes(), UTF_8).split("\n\n+", -1)) {
                Map<String, String> lines = new TreeMap<>();
                block.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
                    int colon = line.indexOf(": ");
                    lines.put(line.substring(0, colon), line.substring(colon + 2));
                });
                if (!lines.isEmpty()) {
                    all.add(new Difference(
                            Objects.requireNonNull(lines.get("what"), block),
                            Pattern.compile(lines.getOrDefault("cells", "")),
                            Pattern.compile(lines.getOrDefault("seen", ""))));
                }
            }
        }
        return all;
    }

    boolean isOf(String cell, String verdict) {
        return !cells.pattern().isEmpty()
                && cells.matcher(cell).find()
                && seen.matcher(verdict).matches();
    }

    boolean isShown() {
        return !cells.pattern().isEmpty();
    }
}
