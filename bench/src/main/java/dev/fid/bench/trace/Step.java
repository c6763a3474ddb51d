package dev.fid.bench.trace;

import dev.fid.model.Ledger;
import dev.fid.model.PipeBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// One call of a walk, and what the kernel held after it.
///
/// @param actor who made it
/// @param call the system call's name; `memcpy` for a copy between two mappings, which is none
/// @param arguments in words
/// @param result what it returned: bytes, a descriptor, 0, or -errno
/// @param functions the kernel functions that it passed, in the order they were entered
/// @param bill what it cost
/// @param rings the pipes
/// @param stores the page caches of the files
/// @param queues the sockets
public record Step(
        Actor actor,
        String call,
        String arguments,
        long result,
        List<String> functions,
        Ledger.Bill bill,
        List<Ring> rings,
        List<Store> stores,
        List<Queue> queues) {
    /// Who makes calls.
    public enum Actor {
        /// The program: Fid's engine, or that of an article.
        PROGRAM,
        /// Whoever writes to the other end of the input.
        WRITER,
        /// Whoever reads at the other end of the output.
        READER,
        /// Whoever changes the source meanwhile.
        OTHER;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A pipe's ring.
    ///
    /// @param name which pipe
    /// @param slots slots that it may use
    /// @param head slots filled ever
    /// @param tail slots emptied ever
    /// @param used the slots in use, oldest first
    public record Ring(String name, int slots, int head, int tail, List<Slot> used) {
        /// Bytes in all slots.
        public long buffered() {
            return used.stream().mapToLong(Slot::len).sum();
        }
    }

    /// A slot in use.
    ///
    /// @param page its page: a letter for where that is from, and a number. `f12` is page 12 of the input file,
    ///     `w` a page that write(2) filled, `c` one that splice copied into, `s` one of a socket, `u` one of
    ///     user memory, `z` the page of zeros
    /// @param ops where the page came from
    /// @param offset bytes from the page's start
    /// @param len bytes
    /// @param canMerge whether a write may append to it
    /// @param gift whether it was given away
    /// @param references how many hold the page (its folio, where it has several)
    public record Slot(
            String page, PipeBuffer.Ops ops, int offset, int len, boolean canMerge, boolean gift, int references) {}

    /// The page cache of a file.
    ///
    /// @param name which file
    /// @param cached pages in memory
    /// @param held how many of them somebody else holds, too
    /// @param dirty how many are newer than the disk
    /// @param first the first few
    public record Store(String name, long cached, long held, long dirty, List<Cached> first) {
        /// Whether its counts are the same.
        boolean looksLike(Store other) {
            return name.equals(other.name) && cached == other.cached && held == other.held && dirty == other.dirty;
        }
    }

    /// A page of a page cache.
    ///
    /// @param index its place in the file
    /// @param references how many hold it, the cache among them
    public record Cached(long index, int references) {}

    /// What a socket has received and nobody has read.
    ///
    /// @param name which socket
    /// @param bytes not read yet
    /// @param pages the pages that it refers to, named as those of a slot
    public record Queue(String name, long bytes, List<String> pages) {}

    private static final Set<String> MOVING = Set.of(
            "read",
            "write",
            "pread",
            "pwrite",
            "recvfrom",
            "sendto",
            "splice",
            "tee",
            "vmsplice",
            "sendfile",
            "copy_file_range",
            "ficlone",
            "ficlonerange",
            "memcpy");

    private static final Set<String> PREPARING = Set.of("pipe2", "mmap", "poll", "ftruncate");

    /// What a poll(2) has for arguments that does not wait.
    static final String LOOK = "timeout=0";

    /// Whether it is a call that moves bytes, or tries to.
    public boolean moves() {
        return MOVING.contains(call);
    }

    /// Whether it is worth a line of its own: it moves bytes, or makes what they move through.
    public boolean matters() {
        return moves() || (PREPARING.contains(call) && !arguments.equals(LOOK)) || arguments.contains("F_SETPIPE_SZ");
    }

    /// What makes two steps alike: everything but where in a file they are. Of calls that do not matter only
    /// that they were made.
    String likeness() {
        if (!matters()) {
            return actor + " " + call + (result < 0 ? result : "");
        }
        String where = arguments.replaceAll("off(In|Out)?=\\d+", "off");
        return actor + " " + call + where + (call.equals("mmap") ? Math.min(0, result) : result) + functions + bill;
    }
}
