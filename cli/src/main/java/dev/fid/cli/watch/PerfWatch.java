package dev.fid.cli.watch;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// By the tracepoints `raw_syscalls`, which perf(1) records: the process is not stopped. Only where tracefs is mounted
/// already: perf would mount it and leave it so.
final class PerfWatch implements Watch.Means {
    private static final List<Path> TRACEFS = List.of(
            Path.of("/sys/kernel/tracing/events/raw_syscalls/sys_enter"),
            Path.of("/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter"));
    private static final Pattern ENTER =
            Pattern.compile("\\s*(\\d+)\\s+.*sys_enter: NR (\\d+) \\(([0-9a-f]+), ([0-9a-f]+), ([0-9a-f]+),.*");
    private static final Pattern EXIT = Pattern.compile("\\s*(\\d+)\\s+.*sys_exit: NR (\\d+) = (-?\\d+).*");

    @Override
    public @Nullable String refusal() {
        if (TRACEFS.stream().noneMatch(Files::isDirectory)) {
            return "tracefs is not mounted, or not for this user";
        }
        return Watch.program("perf") == null ? "perf is not installed" : null;
    }

    @Override
    public String description() {
        return "perf's system call tracepoints: every call, the process is not stopped";
    }

    @Override
    public @Nullable String watch(long pid, Duration time, ObservedCalls watched)
            throws IOException, InterruptedException {
        String perf = String.valueOf(Watch.program("perf"));
        List<String> numbers = new ArrayList<>();
        for (MovingCall call : MovingCall.values()) {
            numbers.add("id == " + call.number());
        }
        String filter = String.join(" || ", numbers);
        Path messages = Files.createTempFile("fid-perf", ".log");
        ProcessBuilder record = new ProcessBuilder(
                        perf,
                        "record",
                        "-q",
                        "-m",
                        "1M",
                        "-o",
                        "-",
                        "-e",
                        "raw_syscalls:sys_enter",
                        "--filter",
                        filter,
                        "-e",
                        "raw_syscalls:sys_exit",
                        "--filter",
                        filter,
                        "-p",
                        Long.toString(pid),
                        "--",
                        "sleep",
                        Double.toString(time.toNanos() / 1e9))
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .redirectError(messages.toFile());
        ProcessBuilder script = new ProcessBuilder(
                        perf, "script", "-i", "-", "-F", "tid,event,trace", "--show-lost-events")
                .redirectErrorStream(true);
        List<Process> both = ProcessBuilder.startPipeline(List.of(record, script));
        Lines lines = new Lines(watched, new Descriptors(pid));
        Thread hook = new Thread(() -> both.getFirst().destroy());
        Runtime.getRuntime().addShutdownHook(hook);
        try (BufferedReader output = both.getLast().inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lines.take(line);
            }
            int status = both.getFirst().waitFor();
            both.getLast().waitFor();
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            String said = Files.readString(messages).strip();
            return status == 0 || !watched.isEmpty()
                    ? null
                    : said.isEmpty()
                            ? "perf ended with " + status
                            : said.lines().findFirst().orElse("");
        } finally {
            for (Process process : both) {
                process.destroy();
                process.getOutputStream().close();
                process.getErrorStream().close();
            }
            Runtime.getRuntime().removeShutdownHook(hook);
            Files.delete(messages);
        }
    }

    /// Reads what `perf script` prints.
    static final class Lines {
        private record Entry(int number, List<Integer> arguments) {}

        private final ObservedCalls watched;
        private final Descriptors descriptors;
        private final Map<String, Entry> entered = new HashMap<>();

        Lines(ObservedCalls watched, Descriptors descriptors) {
            this.watched = watched;
            this.descriptors = descriptors;
        }

        void take(String line) {
            Matcher enter = ENTER.matcher(line);
            if (enter.matches()) {
                List<Integer> arguments = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    arguments.add((int) Long.parseUnsignedLong(enter.group(3 + i), 16));
                }
                entered.put(enter.group(1), new Entry(Integer.parseInt(enter.group(2)), arguments));
                return;
            }
            Matcher exit = EXIT.matcher(line);
            if (exit.matches()) {
                Entry entry = entered.remove(exit.group(1));
                int number = Integer.parseInt(exit.group(2));
                MovingCall call = MovingCall.numbered(number);
                if (call != null && entry != null && entry.number() == number) {
                    watched.add(call, kind(call.in(), entry), kind(call.out(), entry), Long.parseLong(exit.group(3)));
                }
            } else if (line.contains("LOST")) {
                watched.note("perf lost some events: the figures are too low");
            }
        }

        private String kind(int index, Entry entry) {
            return index < 0 ? "memory" : descriptors.kind(entry.arguments().get(index));
        }
    }
}
