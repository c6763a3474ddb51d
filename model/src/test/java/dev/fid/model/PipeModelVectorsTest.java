package dev.fid.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import org.junit.jupiter.api.Test;

/// Measured facts about how slots and bytes relate; the numbers are those of the vectors.
class PipeModelVectorsTest {
    private static final int NONBLOCK = Uapi.SPLICE_F_NONBLOCK;

    /// SP-038
    @Test
    void spliceOf5000BytesTakesTwoSlotsEachTime() {
        try (Stage stage = new Stage()) {
            int file = stage.file("x".repeat(100_000));
            int[] pipe = stage.pipe();
            int calls = 0;
            long moved = 0;
            long got;
            while (true) {
                got = stage.kernel.splice(file, null, pipe[1], null, 5000, NONBLOCK);
                if (got <= 0) {
                    break;
                }
                calls++;
                moved += got;
            }
            assertThat(got).isEqualTo(-Errno.EAGAIN);
            assertThat(calls).isEqualTo(8);
            assertThat(moved).isEqualTo(36864);
        }
    }

    /// SP-039
    @Test
    void aPipeOf1MiBHolds256OneByteSlots() {
        try (Stage stage = new Stage()) {
            int file = stage.file("x".repeat(1000));
            int[] pipe = stage.pipe();
            assertThat(stage.kernel.fcntl(pipe[1], Uapi.F_SETPIPE_SZ, 1 << 20)).isEqualTo(1 << 20);
            int calls = 0;
            while (stage.kernel.splice(file, null, pipe[1], null, 1, NONBLOCK) == 1) {
                calls++;
            }
            assertThat(calls).isEqualTo(256);
            assertThat(stage.kernel.fionread(pipe[0])).isEqualTo(256);
        }
    }

    /// SP-040
    @Test
    void anOffsetWithinAPageShortensTheFirstSlot() {
        try (Stage stage = new Stage()) {
            int file = stage.file("x".repeat(400_000));
            int[] pipe = stage.pipe();
            assertThat(stage.kernel.splice(file, new Offset(100), pipe[1], null, 300_000, NONBLOCK))
                    .isEqualTo(65436);
            assertThat(stage.kernel.pipe(pipe[0]).buffers().getFirst().len()).isEqualTo(3996);
        }
    }

    /// SP-067
    @Test
    void aPipeHoldsMoreOfATcpConnectionThanItsSize() {
        try (Stage stage = new Stage()) {
            int[] tcp = stage.tcpPair();
            int[] pipe = stage.pipe();
            assertThat(stage.write(tcp[0], "x".repeat(450_000))).isEqualTo(450_000);
            while (stage.kernel.splice(tcp[1], null, pipe[1], null, 1 << 20, NONBLOCK) > 0) {
                assertThat(stage.kernel.pipe(pipe[0]).occupancy()).isLessThanOrEqualTo(16);
            }
            assertThat(stage.kernel.fionread(pipe[0])).isGreaterThan(65536);
        }
    }

    /// TE-006
    @Test
    void teeIsShortBySlots() {
        try (Stage stage = new Stage()) {
            int file = stage.file("x".repeat(100));
            int[] in = stage.pipe();
            int[] out = stage.pipe();
            stage.kernel.fcntl(out[1], Uapi.F_SETPIPE_SZ, 4096);
            for (int i = 0; i < 3; i++) {
                stage.kernel.splice(file, null, in[1], null, 10, 0);
            }
            assertThat(stage.kernel.tee(in[0], out[1], 30, NONBLOCK)).isEqualTo(10);
        }
    }

    /// TE-011
    @Test
    void laterWritesNeverLeakThroughASharedPage() {
        try (Stage stage = new Stage()) {
            int[] in = stage.pipe();
            int[] out = stage.pipe();
            stage.write(in[1], "a");
            stage.kernel.tee(in[0], out[1], 1, 0);
            stage.write(in[1], "b");
            stage.write(out[1], "c");
            assertThat(stage.read(out[0], 10)).isEqualTo("ac");
            assertThat(stage.read(in[0], 10)).isEqualTo("ab");
        }
    }

    /// PI-010
    @Test
    void thePipeSizeIsRoundedToAPowerOfTwoOfPages() {
        try (Stage stage = new Stage()) {
            int[][] asked = {
                {0, 4096}, {1, 4096}, {4096, 4096}, {4097, 8192}, {20480, 32768}, {65537, 131072}, {1 << 20, 1 << 20}
            };
            for (int[] one : asked) {
                int[] pipe = stage.pipe();
                assertThat(stage.kernel.fcntl(pipe[1], Uapi.F_SETPIPE_SZ, one[0]))
                        .isEqualTo(one[1]);
                assertThat(stage.kernel.fcntl(pipe[1], Uapi.F_GETPIPE_SZ, 0)).isEqualTo(one[1]);
            }
        }
    }

    /// PI-012
    @Test
    void aPipeWithNineBytesInNineSlotsDoesNotShrinkToEight() {
        try (Stage stage = new Stage()) {
            int file = stage.file("x".repeat(100));
            int[] pipe = stage.pipe();
            for (int i = 0; i < 9; i++) {
                stage.kernel.splice(file, null, pipe[1], null, 1, 0);
            }
            assertThat(stage.kernel.fcntl(pipe[1], Uapi.F_SETPIPE_SZ, 32768)).isEqualTo(-Errno.EBUSY);
            assertThat(stage.kernel.fcntl(pipe[1], Uapi.F_SETPIPE_SZ, 65536)).isEqualTo(65536);
        }
    }

    /// PI-013
    @Test
    void smallWritesMergeUntilThePagesAreFull() {
        try (Stage stage = new Stage()) {
            int[] pipe = stage.pipe();
            int writes = 0;
            while (stage.kernel.write(pipe[1], stage.memory, 0, 1) == 1) {
                writes++;
            }
            assertThat(writes).isEqualTo(65536);
        }
    }

    /// PI-016
    @Test
    void aSlotIsSplitBetweenTwoPipes() {
        try (Stage stage = new Stage()) {
            int[] in = stage.pipe();
            int[] out = stage.pipe();
            stage.write(in[1], "abcdef");
            assertThat(stage.kernel.splice(in[0], null, out[1], null, 4, 0)).isEqualTo(4);
            assertThat(stage.read(out[0], 10)).isEqualTo("abcd");
            assertThat(stage.read(in[0], 10)).isEqualTo("ef");
        }
    }

    /// SP-044
    @Test
    void aWriteNeverMergesIntoThePageOfAFile() {
        try (Stage stage = new Stage()) {
            int file = stage.file("A" + "x".repeat(100));
            int[] pipe = stage.pipe();
            stage.write(pipe[1], "x".repeat(65536));
            stage.read(pipe[0], 65536);
            stage.kernel.splice(file, null, pipe[1], null, 1, 0);
            stage.write(pipe[1], "EVIL");
            assertThat(stage.read(pipe[0], 10)).isEqualTo("AEVIL");
            stage.kernel.lseek(file, 0, Uapi.SEEK_SET);
            assertThat(stage.read(file, 5)).isEqualTo("Axxxx");
        }
    }

    /// The soft limit of the user: new pipes have two slots, and none may grow.
    @Test
    void overTheSoftLimitPipesAreSmall() {
        try (Stage stage = new Stage(Profile.LINUX_6_18, Limits.USUAL.withPipes(1 << 20, 32, 0))) {
            stage.pipe();
            stage.pipe();
            int[] third = stage.pipe();
            assertThat(stage.kernel.fcntl(third[1], Uapi.F_GETPIPE_SZ, 0)).isEqualTo(8192);
            assertThat(stage.kernel.fcntl(third[1], Uapi.F_SETPIPE_SZ, 65536)).isEqualTo(-Errno.EPERM);
            assertThat(stage.kernel.fcntl(third[1], Uapi.F_SETPIPE_SZ, 2 << 20)).isEqualTo(-Errno.EPERM);
        }
    }
}
