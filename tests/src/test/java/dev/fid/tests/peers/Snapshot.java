package dev.fid.tests.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/// What lies below a folder: by its path each thing's type, mode, content or target, and its other names.
record Snapshot(Map<String, String> things, Set<String> contents) {
    private static final int DEPTH = 6; // cp goes round in circles where ours refuses

    static Snapshot of(Path folder) throws IOException {
        return of(folder, "");
    }

    /// @param written what came out of a FIFO there
    static Snapshot of(Path folder, String written) throws IOException {
        Map<String, String> things = new TreeMap<>();
        Map<Object, String> first = new LinkedHashMap<>();
        Set<String> contents = new TreeSet<>();
        List<Path> all;
        try (Stream<Path> walk = Files.walk(folder, DEPTH)) {
            all = walk.sorted().toList();
        }
        for (Path each : all) {
            String path = folder.relativize(each).toString();
            Map<String, Object> facts = Files.readAttributes(each, "unix:mode,ino,rdev", LinkOption.NOFOLLOW_LINKS);
            int mode = (int) Objects.requireNonNull(facts.get("mode"));
            StringBuilder text = new StringBuilder(
                    switch (mode >> 12) {
                        case 010 -> "file";
                        case 012 -> "link -> " + Files.readSymbolicLink(each);
                        case 04 -> "folder";
                        case 01 -> "fifo";
                        case 02 -> "device " + facts.get("rdev");
                        default -> "type " + (mode >> 12);
                    });
            if (mode >> 12 != 012) {
                text.append(String.format(" %04o", mode & 07777));
            }
            if (mode >> 12 == 010) {
                text.append(" '").append(content(each)).append('\'');
            }
            contents.add(text.toString().replaceFirst(" [0-7]{4}", ""));
            String other = mode >> 12 == 04 ? null : first.putIfAbsent(facts.get("ino"), path);
            things.put(path, other == null ? text.toString() : text + " = " + other);
        }
        if (!written.isEmpty()) {
            things.put("~fifo", shown(written)); // behind all names
        }
        return new Snapshot(things, contents);
    }

    private static String shown(String content) {
        return content.length() > 50 ? content.length() + " bytes, " + content.hashCode() : content;
    }

    private static String content(Path file) throws IOException {
        try {
            return shown(Files.readString(file, ISO_8859_1).strip());
        } catch (AccessDeniedException e) {
            return "?";
        }
    }
}
