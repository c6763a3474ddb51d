package dev.fid.net.loop;

import dev.fid.Fd;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Descriptors that are open for nothing but to be closed when others have run out, so that what was begun can be
/// ended: a client that was accepted needs a second one for its upstream, an operator who asks why needs one, too.
/// For one thread.
public final class DescriptorReserve {
    private final Kernel kernel;
    private final int wanted;
    private final ArrayDeque<Fd> held = new ArrayDeque<>();
    private boolean closed;

    public DescriptorReserve(Kernel kernel, int wanted) {
        this.kernel = kernel;
        this.wanted = wanted;
    }

    /// Opens what is missing.
    ///
    /// @return 0, or the errno that says why not all of them are there
    public int fill() {
        while (held.size() < wanted && !closed) {
            int number = kernel.socket(Uapi.AF_UNIX, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC, 0);
            if (number < 0) {
                return -number;
            }
            held.push(Fd.own(kernel, number, "reserve"));
        }
        return 0;
    }

    /// Frees one descriptor.
    ///
    /// @return false where none is left
    public boolean release() {
        Fd one = held.poll();
        if (one == null) {
            return false;
        }
        one.close();
        return true;
    }

    /// Gives one away, to be closed by whoever has it; null where none is left.
    public @Nullable Fd take() {
        return held.poll();
    }

    /// Opens none any more.
    public void close() {
        closed = true;
        held.forEach(Fd::close);
        held.clear();
    }
}
