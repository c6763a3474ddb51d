package dev.fid.bench.result;

import dev.fid.bench.measure.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All that one run of the benchmark found, as it is saved. The pages that people read are made from it, {@link
/// Page}.
///
/// @param machine where, and with which versions
/// @param command what was asked for
/// @param date when, UTC
/// @param seed of the order of the runs
/// @param results one for each race
/// @param facts single figures
/// @param skipped what could not be measured, and why
/// @param articles the second article's table, or null
public record Report(
        Map<String, Object> machine,
        String command,
        String date,
        long seed,
        List<Result> results,
        List<Fact> facts,
        List<String> skipped,
        @Nullable Articles articles) {
    /// What the reports say of a relay's method.
    public static final String RELAY = "relay";

    /// Of the processors, taken away by other virtual machines: more, and a turn says more of them than of the relay.
    public static final double MOST_STOLEN = 0.03;

    public static final int TRIES = 4;

    static final String SCHEMA = "fid.bench/1";

    /// A single figure.
    ///
    /// @param what it is
    /// @param bytes the figure
    /// @param most what it may be at most; 0 where it is only there to be compared with others
    public record Fact(String what, long bytes, long most) {
        public boolean isBounded() {
            return most > 0;
        }

        public boolean isMet() {
            return bytes <= most;
        }
    }

    public String toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("schema", SCHEMA);
        json.put("date", date);
        json.put("command", command);
        json.put("seed", seed);
        json.put("machine", machine);
        json.put("skipped", skipped);
        List<Object> written = new ArrayList<>();
        for (Fact fact : facts) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("what", fact.what());
            one.put("bytes", fact.bytes());
            one.put("most", fact.most());
            written.add(one);
        }
        json.put("facts", written);
        json.put("races", results.stream().map(Result::toJson).toList());
        if (articles != null) {
            json.put("articles", articles.toJson());
        }
        return Json.indented(json);
    }

    /// Reads what was saved.
    ///
    /// @throws IllegalArgumentException where it is no such report
    public static Report fromJson(String text) {
        if (!(Json.read(text) instanceof Map<?, ?> json) || !SCHEMA.equals(json.get("schema"))) {
            throw new IllegalArgumentException("no report of schema " + SCHEMA);
        }
        Map<String, Object> machine = new LinkedHashMap<>();
        ((Map<?, ?>) Result.member(json, "machine")).forEach((key, value) -> machine.put(key.toString(), value));
        return new Report(
                machine,
                Result.text(json, "command"),
                Result.text(json, "date"),
                Result.number(json, "seed").longValue(),
                Result.list(json, "races").stream()
                        .map(race -> Result.fromJson((Map<?, ?>) race))
                        .toList(),
                Result.list(json, "facts").stream()
                        .map(fact -> fact((Map<?, ?>) fact))
                        .toList(),
                Result.list(json, "skipped").stream().map(String::valueOf).toList(),
                json.get("articles") instanceof Map<?, ?> articles ? Articles.fromJson(articles) : null);
    }

    private static Fact fact(Map<?, ?> json) {
        return new Fact(
                Result.text(json, "what"),
                Result.number(json, "bytes").longValue(),
                Result.number(json, "most").longValue());
    }
}
