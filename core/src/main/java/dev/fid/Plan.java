package dev.fid;

import static dev.fid.Method.*;
import static dev.fid.kernel.Uapi.BTRFS_SUPER_MAGIC;
import static dev.fid.kernel.Uapi.EXT4_SUPER_MAGIC;
import static dev.fid.kernel.Uapi.TMPFS_MAGIC;
import static dev.fid.kernel.Uapi.XFS_SUPER_MAGIC;

import dev.fid.transfer.Transfer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Which methods to try, best first, each with its reason: a *ladder*, and the methods that cannot work, with
/// theirs.
///
/// A plan is a pure function of what is known of both sides. {@link Transfer} starts on the first rung and steps
/// down while the kernel refuses; it never comes back to ask for another plan. The order is what was measured,
/// see docs/measured.md; the refusals are the kernel's rules, see splice(2), sendfile(2), copy_file_range(2).
///
/// @param in facts of the input
/// @param out facts of the output
/// @param ladder the methods to try, never empty
/// @param declined the methods ruled out before the start
public record Plan(Facts in, Facts out, List<Rung> ladder, List<Declined> declined) {

    /// Up to this many bytes a read and a write are cheaper than any set-up: 222 ns against 244 ns of a splice
    /// pair at 4 KiB, equal at 16 KiB.
    static final long SMALL = 16 << 10;

    /// One method of a ladder.
    ///
    /// @param method the method
    /// @param reason why it stands here, in one clause
    /// @param copies how often the CPU copies each byte on the way between the two sides' kernel objects
    /// @param aliases the output may hold references to the input's pages, so that later writes to the input show
    public record Rung(Method method, String reason, int copies, boolean aliases) {
        @Override
        public String toString() {
            return method + ": " + reason + "; " + copies(copies) + (aliases ? ", aliases the source" : "");
        }

        private static String copies(int copies) {
            return switch (copies) {
                case 0 -> "no CPU copy";
                case 1 -> "one CPU copy per byte";
                default -> copies + " CPU copies per byte";
            };
        }
    }

    /// What the caller asks for.
    ///
    /// @param length bytes to move, -1 for all
    /// @param method the only method allowed beside the fallback; null leaves the choice to the plan
    /// @param fallback whether a slower method may follow the first
    /// @param consistency what a changing source may do
    public record Terms(long length, @Nullable Method method, boolean fallback, Consistency consistency) {
        /// Everything, by the best method, with a fallback; STABLE from file to file, else ALIAS.
        public static Terms usual(Facts in, Facts out) {
            return new Terms(-1, null, true, usualConsistency(in, out));
        }
    }

    /// STABLE where the output is a file, else ALIAS.
    public static Consistency usualConsistency(Facts in, Facts out) {
        return in.kind() == FdKind.FILE && out.kind().isSeekable() ? Consistency.STABLE : Consistency.ALIAS;
    }

    /// The plan for these facts on these terms.
    ///
    /// @throws NoMethodException where no method can serve: one that the terms name is excluded by the kernel's
    ///     rules while no fallback is allowed
    /// @throws IllegalArgumentException for a directory
    public static Plan of(Facts in, Facts out, Terms terms) {
        if (in.kind() == FdKind.DIRECTORY || out.kind() == FdKind.DIRECTORY) {
            throw new IllegalArgumentException("a directory has no bytes to move");
        }
        List<Rung> ladder = new ArrayList<>();
        List<Declined> declined = new ArrayList<>();
        for (Method method : preference(in, out, terms)) {
            String refusal = refusal(method, in, out, terms);
            if (refusal != null) {
                declined.add(new Declined(method, "", 0, refusal));
            } else if (terms.fallback() || ladder.isEmpty()) {
                ladder.add(new Rung(
                        method, reason(method, in, out, terms), copies(method, in, out), aliases(method, in, out)));
            }
        }
        boolean chosen = terms.method() == null || declined.isEmpty() || terms.fallback();
        if (ladder.isEmpty() || !chosen) {
            throw new NoMethodException(declined);
        }
        return new Plan(in, out, List.copyOf(ladder), List.copyOf(declined));
    }

    /// The methods in the order in which they are worth trying; read and write can always serve and end it.
    private static List<Method> preference(Facts in, Facts out, Terms terms) {
        Method only = terms.method();
        if (terms.consistency() == Consistency.REFLINK) {
            return List.of(REFLINK);
        }
        if (only != null) {
            return only == READ_WRITE || !terms.fallback() ? List.of(only) : List.of(only, READ_WRITE);
        }
        FdKind from = in.kind();
        FdKind to = out.kind();
        if (from.isSeekable() && to.isSeekable()) {
            // Across file systems a 1 MiB pipe beats 128 KiB of read and write in CPU time: 0.51 against 0.58
            // s/GiB from ext4 to tmpfs, 0.39 against 0.42 from xfs to ext4.
            return List.of(REFLINK, COPY_FILE_RANGE, SPLICE_THROUGH_PIPE, READ_WRITE);
        }
        if (from.isSeekable()) {
            // splice wins where a pipe is in play already, sendfile's pipe of 16 slots where none is.
            return to == FdKind.PIPE
                    ? List.of(SPLICE, SENDFILE, READ_WRITE)
                    : List.of(SENDFILE, SPLICE_THROUGH_PIPE, READ_WRITE);
        }
        return from == FdKind.PIPE || to == FdKind.PIPE
                ? List.of(SPLICE, READ_WRITE)
                : List.of(SPLICE_THROUGH_PIPE, READ_WRITE);
    }

    /// The plan where nothing is to move: no method is needed for that, so none is ruled out.
    public static Plan ofNothing(Facts in, Facts out) {
        return new Plan(in, out, List.of(new Rung(READ_WRITE, "there is nothing to move", 0, false)), List.of());
    }

    /// Why `method` cannot serve this pair, or null where it can.
    private static @Nullable String refusal(Method method, Facts in, Facts out, Terms terms) {
        if (method == READ_WRITE) {
            return null;
        }
        FdKind from = in.kind();
        FdKind to = out.kind();
        boolean auto = terms.method() == null;
        if (from == FdKind.DATAGRAM || to == FdKind.DATAGRAM) {
            return "a datagram socket keeps message borders, which a splice would lose";
        }
        if (from == FdKind.OTHER || to == FdKind.OTHER) {
            return "such a descriptor has no splice";
        }
        if (out.append()) {
            return "the output is opened for append, where the kernel refuses all but write(2)";
        }
        if (terms.consistency() == Consistency.STABLE && aliases(method, in, out)) {
            return "it would alias the source, and stable bytes were asked for";
        }
        if (auto && from == FdKind.FILE && in.isPseudo()) {
            return in.fsName() + " makes its files up as they are read";
        }
        if (auto && from == FdKind.TERMINAL) {
            return "a terminal is read line by line";
        }
        if (auto && to == FdKind.TERMINAL) {
            return "a terminal copies what it is given";
        }
        if (auto && in.kind() == FdKind.FILE && in.size() == 0) {
            return "a recorded size of 0 is not trusted: only read(2) finds the end";
        }
        if (auto && method != REFLINK && bytes(in, terms) <= SMALL && in.kind().isSeekable()) {
            return "a read and a write are cheaper up to 16 KiB";
        }
        return switch (method) {
            case REFLINK -> reflinkRefusal(in, out);
            case COPY_FILE_RANGE -> {
                if (from != FdKind.FILE || to != FdKind.FILE) {
                    yield "it takes regular files only";
                }
                yield auto && in.device() != out.device() && !crossesDevices(in, out)
                        ? "it stays within one file system (EXDEV)"
                        : null;
            }
            case SENDFILE -> {
                if (out.offset() >= 0) {
                    yield "it writes at the output's position only";
                }
                yield from.isSeekable() || from == FdKind.CHARACTER_DEVICE ? null : "its input must be a file";
            }
            case SPLICE -> from == FdKind.PIPE || to == FdKind.PIPE ? null : "neither side is a pipe";
            case MMAP, MMAP_SEGMENTS -> from != FdKind.FILE ? "only a regular file can be mapped" : null;
            case SPLICE_THROUGH_PIPE ->
                auto && from == FdKind.CHARACTER_DEVICE ? "a device copies what it gives" : null;
            case TEE -> "it needs several outputs: use Fanout";
            case VMSPLICE -> "its input is memory";
            case READ_WRITE -> null;
        };
    }

    private static @Nullable String reflinkRefusal(Facts in, Facts out) {
        if (in.kind() != FdKind.FILE || out.kind() != FdKind.FILE) {
            return "only regular files have extents to share";
        }
        if (in.fsType() == EXT4_SUPER_MAGIC || in.fsType() == TMPFS_MAGIC) {
            return in.fsName() + " cannot share extents";
        }
        // One btrfs shows a device number per subvolume, and shares extents between them all the same.
        return in.device() == out.device() || (in.fsType() == BTRFS_SUPER_MAGIC && out.fsType() == BTRFS_SUPER_MAGIC)
                ? null
                : "the files are on two file systems";
    }

    /// Two numbers of devices need not be two file systems: subvolumes of btrfs, mounts of one network server.
    private static boolean crossesDevices(Facts in, Facts out) {
        return in.fsType() == out.fsType()
                && !Set.of(EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, TMPFS_MAGIC).contains(in.fsType());
    }

    /// Bytes that a file can give, unlimited where nobody knows.
    private static long bytes(Facts in, Terms terms) {
        long left = in.size() < 0 ? Long.MAX_VALUE : in.size() - Math.max(0, in.offset());
        return terms.length() < 0 ? left : Math.min(left, terms.length());
    }

    private static String reason(Method method, Facts in, Facts out, Terms terms) {
        if (terms.method() == method) {
            return "asked for";
        }
        return switch (method) {
            case REFLINK -> in.fsName() + " can share extents";
            case COPY_FILE_RANGE -> "both files are on one " + in.fsName();
            case SENDFILE -> "from a file without a pipe of our own";
            case SPLICE ->
                in.kind() == FdKind.PIPE && out.kind() == FdKind.PIPE
                        ? "both sides are pipes: pages change owner"
                        : in.kind() == FdKind.PIPE ? "the input is a pipe" : "the output is a pipe";
            case SPLICE_THROUGH_PIPE -> "neither side is a pipe, so one of our own lies between";
            case READ_WRITE -> "works on every pair";
            case MMAP, MMAP_SEGMENTS -> "written from a mapping";
            case TEE, VMSPLICE -> "";
        };
    }

    /// CPU copies per byte between the two kernel objects, as the kernel of Linux 6.18 makes them: splice takes
    /// references except from character devices and into files and devices, where the driver or the page cache
    /// gets its own bytes.
    private static int copies(Method method, Facts in, Facts out) {
        int intoPipe = in.kind() == FdKind.CHARACTER_DEVICE || in.kind() == FdKind.TERMINAL || in.isPseudo() ? 1 : 0;
        int outOfPipe = out.kind().isSeekable() || out.kind() == FdKind.TERMINAL ? 1 : 0;
        return switch (method) {
            case REFLINK -> 0;
            case COPY_FILE_RANGE -> in.fsType() == XFS_SUPER_MAGIC || in.fsType() == BTRFS_SUPER_MAGIC ? 0 : 1;
            case SENDFILE, SPLICE, SPLICE_THROUGH_PIPE, TEE -> intoPipe + outOfPipe;
            case MMAP, MMAP_SEGMENTS -> 1;
            case VMSPLICE -> 0;
            case READ_WRITE -> 2;
        };
    }

    /// A file gets its own pages, by whatever call; a pipe or a socket may hold references.
    private static boolean aliases(Method method, Facts in, Facts out) {
        if (out.kind().isSeekable()) {
            return false;
        }
        return switch (method) {
            case SENDFILE, SPLICE, SPLICE_THROUGH_PIPE, TEE -> in.kind().isSeekable();
            case VMSPLICE -> true;
            case REFLINK, COPY_FILE_RANGE, MMAP, MMAP_SEGMENTS, READ_WRITE -> false;
        };
    }

    /// The method of the first rung.
    public Method chosen() {
        return ladder.getFirst().method();
    }

    /// One line, e.g. `file to tcp socket: sendfile: ..., no CPU copy; else read and write: ...; not reflink: ...`.
    @Override
    public String toString() {
        return in.kind() + " to " + out.kind() + ": "
                + ladder.stream().map(Rung::toString).collect(Collectors.joining("; else "))
                + declined.stream().map(each -> "; not " + each).collect(Collectors.joining());
    }
}
