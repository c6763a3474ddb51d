package dev.fid.cli.watch;

import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// By strace(1): every call with its descriptors. It attaches with PTRACE_SEIZE, so the process is not sent a signal,
/// and
/// detaches when it is told to end; the kernel detaches it too should it be killed.
final class StraceWatch implements Watch.Means {
    private static final Pattern LINE = Pattern.compile("(?:\\[pid +(\\d+)] )?(\\w+)\\((.*)");
    private static final Pattern RESUMED = Pattern.compile("(?:\\[pid +(\\d+)] )?<\\.\\.\\. (\\w+) resumed>(.*)");
    private static final Pattern RESULT = Pattern.compile(".* = (-?\\d+)(?: .*)?");
    private static final Pattern FD = Pattern.compile("(-?\\d+)(?:<(.*)>(?:\\(deleted\\))?)?");

    @Override
    public @Nullable String refusal() {
        return Watch.program("strace") == null ? "strace is not installed" : null;
    }

    @Override
    public String description() {
        return "strace: every call, at the price of two stops each";
    }

    @Override
    public @Nullable String watch(long pid, Duration time, ObservedCalls watched)
            throws IOException, InterruptedException {
        String tracer = status(pid, "TracerPid");
        if (!tracer.isEmpty() && !tracer.equals("0")) {
            return "process " + tracer + " traces it already";
        }
        List<String> calls = new ArrayList<>();
        for (MovingCall call : MovingCall.values()) {
            calls.add("?" + call); // ? : a strace that does not know the name goes on
        }
        Process strace = new ProcessBuilder(
                        "strace", // by this name it speaks of itself
                        "-f",
                        "-yy",
                        "-s0",
                        "-e",
                        "trace=" + String.join(",", calls),
                        "-e",
                        "signal=none",
                        "-p",
                        Long.toString(pid))
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .redirectErrorStream(true)
                .start();
        Thread hook = new Thread(() -> strace.toHandle().destroy());
        Runtime.getRuntime().addShutdownHook(hook);
        Thread timer = new Thread(() -> end(strace, time), "fid-strace");
        timer.setDaemon(true);
        timer.start();
        Lines lines = new Lines(watched);
        try (BufferedReader output = strace.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lines.take(line);
            }
            strace.waitFor();
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        } finally {
            timer.interrupt();
            strace.destroy();
            strace.getOutputStream().close();
            strace.getErrorStream().close();
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        return lines.attached ? null : lines.complaint;
    }

    /// Lets it detach after `time`; should it not, the kernel detaches it.
    private static void end(Process strace, Duration time) {
        try {
            if (!strace.waitFor(time.toNanos(), TimeUnit.NANOSECONDS)) {
                strace.toHandle().destroy(); // Process.destroy would close its output, too
                if (!strace.waitFor(5, TimeUnit.SECONDS)) {
                    strace.toHandle().destroyForcibly();
                }
            }
        } catch (InterruptedException e) {
            strace.toHandle().destroy();
        }
    }

    private static String status(long pid, String field) throws IOException {
        for (String line : Watch.read("/proc/" + pid + "/status").lines().toList()) {
            if (line.startsWith(field + ":")) {
                return line.substring(field.length() + 1).strip();
            }
        }
        return "";
    }

    /// Reads what strace prints.
    static final class Lines {
        private final ObservedCalls watched;
        private final Map<String, String> unfinished = new HashMap<>();
        private boolean attached;
        private String complaint = "it said nothing";

        Lines(ObservedCalls watched) {
            this.watched = watched;
        }

        void take(String line) {
            if (line.startsWith("strace: ")) {
                attached |= line.contains(" attached");
                if (!line.contains(" attached") && !line.contains(" detached")) {
                    complaint = line.substring("strace: ".length());
                }
                return;
            }
            Matcher resumed = RESUMED.matcher(line);
            if (resumed.matches()) {
                String begun = unfinished.remove(resumed.group(1) + "");
                if (begun != null) {
                    call(resumed.group(2), begun + resumed.group(3));
                }
                return;
            }
            Matcher plain = LINE.matcher(line);
            if (!plain.matches()) {
                return;
            }
            int cut = plain.group(3).indexOf(" <unfinished ...>");
            if (cut >= 0) {
                unfinished.put(plain.group(1) + "", plain.group(3).substring(0, cut));
            } else {
                call(plain.group(2), plain.group(3));
            }
        }

        private void call(String name, String text) {
            MovingCall call = MovingCall.named(name);
            Matcher result = RESULT.matcher(text);
            if (call == null || !result.matches()) {
                return; // cut off in the middle of a call
            }
            List<String> arguments = arguments(text);
            watched.add(call, kind(call.in(), arguments), kind(call.out(), arguments), Long.parseLong(result.group(1)));
        }

        private static String kind(int index, List<String> arguments) {
            return index < 0 || index >= arguments.size() ? "memory" : kind(arguments.get(index));
        }

        /// The first arguments: they end with a comma outside of `<>` and brackets.
        private static List<String> arguments(String text) {
            List<String> arguments = new ArrayList<>();
            int depth = 0;
            int from = 0;
            for (int i = 0; i < text.length() && arguments.size() < 3; i++) {
                char c = text.charAt(i);
                boolean arrow = c == '>' && i > 0 && text.charAt(i - 1) == '-';
                if (c == '<' || c == '[' || c == '{' || c == '(') {
                    depth++;
                } else if ((c == '>' && !arrow) || c == ']' || c == '}') {
                    depth--;
                } else if (c == ',' && depth == 0) {
                    arguments.add(text.substring(from, i).strip());
                    from = i + 1;
                } else if (c == ')' && depth-- == 0) {
                    arguments.add(text.substring(from, i).strip());
                    break;
                }
            }
            return arguments;
        }

        /// The kind in strace's words: `5<TCP:[...]>`, `6<pipe:[77]>`, `3</var/log/x>`, `0</dev/null<char 1:3>>`.
        static String kind(String argument) {
            Matcher matcher = FD.matcher(argument);
            String target = matcher.matches() ? matcher.group(2) : null;
            return target == null ? "a descriptor that is gone" : Descriptors.kind(target);
        }
    }
}
