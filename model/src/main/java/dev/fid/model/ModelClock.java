package dev.fid.model;

import java.util.concurrent.locks.Condition;

/// The time of a model kernel: {@link #real}, or a clock of your own for a simulation, where waiting costs nothing.
public abstract class ModelClock {
    /// For clocks of your own.
    protected ModelClock() {}

    /// Nanoseconds that only grow.
    public abstract long nanos();

    /// Nanoseconds of CPU time of who asks; those of {@link #nanos} where nothing better is known.
    public long cpuNanos() {
        return nanos();
    }

    /// Waits for `changed` or until `deadline` ({@link Long#MAX_VALUE}: for ever), whichever is first; may return
    /// earlier. Called with the kernel's lock held, and deaf to interrupts. A virtual clock moves itself to the
    /// deadline instead.
    protected abstract void await(Condition changed, long deadline);

    /// The clock of this machine.
    public static ModelClock real() {
        return new Real();
    }

    /// A clock that moves only when somebody waits: a wait with a limit ends at once, at its limit. For programs of
    /// one thread; a wait without a limit would never end there and is an IllegalStateException.
    public static ModelClock virtual() {
        return new Virtual();
    }

    private static final class Real extends ModelClock {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        // The kernel asks again in a loop of its own, so one wait here may end early.
        @Override
        @SuppressWarnings("WaitNotInLoop")
        protected void await(Condition changed, long deadline) {
            if (deadline == Long.MAX_VALUE) {
                changed.awaitUninterruptibly();
                return;
            }
            // An interrupt is kept for the caller; the flag is down while the rest of the time is waited.
            boolean interrupted = Thread.interrupted();
            try {
                changed.awaitNanos(deadline - nanos());
            } catch (InterruptedException _) {
                interrupted = true;
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static final class Virtual extends ModelClock {
        private long now;

        @Override
        public synchronized long nanos() {
            return now;
        }

        @Override
        protected synchronized void await(Condition changed, long deadline) {
            if (deadline == Long.MAX_VALUE) {
                throw new IllegalStateException("a call would wait for ever: nobody is left who could wake it");
            }
            now = Math.max(now, deadline);
        }
    }
}
