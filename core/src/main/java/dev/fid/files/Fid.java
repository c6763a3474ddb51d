package dev.fid.files;

import dev.fid.Fd;
import dev.fid.Plan;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Name;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import dev.fid.probe.Probe;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.nio.file.Path;
import java.util.List;

/// The shortest way to the most common things.
public final class Fid {
    private Fid() {}

    /// Copies the file at `in` to `out`, which is replaced whole or not at all; holes stay holes. Metadata is not
    /// copied, but a new file gets the mode of `in`, less the umask.
    ///
    /// @throws ErrnoException what opening, moving and renaming say; EINVAL where both are one file
    public static Moved copy(Path in, Path out) throws ErrnoException {
        try (Fd source = Fd.open(in)) {
            if (sameFile(source, out)) {
                throw new ErrnoException("copy", out.toString(), Errno.EINVAL, Side.OUT, 0, "it is the source itself");
            }
            try (Replacement file = Replacement.of(source.kernel(), out, source.stat().mode & 0777)) {
                Moved moved = Transfer.from(source).to(file.fd()).sparse(true).run();
                file.commit(false);
                return moved;
            }
        }
    }

    /// Whether `out` names the file that `in` is: by whatever link.
    public static boolean sameFile(Fd in, Path out) throws ErrnoException {
        return sameFile(in, Name.of(out));
    }

    /// As {@link #sameFile(Fd, Path)}, for a name that a path cannot say.
    public static boolean sameFile(Fd in, Name out) throws ErrnoException {
        Stat own = in.stat();
        Stat other = new Stat();
        int result = in.kernel().statx(Uapi.AT_FDCWD, out.bytes(), 0, Uapi.STATX_BASIC_STATS, other);
        return result == 0 && own.device == other.device && own.inode == other.inode;
    }

    /// The plan for these two, without moving anything.
    public static Plan explain(Fd in, Fd out) throws ErrnoException {
        return Transfer.from(in).to(out).plan();
    }

    /// What this kernel, these limits and the file systems of these directories allow.
    public static Probe probe(Path... directories) {
        return Probe.of(List.of(directories));
    }
}
