package dev.fid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.kernel.Uapi;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The whole table: a plan is a pure function of facts.
class PlanTest {
    private static final long BIG = 10 << 20;

    private static Facts file(long size, long fsType, long device) {
        return new Facts(FdKind.FILE, false, size, fsType, device, 7, 99, -1);
    }

    private static Facts ext4(long size) {
        return file(size, Uapi.EXT4_SUPER_MAGIC, 1);
    }

    private static Facts facts(FdKind kind) {
        return kind == FdKind.FILE || kind == FdKind.BLOCK_DEVICE
                ? new Facts(kind, false, BIG, Uapi.EXT4_SUPER_MAGIC, 1, 7, 99, -1)
                : Facts.of(kind);
    }

    private static List<Method> methods(Plan plan) {
        return plan.ladder().stream().map(Plan.Rung::method).toList();
    }

    private static Plan usual(Facts in, Facts out) {
        return Plan.of(in, out, Plan.Terms.usual(in, out));
    }

    private static Plan terms(Facts in, Facts out, @Nullable Method method, boolean fallback, Consistency named) {
        return Plan.of(in, out, new Plan.Terms(-1, method, fallback, named));
    }

    static Stream<FdKind[]> pairs() {
        List<FdKind[]> pairs = new ArrayList<>();
        for (FdKind in : EnumSet.complementOf(EnumSet.of(FdKind.DIRECTORY))) {
            for (FdKind out : EnumSet.complementOf(EnumSet.of(FdKind.DIRECTORY))) {
                pairs.add(new FdKind[] {in, out});
            }
        }
        return pairs.stream();
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void everyLadderEndsInReadAndWriteAndNamesItsReasons(FdKind in, FdKind out) {
        for (Consistency named : EnumSet.complementOf(EnumSet.of(Consistency.REFLINK))) {
            Plan plan = terms(facts(in), facts(out), null, true, named);
            assertThat(plan.ladder().getLast().method()).isEqualTo(Method.READ_WRITE);
            assertThat(methods(plan)).doesNotHaveDuplicates().doesNotContain(Method.TEE, Method.VMSPLICE);
            assertThat(plan.ladder())
                    .allSatisfy(rung -> assertThat(rung.reason()).isNotEmpty());
            assertThat(plan.declined()).allSatisfy(d -> {
                assertThat(d.reason()).isNotEmpty();
                assertThat(d.errno()).isZero();
                assertThat(methods(plan)).doesNotContain(d.method());
            });
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void aForcedMethodIsAloneOrReadAndWriteFollow(FdKind in, FdKind out) {
        for (Method method : Method.values()) {
            Plan plan = terms(facts(in), facts(out), method, true, Consistency.ALIAS);
            assertThat(plan.ladder().getLast().method()).isEqualTo(Method.READ_WRITE);
            assertThat(plan.ladder().size()).isLessThanOrEqualTo(2);
            boolean possible = methods(plan).contains(method);
            assertThat(possible || plan.declined().stream().anyMatch(d -> d.method() == method))
                    .isTrue();
            if (possible) {
                assertThat(methods(terms(facts(in), facts(out), method, false, Consistency.ALIAS)))
                        .containsExactly(method);
            } else {
                assertThatThrownBy(() -> terms(facts(in), facts(out), method, false, Consistency.ALIAS))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void withoutFallbackThereIsOneRung(FdKind in, FdKind out) {
        assertThat(terms(facts(in), facts(out), null, false, Consistency.ALIAS).ladder())
                .hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void stableBytesToAStreamAreNeverReferences(FdKind in, FdKind out) {
        if (!facts(out).kind().isSeekable()) {
            assertThat(terms(facts(in), facts(out), null, true, Consistency.STABLE)
                            .ladder())
                    .noneMatch(Plan.Rung::aliases);
        }
    }

    @ParameterizedTest
    @EnumSource(FdKind.class)
    void messagesAreNeverSpliced(FdKind other) {
        if (other != FdKind.DIRECTORY) {
            assertThat(methods(usual(facts(FdKind.DATAGRAM), facts(other)))).containsExactly(Method.READ_WRITE);
            assertThat(methods(usual(facts(other), facts(FdKind.DATAGRAM)))).containsExactly(Method.READ_WRITE);
        }
    }

    @ParameterizedTest
    @EnumSource(FdKind.class)
    void aDirectoryHasNoBytes(FdKind other) {
        assertThatThrownBy(() -> usual(facts(FdKind.DIRECTORY), facts(other)))
                .hasMessage("a directory has no bytes to move");
        assertThatThrownBy(() -> usual(facts(other), facts(FdKind.DIRECTORY)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource(FdKind.class)
    void anAppendedFileIsOnlyWritten(FdKind in) {
        if (in != FdKind.DIRECTORY) {
            Facts log = new Facts(FdKind.FILE, true, 5, Uapi.EXT4_SUPER_MAGIC, 1, 8, 1, -1);
            assertThat(methods(usual(facts(in), log))).containsExactly(Method.READ_WRITE);
        }
    }

    @Test
    void ext4AndTmpfsShareNoExtents() {
        for (long type : new long[] {Uapi.EXT4_SUPER_MAGIC, Uapi.TMPFS_MAGIC}) {
            assertThat(methods(usual(file(BIG, type, 1), file(0, type, 1))))
                    .startsWith(Method.COPY_FILE_RANGE)
                    .doesNotContain(Method.REFLINK);
            assertThatThrownBy(() -> terms(file(BIG, type, 1), file(0, type, 1), null, true, Consistency.REFLINK))
                    .hasMessageContaining("cannot share extents");
        }
    }

    @Test
    void xfsAndBtrfsShareExtentsFirst() {
        for (long type : new long[] {Uapi.XFS_SUPER_MAGIC, Uapi.BTRFS_SUPER_MAGIC}) {
            assertThat(methods(usual(file(BIG, type, 1), file(0, type, 1))))
                    .startsWith(Method.REFLINK, Method.COPY_FILE_RANGE);
            assertThat(methods(terms(file(BIG, type, 1), file(0, type, 1), null, true, Consistency.REFLINK)))
                    .containsExactly(Method.REFLINK);
        }
    }

    @Test
    void subvolumesOfBtrfsShareExtentsToo() {
        assertThat(methods(usual(file(BIG, Uapi.BTRFS_SUPER_MAGIC, 1), file(0, Uapi.BTRFS_SUPER_MAGIC, 2))))
                .startsWith(Method.REFLINK, Method.COPY_FILE_RANGE);
    }

    @Test
    void betweenTwoFileSystemsNothingIsTriedThatStaysWithinOne() {
        for (long other : new long[] {Uapi.XFS_SUPER_MAGIC, Uapi.EXT4_SUPER_MAGIC}) {
            assertThat(methods(usual(ext4(BIG), file(0, other, 2))))
                    .doesNotContain(Method.REFLINK, Method.COPY_FILE_RANGE);
        }
    }

    @Test
    void aSizeThatSaysNothingIsRead() {
        for (Facts in : List.of(ext4(0), file(0, Uapi.PROC_SUPER_MAGIC, 3), file(4096, Uapi.SYSFS_MAGIC, 4))) {
            for (FdKind out : List.of(FdKind.FILE, FdKind.PIPE, FdKind.TCP)) {
                assertThat(methods(usual(in, facts(out)))).containsExactly(Method.READ_WRITE);
            }
        }
    }

    @Test
    void upTo16KiBAFileIsReadAndWritten() {
        for (FdKind out : List.of(FdKind.FILE, FdKind.PIPE, FdKind.TCP)) {
            assertThat(methods(usual(ext4(Plan.SMALL), facts(out)))).containsExactly(Method.READ_WRITE);
            assertThat(usual(ext4(Plan.SMALL + 1), facts(out)).chosen()).isNotEqualTo(Method.READ_WRITE);
        }
        Plan part = Plan.of(ext4(BIG), facts(FdKind.TCP), new Plan.Terms(100, null, true, Consistency.ALIAS));
        assertThat(methods(part)).containsExactly(Method.READ_WRITE);
        assertThat(usual(ext4(BIG).at(BIG - 100), facts(FdKind.TCP)).chosen()).isEqualTo(Method.READ_WRITE);
    }

    @Test
    void sendfileServesSocketsAndSpliceServesPipes() {
        assertThat(methods(usual(ext4(BIG), facts(FdKind.TCP))))
                .containsExactly(Method.SENDFILE, Method.SPLICE_THROUGH_PIPE, Method.READ_WRITE);
        assertThat(methods(usual(ext4(BIG), facts(FdKind.PIPE))))
                .containsExactly(Method.SPLICE, Method.SENDFILE, Method.READ_WRITE);
        assertThat(methods(usual(facts(FdKind.TCP), facts(FdKind.UNIX_STREAM))))
                .containsExactly(Method.SPLICE_THROUGH_PIPE, Method.READ_WRITE);
        assertThat(methods(usual(facts(FdKind.TCP), ext4(0))))
                .containsExactly(Method.SPLICE_THROUGH_PIPE, Method.READ_WRITE);
        assertThat(methods(usual(facts(FdKind.PIPE), facts(FdKind.TCP))))
                .containsExactly(Method.SPLICE, Method.READ_WRITE);
    }

    @Test
    void aRungSaysHowOftenTheCpuCopies() {
        assertThat(usual(ext4(BIG), facts(FdKind.TCP)).ladder().getFirst())
                .hasToString("sendfile: from a file without a pipe of our own; no CPU copy, aliases the source");
        assertThat(usual(facts(FdKind.TCP), ext4(0)).ladder().getFirst().copies())
                .isEqualTo(1);
        assertThat(usual(ext4(BIG), ext4(0)).ladder().getLast().copies()).isEqualTo(2);
    }

    @Test
    void aPlanReadsAsASentence() {
        String sentence = usual(ext4(BIG), facts(FdKind.TCP)).toString();
        assertThat(sentence).startsWith("file to tcp socket: sendfile: ").contains("; else readwrite: ");
        assertThat(sentence).doesNotContain("Plan[").doesNotContain("Facts[");
    }
}
