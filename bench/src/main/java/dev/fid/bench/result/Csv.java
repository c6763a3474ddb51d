package dev.fid.bench.result;

import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Statistics;
import java.util.List;
import java.util.Locale;

/// A report as comma-separated values, one line for each contender of each race. Where a race counts other
/// things than bytes, as its unit says, the figures of a GiB are those of 2^30 of them. Source: RFC 4180.
public final class Csv {
    private static final String HEAD = "race,contender,kind,block_bytes,method,copies,user_bytes,calls,bytes,rounds,"
            + "gib_per_second,gib_per_second_p10,gib_per_second_p90,cpu_seconds_per_gib,cpu_seconds_per_gib_p10,"
            + "cpu_seconds_per_gib_p90,instructions_per_gib,switches_per_gib,unit,p50_micros,p99_micros";

    private Csv() {}

    public static String of(Report report) {
        StringBuilder csv = new StringBuilder(HEAD).append("\r\n");
        for (Result result : report.results()) {
            for (Result.Series series : result.series()) {
                Statistics.Summary speed = Statistics.Summary.of(series.values(Sample::gibPerSecond));
                Statistics.Summary cpu = Statistics.Summary.of(series.values(Sample::cpuSecondsPerGib));
                List<Object> cells = List.of(
                        result.id(),
                        series.name(),
                        series.kind().name().toLowerCase(Locale.ROOT),
                        series.block(),
                        series.method(),
                        series.copies(),
                        series.userBytes(),
                        series.calls(),
                        result.bytes(),
                        series.samples().size(),
                        speed.median(),
                        speed.p10(),
                        speed.p90(),
                        cpu.median(),
                        cpu.p10(),
                        cpu.p90(),
                        series.median(Sample::instructionsPerGib),
                        series.median(Sample::switchesPerGib),
                        result.unit().name().toLowerCase(Locale.ROOT),
                        series.median(Sample::medianMicros),
                        series.median(Sample::p99Micros));
                csv.append(String.join(",", cells.stream().map(Csv::cell).toList()))
                        .append("\r\n");
            }
        }
        return csv.toString();
    }

    /// What is not known (-1, NaN) is left empty.
    private static String cell(Object value) {
        return switch (value) {
            case Double d when d.isNaN() || d.isInfinite() -> "";
            case Double d -> String.format(Locale.ROOT, "%.6g", d);
            case Number n when n.longValue() < 0 -> "";
            case Number n -> n.toString();
            default -> {
                String text = value.toString();
                boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
                yield plain ? text : '"' + text.replace("\"", "\"\"") + '"';
            }
        };
    }
}
