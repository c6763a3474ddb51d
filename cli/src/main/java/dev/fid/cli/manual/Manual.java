package dev.fid.cli.manual;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The long texts that stand beside the model of the commands: a file `manual/NAME.md` for each page, in as much
/// Markdown as {@link Roff} knows, cut at its `## ` headings.
///
/// @param exits the exit codes that the page lists; none means all
/// @param sections by their headings; what stands above the first one is under the empty heading
public record Manual(List<String> exits, Map<String, List<String>> sections) {
    private static final String DIFFERENCES = "differences: ";

    /// The texts of a page; empty ones where nobody wrote any.
    static Manual of(String page) {
        List<String> exits = List.of();
        Map<String, List<String>> sections = new LinkedHashMap<>();
        List<String> section = new ArrayList<>();
        sections.put("", section);
        for (String line : read(page).lines().toList()) {
            if (line.startsWith("## ")) {
                section = new ArrayList<>();
                sections.put(line.substring(3), section);
            } else if (line.startsWith("exit: ")) {
                exits = List.of(line.substring(6).split(" ", -1));
            } else if (line.startsWith(DIFFERENCES)) {
                differences(line.substring(DIFFERENCES.length()), section);
            } else if (!line.isEmpty() || !section.isEmpty()) {
                section.add(line);
            }
        }
        return new Manual(exits, sections);
    }

    /// Each block of the list `manual/differs-from-PEER.txt`, which the tests hold against both commands, as a bullet.
    private static void differences(String peer, List<String> section) {
        for (String block : text("differs-from-" + peer + ".txt").split("\n\n+", -1)) {
            Map<String, String> lines = new LinkedHashMap<>();
            block.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
                String[] parts = line.split(": ", 2);
                lines.put(parts[0], parts[1]);
            });
            if (!lines.isEmpty()) {
                section.add("* " + lines.get("what") + ".");
                section.add("  " + peer + ": " + lines.get("peer") + ".");
                section.add("  fid: " + lines.get("fid") + ".");
                section.add("  Why: " + lines.get("why") + "; who gains: " + lines.get("gains") + ".");
            }
        }
    }

    List<String> section(String heading) {
        return sections.getOrDefault(heading, List.of());
    }

    /// The page as it is read in a terminal: the file without its marks.
    public static String plain(String page) {
        StringBuilder text = new StringBuilder();
        for (String line : read(page).lines().toList()) {
            if (!line.startsWith("exit: ") && (!line.isEmpty() || !text.isEmpty())) {
                boolean example = line.startsWith("    ");
                text.append(
                                example
                                        ? line
                                        : line.replaceFirst("^#+ ", "")
                                                .replaceFirst("^: ", "  ")
                                                .replaceAll("[`*](\\S[^`*]*)[`*]", "$1"))
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static String read(String page) {
        return text(page + ".md");
    }

    private static String text(String file) {
        try (InputStream in = Manual.class.getResourceAsStream(file)) {
            return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("manual/" + file, e);
        }
    }
}
