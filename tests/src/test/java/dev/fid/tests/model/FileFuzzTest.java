package dev.fid.tests.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Kernel;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import dev.fid.tests.Await;
import dev.fid.tests.Needs;
import dev.fid.tests.cli.CProgram;
import dev.fid.tests.conformance.Command;
import dev.fid.tests.conformance.LoopMount;
import dev.fid.tests.faults.InMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Random steps on files, on six file systems: what Fid, system calls and Java leave there is what arrays say, and on
/// ext4 and tmpfs the model answers as they do.
///
/// A second each, `-Dfid.campaign=long` three minutes each, `-Dfid.seconds` as many. `-Dfid.seed` begins elsewhere.
class FileFuzzTest {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    private static final long SEED = Long.getLong("fid.seed", System.nanoTime() & 0xffff_ffffL);
    private static final long SECONDS = Long.getLong("fid.seconds", LONG ? 180 : 1);

    /// What an older kernel refuses, the model of a newer one may do.
    private static final boolean IS_MODELLED =
            System.getProperty("os.version", "").startsWith("6.18.");

    @TempDir
    Path dir;

    @TempDir(factory = InMemory.class)
    Path memory;

    private static void fuzz(String name, Path folder, @Nullable String inModel) {
        try (FileWorld real = new FileWorld(Kernel.linux(), folder);
                FileWorld model = inModel == null || !IS_MODELLED
                        ? null
                        : new FileWorld(new ModelKernel(Profile.LINUX_6_18), Path.of(inModel))) {
            FileFuzz fuzz = new FileFuzz(real, model);
            String failure = fuzz.campaign(SEED, SECONDS * 1_000_000_000L);
            System.out.printf(
                    "files on %s: seed %d, %d scripts, %d steps, %d refused%n",
                    name, SEED, fuzz.scripts, fuzz.steps, fuzz.refused);
            assertThat(failure).as("files on %s", name).isNull();
        }
    }

    @Test
    void tmpfsHoldsWhatWasPutThereAndTheModelToo() throws IOException {
        Needs.that(Command.run("stat", "-f", "-c", "%T", memory).strip().equals("tmpfs"), "needs tmpfs at /dev/shm");
        fuzz("tmpfs", memory, "/dev/shm");
    }

    @Test
    void ext4HoldsWhatWasPutThereAndTheModelToo() {
        try (LoopMount mount = LoopMount.of("ext4", dir)) {
            fuzz("ext4", mount.path("."), "/tmp");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"xfs", "btrfs"})
    void aFileSystemHoldsWhatWasPutThere(String type) {
        try (LoopMount mount = LoopMount.of(type, dir)) {
            fuzz(type, mount.path("."), null);
        }
    }

    @Test
    void overlayHoldsWhatWasPutThere() throws IOException {
        try (LoopMount mount = LoopMount.of("xfs", dir)) {
            String options = "";
            for (String layer : new String[] {"lower", "upper", "work"}) {
                options += "," + layer + "dir=" + Files.createDirectory(mount.path(layer));
            }
            Path merged = Files.createDirectory(dir.resolve("merged"));
            String refusal = Command.refusal("mount", "-t", "overlay", "overlay", "-o", options.substring(1), merged);
            Needs.that(refusal == null, "needs overlay mounts");
            try {
                fuzz("overlay", merged, null);
            } finally {
                Command.run("umount", "-l", merged);
            }
        }
    }

    @Test
    void fuseHoldsWhatWasPutThere() throws Exception {
        Needs.root();
        Needs.programs("fusermount3");
        Needs.that(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        Path program = CProgram.build("mirrorfs", dir, "fuse3");
        Files.createFile(Files.createDirectory(memory.resolve("mirrored")).resolve("here"));
        Path mount = Files.createDirectory(dir.resolve("mnt"));
        ProcessBuilder starting = new ProcessBuilder(program.toString(), "-f", mount.toString()).inheritIO();
        starting.environment().put("MIRRORED", memory.resolve("mirrored").toString());
        Process server = starting.start();
        try {
            Await.until("mounted", () -> Files.exists(mount.resolve("here")));
            fuzz("fuse", mount, null);
        } finally {
            Command.run("fusermount3", "-u", mount);
            server.getOutputStream().close();
            server.waitFor();
        }
    }
}
