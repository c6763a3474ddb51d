package dev.fid.cli.explain;

import dev.fid.Facts;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.Plan;
import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Json;
import dev.fid.bench.trace.Place;
import dev.fid.bench.trace.Scenario;
import dev.fid.bench.trace.Trace;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.copy.Planning;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.plan.Inspection;
import dev.fid.kernel.Uapi;
import dev.fid.model.Profile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Walks on the model for `fid explain`: which place of the model stands for which endpoint, and what the model
/// does not know of it.
final class Tracing {
    /// Bytes of a walk, where nothing else says how many.
    private static final long USUAL = 1 << 20; // 1 MiB

    private final Profile profile;
    private final long length;
    private final List<String> notes = new ArrayList<>();

    /// @param length bytes asked for, -1 for the usual ones
    Tracing(Profile profile, long length) {
        this.profile = profile;
        this.length = length;
    }

    Trace of(Scenario scenario) throws IOException {
        return Trace.of(scenario, profile, length < 0 ? scenario.length() : length);
    }

    /// Walks from one end to another.
    ///
    /// @param in where the bytes come from; a word that names a place is that place
    Trace of(Endpoint in, Endpoint out, @Nullable Method method, int verbose) throws Failure, IOException {
        Place from = Place.named(in.text());
        Place to = Place.named(out.text());
        Facts source = from != null ? null : Inspection.in(in, verbose);
        if (source != null && in instanceof Endpoint.File file) {
            source = Inspection.at(source, file.offset());
        }
        Facts sink = to != null ? null : Inspection.out(out, in, false, verbose);
        long bytes = length >= 0 ? length : USUAL;
        if (from == null && source != null) {
            from = place(in, source);
            bytes = bytes(in, source, bytes);
        }
        if (to == null && sink != null) {
            to = place(out, sink);
        }
        if (from == null || to == null) {
            throw new IllegalStateException("an endpoint without a place");
        }
        check(in, from, out, to);
        Place end = apart(source, sink, from, to);
        Method only = source != null ? chosen(source, sink != null ? sink : facts(to), bytes, method) : method;
        return Trace.of(from, end, profile, bytes, only, notes);
    }

    private static void check(Endpoint in, Place from, Endpoint out, Place to) throws Failure {
        if (!from.gives()) {
            throw Failure.usage(in.text() + ": nothing comes from " + from.what());
        }
        if (!to.takes()) {
            throw Failure.usage(out.text() + ": nothing goes to " + to.what());
        }
        if (from == Place.MEMORY && to != Place.PIPE) {
            throw Failure.usage(out.text() + ": memory is lent to pipes only");
        }
    }

    /// A file has the bytes that it has; of many the walk takes some.
    private long bytes(Endpoint in, Facts source, long wanted) {
        if (source.kind() != FdKind.FILE || source.sizeUnknown()) {
            return wanted;
        }
        long left = source.size() - Math.max(0, source.offset());
        if (in instanceof Endpoint.File file && file.length() >= 0) {
            left = Math.min(left, file.length());
        }
        if (left > wanted) {
            notes.add("the walk has " + Human.bytes(wanted) + " of " + Human.bytes(left)
                    + "; the rest goes the same way");
            return wanted;
        }
        return Math.max(1, left);
    }

    /// What stands for an endpoint on the model.
    private Place place(Endpoint endpoint, Facts facts) throws Failure {
        return switch (facts.kind()) {
            case FILE -> file(endpoint, facts);
            case BLOCK_DEVICE -> {
                notes.add(endpoint.text() + ": the model has no block devices; a file stands for it");
                yield Place.FILE;
            }
            case PIPE -> Place.PIPE;
            case TCP -> Place.TCP;
            case UNIX_STREAM -> Place.UNIX;
            case CHARACTER_DEVICE -> device(endpoint);
            case DIRECTORY -> throw new Failure(Exit.OPEN, "a directory has no bytes to move");
            case DATAGRAM, TERMINAL, OTHER ->
                throw Failure.usage(endpoint.text() + ": the model has nothing that stands for a " + facts.kind()
                        + "; fid explain without --trace tells the plan");
        };
    }

    private static Place device(Endpoint endpoint) throws Failure {
        return switch (endpoint.text()) {
            case "/dev/zero" -> Place.ZERO;
            case "/dev/null" -> Place.NULL;
            default ->
                throw Failure.usage(endpoint.text() + ": of devices the model has /dev/zero and /dev/null;"
                        + " fid explain without --trace tells the plan");
        };
    }

    private Place file(Endpoint endpoint, Facts facts) {
        if (facts.append()) {
            return Place.APPEND;
        }
        if (facts.fsType() == Uapi.TMPFS_MAGIC) {
            return Place.TMPFS;
        }
        if (facts.fsType() != Uapi.EXT4_SUPER_MAGIC) {
            notes.add(endpoint.text() + ": the model has no " + facts.fsName() + "; ext4 stands for it");
        }
        return Place.FILE;
    }

    /// Two files that are on two file systems are so on the model, too, which has ext4 and tmpfs.
    private Place apart(@Nullable Facts source, @Nullable Facts sink, Place from, Place to) {
        boolean two = source != null
                && sink != null
                && source.kind() == FdKind.FILE
                && sink.kind() == FdKind.FILE
                && source.device() != sink.device()
                && from == to;
        if (!two) {
            return to;
        }
        Place other = from == Place.FILE ? Place.TMPFS : Place.FILE;
        notes.add("the files are on two file systems; the output's is played by "
                + (other == Place.FILE ? "ext4" : "tmpfs"));
        return other;
    }

    /// What is known of a place of the model as an output.
    private static Facts facts(Place place) {
        return switch (place) {
            case PIPE -> Facts.of(FdKind.PIPE);
            case TCP -> Facts.of(FdKind.TCP);
            case UNIX -> Facts.of(FdKind.UNIX_STREAM);
            case ZERO, NULL, MEMORY -> Facts.of(FdKind.CHARACTER_DEVICE);
            case FILE, APPEND, TMPFS -> {
                long fileSystem = place == Place.TMPFS ? Uapi.TMPFS_MAGIC : Uapi.EXT4_SUPER_MAGIC;
                yield new Facts(FdKind.FILE, place == Place.APPEND, 0, fileSystem, -1, -1, 0, -1);
            }
        };
    }

    /// The method that `fid copy` would take, where that is not the one that the model's own plan comes to;
    /// null leaves it to that.
    private @Nullable Method chosen(Facts source, Facts sink, long bytes, @Nullable Method method) throws Failure {
        Plan plan = Planning.of(source, sink, -1, method, true, null);
        Method first = plan.chosen();
        boolean shares = first == Method.REFLINK
                || (first == Method.COPY_FILE_RANGE && plan.ladder().getFirst().copies() == 0);
        if (shares) {
            notes.add("fid copy would take " + first + ", which shares extents on " + source.fsName()
                    + " and moves no byte; the model has no such file system, and shows what follows");
            return method == Method.REFLINK ? Method.COPY_FILE_RANGE : method;
        }
        if (source.isPseudo()) {
            notes.add("the model has no " + source.fsName() + "; the walk is that of a plain file by " + first);
        }
        boolean small = source.kind() == FdKind.FILE && bytes < source.size();
        return method != null ? method : source.isPseudo() || small ? first : null;
    }

    // ---- the list ----

    static String list(boolean json) {
        if (json) {
            List<Object> scenarios = new ArrayList<>();
            for (Scenario scenario : Scenario.values()) {
                Map<String, Object> row = new LinkedHashMap<>();
                row.put("name", scenario.toString());
                row.put("title", scenario.title());
                row.put("statements", scenario.statements());
                row.put("src_kind", scenario.in().toString());
                row.put(
                        "dst_kinds",
                        scenario.outs().stream().map(Place::toString).toList());
                row.put("bytes", scenario.length());
                scenarios.add(row);
            }
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("schema", "fid.scenarios/1");
            object.put("scenarios", scenarios);
            object.put("places", Place.names());
            return Json.of(object) + "\n";
        }
        StringBuilder text = new StringBuilder("Scenarios, for --scenario:\n");
        for (Scenario scenario : Scenario.values()) {
            row(text, scenario.toString(), scenario.title());
        }
        text.append("\nPlaces that SRC and DST of --trace may name, beside real ones:\n");
        for (Place place : Place.values()) {
            row(text, place.toString(), place.what());
        }
        return text.toString();
    }

    private static void row(StringBuilder text, String name, String what) {
        text.append("  ")
                .append(name)
                .append(" ".repeat(Math.max(1, 18 - name.length())))
                .append(what)
                .append('\n');
    }
}
