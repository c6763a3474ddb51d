package dev.fid.tests.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// A folder with something to copy, `s`, and something where it goes, `d`.
final class Scene implements AutoCloseable {
    private static final Kernel KERNEL = Kernel.linux();

    /// What `s` is.
    enum Source {
        FILE,
        EMPTY,
        LINK_TO_FILE,
        LINK_TO_TREE,
        LINK_TO_NOTHING,
        LOOP,
        TREE,
        EMPTY_TREE,
        FIFO,
        UNREADABLE_FILE,
        UNREADABLE_TREE,
        HARD_LINK,
        LINK_TO_TARGET,
        CONTENT,
        MISSING;

        boolean isTree() {
            return List.of(LINK_TO_TREE, TREE, EMPTY_TREE, UNREADABLE_TREE, CONTENT)
                    .contains(this);
        }
    }

    /// What `d` is.
    enum Target {
        NOTHING,
        FILE,
        FOLDER,
        FOLDER_WITH_FILE,
        FOLDER_WITH_FOLDER,
        FOLDER_WITH_LINK_TO_FILE,
        FOLDER_WITH_LINK_TO_FOLDER,
        FOLDER_WITH_LINK_TO_NOTHING,
        FOLDER_WITH_LOOP,
        FOLDER_WITH_FIFO,
        FOLDER_CLOSED,
        LINK_TO_FILE,
        LINK_TO_FOLDER,
        LINK_TO_NOTHING,
        LOOP,
        FIFO,
        READ_ONLY,
        NEWER,
        HARD_LINK,
        SOURCE_ITSELF,
        LINK_TO_SOURCE,
        INSIDE_SOURCE,
        MISSING_FOLDER
    }

    private final Path at;
    private final Source source;
    private final Target target;
    private final List<Integer> held = new ArrayList<>();

    private Scene(Path at, Source source, Target target) {
        this.at = at;
        this.source = source;
        this.target = target;
    }

    /// @param owner of all of it
    static Scene at(Path at, Source source, Target target, int owner) throws IOException {
        Scene scene = new Scene(Files.createDirectory(at), source, target);
        scene.source(at.resolve("s"));
        scene.target(at.resolve("d"));
        if (owner != 0) {
            try (Stream<Path> all = Files.walk(at)) {
                for (Path each : all.toList()) {
                    check(KERNEL.fchownat(Uapi.AT_FDCWD, bytes(each), owner, owner, Uapi.AT_SYMLINK_NOFOLLOW));
                }
            }
        }
        return scene;
    }

    String source() {
        return source == Source.CONTENT ? "s/." : "s";
    }

    String target() {
        return switch (target) {
            case MISSING_FOLDER -> "no/d";
            case INSIDE_SOURCE -> "s/d";
            default -> "d";
        };
    }

    private void source(Path s) throws IOException {
        switch (source) {
            case FILE -> file(s, "source", "rw-r-----");
            case EMPTY -> file(s, "", "rw-r--r--");
            case LINK_TO_FILE -> {
                file(at.resolve("sf"), "source", "rw-r--r--");
                link(s, "sf");
            }
            case LINK_TO_TREE -> {
                tree(at.resolve("st"));
                link(s, "st");
            }
            case LINK_TO_NOTHING -> link(s, "nothing");
            case LOOP -> link(s, "s");
            case TREE, CONTENT -> tree(s);
            case EMPTY_TREE -> Files.createDirectory(s);
            case FIFO -> fifo(s);
            case UNREADABLE_FILE -> file(s, "source", "---------");
            case UNREADABLE_TREE -> {
                tree(s);
                mode(s, "---------");
            }
            case HARD_LINK -> {
                file(s, "source", "rwxr-xr-x");
                Files.createLink(at.resolve("s2"), s);
            }
            case LINK_TO_TARGET -> link(s, "d");
            case MISSING -> {}
        }
    }

    private void tree(Path s) throws IOException {
        Files.createDirectory(s);
        file(s.resolve("a"), "a", "rw-r--r--");
        Files.createLink(s.resolve("b"), s.resolve("a"));
        link(s.resolve("l"), "a");
        Files.createDirectory(s.resolve("t"));
        file(s.resolve("t/c"), "c", "rw-------");
        mode(s.resolve("t"), "r-xr-xr-x");
    }

    private void target(Path d) throws IOException {
        String name = target.name().toLowerCase(Locale.ROOT);
        if (name.startsWith("folder")) {
            Files.createDirectory(d);
        }
        switch (target) {
            case FILE -> file(d, "old", "rw-------");
            case FOLDER_WITH_FILE -> file(d.resolve("s"), "old", "rw-------");
            case FOLDER_WITH_FOLDER -> {
                Files.createDirectory(d.resolve("s"));
                file(d.resolve("s/a"), "old a", "rw-rw-rw-");
                file(d.resolve("s/old"), "old", "rw-------");
            }
            case FOLDER_WITH_LINK_TO_FILE -> {
                file(at.resolve("df"), "old", "rw-rw----");
                link(d.resolve("s"), "../df");
            }
            case FOLDER_WITH_LINK_TO_FOLDER -> {
                Files.createDirectory(at.resolve("dd"));
                link(d.resolve("s"), "../dd");
            }
            case FOLDER_WITH_LINK_TO_NOTHING -> link(d.resolve("s"), "nothing");
            case FOLDER_WITH_LOOP -> link(d.resolve("s"), "s");
            case FOLDER_WITH_FIFO -> fifo(d.resolve("s"));
            case FOLDER_CLOSED -> {
                file(d.resolve("s"), "old", "rw-rw-rw-");
                mode(d, "r-xr-xr-x");
            }
            case LINK_TO_FILE -> {
                file(at.resolve("df"), "old", "rw-rw----");
                link(d, "df");
            }
            case LINK_TO_FOLDER -> {
                Files.createDirectory(at.resolve("dd"));
                link(d, "dd");
            }
            case LINK_TO_NOTHING -> link(d, "dn");
            case LOOP -> link(d, "d");
            case FIFO -> fifo(d);
            case READ_ONLY -> file(d, "old", "r--r--r--");
            case NEWER -> {
                file(d, "new", "rw-r--r--");
                Files.setLastModifiedTime(d, FileTime.fromMillis(System.currentTimeMillis() + 3_600_000));
            }
            case HARD_LINK -> {
                file(d, "old", "rw-r--r--");
                Files.createLink(at.resolve("d2"), d);
            }
            case SOURCE_ITSELF -> {
                if (Files.exists(at.resolve("s")) && !Files.isDirectory(at.resolve("s"))) {
                    Files.createLink(d, at.resolve("s"));
                }
            }
            case LINK_TO_SOURCE -> link(d, "s");
            case NOTHING, FOLDER, INSIDE_SOURCE, MISSING_FOLDER -> {}
        }
    }

    // ---- what they are made of ----

    private static void file(Path path, String content, String mode) throws IOException {
        Files.writeString(path, content);
        mode(path, mode);
        Files.setLastModifiedTime(path, FileTime.fromMillis(content.startsWith("old") ? 1_000_000 : 2_000_000));
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static void link(Path path, String target) throws IOException {
        Files.createSymbolicLink(path, Path.of(target));
    }

    /// Held open, so that nobody who writes into it has to wait.
    private void fifo(Path path) {
        check(KERNEL.mknodat(Uapi.AT_FDCWD, bytes(path), Uapi.S_IFIFO | 0640, 0));
        int fd = KERNEL.openat(Uapi.AT_FDCWD, bytes(path), Uapi.O_RDWR | Uapi.O_NONBLOCK | Uapi.O_CLOEXEC, 0);
        check(fd);
        held.add(fd);
    }

    /// What was written into FIFOs.
    String written() {
        StringBuilder all = new StringBuilder();
        for (int fd : held) {
            try (var memory = KERNEL.allocate(4096)) {
                long read = KERNEL.read(fd, memory, 0, 4096);
                if (read > 0) {
                    all.append(new String(memory.bytes(0, (int) read), UTF_8));
                }
            }
        }
        return all.toString();
    }

    private static byte[] bytes(Path path) {
        return path.toString().getBytes(UTF_8);
    }

    private static void check(int result) {
        if (result < 0) {
            throw new AssertionError("errno " + -result);
        }
    }

    @Override
    public void close() {
        held.forEach(KERNEL::close);
    }
}
