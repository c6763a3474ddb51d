package examples.articles;

import dev.fid.kernel.Errno;

/// How a copying loop ended. ReadWriteLoop and SpliceLoop give the same answer for the same fault.
///
/// @param kind what it is for the user
/// @param errno why; 0 when done
/// @param moved bytes that are at the output
public record Ended(Kind kind, int errno, long moved) {
    /// Whose fault it was; the ordinal is the exit code of the programs.
    public enum Kind {
        DONE(0),
        INPUT_ERROR(3),
        OUTPUT_ERROR(4),
        FILE_SYSTEM_FULL(5);

        final int exit;

        Kind(int exit) {
            this.exit = exit;
        }
    }

    static Ended done(long moved) {
        return new Ended(Kind.DONE, 0, moved);
    }

    static Ended input(long result, long moved) {
        return new Ended(Kind.INPUT_ERROR, (int) -result, moved);
    }

    /// A full disk is told from any other error of the output. A write that takes nothing and names no error counts
    /// as full too, as in the fifth article; Linux does not do that to a regular file.
    static Ended output(long result, long moved) {
        int errno = result == 0 ? Errno.ENOSPC : (int) -result;
        boolean full = errno == Errno.ENOSPC || errno == Errno.EDQUOT;
        return new Ended(full ? Kind.FILE_SYSTEM_FULL : Kind.OUTPUT_ERROR, errno, moved);
    }

    /// Tells it on one line and ends the program.
    void exit() {
        String why = errno == 0 ? "" : ": " + Errno.name(errno) + ", " + Errno.text(errno);
        System.err.println(kind + why + ", " + moved + " bytes arrived");
        System.exit(kind.exit);
    }
}
