package dev.fid.cli;

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
record Manual(List<String> exits, Map<String, List<String>> sections) {
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
            } else if (!line.isEmpty() || !section.isEmpty()) {
                section.add(line);
            }
        }
        return new Manual(exits, sections);
    }

    List<String> section(String heading) {
        return sections.getOrDefault(heading, List.of());
    }

    /// The page as it is read in a terminal: the file without its marks.
    static String plain(String page) {
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
        try (InputStream in = Manual.class.getResourceAsStream("manual/" + page + ".md")) {
            return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("manual/" + page + ".md", e);
        }
    }
}
