package dev.fid.bench.report;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.result.Modelled;
import dev.fid.bench.result.Result;
import dev.fid.bench.way.Contender;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Why one way wins over another: how often the CPU copies each byte, how many of them pass through user space, and how
/// often the mode is switched, as it was counted and as the model of the kernel has it.
public final class Mechanism {
    private static final double MIB = 1 << 20;

    private Mechanism() {}

    /// A row for each contender that counts its calls; none where nobody followed the bytes, as between relays: they
    /// are other processes, and may count requests.
    public static Sheet of(Result result) {
        Sheet sheet = Sheet.of(
                "contender",
                "copies of a byte, model>",
                "through user space, measured>",
                "calls/MiB, measured>",
                "calls/MiB, model>",
                "mode switches/MiB>",
                "CPU s/GiB>");
        boolean followed =
                result.series().stream().anyMatch(series -> series.userBytes() >= 0 || series.modelled() != null);
        for (Result.Series series : followed ? result.series() : List.<Result.Series>of()) {
            if (series.calls() < 0 || series.kind() == Contender.Kind.AGAIN) {
                continue;
            }
            Modelled model = series.modelled();
            double calls = series.calls() / (result.bytes() / MIB);
            double user = series.userBytes() < 0 ? Double.NaN : 100.0 * series.userBytes() / result.bytes();
            double cpu = series.median(Sample::cpuSecondsPerGib);
            sheet.add(
                    series.kind(),
                    List.of(
                            Sheet.Cell.of(series.name()),
                            model == null ? Sheet.Cell.of("") : cell(model.copies()),
                            Double.isNaN(user) ? Sheet.Cell.of("") : Sheet.Cell.of(Human.digits(user) + " %", user),
                            cell(calls),
                            model == null ? Sheet.Cell.of("") : cell(model.callsPerMib()),
                            cell(2 * calls),
                            cell(cpu)));
        }
        return sheet;
    }

    private static Sheet.Cell cell(double value) {
        return Sheet.Cell.of(Human.digits(value), value);
    }

    /// What the table says of Fid and of the one that costs the most CPU time.
    static String sentence(Result result) {
        List<String> said = new ArrayList<>();
        Optional<Result.Series> fid = result.fid();
        Optional<Result.Series> dear = result.series().stream()
                .filter(series -> series.calls() >= 0)
                .max(Comparator.comparingDouble(series -> series.median(Sample::cpuSecondsPerGib)));
        fid.ifPresent(series -> said.add("Fid's " + cost(result, series)));
        if (fid.isPresent() && dear.isPresent() && dear.get().kind() != Contender.Kind.FID) {
            said.add("the most CPU time went to " + dear.get().name() + ", whose " + cost(result, dear.get()));
        }
        return String.join("; ", said)
                + ". A call is two switches of the mode; a copy on the model is one by the CPU, wherever the bytes lie.";
    }

    private static String cost(Result result, Result.Series series) {
        Modelled model = series.modelled();
        return "bytes were " + (model == null ? "" : "copied " + Human.digits(model.copies()) + " times, and ")
                + "moved by " + Human.digits(series.calls() / (result.bytes() / MIB)) + " calls a MiB ("
                + Human.digits(series.median(Sample::cpuSecondsPerGib)) + " CPU s/GiB)";
    }
}
