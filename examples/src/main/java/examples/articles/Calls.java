package examples.articles;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// What the programs of this package share: the kernel, and a call's result or its error.
final class Calls {
    static final Kernel KERNEL = Kernel.linux();

    private Calls() {}

    /// The result of `call`; a negative one is thrown as the errno that it is.
    static long check(long result, String call, Object arguments) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, arguments.toString(), (int) -result);
        }
        return result;
    }

    /// The result of a call that should have moved bytes: 0 where some are missing means that the input was cut
    /// off meanwhile.
    static long checkMoved(long result, String call, Object arguments) throws ErrnoException {
        return check(result == 0 ? -Errno.ESTALE : result, call, arguments);
    }

    static Fd input(String path) throws ErrnoException {
        return Fd.open(Path.of(path));
    }

    /// A new or emptied file, open for reading too: a mapping that is written needs that.
    static Fd output(String path) throws ErrnoException {
        return Fd.open(
                Path.of(path),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }
}
