package dev.fid.bench.result;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Statistics;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// The table of the second article that Fid grew from, taken again: one file copied by read and write, by mmap,
/// by mmap in segments and by splice, each a program of its own, with the time that the copying took and what
/// time(1) says of the process. And whether what the article concluded holds on this machine.
///
/// @param bytes of the file
/// @param fileSystem that it was on
/// @param runs by program, one after the other in random order
public record Articles(long bytes, String fileSystem, Map<Program, List<Run>> runs) {
    /// The article had a film of 300 MB and a bit.
    public static final long LEAST_BYTES = 300_000_000;

    public enum Program {
        READ_WRITE("read-write"),
        MMAP("mmap"),
        MMAP_SEGMENTS("mmap in segments"),
        SPLICE("splice");

        public final String label;

        Program(String label) {
            this.label = label;
        }

        /// What the article has; null where it gives no figures.
        public @Nullable Run then() {
            return switch (this) {
                case READ_WRITE -> new Run(0.82, 11.919, 0.028, 0.996);
                case MMAP -> new Run(0.83, 10.109, 0.312, 0.676);
                case MMAP_SEGMENTS -> null;
                case SPLICE -> new Run(0.55, 10.643, 0.000, 0.732);
            };
        }

        public String argument() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Seconds.
    ///
    /// @param work of the copying alone
    /// @param real of the process, from start to end
    /// @param user of the process
    /// @param system of the process
    public record Run(double work, double real, double user, double system) {}

    /// Something that the article says.
    ///
    /// @param text what
    /// @param verdict holds, does not hold, or no difference beyond the noise
    /// @param reason in a line
    public record Claim(String text, String verdict, String reason) {}

    public Statistics.Summary summary(Program program, ToDoubleFunction<Run> column) {
        return Statistics.Summary.of(values(program, column));
    }

    private double[] values(Program program, ToDoubleFunction<Run> column) {
        return runs.getOrDefault(program, List.of()).stream()
                .mapToDouble(column)
                .toArray();
    }

    public List<Claim> claims() {
        return List.of(
                claim(
                        "splice is faster than read and write",
                        Program.SPLICE,
                        Program.READ_WRITE,
                        Run::work,
                        "either way the CPU copies each byte into the destination's page cache once; splice saves the"
                                + " other copy, and pays for a page reference instead"),
                claim(
                        "splice is faster than mmap",
                        Program.SPLICE,
                        Program.MMAP,
                        Run::work,
                        "a page fault for each page of both mappings costs more than a slot of a pipe"),
                claim(
                        "mmap in segments is faster than mmap of the whole",
                        Program.MMAP_SEGMENTS,
                        Program.MMAP,
                        Run::work,
                        "the same pages are faulted in either way; segments are torn down while they are in the cache"),
                claim(
                        "mmap in segments is slower than splice",
                        Program.SPLICE,
                        Program.MMAP_SEGMENTS,
                        Run::work,
                        "its page faults remain"),
                claim(
                        "mmap needs less system time than read and write",
                        Program.MMAP,
                        Program.READ_WRITE,
                        Run::system,
                        "its copy is made in user mode, but the page faults are system time"),
                claim(
                        "mmap needs more user time than read and write",
                        Program.READ_WRITE,
                        Program.MMAP,
                        Run::user,
                        "memcpy runs in user mode; the copies of read and write run in the kernel"),
                claim(
                        "splice needs the least user time",
                        Program.SPLICE,
                        Program.MMAP,
                        Run::user,
                        "it touches no byte in user mode"));
    }

    /// That `less` has less of `column` than `more`.
    private Claim claim(String text, Program less, Program more, ToDoubleFunction<Run> column, String reason) {
        Statistics.Ratio ratio = Statistics.ratio(values(less, column), values(more, column));
        String verdict =
                ratio.high() < 1 ? "holds" : ratio.low() > 1 ? "does not hold" : "no difference beyond the noise";
        String figures = Double.isFinite(ratio.value())
                ? " (" + Human.digits(ratio.value()) + " of it, " + Human.digits(ratio.low()) + " to "
                        + Human.digits(ratio.high()) + ")"
                : "";
        return new Claim(text, verdict + figures, reason);
    }

    // ---- JSON ----

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("bytes", bytes);
        json.put("file_system", fileSystem);
        Map<String, Object> programs = new LinkedHashMap<>();
        runs.forEach((program, samples) -> programs.put(
                program.name(),
                samples.stream()
                        .map(run -> List.of(run.work(), run.real(), run.user(), run.system()))
                        .toList()));
        json.put("runs", programs);
        return json;
    }

    public static Articles fromJson(Map<?, ?> json) {
        Map<Program, List<Run>> runs = new EnumMap<>(Program.class);
        ((Map<?, ?>) Result.member(json, "runs"))
                .forEach((program, samples) -> runs.put(
                        Program.valueOf(program.toString()),
                        ((List<?>) samples)
                                .stream().map(sample -> run((List<?>) sample)).toList()));
        return new Articles(Result.number(json, "bytes").longValue(), Result.text(json, "file_system"), runs);
    }

    private static Run run(List<?> json) {
        double[] n = json.stream().mapToDouble(x -> ((Number) x).doubleValue()).toArray();
        return new Run(n[0], n[1], n[2], n[3]);
    }
}
