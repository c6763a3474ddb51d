package dev.fid.tests.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;

/// All cells of one matrix beside the list of what is meant to differ.
final class Judgement {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));

    private final String peer;
    private final List<Difference> meant;
    private final Map<Difference, Integer> shown = new LinkedHashMap<>();
    private final Map<String, List<String>> wrong = new TreeMap<>();
    private final long seed = Long.getLong("fid.seed", new Random().nextLong(1_000_000));
    private int cells;

    Judgement(String peer) throws IOException {
        this.peer = peer;
        this.meant = Difference.all(peer);
        System.out.println(peer + ": -Dfid.seed=" + seed);
    }

    /// Those to try: all in the long campaign, those that `-Dfid.cell=PATTERN` names, or a sample of the quick ones.
    <T> List<T> chosen(List<T> all, Predicate<T> quick, int sample) {
        String only = System.getProperty("fid.cell");
        if (LONG || only != null) {
            return all.stream()
                    .filter(cell -> only == null || cell.toString().matches(only))
                    .toList();
        }
        List<T> some = new ArrayList<>(all.stream().filter(quick).toList());
        Collections.shuffle(some, new Random(seed));
        return some.subList(0, Math.min(some.size(), sample));
    }

    /// @param said messages of both
    void judge(Object cell, Verdict verdict, String said) {
        cells++;
        String text = verdict.text();
        if (text.isEmpty()) {
            return;
        }
        List<Difference> these =
                meant.stream().filter(each -> each.isOf(cell.toString(), text)).toList();
        these.forEach(each -> shown.merge(each, 1, Integer::sum));
        if (these.isEmpty() || verdict.loss()) {
            wrong.computeIfAbsent((verdict.loss() ? "LOSS " : "") + text, _ -> new ArrayList<>())
                    .add(cell + " " + said);
        }
    }

    /// Nothing differs but what is listed, and in the long campaign all of that does.
    void finish() {
        System.out.println(peer + ": " + cells + " cells, " + shown.values() + " as listed");
        StringBuilder told = new StringBuilder();
        wrong.forEach((text, where) -> told.append('\n')
                .append(where.size())
                .append(' ')
                .append(text)
                .append("\n    ")
                .append(String.join("\n    ", where.subList(0, Math.min(3, where.size())))));
        assertThat(told.toString())
                .as("-Dfid.seed=" + seed + "; cells, what there is with " + peer + ", with fid; not as listed")
                .isEmpty();
        if (LONG && System.getProperty("fid.cell") == null) {
            assertThat(shown.keySet())
                    .containsAll(meant.stream().filter(Difference::isShown).toList());
        }
    }
}
