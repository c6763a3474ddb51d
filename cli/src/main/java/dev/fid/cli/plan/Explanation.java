package dev.fid.cli.plan;

import dev.fid.Declined;
import dev.fid.Facts;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.Plan;
import dev.fid.bench.measure.Json;
import dev.fid.kernel.Name;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A plan in words: the ladder with its reasons, and the way of one page.
public final class Explanation {
    private static final String REFERENCE = " --reference--> ";
    private static final String COPY = " ==copy==> ";

    private final Plan plan;
    private final String in;
    private final String out;
    private final boolean colors;

    public Explanation(Plan plan, String in, String out, boolean colors) {
        this.plan = plan;
        this.in = in;
        this.out = out;
        this.colors = colors;
    }

    /// The ladder and what is not on it, one method a line, then the diagram.
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append(Name.shown(in)).append(" (").append(name(plan.in())).append(") to ");
        text.append(Name.shown(out)).append(" (").append(name(plan.out())).append(")\n\n");
        int number = 1;
        for (Declined declined : plan.declined()) {
            row(text, " -", declined.method(), "no   ", declined.reason(), "");
        }
        for (Plan.Rung rung : plan.ladder()) {
            String chosen = number == 1 ? (colors ? "  \033[1m<- chosen\033[0m" : "  <- chosen") : "";
            row(
                    text,
                    (number < 10 ? " " : "") + number,
                    rung.method(),
                    "yes  ",
                    rung.reason() + "; " + cost(rung),
                    chosen);
            number++;
        }
        return text.append("\nOne page on its way by ")
                .append(plan.chosen())
                .append(":\n  ")
                .append(diagram())
                .append("\n")
                .toString();
    }

    private static void row(
            StringBuilder text, String number, Method method, String answer, String reason, String end) {
        String name = method.toString();
        text.append(number).append("  ").append(name).append(" ".repeat(Math.max(1, 21 - name.length())));
        text.append(answer).append(reason).append(end).append('\n');
    }

    private static String cost(Plan.Rung rung) {
        String copies = rung.copies() == 0
                ? "no copy"
                : rung.copies() == 1 ? "1 copy per byte" : rung.copies() + " copies per byte";
        return rung.aliases() ? copies + ", later writes to the source may show" : copies;
    }

    private static String name(Facts facts) {
        return facts.kind() == FdKind.FILE
                ? "file on " + facts.fsName()
                : facts.kind().toString();
    }

    /// Where one page goes; `==copy==>` is a copy by the CPU, `--reference-->` is none.
    String diagram() {
        String source = Name.shown(in);
        String sink = Name.shown(out);
        String from = "[" + place(plan.in().kind()) + ": " + source + "]";
        String to = "[" + place(plan.out().kind()) + ": " + sink + "]";
        Plan.Rung rung = plan.ladder().getFirst();
        String first = plan.in().kind() == FdKind.CHARACTER_DEVICE
                        || plan.in().kind() == FdKind.TERMINAL
                        || plan.in().isPseudo()
                ? COPY
                : REFERENCE;
        String last = plan.out().kind().isSeekable() || plan.out().kind() == FdKind.TERMINAL ? COPY : REFERENCE;
        return switch (rung.method()) {
            case REFLINK -> "[extents: " + source + "] --shared--> [extents: " + sink + "]";
            case COPY_FILE_RANGE -> from + (rung.copies() == 0 ? " --shared--> " : COPY) + to;
            case SPLICE ->
                plan.in().kind() == FdKind.PIPE && plan.out().kind() == FdKind.PIPE
                        ? from + " --page moves--> " + to
                        : from + (rung.copies() == 0 ? REFERENCE : COPY) + to;
            case SENDFILE -> from + first + "[pipe inside the kernel]" + last + to;
            case SPLICE_THROUGH_PIPE -> from + first + "[pipe of fid]" + last + to;
            case MMAP, MMAP_SEGMENTS -> from + " --mapped--> [address space of fid]" + COPY + to;
            default -> from + COPY + "[buffer of fid]" + COPY + to;
        };
    }

    private static String place(FdKind kind) {
        return switch (kind) {
            case FILE, BLOCK_DEVICE -> "page cache";
            case PIPE -> "pipe slots";
            case TCP, UNIX_STREAM, DATAGRAM -> "socket queue";
            case TERMINAL -> "terminal";
            default -> "device";
        };
    }

    /// The same for programs.
    public String json() {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.explain/1");
        object.put("src", in);
        object.put("dst", out);
        object.put("src_kind", plan.in().kind().toString());
        object.put("dst_kind", plan.out().kind().toString());
        object.put("chosen", plan.chosen().toString());
        List<Object> ladder = new ArrayList<>();
        for (Plan.Rung rung : plan.ladder()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("method", rung.method().toString());
            row.put("reason", rung.reason());
            row.put("copies_per_byte", rung.copies());
            row.put("aliases", rung.aliases());
            ladder.add(row);
        }
        object.put("ladder", ladder);
        List<Object> declined = new ArrayList<>();
        for (Declined no : plan.declined()) {
            declined.add(Map.of("method", no.method().toString(), "reason", no.reason()));
        }
        object.put("declined", declined);
        object.put("diagram", diagram());
        return Json.of(object);
    }
}
