package dev.fid.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/// What the work cost: bytes that the CPU copied, page references taken and dropped, pages read from disk, switches
/// between user and kernel mode, and the kernel functions that were passed, for the last call and in sum. It is how
/// a claim like "sendfile copies nothing" becomes an assertion.
public final class Ledger {
    /// The bill of one call, or of several. Bytes; `references` and `pages` are counts.
    ///
    /// @param calls system calls; each is two mode switches
    /// @param copiedToUser bytes copied by `copy_to_user`
    /// @param copiedFromUser bytes copied by `copy_from_user`
    /// @param copiedInside bytes copied from one kernel page to another
    /// @param copiedByUser bytes copied by the program itself between its own memory and mapped memory (memcpy)
    /// @param referencesTaken page references taken
    /// @param referencesDropped page references dropped
    /// @param pagesRead pages read from disk
    public record Bill(
            long calls,
            long copiedToUser,
            long copiedFromUser,
            long copiedInside,
            long copiedByUser,
            long referencesTaken,
            long referencesDropped,
            long pagesRead) {
        /// Bytes that the CPU copied, wherever.
        public long copied() {
            return copiedToUser + copiedFromUser + copiedInside + copiedByUser;
        }

        /// Switches from user to kernel mode and back.
        public long modeSwitches() {
            return 2 * calls;
        }

        /// Both together.
        public Bill plus(Bill other) {
            return new Bill(
                    calls + other.calls,
                    copiedToUser + other.copiedToUser,
                    copiedFromUser + other.copiedFromUser,
                    copiedInside + other.copiedInside,
                    copiedByUser + other.copiedByUser,
                    referencesTaken + other.referencesTaken,
                    referencesDropped + other.referencesDropped,
                    pagesRead + other.pagesRead);
        }

        /// What came on top of an earlier bill.
        public Bill minus(Bill earlier) {
            return new Bill(
                    calls - earlier.calls,
                    copiedToUser - earlier.copiedToUser,
                    copiedFromUser - earlier.copiedFromUser,
                    copiedInside - earlier.copiedInside,
                    copiedByUser - earlier.copiedByUser,
                    referencesTaken - earlier.referencesTaken,
                    referencesDropped - earlier.referencesDropped,
                    pagesRead - earlier.pagesRead);
        }
    }

    /// One system call: its name, its result, its bill, and the kernel functions in the order they were entered.
    public record Call(String name, long result, Bill bill, List<String> functions) {}

    /// How often bytes of a page were copied onto an overlapping part of the same page, as when a file is spliced into
    /// itself. The real kernel leaves the result to the machine's memcpy; here it is that of memmove.
    public long overlaps() {
        return overlaps;
    }

    /// Notes a copy within one page whose ranges overlap.
    @SuppressWarnings("ReferenceEquality") // the same page, not an equal one
    void copying(byte[] from, int at, byte[] to, int offset, int len) {
        if (from == to && at != offset && Math.abs(at - offset) < len) {
            overlaps++;
        }
    }

    private static final Map<String, String> ENTRIES = new ConcurrentHashMap<>();
    private static final Bill NOTHING = new Bill(0, 0, 0, 0, 0, 0, 0, 0);

    private long calls;
    private long overlaps;
    private long toUser;
    private long fromUser;
    private long inside;
    private long byUser;
    private long taken;
    private long dropped;
    private long pagesRead;
    private final List<String> functions = new ArrayList<>();
    private Bill before = NOTHING;
    private boolean keeping;
    private final List<Call> kept = new ArrayList<>();

    private final Profile profile;
    private boolean silent;

    Ledger(Profile profile) {
        this.profile = profile;
    }

    /// The sum of all calls so far.
    public synchronized Bill total() {
        return new Bill(calls, toUser, fromUser, inside, byUser, taken, dropped, pagesRead);
    }

    /// Keeps every call from here on, for {@link #calls}; without it only sums are kept.
    public synchronized void keep() {
        keeping = true;
        kept.clear();
    }

    /// The calls since {@link #keep}, in order.
    public synchronized List<Call> calls() {
        return List.copyOf(kept);
    }

    /// The kernel functions of the last call, or so far of the one that runs, in the order they were entered.
    public synchronized List<String> functions() {
        return List.copyOf(functions);
    }

    /// What the last call cost.
    public synchronized Bill last() {
        return total().minus(before);
    }

    /// A call enters the kernel, by `sys_` and its name.
    synchronized void begin(String name) {
        before = total();
        calls++;
        functions.clear();
        functions.add(ENTRIES.computeIfAbsent(name, "sys_"::concat));
    }

    synchronized long end(String name, long result) {
        if (keeping) {
            kept.add(new Call(name, result, last(), List.copyOf(functions)));
        }
        return result;
    }

    /// A function is entered; twice in a row counts once, so that a loop over pages is one entry.
    synchronized void pass(String function) {
        String name = profile.nameOf(function);
        if (!silent && (functions.isEmpty() || !functions.getLast().equals(name))) {
            functions.add(name);
        }
    }

    /// As {@link #pass}, for a function that did by itself what `body` passes other functions for.
    synchronized long inside(String function, LongSupplier body) {
        pass(function);
        silent = true;
        try {
            return body.getAsLong();
        } finally {
            silent = false;
        }
    }

    synchronized void copiedToUser(long bytes) {
        toUser += bytes;
    }

    synchronized void copiedFromUser(long bytes) {
        fromUser += bytes;
    }

    synchronized void copiedInside(long bytes) {
        inside += bytes;
    }

    synchronized void copiedByUser(long bytes) {
        byUser += bytes;
    }

    synchronized void referenceTaken() {
        taken++;
    }

    synchronized void referenceDropped() {
        dropped++;
    }

    synchronized void pageRead(long pages) {
        pagesRead += pages;
    }
}
