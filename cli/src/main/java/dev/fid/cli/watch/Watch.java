package dev.fid.cli.watch;

import dev.fid.bench.measure.Human;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Stop;
import dev.fid.cli.base.Suggest;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Watches a process by the best means that this machine allows: tracepoints by perf(1), which do not stop it;
/// strace(1),
/// which stops it at each call; looks at /proc, which see only what it waits in. None ends it or changes what it does.
public final class Watch {
    /// A way to watch.
    interface Means {
        /// Why it cannot be used here, or null.
        @Nullable
        String refusal();

        /// What it is, in words.
        String description();

        /// Watches; returns why it could not, or null.
        @Nullable
        String watch(long pid, Duration time, ObservedCalls watched) throws IOException, InterruptedException;
    }

    private Watch() {}

    public static ObservedCalls of(long pid, Duration time, @Nullable String by, Context context) throws Failure {
        Map<String, Means> all = new LinkedHashMap<>();
        all.put("perf", new PerfWatch());
        all.put("strace", new StraceWatch());
        all.put("proc", new ProcWatch());
        if (by != null && !all.containsKey(by)) {
            String near = Suggest.nearest(by, all.keySet());
            throw Failure.usage("--by: '" + by + "' is no means"
                    + (near != null ? "; did you mean '" + near + "'?" : " (use perf, strace, proc)"));
        }
        String name = name(pid);
        List<String> refusals = new ArrayList<>();
        for (Map.Entry<String, Means> one : all.entrySet()) {
            if (by != null && !by.equals(one.getKey())) {
                continue;
            }
            Means means = one.getValue();
            String refusal = means.refusal();
            if (refusal == null) {
                if (!context.root().quiet() && means instanceof StraceWatch) {
                    context.console()
                            .err()
                            .println("fid: probe: strace stops process " + pid
                                    + " at each call that moves bytes: it is slower for "
                                    + Human.seconds(time.toNanos()));
                }
                ObservedCalls watched = new ObservedCalls(pid, name, means.description());
                refusal = attempt(means, pid, time, watched, context);
                if (refusal == null) {
                    refusals.forEach(watched::note);
                    return watched;
                }
            }
            refusals.add("not by " + one.getKey() + ": " + refusal);
        }
        throw new Failure(
                Exit.OPEN,
                "process " + pid + " cannot be watched: " + String.join("; ", refusals),
                "as its user, or as root; a process that forbids dumps needs CAP_SYS_PTRACE",
                null);
    }

    private static @Nullable String attempt(
            Means means, long pid, Duration time, ObservedCalls watched, Context context) throws Failure {
        long began = System.nanoTime();
        try {
            String refusal = means.watch(pid, time, watched);
            watched.ended(Math.min(time.toNanos(), System.nanoTime() - began) / 1e9, !exists(pid));
            return refusal;
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        } catch (InterruptedException e) {
            Stop.Reason reason = context.stop().reason();
            throw new Failure(
                    reason == null ? Exit.SIGNAL + 2 : reason.exit(),
                    reason == null ? "interrupted" : reason.text(),
                    "",
                    e);
        }
    }

    /// The program's name.
    ///
    /// @throws Failure where there is no such process
    private static String name(long pid) throws Failure {
        if (pid == ProcessHandle.current().pid()) {
            throw Failure.usage("--pid: " + pid + " is this process");
        }
        if (!Files.isDirectory(Path.of("/proc/self"))) {
            throw new Failure(Exit.OPEN, "/proc is not mounted here: no process can be looked at");
        }
        try {
            return read("/proc/" + pid + "/comm").strip();
        } catch (IOException e) {
            throw new Failure(Exit.OPEN, "there is no process " + pid, "", e);
        }
    }

    static boolean exists(long pid) {
        try {
            String status = read("/proc/" + pid + "/status");
            return !status.contains("\nState:\tZ") && !status.contains("\nState:\tX");
        } catch (IOException e) {
            return false;
        }
    }

    /// A small file of /proc.
    static String read(String path) throws IOException {
        try (InputStream in = new FileInputStream(path)) {
            return new String(in.readNBytes(1 << 20), StandardCharsets.ISO_8859_1);
        }
    }

    /// The path of a program, or null where it is not installed.
    static @Nullable String program(String name) {
        String path = System.getenv("PATH");
        for (String folder : (path == null ? "/usr/bin:/bin" : path).split(":", -1)) {
            Path program = Path.of(folder.isEmpty() ? "." : folder, name);
            if (Files.isExecutable(program) && Files.isRegularFile(program)) {
                return program.toString();
            }
        }
        return null;
    }
}
