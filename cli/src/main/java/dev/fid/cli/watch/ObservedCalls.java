package dev.fid.cli.watch;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Json;
import dev.fid.cli.base.Lines;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What was seen of a process: how often it made which call between which kinds of descriptors, and the bytes.
public final class ObservedCalls {
    /// A kind of call.
    ///
    /// @param in what it read from; `memory` where that is the process's own
    /// @param out what it wrote to
    record Way(MovingCall call, String in, String out) {}

    /// How often, how often in vain, and how many bytes.
    static final class Count {
        long calls;
        long refused;
        long bytes;
    }

    private final long pid;
    private final String name;
    private final String means;
    private final Map<Way, Count> ways = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();
    private boolean bytesKnown = true;
    private boolean exited;
    private double seconds;

    /// @param name of the program
    /// @param means by which it was watched
    ObservedCalls(long pid, String name, String means) {
        this.pid = pid;
        this.name = name;
        this.means = means;
    }

    /// One call more was seen.
    ///
    /// @param result bytes, or below 0
    void add(MovingCall call, String in, String out, long result) {
        Count count = ways.computeIfAbsent(new Way(call, in, out), way -> new Count());
        count.calls++;
        if (result < 0) {
            count.refused++;
        } else if (!call.countsMessages() && call != MovingCall.IO_URING_ENTER) {
            count.bytes += result;
        }
    }

    /// Says something about what could be seen; twice is once.
    void note(String text) {
        if (!notes.contains(text)) {
            notes.add(text);
        }
    }

    /// The means sees calls but no bytes.
    void withoutBytes() {
        bytesKnown = false;
    }

    void ended(double seconds, boolean exited) {
        this.seconds = seconds;
        this.exited = exited;
    }

    boolean isEmpty() {
        return ways.isEmpty();
    }

    private long bytes(MovingCall call) {
        return ways.entrySet().stream()
                .filter(entry -> entry.getKey().call() == call)
                .mapToLong(entry -> entry.getValue().bytes)
                .sum();
    }

    /// One sentence. Shares count both ends of a way, so that a sendfile weighs as much as two splices, or as a read
    /// and
    /// a write.
    String verdict() {
        long inside = 0;
        long copied = 0;
        Map<MovingCall, Long> kernel = new EnumMap<>(MovingCall.class);
        for (MovingCall call : MovingCall.values()) {
            long bytes = bytes(call);
            if (call.ends() > 0 && bytes > 0) {
                inside += bytes * call.ends();
                kernel.put(call, bytes * call.ends());
            } else {
                copied += bytes;
            }
        }
        boolean uring = ways.keySet().stream().anyMatch(way -> way.call() == MovingCall.IO_URING_ENTER);
        String unseen = uring ? "; what io_uring moved cannot be seen" : "";
        if (!bytesKnown) {
            return byCalls() + unseen;
        }
        if (inside + copied == 0) {
            return "no bytes moved by the calls that were seen" + unseen;
        }
        String copies = percent(copied, inside + copied) + " was copied through the process";
        if (kernel.isEmpty()) {
            return copies + unseen;
        }
        List<String> parts = new ArrayList<>();
        for (Map.Entry<MovingCall, Long> entry : kernel.entrySet()) {
            parts.add(percent(entry.getValue(), inside + copied) + " of the bytes went by " + entry.getKey() + " ("
                    + most(entry.getKey()) + ")");
        }
        return String.join(", ", parts) + "; " + copies + unseen;
    }

    private String byCalls() {
        Map<MovingCall, Long> calls = new TreeMap<>();
        long all = 0;
        for (Map.Entry<Way, Count> entry : ways.entrySet()) {
            calls.merge(entry.getKey().call(), entry.getValue().calls, Long::sum);
            all += entry.getValue().calls;
        }
        if (all == 0) {
            return "it was not seen inside of a call that moves bytes";
        }
        long total = all;
        List<String> parts = new ArrayList<>();
        calls.entrySet().stream()
                .sorted(Map.Entry.<MovingCall, Long>comparingByValue().reversed())
                .forEach(entry -> parts.add(percent(entry.getValue(), total) + " in " + entry.getKey()));
        return "when it was seen inside of a call that moves bytes, it was " + String.join(", ", parts);
    }

    private static String percent(long part, long whole) {
        long tenths = Math.round(part * 1000.0 / whole);
        if (tenths == 0 && part > 0) {
            return "less than 0.1 %";
        }
        return tenths == 1000 && part < whole
                ? "more than 99.9 %"
                : tenths % 10 == 0 ? tenths / 10 + " %" : tenths / 10 + "." + tenths % 10 + " %";
    }

    /// Between which kinds most of its bytes went: `tcp socket to pipe, pipe to tcp socket`.
    private String most(MovingCall call) {
        return String.join(
                ", ",
                sorted().stream()
                        .filter(entry -> entry.getKey().call() == call && entry.getValue().bytes > 0)
                        .limit(2)
                        .map(entry ->
                                entry.getKey().in() + " to " + entry.getKey().out())
                        .toList());
    }

    private List<Map.Entry<Way, Count>> sorted() {
        return ways.entrySet().stream()
                .sorted(Comparator.<Map.Entry<Way, Count>>comparingLong(entry -> entry.getValue().bytes)
                        .thenComparingLong(entry -> entry.getValue().calls)
                        .reversed())
                .toList();
    }

    private List<String> allNotes() {
        List<String> all = new ArrayList<>(notes);
        if (exited) {
            all.add("the process ended meanwhile");
        }
        all.add("not seen: bytes moved through mappings, by io_uring, or by other processes on its behalf");
        return all;
    }

    public String text(int width) {
        StringBuilder text = new StringBuilder();
        text.append(Lines.wrap(
                "process " + pid + " (" + name + "), watched for " + Human.seconds((long) (seconds * 1e9)) + " by "
                        + means,
                width,
                "  "));
        for (Map.Entry<Way, Count> entry : sorted()) {
            Way way = entry.getKey();
            Count count = entry.getValue();
            String line = pad(way.call().toString(), 17) + pad(bytesKnown ? Human.bytes(count.bytes) : "", 10)
                    + pad(count.calls + (bytesKnown ? " calls" : " looks"), 15) + way.in() + " to " + way.out()
                    + (count.refused > 0 ? ", " + count.refused + " in vain" : "");
            text.append(Lines.wrap(line, width, "    "));
        }
        text.append(Lines.wrap(verdict(), width, ""));
        for (String note : allNotes()) {
            text.append(Lines.wrap("note: " + note, width, "  "));
        }
        return text.toString();
    }

    private static String pad(String text, int wide) {
        return text + " ".repeat(Math.max(1, wide - text.length()));
    }

    public String json() {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.probe.pid/1");
        object.put("pid", pid);
        object.put("name", name);
        object.put("means", means);
        object.put("seconds", seconds);
        object.put("exited", exited);
        object.put("verdict", verdict());
        List<Object> calls = new ArrayList<>();
        for (Map.Entry<Way, Count> entry : sorted()) {
            Map<String, @Nullable Object> one = new LinkedHashMap<>();
            one.put("call", entry.getKey().call().toString());
            one.put("in", entry.getKey().in());
            one.put("out", entry.getKey().out());
            one.put("calls", entry.getValue().calls);
            one.put("refused", bytesKnown ? entry.getValue().refused : null);
            one.put("bytes", bytesKnown ? entry.getValue().bytes : null);
            calls.add(one);
        }
        object.put("calls", calls);
        object.put("notes", allNotes());
        return Json.of(object);
    }
}
