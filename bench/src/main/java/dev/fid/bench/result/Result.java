package dev.fid.bench.result;

import dev.fid.bench.measure.Latency;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Statistics;
import dev.fid.bench.measure.Target;
import dev.fid.bench.measure.Unit;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.Runner;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// What a race gave: every sample of every contender, by round.
///
/// @param id short name, as in `--routes`
/// @param title what was moved, from where to where
/// @param bytes of one run
/// @param targets what Fid has to show here
/// @param series one for each contender
/// @param skipped contenders that could not take part, and why
/// @param strangers the share of all processors that other processes used meanwhile
/// @param unit what its samples count
public record Result(
        String id,
        String title,
        long bytes,
        List<Target> targets,
        List<Series> series,
        List<String> skipped,
        double strangers,
        Unit unit) {

    public Result(
            String id,
            String title,
            long bytes,
            List<Target> targets,
            List<Series> series,
            List<String> skipped,
            double strangers) {
        this(id, title, bytes, targets, series, skipped, strangers, Unit.BYTES);
    }

    /// The samples of one contender.
    ///
    /// @param block bytes of a call at most, where the contender is about that; else 0
    /// @param method what it says it did; empty where it does not say
    /// @param copies CPU copies of each byte, -1 where it does not say
    /// @param userBytes through user space in a run, -1 where it does not say
    /// @param calls system calls in a run, -1 where it does not say
    /// @param modelled the same on the model of the kernel; null where that was not run
    public record Series(
            String name,
            Contender.Kind kind,
            long block,
            String method,
            int copies,
            long userBytes,
            long calls,
            @Nullable Modelled modelled,
            List<Sample> samples) {

        /// What a contender's runs came to.
        public static Series of(Contender contender, List<Runner.Outcome> outcomes, @Nullable Modelled modelled) {
            Runner.Outcome last = outcomes.getLast();
            Runner.Told told = last.told();
            Runner.Counted counted = last.counted();
            Contender.Block block = contender.block();
            return new Series(
                    contender.name(),
                    contender.kind(),
                    block == null ? 0 : block.size(),
                    told != null ? told.method().toString() : block == null ? "" : block.method(),
                    told == null ? -1 : told.copies(),
                    told != null ? told.userBytes() : counted == null ? -1 : counted.userBytes(),
                    told != null ? told.sum() : counted == null ? -1 : counted.calls(),
                    modelled,
                    outcomes.stream().map(Runner.Outcome::sample).toList());
        }

        public double[] values(ToDoubleFunction<Sample> measure) {
            return samples.stream().mapToDouble(measure).toArray();
        }

        public double median(ToDoubleFunction<Sample> measure) {
            return Statistics.median(values(measure));
        }

        public Statistics.Ratio ratio(Series other, ToDoubleFunction<Sample> measure) {
            return Statistics.ratio(values(measure), other.values(measure));
        }
    }

    /// Whether a target is met.
    ///
    /// @param id of the race
    /// @param target what was to be shown
    /// @param against the contender that it was compared with
    /// @param value the ratio, or the median of what was measured
    /// @param low the lower end of its interval
    /// @param high the upper end
    /// @param met `yes`; `no`; `within the noise`, where the interval holds the bound
    public record Verdict(
            String id, Target target, String against, double value, double low, double high, String met) {}

    public Optional<Series> named(String name) {
        return series.stream().filter(s -> s.name().equals(name)).findFirst();
    }

    public Optional<Series> fid() {
        return series.stream().filter(s -> s.kind() == Contender.Kind.FID).findFirst();
    }

    private Optional<Series> bestC() {
        return series.stream()
                .filter(s -> s.kind() == Contender.Kind.C)
                .max(Comparator.comparingDouble(s -> s.median(Sample::gibPerSecond)));
    }

    public List<Verdict> verdicts() {
        List<Verdict> verdicts = new ArrayList<>();
        Optional<Series> fid = fid();
        if (fid.isEmpty()) {
            return verdicts;
        }
        for (Target target : targets) {
            switch (target.measure()) {
                case COST, P99 ->
                    named(target.against()).ifPresent(other -> verdicts.add(atMost(target, fid.get(), other)));
                case SPEED ->
                    (target.against().equals(Target.BEST_C) ? bestC() : named(target.against()))
                            .ifPresent(other -> verdicts.add(speed(target, fid.get(), other)));
                case MICROS -> verdicts.add(micros(target, fid.get()));
            }
        }
        return verdicts;
    }

    private Verdict speed(Target target, Series fid, Series other) {
        Statistics.Ratio ratio = fid.ratio(other, Sample::gibPerSecond);
        boolean met = ratio.value() >= target.bound();
        String word = met ? "yes" : ratio.high() >= target.bound() ? "within the noise" : "no";
        return new Verdict(id, target, other.name(), ratio.value(), ratio.low(), ratio.high(), word);
    }

    private Verdict atMost(Target target, Series fid, Series other) {
        boolean late = target.measure() == Target.Measure.P99;
        Statistics.Ratio ratio = fid.ratio(other, late ? Sample::p99Micros : Sample::cpuSecondsPerGib);
        boolean met = ratio.value() <= target.bound();
        String word = met ? "yes" : ratio.low() <= target.bound() ? "within the noise" : "no";
        return new Verdict(id, target, other.name(), ratio.value(), ratio.low(), ratio.high(), word);
    }

    private Verdict micros(Target target, Series fid) {
        Statistics.Summary summary = Statistics.Summary.of(fid.values(Sample::micros));
        boolean met = summary.median() < target.bound();
        String word = met ? "yes" : summary.p10() < target.bound() ? "within the noise" : "no";
        return new Verdict(id, target, "", summary.median(), summary.p10(), summary.p90(), word);
    }

    // ---- JSON ----

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", id);
        json.put("title", title);
        json.put("bytes", bytes);
        if (unit != Unit.BYTES) {
            json.put("unit", unit.name());
        }
        json.put("strangers", strangers);
        json.put("skipped", skipped);
        json.put("targets", targets.stream().map(Result::toJson).toList());
        json.put("contenders", series.stream().map(Result::toJson).toList());
        return json;
    }

    private static Map<String, Object> toJson(Target target) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("measure", target.measure().name());
        json.put("bound", target.bound());
        json.put("against", target.against());
        return json;
    }

    private static Map<String, Object> toJson(Series series) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", series.name());
        json.put("kind", series.kind().name());
        json.put("block", series.block());
        json.put("method", series.method());
        json.put("copies", series.copies());
        json.put("user_bytes", series.userBytes());
        json.put("calls", series.calls());
        if (series.modelled() != null) {
            json.put("model", series.modelled().toJson());
        }
        json.put("samples", series.samples().stream().map(Result::toJson).toList());
        return json;
    }

    private static List<Long> toJson(Sample s) {
        return s.latency().equals(Latency.NONE)
                ? List.of(s.bytes(), s.wallNanos(), s.cpuNanos(), s.instructions(), s.switches())
                : List.of(
                        s.bytes(),
                        s.wallNanos(),
                        s.cpuNanos(),
                        s.instructions(),
                        s.switches(),
                        s.latency().median(),
                        s.latency().p99());
    }

    static Result fromJson(Map<?, ?> json) {
        return new Result(
                text(json, "id"),
                text(json, "title"),
                number(json, "bytes").longValue(),
                list(json, "targets").stream().map(t -> target((Map<?, ?>) t)).toList(),
                list(json, "contenders").stream()
                        .map(s -> series((Map<?, ?>) s))
                        .toList(),
                list(json, "skipped").stream().map(String::valueOf).toList(),
                number(json, "strangers").doubleValue(),
                json.containsKey("unit") ? Unit.valueOf(text(json, "unit")) : Unit.BYTES);
    }

    private static Target target(Map<?, ?> json) {
        return new Target(
                Target.Measure.valueOf(text(json, "measure")),
                number(json, "bound").doubleValue(),
                text(json, "against"));
    }

    private static Series series(Map<?, ?> json) {
        return new Series(
                text(json, "name"),
                Contender.Kind.valueOf(text(json, "kind")),
                json.containsKey("block") ? number(json, "block").longValue() : 0, // reports before it have none
                text(json, "method"),
                number(json, "copies").intValue(),
                number(json, "user_bytes").longValue(),
                number(json, "calls").longValue(),
                json.get("model") instanceof Map<?, ?> model ? Modelled.fromJson(model) : null,
                list(json, "samples").stream().map(s -> sample((List<?>) s)).toList());
    }

    private static Sample sample(List<?> json) {
        long[] n = json.stream().mapToLong(x -> ((Number) x).longValue()).toArray();
        return new Sample(n[0], n[1], n[2], n[3], n[4], n.length > 6 ? new Latency(n[5], n[6]) : Latency.NONE);
    }

    static String text(Map<?, ?> json, String key) {
        return (String) member(json, key);
    }

    static Number number(Map<?, ?> json, String key) {
        return (Number) member(json, key);
    }

    static List<?> list(Map<?, ?> json, String key) {
        return (List<?>) member(json, key);
    }

    static Object member(Map<?, ?> json, String key) {
        Object value = json.get(key);
        if (value == null) {
            throw new IllegalArgumentException("the report lacks '" + key + "'");
        }
        return value;
    }
}
