package dev.fid.cli.tee;

import dev.fid.Declined;
import dev.fid.Method;
import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Json;
import dev.fid.cli.base.Console;
import dev.fid.cli.base.Failure;
import dev.fid.cli.report.CpuTime;
import dev.fid.cli.report.Reporter;
import dev.fid.fanout.Fanout;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is told of a fan-out that is done.
final class TeeReport {
    private final TeeOptions options;
    private final Console console;
    private final long start = System.nanoTime();
    private final double[] cpu;

    TeeReport(TeeOptions options, Console console) {
        this.options = options;
        this.console = console;
        this.cpu = options.flow.json ? CpuTime.cpuSeconds() : new double[2];
    }

    /// Of the outputs that are behind or have lost something, for the progress line.
    static String behind(long moved, List<TeeOutput> outputs) {
        StringBuilder text = new StringBuilder();
        int more = 0;
        for (TeeOutput output : outputs) {
            long lag = output.isOpen() ? moved - output.bytes() - output.dropped() : 0;
            if (lag <= 0 && output.dropped() == 0) {
                continue;
            }
            if (!text.isEmpty()) {
                more++;
                continue;
            }
            text.append(output.name());
            text.append(lag > 0 ? " " + Human.bytes(lag) + " behind" : "");
            text.append(output.dropped() > 0 ? " " + Human.bytes(output.dropped()) + " dropped" : "");
        }
        return text + (more > 0 ? ", " + more + " more" : "");
    }

    void print(Fanout.Result result, List<TeeOutput> outputs) throws Failure {
        long nanos = System.nanoTime() - start;
        if (options.flow.json) {
            String text = Json.of(object(result, outputs, nanos));
            if (options.writesStdout()) {
                console.err().println(text);
            } else {
                console.print(text + "\n");
            }
            return;
        }
        Declined unmet = unmet(result);
        if (isWatched()) {
            console.done(line(result, outputs.size(), nanos) + (unmet == null ? "" : "; not " + unmet));
        } else if (unmet != null && !options.quiet()) {
            console.err().println("note: copied by read and write; not " + unmet);
        }
        if (options.verbose() >= 1) {
            result.declined().forEach(declined -> console.err().println("not " + declined));
        }
        if (options.verbose() >= 3) {
            result.calls().forEach((call, count) -> console.err().println(call + ": " + count + " calls"));
        }
    }

    /// tee(1) is silent, and its stderr is often read by programs or goes beside the data on a terminal.
    private boolean isWatched() {
        boolean apart = console.columns() >= 0 && Kernel.linux().winsize(1) < 0;
        return !options.quiet() && (options.verbose() > 0 || options.flow.progress == Reporter.Mode.always || apart);
    }

    /// What the user should hear of without asking: that the kernel refused, or that the method asked for was not
    /// taken.
    private @Nullable Declined unmet(Fanout.Result result) {
        boolean asked = options.method == TeeOptions.Way.tee && result.method() != Method.TEE;
        for (Declined declined : result.declined()) {
            if (result.bytes() > 0 && (declined.errno() != 0 || asked)) {
                return declined;
            }
        }
        return null;
    }

    private static String line(Fanout.Result result, int outputs, long nanos) {
        return "gave " + Human.bytes(result.bytes()) + " to " + outputs + (outputs == 1 ? " output" : " outputs")
                + " in " + Human.seconds(nanos)
                + (result.bytes() > 0 ? " (" + Human.rate(result.bytes(), nanos) + ")" : "") + " by " + result.method()
                + "; " + Human.bytes(result.userBytes()) + " through user space";
    }

    private Map<String, @Nullable Object> object(Fanout.Result result, List<TeeOutput> outputs, long nanos) {
        List<Object> fallbacks = new ArrayList<>();
        for (Declined declined : result.declined()) {
            Map<String, @Nullable Object> fallback = new LinkedHashMap<>();
            fallback.put("method", declined.method().toString());
            fallback.put("errno", declined.errno() == 0 ? null : Errno.name(declined.errno()));
            fallback.put("reason", declined.reason());
            fallbacks.add(fallback);
        }
        List<Object> all = new ArrayList<>();
        for (TeeOutput output : outputs) {
            Map<String, @Nullable Object> one = new LinkedHashMap<>();
            one.put("dst", output.endpoint().text());
            one.put("bytes", output.bytes());
            one.put("dropped", output.dropped());
            one.put("error", output.error());
            all.add(one);
        }
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.tee/1");
        object.put("src", options.in().text());
        object.put("bytes", result.bytes());
        object.put("seconds", nanos / 1e9);
        object.put("method", result.method().toString());
        object.put("fallbacks", fallbacks);
        object.put("user_bytes", result.userBytes());
        object.put("syscalls", result.calls());
        double[] now = CpuTime.cpuSeconds();
        object.put(
                "cpu_seconds", Map.of("user", CpuTime.round(now[0] - cpu[0]), "sys", CpuTime.round(now[1] - cpu[1])));
        object.put("outputs", all);
        return object;
    }
}
