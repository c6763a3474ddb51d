package dev.fid.tests.faults;

import dev.fid.faults.FaultyKernel;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A small tree of every kind: into a new directory, over itself, without nameless files, and to be resumed.
final class TreeScenarios {
    private TreeScenarios() {}

    static List<Scenario> all() {
        return List.of(
                scenario("tree", false, false, Tree.Existing.REPLACE),
                scenario("tree over another", true, false, Tree.Existing.REPLACE),
                scenario("tree by hidden names", false, true, Tree.Existing.REPLACE),
                scenario("tree over another by hidden names", true, true, Tree.Existing.REPLACE),
                scenario("tree resumed", false, false, Tree.Existing.RESUME));
    }

    private static Scenario scenario(String name, boolean over, boolean named, Tree.Existing existing) {
        return new Scenario(name, setting -> new Run(setting, over, named, existing));
    }

    private static final class Run implements Scenario.Trial {
        private static final byte[] SMALL = Arrays.copyOf(TransferScenarios.CONTENT, 7000);
        private static final byte[] LARGE = Arrays.copyOfRange(TransferScenarios.CONTENT, 1000, 101_000);

        private final Scenario.Setting setting;
        private final Path src;
        private final Path out;
        private final Tree.Existing existing;

        Run(Scenario.Setting setting, boolean over, boolean named, Tree.Existing existing) throws IOException {
            this.setting = setting;
            this.existing = existing;
            this.src = setting.folder().resolve("src");
            Files.createDirectories(src.resolve("d"));
            this.out = Files.createDirectory(setting.folder().resolve("out"));
            Files.write(src.resolve("small"), SMALL);
            Files.write(src.resolve("d/large"), LARGE);
            Files.createFile(src.resolve("empty"));
            Files.createLink(src.resolve("d/link"), src.resolve("small"));
            Files.createSymbolicLink(src.resolve("soft"), Path.of("d/large"));
            byte[] fifo = src.resolve("fifo").toString().getBytes(StandardCharsets.UTF_8);
            Kernel.linux().mknodat(Uapi.AT_FDCWD, fifo, Uapi.S_IFIFO | 0600, 0);
            if (over) {
                Files.createDirectories(out.resolve("d"));
                Files.write(out.resolve("small"), LARGE);
                Files.write(out.resolve("d/large"), SMALL);
                Files.write(out.resolve("d/link"), SMALL);
                Files.createSymbolicLink(out.resolve("soft"), Path.of("nowhere"));
            }
            if (named) {
                setting.faulty()
                        .on("openat")
                        .when(call -> call.arguments().get(2) instanceof Integer flags
                                && (flags & Uapi.O_TMPFILE) == Uapi.O_TMPFILE)
                        .fails(Errno.EOPNOTSUPP);
            }
        }

        @Override
        public void run() throws Exception {
            Tree.Report report = Tree.from(src.resolve("."))
                    .to(out)
                    .on(setting.kernel())
                    .jobs(1)
                    .keep(EnumSet.allOf(Tree.Kept.class))
                    .existing(existing)
                    .run();
            if (report.failed() > 0) {
                throw report.failures().getFirst().cause();
            }
        }

        @Override
        public @Nullable String verdict(@Nullable Throwable thrown, List<FaultyKernel.Fault> faults) throws Exception {
            boolean mayLeave = faults.stream().anyMatch(f -> f.call().name().equals("unlinkat"));
            try (Stream<Path> all = Files.walk(out)) {
                for (Path path : all.toList()) {
                    String name = path.getFileName().toString();
                    boolean part = existing == Tree.Existing.RESUME && name.endsWith(".fid-part");
                    if (name.contains(".fid-") && !mayLeave && !part) {
                        return "left " + path;
                    }
                    if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) && !name.contains(".fid-")) {
                        byte[] bytes = Files.readAllBytes(path);
                        boolean whole = Arrays.equals(bytes, SMALL)
                                || Arrays.equals(bytes, LARGE)
                                || (bytes.length == 0 && name.equals("empty"));
                        if (!whole) {
                            return path + " has " + bytes.length + " bytes of neither";
                        }
                    }
                }
            }
            return thrown != null ? null : complete();
        }

        private @Nullable String complete() throws IOException {
            if (!Arrays.equals(Files.readAllBytes(out.resolve("small")), SMALL)
                    || !Arrays.equals(Files.readAllBytes(out.resolve("d/large")), LARGE)
                    || !Arrays.equals(Files.readAllBytes(out.resolve("d/link")), SMALL)) {
                return "success with wrong bytes";
            }
            return Files.isSameFile(out.resolve("small"), out.resolve("d/link"))
                            && Files.readSymbolicLink(out.resolve("soft")).equals(Path.of("d/large"))
                            && Files.exists(out.resolve("fifo"))
                            && Files.size(out.resolve("empty")) == 0
                    ? null
                    : "success without all of it";
        }

        @Override
        public void close() {
            for (Path folder : List.of(src, out)) {
                try (Stream<Path> all = Files.walk(folder)) {
                    for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(path);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }
}
