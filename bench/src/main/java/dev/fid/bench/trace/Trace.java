package dev.fid.bench.trace;

import dev.fid.Method;
import dev.fid.model.Ledger;
import dev.fid.model.Profile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A walk: what Fid's engine, or a program of the articles, did on the model of a kernel, call by call, and its
/// bill beside the bill of read and write for the same bytes.
///
/// @param in what the bytes came from
/// @param outs where they went
/// @param profile which kernel
/// @param length bytes of the input
/// @param method what moved them
/// @param notes what was refused on the way, and what the model does not know
/// @param steps the calls, in order
/// @param bill of the program's own calls
/// @param plain the same bytes by read and write: the program's own calls
public record Trace(
        Place in,
        List<Place> outs,
        Profile profile,
        long length,
        String method,
        List<String> notes,
        List<Step> steps,
        Ledger.Bill bill,
        Ledger.Bill plain) {
    /// The most that a walk moves, bytes; its pages are in the heap.
    public static final long MOST = 8 << 20; // 8 MiB

    private static final Ledger.Bill NOTHING = new Ledger.Bill(0, 0, 0, 0, 0, 0, 0, 0);

    /// What `fid copy` would do between two places.
    ///
    /// @param method the only one, or null for the plan's choice
    /// @param notes what is to be said of the choice of places
    public static Trace of(
            Place in, Place out, Profile profile, long length, @Nullable Method method, List<String> notes)
            throws IOException {
        return of(in, List.of(out), profile, length, notes, Way.transfer(method), Way.transfer(Method.READ_WRITE));
    }

    /// A scenario, with `length` bytes.
    public static Trace of(Scenario scenario, Profile profile, long length) throws IOException {
        return of(scenario.in(), scenario.outs(), profile, length, List.of(), scenario.way(), scenario.plain());
    }

    private static Trace of(
            Place in, List<Place> outs, Profile profile, long length, List<String> notes, Way way, Way plain)
            throws IOException {
        if (length < 1 || length > MOST) {
            throw new IllegalArgumentException("a walk has 1 to " + MOST + " bytes, not " + length);
        }
        List<String> said = new ArrayList<>(notes);
        List<Step> steps = new ArrayList<>();
        String method = run(in, outs, profile, length, way, said, steps);
        List<Step> others = new ArrayList<>();
        run(in, outs, profile, length, plain, new ArrayList<>(), others);
        return new Trace(in, outs, profile, length, method, said, steps, sum(steps), sum(others));
    }

    private static String run(
            Place in, List<Place> outs, Profile profile, long length, Way way, List<String> notes, List<Step> steps)
            throws IOException {
        Stage stage = new Stage(profile);
        boolean alike = outs.contains(in) && !in.isFile();
        Stage.End source = stage.input(in, alike ? in + " in" : in.toString(), length);
        List<Stage.End> sinks = new ArrayList<>();
        for (Place out : outs) {
            String name = in.isFile() && out.isFile() ? "copy" : alike ? out + " out" : out.toString();
            sinks.add(stage.output(out, outs.size() > 1 ? name + " " + (sinks.size() + 1) : name));
        }
        Way.Told told = way.move(stage, source, sinks, length);
        stage.finish();
        for (Stage.End sink : sinks) {
            long arrived = stage.arrived(sink);
            if (arrived >= 0 && arrived != told.bytes()) {
                throw new IllegalStateException(told.bytes() + " bytes were moved, and " + arrived + " arrived");
            }
        }
        if (told.bytes() < length) {
            notes.add(told.bytes() + " of " + length + " bytes were moved");
        }
        notes.addAll(told.notes());
        steps.addAll(stage.steps());
        stage.close();
        return told.method();
    }

    private static Ledger.Bill sum(List<Step> steps) {
        Ledger.Bill sum = NOTHING;
        for (Step step : steps) {
            if (step.actor() == Step.Actor.PROGRAM) {
                sum = sum.plus(step.bill());
            }
        }
        return sum;
    }

    /// A walk in words, 80 columns wide.
    public String text(boolean colors) {
        return new TraceText(this, colors).text();
    }

    /// A walk for programs.
    public String json() {
        return TraceJson.of(this);
    }
}
