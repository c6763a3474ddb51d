package examples.library;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// How a server accepts that is to outlive a crowd: where descriptors or memory have run out, the next
/// connection waits in the backlog until others have ended. Without a pause the loop would ask for it again
/// at once, for ever.
final class Accepting {
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(20);

    private Accepting() {}

    // tag::next[]
    static Fd next(Fd listener) throws ErrnoException {
        while (true) {
            try {
                return listener.accept();
            } catch (ErrnoException e) {
                switch (e.errno()) {
                    case Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM -> LockSupport.parkNanos(PAUSE);
                    default -> throw e;
                }
            }
        }
    }
    // end::next[]
}
