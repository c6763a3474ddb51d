package dev.fid.tests.faults;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.faults.FaultyKernel;
import dev.fid.files.Replacement;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Copies that replace a file, or make a new one: without a name until the end, or by a hidden name.
final class ReplacementScenarios {
    record Shape(@Nullable Method method, boolean exists, boolean named, boolean durable, boolean onlyNew) {
        String text() {
            return "replace" + (exists ? "" : " nothing") + (method == null ? "" : " by " + method)
                    + (named ? " by a hidden name" : "") + (durable ? ", durable" : "") + (onlyNew ? ", only new" : "");
        }
    }

    private ReplacementScenarios() {}

    static List<Scenario> all() {
        List<Shape> shapes = new ArrayList<>();
        for (boolean named : new boolean[] {false, true}) {
            for (boolean durable : new boolean[] {false, true}) {
                shapes.add(new Shape(null, true, named, durable, false));
                shapes.add(new Shape(null, false, named, durable, true));
            }
            for (Method method : List.of(Method.SENDFILE, Method.SPLICE_THROUGH_PIPE, Method.READ_WRITE, Method.MMAP)) {
                shapes.add(new Shape(method, true, named, true, false));
            }
        }
        return shapes.stream()
                .map(shape -> new Scenario(shape.text(), setting -> new Replacing(shape, setting)))
                .toList();
    }

    private static final class Replacing implements Scenario.Trial {
        private static final byte[] OLD = "the old content\n".repeat(500).getBytes(StandardCharsets.UTF_8);

        private final Shape shape;
        private final Scenario.Setting setting;
        private final byte[] bytes = Arrays.copyOf(TransferScenarios.CONTENT, 60_000);
        private final Path in;
        private final Path out;

        Replacing(Shape shape, Scenario.Setting setting) throws IOException {
            this.shape = shape;
            this.setting = setting;
            this.in = Files.write(setting.folder().resolve("in"), bytes);
            this.out = setting.folder().resolve("out");
            if (shape.exists) {
                Files.write(out, OLD);
                Files.setPosixFilePermissions(out, PosixFilePermissions.fromString("rw-r-----"));
            }
            if (shape.named) {
                setting.faulty()
                        .on("openat")
                        .when(call -> call.arguments().get(2) instanceof Integer flags
                                && (flags & Uapi.O_TMPFILE) == Uapi.O_TMPFILE)
                        .fails(Errno.EOPNOTSUPP);
            }
        }

        @Override
        public void run() throws Exception {
            try (Fd source = Fd.open(setting.kernel(), in);
                    Replacement file = Replacement.of(setting.kernel(), out, 0600)) {
                Transfer.from(source)
                        .to(file.fd())
                        .method(shape.method)
                        .block(16 << 10)
                        .pipeCapacity(64 << 10)
                        .run();
                if (shape.onlyNew) {
                    file.commitNew(shape.durable);
                } else {
                    file.commit(shape.durable);
                }
            }
        }

        @Override
        public @Nullable String verdict(@Nullable Throwable thrown, List<FaultyKernel.Fault> faults)
                throws IOException {
            TreeSet<String> names = new TreeSet<>();
            try (var all = Files.list(setting.folder())) {
                all.forEach(path -> names.add(path.getFileName().toString()));
            }
            boolean there = names.remove("out");
            names.remove("in");
            boolean stuck = faults.stream().anyMatch(f -> f.call().name().equals("unlinkat"));
            if (!names.isEmpty() && !stuck) {
                return "left " + names + (thrown == null ? "" : " after " + thrown);
            }
            byte[] content = there ? Files.readAllBytes(out) : new byte[0];
            boolean renamed = Arrays.equals(content, bytes);
            if (thrown == null && !renamed) {
                return "success, and the content is not the new one";
            }
            boolean old = shape.exists ? Arrays.equals(content, OLD) : !there;
            if (thrown != null && !old && !(renamed && shape.durable)) {
                return renamed ? "a failure, and the new file is there: " + thrown : "neither old nor new";
            }
            String mode = there ? PosixFilePermissions.toString(Files.getPosixFilePermissions(out)) : "";
            String wanted = shape.exists ? "rw-r-----" : "rw-------";
            return there && !mode.equals(wanted) ? "mode " + mode + ", not " + wanted : null;
        }

        @Override
        public void close() {}
    }
}
