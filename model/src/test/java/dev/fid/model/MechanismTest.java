package dev.fid.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Uapi;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The mechanism of the fourth article, by its names.
class MechanismTest {
    @Test
    void aSpliceFromAFilePassesTheFunctionsOfToday() {
        try (Stage stage = new Stage()) {
            int file = stage.file("hello");
            int[] pipe = stage.pipe();
            assertThat(stage.kernel.splice(file, null, pipe[1], null, 5, 0)).isEqualTo(5);
            assertThat(stage.kernel.ledger().functions())
                    .containsExactly(
                            "sys_splice",
                            "do_splice",
                            "splice_file_to_pipe",
                            "do_splice_read",
                            "filemap_splice_read",
                            "filemap_get_pages",
                            "splice_folio_into_pipe");
        }
    }

    @Test
    void aSpliceFromAFilePassesTheFunctionsOfTheArticle() {
        try (Stage stage = new Stage(Profile.LINUX_2_6)) {
            int file = stage.file("hello");
            int[] pipe = stage.pipe();
            assertThat(stage.kernel.splice(file, null, pipe[1], null, 5, 0)).isEqualTo(5);
            assertThat(stage.kernel.ledger().functions())
                    .containsExactly(
                            "sys_splice",
                            "do_splice",
                            "do_splice_to",
                            "generic_file_splice_read",
                            "__generic_file_splice_read",
                            "splice_to_pipe");
            int out = stage.file("");
            assertThat(stage.kernel.splice(pipe[0], null, out, null, 5, 0)).isEqualTo(5);
            assertThat(stage.kernel.ledger().functions())
                    .startsWith(
                            "sys_splice",
                            "do_splice",
                            "do_splice_from",
                            "generic_file_splice_write",
                            "__splice_from_pipe",
                            "pipe_to_file");
        }
    }

    @Test
    void theSlotRefersToThePageOfTheFile() {
        try (Stage stage = new Stage()) {
            int file = stage.file("hello");
            int[] pipe = stage.pipe();
            Page page = stage.kernel.pageCache(file).find(0);
            assertThat(page).isNotNull();
            assertThat(page.references()).isEqualTo(1);
            stage.kernel.splice(file, null, pipe[1], null, 5, 0);
            assertThat(stage.kernel.pipe(pipe[0]).buffers()).hasSize(1);
            assertThat(stage.kernel.pipe(pipe[0]).buffers().getFirst().page()).isSameAs(page);
            assertThat(page.references()).isEqualTo(2);
            assertThat(stage.read(pipe[0], 10)).isEqualTo("hello");
            assertThat(page.references()).isEqualTo(1);
        }
    }

    @Test
    void aColdPageIsReadFromTheDiskOnce() {
        try (Stage stage = new Stage()) {
            int file = stage.file("x".repeat(8192));
            int[] pipe = stage.pipe();
            stage.kernel.fsync(file);
            stage.kernel.fadvise(file, 0, 0, Uapi.POSIX_FADV_DONTNEED);
            assertThat(stage.kernel.pageCache(file).indexes()).isEmpty();
            stage.kernel.splice(file, new Offset(0), pipe[1], null, 8192, 0);
            assertThat(stage.kernel.ledger().last().pagesRead()).isEqualTo(2);
            assertThat(stage.kernel.ledger().functions()).contains("filemap_read_folio");
            stage.kernel.splice(file, new Offset(0), pipe[1], null, 8192, 0);
            assertThat(stage.kernel.ledger().last().pagesRead()).isZero();
            assertThat(stage.read(pipe[0], 9000)).hasSize(9000).containsOnlyOnce("x".repeat(9000));
        }
    }

    @Test
    void teeTakesReferencesOnly() {
        try (Stage stage = new Stage()) {
            int[] in = stage.pipe();
            int[] out = stage.pipe();
            stage.write(in[1], "x".repeat(10_000));
            assertThat(stage.kernel.tee(in[0], out[1], 10_000, 0)).isEqualTo(10_000);
            Ledger.Bill bill = stage.kernel.ledger().last();
            assertThat(bill.copied()).isZero();
            assertThat(bill.referencesTaken()).isEqualTo(3);
            assertThat(bill.referencesDropped()).isZero();
        }
    }

    @Test
    void aFileReachesASocketWithoutACopy() {
        for (int[] pair : List.of(new int[] {0}, new int[] {1})) {
            try (Stage stage = new Stage()) {
                int file = stage.file("x".repeat(10_000));
                int[] socket = pair[0] == 0 ? stage.unixPair() : stage.tcpPair();
                Ledger.Bill before = stage.kernel.ledger().total();
                int[] pipe = stage.pipe();
                stage.kernel.splice(file, null, pipe[1], null, 10_000, 0);
                assertThat(stage.kernel.splice(pipe[0], null, socket[0], null, 10_000, 0))
                        .isEqualTo(10_000);
                assertThat(stage.kernel.ledger().total().minus(before).copied()).isZero();
                Page page = stage.kernel.pageCache(file).find(0);
                assertThat(page).isNotNull();
                assertThat(page.references())
                        .as("cache and socket, one folio of two pages")
                        .isGreaterThan(2);
                assertThat(stage.read(socket[1], 20_000)).hasSize(10_000);
                assertThat(page.references()).isEqualTo(1);
            }
        }
    }

    @Test
    void sendfileCopiesNothingOnTheWayToASocket() {
        try (Stage stage = new Stage()) {
            int file = stage.file("x".repeat(10_000));
            int[] socket = stage.tcpPair();
            assertThat(stage.kernel.sendfile(file, null, socket[0], 10_000)).isEqualTo(10_000);
            assertThat(stage.kernel.ledger().last().copied()).isZero();
            assertThat(stage.kernel.ledger().functions()).contains("splice_direct_to_actor", "splice_to_socket");
        }
    }

    @Test
    void readAndWriteCopyTwice() {
        try (Stage stage = new Stage()) {
            int in = stage.file("x".repeat(5000));
            int out = stage.file("");
            Ledger.Bill before = stage.kernel.ledger().total();
            stage.kernel.read(in, stage.memory, 0, 5000);
            stage.kernel.write(out, stage.memory, 0, 5000);
            Ledger.Bill bill = stage.kernel.ledger().total().minus(before);
            assertThat(bill.copiedToUser()).isEqualTo(5000);
            assertThat(bill.copiedFromUser()).isEqualTo(5000);
            assertThat(bill.copied()).isEqualTo(10_000);
            assertThat(bill.modeSwitches()).isEqualTo(4);
        }
    }

    @Test
    void aWriteFromAMappingCopiesOnce() {
        try (Stage stage = new Stage()) {
            int in = stage.file("x".repeat(5000));
            int out = stage.file("");
            long address = stage.kernel.mmap(5000, Uapi.PROT_READ, Uapi.MAP_SHARED, in, 0);
            Ledger.Bill before = stage.kernel.ledger().total();
            assertThat(stage.kernel.write(out, stage.kernel.memory(address, 5000), 0, 5000))
                    .isEqualTo(5000);
            assertThat(stage.kernel.ledger().total().minus(before).copied()).isEqualTo(5000);
            stage.kernel.munmap(address, 5000);
        }
    }

    @Test
    void aCopyBetweenTwoMappingsIsOneCopyAndNoCall() {
        try (Stage stage = new Stage()) {
            int in = stage.file("x".repeat(5000));
            int out = stage.file("");
            stage.kernel.ftruncate(out, 5000);
            long from = stage.kernel.mmap(5000, Uapi.PROT_READ, Uapi.MAP_SHARED, in, 0);
            long to = stage.kernel.mmap(5000, Uapi.PROT_READ | Uapi.PROT_WRITE, Uapi.MAP_SHARED, out, 0);
            Ledger.Bill before = stage.kernel.ledger().total();
            stage.kernel.memory(from, 5000).copyTo(0, stage.kernel.memory(to, 5000), 0, 5000);
            Ledger.Bill bill = stage.kernel.ledger().total().minus(before);
            assertThat(bill.copied()).isEqualTo(5000);
            assertThat(bill.calls()).isZero();
            stage.kernel.munmap(from, 5000);
            stage.kernel.munmap(to, 5000);
            assertThat(stage.read(out, 6000)).isEqualTo("x".repeat(5000));
        }
    }

    @Test
    void aPipeIntoAFileIsOneCopyInsideTheKernel() {
        try (Stage stage = new Stage()) {
            int in = stage.file("x".repeat(5000));
            int out = stage.file("");
            int[] pipe = stage.pipe();
            stage.kernel.splice(in, null, pipe[1], null, 5000, 0);
            stage.kernel.splice(pipe[0], null, out, null, 5000, 0);
            assertThat(stage.kernel.ledger().last().copiedInside()).isEqualTo(5000);
            assertThat(stage.kernel.ledger().last().copied()).isEqualTo(5000);
        }
    }

    @Test
    void vmspliceLendsTheVeryPage() {
        try (Stage stage = new Stage()) {
            int[] pipe = stage.pipe();
            stage.memory.put(0, new byte[] {'A', 'A'}, 0, 2);
            assertThat(stage.kernel.vmsplice(pipe[1], new Span[] {new Span(stage.memory, 0, 2)}, Uapi.SPLICE_F_GIFT))
                    .isEqualTo(2);
            assertThat(stage.kernel.ledger().last().copied()).isZero();
            assertThat(stage.kernel.pipe(pipe[0]).buffers().getFirst().gift()).isTrue();
            stage.memory.putByte(0, (byte) 'B');
            assertThat(stage.read(pipe[0], 2)).isEqualTo("BA");
        }
    }

    @Test
    void aFunctionThatIsEnteredPageAfterPageIsOneEntry() {
        try (Stage stage = new Stage()) {
            int file = stage.file("x".repeat(12_288));
            int[] pipe = stage.pipe();
            assertThat(stage.kernel.splice(file, null, pipe[1], null, 12_288, 0))
                    .isEqualTo(12_288);
            assertThat(stage.kernel.ledger().functions()).containsOnlyOnce("splice_folio_into_pipe");
        }
    }

    @Test
    void aGiftIsAGiftForOnePipeOnly() {
        try (Stage stage = new Stage()) {
            int[] one = stage.pipe();
            int[] two = stage.pipe();
            Span[] page = {new Span(stage.memory, 0, 4096)};
            assertThat(stage.kernel.vmsplice(one[1], page, Uapi.SPLICE_F_GIFT)).isEqualTo(4096);
            assertThat(stage.kernel.tee(one[0], two[1], 4096, 0)).isEqualTo(4096);
            assertThat(stage.kernel.pipe(one[0]).buffers().getFirst().gift()).isTrue();
            assertThat(stage.kernel.pipe(two[0]).buffers().getFirst().gift()).isFalse();
        }
    }

    @Test
    void whereSpliceCopiesNothingAliases() {
        try (Stage stage = new Stage(Profile.LINUX_COPYING)) {
            int file = stage.file("AA");
            int[] pipe = stage.pipe();
            stage.kernel.splice(file, null, pipe[1], null, 2, 0);
            assertThat(stage.kernel.ledger().last().copiedInside()).isEqualTo(2);
            stage.kernel.lseek(file, 0, Uapi.SEEK_SET);
            stage.write(file, "B");
            assertThat(stage.read(pipe[0], 2)).isEqualTo("AA");
            Span[] two = {new Span(stage.memory, 0, 2)};
            assertThat(stage.kernel.vmsplice(pipe[1], two, Uapi.SPLICE_F_GIFT)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(stage.kernel.vmsplice(pipe[1], two, 0)).isEqualTo(2);
            assertThat(stage.kernel.ledger().last().copiedFromUser()).isEqualTo(2);
        }
    }

    @Test
    void theArticlesKernelHasSixteenSlotsForEver() {
        try (Stage stage = new Stage(Profile.LINUX_2_6)) {
            int[] pipe = stage.pipe();
            assertThat(stage.kernel.pipe(pipe[0]).slots()).isEqualTo(16);
            assertThat(stage.kernel.fcntl(pipe[1], Uapi.F_SETPIPE_SZ, 1 << 20)).isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void theArticlesKernelNeitherCopiesRangesNorSendsIntoPipes() {
        try (Stage stage = new Stage(Profile.LINUX_2_6)) {
            int in = stage.file("hello");
            int[] pipe = stage.pipe();
            assertThat(stage.kernel.copyFileRange(in, null, stage.file(""), null, 5, 0))
                    .isEqualTo(-Errno.ENOSYS);
            assertThat(stage.kernel.sendfile(in, null, pipe[1], 5)).isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void theArticlesKernelCannotSpliceAUnixSocketIntoAPipe() {
        try (Stage stage = new Stage(Profile.LINUX_2_6)) {
            int[] pipe = stage.pipe();
            int[] unix = stage.unixPair();
            stage.write(unix[0], "hello");
            assertThat(stage.kernel.splice(unix[1], null, pipe[1], null, 5, 0)).isEqualTo(-Errno.EINVAL);
            int[] tcp = stage.tcpPair();
            stage.write(tcp[0], "hello");
            assertThat(stage.kernel.splice(tcp[1], null, pipe[1], null, 5, 0)).isEqualTo(5);
            assertThat(stage.kernel.splice(pipe[0], null, unix[0], null, 5, 0)).isEqualTo(5);
            assertThat(stage.kernel.ledger().functions()).contains("pipe_to_sendpage");
        }
    }

    /// A unix socket holds small messages in memory of the slab allocator, which no pipe may refer to.
    @Test
    void aSmallSocketMessageIsCopiedOnItsWayIntoAPipe() {
        try (Stage stage = new Stage()) {
            int[] pipe = stage.pipe();
            int[] unix = stage.unixPair();
            stage.write(unix[0], "x".repeat(100));
            assertThat(stage.kernel.splice(unix[1], null, pipe[1], null, 65536, Uapi.SPLICE_F_NONBLOCK))
                    .isEqualTo(100);
            assertThat(stage.kernel.ledger().last().copiedInside()).isEqualTo(100);
            assertThat(stage.kernel.ledger().functions()).contains("linear_to_page");
        }
    }

    @Test
    void aSmallSocketMessageIsASlotOfItsOwn() {
        try (Stage stage = new Stage()) {
            int[] pipe = stage.pipe();
            int[] unix = stage.unixPair();
            for (int i = 0; i < 40; i++) {
                assertThat(stage.write(unix[0], "x".repeat(100))).isEqualTo(100);
            }
            long moved = 0;
            for (long got = 1; got > 0; moved += Math.max(0, got)) {
                got = stage.kernel.splice(unix[1], null, pipe[1], null, 65536, Uapi.SPLICE_F_NONBLOCK);
            }
            assertThat(moved).isEqualTo(1600);
            assertThat(stage.kernel.pipe(pipe[0]).full()).isTrue();
        }
    }

    @Test
    void aResetIsReportedOnceAndThenLooksLikeTheEnd() {
        try (Stage stage = new Stage()) {
            int[] pipe = stage.pipe();
            int[] tcp = stage.tcpPair();
            stage.kernel.setLinger(tcp[0], true, 0);
            stage.kernel.close(tcp[0]);
            assertThat(stage.kernel.splice(tcp[1], null, pipe[1], null, 100, 0)).isEqualTo(-Errno.ECONNRESET);
            assertThat(stage.kernel.splice(tcp[1], null, pipe[1], null, 100, 0)).isZero();
        }
    }
}
