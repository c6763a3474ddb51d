package dev.fid.cli.report;

import dev.fid.Progress;
import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Json;
import dev.fid.cli.base.Console;
import dev.fid.cli.value.Speed;
import dev.fid.files.Tree;
import dev.fid.kernel.Name;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tells on stderr how far a command is: a line on a terminal, JSON lines, or nothing until somebody asks by
/// SIGUSR1.
public final class Reporter {
    public enum Mode {
        auto,
        always,
        never,
        json
    }

    private static final long FIRST = 500_000_000L;

    private final Console console;
    private final ProgressLine line;
    private final Mode mode;
    private final long interval;
    /// Bytes to come, as the user says, or -1.
    private final long expected;
    private final boolean named;
    private final Speed speed = new Speed();
    private volatile @Nullable Progress latest;
    private String latestNote = "";
    private Tree.@Nullable Progress files;
    private long next;

    public Reporter(Console console, boolean quiet, FlowOptions flow, @Nullable Duration asked, String subject) {
        Mode wanted = flow.progress;
        String name = flow.name != null ? flow.name : subject;
        this.console = console;
        this.expected = flow.size;
        this.named = flow.name != null;
        // What is no terminal is not asked to move a cursor.
        this.line = new ProgressLine(Name.shown(name), console.err(), console.dumb() || console.columns() < 0);
        boolean silent = quiet || (wanted == Mode.auto && console.columns() < 0);
        this.mode = silent ? Mode.never : wanted;
        this.interval = asked != null ? asked.toNanos() : mode == Mode.json ? FIRST : FIRST / 5;
        this.next = mode == Mode.always || asked != null ? Math.min(interval, FIRST) : FIRST;
    }

    /// How often it wants to be told.
    public Duration tick() {
        return Duration.ofNanos(Math.clamp(interval, 1_000_000, FIRST / 5));
    }

    public void tell(Progress now) {
        tell(now, "");
    }

    /// Tells how far it is.
    ///
    /// @param note what else the line is to say, or nothing
    public synchronized void tell(Progress told, String note) {
        Progress now = told.length() < 0 && expected >= 0
                ? new Progress(told.bytes(), expected, told.nanos(), told.method())
                : told;
        latest = now;
        speed.add(now);
        latestNote = note;
        if (mode == Mode.never || now.nanos() < next) {
            return;
        }
        next = now.nanos() + interval;
        if (mode == Mode.json) {
            console.err().println(json(now));
        } else {
            console.err().print(line.redraw(now, speed.now(), Name.shown(note), columns()));
            console.err().flush();
        }
    }

    /// As {@link #tell(Progress)}, with files.
    public synchronized void tell(Tree.Progress now) {
        files = now;
        String count =
                Human.files(now.files()) + (now.allFiles() < 0 ? "" : " of " + Human.files(now.allFiles())) + " files";
        if (!named) {
            line.name(count);
        }
        tell(new Progress(now.bytes(), now.allBytes(), now.nanos(), now.method()));
    }

    private String json(Progress now) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.progress/1");
        Tree.Progress tree = files;
        if (tree != null) {
            object.put("files", tree.files());
            object.put("all_files", tree.allFiles() < 0 ? null : tree.allFiles());
        }
        object.put("bytes", now.bytes());
        object.put("length", now.length() < 0 ? null : now.length());
        object.put("seconds", now.nanos() / 1e9);
        object.put("rate", speed.now());
        object.put("method", now.method().toString());
        return Json.of(object);
    }

    /// Whether nobody is told anything, unless by SIGUSR1.
    public boolean silent() {
        return mode == Mode.never;
    }

    /// Bytes that are to come, -1 where nobody knows.
    public long length() {
        Progress last = latest;
        return last == null ? -1 : last.length();
    }

    public long bytes() {
        Progress last = latest;
        return last == null ? 0 : last.bytes();
    }

    /// One line for whoever sent SIGUSR1.
    public synchronized void status() {
        Progress now = latest;
        erase();
        console.err()
                .println(now == null ? "0 B, not begun" : line.text(now, speed.now(), Name.shown(latestNote), 200));
    }

    public synchronized void erase() {
        console.err().print(line.erase(columns()));
        console.err().flush();
    }

    private int columns() {
        int columns = console.columns();
        return columns < 0 ? 80 : columns;
    }
}
