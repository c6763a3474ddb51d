package dev.fid.cli.copy;

import dev.fid.Declined;
import dev.fid.Plan;
import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Json;
import dev.fid.cli.base.Console;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.report.CpuTime;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.transfer.Moved;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is told of a copy that is done.
final class CopyReport {
    private final CopyOptions options;
    private final Console console;
    private final long start = System.nanoTime();
    private final double[] cpu;

    CopyReport(CopyOptions options, Console console) {
        this.options = options;
        this.console = console;
        this.cpu = options.flow.json ? CpuTime.cpuSeconds() : new double[2];
    }

    /// What a progress line calls the copy.
    static String shortName(CopyOptions options) {
        Endpoint shown = options.in() instanceof Endpoint.File ? options.in() : options.out();
        String name = shown instanceof Endpoint.File file ? file.path().text() : "";
        String last = name.substring(name.lastIndexOf('/') + 1);
        return last.isEmpty() ? options.in().text() : last;
    }

    /// With `--json` a failure is an object, too.
    static void failed(CopyOptions options, Console console, Failure failure) throws Failure {
        if (!options.flow.json || failure.exit() == Exit.PIPE) {
            return;
        }
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.copy/1");
        object.put("src", options.in().text());
        object.put("dst", options.out().text());
        object.put("error", error(failure));
        if (stdoutCarriesData(options)) {
            console.err().println(Json.of(object));
        } else {
            console.print(Json.of(object) + "\n");
        }
    }

    /// What is told of a failure: its exit code, words, and the system call behind it where there is one.
    static Map<String, @Nullable Object> error(Failure failure) {
        Map<String, @Nullable Object> error = new LinkedHashMap<>();
        error.put("exit", failure.exit());
        error.put("text", failure.text());
        error.put("hint", failure.hint().isEmpty() ? null : failure.hint());
        Throwable cause = failure.getCause();
        while (cause instanceof Failure && cause.getCause() != null) {
            cause = cause.getCause();
        }
        ErrnoException e = cause instanceof ErrnoException known ? known : null;
        error.put("errno", e == null ? null : Errno.name(e.errno()));
        error.put("call", e == null ? null : e.call());
        error.put("bytes", e == null ? null : e.moved());
        return error;
    }

    private static boolean stdoutCarriesData(CopyOptions options) {
        return options.out() instanceof Endpoint.Standard
                || (options.out() instanceof Endpoint.Inherited fd && fd.number() == 1);
    }

    void plan(Plan plan) {
        plan.declined().forEach(declined -> console.err().println("plan: not " + declined));
        plan.ladder().forEach(rung -> console.err().println("plan: " + rung));
    }

    void print(Moved moved, long reread, @Nullable Sum sum, List<Tree.Loss> lost) throws Failure {
        long nanos = System.nanoTime() - start;
        boolean stdoutCarriesData = stdoutCarriesData(options);
        String hex = sum != null && options.checksum != null ? sum.hex() : null;
        if (options.flow.json) {
            result(Json.of(object(moved, reread, nanos, hex, lost)), stdoutCarriesData);
            return;
        }
        if (!options.quiet()) {
            console.done(line(moved, reread, nanos));
            lost.stream()
                    .filter(loss -> !loss.asked())
                    .map(Tree.Loss::toString)
                    .distinct()
                    .forEach(loss -> console.tell("note: " + options.out().text() + " lacks " + loss));
        }
        if (options.verbose() >= 1) {
            console.tell(options.in().name(true) + " -> " + options.out().name(false));
        }
        if (options.verbose() >= 2) {
            moved.declined().forEach(declined -> console.err().println("not " + declined));
        }
        if (options.verbose() >= 3) {
            moved.calls().forEach((call, count) -> console.err().println(call + ": " + count + " calls"));
        }
        if (hex != null) {
            Endpoint named = options.out() instanceof Endpoint.File ? options.out() : options.in();
            result(Sum.line(hex, named.text()), stdoutCarriesData);
        }
    }

    private void result(String text, boolean stdoutCarriesData) throws Failure {
        if (stdoutCarriesData) {
            console.err().println(text);
        } else {
            console.print(text + "\n");
        }
    }

    private String line(Moved moved, long reread, long nanos) {
        String line = "copied " + Human.bytes(moved.bytes()) + " in " + Human.seconds(nanos)
                + (moved.bytes() > 0 ? " (" + Human.rate(moved.bytes(), nanos) + ")" : "") + " by " + moved.method()
                + "; " + Human.bytes(moved.userBytes() + reread) + " through user space";
        Declined unmet = Copying.unmet(moved, options.method());
        return unmet == null ? line : line + "; not " + unmet;
    }

    private Map<String, @Nullable Object> object(
            Moved moved, long reread, long nanos, @Nullable String hex, List<Tree.Loss> lost) {
        List<Object> fallbacks = new ArrayList<>();
        for (Declined declined : moved.declined()) {
            Map<String, @Nullable Object> fallback = new LinkedHashMap<>();
            fallback.put("method", declined.method().toString());
            fallback.put("errno", declined.errno() == 0 ? null : Errno.name(declined.errno()));
            fallback.put("reason", declined.reason());
            fallbacks.add(fallback);
        }
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.copy/1");
        object.put("src", options.in().text());
        object.put("dst", options.out().text());
        object.put("bytes", moved.bytes());
        object.put("seconds", nanos / 1e9);
        object.put("method", moved.method().toString());
        object.put("by_method", moved.byMethod());
        object.put("fallbacks", fallbacks);
        object.put("user_bytes", moved.userBytes() + reread);
        object.put("lost", lost.stream().map(Tree.Loss::toString).distinct().toList());
        object.put("syscalls", moved.calls());
        double[] now = CpuTime.cpuSeconds();
        object.put(
                "cpu_seconds", Map.of("user", CpuTime.round(now[0] - cpu[0]), "sys", CpuTime.round(now[1] - cpu[1])));
        if (hex != null) {
            object.put("checksum", Map.of(String.valueOf(options.checksum), hex));
        }
        if (options.verify) {
            object.put("verified", true);
        }
        return object;
    }
}
