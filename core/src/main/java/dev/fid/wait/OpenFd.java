package dev.fid.wait;

import dev.fid.kernel.Kernel;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

/// An open descriptor as those see it who use it, and who wait for it: nobody comes in after its close, the last one to
/// leave gives the number back, and waits end. Go has the same below its files: internal/poll.FD.
public final class OpenFd {
    private final Kernel kernel;
    private final int number;
    private final boolean owned;
    private final Object named;
    private final Users users = new Users();
    /// Those who may wait for it; guarded by itself.
    private final List<Readiness> watchers = new ArrayList<>(0);

    /// @param owned whether its end closes the number
    /// @param named says in messages what it is, and is reachable as long as this is in use
    public OpenFd(Kernel kernel, int number, boolean owned, Object named) {
        this.kernel = kernel;
        this.number = number;
        this.owned = owned;
        this.named = named;
    }

    /// The number.
    ///
    /// @throws IllegalStateException after close, as soon as nobody uses it any more
    public int number() {
        if (users.isFree()) {
            throw closedException();
        }
        return number;
    }

    private IllegalStateException closedException() {
        return new IllegalStateException(this + " is closed");
    }

    /// Begins a use, during which the number stays what it is.
    ///
    /// @throws IllegalStateException after close
    public void enter() {
        if (!users.enter()) {
            throw closedException();
        }
    }

    /// Begins a use of both, or of neither.
    public static void enter(OpenFd one, OpenFd other) {
        one.enter();
        if (!other.tryEnter()) {
            one.leave();
            throw other.closedException();
        }
    }

    /// As {@link #enter()}; false after close.
    public boolean tryEnter() {
        return users.enter();
    }

    /// Begins a use beside others, also where it was closed meanwhile.
    public void join() {
        if (!users.join()) {
            throw closedException();
        }
    }

    /// As {@link #join}; false where the number was given back.
    public boolean tryJoin() {
        return users.join();
    }

    /// Ends a use. The last one gives the number back where it was closed meanwhile.
    ///
    /// @return what close(2) said then, else 0
    public int leave() {
        return users.leave() ? release() : 0;
    }

    public boolean isClosed() {
        return users.isClosed();
    }

    /// Lets `readiness` know when this is closed.
    void watch(Readiness readiness) {
        synchronized (watchers) {
            watchers.add(readiness);
        }
    }

    void unwatch(Readiness readiness) {
        synchronized (watchers) {
            watchers.remove(readiness);
        }
    }

    /// Lets nobody in any more, and wakes who waits.
    ///
    /// @return what close(2) said, where nobody uses it; else 0
    public int close() {
        boolean unused = users.close();
        List<Readiness> waiting;
        synchronized (watchers) {
            waiting = List.copyOf(watchers);
        }
        waiting.forEach(Readiness::wake);
        return unused ? release() : 0;
    }

    private int release() {
        try {
            return owned ? kernel.close(number) : 0;
        } finally {
            Reference.reachabilityFence(named);
        }
    }

    @Override
    public String toString() {
        return named.toString();
    }
}
