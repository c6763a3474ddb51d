package dev.fid.tests.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Uapi;
import dev.fid.tests.faults.InMemory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Short scripts, each for a rule of the kernel that the model learned from the campaign ({@link DifferentialTest}).
///
/// The rules of ext4 about folios show so: a page lies in a pipe, and the file is cut right before it. A page of its
/// own leaves the file and keeps its bytes; one that belongs to a folio which begins earlier is zeroed with it.
class ScriptsTest {
    private static final int PUNCH = Uapi.FALLOC_FL_PUNCH_HOLE | Uapi.FALLOC_FL_KEEP_SIZE;
    private static final long NONE = Step.NONE;

    @TempDir(factory = InMemory.class)
    static Path memory;

    @TempDir
    static Path disk;

    @BeforeAll
    static void isOnTheRightGround() throws IOException {
        DifferentialTest.checkGround(memory, disk);
    }

    private static void agree(Step... steps) {
        try (Actor real = Differential.real(memory, disk)) {
            assertThat(Differential.duel(real, Steered.model()).run(Script.of(steps)))
                    .isNull();
        }
    }

    // mm/shmem.c, shmem_get_folio_gfp: SGP_FALLOC clears a page that was promised before
    @Test
    void aPageOfTmpfsPromisedTwiceIsARealOne() {
        agree(
                new Step(Op.FILE, 1, 1, 0, 0, 0, Uapi.O_RDWR),
                new Step(Op.UNIX, 18, 19, 0, 0, 0, 0),
                new Step(Op.FALLOCATE, 1, 0, 0, 0, 32768, 0),
                new Step(Op.FALLOCATE, 1, 0, 28672, 0, 19, 0),
                new Step(Op.SENDFILE, 1, 19, 24576, 0, 8192, 0),
                new Step(Op.PWRITE, 1, 0, 16384, 24576, 8192, 0));
    }

    // mm/shmem.c, shmem_setattr: newsize <= oldsize
    @Test
    void aTruncationToTheSameSizeZeroesBehindTheEndOfTmpfs() {
        agree(
                new Step(Op.FILE, 0, 0, 0, 0, 5000, Uapi.O_RDWR),
                new Step(Op.STORE, 0, 0, 6000, 0, 10, 0),
                new Step(Op.TRUNCATE, 0, 0, 0, 0, 5000, 0),
                new Step(Op.TRUNCATE, 0, 0, 0, 0, 8000, 0));
    }

    // fs/ext4/extents.c, ext4_alloc_file_blocks
    @Test
    void anAllocationBehindTheEndZeroesWhatAMappingStoredThere() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 5388, Uapi.O_RDWR),
                new Step(Op.STORE, 2, 0, 8049, 0, 1, 0),
                new Step(Op.FALLOCATE, 2, 0, 16384, 0, 467, 0));
    }

    // fs/ext4/inode.c, ext4_setattr and __ext4_block_zero_page_range
    @Test
    void aFileThatGrowsGetsAPageAtItsOldEndEvenOverAHole() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 1, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 20000, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 60000, 0),
                new Step(Op.PWRITE, 2, 0, 0, 16384, 32768, 0),
                new Step(Op.SPLICE, 2, 9, 24576, NONE, 4096, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 24576, 0));
    }

    // fs/ext4/inode.c, ext4_truncate
    @Test
    void aFileThatIsCutInsideOfAHoleGetsAPageThere() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 1, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 65536, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 20000, 0),
                new Step(Op.PWRITE, 2, 0, 0, 16384, 32768, 0),
                new Step(Op.SPLICE, 2, 9, 24576, NONE, 4096, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 24576, 0));
    }

    // fs/ext4/inode.c, ext4_da_do_write_end
    @Test
    void aWriteBehindTheEndGetsAPageAtTheOldEndEvenOverAHole() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 1, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 20000, 0),
                new Step(Op.PWRITE, 2, 0, 0, 65536, 100, 0),
                new Step(Op.PWRITE, 2, 0, 0, 16384, 32768, 0),
                new Step(Op.SPLICE, 2, 9, 24576, NONE, 4096, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 24576, 0));
    }

    // fs/ext4/extents.c, ext4_alloc_file_blocks: ext4_zero_partial_blocks to the new size
    @Test
    void anAllocationGetsAPageAtItsEnd() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 1, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.FALLOCATE, 2, 0, 0, 0, 20000, 0),
                new Step(Op.PWRITE, 2, 0, 0, 16384, 32768, 0),
                new Step(Op.SPLICE, 2, 9, 24576, NONE, 4096, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 24576, 0));
    }

    // fs/ext4/inode.c, ext4_punch_hole
    @Test
    void aHolePunchedInsideOfAHoleGetsAPage() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 1, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 65536, 0),
                new Step(Op.FALLOCATE, 2, 0, 17000, 0, 100, PUNCH),
                new Step(Op.PWRITE, 2, 0, 0, 16384, 32768, 0),
                new Step(Op.SPLICE, 2, 9, 24576, NONE, 4096, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 24576, 0));
    }

    // mm/filemap.c, filemap_get_pages: last_index is that of the request, whatever fits into the pipe
    @Test
    void aSpliceMakesAllPagesOfItsRequest() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 1, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 4096, 0),
                new Step(Op.PIPE, 10, 11, 0, 0, 0, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 131072, 0),
                new Step(Op.SPLICE, 2, 9, 28772, NONE, 8000, 0),
                new Step(Op.PWRITE, 2, 0, 0, 32768, 32768, 0),
                new Step(Op.SPLICE, 2, 11, 40960, NONE, 4096, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 40960, 0));
    }

    // fs/buffer.c, try_to_free_buffers: a folio of which no block is left to write is clean, and then leaves the file
    @Test
    void aFolioWhoseBlocksWereAllPunchedLeavesTheFileWhole() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 8192, Uapi.O_RDWR),
                new Step(Op.UNIX, 18, 19, 0, 0, 0, 0),
                new Step(Op.FALLOCATE, 2, 0, 4096, 0, 20000, PUNCH),
                new Step(Op.SENDFILE, 2, 18, NONE, 0, 6144, 0),
                new Step(Op.FALLOCATE, 2, 0, 0, 0, 4096, PUNCH),
                new Step(Op.STORE, 2, 0, 4096, 0, 22, 0));
    }

    // mm/truncate.c, truncate_inode_partial_folio: a clean folio is split on both sides of the hole
    @Test
    void aHoleSplitsAFolioThatNobodyHolds() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 16384, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.FALLOCATE, 2, 0, 12288, 0, 4096, PUNCH),
                new Step(Op.FALLOCATE, 2, 0, 0, 0, 4096, PUNCH),
                new Step(Op.FALLOCATE, 2, 0, 4096, 0, 8192, PUNCH),
                new Step(Op.SPLICE, 2, 9, 0, NONE, 16384, 0),
                new Step(Op.PWRITE, 2, 0, 0, 0, 16384, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 5000, 0));
    }

    // fs/buffer.c, block_page_mkwrite
    @Test
    void aStoreGivesTheWholeFolioBlocksAgain() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 16384, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.FALLOCATE, 2, 0, 8192, 0, 4096, PUNCH),
                new Step(Op.STORE, 2, 0, 100, 0, 10, 0),
                new Step(Op.SPLICE, 2, 9, 8192, NONE, 4096, 0),
                new Step(Op.FALLOCATE, 2, 0, 0, 0, 8192, PUNCH),
                new Step(Op.FALLOCATE, 2, 0, 12288, 0, 4096, PUNCH),
                new Step(Op.PWRITE, 2, 0, 0, 8192, 4096, 0));
    }

    // net/ipv4/tcp_input.c, tcp_rcv_state_process: what comes in after a shutdown in both directions is a reset
    @Test
    void whatTheWindowHeldBackMayBeLostWithAReset() {
        agree(
                new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                new Step(Op.WRITE, 20, 0, 16384, 0, 65536, 0),
                new Step(Op.SEND, 20, 0, 12288, 0, 65536, Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL),
                new Step(Op.SHUTDOWN, 21, 0, 0, 0, 0, Uapi.SHUT_RDWR));
    }

    // net/ipv4/tcp_output.c, __tcp_select_window: no window that is smaller than a segment
    @Test
    void whatTheWindowHeldBackMayStayWithTheSenderUntilAllWasRead() {
        agree(
                new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                new Step(Op.WRITE, 20, 0, 12288, 0, 100000, 0),
                new Step(Op.WRITE, 20, 0, 24576, 0, 68146, 0),
                new Step(Op.READ, 21, 0, 131072, 0, 41473, 0),
                new Step(Op.RECV, 21, 0, 155648, 0, 100000, Uapi.MSG_DONTWAIT));
    }

    // fs/splice.c, splice_to_socket: 16 slots at a time, with MSG_MORE before the last, which sends nothing yet
    @Test
    void aSpliceToAPeerThatIsGoneTakesMoreThanSixteenSlots() {
        agree(
                new Step(Op.FILE, 0, 0, 0, 0, 1000, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 131072, 0),
                new Step(Op.PIPE, 10, 11, 0, 0, 131072, 0),
                new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                new Step(Op.SENDFILE, 0, 9, 0, 0, 7, 0),
                new Step(Op.TEE, 8, 11, 0, 0, 7, 0),
                new Step(Op.TEE, 8, 11, 0, 0, 7, 0),
                new Step(Op.TEE, 8, 11, 0, 0, 7, 0),
                new Step(Op.TEE, 8, 11, 0, 0, 7, 0),
                new Step(Op.TEE, 10, 9, 0, 0, 28, 0),
                new Step(Op.TEE, 8, 11, 0, 0, 35, 0),
                new Step(Op.TEE, 8, 11, 0, 0, 35, 0),
                new Step(Op.TEE, 8, 11, 0, 0, 35, 0),
                new Step(Op.TEE, 8, 11, 0, 0, 35, 0),
                new Step(Op.CLOSE, 20, 0, 0, 0, 0, 0),
                new Step(Op.SPLICE, 10, 21, NONE, NONE, 65536, 0),
                new Step(Op.WRITE, 21, 0, 0, 0, 10, 0));
    }

    // net/ipv4/tcp.c, tcp_recvmsg_locked: RCV_SHUTDOWN ends a read of an empty queue, not the connection
    @Test
    void aSocketShutDownForReadingStillReceives() {
        agree(
                new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                new Step(Op.SHUTDOWN, 20, 0, 0, 0, 0, Uapi.SHUT_RD),
                new Step(Op.WRITE, 21, 0, 0, 0, 98304, 0),
                new Step(Op.SEND, 21, 0, 28672, 0, 69600, Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL),
                new Step(Op.WRITE, 20, 0, 4096, 0, 20000, 0));
    }

    // net/core/skbuff.c, linear_to_page: cut where the thread's fragment ends, whatever else lies in that
    @Test
    void aUnixSocketsBytesAreCutWhereAnotherSocketLeftTheFragment() throws IOException {
        try (ServerSocketChannel server =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                SocketChannel neighbour = SocketChannel.open(server.getLocalAddress())) {
            neighbour.write(ByteBuffer.allocate(127)); // never read: it keeps the fragment
            agree(
                    new Step(Op.PIPE, 8, 9, 0, 0, 8192, 0),
                    new Step(Op.PIPE, 10, 11, 0, 0, 0, 0),
                    new Step(Op.UNIX, 16, 17, 0, 0, 0, 0),
                    new Step(Op.TCP, 22, 23, 0, 0, 0, 0),
                    new Step(Op.WRITE, 22, 0, 24576, 0, 58711, 0),
                    new Step(Op.WRITE, 16, 0, 20480, 0, 40000, 0),
                    new Step(Op.SPLICE, 17, 11, NONE, NONE, 49152, 0),
                    new Step(Op.READ, 10, 0, 147456, 0, 8192, 0),
                    new Step(Op.TEE, 10, 9, 0, 0, 36864, 0));
        }
    }

    private static final int SEND = Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL;

    // net/ipv4/tcp.c, tcp_read_sock and tcp_splice_read: the mark stops a splice, and only a read passes it
    @Test
    void aSpliceStopsAtUrgentDataAndAReadPassesIt() {
        agree(
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                new Step(Op.SEND, 20, 0, 0, 0, 300, SEND),
                new Step(Op.SEND, 20, 0, 1000, 0, 1, SEND | Uapi.MSG_OOB),
                new Step(Op.SEND, 20, 0, 2000, 0, 500, SEND),
                new Step(Op.FIONREAD, 21, 0, 0, 0, 0, 0),
                new Step(Op.SPLICE, 21, 9, NONE, NONE, 65536, 0),
                new Step(Op.FIONREAD, 21, 0, 0, 0, 0, 0),
                new Step(Op.SPLICE, 21, 9, NONE, NONE, 65536, 0),
                new Step(Op.POLL, 21, 0, 0, 0, 0, Uapi.POLLIN | Uapi.POLLPRI),
                new Step(Op.RECV, 21, 0, 8192, 0, 100, Uapi.MSG_DONTWAIT | Uapi.MSG_PEEK),
                new Step(Op.RECV, 21, 0, 8192, 0, 1, Uapi.MSG_DONTWAIT | Uapi.MSG_OOB),
                new Step(Op.RECV, 21, 0, 8192, 0, 1, Uapi.MSG_DONTWAIT | Uapi.MSG_OOB),
                new Step(Op.SPLICE, 21, 9, NONE, NONE, 65536, 0),
                new Step(Op.READ, 21, 0, 16384, 0, 100, 0),
                new Step(Op.SPLICE, 21, 9, NONE, NONE, 65536, 0));
    }

    // net/ipv4/tcp.c, tcp_splice_read: behind the peer's end the mark looks like one
    @Test
    void aSpliceOfUrgentDataBeforeTheEndGivesNothing() {
        agree(
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                new Step(Op.SEND, 20, 0, 1000, 0, 4, SEND | Uapi.MSG_OOB),
                new Step(Op.SEND, 20, 0, 2000, 0, 500, SEND),
                new Step(Op.SHUTDOWN, 20, 0, 0, 0, 0, Uapi.SHUT_WR),
                new Step(Op.READ, 21, 0, 16384, 0, 2, 0),
                new Step(Op.SPLICE, 21, 9, NONE, NONE, 65536, 0),
                new Step(Op.SPLICE, 21, 9, NONE, NONE, 65536, 0),
                new Step(Op.READ, 21, 0, 16384, 0, 100, 0),
                new Step(Op.SPLICE, 21, 9, NONE, NONE, 65536, 0));
    }

    // net/ipv4/tcp_input.c, tcp_check_urg: the last one counts, and one that a reader stands at is gone
    @Test
    void urgentDataBehindUrgentDataTakesItsPlace() {
        agree(
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                new Step(Op.SEND, 20, 0, 1000, 0, 2, SEND | Uapi.MSG_OOB),
                new Step(Op.SEND, 20, 0, 2000, 0, 2, SEND | Uapi.MSG_OOB),
                new Step(Op.READ, 21, 0, 16384, 0, 100, 0),
                new Step(Op.POLL, 21, 0, 0, 0, 0, Uapi.POLLIN | Uapi.POLLPRI),
                new Step(Op.SEND, 20, 0, 3000, 0, 2, SEND | Uapi.MSG_OOB),
                new Step(Op.SPLICE, 21, 9, NONE, NONE, 65536, 0),
                new Step(Op.SEND, 20, 0, 4000, 0, 2, SEND),
                new Step(Op.READ, 21, 0, 16384, 0, 100, 0));
    }

    // net/ipv4/tcp_input.c, tcp_rcv_state_process: the first segment resets who wants nothing more; an urgent byte in a
    // later one is never looked at
    @Test
    void urgentDataBehindTheSegmentThatResetsIsNeverSeen() {
        for (int len : new int[] {1, 32768, 32769, 65483, 100_000}) {
            agree(
                    new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                    new Step(Op.SHUTDOWN, 21, 0, 0, 0, 0, 2),
                    new Step(Op.SEND, 20, 0, 12288, 0, len, SEND | Uapi.MSG_OOB),
                    new Step(Op.POLL, 21, 0, 0, 0, 0, Uapi.POLLIN | Uapi.POLLPRI));
        }
    }

    // tcp_recv_urg: announced and never come is not the same as never announced (ENOTCONN, EINVAL)
    @Test
    void urgentDataThatIsAnnouncedOnlyIsAskedForInVain() {
        for (int len : new int[] {1, 32768, 32769, 65535, 100_000}) {
            agree(
                    new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                    new Step(Op.SHUTDOWN, 21, 0, 0, 0, 0, 2),
                    new Step(Op.SEND, 20, 0, 12288, 0, len, SEND | Uapi.MSG_OOB),
                    new Step(Op.RECV, 21, 0, 16384, 0, 1, Uapi.MSG_OOB | Uapi.MSG_DONTWAIT));
        }
    }

    // tcp_nagle_test: MSG_MORE holds no urgent data back
    @Test
    void urgentDataInVainIsSentAtOnce() {
        agree(
                new Step(Op.TCP, 20, 21, 0, 0, 0, 0),
                new Step(Op.SHUTDOWN, 21, 0, 0, 0, 0, 2),
                new Step(Op.SEND, 20, 0, 12288, 0, 100, SEND | Uapi.MSG_OOB | Uapi.MSG_MORE),
                new Step(Op.SEND, 20, 0, 12288, 0, 100, SEND));
    }

    // mm/fadvise.c, generic_fadvise: POSIX_FADV_DONTNEED begins to write back, and a large folio that is clean and
    // held by a pipe leaves the cache as a whole when a part of it is cut
    @Test
    void adviceThatAFileIsNotNeededWritesItBack() {
        agree(
                new Step(Op.FILE, 0, 0, 0, 0, 0, 2),
                new Step(Op.FILE, 3, 3, 0, 0, 16384, 2),
                new Step(Op.PIPE, 10, 11, 0, 0, 0, 0),
                new Step(Op.DUP3, 3, 0, 0, 0, 0, 0),
                new Step(Op.DROP, 0, 0, 0, 0, 0, 1),
                new Step(Op.SENDFILE, 3, 11, Step.NONE, 0, 1, 0),
                new Step(Op.FALLOCATE, 3, 0, 8192, 0, 4000, 3),
                new Step(Op.FALLOCATE, 3, 0, 0, 0, 1, 3));
    }

    @Test
    void whatWasWrittenBackIsSplitWhereItIsCut() {
        agree(
                new Step(Op.FILE, 1, 1, 0, 0, 0, 2),
                new Step(Op.FILE, 2, 2, 0, 0, 12288, 2),
                new Step(Op.FILE, 3, 3, 0, 0, 8192, 2),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.SPLICE, 3, 9, 4096, Step.NONE, 1000, 3),
                new Step(Op.DUP3, 3, 1, 0, 0, 0, 0),
                new Step(Op.DROP, 1, 0, 0, 0, 0, 1),
                new Step(Op.TRUNCATE, 1, 0, 0, 0, 1, 0),
                new Step(Op.COPY, 2, 3, 4096, Step.NONE, 2147483647, 0));
    }

    // mm/filemap.c, filemap_splice_read: pages behind the last byte that is asked for are left alone
    @Test
    void aPageBehindTheRequestIsNotRead() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 0, 2),
                new Step(Op.FILE, 3, 3, 0, 0, 0, 2),
                new Step(Op.PWRITE, 2, 0, 8192, 12288, 8193, 0),
                new Step(Op.DROP, 2, 0, 0, 0, 0, 1),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 26624, 0),
                new Step(Op.TRUNCATE, 2, 0, 0, 0, 25138, 0),
                new Step(Op.SENDFILE, 2, 3, 0, 0, 24474, 0));
    }

    // fs/ext4/page-io.c, ext4_bio_write_folio: a folio is zeroed behind the end of the file when it is written
    @Test
    void whatAMappingStoredBehindTheEndIsZeroedWhenThePageIsWrittenBack() {
        agree(
                new Step(Op.FILE, 3, 3, 0, 0, 2, 2),
                new Step(Op.FILE, 4, 3, 0, 0, -1, 0),
                new Step(Op.PIPE, 10, 11, 0, 0, 0, 0),
                new Step(Op.SPLICE, 4, 11, Step.NONE, Step.NONE, 2, 0),
                new Step(Op.TRUNCATE, 3, 0, 0, 0, 1, 0),
                new Step(Op.STORE, 3, 0, 0, 0, 2, 0),
                new Step(Op.DROP, 3, 0, 0, 0, 0, 1));
    }

    // fs/pipe.c, pipe_read: PIPE_BUF_FLAG_PACKET ends a read, and what it did not take is dropped
    @Test
    void aReadOfAPacketPipeEndsWithThePacket() {
        agree(
                new Step(Op.PIPE, 8, 9, 0, 0, 0, Uapi.O_DIRECT),
                new Step(Op.WRITE, 9, 0, 0, 0, 4, 0),
                new Step(Op.WRITE, 9, 0, 4, 0, 2, 0),
                new Step(Op.FIONREAD, 8, 0, 0, 0, 0, 0),
                new Step(Op.READ, 8, 0, 135168, 0, 2, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 10, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 10, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 10_000, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 20_000, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 20_000, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 20_000, 0),
                new Step(Op.GETFL, 8, 0, 0, 0, 0, 0),
                new Step(Op.GETFL, 9, 0, 0, 0, 0, 0));
    }

    // fs/splice.c, splice_pipe_to_pipe and link_pipe: a slot stays a packet in any pipe; a splice out of it drops
    // nothing
    @Test
    void aPacketStaysOneInAnotherPipe() {
        agree(
                new Step(Op.FILE, 0, 0, 0, 0, 0, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, Uapi.O_DIRECT),
                new Step(Op.PIPE, 10, 11, 0, 0, 0, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 4, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 2, 0),
                new Step(Op.TEE, 8, 11, 0, 0, 3, 0),
                new Step(Op.READ, 10, 0, 139264, 0, 2, 0),
                new Step(Op.SPLICE, 8, 11, NONE, NONE, 3, 0),
                new Step(Op.WRITE, 11, 0, 100, 0, 2, 0),
                new Step(Op.READ, 10, 0, 139264, 0, 10, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 10, 0),
                new Step(Op.SPLICE, 8, 0, NONE, NONE, 1, 0),
                new Step(Op.VMSPLICE, 8, 0, 139264, NONE, 10, Uapi.SPLICE_F_NONBLOCK));
    }

    // fs/pipe.c, pipe_write: is_packetized is asked for each slot, after the last one's bytes were added to
    @Test
    void aPipeHasPacketsFromOneWriteToTheNext() {
        agree(
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 2, 0),
                new Step(Op.SETFL, 9, 0, 0, 0, 0, Uapi.O_DIRECT),
                new Step(Op.WRITE, 9, 0, 0, 0, 2, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 10, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 2, 0),
                new Step(Op.SETFL, 9, 0, 0, 0, 0, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 2, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 2, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 10, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 10, 0),
                new Step(Op.SETFL, 8, 0, 0, 0, 0, Uapi.O_DIRECT),
                new Step(Op.WRITE, 9, 0, 0, 0, 2, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 2, 0),
                new Step(Op.READ, 8, 0, 139264, 0, 10, 0));
    }

    // fs/read_write.c, generic_copy_file_checks: a memfd is of the kernel's own mount (mm/shmem.c, shm_mnt)
    @Test
    void aMemfdIsOfNoFileSystemThatHasAName() {
        agree(
                new Step(Op.FILE, 0, 0, 0, 0, 100, Uapi.O_RDWR),
                new Step(Op.FILE, 2, 2, 0, 0, 100, Uapi.O_RDWR),
                new Step(Op.DEVICE, 24, 5, 0, 0, 0, 0),
                new Step(Op.DEVICE, 25, 5, 0, 0, 0, 0),
                new Step(Op.WRITE, 24, 0, 0, 0, 5000, 0),
                new Step(Op.COPY, 24, 0, 0, 0, 100, 0),
                new Step(Op.COPY, 0, 24, 0, 0, 100, 0),
                new Step(Op.COPY, 24, 2, 0, 0, 100, 0),
                new Step(Op.COPY, 24, 0, 0, 0, 0, 0),
                new Step(Op.COPY, 24, 25, 0, 0, 100, 0),
                new Step(Op.READ, 25, 0, 139264, 0, 200, 0),
                new Step(Op.STAT, 24, 0, 0, 0, 0, 0),
                new Step(Op.SETFL, 24, 0, 0, 0, 0, Uapi.O_DIRECT), // fs/fcntl.c, setfl: FMODE_CAN_ODIRECT
                new Step(Op.GETFL, 24, 0, 0, 0, 0, 0));
    }

    // fs/libfs.c, noop_llseek; fs/eventpoll.c, ep_eventpoll_ioctl
    @Test
    void whatHasNoPositionSaysSoOrSaysNought() {
        for (int kind = 3; kind < 5; kind++) {
            agree(
                    new Step(Op.FILE, 0, 0, 0, 0, 100, Uapi.O_RDWR),
                    new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                    new Step(Op.UNIX, 16, 17, 0, 0, 0, 0),
                    new Step(Op.DEVICE, 24, kind, 0, 0, 0, 0),
                    new Step(Op.LSEEK, 24, 0, 0, 0, 0, Uapi.SEEK_CUR),
                    new Step(Op.LSEEK, 24, 0, 5, 0, 0, Uapi.SEEK_SET),
                    new Step(Op.LSEEK, 24, 0, -5, 0, 0, Uapi.SEEK_SET),
                    new Step(Op.LSEEK, 24, 0, 0, 0, 0, Uapi.SEEK_DATA),
                    new Step(Op.LSEEK, 24, 0, 0, 0, 0, 9),
                    new Step(Op.FIONREAD, 24, 0, 0, 0, 0, 0),
                    new Step(Op.PREAD, 24, 0, 139264, 0, 8, 0),
                    new Step(Op.SPLICE, 24, 9, NONE, NONE, 8, 0),
                    new Step(Op.SPLICE, 24, 9, 0, NONE, 8, 0),
                    new Step(Op.SENDFILE, 24, 9, NONE, 0, 8, 0),
                    new Step(Op.SENDFILE, 24, 9, 0, 0, 8, 0),
                    new Step(Op.WRITE, 9, 0, 0, 0, 8, 0),
                    new Step(Op.SPLICE, 8, 24, NONE, NONE, 8, 0),
                    new Step(Op.SPLICE, 8, 24, NONE, 0, 8, 0),
                    new Step(Op.SENDFILE, 0, 24, NONE, 0, 8, 0),
                    new Step(Op.COPY, 24, 0, NONE, NONE, 8, 0),
                    new Step(Op.TRUNCATE, 24, 0, 0, 0, 1, 0),
                    new Step(Op.FALLOCATE, 24, 0, 0, 0, 8, 0),
                    new Step(Op.STAT, 24, 0, 0, 0, 0, 0),
                    new Step(Op.STAT, 8, 0, 0, 0, 0, 0),
                    new Step(Op.STAT, 16, 0, 0, 0, 0, 0),
                    new Step(Op.WRITE, 24, 0, 0, 0, 9, 0),
                    new Step(Op.READ, 24, 0, 139264, 0, 8, 0),
                    new Step(Op.READ, 24, 0, 139264, 0, 8, 0));
        }
    }

    private static Step[] directReads(int file) {
        return new Step[] {
            new Step(Op.FILE, file, file, 0, 0, 10_000, Uapi.O_RDWR),
            new Step(Op.FILE, 4, file, 0, 0, -1, Uapi.O_RDWR | Uapi.O_DIRECT),
            new Step(Op.FILE, file + 1, file + 1, 0, 0, 0, Uapi.O_RDWR),
            new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
            new Step(Op.SPLICE, 4, 9, 0, NONE, 4096, 0),
            new Step(Op.SPLICE, 4, 9, 1, NONE, 4096, 0),
            new Step(Op.SPLICE, 4, 9, 4096, NONE, 100, 0),
            new Step(Op.SPLICE, 4, 9, 8192, NONE, 4096, 0),
            new Step(Op.SPLICE, 4, 9, 9999, NONE, 4096, 0),
            new Step(Op.SPLICE, 4, 9, 10_000, NONE, 100, 0),
            new Step(Op.SPLICE, 4, 9, 10_001, NONE, 1, 0),
            new Step(Op.SPLICE, 4, 9, NONE, NONE, 1_000_000, 0),
            new Step(Op.SPLICE, 4, 9, NONE, NONE, 1_000_000, 0),
            new Step(Op.SENDFILE, 4, file + 1, 0, 0, 4096, 0),
            new Step(Op.SENDFILE, 4, file + 1, 8192, 0, 4096, 0),
            new Step(Op.SENDFILE, 4, file + 1, 8192, 0, 4095, 0),
            new Step(Op.SENDFILE, 4, file + 1, 8191, 0, 4096, 0),
            new Step(Op.COPY, 4, file + 1, 0, 0, 4096, 0),
            new Step(Op.COPY, 4, file + 1, 8192, 0, 4096, 0),
            new Step(Op.COPY, 4, file + 1, 1, 0, 4096, 0),
            new Step(Op.PREAD, 4, 0, 135_168, 0, 4096, 0),
            new Step(Op.PREAD, 4, 0, 135_168, 0, 100, 0),
            new Step(Op.PREAD, 4, 0, 135_168, 100, 4096, 0)
        };
    }

    // fs/splice.c, do_splice_read: O_DIRECT is copied; fs/iomap/direct-io.c, iomap_dio_bio_iter: by whole blocks
    @Test
    void aDirectFileOfExt4IsSplicedByWholeBlocks() {
        agree(directReads(2));
    }

    // mm/shmem.c: FMODE_CAN_ODIRECT without a direct way
    @Test
    void aDirectFileOfTmpfsIsSplicedFromAnywhere() {
        agree(directReads(0));
    }

    // fs/ext4/file.c, ext4_dio_write_iter
    @Test
    void aDirectFileIsWrittenByWholeBlocks() {
        agree(
                new Step(Op.FILE, 2, 2, 0, 0, 0, Uapi.O_RDWR),
                new Step(Op.FILE, 4, 2, 0, 0, -1, Uapi.O_RDWR | Uapi.O_DIRECT),
                new Step(Op.FILE, 0, 0, 0, 0, 10_000, Uapi.O_RDWR),
                new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 100, 0),
                new Step(Op.SPLICE, 8, 4, NONE, 0, 100, 0),
                new Step(Op.READ, 8, 0, 139_264, 0, 100, 0),
                new Step(Op.WRITE, 9, 0, 0, 0, 4096, 0),
                new Step(Op.SPLICE, 8, 4, NONE, 1, 4096, 0),
                new Step(Op.SPLICE, 8, 4, NONE, 4096, 4096, 0),
                new Step(Op.SENDFILE, 0, 4, 0, 0, 100, 0),
                new Step(Op.SENDFILE, 0, 4, 0, 0, 8192, 0),
                new Step(Op.PWRITE, 4, 0, 0, 1, 4096, 0),
                new Step(Op.PWRITE, 4, 0, 0, 8192, 100, 0),
                new Step(Op.PWRITE, 4, 0, 0, 8192, 4096, 0));
    }

    private static Step[] timed(int kind, long atime, Step call) {
        return new Step[] {
            kind == 5 ? new Step(Op.DEVICE, 24, 5, 0, 0, 0, 0) : new Step(Op.FILE, 24, kind, 0, 0, 10_000, Uapi.O_RDWR),
            new Step(Op.FILE, 1, 1, 0, 0, 100, Uapi.O_RDWR),
            new Step(Op.FILE, 3, 3, 0, 0, 100, Uapi.O_RDWR),
            new Step(Op.PIPE, 8, 9, 0, 0, 0, 0),
            new Step(Op.WRITE, 9, 0, 0, 0, 100, 0),
            new Step(Op.PWRITE, 24, 0, 0, 0, 10_000, 0),
            new Step(Op.STAMP, 24, 0, atime, 0, 0, 0),
            call,
            new Step(Op.CHANGED, 24, 0, 0, 0, 0, 0),
            new Step(Op.STAT, 24, 0, 0, 0, 0, 0)
        };
    }

    // fs/inode.c, relatime_need_update and file_update_time; mm/filemap.c, filemap_read; mm/shmem.c,
    // shmem_file_read_iter; fs/splice.c, splice_direct_to_actor; mm/memory.c, fault_dirty_shared_page
    @Test
    void callsChangeTheTimesOfFiles() {
        for (int kind : new int[] {0, 2, 5}) {
            for (int atime = 0; atime < 2; atime++) {
                agree(timed(kind, atime, new Step(Op.PREAD, 24, 0, 139_264, 0, 10, 0)));
                agree(timed(kind, atime, new Step(Op.PREAD, 24, 0, 139_264, 0, 0, 0)));
                agree(timed(kind, atime, new Step(Op.PREAD, 24, 0, 139_264, 10_000, 10, 0)));
                agree(timed(kind, atime, new Step(Op.PREAD, 24, 0, 139_264, 1L << 44, 10, 0)));
                agree(timed(kind, atime, new Step(Op.SPLICE, 24, 9, 0, NONE, 10, 0)));
                agree(timed(kind, atime, new Step(Op.SPLICE, 24, 9, 10_000, NONE, 10, 0)));
                agree(timed(kind, atime, new Step(Op.SPLICE, 24, 9, 1L << 44, NONE, 10, 0)));
                agree(timed(kind, atime, new Step(Op.SPLICE, 24, 9, 0, NONE, 0, 0)));
                agree(timed(kind, atime, new Step(Op.SENDFILE, 24, 1, 0, 0, 10, 0)));
                agree(timed(kind, atime, new Step(Op.SENDFILE, 24, 1, 0, 0, 0, 0)));
                agree(timed(kind, atime, new Step(Op.COPY, 24, kind == 0 ? 1 : 3, 0, 0, 10, 0)));
                agree(timed(kind, atime, new Step(Op.COPY, kind == 0 ? 1 : 3, 24, 0, 0, 10, 0)));
                agree(timed(kind, atime, new Step(Op.SPLICE, 8, 24, NONE, 0, 10, 0)));
                agree(timed(kind, atime, new Step(Op.PWRITE, 24, 0, 0, 0, 0, 0)));
                agree(timed(kind, atime, new Step(Op.TRUNCATE, 24, 0, 0, 0, 10_000, 0)));
                agree(timed(kind, atime, new Step(Op.TRUNCATE, 24, 0, 0, 0, -1, 0)));
                agree(timed(kind, atime, new Step(Op.FALLOCATE, 24, 0, 0, 0, 100, 0)));
                agree(timed(kind, atime, new Step(Op.FALLOCATE, 24, 0, 100_000, 0, 100, PUNCH)));
                agree(timed(kind, atime, new Step(Op.STORE, 24, 0, 100, 0, 10, 0)));
                agree(timed(kind, atime, new Step(Op.STORE, 24, 0, 20_000, 0, 10, 0)));
                agree(timed(kind, atime, new Step(Op.STAT, 24, 0, 0, 0, 0, 0)));
                if (kind != 5) {
                    agree(timed(kind, atime, new Step(Op.FILE, 4, kind, 0, 0, 10, Uapi.O_RDWR)));
                    agree(timed(kind, atime, new Step(Op.FILE, 4, kind, 0, 0, -1, Uapi.O_RDWR | Uapi.O_TRUNC)));
                }
            }
        }
    }
}
