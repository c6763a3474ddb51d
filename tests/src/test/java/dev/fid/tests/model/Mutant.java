package dev.fid.tests.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One line of a source that says something else, and the rule which that breaks. They are in `mutants.txt`.
///
/// @param area the part of the model that it lies in
/// @param file the name of the source, behind `core/` and its room where it is none of the model
/// @param rule what no longer holds
/// @param within a part of a line above the changed one; empty where that is the only one of its kind
/// @param line what the line is, without blanks around it
/// @param changed what it becomes
/// @param survives why nothing can see it; null where it must be caught
record Mutant(
        String area,
        String file,
        String rule,
        String within,
        String line,
        String changed,
        @Nullable String survives) {
    private static final Path MODEL = Path.of("../model/src/main/java/dev/fid/model");
    private static final Path CORE = Path.of("../core/src/main/java/dev/fid");
    private static final String OF_CORE = "core/";

    /// All of them.
    static List<Mutant> all() throws IOException {
        try (InputStream in = Objects.requireNonNull(Mutant.class.getResourceAsStream("mutants.txt"))) {
            return parse(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
        }
    }

    static List<Mutant> parse(String text) {
        List<Mutant> all = new ArrayList<>();
        String area = "";
        for (String block : text.split("\n\\s*\n", -1)) {
            List<String> lines = block.lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .toList();
            if (lines.size() == 1 && lines.getFirst().startsWith("[")) {
                area = lines.getFirst().substring(1, lines.getFirst().length() - 1);
            } else if (!lines.isEmpty()) {
                all.add(one(area, lines));
            }
        }
        return List.copyOf(all);
    }

    private static Mutant one(String area, List<String> lines) {
        int colon = lines.getFirst().indexOf(": ");
        if (colon < 0) {
            throw new IllegalArgumentException("no rule: " + lines);
        }
        String within = field(lines, "@ ");
        String line = field(lines, "- ");
        String changed = field(lines, "+ ");
        if (line == null || changed == null) {
            throw new IllegalArgumentException("no line, or not what it becomes: " + lines);
        }
        return new Mutant(
                area,
                lines.getFirst().substring(0, colon),
                lines.getFirst().substring(colon + 2),
                within == null ? "" : within,
                line,
                changed,
                field(lines, "survives: "));
    }

    private static @Nullable String field(List<String> lines, String start) {
        return lines.stream()
                .filter(line -> line.startsWith(start))
                .map(line -> line.substring(start.length()).strip())
                .findFirst()
                .orElse(null);
    }

    /// The source that it changes.
    ///
    /// @throws IllegalStateException where it is gone
    Path source() {
        Path source = isOfCore() ? CORE.resolve(file.substring(OF_CORE.length())) : MODEL.resolve(file);
        if (!Files.exists(source)) {
            throw new IllegalStateException("there is no " + source + " any more: " + this);
        }
        return source;
    }

    /// Whether it is of the library above the kernel, and no mutant of the model.
    boolean isOfCore() {
        return file.startsWith(OF_CORE);
    }

    /// The source with the line changed.
    ///
    /// @throws IllegalStateException where the line is gone, or one of several
    String applied(String text) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        int from = 0;
        while (from < lines.size() && !lines.get(from).contains(within)) {
            from++;
        }
        int found = -1;
        for (int i = from; i < lines.size() && (within.isEmpty() || found < 0); i++) {
            if (lines.get(i).strip().equals(line)) {
                if (found >= 0) {
                    throw new IllegalStateException(
                            "lines " + (found + 1) + " and " + (i + 1) + " are both the one to change: " + this);
                }
                found = i;
            }
        }
        if (found < 0) {
            throw new IllegalStateException("its line is gone: " + this);
        }
        lines.set(found, changed);
        return String.join("\n", lines) + "\n";
    }

    @Override
    public String toString() {
        return file + ": " + rule + "\n    - " + line + "\n    + " + changed;
    }
}
