package dev.fid.probe;

import java.util.ArrayList;
import java.util.List;

/// A known bug of Linux that touches what Fid does, and whether a kernel has it, by its version. That is a guess where
/// a
/// distribution built the kernel: then the verdict says so.
///
/// @param name short, e.g. `Dirty Pipe`
/// @param id CVE, commit or issue by which it is known
/// @param what what goes wrong
/// @param from the first version that has it, `major.minor` or `major.minor.patch`
/// @param fixed the versions that have it no more: the first mainline one, then stable ones; empty where that is not
///     known
/// @param advice what to do
public record KernelBug(String name, String id, String what, String from, List<String> fixed, String advice) {
    /// What a version says of a bug.
    public enum Verdict {
        /// The version is newer than the fix, or older than the bug.
        ABSENT,
        /// The version has it.
        PRESENT,
        /// The number is in the range, but whoever built it may have carried the fix back.
        MAYBE,
        /// Which versions have it is not known to this program.
        UNKNOWN
    }

    private static final String UPDATE = "install a newer kernel";

    /// What is known to this version of Fid, oldest first.
    public static final List<KernelBug> KNOWN = List.of(
            new KernelBug(
                    "vmsplice without an address check",
                    "CVE-2008-0600",
                    "any user becomes root",
                    "2.6.17",
                    List.of("2.6.25", "2.6.24.2"),
                    UPDATE),
            new KernelBug(
                    "TCP splice corrupts data",
                    "HAProxy's notes on splice",
                    "bytes spliced from TCP may be wrong",
                    "2.6.25",
                    List.of("2.6.29"),
                    UPDATE),
            new KernelBug(
                    "EAGAIN at the end of TCP input",
                    "golang/go#25486",
                    "a splice from a closed connection never says 0",
                    "2.6.17",
                    List.of("2.6.29"),
                    UPDATE),
            new KernelBug(
                    "oops in tcp_collapse",
                    "commit baff42ab1494",
                    "splice from TCP may crash the kernel",
                    "2.6.17",
                    List.of("2.6.34"),
                    UPDATE),
            new KernelBug(
                    "a non-blocking pipe that blocks",
                    "golang/go#63795",
                    "splice ignores O_NONBLOCK of the pipe",
                    "2.6.17",
                    List.of("5.1"),
                    "pass SPLICE_F_NONBLOCK too, as Fid does"),
            new KernelBug(
                    "copy-on-write leak by vmsplice and fork",
                    "CVE-2020-29374",
                    "a child may read what its parent wrote later",
                    "2.6.17",
                    List.of("5.8"),
                    "do not vmsplice memory of a process that forks"),
            new KernelBug(
                    "copy_file_range across file systems and from procfs",
                    "golang/go#44272",
                    "0 bytes are called the end of a file that has data",
                    "5.3",
                    List.of("5.19"),
                    "confirm a 0 by read(2), as Fid does"),
            new KernelBug(
                    "Dirty Pipe",
                    "CVE-2022-0847",
                    "any user writes into files that he may only read, by splice",
                    "5.8",
                    List.of("5.17", "5.16.11", "5.15.25", "5.10.102"),
                    UPDATE + " at once"),
            unplaced("CVE-2026-31431"),
            unplaced("CVE-2026-43284"),
            unplaced("CVE-2026-43500"),
            unplaced("CVE-2026-46300"),
            unplaced("CVE-2026-43503"));

    private static KernelBug unplaced(String id) {
        return new KernelBug(
                "page cache bugs of 2026",
                id,
                "spliced pages of a file may be written to",
                "",
                List.of(),
                "ask your distribution; do not splice into AF_ALG sockets");
    }

    /// What the version of `kernel` says.
    public Verdict verdict(KernelRelease kernel) {
        if (from.isEmpty() || !kernel.known() || fixed.isEmpty()) {
            return !from.isEmpty() && kernel.known() && before(kernel) ? Verdict.ABSENT : Verdict.UNKNOWN;
        }
        if (before(kernel)) {
            return Verdict.ABSENT;
        }
        int[] mainline = numbers(fixed.getFirst());
        if (kernel.major() == 2 && mainline[0] == 2) {
            return verdict26(kernel);
        }
        if (kernel.compare(mainline[0], mainline[1]) >= 0) {
            return Verdict.ABSENT;
        }
        for (String stable : fixed.subList(1, fixed.size())) {
            int[] version = numbers(stable);
            if (kernel.compare(version[0], version[1]) == 0 && kernel.patch() >= version[2]) {
                return Verdict.ABSENT;
            }
        }
        return kernel.vendor().isEmpty() ? Verdict.PRESENT : Verdict.MAYBE;
    }

    /// In 2.6.N the third number is what the second one was later.
    private Verdict verdict26(KernelRelease kernel) {
        int[] mainline = numbers(fixed.getFirst());
        if (kernel.minor() == 6 && kernel.patch() >= mainline[2]) {
            return Verdict.ABSENT;
        }
        return kernel.vendor().isEmpty() && fixed.size() == 1 ? Verdict.PRESENT : Verdict.MAYBE;
    }

    private boolean before(KernelRelease kernel) {
        int[] first = numbers(from);
        int order = kernel.compare(first[0], first[1]);
        return order < 0 || (order == 0 && kernel.patch() >= 0 && kernel.patch() < first[2]);
    }

    /// Three numbers at least.
    private static int[] numbers(String version) {
        List<Integer> numbers = new ArrayList<>();
        for (String part : version.split("\\.", -1)) {
            numbers.add(Integer.valueOf(part));
        }
        while (numbers.size() < 3) {
            numbers.add(0);
        }
        return numbers.stream().mapToInt(Integer::intValue).toArray();
    }

    /// In which versions it is gone, e.g. `5.17, 5.16.11`; `unknown` where that is not known.
    public String fixedIn() {
        return fixed.isEmpty() ? "unknown" : String.join(", ", fixed);
    }
}
