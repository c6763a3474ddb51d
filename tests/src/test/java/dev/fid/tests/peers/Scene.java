package dev.fid.tests.peers;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
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
        FOLDER_WITH_OTHER_THINGS,
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
    private final Fifos fifos = new Fifos();

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
                    Things.check(
                            KERNEL.fchownat(Uapi.AT_FDCWD, Things.bytes(each), owner, owner, Uapi.AT_SYMLINK_NOFOLLOW));
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
            case FILE -> Things.file(s, "source", "rw-r-----");
            case EMPTY -> Things.file(s, "", "rw-r--r--");
            case LINK_TO_FILE -> {
                Things.file(at.resolve("sf"), "source", "rw-r--r--");
                Things.link(s, "sf");
            }
            case LINK_TO_TREE -> {
                tree(at.resolve("st"));
                Things.link(s, "st");
            }
            case LINK_TO_NOTHING -> Things.link(s, "nothing");
            case LOOP -> Things.link(s, "s");
            case TREE, CONTENT -> tree(s);
            case EMPTY_TREE -> Files.createDirectory(s);
            case FIFO -> fifos.make(s);
            case UNREADABLE_FILE -> Things.file(s, "source", "---------");
            case UNREADABLE_TREE -> {
                tree(s);
                Things.mode(s, "---------");
            }
            case HARD_LINK -> {
                Things.file(s, "source", "rwxr-xr-x");
                Files.createLink(at.resolve("s2"), s);
            }
            case LINK_TO_TARGET -> Things.link(s, "d");
            case MISSING -> {}
        }
    }

    private void tree(Path s) throws IOException {
        Files.createDirectory(s);
        Things.file(s.resolve("a"), "a", "rw-r--r--");
        Files.createLink(s.resolve("b"), s.resolve("a"));
        Things.file(s.resolve("e"), "e", "rw-r-----");
        Things.file(s.resolve("f"), "f", "rwxr-xr-x");
        Things.link(s.resolve("l"), "a");
        Files.createDirectory(s.resolve("t"));
        Things.file(s.resolve("t/c"), "c", "rw-------");
        Things.mode(s.resolve("t"), "r-xr-xr-x");
    }

    private void target(Path d) throws IOException {
        String name = target.name().toLowerCase(Locale.ROOT);
        if (name.startsWith("folder")) {
            Files.createDirectory(d);
        }
        switch (target) {
            case FILE -> Things.file(d, "old", "rw-------");
            case FOLDER_WITH_FILE -> Things.file(d.resolve("s"), "old", "rw-------");
            case FOLDER_WITH_FOLDER -> {
                Files.createDirectory(d.resolve("s"));
                Things.file(d.resolve("s/a"), "old a", "rw-rw-rw-");
                Things.file(d.resolve("s/old"), "old", "rw-------");
            }
            case FOLDER_WITH_OTHER_THINGS -> {
                Files.createDirectory(at.resolve("dd"));
                Files.createDirectory(d.resolve("s"));
                Things.link(d.resolve("s/e"), "nothing");
                Things.link(d.resolve("s/f"), "../../dd");
                Things.link(d.resolve("s/t"), "../../dd");
                Things.file(d.resolve("s/l"), "old l", "rw-r--r--");
            }
            case FOLDER_WITH_LINK_TO_FILE -> {
                Things.file(at.resolve("df"), "old", "rw-rw----");
                Things.link(d.resolve("s"), "../df");
            }
            case FOLDER_WITH_LINK_TO_FOLDER -> {
                Files.createDirectory(at.resolve("dd"));
                Things.link(d.resolve("s"), "../dd");
            }
            case FOLDER_WITH_LINK_TO_NOTHING -> Things.link(d.resolve("s"), "nothing");
            case FOLDER_WITH_LOOP -> Things.link(d.resolve("s"), "s");
            case FOLDER_WITH_FIFO -> fifos.make(d.resolve("s"));
            case FOLDER_CLOSED -> {
                Things.file(d.resolve("s"), "old", "rw-rw-rw-");
                Things.mode(d, "r-xr-xr-x");
            }
            case LINK_TO_FILE -> {
                Things.file(at.resolve("df"), "old", "rw-rw----");
                Things.link(d, "df");
            }
            case LINK_TO_FOLDER -> {
                Files.createDirectory(at.resolve("dd"));
                Things.link(d, "dd");
            }
            case LINK_TO_NOTHING -> Things.link(d, "dn");
            case LOOP -> Things.link(d, "d");
            case FIFO -> fifos.make(d);
            case READ_ONLY -> Things.file(d, "old", "r--r--r--");
            case NEWER -> {
                Things.file(d, "new", "rw-r--r--");
                Files.setLastModifiedTime(d, FileTime.fromMillis(System.currentTimeMillis() + 3_600_000));
            }
            case HARD_LINK -> {
                Things.file(d, "old", "rw-r--r--");
                Files.createLink(at.resolve("d2"), d);
            }
            case SOURCE_ITSELF -> {
                if (Files.exists(at.resolve("s")) && !Files.isDirectory(at.resolve("s"))) {
                    Files.createLink(d, at.resolve("s"));
                }
            }
            case LINK_TO_SOURCE -> Things.link(d, "s");
            case NOTHING, FOLDER, INSIDE_SOURCE, MISSING_FOLDER -> {}
        }
    }

    /// What was written into FIFOs.
    String written() {
        return fifos.written();
    }

    @Override
    public void close() {
        fifos.close();
    }
}
